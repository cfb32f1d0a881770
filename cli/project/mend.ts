import { dirname } from "node:path";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { TritterError } from "../errors.ts";
import type { Git } from "../git/run.ts";
import { stagesOf, versionsOf } from "../git/versions.ts";
import { readBase } from "../lock/base.ts";
import { listingDigest } from "../lock/digests.ts";
import { choose, mergeLocks, type Side } from "../lock/merge.ts";
import { parseLock, readLockText } from "../lock/read.ts";
import { type ChosenEntry, choiceText, chooseSide, listsIn } from "../lock/salvage.ts";
import { writeLock } from "../lock/write.ts";
import { carrierOf } from "../resolve/stale.ts";
import { documentsOf } from "./documents.ts";
import { loadWithLock, type ProjectOptions } from "./load.ts";
import { lockSources } from "./locking.ts";
import { tellUnsigned } from "./signature-place.ts";

export interface MendOptions extends Omit<ProjectOptions, "names"> {
  readonly side: Side;
}

export interface MendResult {
  /** The lock; absolute. */
  readonly file: string;
  readonly side: Side;
  readonly wrote: boolean;
  /** What was not whole, and what it became; empty: there was nothing to resolve. */
  readonly taken: readonly Taken[];
}

export interface Taken {
  /** undefined: a member of the whole lock that this version does not know. */
  readonly source: string | undefined;
  readonly member: string | undefined;
  /** `conflict`: the sides differ; `twice`: it stood there twice; `mixed`: there were files of another commit than its head names. */
  readonly why: "conflict" | "twice" | "mixed";
  /** undefined: that side removed it. */
  readonly commit: string | undefined;
  readonly files: number;
  /** Where its file list is from; `nowhere`: it could not be had, and the source is left out. */
  readonly from: "lock" | "git" | "hub" | "nowhere";
}

/**
 * Makes a lock whole that a merge left unfinished, or put together from two: of what is in conflict it takes one side.
 * Needs no network where the lock itself or git still has the file lists. Throws LOCK_MISSING, LOCK_INVALID, and what
 * listing throws.
 */
export async function mendLock(context: Context, options: MendOptions): Promise<MendResult> {
  const { side } = options;
  const { lockFile: file } = documentsOf(context, options);
  const text = await readLockText({ file, disk: context.disk });
  if (text === undefined) {
    throw new TritterError({
      code: "LOCK_MISSING",
      message: `cannot resolve "${file}": there is no lock yet`,
      hint: "run tritter lock",
    });
  }
  const git = { cwd: dirname(file), env: context.env, signal: context.signal };
  if (isWhole(text, file)) return mergeAnew(context, { file, side, text, git });
  const choice = chooseSide(text, side);
  if (choice === undefined) {
    throw new TritterError({
      code: "LOCK_INVALID",
      message: `cannot resolve "${file}": its lines are not those of a lock that tritter wrote`,
      hint: "restore it from version control (git checkout --ours or --theirs while merging), then run tritter lock",
    });
  }
  const entries = await withListsOf(git, file, choice.entries);
  const { lock } = parseLock(choiceText({ ...choice, entries }), file);
  const found = entries.flatMap((entry, index) => takenOf(entry, choice.entries[index]));
  const members = choice.disputed.map((member) => ({ ...NO_SOURCE, member }));
  const lacking = entries.filter(({ head, files }) => head !== undefined && files === undefined);
  const listed = await listAgain(context, options, { file, lock, lacking });
  return { file, side, wrote: listed.wrote, taken: [...found, ...listed.taken, ...members] };
}

/** True: the bytes changed. */
async function replace(context: Context, file: string, lock: Lock): Promise<boolean> {
  const wrote = (await writeLock({ file, disk: context.disk, lock })) === "written";
  if (wrote) await tellUnsigned(context, file);
  return wrote;
}

const NO_SOURCE = { source: undefined, why: "conflict", commit: undefined, files: 0, from: "lock" } as const;

function isWhole(text: string, file: string): boolean {
  try {
    parseLock(text, file);
    return true;
  } catch (error) {
    if (error instanceof TritterError && (error.code === "LOCK_EDITED" || error.code === "LOCK_INVALID"))
      return false;
    throw error;
  }
}

interface Unmerged {
  readonly file: string;
  readonly side: Side;
  readonly text: string;
  readonly git: Git;
}

