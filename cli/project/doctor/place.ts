import { join } from "node:path";
import { foldKey } from "../../../schema/names.ts";
import { countOf, mayGive } from "../../apply/give.ts";
import { type Room, roomFor, shortage } from "../../apply/space.ts";
import type { Context } from "../../context.ts";
import { type Abilities, abilitiesOf, nearestFolder, PROBE, removeProbe } from "../../disk/abilities.ts";
import { onDisk } from "../../disk/trouble.ts";
import type { Problem } from "../../errors.ts";
import { cachedOf } from "../../hub/adoptable.ts";
import { readEnvironment } from "../../hub/index.ts";
import { wantsOf } from "../../lock/wants.ts";
import type { Count, Plan } from "../../plan.ts";
import { type Survey, survey } from "../../status.ts";
import { describedBy } from "../described.ts";
import { rootGiver } from "../givers.ts";
import type { Project } from "../load.ts";
import { problemsOfPlan } from "../sync.ts";
import type { Found } from "./finding.ts";
import { probe } from "./probe.ts";

/** ms; hashing what no stamp vouches for can take hours */
const PLAN_MS = 15_000;
/** ms of that for looking through the root for what may be there under another name */
const WALK_MS = 5_000;
const DISK_MS = 10_000;

/** Where the files are to go, by what was found out there. */
export interface Place {
  readonly root: Found<{ readonly path: string; readonly exists: boolean; readonly abilities: Abilities }>;
  /** What is free there. */
  readonly room: Found<Room>;
  /** undefined: there is no lock. */
  readonly plan: Found<Planned> | undefined;
  /** Pairs of paths of the lock that are one on a disk that folds names. */
  readonly twins: number;
  /** Of the longest path of the lock, with the root, in UTF-16 units as Windows counts them. */
  readonly longest: number;
}

export interface Planned {
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  readonly need: { readonly bytes: number; readonly inodes: number };
  readonly shortage: Problem | undefined;
  /** Of what is to be fetched, what this machine's Hub cache holds. */
  readonly cache: { readonly folder: string | undefined } & Count;
  /** What another program, such as `hf download --local-dir`, put into the root. */
  readonly here: Here;
}

interface Here {
  /** Absolute. */
  readonly root: string;
  /** At its path, with the right bytes, and not known to tritter. */
  readonly adopt: Count;
  /** Of what is to be fetched, what files elsewhere in the root may hold, by their size; undefined: there was no time to look. */
  readonly elsewhere: Count | undefined;
}

export async function lookAtPlace(context: Context, project: Project): Promise<Place> {
  const { disk } = context;
  const { root } = project.manifest;
  const free = () =>
    onDisk(`look at the space in "${root}"`, async () => disk.space(await nearestFolder(disk, root)));
  const [tried, room, plan] = await Promise.all([
    probe(context, DISK_MS, () => tryOut(context, root)),
    probe(context, DISK_MS, free),
    project.lock === undefined
      ? undefined
      : probe(context, PLAN_MS, (signal) => planOf({ ...context, signal }, project)),
  ]);
  return { root: tried, room, plan, ...namesIn(project) };
}

/** In tritter's own folder where there is one; else in the root, or where the root is to be made. */
async function tryOut({ disk }: Context, root: string) {
  return onDisk(`write in "${root}"`, async () => {
    const folder = await nearestFolder(disk, root);
    const exists = disk.lstat(root) !== undefined;
    const state = join(folder, ".tritter");
    if (!exists || disk.lstat(state)?.kind !== "folder")
      return { path: root, exists, abilities: await abilitiesOf(disk, folder, `.tritter-${PROBE}`) };
    const abandoned = ((await disk.readdir(state)) ?? []).filter(({ name }) => name.startsWith(PROBE));
    for (const { name } of abandoned) await removeProbe(disk, join(state, name)).catch(() => undefined);
    return { path: root, exists, abilities: await abilitiesOf(disk, state, PROBE) };
  });
}

async function planOf(context: Context, project: Project): Promise<Planned> {
  const { manifest, scope } = project;
  const { disk } = context;
  const lock = project.lock ?? { version: 1, sources: [], extra: {} };
  const { wants: described } = await describedBy(context, project, { lock });
  const input = { manifest, lock, described, scope, deep: false, force: false, prune: false, tolerant: true };
  const seen = await survey(context, input);
  const { plan, root, inventory } = seen;
  const need = roomFor(disk, root, plan);
  const have = await disk.space(await nearestFolder(disk, root));
  return {
    plan,
    problems: [...problemsOfPlan(plan), ...inventory.unread.values()],
    need,
    shortage: shortage(root, need, have),
    cache: await inCache(context, plan),
    here: await inRoot(context, project, seen),
  };
}

async function inRoot(context: Context, { manifest }: Project, seen: Survey): Promise<Here> {
  const { root, plan } = seen;
  const adopted = plan.keeps.filter(({ record }) => record === "adopt").map(({ want }) => want);
  const giver = rootGiver(context, seen, manifest.owner);
  const looked = await probe(context, WALK_MS, (signal) => mayGive([giver], plan.blobs, signal));
  const [offer] = looked.kind === "got" ? looked.value : [];
  const none = looked.kind === "got" ? { files: 0, bytes: 0 } : undefined;
  return {
    root,
    adopt: countOf(adopted),
    elsewhere: offer === undefined ? none : { files: offer.files, bytes: offer.bytes },
  };
}

async function inCache({ disk, env }: Context, plan: Plan): Promise<Planned["cache"]> {
  const { cacheFolder } = readEnvironment(env);
  if (cacheFolder === undefined) return { folder: undefined, files: 0, bytes: 0 };
  const fetched = plan.blobs.flatMap(({ from, digest, size }) => {
    const remote = from.kind === "fetch" ? from.remotes[0] : undefined;
    return remote === undefined ? [] : [{ remote, digest, size }];
  });
  return { folder: cacheFolder, ...(await cachedOf(disk, cacheFolder, fetched)) };
}

function namesIn({ lock, scope, manifest }: Project): Pick<Place, "twins" | "longest"> {
  const paths = lock === undefined ? [] : wantsOf(lock).filter(({ source }) => scope?.has(source) ?? true);
  const longest = paths.reduce((most, { path }) => Math.max(most, path.length), 0);
  return {
    twins: paths.length - new Set(paths.map(({ path }) => foldKey(path))).size,
    longest: longest === 0 ? 0 : manifest.root.length + 1 + longest,
  };
}
