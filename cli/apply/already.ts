import { join } from "node:path";
import { systemCode, TritterError } from "../errors.ts";
import type { Write } from "../plan/types.ts";
import { algorithmsFor, hashOpenFile } from "../store/hash.ts";
import type { TreeChange } from "../tree/change.ts";
import { stampOf } from "../tree/stamp.ts";
import type { Applying } from "./types.ts";

/**
 * Did what is wanted come to its path since the plan was made, as from another sync of this root? What the plan itself
 * found there is not read again.
 */
export async function isThereAlready(
  { disk, root, signal }: Pick<Applying, "disk" | "root" | "signal">,
  change: TreeChange,
  { want: { path, digest, size }, stamp }: Write,
): Promise<boolean> {
  try {
    const found = change.stat(path);
    if (found === undefined || found.size !== size || stampOf(found) === stamp) return false;
    const file = await disk.open(join(root, path), "r");
    try {
      const digests = await hashOpenFile(file, { algorithms: algorithmsFor([digest]), size, signal });
      return digests?.includes(digest) === true && stampOf(await file.stat()) === stampOf(found);
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TritterError || systemCode(error) !== undefined) return false;
    throw error;
  }
}