/** A merge that git left at our side, untouched, as where it found no driver to run: it is done here. */
async function mergeAnew(context: Context, { file, side, text, git }: Unmerged): Promise<MendResult> {
  const stages = await stagesOf(git, file);
  if (stages === undefined || stages.ours !== text) return { file, side, wrote: false, taken: [] };
  const [ours, theirs] = [stages.ours, stages.theirs].map((one) => parseLock(one, file).lock) as [Lock, Lock];
  const merged = mergeLocks(readBase(stages.base), ours, theirs);
  const lock = choose(merged, side);
  const taken = merged.conflicts.map((conflict): Taken => {
    if (conflict.kind === "member") return { ...NO_SOURCE, member: conflict.name };
    const entry = conflict[side];
    const size = { commit: entry?.commit, files: entry?.files.length ?? 0 };
    return { source: conflict.name, member: undefined, why: "conflict", ...size, from: "git" };
  });
  return { file, side, wrote: await replace(context, file, lock), taken };
}

/** Lists are found by their digest, so whatever version of the lock holds one, it is the very list. */
async function withListsOf(
  git: Git,
  file: string,
  entries: readonly ChosenEntry[],
): Promise<readonly ChosenEntry[]> {
  const wanted = new Set(
    entries.flatMap(({ head, files }) =>
      head !== undefined && files === undefined ? [String(head.listing)] : [],
    ),
  );
  const found = new Map<string, readonly string[]>();
  if (wanted.size === 0) return entries;
  for await (const text of versionsOf(git, file)) {
    for (const [listing, files] of listsIn(text, wanted)) {
      found.set(listing, files);
      wanted.delete(listing);
    }
    if (wanted.size === 0) break;
  }
  return entries.map((entry) =>
    entry.files === undefined ? { ...entry, files: found.get(String(entry.head?.listing)) } : entry,
  );
}

/** Of an entry that is whole now. */
function takenOf({ name, head, files, why }: ChosenEntry, before: ChosenEntry | undefined): readonly Taken[] {
  if (why === undefined || (head !== undefined && files === undefined)) return [];
  const commit = typeof head?.commit === "string" ? head.commit : undefined;
  const from = head !== undefined && before?.files === undefined ? "git" : "lock";
  return [{ source: name, member: undefined, why, commit, files: files?.length ?? 0, from }];
}

interface Lacking {
  readonly file: string;
  /** Whole, but for the files of entries that lack them. */
  readonly lock: Lock;
  readonly lacking: readonly ChosenEntry[];
}

/** Asks the Hub for the lists that are nowhere here, each at the commit its entry names, and writes the lock. */
async function listAgain(
  context: Context,
  options: MendOptions,
  { file, lock, lacking }: Lacking,
): Promise<{ readonly wrote: boolean; readonly taken: readonly Taken[] }> {
  const { emit } = context;
  if (lacking.length === 0) return { wrote: await replace(context, file, lock), taken: [] };
  const names = new Set(lacking.map(({ name }) => name));
  const project = await loadWithLock(context, { ...options, names: [] }, lock);
  const wanted = new Map(project.manifest.sources.map((source) => [source.name, source]));
  const isListable = (entry: LockedSource) => {
    const source = wanted.get(entry.name);
    return source !== undefined && carrierOf(source, entry) !== undefined;
  };
  const listable = lock.sources.filter((entry) => names.has(entry.name) && isListable(entry));
  const scope = new Set(listable.map(({ name }) => name));
  // No request is the digest of one: the files are selected anew, at the pinned commit.
  const previous = {
    ...lock,
    sources: lock.sources.flatMap((entry) =>
      !names.has(entry.name) ? entry : scope.has(entry.name) ? { ...entry, request: "" } : [],
    ),
  };
  const lockAs = { ...project, lock: previous, scope };
  const locked =
    scope.size === 0
      ? undefined
      : await lockSources(context, lockAs, { mode: { kind: "lock" }, fallback: true, dryRun: false });
  const wrote = locked?.wrote ?? (await replace(context, file, previous));
  const after = new Map(locked?.lock.sources.map((entry) => [entry.name, entry]));
  const taken = lacking.map(({ name, head, why }): Taken => {
    const entry = after.get(name);
    if (entry !== undefined && listingDigest(entry.files) !== head?.listing)
      emit({
        kind: "note",
        message: `source "${printable(name)}": tritter.yaml selects other files of that commit now`,
      });
    const commit = entry?.commit ?? String(head?.commit);
    return {
      source: name,
      member: undefined,
      why: why ?? "mixed",
      commit,
      files: entry?.files.length ?? 0,
      from: entry === undefined ? "nowhere" : "hub",
    };
  });
  return { wrote, taken };
}
