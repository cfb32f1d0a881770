import { dirname, join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import type { HubCache } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import { makeOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { syncFile } from "../disk/sync-file.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { type ErrorCode, type Problem, problemsOf, systemCode, TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { pool } from "../pool.ts";
import type { ProvidedRow } from "../receipt/provided.ts";
import { copyVerified } from "../store/copy.ts";
import type { How } from "../store/take.ts";
import { looker } from "../tree/look.ts";
import { sameBytesStamp, stampOf } from "../tree/stamp.ts";
import type { CacheFile } from "./cache-layout.ts";
import { type CacheSurvey, lackingIn } from "./look.ts";

export interface WritingCache {
  readonly disk: Disk;
  /** Real path of the cache's folder. */
  readonly folder: string;
  /** Real path of the tree. */
  readonly root: string;
  /** Of a tree file that holds what the lock wants; undefined where that is not known. */
  readonly stampAt: (path: TreePath) => Stamp | undefined;
  readonly how: (source: string) => HubCache;
  /** Eight hex digits of this run, as those in the names of hf's own partial files. */
  readonly mark: string;
  /** Ends the writing, by an interruption or at the deadline. */
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** What was written to the cache. */
export interface WrittenCache {
  /** Files that clients find now and did not before. */
  readonly files: number;
  /** Blobs by how they came to be. */
  readonly blobs: Readonly<Record<How, Tally>>;
  readonly refs: readonly { readonly path: string; readonly before: string | undefined }[];
  readonly rows: readonly ProvidedRow[];
  /** Tree files that have a second name now, which changed their stamp. */
  readonly linked: readonly CacheFile[];
  readonly problems: readonly Problem[];
}

export interface Tally {
  readonly files: number;
  /** bytes */
  readonly bytes: number;
}

/** Blobs flushed at once: a disk takes many for the time of one. */
const WIDTH = 16;

/**
 * Adds what the cache lacks, in an order in which stopping anywhere leaves what clients accept: blobs before the snapshot that
 * names them, and the ref, by which most find it, last. Nothing that is there is replaced but a ref.
 */
export async function writeCache(
  writing: WritingCache,
  surveys: readonly CacheSurvey[],
): Promise<WrittenCache> {
  const done = newDone();
  const blobs = surveys.flatMap((survey) => survey.blobs);
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  if (blobs.length > 0)
    writing.emit({ kind: "providing", place: writing.folder, files: blobs.length, bytes });
  try {
    await tagFolder(writing, done);
    for (const survey of surveys) await writeSource(writing, done, survey);
  } catch (error) {
    if (!(error instanceof TritterError) || error.code !== "BUDGET") throw error;
    done.problems.push(...problemsOf(error));
  }
  return done;
}

async function writeSource(writing: WritingCache, done: Done, survey: CacheSurvey): Promise<void> {
  const { disk, folder, signal } = writing;
  const { layout, blobs, pointers, ref, listing } = survey;
  const named = survey.problems.length > 0 || (ref === undefined && listing === undefined);
  if (blobs.length + pointers.length === 0 && named) return;
  const { home, commit, source } = layout;
  const before = done.problems.length;
  await guarded(done, { source, what: home }, async () => {
    for (const path of ["blobs", `snapshots/${commit}`])
      await makeOwnFolder(disk, folder, join(folder, home, path), WHOSE);
    if (listing !== undefined) await writeNew(writing, listing.path, listing.text);
    await pool(blobs, { width: WIDTH, signal }, (file) =>
      guarded(done, file, () => writeBlob(writing, done, file)),
    );
    await disk.syncFolder(join(folder, home, "blobs"));
    for (const file of pointers) await guarded(done, file, () => writePointer(writing, done, file));
    const isThere = ({ blob }: CacheFile) => disk.lstat(join(folder, blob)) !== undefined;
    done.files += lackingIn(survey).filter(isThere).length;
    // A ref to half a snapshot would have clients take it for the whole.
    const whole = done.problems.length === before && survey.problems.length === 0;
    if (ref !== undefined && whole) await writeRef(writing, done, survey);
  });
}

interface Done extends WrittenCache {
  files: number;
  readonly blobs: Record<How, { files: number; bytes: number }>;
  readonly refs: { path: string; before: string | undefined }[];
  readonly rows: ProvidedRow[];
  readonly linked: CacheFile[];
  readonly problems: Problem[];
}

function newDone(): Done {
  const none = () => ({ files: 0, bytes: 0 });
  const blobs = { reflink: none(), link: none(), copy: none() };
  return { files: 0, blobs, refs: [], rows: [], linked: [], problems: [] };
}

const WHOSE = "the Hub cache";

/** Codes of what a signal ends the writing with. */
const ENDS: ReadonlySet<ErrorCode> = new Set(["INTERRUPTED", "BUDGET"]);

async function guarded(
  { problems }: Done,
  about: CacheFile | { readonly source: string; readonly what: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TritterError) && systemCode(error) === undefined) throw error;
    const what = "what" in about ? about.what : about.at;
    const problem = diskProblem(`write "${printable(what)}" to the Hub cache`, error);
    if (ENDS.has(problem.code)) throw error;
    problems.push({ ...problem, source: about.source, ...("at" in about && { path: about.at }) });
  }
}

/** https://bford.info/cachedir/ */
async function tagFolder(writing: WritingCache, done: Done): Promise<void> {
  await guarded(done, { source: "", what: "CACHEDIR.TAG" }, () =>
    writeNew(
      writing,
      "CACHEDIR.TAG",
      "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag: what is below can be made again.\n# https://bford.info/cachedir/\n",
    ),
  );
}

async function writeBlob(writing: WritingCache, done: Done, file: CacheFile): Promise<void> {
  const { disk, folder, mark } = writing;
  const place = join(folder, file.blob);
  const beside = `${place}.${mark}.incomplete`;
  const from = join(writing.root, file.at);
  const { digest, size } = file;
  writing.emit({ kind: "file-started", key: file.blob, path: file.at, size, have: 0 });
  let how: How;
  let ok = false;
  try {
    const stamp = stampIfKnown(writing, file);
    if (await disk.reflink(from, beside)) {
      await syncFile(disk, beside);
      how = "reflink";
      if (stampIfKnown(writing, file) !== stamp) throw new TritterError(changedMeanwhile(file));
    } else if (writing.how(file.source) === "link") {
      await disk.link(from, beside);
      how = "link";
      const linked = disk.lstat(beside);
      if (linked === undefined || !sameBytesStamp(stamp, stampOf(linked)))
        throw new TritterError(changedMeanwhile(file));
    } else {
      how = "copy";
      const passed = (bytes: number) => writing.emit({ kind: "file-bytes", key: file.blob, bytes });
      const copy = { from, to: beside, digests: [digest], size, signal: writing.signal, passed };
      if (!(await copyVerified(disk, copy))) throw new TritterError(changedMeanwhile(file));
    }
    ok = true;
    if (!(await nameWithoutReplacing(disk, beside, place))) return;
  } finally {
    writing.emit({ kind: "file-done", key: file.blob, ok });
    await passing(["ENOENT"], () => disk.unlink(beside));
  }
  const stat = disk.lstat(place);
  if (stat === undefined) return;
  done.rows.push(["cache", file.source, file.blob, stampOf(stat)]);
  done.blobs[how].files += 1;
  done.blobs[how].bytes += file.size;
  if (how === "link") done.linked.push(file);
}

/** Throws where the tree's file is no longer the one that was verified, or stands behind a link. */
function stampIfKnown({ disk, root, stampAt }: WritingCache, file: CacheFile): Stamp {
  const sight = looker(disk, root).look(file.at);
  const stamp = sight.kind === "file" ? stampOf(sight.stat) : undefined;
  if (stamp === undefined || stamp !== stampAt(file.at)) throw new TritterError(changedMeanwhile(file));
  return stamp;
}

function changedMeanwhile({ at }: CacheFile): Problem {
  return {
    code: "CONFLICT",
    message: `cannot put "${printable(at)}" into the Hub cache: it changed meanwhile`,
    hint: "run tritter sync again",
  };
}

/** False where somebody was first; what they wrote is looked at by the next sync. */
async function nameWithoutReplacing(disk: Disk, beside: string, place: string): Promise<boolean> {
  try {
    await disk.link(beside, place);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return false;
    // Where a file has one name only.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    if (disk.lstat(place) !== undefined) return false;
    await disk.rename(beside, place);
    return true;
  }
}

async function writePointer({ disk, folder }: WritingCache, done: Done, file: CacheFile): Promise<void> {
  const path = join(folder, file.pointer);
  if (disk.lstat(join(folder, file.blob)) === undefined) return;
  await makeOwnFolder(disk, folder, dirname(path), WHOSE);
  await passing(["EEXIST"], () => disk.makeSymlink(file.target, path));
  const stat = disk.lstat(path);
  if (stat !== undefined) done.rows.push(["cache", file.source, file.pointer, stampOf(stat)]);
}

/** By rename, as hf does it: who reads a ref reads a whole one. */
async function writeRef({ disk, folder, mark }: WritingCache, done: Done, { ref, layout }: CacheSurvey) {
  if (ref === undefined) return;
  const path = join(folder, ref.path);
  await makeOwnFolder(disk, folder, dirname(path), WHOSE);
  // Not beside the other refs, where clients would read what a kill left as one.
  const beside = join(folder, layout.home, "blobs", `${layout.commit}.${mark}.incomplete`);
  try {
    await writeFile(disk, beside, layout.commit);
    await disk.rename(beside, path);
  } finally {
    await passing(["ENOENT"], () => disk.unlink(beside));
  }
  done.refs.push(ref);
  const stat = disk.lstat(path);
  if (stat !== undefined) done.rows.push(["cache", layout.source, ref.path, stampOf(stat)]);
}

/** A file where there is none. */
async function writeNew({ disk, folder, mark }: WritingCache, path: string, text: string): Promise<void> {
  const place = join(folder, path);
  if (disk.lstat(place) !== undefined) return;
  await makeOwnFolder(disk, folder, dirname(place), WHOSE);
  const beside = `${place}.${mark}.tmp`;
  try {
    await writeFile(disk, beside, text);
    await nameWithoutReplacing(disk, beside, place);
  } finally {
    await passing(["ENOENT"], () => disk.unlink(beside));
  }
}

async function writeFile(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, "wx");
  try {
    await file.append(Buffer.from(text));
    await file.sync();
  } finally {
    await file.close();
  }
}
