import type { TreePath } from "../../schema/ids.ts";
import { onDisk } from "../disk/trouble.ts";
import type { Entry } from "../receipt/entries.ts";
import type { TreeChange } from "../tree/change.ts";
import type { Applying } from "./types.ts";

/** What a run did to the tree. */
export interface Done {
  /** Paths with a new file, which may have been recorded before. */
  readonly placed: readonly TreePath[];
  /** Paths whose file is no longer there, or no longer ours. */
  readonly left: readonly TreePath[];
}

/**
 * Makes what was done survive a power loss, and says so in the receipt. The bytes were flushed before they became
 * ready; their names are flushed here. What went is forgotten only now: a power loss could bring it back. A run that
 * stops before costs the next boot a look at these files.
 */
export async function settle(
  { journal, owner }: Applying,
  change: TreeChange,
  { placed, left }: Done,
): Promise<void> {
  await onDisk("flush the folders written to", () => change.flushFolders([...placed, ...left]));
  await onDisk("remove emptied folders", () => change.removeEmptied(left));
  const gone = left.map((path): Entry => ({ op: "gone", owner, path }));
  await journal.durable([...gone, { op: "flushed" }]);
}
