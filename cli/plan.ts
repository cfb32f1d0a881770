import type { Digest, TreePath } from "../schema/ids.ts";
import { foldKey } from "../schema/names.ts";
import type { Want } from "./lock/wants.ts";
import { decideAbsence } from "./plan/absence.ts";
import { planBlobs } from "./plan/blobs.ts";
import { brakeOf } from "./plan/brake.ts";
import { decidePresence } from "./plan/presence.ts";
import type { Conflict, Count, Forget, Keep, Plan, Prune, Write } from "./plan/types.ts";
import type { Placement } from "./receipt/placement.ts";
import type { Found, Inventory } from "./scan.ts";

export type * from "./plan/types.ts";

export interface PlanInput {
  /** Every file of the lock, of all its sources. */
  readonly wants: readonly Want[];
  /** Sources this plan may act for; undefined: all, and files of sources the lock no longer has. */
  readonly scope: ReadonlySet<string> | undefined;
  /** This owner's receipt, and what other owners placed below the same root. */
  readonly mine: ReadonlyMap<TreePath, Placement>;
  readonly others: ReadonlyMap<TreePath, readonly Placement[]>;
  readonly inventory: Inventory;
  /** Digests verified and not yet placed. */
  readonly ready: ReadonlySet<Digest>;
  /** Bytes already here of interrupted fetches. */
  readonly partial: ReadonlyMap<Digest, number>;
  /** Overwrite untracked files; the bytes found go to the trash. */
  readonly force: boolean;
  /** Release the prune brake. */
  readonly prune: boolean;
}

/** Decides, by the table "who owns a file" (ARCHITECTURE.md). Pure: the same input gives the same plan. */
export function plan(input: PlanInput): Plan {
  const view = viewOf(input);
  const decisions = emptyDecisions();
  for (const want of view.wants) decidePresence(view, want, decisions);
  const cleared = new Set(decisions.writes.flatMap((write) => write.clears.map((clear) => clear.path)));
  for (const placement of view.mine.values()) {
    if (isOurs(view, placement)) decideAbsence(view, { placement, cleared }, decisions);
  }
  return assemble(view, decisions);
}

/** What the decisions look at. */
export interface View extends PlanInput {
  /** In scope only, sorted by path. */
  readonly wants: readonly Want[];
  /** Every path of the lock. */
  readonly wanted: ReadonlyMap<TreePath, Want>;
  /** Placements that no path of the lock wants, by their folded path: on a case-insensitive disk a wanted path may be one of these. */
  readonly folded: ReadonlyMap<string, Placement>;
  /** Wanted paths by their folded form; made when first asked for. */
  foldedWants(): ReadonlyMap<string, TreePath>;
  /** Placements whose path is below this one. */
  placedBelow(path: TreePath): readonly Placement[];
  foundAt(path: TreePath): Found;
}

export interface Decisions {
  readonly keeps: Keep[];
  readonly writes: Write[];
  readonly prunes: Prune[];
  readonly forgets: Forget[];
  readonly conflicts: Conflict[];
}

function emptyDecisions(): Decisions {
  return { keeps: [], writes: [], prunes: [], forgets: [], conflicts: [] };
}

function viewOf(input: PlanInput): View {
  const inScope = (want: Want) => input.scope?.has(want.source) ?? true;
  const wanted = new Map(input.wants.map((want) => [want.path, want]));
  const nothing: Found = { kind: "nothing" };
  const sorted = once(() => [...input.mine.values()].sort(byPath));
  return {
    ...input,
    wants: input.wants.filter(inScope).sort(byPath),
    wanted,
    folded: foldedPlacements(input, wanted),
    foldedWants: once(() => new Map(input.wants.map((want) => [foldKey(want.path), want.path]))),
    placedBelow: (path) => placedBelow(sorted(), path),
    foundAt: (path) => input.inventory.found.get(path) ?? nothing,
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function placedBelow(sorted: readonly Placement[], path: TreePath): readonly Placement[] {
  // "0" is what follows "/".
  return sorted.slice(firstFrom(sorted, `${path}/`), firstFrom(sorted, `${path}0`));
}

function firstFrom(sorted: readonly Placement[], path: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Placement).path < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function foldedPlacements({ mine }: PlanInput, wanted: ReadonlyMap<TreePath, Want>): Map<string, Placement> {
  const leaving = [...mine.values()].filter((placement) => !wanted.has(placement.path));
  return new Map(leaving.map((placement) => [foldKey(placement.path), placement]));
}

/** A scoped plan leaves alone what other sources placed, and what they want. */
function isOurs({ scope, wanted }: View, placement: Placement): boolean {
  return !wanted.has(placement.path) && (scope?.has(placement.source) ?? true);
}

function assemble(view: View, decisions: Decisions): Plan {
  const blobs = planBlobs(view, decisions);
  const prunes = decisions.prunes.filter((prune) => !blobs.taken.has(prune.path)).sort(byPath);
  const moved = decisions.prunes
    .filter((prune) => blobs.taken.has(prune.path))
    .map(({ path, source }): Forget => ({ path, source, why: "moved" }));
  const forgets = [...decisions.forgets, ...moved].sort(byPath);
  return {
    keeps: decisions.keeps,
    writes: decisions.writes,
    prunes,
    forgets,
    conflicts: decisions.conflicts,
    blobs: blobs.list,
    brake: view.prune ? undefined : brakeOf(view.mine, { prunes, forgets }),
    totals: {
      wanted: count(view.wants),
      fetch: count(blobs.list.filter((blob) => blob.from.kind === "fetch")),
      keep: count(decisions.keeps.map((keep) => keep.want)),
      prune: count(prunes),
    },
  };
}

function count(list: readonly { readonly size: number }[]): Count {
  return { files: list.length, bytes: list.reduce((sum, one) => sum + one.size, 0) };
}

/** Any fixed order will do, and no two of a list have one path. */
function byPath(a: { readonly path: TreePath }, b: { readonly path: TreePath }): number {
  return a.path < b.path ? -1 : 1;
}
