import { join } from "node:path";
import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, systemCode } from "../errors.ts";
import type { Blob, Plan } from "../plan/types.ts";
import { parentOf } from "../tree/look.ts";
import type { Applying } from "./types.ts";

/** For the whole plan, before the first byte. What goes to the trash stays on the disk, so it frees nothing. */
export async function spaceProblem(
  disk: Disk,
  root: string,
  { plan, beside }: Pick<Applying, "plan" | "beside">,
): Promise<Problem | undefined> {
  const { bytes = 0, files = 0 } = beside ?? {};
  const tree = roomFor(disk, root, plan);
  const need = { bytes: tree.bytes + bytes, inodes: tree.inodes + files };
  const have = await onDisk(`look at the space in "${root}"`, () => disk.space(root));
  return shortage(root, need, have);
}

/** What a plan takes at most, or a file system has; undefined: it does not say. */
export interface Room {
  readonly bytes: number | undefined;
  /** Files and folders. */
  readonly inodes: number | undefined;
}

export function roomFor(disk: Disk, root: string, plan: Plan): { bytes: number; inodes: number } {
  const { bytes, files } = needOf(plan);
  return { bytes, inodes: files === 0 ? 0 : files + newFolders(disk, root, plan) + OWN_INODES };
}

export function shortage(
  root: string,
  need: { bytes: number; inodes: number },
  have: Room,
): Problem | undefined {
  if (have.bytes !== undefined && need.bytes > have.bytes)
    return problem(`${need.bytes} bytes are needed in "${root}" and ${have.bytes} are free`);
  if (have.inodes === undefined || need.inodes <= have.inodes) return undefined;
  return problem(
    `${need.inodes} files and folders are to be made in "${root}" and the file system has room for ${have.inodes}`,
  );
}

/** Journal, trash, and folders of the store with what is being received. */
const OWN_INODES = 16;

/** Folders above the plan's files that are not there yet. */
function newFolders(disk: Disk, root: string, plan: Plan): number {
  const seen = new Set<string>();
  let count = 0;
  for (const { want } of plan.writes) {
    for (let folder = parentOf(want.path); folder !== "" && !seen.has(folder); folder = parentOf(folder)) {
      seen.add(folder);
      if (isMissing(disk, join(root, folder))) count += 1;
    }
  }
  return count;
}

/** One that cannot be looked at is met when it is written to. */
function isMissing(disk: Disk, folder: string): boolean {
  try {
    return disk.lstat(folder) === undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

function needOf(plan: Plan): { bytes: number; files: number } {
  let bytes = 0;
  for (const blob of plan.blobs) {
    const copies = blob.paths.length - 1 + (blob.from.kind === "tree" && blob.from.how === "copy" ? 1 : 0);
    bytes += newBytes(blob) + copies * blob.size;
  }
  return { bytes, files: plan.writes.length };
}

function newBytes({ from, size }: Blob): number {
  if (from.kind === "generated") return size;
  return from.kind === "fetch" ? size - from.have : 0;
}

function problem(what: string): Problem {
  return {
    code: "NO_SPACE",
    message: `cannot begin: ${what}`,
    hint: "free some space, or sync fewer sources by name",
  };
}
