import { join } from "node:path";
import { fetchBlobs } from "./apply/fetch.ts";
import { settle } from "./apply/flush.ts";
import { gatherFromTree } from "./apply/gather.ts";
import { generate } from "./apply/generate.ts";
import { type Gift, type Locate, takeGiven } from "./apply/give.ts";
import { less } from "./apply/meter.ts";
import { placeAll } from "./apply/place.ts";
import { pruneAll } from "./apply/prune.ts";
import { spaceProblem } from "./apply/space.ts";
import type { Applying, Outcome, Trashed } from "./apply/types.ts";
import type { Disk } from "./disk/port.ts";
import { syncFile } from "./disk/sync-file.ts";
import { type Problem, systemCode, TritterError } from "./errors.ts";
import type { Count, Forget, Prune } from "./plan/types.ts";
import { pool } from "./pool.ts";
import type { Entry } from "./receipt/entries.ts";
import { sweepStore } from "./store/store.ts";
import { type TreeChange, treeChange } from "./tree/change.ts";
import { isRacy } from "./tree/stamp.ts";
import { openTrash, tidyTrash } from "./tree/trash.ts";

export type { Applying, Outcome } from "./apply/types.ts";

/**
 * Carries out a plan, in an order in which stopping anywhere is safe: everything needed is in the store before
 * the tree changes, and nothing is removed before everything is placed. Problems with single files are values;
 * what is thrown is an interruption or a bug.
 */
export async function apply(applying: Applying): Promise<Outcome> {
  const { disk, root, plan } = applying;
  const { beside } = applying;
  const short = beside?.problem ?? (await spaceProblem(disk, root, { plan, beside }));
  if (short !== undefined) return nothingDone([...applying.unread, short]);
  const trash = openTrash(disk, applying.state, applying.store.writer.id);
  const change = treeChange(disk, root, trash);

  const adopted = await recordKeeps(applying);
  const locate = locating(applying, change);
  const gift = await takeGiven(applying, locate);
  const fetched = await fetchRest(applying, locate, gift);
  // Where the root itself is gone, that is said once, and not of each file.
  if ([...gift.problems, ...fetched.problems].some(({ code }) => code === "DISK_REFUSED")) change.lookAgain();
  const gathered = await gatherFromTree(applying, change);
  const generated = await generate(applying);
  const sources = [generated.ready, gathered.ready, fetched.ready, gift.ready, applying.leftReady];
  const placing = await placeAll(applying, change, (digest) => firstWith(sources, digest));
  const problems = [
    ...applying.unread,
    ...gift.problems,
    ...fetched.problems,
    ...gathered.problems,
    ...generated.problems,
    ...placing.problems,
  ];
  const unpruned = reasonNotToPrune(applying, problems);
  const pruned = { gone: [] as Prune[], trashed: [] as Trashed[], problems: [] as Problem[] };
  const forgets = forgetsOf(applying, problems);
  try {
    if (unpruned === undefined) await pruneAll(applying, change, pruned);
  } finally {
    const placed = placing.placed.map(({ want }) => want.path);
    const left = [...pruned.gone, ...forgets].map(({ path }) => path);
    if (placed.length + left.length + adopted.recorded > 0) await settle(applying, change, { placed, left });
  }
  const done = problems.length === 0 && pruned.problems.length === 0 && applying.hub !== undefined;
  if (done) await tidy(applying, unpruned === undefined);
  return {
    fetched: countOf([...fetched.ready.values()]),
    given: gift.given,
    generated: countOf([...generated.ready.values()]),
    received: fetched.bytes + gift.received,
    placed: countOf(placing.placed.map((file) => file.want)),
    kept: plan.totals.keep,
    adopted: adopted.files,
    pruned: countOf(pruned.gone),
    forgotten: forgets.length,
    trashed: [...placing.trashed, ...pruned.trashed],
    unpruned,
    problems: [...problems, ...pruned.problems],
  };
}

