import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import type { Problem } from "../errors.ts";
import type { Plan } from "../plan/types.ts";

/** For the whole plan, before the first byte. What goes to the trash stays on the disk, so it frees nothing. */
export async function spaceProblem(disk: Disk, root: string, plan: Plan): Promise<Problem | undefined> {
  const need = needOf(plan);
  const have = await onDisk(`look at the space in "${root}"`, () => disk.space(root));
  if (have.bytes !== undefined && need.bytes > have.bytes) {
    return problem(`${need.bytes} bytes are needed in "${root}" and ${have.bytes} are free`);
  }
  if (have.inodes !== undefined && need.inodes > have.inodes) {
    return problem(
      `${need.inodes} files are to be made in "${root}" and the file system has room for ${have.inodes}`,
    );
  }
  return undefined;
}

function needOf(plan: Plan): { bytes: number; inodes: number } {
  let bytes = 0;
  for (const blob of plan.blobs) {
    const copies = blob.paths.length - 1 + (blob.from.kind === "tree" && blob.from.how === "copy" ? 1 : 0);
    const fetched = blob.from.kind === "fetch" ? blob.size - blob.from.have : 0;
    bytes += fetched + copies * blob.size;
  }
  return { bytes, inodes: plan.writes.length };
}

function problem(what: string): Problem {
  return {
    code: "NO_SPACE",
    message: `cannot begin: ${what}`,
    hint: "free some space, or sync fewer sources by name",
  };
}
