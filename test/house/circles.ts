/** Files that import one another in a circle have no first one to read. */
import { resolveImport } from "./layers.ts";
import { isProgramFolder, type SourceTree, under } from "./project.ts";
import { readSource } from "./reading.ts";

interface Edge {
  readonly to: string;
  readonly typeOnly: boolean;
}

/** A circle of nothing but `import type` is two shapes that mention each other, and no fault. */
export function checkCircles(tree: SourceTree): string[] {
  const graph = importGraph(tree);
  const told = new Set<string>();
  const offences: string[] = [];
  for (const [from, edges] of graph) {
    for (const edge of edges) {
      if (edge.typeOnly) continue;
      const circle = shortestWay(graph, edge.to, from);
      const key = circle?.toSorted().join();
      if (!circle || !key || told.has(key)) continue;
      told.add(key);
      offences.push(
        `${[from, ...circle].join(" → ")} is a circle of imports; move what they share into a file that imports neither, or pass one in as an argument.`,
      );
    }
  }
  return offences;
}

function importGraph(tree: SourceTree): Map<string, Edge[]> {
  const graph = new Map<string, Edge[]>();
  for (const [path, source] of under(tree, "src", "sdk", "web", "test", "bench", "scripts")) {
    const edges = readSource(path, source).imports.flatMap(({ specifier, typeOnly }) => {
      const to = specifier === undefined ? undefined : resolveImport(path, specifier);
      return to !== undefined && tree.has(to) && isProgramFolder(to) ? [{ to, typeOnly }] : [];
    });
    graph.set(path, edges);
  }
  return graph;
}

/** From one file to another along the imports, both included; undefined where there is no way. */
function shortestWay(graph: ReadonlyMap<string, readonly Edge[]>, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  for (const path of cameFrom.keys()) {
    if (path === to) {
      const way: string[] = [];
      for (let step: string | undefined = to; step !== undefined; step = cameFrom.get(step)) way.unshift(step);
      return way;
    }
    for (const edge of graph.get(path) ?? []) if (!cameFrom.has(edge.to)) cameFrom.set(edge.to, path);
  }
  return undefined;
}
