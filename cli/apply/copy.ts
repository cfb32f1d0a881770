import type { Digest } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { algorithmsFor, contentHasher } from "../store/hash.ts";

const CHUNK = 1024 * 1024;

/**
 * A second file with the same bytes: blocks are shared where the file system can, else the copy is hashed as it
 * is made. False, and nothing at `to`, where the bytes are not those of `digests`.
 */
export async function copyVerified(
  disk: Disk,
  { from, to, digests, size }: { from: string; to: string; digests: readonly Digest[]; size: number },
): Promise<boolean> {
  if (await disk.reflink(from, to)) return true;
  const found = await copyHashing(disk, { from, to, digests, size });
  if (found.join() === digests.join()) return true;
  await disk.unlink(to);
  return false;
}

async function copyHashing(
  disk: Disk,
  { from, to, digests, size }: { from: string; to: string; digests: readonly Digest[]; size: number },
): Promise<readonly Digest[]> {
  const hasher = contentHasher(algorithmsFor(digests), size);
  const source = await disk.open(from, "r");
  try {
    const target = await disk.open(to, "wx");
    try {
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (let position = 0; ; ) {
        const count = await source.readAt(buffer, position);
        if (count === 0) {
          await target.sync();
          return hasher.digests();
        }
        const bytes = buffer.subarray(0, count);
        hasher.update(bytes);
        await target.writeAt(bytes, position);
        position += count;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