function firstWith<Key, Value>(maps: readonly ReadonlyMap<Key, Value>[], key: Key): Value | undefined {
  for (const map of maps) {
    const value = map.get(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Its parents are looked at too: a folder may have become a link since. */
function locating({ root }: Applying, change: TreeChange): Locate {
  return ({ path, stamp }) => {
    change.lookAgain();
    return change.isStill(path, stamp) ? join(root, path) : undefined;
  };
}

async function fetchRest(applying: Applying, locate: Locate, gift: Gift) {
  const { emit, jobs, clock, signal, store } = applying;
  const blobs = applying.plan.blobs.filter(({ from, digest }) => {
    return from.kind === "fetch" && !gift.ready.has(digest) && !gift.refused.has(digest);
  });
  if (blobs.length === 0 || applying.hub === undefined) return { ready: new Map(), problems: [], bytes: 0 };
  emit({ kind: "fetching", ...countOf(blobs) });
  const hub = applying.hub();
  const limits = less(applying.limits, gift.received);
  return fetchBlobs({ hub, clock, signal, emit, jobs, limits, store, locate }, blobs);
}

/** What was found right and the receipt did not know yet. Whoever wrote these bytes may not have flushed them: what the receipt believes must survive. */
async function recordKeeps(applying: Applying): Promise<{ recorded: number; files: number }> {
  const { plan, disk, root, journal, owner, scannedAt, signal } = applying;
  const unrecorded = plan.keeps.filter((keep) => keep.record !== "none");
  const entries: Entry[] = [];
  await pool(unrecorded, { width: FLUSHERS, signal }, async (keep) => {
    const { stamp, digests, origin, segments } = keep;
    const { path, source, size } = keep.want;
    const doubtful = isRacy(stamp, scannedAt) || !(await isFlushed(disk, join(root, path)));
    const racy = doubtful && { racy: true as const };
    const checked = segments !== undefined && { segments };
    entries.push({ op: "placed", owner, source, path, digests, size, origin, ...checked, stamp, ...racy });
  });
  await journal.append(entries);
  return {
    recorded: entries.length,
    files: unrecorded.filter((keep) => keep.record === "adopt").length,
  };
}

/** Files flushed at once: a disk takes many for the time of one. */
const FLUSHERS = 16;

async function isFlushed(disk: Disk, path: string): Promise<boolean> {
  try {
    await syncFile(disk, path);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** While anything failed, what moved or was cleared may still stand where it stood, or be wanted back. */
function forgetsOf({ plan, hub }: Applying, problems: readonly Problem[]): readonly Forget[] {
  if (problems.length === 0 && hub !== undefined) return plan.forgets;
  return plan.forgets.filter(({ why }) => why === "gone" || why === "not-a-file" || why === "shared");
}

function reasonNotToPrune({ plan, hub }: Applying, problems: readonly Problem[]): Outcome["unpruned"] {
  if (plan.prunes.length === 0) return undefined;
  if (hub === undefined) return "unfetched";
  if (problems.length > 0) return "problems";
  if (plan.conflicts.length > 0) return "conflicts";
  return plan.brake === undefined ? undefined : "brake";
}

/**
 * Leftovers of earlier runs go only after a plan that succeeded: until then the next run may want them. The tree is
 * at the lock already, so that they could not be removed is no more than a warning.
 */
async function tidy({ disk, state, store, whole, emit }: Applying, isAtLock: boolean): Promise<void> {
  try {
    if (isAtLock) await tidyTrash(disk, state);
    if (whole) await sweepStore(disk, store.view, store);
  } catch (error) {
    if (!(error instanceof TritterError)) throw error;
    emit({ kind: "warning", message: error.message });
  }
}

function nothingDone(problems: readonly Problem[]): Outcome {
  const none: Count = { files: 0, bytes: 0 };
  return {
    fetched: none,
    given: [],
    generated: none,
    received: 0,
    placed: none,
    kept: none,
    adopted: 0,
    pruned: none,
    forgotten: 0,
    trashed: [],
    unpruned: undefined,
    problems,
  };
}

function countOf(list: readonly { readonly size: number }[]): Count {
  return { files: list.length, bytes: list.reduce((sum, one) => sum + one.size, 0) };
}
