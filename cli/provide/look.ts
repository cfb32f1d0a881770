import { join, relative, sep } from "node:path";
import { algorithmOf, type Stamp, type TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Disk, FileStat } from "../disk/port.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, systemCode } from "../errors.ts";
import type { Emit } from "../events.ts";
import { isWithin } from "../hub/cached.ts";
import { pool } from "../pool.ts";
import type { ProvidedRow } from "../receipt/provided.ts";
import { openHashers } from "../store/hashers.ts";
import { type Looker, looker, type Sight } from "../tree/look.ts";
import { stampOf } from "../tree/stamp.ts";
import type { CacheFile, CacheLayout } from "./cache-layout.ts";

export interface Looking {
  readonly disk: Disk;
  /** Real path of the cache's folder. */
  readonly folder: string;
  /** Stamps that stand for verified bytes, by path below the folder. */
  readonly known: ReadonlyMap<string, Stamp>;
  /** Read every byte, whatever the stamps say. */
  readonly deep: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** How a source stands in the cache, and what it lacks there. */
export interface CacheSurvey {
  readonly layout: CacheLayout;
  /** One a blob. */
  readonly blobs: readonly CacheFile[];
  readonly pointers: readonly CacheFile[];
  /** The ref names another commit, or none. */
  readonly ref: { readonly path: string; readonly before: string | undefined } | undefined;
  readonly listing: CacheLayout["listing"];
  /** What is there and right. */
  readonly rows: readonly ProvidedRow[];
  /** What is there and should not be; it is left alone. */
  readonly problems: readonly Problem[];
}

/** Files that clients would not find. */
export function lackingIn({ layout, blobs, pointers }: CacheSurvey): readonly CacheFile[] {
  const [unnamed, absent] = [new Set(pointers), new Set(blobs.map(({ blob }) => blob))];
  return layout.files.filter((file) => unnamed.has(file) || absent.has(file.blob));
}

/** Looks without writing. What stands there already is read once, and believed by its stamp from then on. */
export async function lookAtCache(
  looking: Looking,
  layouts: readonly CacheLayout[],
): Promise<readonly CacheSurvey[]> {
  const look = looker(looking.disk, looking.folder);
  const asked = new Map<string, Question>();
  const found: Found[] = [];
  for (const layout of layouts) found.push(await lookAtSource({ ...looking, look, asked }, layout));
  await answer(
    looking,
    [...asked.values()].filter(({ right }) => right === undefined),
  );
  return found.map((one) => surveyOf(looking.folder, one));
}

type Eye = Looking & { readonly look: Looker; readonly asked: Map<string, Question> };

/** A file of the cache, and whether it holds the bytes that it should. */
interface Question {
  readonly file: CacheFile;
  /** Below the folder, without links. */
  readonly path: string;
  readonly before: FileStat;
  right: boolean | undefined;
  stamp: Stamp;
}

/** What was seen of one file: `rows` hold once the question is answered with yes. */
interface Seen {
  readonly file: CacheFile;
  readonly pointer: "there" | "missing";
  readonly blob: Question | "missing" | "unneeded";
  readonly rows: readonly ProvidedRow[];
}

interface Found {
  readonly layout: CacheLayout;
  readonly seen: readonly Seen[];
  readonly ref: CacheSurvey["ref"];
  readonly listing: CacheLayout["listing"];
  readonly rows: readonly ProvidedRow[];
  readonly problems: readonly Problem[];
}

async function lookAtSource(eye: Eye, layout: CacheLayout): Promise<Found> {
  const seen: Seen[] = [];
  const problems: Problem[] = [];
  for (const file of layout.files) {
    eye.signal.throwIfAborted();
    const one = await tolerating(file, () => lookAtFile(eye, file));
    if ("code" in one) problems.push(one);
    else seen.push(one);
  }
  const ref = await lookAtRef(eye, layout);
  const listing = layout.listing;
  const needed = listing !== undefined && eye.look.look(listing.path as TreePath).kind === "nothing";
  return {
    layout,
    seen,
    ref: ref.lacks,
    listing: needed ? listing : undefined,
    rows: ref.rows,
    problems: [...problems, ...ref.problems],
  };
}

async function tolerating<T>(file: CacheFile, work: () => Promise<T>): Promise<T | Problem> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return { ...diskProblem(`look at "${file.pointer}" in the Hub cache`, error), source: file.source };
  }
}

