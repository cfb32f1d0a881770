import { join } from "node:path";
import { algorithmOf, type Digest, type Stamp, type TreePath } from "../schema/ids.ts";
import { printable } from "../schema/names.ts";
import type { Disk, FileStat } from "./disk/port.ts";
import { diskProblem } from "./disk/trouble.ts";
import { type Problem, problemsOf, systemCode, TritterError } from "./errors.ts";
import type { Emit, HashReason } from "./events.ts";
import { isGenerated, type Want } from "./lock/wants.ts";
import { pool } from "./pool.ts";
import type { Placement } from "./receipt/placement.ts";
import { algorithmsFor } from "./store/hash.ts";
import { type Hashers, openHashers } from "./store/hashers.ts";
import { type Looker, looker } from "./tree/look.ts";
import { isRacy, stampOf } from "./tree/stamp.ts";

/** What stands on disk at every path that the lock wants or the receipt knows, at one moment. */
export interface Inventory {
  readonly found: ReadonlyMap<TreePath, Found>;
  readonly hashed: Hashed;
  /** Files that could not be looked at or read, which are not among those found. Empty unless that was to be tolerated. */
  readonly unread: ReadonlyMap<TreePath, Problem>;
}

export type Found =
  | { readonly kind: "nothing" }
  | {
      readonly kind: "file";
      /** bytes */
      readonly size: number;
      readonly stamp: Stamp;
      /** Known digests. Empty: the size already says that it is neither what is wanted nor what was placed. */
      readonly digests: readonly Digest[];
      /** True where the receipt's record is up to date: stamp, digests, nothing pending. */
      readonly recorded: boolean;
      /** Device and inode: two paths with one entry are one file, or one name on a case-insensitive disk. */
      readonly entry: string;
    }
  | {
      readonly kind: "folder";
      /** First entry below that the receipt does not know; undefined: the folder is all ours, or empty. */
      readonly stranger: TreePath | undefined;
    }
  | { readonly kind: "symlink" | "special"; readonly stamp: Stamp }
  /** A parent is not a folder; `stamp` is that parent's. */
  | {
      readonly kind: "blocked";
      readonly at: TreePath;
      readonly what: "file" | "symlink" | "special";
      readonly stamp: Stamp;
    };

/** All bytes of the lock's files were read: every one but these holds what it says. */
export interface Proof {
  readonly except: ReadonlySet<TreePath>;
  /** ms; before the first was read, so that one that changed later shows it. */
  readonly since: number;
}

export interface Hashed {
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  readonly reasons: Readonly<Partial<Record<HashReason, number>>>;
}

export interface ScanInput {
  readonly disk: Disk;
  /** Absolute, resolved. */
  readonly root: string;
  readonly wants: readonly Want[];
  /** This owner's. */
  readonly placements: ReadonlyMap<TreePath, Placement>;
  /** Placements outside these sources are looked at, but never hashed; undefined: all count. */
  readonly scope: ReadonlySet<string> | undefined;
  /** Read every byte, whatever the stamps say. */
  readonly deep: boolean;
  /** What a deep scan need not read again. */
  readonly proof?: Proof | undefined;
  /** A file that cannot be looked at or read does not end the scan. Unset: it does. */
  readonly tolerant?: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** ms */
  readonly now: () => number;
}

/** Unchanged files are not read: a stamp equal to the receipt's stands for the digest it was recorded with. Writes nothing. */
export async function scan(input: ScanInput): Promise<Inventory> {
  const subjects = [...input.wants.map((want) => subjectOf(input, want)), ...unwanted(input)];
  input.emit({ kind: "scanning", files: subjects.length });
  const found = new Map<TreePath, Found>();
  const unread = new Map<TreePath, Problem>();
  const questions = await lookAtAll(input, subjects, { found, unread });
  const hashed = await answerByHashing(input, questions, { found, unread });
  return { found, hashed, unread };
}

