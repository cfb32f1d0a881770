import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Decisions, View } from "../plan.ts";
import type { Origin } from "../receipt/placement.ts";
import { canBeHadAgain, heldOrigin, segmentsOf } from "./presence.ts";
import type { Blob, BlobOrigin, Damage, Write } from "./types.ts";

export interface BlobPlan {
  readonly list: readonly Blob[];
  /** Paths that a blob is taken from. One of them that was to be pruned moves instead. */
  readonly taken: ReadonlySet<TreePath>;
}

/** One way to have each digest that the writes need: what is here already before what must be fetched. */
export function planBlobs(view: View, decisions: Decisions): BlobPlan {
  const taken = new Set<TreePath>();
  const holders = holdersOf(view, decisions);
  const list: Blob[] = [];
  for (const [digest, writes] of writesByDigest(decisions.writes)) {
    const from = originOf(view, { digest, writes, holder: holderOf(holders, digest, taken) });
    if (from.kind === "tree") taken.add(from.path);
    const { source, size } = (writes[0] as Write).want;
    list.push({ digest, source, size, from, paths: writes.map((write) => write.want.path) });
  }
  return { list, taken };
}

function writesByDigest(writes: readonly Write[]): Map<Digest, Write[]> {
  const groups = new Map<Digest, Write[]>();
  for (const write of writes) {
    const group = groups.get(write.want.digest);
    if (group === undefined) groups.set(write.want.digest, [write]);
    else group.push(write);
  }
  return groups;
}

function originOf(
  view: View,
  { digest, writes, holder }: { digest: Digest; writes: readonly Write[]; holder: Holder | undefined },
): BlobOrigin {
  if (view.ready.has(digest)) return { kind: "ready" };
  if (holder !== undefined) return holder;
  const [bytes] = writes.flatMap(({ want }) => ("generated" in want ? [want.generated] : []));
  if (bytes !== undefined) return { kind: "generated", bytes };
  return {
    kind: "fetch",
    remotes: writes.flatMap(({ want }) => ("remote" in want ? [want.remote] : [])),
    have: view.partial.get(digest) ?? 0,
    damaged: damageOf(view, digest, writes),
  };
}

function damageOf(view: View, digest: Digest, writes: readonly Write[]): Damage | undefined {
  for (const { want, why, stamp } of writes) {
    const placement = why === "modified" ? view.mine.get(want.path) : undefined;
    const segments = placement && segmentsOf(placement, [digest]);
    if (stamp !== undefined && segments !== undefined) return { path: want.path, stamp, segments };
  }
  return undefined;
}

/** A file wanted by both its digests moves straight to one path only; until it does, the other can have a copy. */
function holderOf(
  holders: ReadonlyMap<Digest, Holder>,
  digest: Digest,
  taken: ReadonlySet<TreePath>,
): Holder | undefined {
  const holder = holders.get(digest);
  return holder?.how === "rename" && taken.has(holder.path) ? { ...holder, how: "copy" } : holder;
}

type Holder = Extract<BlobOrigin, { kind: "tree" }>;

const RANK: Readonly<Record<Holder["how"], number>> = { stage: 0, rename: 1, copy: 2 };

/** Paths of ours that hold a known digest, the one that needs no copy first. */
function holdersOf(view: View, decisions: Decisions): Map<Digest, Holder> {
  const holders = new Map<Digest, Holder>();
  if (decisions.writes.length === 0) return holders;
  const fate = fatesOf(decisions);
  for (const placement of view.mine.values()) {
    const found = view.foundAt(placement.path);
    if (found.kind !== "file") continue;
    const origin = heldOrigin(placement, found);
    if (origin === undefined) continue;
    const how = howToTake(origin, fate.get(placement.path));
    const segments = segmentsOf(placement, found.digests);
    for (const digest of found.digests)
      offer(holders, digest, { kind: "tree", path: placement.path, stamp: found.stamp, how, segments });
  }
  return holders;
}

function offer(holders: Map<Digest, Holder>, digest: Digest, holder: Holder): void {
  const known = holders.get(digest);
  if (known === undefined || isBetter(holder, known)) holders.set(digest, holder);
}

/** Of equals the first by path, so that a plan does not depend on the order of the receipt. */
function isBetter(a: Holder, b: Holder): boolean {
  return RANK[a.how] === RANK[b.how] ? a.path < b.path : RANK[a.how] < RANK[b.how];
}

type Fate = "pruned" | "displaced";

function fatesOf(decisions: Decisions): Map<TreePath, Fate> {
  const fates = new Map<TreePath, Fate>();
  for (const prune of decisions.prunes) fates.set(prune.path, "pruned");
  for (const write of decisions.writes) {
    fates.set(write.want.path, "displaced");
    for (const clear of write.clears) fates.set(clear.path, "displaced");
  }
  return fates;
}

/** What the user put there is never in the store, where an interrupted run could leave it to be swept. */
function howToTake(origin: Origin, fate: Fate | undefined): Holder["how"] {
  if (fate === undefined) return "copy";
  if (canBeHadAgain(origin)) return "stage";
  return fate === "pruned" ? "rename" : "copy";
}
