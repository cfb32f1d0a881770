import { dirname, join, relative, sep } from "node:path";
import { TritterError } from "../errors.ts";
import type { DirEntry, Disk } from "./port.ts";

// Folders of tritter's own, below `<root>/.tritter`. A link there would let our writes, and our removals, out of the root.

/**
 * Makes a folder at or below `state`; its name would survive a power loss. Throws DISK_REFUSED where a link or a file is on
 * the way; `whose` says in whose folders, where they are not tritter's own.
 */
export async function makeOwnFolder(
  disk: Disk,
  state: string,
  folder: string,
  whose = "tritter's own",
): Promise<void> {
  for (const path of waypoints(state, folder)) {
    if (isThere(disk, path, whose)) continue;
    if (path === state) await disk.mkdir(path);
    else {
      for (const above of waypoints(state, dirname(path))) isThere(disk, above, whose);
      disk.mkdirNow(path);
    }
    await disk.syncFolder(dirname(path));
    // Making a folder is content with a link to one, here and above.
    for (const one of waypoints(state, path)) isThere(disk, one, whose);
  }
}

/** Looks again just before something there is removed. Throws DISK_REFUSED where a link or a file is on the way; false where nothing is. */
export function isOwnFolder(disk: Disk, state: string, folder: string): boolean {
  return waypoints(state, folder).every((path) => isThere(disk, path, "tritter's own"));
}

/** The disk of a run that has begun: a root that was removed or unmounted since is not made again. Throws DISK_REFUSED then. */
export function withState(disk: Disk, state: string): Disk {
  const mkdir: Disk["mkdir"] = async (path) => {
    if (path === state) throw rootGone(dirname(state));
    await disk.mkdir(path);
  };
  return { ...disk, mkdir };
}

/** What is told where a root is not what it was when the run began. */
export function rootGone(root: string): TritterError {
  return new TritterError({
    code: "DISK_REFUSED",
    message: `cannot go on in "${root}": it was removed, replaced or unmounted meanwhile`,
    hint: "look what became of it, then run the same command again",
  });
}

/** Entries of a folder at or below `state`, none where it does not exist. Throws DISK_REFUSED where a link or a file is on the way. */
export async function readOwnFolder(disk: Disk, state: string, folder: string): Promise<readonly DirEntry[]> {
  for (const path of waypoints(state, folder)) if (!isThere(disk, path, "tritter's own")) return [];
  return (await disk.readdir(folder)) ?? [];
}

function waypoints(state: string, folder: string): string[] {
  const paths = [state];
  for (const segment of relative(state, folder).split(sep)) {
    if (segment !== "") paths.push(join(paths.at(-1) as string, segment));
  }
  return paths;
}

function isThere(disk: Disk, path: string, whose: string): boolean {
  const stat = disk.lstat(path);
  if (stat === undefined) return false;
  if (stat.kind === "folder") return true;
  throw new TritterError({
    code: "DISK_REFUSED",
    message: `cannot use "${path}": it is a ${stat.kind}, and should be a folder of ${whose}`,
    hint: "move it away, then run the same command again",
  });
}
