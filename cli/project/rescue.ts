import { readAddress } from "../../schema/address.ts";
import type { TreePath } from "../../schema/ids.ts";
import type { Lock, LockedFile, LockedSource, Refuge } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf, TritterError } from "../errors.ts";
import { DEFAULT_REVISION } from "../lock/digests.ts";
import { pool } from "../pool.ts";
import { type Shelter, shelterIn } from "../resolve/shelter.ts";
import { survey } from "../status.ts";
import { endpointsOf } from "./add.ts";
import { lazyHub, loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";
import { replaceLock } from "./locking.ts";
import { isThere, type Looked, type Looking, lookFor, type Place, placesOf } from "./looking.ts";
import { lostProblems } from "./lost.ts";

export interface RescueOptions extends ProjectOptions {
  /** Further repositories to look in: `owner/name[@revision]`, a page of the Hub, or `hf://…`. */
  readonly from: readonly string[];
  readonly dryRun: boolean;
}

export interface RescueResult {
  /** Absolute. */
  readonly lockFile: string;
  readonly root: string;
  /** In the order of the lock. */
  readonly sources: readonly RescuedSource[];
  /** What was found is not what the lock says; written unless it is a dry run. */
  readonly differs: boolean;
  readonly wrote: boolean;
  readonly problems: readonly Problem[];
}

/** What became of one source, and of what it is pinned to. */
export interface RescuedSource {
  readonly source: string;
  /**
   * `standing`: its commit can be had; `back`: again, so that it needs no refuge; `kept`: what it was rescued to can be had;
   * `rescued`: by now; `stranded`: not all of it is to be had from a repository; `unknown`: a problem says why.
   */
  readonly state: "standing" | "back" | "kept" | "rescued" | "stranded" | "unknown";
  readonly pin: Refuge;
  readonly refuges: Shelter["refuges"];
  /** Files that are on this disk, and in no repository that was asked. */
  readonly here: readonly HeldFile[];
  /** In the repository: files that nothing has. */
  readonly lost: readonly TreePath[];
  /** What was looked through, one line a repository. */
  readonly looked: readonly string[];
}

export interface HeldFile {
  /** In the repository. */
  readonly path: TreePath;
  /** Below the root: where a file with those bytes is. undefined: in tritter's own store. */
  readonly at: TreePath | undefined;
}

/**
 * For sources whose commit, or whose repository, is gone: looks for every digest they want elsewhere, and locks where
 * it is to be had. What is wanted stays the same, byte by byte.
 */
export async function rescueProject(context: Context, options: RescueOptions): Promise<RescueResult> {
  const project = await loadProject(context, options);
  const lock = requireLock(project);
  const further = options.from.map((spec) => placeOf(spec, endpointsOf(context, project)));
  const names = new Set(project.manifest.sources.map(({ name }) => name));
  const entries = lock.sources.filter(({ name }) => project.scope?.has(name) ?? names.has(name));
  const { hub, close } = lazyHub(context, project, REQUESTS);
  try {
    const looking: Looking = { hub: hub(), context, further, listings: new Map(), there: new Map() };
    const rescues = await rescueAll(looking, project, entries);
    const strandedAny = [...rescues.values()].some(({ shelter }) => (shelter?.missing.length ?? 0) > 0);
    const disk = strandedAny ? await onThisDisk(context, project, lock) : undefined;
    const sources = entries.map((entry) => settled(entry, rescues.get(entry.name) as Rescue, disk));
    const next = { ...lock, sources: withEntries(lock, sources) };
    const differs = next.sources.some((entry, index) => entry !== lock.sources[index]);
    const wrote = differs && !options.dryRun && (await replaceLock(context, project, next));
    const problems = [
      ...[...rescues.values()].flatMap((rescue) => rescue.problems),
      ...lostProblems(
        sources.map(({ told }) => told),
        project.manifest.root,
      ),
    ];
    const { lockFile, manifest } = project;
    const told = sources.map((source) => source.told);
    return { lockFile, root: manifest.root, sources: told, differs, wrote, problems };
  } finally {
    await close();
  }
}

/** Where `--from` says to look. Throws USAGE. */
function placeOf(spec: string, endpoints: readonly string[]): Place {
  const read = readAddress(spec, endpoints);
  if (read.kind === "ok" && read.address.part.kind === "all") {
    const { type, repo, revision = DEFAULT_REVISION } = read.address;
    return { type, repo, revision };
  }
  const why = read.kind === "mistake" ? read.why : "names some of its files, and all are looked through";
  const hint = read.kind === "mistake" ? read.hint : `give the repository alone: ${read.address.repo}`;
  throw new TritterError({
    code: "USAGE",
    message: `cannot look in "${printable(spec)}": it ${why}`,
    ...(hint !== undefined && { hint }),
  });
}

/** Requests at once. */
const REQUESTS = 8;
/** Sources looked for at once. */
const WIDTH = 4;

interface Rescue {
  readonly state: RescuedSource["state"];
  readonly shelter: Shelter | undefined;
  readonly looked: readonly string[];
  readonly problems: readonly Problem[];
}

async function rescueAll(
  looking: Looking,
  project: Project,
  entries: readonly LockedSource[],
): Promise<ReadonlyMap<string, Rescue>> {
  const { signal } = looking.context;
  const rescues = new Map<string, Rescue>();
  await pool(entries, { width: WIDTH, signal }, async (entry) => {
    try {
      rescues.set(entry.name, await rescueOne(looking, project, entry));
    } catch (error) {
      signal.throwIfAborted();
      const problems = problemsOf(error).map((problem) => ({ ...problem, source: entry.name }));
      rescues.set(entry.name, { state: "unknown", shelter: undefined, looked: [], problems });
    }
  });
  return rescues;
}

async function rescueOne(looking: Looking, project: Project, entry: LockedSource): Promise<Rescue> {
  const quiet = { shelter: undefined, looked: [], problems: [] };
  const { rescued } = entry;
  if (await isThere(looking, entry)) return { state: rescued === undefined ? "standing" : "back", ...quiet };
  if (rescued !== undefined && looking.further.length === 0 && (await isSheltered(looking, entry)))
    return { state: "kept", ...quiet };
  const source = project.manifest.sources.find(({ name }) => name === entry.name);
  const looked: Looked = await lookFor(looking, entry, placesOf(entry, source, looking.further));
  const shelter = shelterIn(entry.files, looked.finds);
  return {
    state: shelter.missing.length === 0 ? "rescued" : "stranded",
    shelter,
    looked: looked.told,
    problems: [],
  };
}

async function isSheltered(looking: Looking, { rescued = [], files }: LockedSource): Promise<boolean> {
  if (files.some(({ from }) => from?.refuge === 0)) return false;
  const there = await Promise.all(rescued.map((refuge) => isThere(looking, refuge)));
  return there.every(Boolean);
}

/** Digest → where a verified file with it is, as a sync would find it. */
type OnDisk = ReadonlyMap<LockedFile["digest"], TreePath | undefined>;

async function onThisDisk(context: Context, { manifest, scope }: Project, lock: Lock): Promise<OnDisk> {
  // What describes the data is written wherever the lock is.
  const documents = { manifest, lock, described: [] };
  const { plan } = await survey(context, { ...documents, scope, deep: false, force: false, prune: false });
  const kept = plan.keeps.map(({ want }) => [want.digest, want.path] as const);
  const held = plan.blobs.flatMap(({ digest, from }) =>
    from.kind === "fetch" ? [] : [[digest, from.kind === "tree" ? from.path : undefined] as const],
  );
  return new Map([...held, ...kept]);
}

interface Settled {
  readonly told: RescuedSource;
  /** What the lock shall have. */
  readonly entry: LockedSource;
}

/** All of it must be somewhere, some of it in a repository: else there is nothing to write down. */
function settled(entry: LockedSource, { state, shelter, looked }: Rescue, disk: OnDisk | undefined): Settled {
  const missing = shelter?.missing ?? [];
  const here = missing.filter(({ digest }) => disk?.has(digest));
  const lost = missing.filter(({ digest }) => !disk?.has(digest)).map(({ path }) => path);
  const told: RescuedSource = {
    source: entry.name,
    state,
    pin: { repo: entry.repo, type: entry.type, commit: entry.commit },
    refuges: shelter?.refuges ?? [],
    here: here.map(({ path, digest }) => ({ path, at: disk?.get(digest) })),
    lost,
    looked,
  };
  if (state === "back") return { told, entry: unsheltered(entry) };
  if (shelter === undefined || lost.length > 0 || shelter.refuges.length === 0) return { told, entry };
  const rescued = shelter.refuges.map(({ refuge }) => refuge);
  const next = { ...entry, rescued, files: shelter.files };
  const isSame = JSON.stringify([rescued, next.files]) === JSON.stringify([entry.rescued, entry.files]);
  if (!isSame) return { told, entry: next };
  return { told: state === "rescued" ? { ...told, state: "kept" } : told, entry };
}

function unsheltered(entry: LockedSource): LockedSource {
  return { ...entry, rescued: undefined, files: entry.files.map(({ from: _, ...file }) => file) };
}

function withEntries(lock: Lock, sources: readonly Settled[]): readonly LockedSource[] {
  const next = new Map(sources.map(({ entry }) => [entry.name, entry]));
  return lock.sources.map((entry) => next.get(entry.name) ?? entry);
}
