import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Stamp, TreePath } from "../schema/ids.ts";
import type { Lock, LockedSource } from "../schema/lock.ts";
import type { Manifest, Source } from "../schema/manifest.ts";
import { printable } from "../schema/names.ts";
import type { Beside } from "./apply/types.ts";
import type { Context } from "./context.ts";
import type { Disk } from "./disk/port.ts";
import { onDisk, passing } from "./disk/trouble.ts";
import type { Writer } from "./disk/writer.ts";
import { type Problem, systemCode, TritterError } from "./errors.ts";
import { readEnvironment } from "./hub/environment.ts";
import { isOwnHub } from "./hub/own.ts";
import { type CacheLayout, cacheLayoutOf } from "./provide/cache-layout.ts";
import { type CacheSurvey, lackingIn, lookAtCache } from "./provide/look.ts";
import { metadataOf, tagsOf } from "./provide/metadata.ts";
import { restamp } from "./provide/restamp.ts";
import { type Tally, type WrittenCache, writeCache } from "./provide/write-cache.ts";
import {
  lookAtMetadata,
  type MetadataSurvey,
  removeMetadata,
  type Wanted,
  writeMetadata,
} from "./provide/write-metadata.ts";
import type { Journal } from "./receipt/journal.ts";
import { JOURNALS, providedName } from "./receipt/layout.ts";
import { type ProvidedRow, type ReadProvided, readProvided, writeProvided } from "./receipt/provided.ts";
import type { Receipt } from "./receipt/receipt.ts";
import { treeChange } from "./tree/change.ts";
import { openTrash } from "./tree/trash.ts";

export interface ProvideInput {
  readonly manifest: Manifest;
  readonly lock: Lock;
  /** Sources; undefined: all, and what sources that are gone left behind. */
  readonly scope: ReadonlySet<string> | undefined;
  /** Absolute, resolved. */
  readonly root: string;
  /** `<root>/.tritter` */
  readonly state: string;
  /** `--endpoint`. */
  readonly endpoint: string | undefined;
  /** Read every byte of the cache, whatever the stamps say. */
  readonly deep: boolean;
}

/** What the Hub's own clients are to find, how it stands there, and what was recorded of it. */
export interface Providing {
  readonly input: ProvideInput;
  readonly cache:
    | { readonly asked: string; readonly folder: string; readonly surveys: readonly CacheSurvey[] }
    | undefined;
  readonly metadata: Wanted;
  readonly before: ReadProvided | undefined;
  /** What is in the way in the cache. */
  readonly problems: readonly Problem[];
}

/** Variables that say where the cache is. */
const VARIABLES = [
  "HF_HUB_CACHE",
  "HUGGINGFACE_HUB_CACHE",
  "HF_HOME",
  "XDG_CACHE_HOME",
  "HOME",
  "USERPROFILE",
];

/** Looks without writing. undefined where no source asks for it, and none did. Throws USAGE where no cache is known, or none may be written to. */
export async function planProviding(context: Context, input: ProvideInput): Promise<Providing | undefined> {
  const { manifest, lock, scope, state, deep } = input;
  const { disk, signal, emit } = context;
  const before = await onDisk("read the receipt", () => readProvided(disk, state, manifest.owner));
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  const entries = lock.sources.filter(({ name }) => scope?.has(name) ?? true);
  const cached = entries.filter(({ name }) => sources.get(name)?.hubCache !== undefined);
  const local = entries.filter(({ name }) => sources.get(name)?.localDir !== undefined);
  if (before === undefined && cached.length + local.length === 0) return undefined;
  const metadata = { files: local.flatMap(metadataOf), tags: tagsFor(local) };
  if (cached.length === 0) return { input, cache: undefined, metadata, before, problems: [] };
  if (!isOwnHub({ flag: input.endpoint, manifest: manifest.endpoint }, readEnvironment(context.env)))
    throw strangersHub(manifest.endpoint);
  const asked = cacheFolder(context);
  const folder = await realFolder(disk, asked);
  const known = new Map<string, Stamp>();
  if (before?.record.cache === folder)
    for (const [where, , path, stamp] of before.record.rows) if (where === "cache") known.set(path, stamp);
  const layouts = oneRefEach(
    cached.map((entry) => cacheLayoutOf(entry, isWhole(manifest, sources.get(entry.name), entry))),
  );
  const surveys = await onDisk(`look at the Hub cache "${asked}"`, () =>
    lookAtCache({ disk, folder, known, deep, signal, emit }, layouts),
  );
  return {
    input,
    cache: { asked, folder, surveys },
    metadata,
    before,
    problems: surveys.flatMap(({ problems }) => problems),
  };
}

