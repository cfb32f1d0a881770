import { basename } from "node:path";
import { fetchBlobs } from "./apply/fetch.ts";
import { flushPlaced } from "./apply/flush.ts";
import { gatherFromTree } from "./apply/gather.ts";
import { type Placing, placeAll } from "./apply/place.ts";
import { type Pruned, pruneAll } from "./apply/prune.ts";
import { spaceProblem } from "./apply/space.ts";
import type { Applying, Outcome } from "./apply/types.ts";
import type { Problem } from "./errors.ts";
import type { Hub } from "./hub/port.ts";
import type { Count } from "./plan/types.ts";
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
  const short = await spaceProblem(disk, root, plan);
  if (short !== undefined) return nothingDone(short);
  const trash = openTrash(disk, applying.state, applying.store.writer.id);
  const change = treeChange(disk, root, trash);

  const fetched = await fetchAll(applying);
  const gathered = await gatherFromTree(applying, change);
  const ready = new Map([...applying.leftReady, ...fetched.ready, ...gathered.ready]);
  const placing = await placeAll(applying, change, ready);
  const adopted = await recordKeeps(applying);
  const problems = [...fetched.problems, ...gathered.problems, ...placing.problems];
  await forget(applying, placing);
  const unpruned = reasonNotToPrune(applying, problems);
  const pruned = unpruned === undefined ? await pruneAll(applying, change) : NONE_PRUNED;
  const done = problems.length === 0 && pruned.problems.length === 0;
  await flushPlaced(applying, change, placing.placed);
  if (done && unpruned === undefined) for (const place of placing.disposable) await trash.drop(place);
  if (done) await tidy(applying, change);
  return {
    fetched: countOf([...fetched.ready.values()]),
    received: fetched.bytes,
    placed: countOf(placing.placed.map((file) => file.want)),
    kept: plan.totals.keep,
    adopted,
    pruned: { files: pruned.files, bytes: pruned.bytes },
    forgotten: plan.forgets.length,
    trashed: [...placing.trashed, ...pruned.trashed],
    unpruned,
    problems: [...problems, ...pruned.problems],
  };
}

const NONE_PRUNED: Pruned = { files: 0, bytes: 0, trashed: [], problems: [] };

async function fetchAll(applying: Applying) {
  const { plan, emit, jobs, clock, signal, store } = applying;
  const { files, bytes } = plan.totals.fetch;
  if (files === 0) return { ready: new Map(), problems: [], bytes: 0 };
  emit({ kind: "fetching", files, bytes });
  const hub: Hub = applying.hub();
  return fetchBlobs({ hub, clock, signal, emit, jobs, store }, plan.blobs);
}

/** What was found right and the receipt did not know yet. */
async function recordKeeps({ plan, journal, owner, scannedAt }: Applying): Promise<number> {
  const unrecorded = plan.keeps.filter((keep) => keep.record !== "none");
  await journal.append(
    unrecorded.map((keep): Entry => {
      const { path, source, size } = keep.want;
      const racy = isRacy(keep.stamp, scannedAt) && { racy: true as const };
      return {
        op: "placed",
        owner,
        source,
        path,
        digests: keep.digests,
        size,
        origin: keep.origin,
        stamp: keep.stamp,
        ...racy,
      };
    }),
  );
  return unrecorded.filter((keep) => keep.record === "adopt").length;
}

/** A path that moved is forgotten only once its file stands at the new one. */
async function forget({ plan, journal, owner }: Applying, placing: Placing): Promise<void> {
  if (placing.problems.length > 0) return;
  await journal.append(plan.forgets.map(({ path }): Entry => ({ op: "gone", owner, path })));
}

function reasonNotToPrune({ plan }: Applying, problems: readonly Problem[]): Outcome["unpruned"] {
  if (plan.prunes.length === 0) return undefined;
  if (problems.length > 0) return "problems";
  if (plan.conflicts.length > 0) return "conflicts";
  return plan.brake === undefined ? undefined : "brake";
}

/** Leftovers of earlier runs go only after a plan that succeeded: until then the next run may want them. */
async function tidy({ plan, disk, state, store, whole }: Applying, change: TreeChange): Promise<void> {
  await change.removeEmptied(plan.forgets.filter((one) => one.why === "moved").map((one) => one.path));
  await tidyTrash(disk, state, store.writer.id);
  if (!whole) return;
  const left = new Set(store.view.partials.map((partial) => basename(partial.folder)));
  await sweepStore(disk, store.view.layout, (name) => !left.has(name));
}

function nothingDone(problem: Problem): Outcome {
  const none: Count = { files: 0, bytes: 0 };
  return {
    fetched: none,
    received: 0,
    placed: none,
    kept: none,
    adopted: 0,
    pruned: none,
    forgotten: 0,
    trashed: [],
    unpruned: undefined,
    problems: [problem],
  };
}

function countOf(list: readonly { readonly size: number }[]): Count {
  return { files: list.length, bytes: list.reduce((sum, one) => sum + one.size, 0) };
}
