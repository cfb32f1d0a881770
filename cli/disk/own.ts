import { dirname, join, relative, sep } from "node:path";
import { TritterError } from "../errors.ts";
import type { DirEntry, Disk } from "./port.ts";

// Folders of tritter's own, below `<root>/.tritter`. A link there would let our writes, and our removals, out of the root.

/** Makes a folder at or below `state`; its name would survive a power loss. Throws DISK_REFUSED where a link or a file is on the way. */
export async function makeOwnFolder(disk: Disk, state: string, folder: string): Promise<void> {
  for (const path of waypoints(state, folder)) {
    if (isThere(disk, path)) continue;
    await disk.mkdir(path);
    await disk.syncFolder(dirname(path));
  }
}

/** Entries of a folder at or below `state`, none where it does not exist. Throws DISK_REFUSED where a link or a file is on the way. */
export async function readOwnFolder(disk: Disk, state: string, folder: string): Promise<readonly DirEntry[]> {
  for (const path of waypoints(state, folder)) if (!isThere(disk, path)) return [];
  return (await disk.readdir(folder)) ?? [];
}

function waypoints(state: string, folder: string): string[] {
  const paths = [state];
  for (const segment of relative(state, folder).split(sep)) {
    if (segment !== "") paths.push(join(paths.at(-1) as string, segment));
  }
  return paths;
}

function isThere(disk: Disk, path: string): boolean {
  const stat = disk.lstat(path);
  if (stat === undefined) return false;
  if (stat.kind === "folder") return true;
  throw new TritterError({
    code: "DISK_REFUSED",
    message: `cannot use "${path}": it is a ${stat.kind}, and should be a folder of tritter's own`,
    hint: "move it away, then run the same command again",
  });
}
