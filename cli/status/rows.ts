import type { TreePath } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { looker } from "../tree/look.ts";
import { PACKED_STAMP, packStat } from "../tree/stamp.ts";

/** Files, and the stamps they should have. */
export interface Rows {
  /** Absolute, resolved. */
  readonly root: string;
  readonly paths: readonly TreePath[];
  /** Packed, one a path. */
  readonly stamps: Uint8Array;
}

/** Rows looked at before anything else gets its turn, such as a signal to stop: a few milliseconds' worth. */
const STEP = 1_024;

/** Are all of these files, below folders and no links, with those very stamps? Ends at the first that is not. */
export async function areUnchanged(disk: Disk, rows: Rows, signal: AbortSignal): Promise<boolean> {
  const look = looker(disk, rows.root);
  const found = new BigInt64Array((STEP * PACKED_STAMP) / 8);
  const bytes = new Uint8Array(found.buffer);
  const { paths, stamps } = rows;
  for (let from = 0; from < paths.length; from += STEP) {
    signal.throwIfAborted();
    const to = Math.min(from + STEP, paths.length);
    for (let row = from; row < to; row++) {
      const sight = look.look(paths[row] as TreePath);
      if (sight.kind !== "file") return false;
      packStat(sight.stat, found, row - from);
    }
    const wanted = stamps.subarray(from * PACKED_STAMP, to * PACKED_STAMP);
    if (Buffer.compare(wanted, bytes.subarray(0, wanted.length)) !== 0) return false;
    await breath();
  }
  return true;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
