import { resolve } from "node:path";
import { printable } from "../../schema/names.ts";
import { type FolderGiver, folderGiver } from "../apply/folder.ts";
import type { Giver } from "../apply/give.ts";
import { hubGiver } from "../apply/hub-giver.ts";
import type { Context } from "../context.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { readEnvironment } from "../hub/index.ts";
import { placementsOf } from "../receipt/receipt.ts";
import type { Survey } from "../status.ts";
import { siteAt } from "./load.ts";

export interface GiverOptions {
  /** Folders, relative to where the command runs, and URLs of sites that speak as the Hub does: asked before anything else. */
  readonly from?: readonly string[];
  /** False: neither this machine's Hub cache nor the root is looked through for what would be fetched. */
  readonly adopt?: boolean;
  /** Where blocks cannot be shared, read-only files get one more name instead of a copy. */
  readonly hardLinks?: boolean;
}

/** Who is named on the command line. Throws USAGE for what is no folder, and DISK_REFUSED for one that cannot be looked into. */
export function namedGivers(
  context: Context,
  { from = [], hardLinks = false }: GiverOptions,
  { jobs, offline }: { readonly jobs: number; readonly offline: boolean },
): Promise<readonly Giver[]> {
  const giverOf = async (name: string): Promise<Giver> => {
    if (!/^https?:\/\//i.test(name)) return folderNamed(context, name, hardLinks);
    const site = siteAt(context, name, jobs);
    if (!offline) return hubGiver(site);
    throw new TritterError({
      code: "OFFLINE",
      message: `cannot take anything from "${printable(site.place)}": no socket is to be opened`,
      hint: "run without --offline and HF_HUB_OFFLINE, or name a folder",
    });
  };
  return Promise.all(from.map(giverOf));
}

/** Throws as `namedGivers`. */
export async function folderNamed(
  { cwd, disk, emit }: Context,
  name: string,
  hardLinks: boolean,
): Promise<FolderGiver> {
  const folder = resolve(cwd, name);
  const entries = await onDisk(`look into "${printable(folder)}"`, () => disk.readdir(folder));
  if (entries !== undefined) {
    const whole = { named: true, most: Number.POSITIVE_INFINITY, skip: () => false };
    return folderGiver({ ...whole, disk, emit, folder, links: true, hardLinks });
  }
  throw new TritterError({
    code: "USAGE",
    message: `cannot take anything from "${printable(folder)}": there is no such folder`,
    hint: "name a folder: a Hub cache, another tree, a git-lfs store",
  });
}

/** Entries looked at where nobody asked for it: some seconds' worth. */
const MOST = 500_000;

/** Who is asked without being named, after those: this machine's Hub cache, and the root, where another program may have put files. */
export function ownGivers(
  context: Context,
  seen: Survey,
  { owner, adopt = true, hardLinks = false }: GiverOptions & { readonly owner: string },
): readonly Giver[] {
  if (!adopt) return [];
  const { disk, env, cwd, emit } = context;
  const common = { disk, emit, named: false, most: MOST, hardLinks };
  const { cacheFolder } = readEnvironment(env);
  return [
    ...(cacheFolder === undefined
      ? []
      : [folderGiver({ ...common, folder: resolve(cwd, cacheFolder), links: true, skip: isBookkeeping })]),
    rootGiver(context, seen, owner),
  ];
}

/** The root itself, but for what the receipt knows, which the plan has looked at. */
export function rootGiver({ disk, emit }: Context, { root, receipt }: Survey, owner: string): Giver {
  const placed = placementsOf(receipt, owner) as ReadonlyMap<string, unknown>;
  const skip = (path: string) => path === ".tritter" || placed.has(path);
  return folderGiver({
    disk,
    emit,
    named: false,
    most: MOST,
    hardLinks: false,
    folder: root,
    links: false,
    skip,
  });
}

/** Folders of a Hub cache that hold no content. */
function isBookkeeping(path: string): boolean {
  return /^\.locks$|^[^/]+\/(?:refs|trees|\.no_exist)$/.test(path);
}