async function lookAtFile(eye: Eye, file: CacheFile): Promise<Seen | Problem> {
  const sight = eye.look.look(file.pointer as TreePath);
  const row = rowOf(file.source, file.pointer, sight);
  if (sight.kind === "nothing") return withBlob(eye, file, { pointer: "missing", rows: [] });
  if (sight.kind === "file") return ownFile(eye, file, { path: file.pointer, stat: sight.stat, rows: [] });
  if (sight.kind !== "other" || sight.what !== "symlink") return inTheWay(eye, file, file.pointer, sight);
  const known = !eye.deep && eye.known.get(file.pointer) === row?.[3];
  if (known || (await eye.disk.readlink(join(eye.folder, file.pointer))) === file.target)
    return withBlob(eye, file, { pointer: "there", rows: row === undefined ? [] : [row] });
  const target = await realFile(eye, file.pointer);
  if (target === undefined) return strange(eye, file, file.pointer);
  return ownFile(eye, file, { ...target, rows: row === undefined ? [] : [row] });
}

async function withBlob(
  eye: Eye,
  file: CacheFile,
  part: Pick<Seen, "pointer" | "rows">,
): Promise<Seen | Problem> {
  const sight = eye.look.look(file.blob as TreePath);
  if (sight.kind === "nothing") return { file, ...part, blob: "missing" };
  if (sight.kind === "file") {
    const blob = ask(eye, file, { path: file.blob, stat: sight.stat });
    return blob.right === false ? strange(eye, file, file.blob) : { file, ...part, blob };
  }
  if (sight.kind !== "other" || sight.what !== "symlink") return inTheWay(eye, file, file.blob, sight);
  // huggingface_hub 2 keeps blobs of several repositories in one place: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
  const target = await realFile(eye, file.blob);
  if (target === undefined) return strange(eye, file, file.blob);
  const link = rowOf(file.source, file.blob, sight);
  const blob = ask(eye, file, target);
  if (blob.right === false) return strange(eye, file, file.blob);
  return { file, ...part, blob, rows: link === undefined ? part.rows : [...part.rows, link] };
}

/** The snapshot holds the bytes themselves, as where there are no symlinks. */
function ownFile(
  eye: Eye,
  file: CacheFile,
  { rows, ...at }: { path: string; stat: FileStat; rows: readonly ProvidedRow[] },
): Seen | Problem {
  const blob = ask(eye, file, at);
  return blob.right === false ? strange(eye, file, at.path) : { file, pointer: "there", blob, rows };
}

/** The file behind a link, where that leads to none outside of the folder. */
async function realFile(
  { disk, folder }: Eye,
  path: string,
): Promise<{ path: string; stat: FileStat } | undefined> {
  const real = await disk.realpath(join(folder, path)).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  });
  if (real === undefined || !isWithin(folder, real, sep)) return undefined;
  const stat = disk.lstat(real);
  return stat?.kind === "file" ? { path: relative(folder, real).split(sep).join("/"), stat } : undefined;
}

/** One file may be asked about by several sources, and by several files of one. */
function ask(eye: Eye, file: CacheFile, { path, stat }: { path: string; stat: FileStat }): Question {
  const key = `${path}\n${file.digest}`;
  const stamp = stampOf(stat);
  const known = !eye.deep && eye.known.get(path) === stamp;
  const right = stat.size !== file.size ? false : known ? true : undefined;
  const question = eye.asked.get(key) ?? { file, path, before: stat, right, stamp };
  eye.asked.set(key, question);
  return question;
}

