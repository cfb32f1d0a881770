import { basename, join } from "node:path";
import type { Facts, FileFacts } from "../../schema/facts.ts";
import type { Digest } from "../../schema/ids.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Expectation, Manifest } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import type { RemoteFile } from "../../schema/remote.ts";
import type { Context } from "../context.ts";
import { readFully } from "../disk/read-fully.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, problemsOf, TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { compareSums, type DataChange, isNothing } from "../facts/compare.ts";
import { NO_FACTS, readFacts, sameFacts, writeFacts } from "../facts/document.ts";
import { readFooter } from "../facts/footer.ts";
import { formatOf } from "../facts/formats.ts";
import { isWaiting, type Judged, judgeData, needsFacts, needsFactsBefore } from "../facts/gates.ts";
import { factsFileOf } from "../facts/place.ts";
import { sumUp } from "../facts/sum.ts";
import type { Hub } from "../hub/port.ts";
import { wantsOf } from "../lock/wants.ts";
import { pool } from "../pool.ts";
import type { SourceChange } from "../resolve/changes.ts";
import { judgedBy } from "../resolve/judge.ts";
import { lazyHub, type Project } from "./load.ts";

/** What is beside the lock; nothing where there is no such file. Throws FACTS_INVALID, DISK_REFUSED. */
export async function knownFacts({ disk }: Context, { lockFile }: Pick<Project, "lockFile">): Promise<Facts> {
  return (await readFacts(disk, factsFileOf(lockFile))) ?? NO_FACTS;
}

/** The same; undefined where no source of the lock asks for facts, and nothing was counted either. */
export async function knownFactsIfAny(context: Context, project: Project): Promise<Facts | undefined> {
  const { manifest, lock } = project;
  if (lock === undefined) return undefined;
  const known = await knownFacts(context, project);
  const isWanted = factual(manifest, lock).length > 0 || keptFacts(manifest, lock, known).files.size > 0;
  return isWanted ? known : undefined;
}

/** Entries of the lock whose source, or the fallback that carries it, asks for facts. */
export function factual(
  manifest: Manifest,
  lock: Lock,
  scope?: ReadonlySet<string> | undefined,
): readonly LockedSource[] {
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  return lock.sources.filter((entry) => {
    const source = sources.get(entry.name);
    return (
      source !== undefined && judgedBy(source, entry).facts !== undefined && (scope?.has(entry.name) ?? true)
    );
  });
}

/** Parquet files of these entries of which nothing is known, each digest once. */
export function unknownFiles(entries: readonly LockedSource[], { files }: Facts): readonly Unknown[] {
  const lock: Lock = { version: 1, sources: entries, extra: {} };
  const found = new Map<Digest, Unknown>();
  for (const { digest, remote, source } of wantsOf(lock))
    if (formatOf(remote.path) === "parquet" && !files.has(digest))
      found.set(digest, { digest, remote, source });
  return [...found.values()];
}

export interface Unknown {
  readonly digest: Digest;
  readonly remote: RemoteFile;
  readonly source: string;
}

export interface Gathered {
  readonly facts: Facts;
  /** Why some are still not known, the first of each source. */
  readonly problems: readonly Problem[];
}

/** Reads the footers of files that are not known yet, by two small ranges each. What cannot be had stays unknown. */
export async function gatherFacts(
  { signal, emit }: Context,
  hub: () => Hub,
  { facts, unknown }: { readonly facts: Facts; readonly unknown: readonly Unknown[] },
): Promise<Gathered> {
  const files = new Map(facts.files);
  const problems = new Map<string, Problem>();
  let done = 0;
  await pool(unknown, { width: WIDTH, signal }, async ({ digest, remote, source }) => {
    try {
      files.set(
        digest,
        await readFooter(remote.size, (start, end) => readRange(hub(), { remote, start, end }, signal)),
      );
    } catch (error) {
      signal.throwIfAborted();
      const [problem] = problemsOf(error);
      if (problem !== undefined && !problems.has(source)) problems.set(source, { ...problem, source });
    }
    done += 1;
    emit({ kind: "reading-footers", done, files: unknown.length });
  });
  return { facts: { version: 1, files }, problems: [...problems.values()] };
}

/** Requests at once. */
const WIDTH = 8;
/** A body that breaks off is asked for again so often. */
const TRIES = 3;
/** bytes: a server that answers with much more than was asked would send whole files. */
const MOST_EXTRA = 1024 * 1024;

async function readRange(
  hub: Hub,
  { remote, start, end }: { readonly remote: RemoteFile; readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(hub, { remote, start, end }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === TRIES || problemsOf(error)[0]?.code !== "NETWORK") throw error;
    }
  }
}

