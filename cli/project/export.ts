import { basename, resolve } from "node:path";
import { algorithmOf, hexOf, type TreePath } from "../../schema/ids.ts";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { replaceFrom } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, TritterErrors } from "../errors.ts";
import type { Corpus, CorpusSource, Links } from "../export/corpus.ts";
import type { ExportFormat } from "../export/formats.ts";
import { blocksOf } from "../export/text.ts";
import { NO_FACTS } from "../facts/document.ts";
import { HUGGING_FACE, parseEndpoint } from "../hub/endpoint.ts";
import { pageUrl, resolveUrl } from "../hub/urls.ts";
import { bytesDigest, listingDigest } from "../lock/digests.ts";
import { type Want, wantsOf } from "../lock/wants.ts";
import { serialiseLock } from "../lock/write.ts";
import type { Count } from "../plan/types.ts";
import { placementsOf, readReceipt } from "../receipt/receipt.ts";
import { scan } from "../scan.ts";
import { resolveRoot, stateFolder } from "../status/root.ts";
import { contentHasher } from "../store/hash.ts";
import { knownFacts } from "./facts.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";
import { staleInScope, staleProblem } from "./locking.ts";
import { sourceDate } from "./source-date.ts";

export interface ExportOptions extends ProjectOptions {
  readonly format: ExportFormat;
  /** A path, or a pipe. */
  readonly to: string | ((bytes: Uint8Array) => Promise<void>);
}

export interface ExportResult {
  readonly format: ExportFormat;
  /** Absolute; undefined: a pipe. */
  readonly to: string | undefined;
  /** Names of those it tells of. */
  readonly sources: readonly string[];
  readonly files: Count;
  /** `sha256:…` of the document. */
  readonly digest: string;
}

/**
 * Writes a document about what the lock pins, for another program. It follows from the lock, from the facts beside it and from
 * SOURCE_DATE_EPOCH alone: the same ones give the same bytes. Throws LOCK_MISSING, LOCK_STALE, and DRIFT where a hash is nowhere to be had.
 */
export async function exportProject(context: Context, options: ExportOptions): Promise<ExportResult> {
  const created = sourceDate(context.env);
  const project = await loadProject(context, options);
  const lock = requireLock(project);
  const stale = staleProblem(project, staleInScope(project));
  if (stale !== undefined) throw stale;
  const corpus = await corpusOf(context, project, { lock, created, format: options.format });
  const { textOf, lacking } = await writerOf(options.format);
  for (const message of lacking(corpus)) context.emit({ kind: "warning", message });
  const to = typeof options.to === "string" ? resolve(context.cwd, options.to) : options.to;
  const digest = await write(context, to, blocksOf(textOf(corpus)));
  const files = corpus.sources.flatMap((source) => source.files);
  return {
    format: options.format,
    to: typeof to === "string" ? to : undefined,
    sources: corpus.sources.map(({ locked }) => locked.name),
    files: { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) },
    digest,
  };
}

interface DocumentWriter {
  readonly textOf: (corpus: Corpus) => Iterable<string>;
  /** What the form asks for and a lock does not hold. */
  readonly lacking: (corpus: Corpus) => readonly string[];
}

const nothing = () => [];

/** Each loads what it needs. */
async function writerOf(format: ExportFormat): Promise<DocumentWriter> {
  switch (format) {
    case "sha256sums":
      return { textOf: (await import("../export/sha256sums.ts")).sha256sums, lacking: nothing };
    case "cyclonedx":
      return { textOf: (await import("../export/cyclonedx.ts")).cyclonedx, lacking: nothing };
    case "spdx":
      return { textOf: (await import("../export/spdx.ts")).spdx, lacking: nothing };
    case "in-toto":
      return { textOf: (await import("../export/in-toto.ts")).inToto, lacking: nothing };
    case "hermeto":
      return { textOf: (await import("../export/hermeto.ts")).hermeto, lacking: nothing };
    case "croissant": {
      const { croissant, lacking } = await import("../export/croissant.ts");
      return { textOf: croissant, lacking };
    }
    default:
      return format satisfies never;
  }
}

/** Those that tell of rows and columns. */
const FACTUAL: ReadonlySet<ExportFormat> = new Set(["cyclonedx", "croissant"]);

