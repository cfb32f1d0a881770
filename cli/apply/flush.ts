import type { TreeChange } from "../tree/change.ts";
import type { PlacedFile } from "./place.ts";
import type { Applying } from "./types.ts";

/**
 * Makes what was placed survive a power loss, and says so in the receipt. The bytes were flushed before they
 * became ready; their names are flushed here. A run that stops before costs the next boot a look at these files.
 */
export async function flushPlaced(
  { journal }: Applying,
  change: TreeChange,
  placed: readonly PlacedFile[],
): Promise<void> {
  if (placed.length === 0) return;
  await change.flushFolders(placed.map((file) => file.want.path));
  await journal.durable([{ op: "flushed" }]);
}
