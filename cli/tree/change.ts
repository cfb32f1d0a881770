// All that ever changes a user's folders. Nothing here follows a link below the root, writes into a file in
// place, or removes bytes whose stamp is not the one the caller saw.

import { dirname, join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import type { Disk, FileStat } from "../disk/port.ts";
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
  /** Moves whatever is at the path, a symlink itself included, to the trash. Resolves to its place below the state folder; undefined: nothing was there. */
  discard(path: TreePath, why: string): Promise<string | undefined>;
  /** Removes a file; false where it is no longer the one of `stamp` (it is left alone). */
  remove(path: TreePath, stamp: Stamp): Promise<boolean>;
  /** Removes the folder at this path if it and all below it hold no file: what a run leaves that stopped while clearing it. */
  removeHollow(path: TreePath): Promise<void>;
  /** Removes folders above these paths that are empty, never the root. */
  removeEmptied(paths: Iterable<TreePath>): Promise<void>;
  /** Forgets which parents were seen to be folders: called between batches, so that what changed meanwhile is met. */
  lookAgain(): void;
  /** Is it still the file of this stamp? */
  isStill(path: TreePath, stamp: Stamp): boolean;
  /** undefined where there is no plain file. */
  stat(path: TreePath): FileStat | undefined;
  /** Makes names in the folders of these paths durable. */
  flushFolders(paths: Iterable<TreePath>): Promise<void>;
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
    await disk.rename(from, absolute(to));
  };
  return {
    stat,
    isStill,
    lookAgain: () => folders.forget(),
    place: rename,
    move: async (from, to, stamp) => {
      if (!isStill(from, stamp)) return false;
      await rename(absolute(from), to);
      return true;
    },
    takeOut: async (from, to, stamp) => {
      if (!isStill(from, stamp)) return false;
      await disk.rename(absolute(from), to);
      const taken = disk.lstat(to);
      if (taken !== undefined && sameBytesStamp(stamp, stampOf(taken))) return true;
      // Changed in the instant between: these are no longer the bytes we know.
      await trash.take(to, { path: from, why: "modified", size: taken?.size ?? 0 });
      return false;
    },
    discard: async (path, why) => {
      folders.assert(parentOf(path));
      const found = disk.lstat(absolute(path));
      if (found === undefined || found.kind === "folder") return undefined;
      return trash.take(absolute(path), { path, why, size: found.size });
    },
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
    removeEmptied: (paths) => {
      folders.forget();
      return removeEmptied(disk, root, paths);
    },
    flushFolders: async (paths) => {
      for (const folder of new Set([...paths].map((path) => dirname(absolute(path)))))
        await disk.syncFolder(folder);
    },
  };
}

interface FolderMemory {
  /** Throws where a parent turned into something else since the plan was made. Absent folders are fine. */
  assert(folder: string): void;
  make(folder: string): Promise<void>;
  forget(): void;
}

/** Thousands of files share few folders: each is looked at once, until told to forget. */
function folderMemory(disk: Disk, root: string): FolderMemory {
  const seen = new Set<string>();
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
    await make(parentOf(folder));
    await disk.mkdir(join(root, folder));
    seen.add(folder);
  };
  return { assert: (folder) => void isThere(folder), make, forget: () => seen.clear() };
}

async function removeEmptied(disk: Disk, root: string, paths: Iterable<TreePath>): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) folders.add(folder);
  }
  const deepestFirst = [...folders].sort((a, b) => b.split("/").length - a.split("/").length);
  for (const folder of deepestFirst) await removeIfEmpty(disk, join(root, folder));
}

async function removeHollow(disk: Disk, folder: string): Promise<void> {
  if (disk.lstat(folder)?.kind !== "folder") return;
  for (const entry of (await disk.readdir(folder)) ?? []) {
    if (entry.kind === "folder") await removeHollow(disk, join(folder, entry.name));
  }
  await removeIfEmpty(disk, folder);
}

async function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  if (disk.lstat(folder)?.kind !== "folder") return;
  try {
    await disk.rmdir(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"].includes(systemCode(error) ?? "")) throw error;
  }
}

function inTheWay(at: string, what: string): TritterError {
  return new TritterError({
    code: "CONFLICT",
    message: `cannot write below "${at}": a ${what} is there, not a folder`,
    hint: "move it out of the way, then run the same command again",
    path: at,
  });
}
