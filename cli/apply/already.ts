import { join } from "node:path";
import { systemCode, TritterError } from "../errors.ts";
import type { Want } from "../lock/wants.ts";
import type { Write } from "../plan/types.ts";
import type { Origin } from "../receipt/placement.ts";
import { type Receipt, readReceipt } from "../receipt/receipt.ts";
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

/**
 * Whose bytes came to a path meanwhile: ours to replace and unlink, where another sync announced them there, as one does before
 * it renames; the user's otherwise. Journals are read when first asked, and again where they did not say yet.
 */
export function originsOfOthers({
  disk,
  state,
  store: { writer },
}: Pick<Applying, "disk" | "state" | "store">): (want: Want) => Promise<Origin> {
  let known: Receipt | undefined;
  return async (want) => {
    const told = known && announcedIn(known, want);
    if (told !== undefined) return told;
    known = await readReceipt(disk, state, writer);
    return announcedIn(known, want) ?? "adopted";
  };
}

function announcedIn({ owners }: Receipt, { path, digest }: Want): Origin | undefined {
  for (const placements of owners.values()) {
    const placement = placements.get(path);
    const intent = placement?.intents.find((one) => one.digest === digest);
    if (intent !== undefined) return intent.origin;
    if (placement?.digests.includes(digest)) return placement.origin;
  }
  return undefined;
}
