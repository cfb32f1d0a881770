// All that ever changes a user's folders. Nothing here follows a link below the root, writes into a file in
// place, or removes bytes whose stamp is not the one the caller saw.

import { join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { rootGone } from "../disk/own.ts";
import type { Disk, FileStat } from "../disk/port.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { parentOf } from "./look.ts";
import { sameBytesStamp, stampOf } from "./stamp.ts";
import type { Trash } from "./trash.ts";

export interface TreeChange {
  /** Moves a verified file to its final path, over whatever file is there. The caller has dealt with those bytes. */
  place(from: string, to: TreePath): Promise<void>;
  /** Moves a file of the tree to another path of the tree; false where it is no longer the one of `stamp`. */
  move(from: TreePath, to: TreePath, stamp: Stamp): Promise<boolean>;
  /** Moves a file out of the tree to the absolute path `to`; false where it is no longer the one of `stamp`, and then nothing is at `to`. */
  takeOut(from: TreePath, to: string, stamp: Stamp): Promise<boolean>;
  /**
   * Moves whatever is at the path, a symlink itself included, to the trash; undefined: nothing was there. `ours`: a file of this
   * stamp is one that we fetched, and goes once all is done.
   */
  discard(path: TreePath, why: string, ours?: Stamp): Promise<Discarded | undefined>;
  /** Has what was discarded survive a power loss, which could else leave the name to what came after. */
  flushDiscarded(): Promise<void>;
  /** Removes a file; false where it is no longer the one of `stamp` (it is left alone). */
  remove(path: TreePath, stamp: Stamp): Promise<boolean>;
  /** Removes the folder at this path if it and all below it hold no file: what a run leaves that stopped while clearing it. */
  removeHollow(path: TreePath): Promise<void>;
  /** Removes folders above these paths that are empty, never the root. */
  removeEmptied(paths: Iterable<TreePath>): Promise<void>;
  /**
   * Forgets which parents were seen to be folders: called between batches, so that what changed meanwhile is met.
   * Throws DISK_REFUSED where the root itself is no longer the one of the beginning.
   */
  lookAgain(): void;
  /** The same, and the root is not looked at. */
  forgetParents(): void;
  /** Nothing is at the path. */
  isFree(path: TreePath): boolean;
  /** Is it still the file of this stamp? */
  isStill(path: TreePath, stamp: Stamp): boolean;
  /** The same bytes as those of this stamp, though the file was moved since. */
  isSameBytes(path: TreePath, stamp: Stamp): boolean;
  /** undefined where there is no plain file. */
  stat(path: TreePath): FileStat | undefined;
  /** Makes names in the folders of these paths durable, and the folders that were made. */
  flushFolders(paths: Iterable<TreePath>): Promise<void>;
}

export interface Discarded {
  /** Below the state folder. */
  readonly place: string;
  /** As it was when it had been moved. */
  readonly stamp: Stamp;
}

export function treeChange(disk: Disk, root: string, trash: Trash): TreeChange {
  const absolute = (path: TreePath) => join(root, path);
  const folders = folderMemory(disk, root);
  const stat = (path: TreePath) => {
    folders.assert(parentOf(path));
    const found = disk.lstat(absolute(path));
    return found?.kind === "file" ? found : undefined;
  };
  const isStill = (path: TreePath, stamp: Stamp) => {
    const found = stat(path);
    return found !== undefined && stampOf(found) === stamp;
  };
  const rename = async (from: string, to: TreePath) => {
    await folders.make(parentOf(to));
    disk.renameNow(from, absolute(to));
  };
  /** Of a file that was just moved; one that changed in the instant between is no longer what we know: to the trash. */
  const cameAlong = async (path: TreePath, to: string, stamp: Stamp) => {
    const moved = disk.lstat(to);
    if (moved !== undefined && sameBytesStamp(stamp, stampOf(moved))) return true;
    await trash.take(to, { path, why: "modified", size: moved?.size ?? 0 });
    return false;
  };
  return {
    stat,
    isStill,
    isFree: (path) => {
      folders.assert(parentOf(path));
      return disk.lstat(absolute(path)) === undefined;
    },
    isSameBytes: (path, stamp) => {
      const found = stat(path);
      return found !== undefined && sameBytesStamp(stamp, stampOf(found));
    },
    lookAgain: () => {
      folders.forget();
      folders.assertRoot();
    },
    forgetParents: folders.forget,
    place: rename,
    move: async (from, to, stamp) => {
      await folders.make(parentOf(to));
      folders.forget();
      if (!isStill(from, stamp)) return false;
      await rename(absolute(from), to);
      return cameAlong(from, absolute(to), stamp);
    },
    takeOut: async (from, to, stamp) => {
      if (!isStill(from, stamp)) return false;
      await disk.rename(absolute(from), to);
      return cameAlong(from, to, stamp);
    },
    discard: async (path, why, ours) => {
      folders.assert(parentOf(path));
      const found = disk.lstat(absolute(path));
      if (found === undefined || found.kind === "folder") return undefined;
      const lookAgain = () => {
        folders.forget();
        folders.assert(parentOf(path));
      };
      const discarded = await trash.take(absolute(path), { path, why, size: found.size, ours, lookAgain });
      folders.forget();
      return discarded;
    },
    flushDiscarded: () => trash.flush(),
    remove: async (path, stamp) => {
      if (!isStill(path, stamp)) return false;
      await disk.unlink(absolute(path));
      return true;
    },
    removeHollow: async (path) => {
      folders.assert(parentOf(path));
      if (disk.lstat(absolute(path))?.kind !== "folder") return;
      folders.forget();
      await removeHollow(disk, absolute(path));
    },
    removeEmptied: async (paths) => {
      folders.forget();
      const isFolder = (folder: string) => {
        folders.forget();
        return folders.isFolder(folder);
      };
      await removeEmptied(disk, root, { paths, isFolder });
      folders.forget();
    },
    flushFolders: async (paths) => {
      // From above: a name is durable only once its folder is.
      const above = folders.made().map((folder) => parentOf(folder));
      const below = [...paths].map((path) => parentOf(path));
      for (const folder of new Set([...above, ...below]))
        await passing(["ENOENT", "ENOTDIR", "ELOOP"], () => disk.syncFolder(join(root, folder)));
    },
  };
}

interface FolderMemory {
  /** Throws where a parent turned into something else since the plan was made. Absent folders are fine. */
  assert(folder: string): void;
  /** A real folder, below real folders. */
  isFolder(folder: string): boolean;
  make(folder: string): Promise<void>;
  /** Folders that were made, parents first. */
  made(): readonly string[];
  forget(): void;
  assertRoot(): void;
}

/** Thousands of files share few folders: each is looked at once, until told to forget. */
function folderMemory(disk: Disk, root: string): FolderMemory {
  const seen = new Set<string>();
  const made: string[] = [];
  // A root that was unmounted still is a folder, of the file system below.
  const device = lookAtRoot(disk, root)?.device;
  const assertRoot = () => {
    const now = lookAtRoot(disk, root);
    if (now?.kind !== "folder" || now.device !== device) throw rootGone(root);
  };
  const isThere = (folder: string): boolean => {
    if (folder === "" || seen.has(folder)) return true;
    if (!isThere(parentOf(folder))) return false;
    const found = disk.lstat(join(root, folder));
    if (found === undefined) return false;
    if (found.kind !== "folder") throw inTheWay(folder, found.kind);
    seen.add(folder);
    return true;
  };
  const make = async (folder: string): Promise<void> => {
    if (isThere(folder)) return;
    if (parentOf(folder) === "") assertRoot();
    await make(parentOf(folder));
    seen.clear();
    if (!isThere(parentOf(folder))) throw inTheWay(parentOf(folder), "gap");
    disk.mkdirNow(join(root, folder));
    made.push(folder);
    // Making a folder is content with a link to one, here and above.
    seen.clear();
    if (!isThere(folder)) throw inTheWay(folder, "gap");
  };
  return {
    assert: (folder) => void isThere(folder),
    isFolder: (folder) => {
      try {
        return isThere(folder);
      } catch (error) {
        if (error instanceof TritterError) return false;
        throw error;
      }
    },
    make,
    made: () => made,
    forget: () => seen.clear(),
    assertRoot,
  };
}

function lookAtRoot(disk: Disk, root: string): FileStat | undefined {
  try {
    return disk.lstat(root);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`look at "${root}"`, error), error);
  }
}

async function removeEmptied(
  disk: Disk,
  root: string,
  { paths, isFolder }: { paths: Iterable<TreePath>; isFolder: (folder: string) => boolean },
): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = parentOf(path); folder !== "" && !folders.has(folder); folder = parentOf(folder))
      folders.add(folder);
  }
  const deepestFirst = [...folders].sort((a, b) => depthOf(b) - depthOf(a));
  for (const folder of deepestFirst) if (isFolder(folder)) await removeIfEmpty(disk, join(root, folder));
}

function depthOf(folder: string): number {
  return folder.split("/").length;
}

async function removeHollow(disk: Disk, folder: string): Promise<void> {
  for (const entry of (await disk.readdir(folder)) ?? []) {
    if (entry.kind === "folder") await removeHollow(disk, join(folder, entry.name));
  }
  await removeIfEmpty(disk, folder);
}

function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  return passing(["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "EBUSY"], () => disk.rmdir(folder));
}

function inTheWay(at: string, what: string): TritterError {
  return new TritterError({
    code: "CONFLICT",
    message: `cannot go below "${printable(at)}": a ${what} is there, not a folder`,
    hint: "move it out of the way, then run the same command again",
    path: at,
  });
}
