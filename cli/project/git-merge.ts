import { resolve } from "node:path";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { timeText } from "../../schema/time.ts";
import type { Context } from "../context.ts";
import { replaceFile } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { problemsOf, TritterError } from "../errors.ts";
import { mergeText } from "../git/merge-file.ts";
import { readBase } from "../lock/base.ts";
import { serialiseMerged } from "../lock/conflict.ts";
import { type Conflict, mergeLocks } from "../lock/merge.ts";
import { parseLock, readLockText } from "../lock/read.ts";

export interface GitMergeOptions {
  /** `%O`, `%A`, `%B` of gitattributes(5): files of git's own, the first empty where there was none. The result goes to `ours`. */
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  /** `%P`: what the lock is called in the repository. */
  readonly path: string;
}

export interface GitMergeResult {
  /** Nothing is left to a person. */
  readonly clean: boolean;
  /** What a person must know, a line each. */
  readonly notes: readonly string[];
}

/** Merges locks for git, without network, manifest or data. A side that cannot be read is merged as any text is. */
export async function mergeForGit(context: Context, options: GitMergeOptions): Promise<GitMergeResult> {
  const { cwd, disk } = context;
  const [base, ours, theirs] = [options.base, options.ours, options.theirs].map((file) =>
    resolve(cwd, file),
  ) as [string, string, string];
  const name = printable(options.path);
  // One after the other: three texts of a large lock need not be in memory at once.
  const left = await readSide(context, ours, `${name} (ours)`);
  const right = await readSide(context, theirs, `${name} (theirs)`);
  if (left.lock === undefined || right.lock === undefined)
    return mergeAsText(context, { base, ours, theirs }, [...left.notes, ...right.notes]);
  const merged = mergeLocks(readBase(await readLockText({ file: base, disk })), left.lock, right.lock);
  const bytes = Buffer.from(serialiseMerged(merged));
  await onDisk(`write "${ours}"`, () => replaceFile(disk, ours, bytes));
  if (merged.conflicts.length === 0) return { clean: true, notes: [] };
  return { clean: false, notes: [...merged.conflicts.map((one) => `${name}: ${conflictText(one)}`), NEXT] };
}

const NEXT = "next: tritter lock --resolve ours, or theirs; then git add the lock";

interface ReadSide {
  /** undefined: it cannot be read, and `notes` say why. */
  readonly lock: Lock | undefined;
  readonly notes: readonly string[];
}

async function readSide({ disk }: Context, file: string, name: string): Promise<ReadSide> {
  const text = (await readLockText({ file, disk })) ?? "";
  try {
    return { lock: parseLock(text, name).lock, notes: [] };
  } catch (error) {
    if (!(error instanceof TritterError)) throw error;
    const notes = problemsOf(error).map(({ message, details }) => [message, ...(details ?? [])].join(": "));
    return { lock: undefined, notes };
  }
}

async function mergeAsText(
  { cwd, env, signal }: Context,
  files: { base: string; ours: string; theirs: string },
  notes: readonly string[],
): Promise<GitMergeResult> {
  const done = await mergeText({ cwd, env, signal }, files);
  const what = done
    ? "merged line by line instead: look at it before you commit"
    : "left as ours has it: merge it by hand";
  return { clean: false, notes: [...notes, what] };
}

/** `"rust" is at 9fc30b5 in ours, at def5678 in theirs` */
function conflictText(conflict: Conflict): string {
  const name = `"${printable(conflict.name)}"`;
  if (conflict.kind === "member") return `the member ${name} has two values`;
  const { ours, theirs } = conflict;
  if (ours === undefined || theirs === undefined) {
    const [gone, kept] = ours === undefined ? ["ours", "theirs"] : ["theirs", "ours"];
    return `source ${name} was removed in ${gone} and changed in ${kept}`;
  }
  const samePin = identityText(ours) === identityText(theirs) && ours.commit === theirs.commit;
  if (samePin && ours.request !== theirs.request)
    return `source ${name} has another selection in theirs than in ours, both at ${ours.commit.slice(0, 7)}`;
  const telling = TELLING.find(([, tell]) => tell(ours) !== tell(theirs));
  if (telling === undefined) return `source ${name} differs in what else is recorded of it`;
  const [verb, tell] = telling;
  return `source ${name} ${verb} ${tell(ours)} in ours, ${tell(theirs)} in theirs`;
}

type Telling = readonly [verb: string, tell: (entry: LockedSource) => string];

/** What may tell two entries apart, the most telling first. */
const TELLING: readonly Telling[] = [
  ["is", identityText],
  ["is at", ({ commit }) => commit.slice(0, 7)],
  ["is placed in", ({ path }) => `"${printable(path)}"`],
  ["strips", ({ strip }) => `"${printable(strip)}"`],
];

function identityText(entry: LockedSource): string {
  return `${entry.type} ${printable(entry.repo)} at ${printable(entry.revision)}${timeText(entry)}`;
}