async function answer(
  { disk, folder, signal, emit }: Looking,
  questions: readonly Question[],
): Promise<void> {
  if (questions.length === 0) return;
  const bytes = questions.reduce((sum, { file }) => sum + file.size, 0);
  const hashers = openHashers(disk, { files: questions.length, bytes, signal });
  try {
    await pool(questions, { width: hashers.width, signal }, async (question) => {
      const { path, file, before } = question;
      emit({ kind: "hashing", path, size: file.size, why: "untracked" });
      const algorithms = new Set([algorithmOf(file.digest)]);
      const { digests, stat } = await hashers.hash({ path: join(folder, path), size: file.size, algorithms });
      question.right = digests?.includes(file.digest) === true && stampOf(stat) === stampOf(before);
    });
  } finally {
    await hashers.close();
  }
}

async function lookAtRef(
  eye: Eye,
  { ref, commit, source }: CacheLayout,
): Promise<{ lacks: CacheSurvey["ref"]; rows: readonly ProvidedRow[]; problems: readonly Problem[] }> {
  if (ref === undefined) return { lacks: undefined, rows: [], problems: [] };
  const sight = eye.look.look(ref as TreePath);
  if (sight.kind === "nothing") return { lacks: { path: ref, before: undefined }, rows: [], problems: [] };
  if (sight.kind !== "file" || sight.stat.size > LARGEST_REF)
    return { lacks: undefined, rows: [], problems: [refInTheWay(eye, ref, source)] };
  const text = (await eye.disk.read(join(eye.folder, ref)))?.toString("latin1");
  const row = rowOf(source, ref, sight);
  if (text !== commit) return { lacks: { path: ref, before: text?.trim() }, rows: [], problems: [] };
  return { lacks: undefined, rows: row === undefined ? [] : [row], problems: [] };
}

/** bytes; a ref is a commit */
const LARGEST_REF = 1_000;

function surveyOf(folder: string, { layout, seen, ref, listing, rows, problems }: Found): CacheSurvey {
  const wrong = seen.filter(({ blob }) => isQuestion(blob) && blob.right === false);
  const right = seen.filter((one) => !wrong.includes(one));
  const lacking = right.filter(({ blob }) => blob === "missing").map(({ file }) => file);
  const blobs = right.flatMap(({ blob, file }): ProvidedRow[] =>
    isQuestion(blob) ? [["cache", file.source, blob.path, blob.stamp]] : [],
  );
  return {
    layout,
    blobs: [...new Map(lacking.map((file) => [file.blob, file])).values()],
    pointers: right.filter(({ pointer }) => pointer === "missing").map(({ file }) => file),
    ref,
    listing,
    rows: [...right.flatMap((one) => one.rows), ...blobs, ...rows],
    problems: distinct([
      ...problems,
      ...wrong.map(({ file, blob }) => otherBytes(file, join(folder, (blob as Question).path))),
    ]),
  };
}

function isQuestion(blob: Seen["blob"]): blob is Question {
  return typeof blob === "object";
}

function rowOf(source: string, path: string, sight: Sight): ProvidedRow | undefined {
  return sight.kind === "nothing" ? undefined : ["cache", source, path, stampOf(sight.stat)];
}

function strange({ folder }: Eye, file: CacheFile, path: string): Problem {
  return otherBytes(file, join(folder, path));
}

function otherBytes(file: CacheFile, place: string): Problem {
  return {
    code: "CONFLICT",
    message: `cannot put "${printable(file.at)}" into the Hub cache: "${printable(place)}" is there, and is not that file`,
    hint: "remove it (hf cache rm), then run tritter sync",
    source: file.source,
    path: file.at,
  };
}

/** Of a link, a pipe, or a folder where the file should be, or of what is no folder above it. */
function inTheWay(eye: Eye, file: CacheFile, path: string, sight: Sight): Problem {
  if (sight.kind !== "blocked") return strange(eye, file, path);
  return {
    code: "CONFLICT",
    message: `cannot write to the Hub cache: a ${sight.what} is at "${printable(join(eye.folder, sight.at))}", and should be a folder`,
    hint: "move it away, then run tritter sync",
    source: file.source,
  };
}

function refInTheWay({ folder }: Eye, ref: string, source: string): Problem {
  return {
    code: "CONFLICT",
    message: `cannot name the commit in the Hub cache: "${printable(join(folder, ref))}" is there, and is no ref`,
    hint: "move it away, then run tritter sync",
    source,
  };
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}
