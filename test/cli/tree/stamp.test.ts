import { describe, expect, it } from "vitest";
import type { FileStat } from "../../../cli/disk/port.ts";
import { isRacy, packStamp, packStat, sameBytesStamp, stampOf } from "../../../cli/tree/stamp.ts";

const MS = 1_000_000n;
const NOW = 1_893_456_000_123;
const at = (ms: number) => BigInt(ms) * MS;

function stat(parts: Partial<FileStat> = {}): FileStat {
  const times = { mtimeNs: at(NOW - 60_000) + 5n, ctimeNs: at(NOW - 60_000) + 7n };
  return { kind: "file", size: 9, ...times, inode: 3n, device: 1n, ...parts };
}

describe("stampOf()", () => {
  it.each<[string, Partial<FileStat>]>([
    ["size", { size: 8 }],
    ["mtime, by a nanosecond", { mtimeNs: stat().mtimeNs + 1n }],
    ["ctime, by a nanosecond", { ctimeNs: stat().ctimeNs + 1n }],
    ["inode", { inode: 4n }],
  ])("tells another %s", (_, parts) => {
    expect(stampOf(stat(parts))).not.toBe(stampOf(stat()));
  });

  it("does not change with a mount", () => {
    expect(stampOf(stat({ device: 2n }))).toBe(stampOf(stat()));
  });
});

describe("sameBytesStamp()", () => {
  it("lets a rename pass, which changes ctime, and nothing else", () => {
    const before = stampOf(stat());
    expect(sameBytesStamp(before, stampOf(stat({ ctimeNs: 1n })))).toBe(true);
    for (const parts of [{ size: 8 }, { mtimeNs: 1n }, { inode: 4n }])
      expect(sameBytesStamp(before, stampOf(stat(parts)))).toBe(false);
  });
});

describe("packStat() and packStamp()", () => {
  it("write the same row for a stat and its stamp, and no other", () => {
    const stats = [stat(), stat({ size: 0, mtimeNs: -1n, ctimeNs: 2n ** 62n, inode: 2n ** 63n - 1n })];
    const tables = [new BigInt64Array(16), new BigInt64Array(16)] as const;
    for (const row of [0, 2]) {
      packStat(stats[row / 2] as FileStat, tables[0], row);
      packStamp(stampOf(stats[row / 2] as FileStat), tables[1], row);
    }
    expect(tables[0]).toEqual(tables[1]);
    const zeros = [0n, 0n, 0n, 0n];
    const first = [9n, stat().mtimeNs, stat().ctimeNs, 3n];
    expect([...tables[0]]).toEqual([...first, ...zeros, 0n, -1n, 2n ** 62n, 2n ** 63n - 1n, ...zeros]);
  });
});

describe("isRacy()", () => {
  const racy = (mtimeNs: bigint, ctimeNs: bigint) => isRacy(stampOf(stat({ mtimeNs, ctimeNs })), NOW);
  const old = at(NOW - 60_000) + 1n;

  it.each<[string, bigint, bigint, boolean]>([
    ["both long ago", old, old, false],
    ["written a millisecond ago", at(NOW - 1), at(NOW - 1), true],
    ["written a tick ago", at(NOW - 16), at(NOW - 16), false],
    ["written now, its mtime set back", old, at(NOW - 1), true],
    ["from a clock ahead of ours", at(NOW + 5_000) + 1n, old, true],
    ["written just a tick of 15 ms ago", at(NOW - 15), at(NOW - 15), false],
    ["a ctime of whole seconds on a fine clock", at(NOW - 1_100) + 1n, at(NOW - 1_123), false],
    ["whole seconds, one ago", at(NOW - 1_123), at(NOW - 1_123), true],
    ["whole seconds, three ago", at(NOW - 3_123), at(NOW - 3_123), false],
    ["an mtime of whole seconds on a fine clock", at(NOW - 1_123), at(NOW - 1_100), false],
  ])("%s", (_, mtime, ctime, wanted) => {
    expect(racy(mtime, ctime)).toBe(wanted);
  });
});