/** Fills in what can be told without reading; returns the rest. */
async function lookAtAll(
  input: ScanInput,
  subjects: readonly Subject[],
  { found, unread }: Answers,
): Promise<Question[]> {
  const look = looker(input.disk, input.root);
  const questions: Question[] = [];
  for (const [index, subject] of subjects.entries()) {
    if (index % STEP === 0) await breath(input.signal);
    try {
      const sight = look.look(subject.path);
      if (sight.kind !== "file") found.set(subject.path, await notAFile(input, look, { subject, sight }));
      else {
        const answer = fromStamp(subject, sight.stat, input);
        if ("why" in answer) questions.push(answer);
        else found.set(subject.path, answer);
      }
    } catch (error) {
      const problem = diskProblem(`look at "${printable(subject.path)}"`, error);
      if (!input.tolerant) throw new TritterError(problem, error);
      unread.set(subject.path, { ...problem, ...placeOf(subject) });
    }
  }
  return questions;
}

interface Answers {
  readonly found: Map<TreePath, Found>;
  readonly unread: Map<TreePath, Problem>;
}

/** Files looked at before a signal to stop may have its turn: a few milliseconds' worth. */
const STEP = 1_024;

async function breath(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

interface Subject {
  readonly path: TreePath;
  readonly want: Want | undefined;
  readonly placement: Placement | undefined;
}

interface Question {
  readonly subject: Subject;
  readonly stat: FileStat;
  readonly why: HashReason;
}

function subjectOf({ placements }: ScanInput, want: Want): Subject {
  return { path: want.path, want, placement: placements.get(want.path) };
}

/** What was placed and is not wanted, in scope. */
function unwanted({ wants, placements, scope }: ScanInput): Subject[] {
  const wanted = new Set(wants.map((want) => want.path));
  return [...placements.values()]
    .filter(({ path, source }) => !wanted.has(path) && (scope?.has(source) ?? true))
    .map((placement) => ({ path: placement.path, want: undefined, placement }));
}

async function notAFile(
  { placements }: ScanInput,
  look: Looker,
  { subject, sight }: { subject: Subject; sight: Exclude<ReturnType<Looker["look"]>, { kind: "file" }> },
): Promise<Found> {
  if (sight.kind === "nothing") return { kind: "nothing" };
  if (sight.kind === "blocked")
    return { kind: "blocked", at: sight.at, what: sight.what, stamp: stampOf(sight.stat) };
  if (sight.what !== "folder") return { kind: sight.what, stamp: stampOf(sight.stat) };
  if (subject.want === undefined) return { kind: "folder", stranger: undefined };
  return { kind: "folder", stranger: await look.firstStranger(subject.path, (path) => placements.has(path)) };
}

function fromStamp(subject: Subject, stat: FileStat, { deep }: ScanInput): Found | Question {
  const { want, placement } = subject;
  const stamp = stampOf(stat);
  const same = placement !== undefined && placement.stamp === stamp && placement.intents.length === 0;
  const why = deep ? "deep" : doubt(subject, same);
  const known = placement?.digests ?? [];
  if (why === undefined) return file(stat, { stamp, digests: known, recorded: true });
  if (!isSizeOf(stat.size, want, placement)) return file(stat, { stamp, digests: [], recorded: false });
  return { subject, stat, why };
}

function doubt({ want, placement }: Subject, same: boolean): HashReason | undefined {
  if (placement === undefined) return "untracked";
  if (!same) return "changed";
  if (placement.doubt !== undefined) return placement.doubt;
  if (want !== undefined && !knowsAlgorithm(placement.digests, want.digest)) return "algorithm";
  return undefined;
}

function knowsAlgorithm(digests: readonly Digest[], wanted: Digest): boolean {
  return digests.some((digest) => algorithmOf(digest) === algorithmOf(wanted));
}

/** Of a content that the path may rightly hold: anything else is neither, unread. */
function isSizeOf(size: number, want: Want | undefined, placement: Placement | undefined): boolean {
  if (size === want?.size || size === placement?.size) return true;
  return placement?.intents.some((intent) => intent.size === size) ?? false;
}

function file(
  stat: FileStat,
  { stamp, digests, recorded }: { stamp: Stamp; digests: readonly Digest[]; recorded: boolean },
): Found {
  return {
    kind: "file",
    size: stat.size,
    stamp,
    digests,
    recorded,
    entry: `${stat.device}:${stat.inode}`,
  };
}

async function answerByHashing(
  input: ScanInput,
  questions: readonly Question[],
  { found, unread }: Answers,
): Promise<Hashed> {
  const reasons: Partial<Record<HashReason, number>> = {};
  const bytes = questions.reduce((sum, { stat }) => sum + stat.size, 0);
  const { disk, signal } = input;
  const open = questions.filter((question) => !isProved(input, question));
  for (const question of questions) {
    if (!isProved(input, question)) continue;
    reasons[question.why] = (reasons[question.why] ?? 0) + 1;
    found.set(question.subject.path, proved(question));
  }
  const reading = open.reduce((sum, { stat }) => sum + stat.size, 0);
  const since = input.now();
  const hashers = openHashers(disk, { files: open.length, bytes: reading, signal });
  try {
    await pool(open, { width: hashers.width, signal }, async ({ subject, stat, why }) => {
      input.emit({ kind: "hashing", path: subject.path, size: stat.size, why });
      reasons[why] = (reasons[why] ?? 0) + 1;
      try {
        found.set(subject.path, await hashed(input, hashers, { subject, before: stat }));
      } catch (error) {
        signal.throwIfAborted();
        if (!input.tolerant || !(error instanceof TritterError)) throw error;
        for (const problem of problemsOf(error))
          unread.set(subject.path, { ...problem, ...placeOf(subject) });
      }
    });
  } finally {
    await hashers.close();
  }
  if (reading > 0) input.emit({ kind: "verified", what: "disk", bytes: reading, ms: input.now() - since });
  return { files: questions.length, bytes, reasons };
}

/** Read a moment ago, and not changed since. */
function isProved({ proof }: ScanInput, { subject: { path, want }, stat, why }: Question): boolean {
  if (proof === undefined || why !== "deep" || want === undefined || proof.except.has(path)) return false;
  if (isGenerated(want)) return false;
  return stat.size === want.size && !isRacy(stampOf(stat), proof.since);
}

function proved({ subject: { want, placement }, stat }: Question): Found {
  const digests = want === undefined ? [] : [want.digest];
  const stamp = stampOf(stat);
  return file(stat, { stamp, digests, recorded: isUpToDate(placement, stamp, digests) });
}

function placeOf({ path, want, placement }: Subject): Pick<Problem, "path" | "source"> {
  return { path, source: want?.source ?? placement?.source };
}

async function hashed(
  { root, signal }: ScanInput,
  hashers: Hashers,
  { subject: { path, want, placement }, before }: { subject: Subject; before: FileStat },
): Promise<Found> {
  const wanted = [
    want?.digest,
    ...(placement?.digests ?? []),
    ...(placement?.intents.map((intent) => intent.digest) ?? []),
  ];
  const algorithms = algorithmsFor(wanted.filter((digest) => digest !== undefined));
  try {
    const { digests, stat } = await hashers.hash({ path: join(root, path), size: before.size, algorithms });
    const stamp = stampOf(stat);
    // Changed while it was read: then it holds neither what is wanted nor what we placed.
    const known = stamp === stampOf(before) ? (digests ?? []) : [];
    return file(stat, { stamp, digests: known, recorded: isUpToDate(placement, stamp, known) });
  } catch (error) {
    signal.throwIfAborted();
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`read "${printable(path)}"`, error), error);
  }
}

function isUpToDate(placement: Placement | undefined, stamp: Stamp, digests: readonly Digest[]): boolean {
  if (placement === undefined || placement.doubt !== undefined || placement.intents.length > 0) return false;
  return (
    placement.stamp === stamp &&
    digests.every((digest) => placement.digests.includes(digest)) &&
    digests.length > 0
  );
}
