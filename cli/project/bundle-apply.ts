import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Lock } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Contents } from "../bundle/contents.ts";
import { cutShort, type OpenBundle, openBundle } from "../bundle/open.ts";
import type { Context } from "../context.ts";
import { replaceFile } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, problemsOf, TritterError } from "../errors.ts";
import { parseFacts, writeFacts } from "../facts/document.ts";
import { factsFileOf } from "../facts/place.ts";
import { openFolderHub } from "../hub/folder.ts";
import type { Body, ByteHub, RemoteFile } from "../hub/port.ts";
import { parseLock } from "../lock/read.ts";
import { serialiseLock } from "../lock/write.ts";
import { parseManifest, readManifest } from "../manifest/read.ts";
import { staleness } from "../resolve/stale.ts";
import { hexDigest } from "../store/hash.ts";
import { type Filled, fillStore } from "./bundle-fill.ts";
import { bundlePath } from "./bundle-parts.ts";
import { lockFileOf } from "./documents.ts";
import { loadWithLock, type ProjectOptions, unusableManifest } from "./load.ts";
import { replaceLock, staleLine } from "./locking.ts";
import { syncProject } from "./quick.ts";
import { type Trust, verifyBytes } from "./signature.ts";
import type { SyncResult } from "./sync.ts";

export interface ApplyOptions extends Omit<ProjectOptions, "endpoint" | "offline"> {
  /** A folder or a tar; or what comes through a pipe. */
  readonly from: string | AsyncIterable<Uint8Array>;
  /** Take the bundle's manifest where another stands, a root outside of its folder, and paths that hold other files. */
  readonly force: boolean;
  /** Files at once. */
  readonly jobs: number;
  /** Who must have signed the bundle's lock; undefined: nobody. */
  readonly signature?: Trust;
}

export interface ApplyResult {
  /** Absolute, or "-" for a pipe. */
  readonly from: string;
  readonly manifest: Written;
  readonly lock: Written;
  /** Paths below the root that neither the bundle nor this disk has. */
  readonly missing: readonly string[];
  readonly sync: SyncResult;
  readonly problems: readonly Problem[];
}

interface Written {
  /** Absolute. */
  readonly file: string;
  readonly wrote: boolean;
}

/** Makes a project equal a bundle, with no network: manifest and lock first, then the tree by a sync whose Hub is the bundle. */
export async function applyBundle(context: Context, options: ApplyOptions): Promise<ApplyResult> {
  const { disk, cwd } = context;
  const from = typeof options.from === "string" ? resolve(cwd, options.from) : options.from;
  const bundle = await openBundle(from, { disk, digestOf: hexDigest });
  try {
    const { lock } = parseLock(bundle.lock, `${bundle.from}: ${bundle.contents.lock.path}`);
    const manifestFile = resolve(cwd, options.manifest ?? bundle.contents.manifest.path);
    const lockFile = options.lock === undefined ? lockFileOf(manifestFile) : resolve(cwd, options.lock);
    const names = options.names.length > 0 ? options.names : bundle.contents.sources;
    const { force, jobs } = options;
    if (options.signature !== undefined)
      await assertTrusted(context, { bundle, lock, lockFile }, options.signature);
    const here = { names, manifest: manifestFile, lock: lockFile };
    const manifest = await placeManifest(context, { file: manifestFile, bundle, lock, force });
    const project = await loadWithLock(context, here, lock);
    const wrote = await replaceLock(context, project, lock, bundle.signature);
    if (bundle.facts !== undefined) {
      // Not believed yet: the sync compares them with the files.
      const facts = parseFacts(bundle.facts, `${bundle.from}: ${bundle.contents.facts?.path}`);
      await writeFacts(disk, factsFileOf(lockFile), facts);
    }
    const filled =
      bundle.folder === undefined ? await fillStore(context, { project, lock, bundle, force }) : EMPTY;
    const hub = bundleHub(context, bundle, filled);
    const given = bundle.folder === undefined ? [] : [bundle.folder];
    const sync = await syncProject(context, { ...SYNC, ...here, force, jobs, from: given, hub });
    const { missing, problems } = gathered(bundle, filled, sync);
    return {
      from: bundle.from,
      manifest: { file: manifestFile, wrote: manifest },
      lock: { file: lockFile, wrote },
      missing,
      sync,
      problems,
    };
  } finally {
    await bundle.close();
  }
}

/** Before anything is written: of the bytes that will be. */
async function assertTrusted(
  context: Context,
  { bundle, lock, lockFile }: { bundle: OpenBundle; lock: Lock; lockFile: string },
  trust: Trust,
): Promise<void> {
  const { from, contents, signature } = bundle;
  const names = { lock: `${from}: ${contents.lock.path}`, signature: `${from}: ${contents.lock.path}.sig` };
  await verifyBytes(context, { lock: Buffer.from(serialiseLock(lock)), signature, names, lockFile }, trust);
}

const EMPTY: Filled = { wrong: new Map(), cut: false };
const SYNC = { locked: true, fallback: true, dryRun: false, prune: false };

interface Placing {
  /** Absolute. */
  readonly file: string;
  readonly bundle: OpenBundle;
  readonly lock: Lock;
  readonly force: boolean;
}