/** Does the lock hold every file of the commit? */
function isWhole({ deny }: Manifest, source: Source | undefined, { carrier }: LockedSource): boolean {
  const from = carrier === undefined ? source : source?.fallbacks[carrier.fallback - 1];
  return from !== undefined && from.include.length + from.exclude.length + deny.length === 0;
}

/** Sources that share a folder share its tags; the first has them. */
function tagsFor(entries: readonly LockedSource[]): Wanted["tags"] {
  return [
    ...new Map(
      entries
        .flatMap(tagsOf)
        .toReversed()
        .map((tag) => [tag.path, tag]),
    ).values(),
  ];
}

/** Of sources that pin one revision of a repository to several commits, the first by name has the ref. */
function oneRefEach(layouts: readonly CacheLayout[]): readonly CacheLayout[] {
  const taken = new Map<string, string>();
  return layouts.map((layout) => {
    const { ref, commit } = layout;
    if (ref === undefined) return layout;
    const first = taken.get(ref) ?? commit;
    taken.set(ref, first);
    return first === commit ? layout : { ...layout, ref: undefined };
  });
}

/** Whoever wrote the manifest could else have other programs run what a server of theirs calls a known model. */
function strangersHub(endpoint: string | undefined): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `cannot write to the Hub cache what comes from "${printable(endpoint ?? "")}": only the manifest names that endpoint, and other programs would take its files for the Hub's`,
    hint: 'name it with HF_ENDPOINT or --endpoint, or its host in TRITTER_TOKEN_HOSTS, or leave "hub-cache" out of the manifest',
  });
}

function cacheFolder({ env, cwd }: Context): string {
  const { cacheFolder: folder } = readEnvironment(env);
  if (folder !== undefined) return resolve(cwd, folder);
  throw new TritterError({
    code: "USAGE",
    message: `cannot tell where the Hub cache is: neither HF_HUB_CACHE nor HF_HOME nor HOME is set`,
    hint: 'set HF_HUB_CACHE, or leave "hub-cache" out of the manifest',
  });
}

/** The folder itself may be a symlink, and need not exist yet. */
async function realFolder(disk: Disk, folder: string): Promise<string> {
  return onDisk(`look at the Hub cache "${folder}"`, async () => {
    const stat = disk.lstat(folder);
    if (stat === undefined) {
      const above = dirname(folder);
      return above === folder ? folder : join(await realFolder(disk, above), folder.slice(above.length));
    }
    const real = await disk.realpath(folder);
    if (disk.lstat(real)?.kind === "folder") return real;
    throw new TritterError({
      code: "DISK_REFUSED",
      message: `cannot use the Hub cache "${folder}": it is not a folder`,
      hint: "name another folder with HF_HUB_CACHE",
    });
  });
}

const NOTHING_BESIDE: Beside = { bytes: 0, files: 0, problem: undefined };

/** For all that the cache lacks, before the first byte. Tries whether blocks can be shared with it. */
export async function spaceForProviding(
  { disk }: Context,
  { input, cache }: Providing,
  writer: Writer,
): Promise<Beside> {
  const blobs = cache?.surveys.flatMap((survey) => survey.blobs) ?? [];
  if (cache === undefined || blobs.length === 0) return NOTHING_BESIDE;
  const { folder } = cache;
  const { root, state, manifest } = input;
  return onDisk(`write to the Hub cache "${folder}"`, async () => {
    await disk.mkdir(folder);
    const here = disk.lstat(folder)?.device === disk.lstat(root)?.device;
    const pointers = cache.surveys.reduce((sum, survey) => sum + survey.pointers.length, 0);
    const files = here ? blobs.length + pointers : 0;
    if (await canShare(disk, { state, owner: manifest.owner, folder, writer }))
      return { ...NOTHING_BESIDE, files };
    const how = howOf(manifest);
    const linking = blobs.filter(({ source }) => how(source) === "link");
    if (linking.length > 0 && !here)
      return { ...NOTHING_BESIDE, problem: elsewhere(cache.asked, root, linking[0]?.source) };
    const bytes = blobs
      .filter(({ source }) => how(source) !== "link")
      .reduce((sum, { size }) => sum + size, 0);
    if (here) return { bytes, files, problem: undefined };
    const have = (await disk.space(folder)).bytes;
    const problem = have !== undefined && bytes > have ? noSpace(cache.asked, bytes, have) : undefined;
    return { ...NOTHING_BESIDE, problem };
  });
}

function howOf({ sources }: Manifest): (source: string) => "write" | "link" {
  const how = new Map(sources.map(({ name, hubCache = "write" }) => [name, hubCache]));
  return (source) => how.get(source) ?? "write";
}

