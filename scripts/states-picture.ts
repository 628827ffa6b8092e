/**
 * docs/states.svg: the prompt's life. The open statuses stand on the left, one below the other, in the order of the table;
 * the final ones on the right, those that can be reached earliest on top. Arrows to the next status go straight down,
 * arrows that pass one over go down a lane on the left, and arrows to an end go to the right.
 */
import { isFinal, type PromptStatus, posView, promptRules, promptStatuses } from "../src/domain/prompt.ts";
import { type Box, line, type Point, picture, rectangle, text, wrapped } from "./svg.ts";

const openStatuses = promptStatuses.filter((status) => !isFinal(status));
const rowOf = (status: PromptStatus): number => openStatuses.indexOf(status);

/** The first open status that can end in this one. */
const firstRowTo = (end: PromptStatus): number =>
  openStatuses.findIndex((status) => promptRules[status].ways_out.some(({ to }) => to === end));

const finalStatuses = promptStatuses.filter(isFinal).sort((a, b) => firstRowTo(a) - firstRowTo(b));

const said = (event: string): string => event.replaceAll("_", " ");

const eventsBetween = (from: PromptStatus, to: PromptStatus): string[] => [
  ...new Set(promptRules[from].ways_out.filter((way) => way.to === to).map(({ on }) => said(on))),
];

/** Statuses that may end in every way: one arrow says so for all five. */
const mayEndAnyhow = openStatuses.filter((from) => finalStatuses.every((to) => eventsBetween(from, to).length > 0));

const endsOf = (from: PromptStatus): string[] => [...new Set(finalStatuses.flatMap((to) => eventsBetween(from, to)))];

/** What ends each of those: the terminal's results. */
const results = mayEndAnyhow.map(endsOf).reduce((common, events) => common.filter((event) => events.includes(event)));

const top = 56;
const rowHeight = 166;
const open = { x: 130, width: 384, height: 120 };
const frame = { x: 850, width: 416 };
/** The widest font in use sets 52 characters across a box. */
const boxCharacters = 52;
const margin = 16;
const laneStep = 44;
const width = frame.x + frame.width + margin;
const height = top + rowHeight * (openStatuses.length - 1) + open.height + 64;

const boxOf = (status: PromptStatus): Box =>
  isFinal(status)
    ? {
        x: frame.x + margin,
        y: top + rowHeight * finalStatuses.indexOf(status),
        width: frame.width - 2 * margin,
        height: open.height,
      }
    : { ...open, y: top + rowHeight * rowOf(status) };

const middle = ({ y, height }: Box): number => y + height / 2;

export const statesPicture = (): string =>
  picture(width, height, "The life of a prompt, from waiting to its end", [
    text({ x: open.x, y: 32 }, "Open", { size: 16, bold: true }),
    rectangle({ ...frame, y: 12, height: height - 64 }, "#f8fafc", "#cbd2d9"),
    text({ x: frame.x + margin, y: 36 }, "Final: nothing leaves", { size: 16, bold: true }),
    ...promptStatuses.map(drawnStatus),
    ...openStatuses.map(arrowDown),
    ...lanes(),
    ...openStatuses.flatMap((status) => (mayEndAnyhow.includes(status) ? arrowToFrame(status) : arrowsToEnds(status))),
    text({ x: open.x, y: height - 20 }, `A result is what the terminal says: ${results.join(", ")}.`, { size: 14 }),
  ]);

/** A status is coloured by what the point of sale reads. */
const colours: Readonly<Record<string, readonly [fill: string, stroke: string]>> = {
  AUTHORIZED: ["#e3f9e5", "#3f9142"],
  DECLINED: ["#f0f4f8", "#829ab1"],
  FAILED: ["#ffe3e3", "#ba2525"],
  UNKNOWN: ["#fff3c4", "#cb6e17"],
  open: ["#e6f0ff", "#2f6fd0"],
};

function drawnStatus(status: PromptStatus): string {
  const box = boxOf(status);
  const [fill = "", stroke = ""] = colours[posView(status, true)?.transaction_status ?? "open"] ?? [];
  const lines = [...wrapped(promptRules[status].meaning, boxCharacters), ...notesOn(status)];
  return [
    rectangle(box, fill, stroke),
    text({ x: box.x + 12, y: box.y + 22 }, status, { size: 15, bold: true }),
    ...lines.map((words, index) => text({ x: box.x + 12, y: box.y + 41 + 17 * index }, words, { size: 12 })),
  ].join("\n");
}

