import { join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import type { Lock } from "../../schema/lock.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { Disk } from "../disk/port.ts";
import type { Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { isGenerated, type Want } from "../lock/wants.ts";
import type { Written } from "../receipt/journal.ts";
import { JOURNALS } from "../receipt/layout.ts";
import {
  type JournalSize,
  type PackedHead,
  type PackedKey,
  type PackedSource,
  packNames,
  writePacked,
} from "../receipt/packed.ts";
import type { Placement } from "../receipt/placement.ts";
import { placementsOf, type Receipt } from "../receipt/receipt.ts";
import { PACKED_STAMP, packStamp } from "../tree/stamp.ts";

export interface Packing {
  readonly key: PackedKey;
  readonly manifest: Manifest;
  readonly lock: Lock;
  /** All its files, in its order, and then what describes them. */
  readonly wants: readonly Want[];
  /** As it was before this sync, and what this sync added. */
  readonly receipt: Receipt;
  readonly written: Written;
  readonly writer: Writer;
  /** Digest of the record of what other clients find; undefined: nothing of that kind is wanted. */
  readonly provided: string | undefined;
}

/**
 * Packs the receipt of this owner for the next `quickLook`, where it says of every file of the lock, and of no other, that
 * the right bytes were placed. Where a single one is in doubt it is left for a sync that hashes it. Costs a sync nothing
 * else: that it cannot be written is no trouble.
 */
export async function packReceipt(disk: Disk, state: string, packing: Packing): Promise<void> {
  try {
    await pack(disk, state, packing);
  } catch (error) {
    // As on a full disk.
    if (systemCode(error) === undefined) throw error;
  }
}

async function pack(disk: Disk, state: string, packing: Packing): Promise<void> {
  const { key, wants, receipt, written, writer } = packing;
  const known = certain(packing);
  if (known === undefined) return;
  const stamps = new BigInt64Array((wants.length * PACKED_STAMP) / 8);
  for (const [row, stamp] of known.stamps.entries()) packStamp(stamp, stamps, row);
  const head = {
    format: 1 as const,
    ...key,
    boot: known.flushed ? null : (writer.boot ?? ""),
    journals: journalsAfter(disk, state, { receipt, written }),
    ...(packing.provided !== undefined && { provided: packing.provided }),
    sources: sourcesOf(packing),
    ...describedIn(wants),
  };
  const names = packNames(wants.map(({ path }) => path));
  const packed = { head, stamps: new Uint8Array(stamps.buffer), names };
  await writePacked(disk, state, { packed, writer });
}

interface Certain {
  /** One a want. */
  readonly stamps: readonly Stamp[];
  readonly flushed: boolean;
}

function certain({ key, wants, receipt, written }: Packing): Certain | undefined {
  const placements = placementsOf(receipt, key.owner);
  const stamps: Stamp[] = [];
  let { flushed } = written;
  for (const want of wants) {
    const entry = written.last.get(want.path);
    const placement = placements.get(want.path);
    const stamp = entry === undefined ? stampBefore(placement, want) : stampAfter(entry, want);
    if (stamp === undefined) return undefined;
    if (entry === undefined && placement?.flushed !== true) flushed = false;
    stamps.push(stamp);
  }
  return isAllOf(wants, { placements, written }) ? { stamps, flushed } : undefined;
}

function stampBefore(placement: Placement | undefined, want: Want): Stamp | undefined {
  if (placement === undefined || placement.doubt !== undefined || placement.intents.length > 0)
    return undefined;
  return isFor(placement, want) ? placement.stamp : undefined;
}

function stampAfter(entry: Last, want: Want): Stamp | undefined {
  return entry.op === "placed" && entry.racy !== true && isFor(entry, want) ? entry.stamp : undefined;
}

type Last = Written["last"] extends ReadonlyMap<TreePath, infer Entry> ? Entry : never;

function isFor(
  { source, size, digests }: Pick<Placement, "source" | "size" | "digests">,
  want: Want,
): boolean {
  return source === want.source && size === want.size && digests.includes(want.digest);
}

/** Nothing is recorded that the lock does not want: there would be something to prune or to forget. */
function isAllOf(
  wants: readonly Want[],
  { placements, written }: { placements: ReadonlyMap<TreePath, Placement>; written: Written },
): boolean {
  let known = placements.size;
  for (const [path, { op }] of written.last) {
    if (op === "gone" && placements.has(path)) known -= 1;
    if (op !== "gone" && !placements.has(path)) known += 1;
  }
  return known === wants.length;
}

/** As they were read, and this sync's own: what came in between makes the copy count for nothing. */
function journalsAfter(
  disk: Disk,
  state: string,
  { receipt, written: { name } }: { receipt: Receipt; written: Written },
): readonly JournalSize[] {
  const before = receipt.journals.map((journal): JournalSize => [journal.name, journal.size]);
  const own: JournalSize[] =
    name === undefined ? [] : [[name, disk.lstat(join(state, JOURNALS, name))?.size ?? 0]];
  return [...before, ...own].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A source's are side by side. */
function describedIn(wants: readonly Want[]): Pick<PackedHead, "described"> {
  const described: { name: string; files: number; bytes: number }[] = [];
  for (const { source, size } of wants.filter(isGenerated)) {
    const last = described.at(-1);
    if (last?.name !== source) described.push({ name: source, files: 1, bytes: size });
    else {
      last.files += 1;
      last.bytes += size;
    }
  }
  return described.length === 0 ? {} : { described };
}

function sourcesOf({ manifest, lock }: Packing): readonly PackedSource[] {
  const groups = new Map(manifest.sources.map((source) => [source.name, source.groups]));
  return lock.sources.map(({ name, files }) => ({
    name,
    groups: groups.get(name) ?? [],
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  }));
}
