import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import type { Clock } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import type { Entry } from "../receipt/entries.ts";
import type { Journal } from "../receipt/journal.ts";
import { placementsOf, type Receipt } from "../receipt/receipt.ts";
import { isRacy, sameBytesStamp, stampOf, TICK_MS } from "../tree/stamp.ts";

export interface Restamping {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly root: string;
  readonly owner: string;
  /** As it was read, and what this run added. */
  readonly receipt: Receipt;
  readonly journal: Journal;
}

/** A second name changes a file's ctime, and with it its stamp: the receipt learns the new one where everything else is as it was. */
export async function restamp(
  { disk, clock, root, owner, receipt, journal }: Restamping,
  paths: readonly TreePath[],
): Promise<void> {
  if (paths.length === 0) return;
  await clock.sleep(TICK_MS, new AbortController().signal);
  const now = clock.now();
  const placements = placementsOf(receipt, owner);
  const entries: Entry[] = [];
  for (const path of paths) {
    const last = journal.written().last.get(path);
    const before = last?.op === "placed" ? last : placements.get(path);
    const stat = disk.lstat(join(root, path));
    if (before?.stamp === undefined || before.size === undefined || stat?.kind !== "file") continue;
    const stamp = stampOf(stat);
    if (!sameBytesStamp(before.stamp, stamp)) continue;
    const { source, digests, size, origin, segments } = before;
    const racy = isRacy(stamp, now) && { racy: true as const };
    const checked = segments !== undefined && { segments };
    entries.push({ op: "placed", owner, source, path, digests, size, origin, ...checked, stamp, ...racy });
  }
  await journal.durable([...entries, { op: "flushed" }]);
}