/** True: the bundle's was written. One that is here stays if it asks for what the lock has. */
async function placeManifest(context: Context, { file, bundle, lock, force }: Placing): Promise<boolean> {
  const { disk, env, emit } = context;
  const here = await readManifest({ file, disk, env });
  if (here.kind === "ok") {
    if (here.text === bundle.manifest) return false;
    const stale = staleness(here.manifest, lock);
    if (stale.length === 0) {
      emit({ kind: "note", message: `"${file}" stays as it is: it asks for what the bundle's lock has` });
      return false;
    }
    if (!force) throw otherManifest(file, stale.map(staleLine));
  } else if (here.kind === "invalid" && !force) throw unusableManifest(file, here);
  const read = await parseManifest(bundle.manifest, { file, env });
  if (read.kind !== "ok") throw unusableManifest(`${bundle.from}: ${bundle.contents.manifest.path}`, read);
  if (!force && !isBelow(dirname(file), read.manifest.root)) throw rootOutside(file, read.manifest.root);
  await onDisk(`write "${file}"`, async () => {
    const before = await disk.read(file);
    if (before !== undefined) await replaceFile(disk, `${file}.before`, before);
    await replaceFile(disk, file, Buffer.from(bundle.manifest));
  });
  return true;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`);
}

function otherManifest(file: string, details: readonly string[]): TritterError {
  return new TritterError({
    code: "CONFLICT",
    message: `cannot apply the bundle: "${file}" asks for something else than the bundle's lock has`,
    details,
    hint: `edit it, or run it again with --force: the bundle's manifest then takes its place, and it stays as "${file}.before"`,
  });
}

/** A bundle may come from a stranger: where it may write is the choice of whoever applies it. */
function rootOutside(file: string, root: string): TritterError {
  return new TritterError({
    code: "CONFLICT",
    message: `cannot apply the bundle: its manifest puts files into "${printable(root)}", outside of "${dirname(file)}"`,
    hint: "if that is meant, run it again with --force",
  });
}

/** Only `open`, and only what the bundle has: of a stream that was read, all of it is in the store already. */
function bundleHub({ disk }: Context, bundle: OpenBundle, filled: Filled): ByteHub {
  const { folder, contents } = bundle;
  const paths = new Set(contents.blobs.map(({ path }) => path));
  const hub = folder === undefined ? undefined : openFolderHub({ folder, disk, offline: false });
  return {
    open: async (file, range, signal): Promise<Body> => {
      const path = bundlePath({ remote: file });
      const wrong = filled.wrong.get(path);
      if (wrong !== undefined) throw new TritterError(wrong);
      if (hub === undefined || !paths.has(path)) throw new Missing(bundle, file);
      try {
        return await hub.open(file, range, signal);
      } catch (error) {
        if (!(error instanceof TritterError)) throw error;
        const { kind } = await hub
          .access(file.repo, file.commit, file.path)
          .catch(() => ({ kind: "refused" }));
        throw kind === "granted" ? otherSize(bundle, path, error) : new Missing(bundle, file);
      }
    },
  };
}

/** What no blob of the bundle is. */
class Missing extends TritterError {
  constructor({ from, contents }: OpenBundle, { path }: RemoteFile) {
    super({
      code: "BUNDLE_INCOMPLETE",
      message: `cannot have "${printable(path)}": neither the bundle "${printable(from)}" nor this disk has it`,
      hint: hintOf(contents),
    });
  }
}

function hintOf({ since }: Contents): string {
  if (since === undefined) return "fetch the bundle again, or run tritter sync where there is a network";
  return `the bundle leaves out what the lock ${since} has: apply a bundle of that one first, or a whole one`;
}

function otherSize({ from }: OpenBundle, path: string, cause: TritterError): TritterError {
  return new TritterError(
    {
      code: "DIGEST_MISMATCH",
      message: `cannot use "${printable(path)}" of the bundle "${printable(from)}": its size is not what the lock says`,
      hint: "everything else was done; fetch the bundle again, or make it anew",
    },
    cause,
  );
}

/** One problem for all that is missing, since it may be most of a lock. */
function gathered(
  bundle: OpenBundle,
  { cut }: Filled,
  { problems, plan }: SyncResult,
): { missing: readonly string[]; problems: readonly Problem[] } {
  const absent = problems.filter(({ code }) => code === "BUNDLE_INCOMPLETE");
  const firsts = new Set(absent.map(({ path }) => path));
  const writes = plan?.writes.map(({ want }) => want) ?? [];
  // A problem names one of the paths that want the same bytes.
  const digests = new Set(writes.filter(({ path }) => firsts.has(path)).map(({ digest }) => digest));
  const missing = writes.flatMap(({ path, digest }) => (digests.has(digest) ? [path] : [])).sort();
  const others = problems.filter(({ code }) => code !== "BUNDLE_INCOMPLETE");
  const [first] = absent;
  if (first === undefined) return { missing, problems: others };
  const details = listed(missing);
  const files = missing.length === 1 ? "one file" : `${missing.length} files`;
  const message = `cannot end at the lock: neither the bundle "${printable(bundle.from)}" nor this disk has ${files} of it`;
  const told: Problem = cut
    ? (problemsOf(cutShort(bundle.from, [`${files} still to come`, ...details]))[0] as Problem)
    : { code: "BUNDLE_INCOMPLETE", message, details, hint: hintOf(bundle.contents) };
  return { missing, problems: [...others, told] };
}

const MOST_LINES = 20;

function listed(paths: readonly string[]): readonly string[] {
  const shown = paths.slice(0, MOST_LINES).map(printable);
  return paths.length > MOST_LINES ? [...shown, `and ${paths.length - MOST_LINES} more`] : shown;
}
