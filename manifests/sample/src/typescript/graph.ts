export type Graph = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Dijkstra's shortest path over edges of positive length; undefined where there is none. */
export function shortestPath(graph: Graph, from: string, to: string): { path: string[]; length: number } | undefined {
  const best = new Map<string, { length: number; via: string | undefined }>([[from, { length: 0, via: undefined }]]);
  const open = new Set([from]);
  while (open.size > 0) {
    const node = [...open].reduce((a, b) => (best.get(a)!.length <= best.get(b)!.length ? a : b));
    if (node === to) return { path: walkBack(best, to), length: best.get(to)!.length };
    open.delete(node);
    for (const [next, length] of graph.get(node) ?? []) {
      const candidate = best.get(node)!.length + length;
      if (candidate >= (best.get(next)?.length ?? Infinity)) continue;
      best.set(next, { length: candidate, via: node });
      open.add(next);
    }
  }
  return undefined;
}

function walkBack(best: ReadonlyMap<string, { via: string | undefined }>, to: string): string[] {
  const path: string[] = [];
  for (let node: string | undefined = to; node !== undefined; node = best.get(node)?.via) path.unshift(node);
  return path;
}