/** What leads to an end, and what an open status takes without leaving. */
function notesOn(status: PromptStatus): string[] {
  if (isFinal(status)) {
    const events = [...new Set(openStatuses.flatMap((from) => eventsBetween(from, status)))];
    return wrapped(`On: ${events.join(", ")}`, boxCharacters);
  }
  const loops = promptRules[status].ways_out.filter(({ to }) => to === status);
  const byAct = Object.groupBy(loops, ({ asks_terminal }) => asks_terminal ?? "stays");
  return Object.entries(byAct).map(
    ([act, ways = []]) => `${ways.map(({ on }) => said(on)).join(" or ")}: ${actWords[act]}`,
  );
}

const actWords: Readonly<Record<string, string>> = {
  stays: "no change",
  stop: "the terminal is asked to stop",
  inquire: "the terminal is asked again",
};

function arrowDown(status: PromptStatus): string {
  const next = openStatuses[rowOf(status) + 1];
  if (next === undefined) return "";
  const x = open.x + open.width / 2;
  const from = boxOf(status);
  const start = from.y + from.height;
  return [
    line(
      [
        { x, y: start },
        { x, y: boxOf(next).y },
      ],
      true,
    ),
    text({ x: x + 10, y: start + 29 }, eventsBetween(status, next).join(", ")),
  ].join("\n");
}

/** For each status that is reached past another, a lane on the left; the longest outermost. */
function lanes(): string[] {
  const targets = openStatuses.filter((to) => sourcesPast(to).length > 0);
  const drawn = targets.map((to, index) => {
    const sources = sourcesPast(to);
    const x = open.x - laneStep * (index + 1);
    const ways = sources.map((from) => {
      const y = middle(boxOf(from)) + 14 * (targets.length - 1 - 2 * index);
      return line(
        [
          { x: open.x, y },
          { x, y },
        ],
        false,
      );
    });
    const first = sources[0] ?? to;
    const start = middle(boxOf(first)) + 14 * (targets.length - 1 - 2 * index);
    const end = middle(boxOf(to));
    const events = [...new Set(sources.flatMap((from) => eventsBetween(from, to)))];
    return [
      ...ways,
      line(
        [
          { x, y: start },
          { x, y: end },
          { x: open.x, y: end },
        ],
        true,
      ),
      text({ x: x - 7, y: (start + end) / 2 }, events.join(", "), { anchor: "middle", upright: true }),
    ];
  });
  // The outer lanes' lines pass behind the words on the inner ones.
  return drawn.reverse().flat();
}

const sourcesPast = (to: PromptStatus): PromptStatus[] =>
  openStatuses.filter((from) => rowOf(to) - rowOf(from) > 1 && eventsBetween(from, to).length > 0);

function arrowToFrame(status: PromptStatus): string[] {
  const more = endsOf(status).filter((event) => !results.includes(event));
  const from: Point = { x: open.x + open.width, y: middle(boxOf(status)) };
  return [
    line([from, { x: frame.x, y: from.y }], true),
    text({ x: from.x + 10, y: from.y - 8 }, ["a result", ...more].join(", ")),
  ];
}

function arrowsToEnds(status: PromptStatus): string[] {
  const from = boxOf(status);
  const ends = finalStatuses.filter((to) => eventsBetween(status, to).length > 0);
  return ends.flatMap((end) => {
    const to = boxOf(end);
    // An end in another row is entered and left off the middle, so that no two arrows share a line.
    const shift = 24 * Math.sign(to.y - from.y);
    const start = { x: from.x + from.width, y: middle(from) + shift };
    const bend = (start.x + frame.x) / 2;
    const y = middle(to) - shift;
    const way = [start, { x: bend, y: start.y }, { x: bend, y }, { x: to.x, y }];
    return [
      line(shift === 0 ? [start, { x: to.x, y }] : way, true),
      text({ x: start.x + 10, y: start.y - 8 }, eventsBetween(status, end).join(", ")),
    ];
  });
}
