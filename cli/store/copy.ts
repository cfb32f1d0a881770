import type { Digest } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { syncFile } from "../disk/sync-file.ts";
import { passing } from "../disk/trouble.ts";
import { algorithmsFor, contentHasher } from "./hash.ts";

const CHUNK = 1024 * 1024;

export interface Copy {
  readonly from: string;
  /** Where nothing is yet. */
  readonly to: string;
  readonly digests: readonly Digest[];
  /** bytes */
  readonly size: number;
  readonly signal: AbortSignal;
  /** Told of bytes that were copied; not where blocks are shared. */
  readonly passed?: (bytes: number) => void;
}

/**
 * A second file with the same bytes, flushed: blocks are shared where the file system can, else the copy is hashed
 * as it is made. False where the bytes are not those of `digests`. Unless true, nothing is at `to` afterwards.
 */
export async function copyVerified(disk: Disk, copy: Copy): Promise<boolean> {
  let good = false;
  try {
    if (await disk.reflink(copy.from, copy.to)) {
      await syncFile(disk, copy.to);
      good = true;
    } else {
      const found = await copyHashing(disk, copy);
      good = copy.digests.every((digest) => found.includes(digest));
    }
    return good;
  } finally {
    if (!good) await passing(["ENOENT"], () => disk.unlink(copy.to));
  }
}

async function copyHashing(
  disk: Disk,
  { from, to, digests, size, signal, passed }: Copy,
): Promise<readonly Digest[]> {
  const hasher = contentHasher(algorithmsFor(digests), size);
  const source = await disk.open(from, "r");
  try {
    const target = await disk.open(to, "wx");
    try {
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (let position = 0; ; ) {
        signal.throwIfAborted();
        const count = await source.readAt(buffer, position);
        if (count === 0) {
          await target.sync();
          return hasher.digests();
        }
        const bytes = buffer.subarray(0, count);
        hasher.update(bytes);
        await target.writeAt(bytes, position);
        position += count;
        passed?.(count);
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
