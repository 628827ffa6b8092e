/** What happens in a shop with two terminals, at random: the steps of a history, alone and in scenes. */
import fc from "fast-check";
import type { AtOnce, Step } from "./money-history.ts";

/** Shorter than in a shop, so that a history takes fewer sweeps; their order is the same. */
export const shortLimits = {
  present_within_ms: 14_000,
  refund_within_ms: 20_000,
  stop_answer_ms: 5_000,
  processing_ms: 18_000,
  incident_after_ms: 25_000,
  operation_ms: 10_000,
  authorization_lapses_ms: 90_000,
};

const does = <const D extends (Step | AtOnce)["does"]>(name: D) => ({ does: fc.constant(name) });
const at = fc.constantFrom(0, 0, 1);
const where = { at };
const payment = fc.constantFrom(0, 0, 0, 1, 2);
const quarters = fc.constantFrom(1, 1, 2, 3, 4, 4, 5);
const rarely = fc.constantFrom(false, false, false, true);
const mostly = fc.constantFrom(true, true, true, false);

const sale = fc.record({ ...does("sale"), ...where, amount: fc.integer({ min: 4, max: 900_000 }), captured: mostly });
const paid = fc.record({
  ...does("sale"),
  ...where,
  amount: fc.integer({ min: 4, max: 900_000 }),
  captured: fc.constant(true),
});
const held = fc.record({
  ...does("sale"),
  ...where,
  amount: fc.integer({ min: 4, max: 900_000 }),
  captured: fc.constant(false),
});
const card = fc.constantFrom("approves" as const, "approves" as const, "approves" as const, "declines" as const);
const tap = fc.record({ ...does("tap"), ...where, card, answered: mostly });
const approved = fc.record({
  ...does("tap"),
  ...where,
  card: fc.constant("approves" as const),
  answered: fc.constant(true),
});
const refund = fc.record({ ...does("refund"), payment, ...where, quarters, twice: rarely });
const capture = fc.record({ ...does("capture"), payment, quarters, twice: rarely });
const voided = fc.record({ ...does("void"), payment });
const cancel = fc.record({ ...does("cancel"), payment });
const deadlines = fc.record(does("deadlines"));
const lapses = fc.record(does("lapses"));
const arrives = fc.record({ ...does("a frame arrives"), ...where });
const decisions = fc.record(does("decisions"));
const together: fc.Arbitrary<AtOnce> = fc.oneof(
  ...[
    refund,
    refund,
    refund,
    capture,
    capture,
    voided,
    cancel,
    deadlines,
    deadlines,
    lapses,
    arrives,
    arrives,
    decisions,
  ],
);
const atOnce = fc.record({ ...does("at once"), these: fc.array(together, { minLength: 2, maxLength: 4 }) });
const answers = fc.record({ ...does("the host answers"), ...where });
const refuses = fc.record({
  ...does("the host refuses"),
  what: fc.constantFrom("advice" as const, "reversal" as const),
});
const redKey = fc.record({ ...does("red key"), ...where });
const passes = (...seconds: number[]) => fc.record({ ...does("time passes"), s: fc.constantFrom(...seconds) });
const lineCut = fc.record({ ...does("line cut"), ...where });
const lineBack = fc.record({ ...does("line back"), ...where });
const way = fc.constantFrom("up" as const, "down" as const);
const line = fc.record({
  ...{ ...does("line"), ...where, way },
  pace: fc.constantFrom("waits" as const, "waits" as const, "flows" as const, "lost" as const),
});
const powerCut = fc.record({ ...does("power cut"), ...where });
const dies = fc.record({ ...does("power cut before it writes"), ...where });
const powerBack = fc.record({ ...does("power back"), ...where });
const keeps = fc.record({ ...does("keeps its results"), ...where });
const tells = fc.record({ ...does("tells its results"), ...where });
const again = fc.record({ ...does("says it again"), ...where, which: fc.nat({ max: 9 }) });
const oldLines = fc.record(does("replaced lines speak"));

const anyFault: fc.Arbitrary<Step> = fc.oneof(lineCut, line, line, powerCut, dies, keeps, refuses);
const anyCure: fc.Arbitrary<Step> = fc.oneof(lineBack, lineBack, powerBack, tells, oldLines);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  ...[sale, tap, tap, answers, redKey, refund, refund, capture, voided, cancel, atOnce, atOnce, again, decisions],
  ...[anyFault, anyFault, anyCure, anyCure, passes(1, 4, 12, 23)],
);

/** Mostly, what belongs together happens at one terminal and to its newest payment. */
const scene = (...steps: fc.Arbitrary<Step>[]): fc.Arbitrary<readonly Step[]> =>
  fc
    .tuple(fc.tuple(...steps), at, mostly)
    .map(([taken, here, together]) =>
      together ? taken.map((step) => ("at" in step ? { ...step, at: here } : step)).map(ofNewest) : taken,
    );
const ofNewest = (step: Step): Step => ("payment" in step ? { ...step, payment: 0 } : step);

const unheard = fc.oneof(keeps, lineCut, line, dies);
const ending = fc.oneof(capture, voided, cancel);

/** Steps that belong together in a shop; between them, and instead of them, anything may happen. */
export const anyScene: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(anyStep) },
  { weight: 3, arbitrary: scene(paid, approved, refund, tap) },
  { weight: 4, arbitrary: scene(paid, approved, refund, refund, tap, anyStep, tap) },
  { weight: 3, arbitrary: scene(paid, approved, atOnce, anyStep, tap, atOnce, tap) },
  { weight: 3, arbitrary: scene(paid, approved, anyFault, refund, anyStep, tap, anyStep, passes(1, 12, 23)) },
  // The till is told that the refund failed while nobody knows; then the terminal is back, and its host has paid.
  {
    weight: 4,
    arbitrary: scene(paid, approved, refund, unheard, approved, passes(23), anyStep, powerBack, tells, anyStep),
  },
  {
    weight: 4,
    arbitrary: scene(paid, approved, refund, unheard, approved, lineCut, passes(23), refuses, powerBack, tells),
  },
  {
    weight: 2,
    arbitrary: scene(paid, approved, refund, unheard, tap, powerCut, passes(55), decisions, powerBack, tells),
  },
  { weight: 4, arbitrary: scene(held, approved, capture, anyStep, capture, anyStep, refund, tap) },
  { weight: 3, arbitrary: scene(held, approved, anyFault, ending, passes(1, 6), anyCure, anyCure) },
  { weight: 3, arbitrary: scene(held, approved, unheard, ending, passes(6, 34), anyStep, powerBack, tells) },
  { weight: 1, arbitrary: scene(held, approved, capture, passes(91), anyStep, powerBack, passes(4)) },
  { weight: 2, arbitrary: fc.tuple(anyCure, anyCure, passes(4, 23)) },
);