async function corpusOf(
  context: Context,
  project: Project,
  { lock, created, format }: { lock: Lock; created: string | undefined; format: ExportFormat },
): Promise<Corpus> {
  const { manifest, scope } = project;
  const wanted = lock.sources.filter(({ name }) => scope?.has(name) ?? true);
  const wants = wantsOf({ ...lock, sources: wanted });
  const hashes = await missingHashes(context, project, wants);
  const { files: facts } = FACTUAL.has(format) ? await knownFacts(context, project) : NO_FACTS;
  let at = 0;
  const sources = wanted.map((locked): CorpusSource => {
    const own = wants.slice(at, at + locked.files.length);
    at += locked.files.length;
    return {
      locked,
      listing: listingDigest(locked.files),
      files: own.map(({ path, size, digest, remote }) => ({
        path,
        size,
        sha256: hashes.get(path) ?? hexOf(digest),
        remote,
        facts: facts.get(digest),
      })),
    };
  });
  return {
    name: manifest.owner,
    lockName: basename(project.lockFile),
    lockDigest: project.lockDigest ?? bytesDigest(serialiseLock(lock)),
    only: scope === undefined ? [] : [...scope].sort(),
    created,
    version: context.version,
    sources,
    links: linksTo(manifest.endpoint),
  };
}

/** The manifest's endpoint is part of the project; what the environment says of today's Hub is not. */
function linksTo(endpoint: string | undefined): Links {
  const chosen = endpoint === undefined ? undefined : parseEndpoint(endpoint, "the manifest's endpoint");
  const base = chosen?.kind === "http" ? chosen.url : HUGGING_FACE;
  return {
    page: (repo) => pageUrl(base, repo),
    file: ({ repo, commit, path }) => resolveUrl(base, repo, { commit, path }),
  };
}

/**
 * The sha256 of files that the lock knows by their git hash alone, from what is on disk: as the receipt recorded it where the
 * stamp still fits, else the file is read. Throws DRIFT for all that are not there as the lock says.
 */
async function missingHashes(
  context: Context,
  { manifest }: Project,
  wants: readonly Want[],
): Promise<ReadonlyMap<TreePath, string>> {
  const { disk, signal, emit, clock } = context;
  const open = wants.filter(({ digest }) => algorithmOf(digest) !== "sha256");
  if (open.length === 0) return new Map();
  const root = await resolveRoot(context, manifest.root);
  const receipt = await readReceipt(disk, stateFolder(context, root));
  const all = placementsOf(receipt, manifest.owner);
  const placements = new Map(
    open.flatMap(({ path }) => {
      const placement = all.get(path);
      // Without one that is asked for, a stamp would vouch for what it does not know.
      const knows = placement?.digests.some((digest) => algorithmOf(digest) === "sha256") ?? false;
      return placement !== undefined && knows ? [[path, placement] as const] : [];
    }),
  );
  const seen = await scan({
    disk,
    root,
    wants: open,
    placements,
    scope: new Set(),
    deep: false,
    tolerant: true,
    signal,
    emit,
    now: clock.now,
  });
  const hashes = new Map<TreePath, string>();
  for (const { path, digest } of open) {
    const found = seen.found.get(path);
    if (found?.kind !== "file" || !found.digests.includes(digest)) continue;
    const sha256 = found.digests.find((one) => algorithmOf(one) === "sha256");
    if (sha256 !== undefined) hashes.set(path, hexOf(sha256));
  }
  const without = open.filter(({ path }) => !hashes.has(path) && !seen.unread.has(path));
  const problems = [...seen.unread.values(), ...(without.length === 0 ? [] : [notSynced(without)])];
  if (problems.length > 0) throw new TritterErrors(problems);
  return hashes;
}

function notSynced(without: readonly Want[]): Problem {
  const counts = new Map<string, number>();
  for (const { source } of without) counts.set(source, (counts.get(source) ?? 0) + 1);
  const names = [...counts.keys()];
  return {
    code: "DRIFT",
    message: `cannot export: of ${without.length === 1 ? "a file" : `${without.length} files`} the lock knows the git hash alone, and the disk does not hold ${without.length === 1 ? "it" : "them"} as the lock says`,
    details: [...counts].map(([name, files]) => `${name}: ${files === 1 ? "1 file" : `${files} files`}`),
    hint: `run ${["tritter sync", ...(names.length > 8 ? [] : names)].join(" ")}, then export again`,
  };
}

/** The document's digest. */
async function write(
  { disk, signal }: Context,
  to: string | ((bytes: Uint8Array) => Promise<void>),
  blocks: Iterable<Buffer>,
): Promise<string> {
  const hasher = contentHasher(new Set(["sha256"]), 0);
  const passing = async function* () {
    for (const block of blocks) {
      signal.throwIfAborted();
      hasher.update(block);
      yield block;
    }
  };
  await onDisk(`write "${typeof to === "string" ? to : "-"}"`, async () => {
    if (typeof to === "string") return replaceFrom(disk, to, passing());
    for await (const block of passing()) await to(block);
  });
  return hasher.digests()[0] ?? "";
}
