import type { Stamp } from "../../schema/ids.ts";
import type { FileStat } from "../disk/port.ts";

/** `size:mtimeNs:ctimeNs:inode`. The device is left out: it changes with every mount. */
export function stampOf(stat: FileStat): Stamp {
  return `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.inode}` as Stamp;
}

/** Bytes of a packed stamp: size, mtimeNs, ctimeNs and inode, 64 bits each in the order of this machine. */
export const PACKED_STAMP = 32;

/** Four numbers of a row; tables of them are compared as bytes. */
export function packStat(
  { size, mtimeNs, ctimeNs, inode }: FileStat,
  into: BigInt64Array,
  row: number,
): void {
  const at = row * 4;
  into[at] = BigInt(size);
  into[at + 1] = mtimeNs;
  into[at + 2] = ctimeNs;
  into[at + 3] = inode;
}

/** The same of a stamp that was recorded. */
export function packStamp(stamp: Stamp, into: BigInt64Array, row: number): void {
  into.set(stamp.split(":").map(BigInt), row * 4);
}

/**
 * Git's racy rule: a file whose times are too close to the moment it was looked at can be edited again within
 * the clock's tick and keep its stamp. `lookedAtMs` is that moment, as a wall clock tells it.
 * https://git-scm.com/docs/racy-git
 */
export function isRacy(stamp: Stamp, lookedAtMs: number): boolean {
  const [mtime, ctime] = stamp.split(":").slice(1, 3).map(BigInt) as [bigint, bigint];
  const [lookedAt, tick] = [BigInt(Math.floor(lookedAtMs)) * 1_000_000n, tickNs(mtime, ctime)];
  return lookedAt - mtime < tick || lookedAt - ctime < tick;
}

/** ms to wait after a change until a stamp of it can be told from that of a later one, on file systems with fine clocks. */
export const TICK_MS = 20;

/** Moving a file changes its ctime, so across a rename only these are compared. */
export function sameBytesStamp(before: Stamp, after: Stamp): boolean {
  const [a, b] = [before.split(":"), after.split(":")];
  return a[0] === b[0] && a[1] === b[1] && a[3] === b[3];
}

/** Linux stamps files with the time of the last timer tick, at most 10 ms ago; times without a fraction mean a file system of one or two seconds. */
function tickNs(mtime: bigint, ctime: bigint): bigint {
  const coarse = mtime % 1_000_000_000n === 0n && ctime % 1_000_000_000n === 0n;
  return coarse ? 2_000_000_000n : 15_000_000n;
}