async function canShare(
  disk: Disk,
  { state, owner, folder, writer }: { state: string; owner: string; folder: string; writer: Writer },
): Promise<boolean> {
  // Names that are swept, here and there, should a kill leave them.
  const from = join(state, JOURNALS, `${providedName(owner)}.${writer.id}.new`);
  const to = join(folder, ".locks", `tritter-${writer.id}.lock`);
  await disk.mkdir(dirname(from));
  await disk.mkdir(dirname(to));
  try {
    await disk
      .open(from, "wx")
      .then((file) => file.append(Buffer.from("tritter")).finally(() => file.close()));
    return await disk.reflink(from, to);
  } finally {
    for (const path of [from, to]) await passing(["ENOENT"], () => disk.unlink(path));
  }
}

function elsewhere(folder: string, root: string, source: string | undefined): Problem {
  return {
    code: "DISK_REFUSED",
    message: `cannot link into the Hub cache "${folder}": it is on another file system than "${root}"`,
    hint: 'write "hub-cache: write" to have copies, or name a folder beside the data with HF_HUB_CACHE',
    ...(source !== undefined && { source }),
  };
}

function noSpace(folder: string, need: number, have: number): Problem {
  return {
    code: "NO_SPACE",
    message: `cannot begin: ${need} bytes are needed in the Hub cache "${folder}" and ${have} are free`,
    hint: 'free some space, or leave "hub-cache" out of the manifest',
  };
}

export interface ProvideOptions {
  /** Of a tree file that holds what the lock wants; undefined where that is not known. */
  readonly stampAt: (path: TreePath) => Stamp | undefined;
  readonly writer: Writer;
  readonly receipt: Receipt;
  readonly journal: Journal;
  /** Ends with the run, and at the deadline. */
  readonly looking: AbortSignal;
}

/** What clients find now. */
export interface Provided {
  readonly cache:
    | (Pick<WrittenCache, "files" | "blobs" | "refs"> & { readonly folder: string; readonly there: Tally })
    | undefined;
  readonly metadata: { readonly written: number; readonly removed: number };
  readonly problems: readonly Problem[];
  /** Digest of the record of it all; `none`: there is nothing to record, `lost`: it could not be written. */
  readonly record: string;
}

/** After the tree equals the lock: adds to the cache what it lacks, writes what hf looks for beside the files, and records both. */
export async function provide(
  context: Context,
  providing: Providing,
  { stampAt, writer, receipt, journal, looking }: ProvideOptions,
): Promise<Provided> {
  const { input, cache, before } = providing;
  const { manifest, root } = input;
  const { disk, clock, emit } = context;
  const mark = writer.id.slice(0, 8);
  const written =
    cache &&
    (await writeCache(
      { disk, folder: cache.folder, root, stampAt, how: howOf(manifest), mark, signal: looking, emit },
      cache.surveys,
    ));
  const linked = written?.linked.map(({ at }) => at) ?? [];
  await restamp({ disk, clock, root, owner: manifest.owner, receipt, journal }, linked);
  const metadata = await provideMetadata(context, providing, writer);
  const rows = [
    ...keptRows(providing),
    ...(cache?.surveys.flatMap((survey) => survey.rows) ?? []),
    ...(written?.rows ?? []),
    ...metadata.rows,
  ];
  return {
    cache: cache && written && { folder: cache.asked, ...told(written), there: thereIn(cache.surveys) },
    metadata: { written: metadata.written, removed: metadata.removed },
    problems: [...providing.problems, ...(written?.problems ?? []), ...metadata.problems],
    record:
      before === undefined && rows.length === 0 ? "none" : await record(context, providing, { rows, writer }),
  };
}

/** The same, of what is still to be done. */
export async function wouldProvide({ disk, signal }: Context, providing: Providing): Promise<Provided> {
  const { cache, metadata, problems, input } = providing;
  const lacking = cache?.surveys.flatMap(lackingIn) ?? [];
  const blobs = cache?.surveys.flatMap((survey) => survey.blobs) ?? [];
  const none = { files: 0, bytes: 0 };
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  const beside = await lookAtMetadata({ disk, root: input.root, signal }, metadata);
  const known = beside.rows.filter(([, , path]) => path.endsWith(METADATA)).length;
  return {
    cache: cache && {
      folder: cache.asked,
      files: lacking.length,
      blobs: { reflink: none, link: none, copy: { files: blobs.length, bytes } },
      refs: cache.surveys.flatMap(({ ref }) => (ref === undefined ? [] : [ref])),
      there: thereIn(cache.surveys),
    },
    metadata: { written: metadata.files.length - known, removed: 0 },
    problems: [...problems, ...beside.problems],
    record: "none",
  };
}

const METADATA = ".metadata";

function told({ files, blobs, refs }: WrittenCache): Pick<WrittenCache, "files" | "blobs" | "refs"> {
  return { files, blobs, refs };
}

