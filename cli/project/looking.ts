import { algorithmOf, type Digest, hexOf, type RepoType } from "../../schema/ids.ts";
import type { LockedFile, LockedSource, Refuge } from "../../schema/lock.ts";
import type { Source } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { type ErrorCode, TritterError } from "../errors.ts";
import { pointerOid } from "../hub/pointer.ts";
import type { Hub, Listed, RepoRef, Resolved } from "../hub/port.ts";
import { DEFAULT_REVISION } from "../lock/digests.ts";
import { probePath } from "../resolve/pin.ts";
import { type Find, findIn, hasAll } from "../resolve/shelter.ts";

/** A revision of a repository that may hold what is looked for. */
export interface Place {
  /** undefined: that of the source. */
  readonly type: RepoType | undefined;
  readonly repo: string;
  readonly revision: string;
}

export interface Looking {
  readonly hub: Hub;
  readonly context: Context;
  /** Named on the command line. */
  readonly further: readonly Place[];
  /** Answers of this run, so that sources of one repository share them. */
  readonly there: Map<string, Promise<boolean>>;
  readonly listings: Map<string, Promise<readonly Listed[]>>;
}

export interface Looked {
  /** In the order they were looked through. */
  readonly finds: readonly Find[];
  /** `dataset o/mirror at main: 7 of 9 files`, one a place. */
  readonly told: readonly string[];
}

/**
 * Whether a pin can be had: false only on the Hub's word that its commit, or its repository, is gone for good. Of one that
 * was private that word is no proof. Throws as `Hub.resolve`.
 */
export async function isThere(
  { hub, there }: Looking,
  { type, repo, commit, ...pin }: Refuge & { readonly private?: boolean | undefined },
): Promise<boolean> {
  const ask = async () => {
    try {
      return (await hub.resolve({ type, repo }, commit)).disabled !== true;
    } catch (error) {
      if (!(error instanceof TritterError)) throw error;
      const isHidden = error.lasting === "missing" && pin.private === true;
      if (isHidden || (error.code !== "PIN_GONE" && !isGone(error))) throw error;
      return false;
    }
  };
  return once(there, keyOf({ type, repo }, commit), ask);
}

/** Looks through places one by one, until one holds everything. What cannot be had for good is told, other trouble is thrown. */
export async function lookFor(
  looking: Looking,
  entry: LockedSource,
  places: readonly (Place & { readonly type: RepoType })[],
): Promise<Looked> {
  const finds: Find[] = [];
  const told: string[] = [];
  const seen = new Set<string>();
  for (const place of places) {
    const label = `${place.type} ${printable(place.repo)} at ${printable(place.revision)}`;
    const { find, ...looked } = await lookInto(looking, entry, place);
    const commit = find && keyOf(find.refuge, find.refuge.commit);
    // Several revisions may name one commit.
    if (commit !== undefined && seen.has(commit)) continue;
    told.push(`${label}: ${looked.told}`);
    if (find === undefined || commit === undefined) continue;
    seen.add(commit);
    finds.push(find);
    if (hasAll(find, entry.files)) break;
  }
  return { finds, told };
}

/** Where the same bytes may be: the repository itself, what may stand in for the source, what the command line names. */
export function placesOf(
  entry: LockedSource,
  source: Source | undefined,
  further: readonly Place[],
): readonly (Place & { readonly type: RepoType })[] {
  const { type, repo, revision } = entry;
  const refuges = (entry.rescued ?? []).map(({ commit, ...place }) => ({
    ...place,
    revision: commit as string,
  }));
  const own = [revision, DEFAULT_REVISION].map((name) => ({ type, repo, revision: name }));
  const carriers = source === undefined ? [] : [source, ...source.fallbacks];
  const all = [...refuges, ...own, ...carriers, ...further].map((place) => ({
    type: place.type ?? type,
    repo: place.repo,
    revision: place.revision,
  }));
  // A commit that is gone is not looked for again.
  const places = all.filter((place) => place.revision !== entry.commit || place.repo !== repo);
  return [...new Map(places.map((place) => [keyOf(place, place.revision), place])).values()];
}

interface LookedInto {
  readonly find: Find | undefined;
  readonly told: string;
}

async function lookInto(
  looking: Looking,
  { name, files }: LockedSource,
  { type, repo, revision }: Place & { readonly type: RepoType },
): Promise<LookedInto> {
  const { emit } = looking.context;
  emit({ kind: "resolving", source: name, repo, revision });
  try {
    const resolved = await looking.hub.resolve({ type, repo }, revision);
    if (resolved.disabled === true) return { find: undefined, told: "the Hub has disabled it" };
    const refuge = { repo: resolved.repo, type, commit: resolved.commit };
    const find = findIn(refuge, await listOf(looking, refuge, name), { files, digestFor: unmask(files) });
    const held = files.filter((file) => find.pathOf(file) !== undefined);
    const told = `${held.length} of ${files.length} files`;
    const refused = held.length === 0 ? undefined : await refusal(looking.hub, resolved, { find, held });
    return refused === undefined ? { find, told } : { find: undefined, told: `${told}, but ${refused}` };
  } catch (error) {
    if (!(error instanceof TritterError) || !(isGone(error) || ABSENT.has(error.code))) throw error;
    return { find: undefined, told: error.message };
  }
}

function isGone({ lasting }: TritterError): boolean {
  return lasting !== undefined;
}

const ABSENT: ReadonlySet<ErrorCode> = new Set(["REVISION_NOT_FOUND", "PIN_GONE", "LISTING_INCOMPLETE"]);

/** Listings are open to all where files may not be: one of them is asked for before anything relies on it. */
async function refusal(
  hub: Hub,
  { gated }: Resolved,
  { find, held }: { find: Find; held: readonly LockedFile[] },
): Promise<string | undefined> {
  const path = probePath(held.map((file) => ({ ...file, path: find.pathOf(file) ?? file.path })));
  if ((gated ?? false) === false || path === undefined) return undefined;
  const { type, repo, commit } = find.refuge;
  const access = await hub.access({ type, repo }, commit, path);
  return access.kind === "granted" ? undefined : access.problem.message;
}

/** A masked entry still tells the id of its pointer, which follows from a sha256 that is wanted. */
function unmask(files: readonly LockedFile[]): (listed: Listed) => Digest | undefined {
  let pointers: ReadonlyMap<string, Digest> | undefined;
  return ({ pointer }) => {
    if (pointer === undefined) return undefined;
    pointers ??= new Map(
      files
        .filter(({ digest }) => algorithmOf(digest) === "sha256")
        .map(({ digest, size }) => [pointerOid(hexOf(digest), size), digest]),
    );
    return pointers.get(pointer);
  };
}

function listOf(
  { hub, context, listings }: Looking,
  { type, repo, commit }: Refuge,
  source: string,
): Promise<readonly Listed[]> {
  return once(listings, keyOf({ type, repo }, commit), async () => {
    const files: Listed[] = [];
    for await (const page of hub.list({ type, repo }, commit)) {
      context.signal.throwIfAborted();
      for (const file of page) files.push(file);
      context.emit({ kind: "listing", source, files: files.length });
    }
    return files;
  });
}

function once<T>(answers: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key) ?? ask();
  answers.set(key, known);
  return known;
}

function keyOf({ type, repo }: RepoRef, revision: string): string {
  return `${type} ${repo.toLowerCase()} ${revision}`;
}
