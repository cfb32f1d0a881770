import { join } from "node:path";
import type { Context } from "../context.ts";
import type { Disk, FileStat } from "../disk/port.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";

/** The root may be a symlink, and need not exist yet. Throws DISK_REFUSED where something else is there. */
export async function resolveRoot({ disk }: Context, root: string): Promise<string> {
  try {
    const stat = disk.lstat(root);
    if (stat === undefined || stat.kind === "folder") return root;
    const real = await disk.realpath(root);
    if (disk.lstat(real)?.kind === "folder") return real;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`open the root "${root}"`, error), error);
  }
  throw new TritterError({
    code: "DISK_REFUSED",
    message: `cannot use the root "${root}": it is not a folder`,
    hint: 'give another "root" in the manifest',
  });
}

/** Our own folder must be a real one: a link would let our writes out of the root. */
export function stateFolder({ disk }: Context, root: string): string {
  const state = join(root, ".tritter");
  const kind = kindAt(disk, state);
  if (kind === undefined || kind === "folder") return state;
  throw new TritterError({
    code: "DISK_REFUSED",
    message: `cannot use "${state}": it is a ${kind}, and should be a folder of tritter's own`,
    hint: "move it away, then run the same command again",
  });
}

function kindAt(disk: Disk, path: string): FileStat["kind"] | undefined {
  try {
    return disk.lstat(path)?.kind;
  } catch (error) {
    throw new TritterError(diskProblem(`look at "${path}"`, error), error);
  }
}