function thereIn(surveys: readonly CacheSurvey[]): Tally {
  const all = surveys.flatMap((survey) => {
    const lacking = new Set(lackingIn(survey));
    return survey.problems.length > 0 ? [] : survey.layout.files.filter((file) => !lacking.has(file));
  });
  return { files: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
}

async function provideMetadata(
  { disk, signal }: Context,
  { input, metadata, before }: Providing,
  writer: Writer,
): Promise<{ written: number; removed: number; rows: readonly ProvidedRow[]; problems: readonly Problem[] }> {
  const { root, state, scope, manifest } = input;
  const wanted = new Set<string>([...metadata.files, ...metadata.tags].map(({ path }) => path));
  const stale = (before?.record.rows ?? []).filter(
    ([where, source, path]) => where === "tree" && (scope?.has(source) ?? true) && !wanted.has(path),
  );
  if (wanted.size + stale.length === 0) return { written: 0, removed: 0, rows: [], problems: [] };
  const change = treeChange(disk, root, openTrash(disk, state, writer.id));
  const beside = join(state, JOURNALS, `${providedName(manifest.owner)}.${writer.id}.new`);
  const survey = await onDisk("look at what hf download looks for", () =>
    lookAtMetadata({ disk, root, signal }, metadata),
  );
  const removed = await onDisk("remove what hf download looked for", () =>
    removeMetadata({ disk, root, change }, stale),
  );
  const { rows, problems } = await writeMetadata({ disk, root, state, change, beside, signal }, survey);
  return {
    written: rows.filter(([, , path]) => path.endsWith(METADATA)).length,
    removed,
    rows: [...survey.rows, ...rows],
    problems: [...survey.problems, ...problems],
  };
}

/** Of sources that this sync leaves alone. */
function keptRows({ input: { scope, manifest }, before, cache }: Providing): readonly ProvidedRow[] {
  if (scope === undefined || before === undefined) return [];
  const names = new Set(manifest.sources.map(({ name }) => name));
  const isSameCache = cache === undefined || before.record.cache === cache.folder;
  return before.record.rows.filter(
    ([where, source]) => !scope.has(source) && names.has(source) && (where === "tree" || isSameCache),
  );
}

/** That it cannot be written, as on a full disk, is no trouble: it is only a memory. */
async function record(
  { disk, env, cwd }: Context,
  { input: { state, manifest }, cache, before }: Providing,
  { rows, writer }: { rows: readonly ProvidedRow[]; writer: Writer },
): Promise<string> {
  const relative = cache !== undefined && !isAbsolute(readEnvironment(env).cacheFolder ?? "");
  const kept = cache === undefined ? before?.record : undefined;
  const provided = {
    format: 1 as const,
    owner: manifest.owner,
    asked: cache?.asked ?? kept?.asked ?? null,
    cache: cache?.folder ?? kept?.cache ?? null,
    env: Object.fromEntries(VARIABLES.map((name) => [name, env[name] ?? null])),
    cwd: relative ? cwd : null,
    rows,
  };
  try {
    return await writeProvided(disk, state, { record: provided, before, writer });
  } catch (error) {
    if (!(error instanceof TritterError) && systemCode(error) === undefined) throw error;
    return "lost";
  }
}

/** How clients would fare, for who only looks: what lacks, as drift, and what is in the way. */
export async function judgeProviding(context: Context, providing: Providing): Promise<readonly Problem[]> {
  const { disk, signal } = context;
  const { input, cache, metadata } = providing;
  const lacking = cache?.surveys.filter(isLacking) ?? [];
  const survey: MetadataSurvey = await lookAtMetadata({ disk, root: input.root, signal }, metadata);
  const beside = new Map<string, number>();
  for (const { source } of survey.files) beside.set(source, (beside.get(source) ?? 0) + 1);
  return [
    ...providing.problems,
    ...survey.problems,
    ...lacking
      .map((survey) => ({ ...survey, files: lackingIn(survey).length }))
      .map(({ layout, files, ref }) => ({
        code: "DRIFT" as const,
        message:
          files > 0
            ? `the Hub cache "${cache?.asked}" lacks ${files} of ${layout.files.length} files of "${layout.source}"`
            : `the Hub cache "${cache?.asked}" names ${ref?.before ?? "no commit"} as "${ref?.path.split("/").slice(2).join("/")}" of "${layout.source}", and the lock ${layout.commit}`,
        hint: "run tritter sync",
        source: layout.source,
      })),
    ...[...beside].map(([source, files]) => ({
      code: "DRIFT" as const,
      message: `hf download would not know ${files} files of "${source}": what it looks for is not beside them`,
      hint: "run tritter sync",
      source,
    })),
  ];
}

function isLacking(survey: CacheSurvey): boolean {
  return lackingIn(survey).length > 0 || survey.ref !== undefined;
}
