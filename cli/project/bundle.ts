import { basename, dirname, join, resolve } from "node:path";
import { algorithmOf, type TreePath } from "../../schema/ids.ts";
import type { Lock } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { type BundledFile, CONTENTS, MOST_SIGNED, serialiseContents } from "../bundle/contents.ts";
import {
  type BundleWriter,
  type ByteSink,
  fileSink,
  folderWriter,
  type Proof,
  tarWriter,
  type Writing,
} from "../bundle/write.ts";
import type { Context } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import { diskProblem, onDisk } from "../disk/trouble.ts";
import { type Problem, systemCode, TritterError, TritterErrors } from "../errors.ts";
import { serialiseFacts } from "../facts/document.ts";
import { factsFileOf } from "../facts/place.ts";
import { bytesDigest } from "../lock/digests.ts";
import { readLock } from "../lock/read.ts";
import { wantsOf } from "../lock/wants.ts";
import { serialiseLock } from "../lock/write.ts";
import type { Count } from "../plan/types.ts";
import { judge } from "../resolve/judge.ts";
import { resolveRoot } from "../status/root.ts";
import { contentHasher } from "../store/hash.ts";
import { looker } from "../tree/look.ts";
import { type BlobPart, blobParts, layoutParts, type TextPart, textPart } from "./bundle-parts.ts";
import { lockFileOf } from "./documents.ts";
import { judgeKnownFacts, keptFacts, knownFactsIfAny } from "./facts.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";
import { staleInScope, staleProblem } from "./locking.ts";
import { signatureFileOf } from "./signature-place.ts";

export interface BundleOptions extends ProjectOptions {
  /** A path, of which one that ends in `.tar` is a tar and any other a folder; or a pipe to write a tar to. */
  readonly to: string | ((bytes: Uint8Array) => Promise<void>);
  /** A lock that the other side has: what it wants is left out. */
  readonly since?: string;
}

export interface BundleResult {
  /** Absolute; undefined: a pipe. */
  readonly to: string | undefined;
  readonly form: "folder" | "tar";
  /** What is in it, whether it was there already or not. */
  readonly blobs: Count;
  /** Of those, from an earlier run. */
  readonly there: Count;
  /** Wanted by the lock, and left out since the other side has it. */
  readonly left: Count;
  /** `sha256:…` of `tritter-bundle.json`, which names every byte of the rest; undefined: a problem kept the bundle from being made. */
  readonly digest: string | undefined;
  readonly problems: readonly Problem[];
}

/** Writes a lock, its manifest and its blobs to where no network is. Every byte is read from the tree and proved on its way. */
export async function createBundle(context: Context, options: BundleOptions): Promise<BundleResult> {
  const project = await loadProject(context, options);
  const lock = requireLock(project);
  const stale = staleProblem(project, staleInScope(project));
  if (stale !== undefined) throw stale;
  const refused = [
    ...judge(project.manifest, lock, project.scope),
    ...(await judgeKnownFacts(context, project, { lock, ask: false })),
  ];
  if (refused.length > 0) throw new TritterErrors(refused);
  const bundle = await bundleOf(context, project, { lock, since: options.since });
  const root = await resolveRoot(context, project.manifest.root);
  const absent = whatIsAbsent(context.disk, root, bundle.blobs);
  if (absent.length > 0) throw new TritterErrors(absent);
  const to = typeof options.to === "string" ? resolve(context.cwd, options.to) : undefined;
  const form = to === undefined || to.endsWith(".tar") ? "tar" : "folder";
  const writing = { disk: context.disk, signal: context.signal, prove };
  const done = await onDisk(`write the bundle "${to ?? "-"}"`, async () => {
    const writer = await writerFor(context.disk, { to, form, pipe: options.to }, { bundle, writing });
    return writeBundle(context, writer, { bundle, root, form });
  });
  const strangers = form === "folder" && to !== undefined ? await strangersIn(context.disk, to, bundle) : [];
  const problems = [...done.problems, ...strangers];
  const digest = problems.length === 0 ? bytesDigest(bundle.contents) : undefined;
  return { to, form, blobs: countOf(bundle.blobs), there: done.there, left: bundle.left, digest, problems };
}

interface Bundle {
  readonly contents: string;
  readonly documents: readonly TextPart[];
  readonly layout: readonly TextPart[];
  readonly blobs: readonly BlobPart[];
  readonly left: Count;
}