async function readOnce(
  hub: Hub,
  { remote, start, end }: { readonly remote: RemoteFile; readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const body = await hub.open(remote, { start, end }, signal);
  if (body.start < start - MOST_EXTRA) {
    body.cancel();
    throw new TritterError({
      code: "HUB",
      message: `cannot read the footer of ${remote.path}: ${hub.label} sends whole files instead of ranges`,
    });
  }
  const bytes = Buffer.alloc(end - start);
  let at = body.start;
  await body.read((chunk) => {
    const from = Math.max(0, start - at);
    const part = chunk.subarray(from, Math.max(from, end - at));
    bytes.set(part, Math.max(0, at - start));
    at += chunk.length;
    if (at >= end) body.cancel();
    return undefined;
  });
  if (at >= end) return bytes;
  throw new TritterError({
    code: "NETWORK",
    message: `cannot read the footer of ${remote.path}: it broke off after ${at - start} of ${end - start} bytes`,
  });
}

/** Of a lock's files, as facts name them. */
function digestsOf(entries: readonly LockedSource[]): ReadonlySet<Digest> {
  return new Set(entries.flatMap(({ files }) => files.map(({ digest }) => digest)));
}

/** Expectations about data, of the sources in scope. `before`: the lock that this one takes the place of. Pure. */
export function judgeFacts(
  project: Pick<Project, "manifest" | "scope">,
  judging: Judging,
): readonly Problem[] {
  return judgedIn(project, judging).flatMap(({ expect, judged }) => judgeData(expect, judged));
}

interface Judging {
  readonly lock: Lock;
  readonly before: Lock | undefined;
  readonly facts: Facts;
  /** Files that are not counted may still come. */
  readonly waits: boolean;
}

/** What waits for a count, source by source. Pure. */
export function waitingFor(
  project: Pick<Project, "manifest" | "scope">,
  judging: Judging,
): readonly string[] {
  return judgedIn(project, judging)
    .filter(({ expect, judged }) => isWaiting(expect, judged))
    .map(({ judged: { source, now } }) => {
      const files = now.uncounted.length === 1 ? "a file" : `${now.uncounted.length} files`;
      return `source "${source}": expect.rows waits until ${files} can be counted: run tritter sync, then tritter facts --count`;
    });
}

function judgedIn(
  { manifest, scope }: Pick<Project, "manifest" | "scope">,
  { lock, before, facts, waits }: Judging,
): readonly { readonly expect: Expectation; readonly judged: Judged }[] {
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  const olds = new Map(before?.sources.map((entry) => [entry.name, entry]));
  return factual(manifest, lock, scope).flatMap((entry) => {
    const source = sources.get(entry.name);
    if (source === undefined) return [];
    const { expect, facts: wanted } = judgedBy(source, entry);
    if (!needsFacts(expect)) return [];
    const sumOf = ({ files }: LockedSource) =>
      sumUp(wanted === "rows" ? files : files.filter(({ path }) => formatOf(path) === "parquet"), facts);
    const old = olds.get(entry.name);
    return [{ expect, judged: { source: entry.name, waits, before: old && sumOf(old), now: sumOf(entry) } }];
  });
}

/**
 * Expectations about data, on the facts that are known. `ask`: what they lack is read from the Hub, and written down. `waits`: files that are
 * not here yet may be counted later.
 * Throws FACTS_INVALID.
 */
export async function judgeKnownFacts(
  context: Context,
  project: Project,
  { lock, ask, waits = false }: { readonly lock: Lock; readonly ask: boolean; readonly waits?: boolean },
): Promise<readonly Problem[]> {
  const needing = factual(project.manifest, lock, project.scope).filter((entry) => isJudged(project, entry));
  if (needing.length === 0) return [];
  const known = await knownFacts(context, project);
  const unknown = ask ? unknownFiles(needing, known) : [];
  const facts =
    unknown.length === 0 ? known : await askFor(context, project, { lock, facts: known, unknown });
  return judgeFacts(project, { lock, before: lock, facts, waits });
}

function isJudged({ manifest }: Project, entry: LockedSource): boolean {
  const source = manifest.sources.find(({ name }) => name === entry.name);
  return source !== undefined && needsFacts(judgedBy(source, entry).expect);
}

/** Entries of the lock before that the new ones of their names are compared with by an expectation. */
export function comparedWith(
  { manifest, lock }: Project,
  entries: readonly LockedSource[],
): readonly LockedSource[] {
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  const compared = new Set<string>();
  for (const entry of entries) {
    const source = sources.get(entry.name);
    if (source !== undefined && needsFactsBefore(judgedBy(source, entry).expect)) compared.add(entry.name);
  }
  return lock?.sources.filter(({ name }) => compared.has(name)) ?? [];
}

async function askFor(
  context: Context,
  project: Project,
  { lock, facts, unknown }: { lock: Lock; facts: Facts; unknown: readonly Unknown[] },
): Promise<Facts> {
  const { hub, close } = lazyHub(context, project, WIDTH);
  try {
    const gathered = await gatherFacts(context, hub, { facts, unknown });
    tellMissing(context.emit, gathered.problems);
    await keepFacts(context, project, { lock, facts: gathered.facts });
    return gathered.facts;
  } finally {
    await close();
  }
}

/** Facts that cannot be had are a warning: whoever needs them is refused for it. */
export function tellMissing(emit: Emit, problems: readonly Problem[]): void {
  for (const { source, message } of problems)
    emit({ kind: "warning", message: `facts of ${source} are missing: ${message}` });
}

/** Writes what the lock's files are known by, and no more. Throws DISK_REFUSED, NO_SPACE. */
export async function keepFacts(
  { disk }: Context,
  { manifest, lockFile }: Project,
  { lock, facts }: { readonly lock: Lock; readonly facts: Facts },
): Promise<"written" | "unchanged"> {
  return writeFacts(disk, factsFileOf(lockFile), keptFacts(manifest, lock, facts));
}

/** What is written down of the facts that are known. */
export function keptFacts(manifest: Manifest, lock: Lock, { files }: Facts): Facts {
  const [asked, all] = [digestsOf(factual(manifest, lock)), digestsOf(lock.sources)];
  // Whoever had something counted asked for it, whatever the manifest says.
  const kept = [...files].filter(
    ([digest, { kind }]) => asked.has(digest) || (kind !== "parquet" && all.has(digest)),
  );
  return { version: 1, files: new Map(kept) };
}

/**
 * Compares what is known with the footers on disk, of which the bytes are the lock's: those that came by ranges were not
 * verified. A difference is FACTS_MISMATCH; `write`: what was wrong or missing is written as it is.
 */
export async function proveFacts(
  context: Context,
  project: Project,
  { lock, root, write }: { readonly lock: Lock; readonly root: string; readonly write: boolean },
): Promise<Proved> {
  const entries = factual(project.manifest, lock, project.scope);
  if (entries.length === 0) return { problems: [], whole: true, wrote: false };
  const { signal } = context;
  const known = await knownFacts(context, project);
  const files = new Map(known.files);
  const wrong: { readonly path: string; readonly source: string }[] = [];
  const wants = wantsOf({ version: 1, sources: entries, extra: {} });
  const parquet = wants.filter(({ remote }) => formatOf(remote.path) === "parquet");
  await pool(parquet, { width: WIDTH, signal }, async ({ path, source, digest, size }) => {
    const facts = await onDisk(`read "${path}"`, () => readFooterOnDisk(context, join(root, path), size));
    const before = known.files.get(digest);
    files.set(digest, facts);
    if (before !== undefined && !sameFacts(before, facts)) wrong.push({ path, source });
  });
  const facts: Facts = { version: 1, files };
  const wrote = write && (await keepFacts(context, project, { lock, facts })) === "written";
  const problems = wrong
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(
      ({ path, source }): Problem => ({
        code: "FACTS_MISMATCH",
        message: `"${printable(path)}" is what the lock says, and not what ${basename(factsFileOf(project.lockFile))} says of it`,
        hint: write
          ? "the facts were mended from the file: look at them with tritter facts, then run tritter sync again"
          : "run tritter sync without --locked, and commit the facts",
        path,
        source,
      }),
    );
  return { problems, whole: write || unknownFiles(entries, known).length === 0, wrote };
}

export interface Proved {
  readonly problems: readonly Problem[];
  /** What is written down lacks nothing. */
  readonly whole: boolean;
  /** It is other than it was. */
  readonly wrote: boolean;
}

/** The same changes, and what became of the data where facts are kept of it. Pure. */
export function withData(
  changes: readonly SourceChange[],
  { entries, facts }: { readonly entries: readonly LockedSource[]; readonly facts: Facts },
): readonly SourceChange[] {
  const names = new Set(entries.map(({ name }) => name));
  return changes.map((change) => {
    const data = names.has(change.source) ? dataChange(change, facts) : undefined;
    return data === undefined ? change : { ...change, data };
  });
}

function dataChange({ before, after }: SourceChange, facts: Facts): DataChange | undefined {
  if (before === undefined || after === undefined) return undefined;
  const change = compareSums(sumUp(before.files, facts), sumUp(after.files, facts));
  return isNothing(change) ? undefined : change;
}

/** Reads the footer of a file below the root, of which the bytes were verified. Throws system errors. */
export async function readFooterOnDisk({ disk }: Context, file: string, size: number): Promise<FileFacts> {
  const opened = await disk.open(file, "r");
  try {
    return await readFooter(size, async (start, end) => {
      const bytes = Buffer.alloc(end - start);
      await readFully(opened, bytes, start);
      return bytes;
    });
  } finally {
    await opened.close();
  }
}
