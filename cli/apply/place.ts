import { join } from "node:path";
import type { Digest, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { FileStat } from "../disk/port.ts";
import { syncFile } from "../disk/sync-file.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { type Problem, systemCode, TritterError } from "../errors.ts";
import type { TritterEvent } from "../events.ts";
import { isGenerated, type Want } from "../lock/wants.ts";
import type { Blob, Clear, Write } from "../plan/types.ts";
import type { Entry } from "../receipt/entries.ts";
import type { Origin } from "../receipt/placement.ts";
import { copyVerified } from "../store/copy.ts";
import { packChecksums } from "../store/segments.ts";
import { type ReadyBlob, readyFile } from "../store/store.ts";
import type { TreeChange } from "../tree/change.ts";
import { parentOf } from "../tree/look.ts";
import { isRacy, sameBytesStamp, stampOf, TICK_MS } from "../tree/stamp.ts";
import { isThereAlready, originsOfOthers } from "./already.ts";
import { movedOn } from "./gather.ts";
import type { Applying, Trashed } from "./types.ts";

export interface Placing {
  readonly placed: readonly PlacedFile[];
  readonly trashed: readonly Trashed[];
  readonly problems: readonly Problem[];
}

export interface PlacedFile {
  readonly want: Want;
  readonly digests: readonly Digest[];
  readonly origin: Origin;
  /** As the receipt keeps them. */
  readonly segments: string | undefined;
}

type How = Extract<TritterEvent, { kind: "placed" }>["how"];

/** Files announced, and made durable as announced, together. */
const BATCH = 512;
const TURN = 64;

/** Puts every ready blob at its paths. What could not be made ready is left out: its problem is known already. */
export async function placeAll(
  applying: Applying,
  change: TreeChange,
  readyOf: (digest: Digest) => ReadyBlob | undefined,
): Promise<Placing> {
  const steps = stepsOf(applying, readyOf);
  const isContested = contestedBy(applying.plan.writes);
  const hands: Hands = {
    applying,
    change,
    isContested,
    originOfOthers: originsOfOthers(applying),
    placed: [],
    trashed: [],
    problems: [],
    sums: new Map(),
  };
  applying.emit({ kind: "placing", files: steps.length });
  try {
    for (let index = 0; index < steps.length; index += BATCH) {
      applying.signal.throwIfAborted();
      await placeBatch(hands, steps.slice(index, index + BATCH));
    }
    // Where the root is gone, that is what went wrong with each.
    if (hands.problems.length > 0) change.lookAgain();
  } finally {
    tellPlaced(hands);
    await recordPlaced(hands);
  }
  return hands;
}

function tellPlaced({ applying: { emit }, sums }: Hands): void {
  for (const [how, sum] of sums) emit({ kind: "placed", how, ...sum });
}

function count({ sums }: Hands, how: How, { size }: Want): void {
  const sum = sums.get(how) ?? { files: 0, bytes: 0 };
  sums.set(how, sum);
  sum.files += 1;
  sum.bytes += size;
}

interface Hands {
  readonly applying: Applying;
  readonly change: TreeChange;
  readonly isContested: (path: string) => boolean;
  readonly originOfOthers: (want: Want) => Promise<Origin>;
  readonly placed: PlacedFile[];
  readonly trashed: Trashed[];
  readonly problems: Problem[];
  /** Of what was placed. */
  readonly sums: Map<How, { files: number; bytes: number }>;
}

/** One path to be written. All but the last path of a ready file get copies, so that the last can have the file itself. */
interface Step {
  readonly write: Write;
  readonly blob: Blob;
  readonly from: ReadyBlob | undefined;
  readonly copy: boolean;
}

function stepsOf({ plan }: Applying, readyOf: (digest: Digest) => ReadyBlob | undefined): readonly Step[] {
  const writes = new Map(plan.writes.map((write) => [write.want.path, write]));
  const steps: Step[] = [];
  /** The last step so far that takes a file which others may take too. */
  const last = new Map<string, number>();
  for (const blob of plan.blobs) {
    const direct = blob.from.kind === "tree" && blob.from.how === "rename";
    const from = readyOf(blob.digest);
    if (!direct && from === undefined) continue;
    for (const [index, path] of blob.paths.entries()) {
      const file = from !== undefined && isShared(from, blob) ? readyFile(from) : undefined;
      const before = file === undefined ? undefined : last.get(file);
      if (before !== undefined) steps[before] = { ...(steps[before] as Step), copy: true };
      if (file !== undefined) last.set(file, steps.length);
      // Moved straight: the first path gets the file, the others copies of it.
      steps.push({ write: writes.get(path) as Write, blob, from, copy: direct && index > 0 });
    }
  }
  return steps;
}

/** A file wanted by both its digests is one ready file of two blobs; only what came for one digest alone is surely no other's. */
function isShared({ digests }: ReadyBlob, { from, paths }: Blob): boolean {
  return paths.length > 1 || digests.length > 1 || from.kind !== "fetch";
}

async function placeBatch(hands: Hands, steps: readonly Step[]): Promise<void> {
  const { applying, change } = hands;
  change.lookAgain();
  await applying.journal.durable(steps.map((step) => intentOf(applying, step)));
  for (const [index, step] of steps.entries()) {
    // Renames block: what else goes on, and who wants to stop, gets a turn.
    if (index % TURN === 0) await breath();
    applying.signal.throwIfAborted();
    // A folder may have become a link since the last file.
    change.forgetParents();
    try {
      await placeOne(hands, step);
    } catch (error) {
      applying.signal.throwIfAborted();
      if (await isThereAlready(applying, change, step.write)) await leave(hands, step);
      else
        hands.problems.push({
          ...stepProblem(step, error),
          path: step.write.want.path,
          source: step.write.want.source,
        });
    }
  }
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stepProblem(step: Step, error: unknown): Problem {
  return diskProblem(`write "${printable(step.write.want.path)}"`, error);
}

async function placeOne(hands: Hands, step: Step): Promise<void> {
  const { change, applying } = hands;
  const { want, clears } = step.write;
  const isContested = clears.length > 0 || !change.isFree(want.path);
  if (isContested && (await isThereAlready(applying, change, step.write))) return leave(hands, step);
  for (const clear of clears) await makeRoom(hands, clear);
  if (isContested && !change.isFree(want.path)) {
    await change.removeHollow(want.path);
    await displace(hands, step.write);
  }
  const digests = step.from?.digests ?? applying.digestsAt((step.blob.from as { path: TreePath }).path);
  const how = howOf(step);
  if (how === "move") await moveStraight(hands, step);
  else if (how === "copy") await placeCopy(hands, step, digests);
  else await change.place(readyFile(step.from as ReadyBlob), want.path);
  hands.placed.push({ want, digests, origin: originOf(step), segments: segmentsOf(step) });
  count(hands, how, want);
}

function howOf({ from, copy }: Step): Exclude<How, "there"> {
  if (copy) return "copy";
  return from === undefined ? "move" : "store";
}

/** Somebody else put it there: another sync, or the user. */
async function leave(hands: Hands, step: Step): Promise<void> {
  const { applying, originOfOthers, placed } = hands;
  const { from, copy, blob, write } = step;
  placed.push({
    want: write.want,
    digests: from?.digests ?? [blob.digest],
    origin: await originOfOthers(write.want),
    segments: segmentsOf(step),
  });
  count(hands, "there", write.want);
  if (from !== undefined && !copy) await passing(["ENOENT"], () => applying.disk.unlink(readyFile(from)));
}

async function makeRoom(hands: Hands, clear: Clear): Promise<void> {
  const { change } = hands;
  const { stamp: seen, disposable } = clear;
  const ours = seen !== undefined && disposable && change.isStill(clear.path, seen) ? seen : undefined;
  const discarded = await change.discard(clear.path, "in the way", ours);
  if (discarded === undefined) return;
  const { place, stamp } = discarded;
  if (ours === undefined || !sameBytesStamp(ours, stamp)) {
    hands.trashed.push({ path: clear.path, place: `.tritter/${place}`, why: "in the way" });
    await change.flushDiscarded();
  }
  await change.removeEmptied([clear.path]);
}

/** Only bytes that we can fetch again, and that are still the ones seen, are simply replaced by the rename. */
async function displace(hands: Hands, write: Write): Promise<void> {
  const { change } = hands;
  const { path } = write.want;
  if (write.found === "replace" && write.stamp !== undefined && change.isStill(path, write.stamp)) return;
  const why = write.found === "nothing" || write.found === "replace" ? "modified" : write.why;
  const discarded = await change.discard(path, why);
  if (discarded === undefined) return;
  hands.trashed.push({ path, place: `.tritter/${discarded.place}`, why });
  await change.flushDiscarded();
}

async function moveStraight(hands: Hands, { blob, write }: Step): Promise<void> {
  const { applying, change } = hands;
  if (blob.from.kind !== "tree") throw new Error("only a file of the tree moves straight");
  const { path } = write.want;
  if (!(await change.move(blob.from.path, path, blob.from.stamp))) throw new TritterError(movedOn(blob.from));
  // The user's own bytes, which nobody may have flushed.
  await syncFile(applying.disk, join(applying.root, path));
  // A power loss could take back the new name alone, once something else has the old one.
  if (hands.isContested(blob.from.path)) await change.flushFolders([path]);
}

/** Will something stand at the path, above it or below it? */
function contestedBy(writes: readonly Write[]): (path: string) => boolean {
  let places: { readonly written: ReadonlySet<string>; readonly above: ReadonlySet<string> } | undefined;
  return (path) => {
    places ??= placesOf(writes);
    if (places.above.has(path)) return true;
    for (let at = path; at !== ""; at = parentOf(at)) if (places.written.has(at)) return true;
    return false;
  };
}

function placesOf(writes: readonly Write[]) {
  const written = new Set<string>(writes.map(({ want }) => want.path));
  const above = new Set<string>();
  for (const path of written)
    for (let folder = parentOf(path); folder !== "" && !above.has(folder); folder = parentOf(folder))
      above.add(folder);
  return { written, above };
}

async function placeCopy(
  { applying, change }: Hands,
  { from, blob, write }: Step,
  digests: readonly Digest[],
): Promise<void> {
  const { disk, root, store, signal } = applying;
  const source = from === undefined ? join(root, blob.paths[0] as TreePath) : readyFile(from);
  const to = join(store.readyFolder, `copy.${store.writer.id}.new`);
  // Shared blocks are not read: of a file that stands in the tree, its stamp says whether it is still the one known.
  const isKnown = () => from !== undefined || isMoved(change, blob);
  const copied =
    isKnown() && (await copyVerified(disk, { from: source, to, digests, size: blob.size, signal }));
  try {
    if (!copied || !isKnown()) throw new TritterError(notCopied(write));
    await change.place(to, write.want.path);
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(to));
    throw error;
  }
}

/** The file that moved straight stands at the blob's first path, as it was. */
function isMoved(change: TreeChange, { from, paths }: Blob): boolean {
  return from.kind === "tree" && change.isSameBytes(paths[0] as TreePath, from.stamp);
}

function notCopied({ want }: Write): Problem {
  return {
    code: "DIGEST_MISMATCH",
    message: `cannot copy "${printable(want.path)}": the bytes read back are not the ones that were verified`,
    hint: "run the same command again; if it stays so, check the disk",
  };
}

function originOf({ blob, write }: Step): Origin {
  if (blob.from.kind === "tree" && blob.from.how === "rename") return "adopted";
  return isGenerated(write.want) ? "generated" : "fetched";
}

function segmentsOf({ blob, from }: Step): string | undefined {
  if (from === undefined) return blob.from.kind === "tree" ? blob.from.segments : undefined;
  return from.segments && packChecksums(from.segments);
}

function intentOf({ owner }: Applying, step: Step): Entry {
  const { path, source, digest, size } = step.write.want;
  return { op: "intent", owner, source, path, digest, size, origin: originOf(step) };
}

/** Stamps are taken a tick after the last change, so that a later edit cannot look the same. */
async function recordPlaced({ applying, change, placed }: Hands): Promise<void> {
  if (placed.length === 0) return;
  change.lookAgain();
  await applying.clock.sleep(TICK_MS, new AbortController().signal);
  const now = applying.clock.now();
  // In groups: lines of all files at once would be the most memory of a sync.
  for (let index = 0; index < placed.length; index += RECORDED)
    await applying.journal.append(
      placedEntries({ applying, change }, placed.slice(index, index + RECORDED), now),
    );
}

/** Entries written together. */
const RECORDED = 2_048;

function placedEntries(
  { applying: { owner }, change }: Pick<Hands, "applying" | "change">,
  placed: readonly PlacedFile[],
  now: number,
): readonly Entry[] {
  const entries: Entry[] = [];
  for (const { want, digests, origin, segments } of placed) {
    const stat = statOf(change, want.path);
    if (stat === undefined) continue;
    const stamp = stampOf(stat);
    const racy = isRacy(stamp, now) && { racy: true as const };
    const { path, source, size } = want;
    const checked = segments !== undefined && { segments };
    entries.push({ op: "placed", owner, source, path, digests, size, origin, ...checked, stamp, ...racy });
  }
  return entries;
}

/** What went again in the meantime, or cannot be seen, stays as announced: the next scan hashes it. */
function statOf(change: TreeChange, path: TreePath): FileStat | undefined {
  try {
    return change.stat(path);
  } catch (error) {
    if (error instanceof TritterError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