async function bundleOf(
  context: Context,
  project: Project,
  { lock, since }: { lock: Lock; since: string | undefined },
): Promise<Bundle> {
  const { manifest, manifestText, scope } = project;
  const before = since === undefined ? undefined : await readBefore(context, since);
  const without = new Set(before === undefined ? [] : wantsOf(before.lock).map(({ digest }) => digest));
  const blobs = blobParts(lock, scope, without);
  const wanted = countOf(blobParts(lock, scope, new Set()));
  const { files, bytes } = countOf(blobs);
  const name = basename(manifest.file);
  // Under the names that a project has by itself: the other side may know of no --lock.
  const lockFile = lockFileOf(manifest.file);
  const known = await knownFactsIfAny(context, project);
  const [first, second, facts] = [
    textPart(name, manifestText),
    textPart(basename(lockFile), serialiseLock(lock)),
    known && textPart(basename(factsFileOf(lockFile)), serialiseFacts(keptFacts(manifest, lock, known))),
  ];
  const signature = await signatureOf(context, project, { name: basename(lockFile), lock: second.text });
  const layout = layoutParts(manifest, lock, scope);
  const contents = serialiseContents({
    manifest: first,
    lock: second,
    facts,
    signature,
    sources: scope === undefined ? [] : [...scope].sort(),
    since: before?.digest,
    layout,
    blobs,
  });
  return {
    contents,
    documents: [first, second, facts, signature].filter((part) => part !== undefined),
    layout,
    blobs,
    left: { files: wanted.files - files, bytes: wanted.bytes - bytes },
  };
}

/** What is beside the lock. It is of the file's bytes: where those are not laid out as a lock is, it fits nothing that is carried. */
async function signatureOf(
  { disk, emit }: Context,
  { lockFile, lockDigest }: Project,
  { name, lock }: { name: string; lock: string },
): Promise<TextPart | undefined> {
  const file = signatureFileOf(lockFile);
  const bytes = await onDisk(`read "${file}"`, () => disk.read(file));
  if (bytes === undefined || bytes.length > MOST_SIGNED) return undefined;
  if (lockDigest === bytesDigest(lock)) return textPart(signatureFileOf(name), bytes.toString("utf8"));
  const message = `"${file}" is left out: the lock was laid out by hand, and is carried as tritter writes it; run tritter lock, and sign it again`;
  emit({ kind: "warning", message });
  return undefined;
}

async function readBefore({ cwd, disk }: Context, since: string) {
  const file = resolve(cwd, since);
  const read = await readLock({ file, disk });
  if (read.kind === "ok") return { lock: read.lock, digest: bytesDigest(serialiseLock(read.lock)) };
  throw new TritterError({
    code: "USAGE",
    message: `cannot leave out what "${printable(since)}" has: there is no such file`,
    hint: "give the lock that the other side is at",
  });
}

/** What a look at the tree shows to be missing, before anything is read. */
function whatIsAbsent(disk: Disk, root: string, blobs: readonly BlobPart[]): readonly Problem[] {
  const look = looker(disk, root);
  return blobs.flatMap(({ places, size, first }) => {
    const sights = places.map((path) => look.look(path));
    if (first !== undefined || sights.some((sight) => sight.kind === "file" && sight.stat.size === size))
      return [];
    const [path = ""] = places;
    const [sight] = sights;
    const is =
      sight?.kind === "file"
        ? `it has ${sight.stat.size} bytes, the lock says ${size}`
        : sight?.kind === "nothing"
          ? "it is not there"
          : `a ${sight?.what} is ${sight?.kind === "blocked" ? `at "${printable(sight.at)}"` : "there"}`;
    return [problemWith("DRIFT", path as TreePath, is)];
  });
}

function problemWith(code: "DRIFT" | "DIGEST_MISMATCH", path: TreePath, is: string): Problem {
  const hint = code === "DRIFT" ? "run tritter sync" : "run tritter sync --deep";
  return {
    code,
    message: `cannot bundle "${printable(path)}": ${is}`,
    hint: `${hint}, then bundle again`,
    path,
  };
}

interface Target {
  readonly to: string | undefined;
  readonly form: "folder" | "tar";
  readonly pipe: BundleOptions["to"];
}

async function writerFor(
  disk: Disk,
  { to, form, pipe }: Target,
  { bundle, writing }: { bundle: Bundle; writing: Writing },
): Promise<BundleWriter> {
  if (typeof pipe !== "string" || to === undefined)
    return tarWriter(pipeSink(pipe as (bytes: Uint8Array) => Promise<void>), writing);
  await assertRoom(disk, to, bundle);
  if (form === "tar") {
    const there = disk.lstat(to);
    if (there !== undefined && there.kind !== "file") throw inTheWay(to, `a ${there.kind} is there`);
    return tarWriter(await fileSink(disk, to), writing);
  }
  const there = disk.lstat(to);
  if (there !== undefined && there.kind === "file")
    throw inTheWay(to, "a file is there; a tar is named .tar");
  const before = await disk.read(join(to, CONTENTS));
  if (before !== undefined && before.toString("utf8") !== bundle.contents)
    throw inTheWay(to, "it holds another bundle");
  await disk.mkdir(to);
  return folderWriter(await disk.realpath(to), writing);
}

function pipeSink(write: ByteSink["write"]): ByteSink {
  return { write, end: async () => {} };
}

function inTheWay(to: string, what: string): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `cannot write the bundle "${printable(to)}": ${what}`,
    hint: "remove it, or give another place",
  });
}

/** Of a folder, what is there already counts for something only once it is proved. */
async function assertRoom(disk: Disk, to: string, { blobs }: Bundle): Promise<void> {
  const folder = nearestFolder(disk, to);
  const { bytes } = await disk.space(folder);
  const need = blobs.reduce((sum, { size, path, first }) => {
    const there = to.endsWith(".tar") ? undefined : disk.lstat(join(to, ...path.split("/")));
    return sum + (first === undefined && there?.size !== size ? size : 0);
  }, 0);
  if (bytes === undefined || need <= bytes) return;
  throw new TritterError({
    code: "NO_SPACE",
    message: `cannot write the bundle "${printable(to)}": ${need} bytes are needed and ${bytes} are free`,
    hint: "free some space, bundle fewer sources by name, or leave out what the other side has with --since",
  });
}

function nearestFolder(disk: Disk, path: string): string {
  const above = dirname(path);
  return disk.lstat(path)?.kind === "folder" || above === path ? path : nearestFolder(disk, above);
}

function prove({ digest, size }: BundledFile): Proof {
  const hasher = contentHasher(new Set([algorithmOf(digest)]), size);
  let seen = 0;
  return {
    update: (bytes) => {
      seen += bytes.length;
      hasher.update(bytes);
    },
    holds: () => seen === size && hasher.digests()[0] === digest,
  };
}

interface Written {
  readonly there: Count;
  readonly problems: readonly Problem[];
}

/** A tar begins with what it holds, so that whoever reads it knows what comes; a folder has that last, as the sign that it is whole. */
async function writeBundle(
  context: Context,
  writer: BundleWriter,
  { bundle, root, form }: { bundle: Bundle; root: string; form: Target["form"] },
): Promise<Written> {
  const { contents, documents, layout, blobs } = bundle;
  let whole = false;
  try {
    const put = async ({ path, text }: Pick<TextPart, "path" | "text">) =>
      writer.put(path, Buffer.from(text));
    if (form === "tar") await put({ path: CONTENTS, text: contents });
    for (const part of [...documents, ...layout]) await put(part);
    const written = await writeBlobs(context, writer, { blobs, root });
    whole = written.problems.length === 0;
    if (whole && form === "folder") await put({ path: CONTENTS, text: contents });
    return written;
  } finally {
    await writer.end(whole);
  }
}

async function writeBlobs(
  { disk, signal, emit }: Context,
  writer: BundleWriter,
  { blobs, root }: { blobs: readonly BlobPart[]; root: string },
): Promise<Written> {
  const there: BlobPart[] = [];
  const problems: Problem[] = [];
  const lost = new Set<BlobPart>();
  for (const part of blobs) {
    signal.throwIfAborted();
    const { first, places, size } = part;
    emit({ kind: "hashing", path: places[0] ?? "", size, why: "deep" });
    if (await writer.has(part)) there.push(part);
    else if (first !== undefined && !lost.has(first)) await writer.again(part, first);
    else if (first === undefined && !(await copyFromTree(disk, writer, { part, root }, problems)))
      lost.add(part);
  }
  return { there: countOf(there), problems };
}

/** From the first of its places that has the bytes. */
async function copyFromTree(
  disk: Disk,
  writer: BundleWriter,
  { part, root }: { part: BlobPart; root: string },
  problems: Problem[],
): Promise<boolean> {
  const found: Problem[] = [];
  for (const path of part.places) {
    try {
      const sight = looker(disk, root).look(path);
      if (sight.kind !== "file") continue;
      if (await writer.copy(part, join(root, path))) return true;
      found.push(
        problemWith("DIGEST_MISMATCH", path, `its bytes are not those of ${part.digest}, as the lock says`),
      );
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined || TO_WRITE.has(code)) throw error;
      found.push({ ...diskProblem(`read "${printable(path)}"`, error), path });
    }
  }
  const [path = "" as TreePath] = part.places;
  problems.push(found[0] ?? problemWith("DRIFT", path, "it changed while it was read"));
  return false;
}

/** What only writing ends with: it would end so with every other file too. */
const TO_WRITE = new Set(["ENOSPC", "EDQUOT", "EROFS", "EFBIG", "EPIPE"]);

/** What stands in the folder and is no part of the bundle: a bundle holds what its lock wants, and nothing else. */
async function strangersIn(disk: Disk, folder: string, bundle: Bundle): Promise<readonly Problem[]> {
  const known = new Set([
    CONTENTS,
    ...[...bundle.documents, ...bundle.layout, ...bundle.blobs].map(({ path }) => path),
  ]);
  const strangers: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const { name, kind } of (await disk.readdir(join(folder, below))) ?? []) {
      const path = below === "" ? name : `${below}/${name}`;
      if (kind === "folder") await walk(path);
      else if (!known.has(path)) strangers.push(path);
    }
  };
  await walk("");
  return strangers.map((path) => ({
    code: "CONFLICT",
    message: `cannot bundle into "${printable(folder)}": "${printable(path)}" there is no part of the bundle`,
    hint: "move it away, or give an empty folder",
  }));
}

function countOf(list: readonly { readonly size: number }[]): Count {
  return { files: list.length, bytes: list.reduce((sum, { size }) => sum + size, 0) };
}
