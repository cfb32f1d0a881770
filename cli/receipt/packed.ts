import { createHash } from "node:crypto";
import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import { readOwnFolder } from "../disk/own.ts";
import type { DirEntry, Disk } from "../disk/port.ts";
import { passing } from "../disk/trouble.ts";
import { bootOf, type Writer } from "../disk/writer.ts";
import { isJournal, JOURNALS, packedName } from "./layout.ts";

/**
 * What the journals say of an owner whose every file was placed as its lock wants it, in the lock's order, so that the next
 * sync can compare without reading them or the lock. Below `receipt/`, as `6f1ed002.packed`:
 *
 *     {"format":1,"tritter":"0.1.0","owner":"corpus","manifest":"sha256:…","lock":"sha256:…","boot":null,"journals":[["3f9c0a12-4711.ndjson",812]],"sources":[{"name":"rust","groups":["code"],"files":2,"bytes":18}]}
 *     two packed stamps
 *     rust/a.parquet
 *     rust/b.parquet
 *     sha256 of all before, 32 bytes
 *
 * Only a copy. It counts as long as all that its first line names is as it was; one that is torn or edited, or that a power
 * loss emptied, counts for nothing, so it need not be flushed.
 */
export interface Packed {
  readonly head: PackedHead;
  /** Packed, one a path. */
  readonly stamps: Uint8Array;
  /** Paths in UTF-8, a newline between them. */
  readonly names: Uint8Array;
}

/** All that decides whether there is something to do, beside the files themselves. */
export interface PackedKey {
  /** Version of the program: another may judge otherwise. */
  readonly tritter: string;
  readonly owner: string;
  /** `sha256:…` of the documents' bytes */
  readonly manifest: string;
  readonly lock: string;
  /** Of the facts beside the lock; "" where there are none. */
  readonly facts: string;
}

export interface PackedHead extends PackedKey {
  readonly format: 1;
  /** Set only if some placement would not survive a power loss: believed until then. */
  readonly boot: string | null;
  /** Every journal of the root and its bytes, sorted by name: a new line of anyone's may say otherwise. */
  readonly journals: readonly JournalSize[];
  /** Digest of the record of what the Hub's own clients find, `<owner>.provided`; unset: nothing of that kind is wanted. */
  readonly provided?: string;
  /** Their rows follow each other. */
  readonly sources: readonly PackedSource[];
  /** Files that describe them, by source: their rows come last. Unset: there are none. */
  readonly described?: readonly PackedDescribed[];
}

export type JournalSize = readonly [name: string, size: number];

export interface PackedDescribed {
  /** "" for what describes all sources. */
  readonly name: string;
  readonly files: number;
  /** bytes */
  readonly bytes: number;
}

export interface PackedSource extends PackedDescribed {
  readonly groups: readonly string[];
}

/**
 * undefined where there is none, or one that counts for nothing whatever the documents say; `isFor` compares those.
 * `width`: bytes of a packed stamp. System errors are thrown.
 */
export async function readPacked(
  disk: Disk,
  state: string,
  { owner, width }: { owner: string; width: number },
): Promise<Packed | undefined> {
  const folder = join(state, JOURNALS);
  const entries = await readOwnFolder(disk, state, folder);
  const name = packedName(owner);
  if (!entries.some((entry) => entry.name === name && entry.kind === "file")) return undefined;
  const bytes = await disk.read(join(folder, name));
  const packed = bytes && parsePacked(bytes, width);
  if (packed === undefined) return undefined;
  const { head } = packed;
  if (head.boot !== null && head.boot !== (await bootOf(disk))) return undefined;
  return sameSizes(head.journals, sizesOf(disk, folder, entries)) ? packed : undefined;
}

/** About how many files it may hold, before it is read. */
export function packedRows(disk: Disk, state: string, owner: string): number {
  const size = disk.lstat(join(state, JOURNALS, packedName(owner)))?.size ?? 0;
  return Math.floor(size / ROW);
}

/** bytes: a stamp, and a path of usual length */
const ROW = 64;

export function isFor({ head }: Packed, key: PackedKey): boolean {
  return KEYS.every((member) => head[member] === key[member]);
}

const KEYS = ["tritter", "owner", "manifest", "lock", "facts"] as const;

/** System errors are thrown. */
export async function writePacked(
  disk: Disk,
  state: string,
  { packed, writer }: { packed: Packed; writer: Writer },
): Promise<void> {
  const folder = join(state, JOURNALS);
  const name = packedName(packed.head.owner);
  const beside = join(folder, `${name}.${writer.id}.new`);
  await sweepUnfinished(disk, state, { folder, name });
  try {
    const file = await disk.open(beside, "wx");
    try {
      await file.append(formatPacked(packed));
    } finally {
      await file.close();
    }
    await disk.rename(beside, join(folder, name));
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(beside));
    throw error;
  }
}

/** What syncs that were killed left. Of one that still writes it, the copy is not made: the next will. */
async function sweepUnfinished(
  disk: Disk,
  state: string,
  { folder, name }: { folder: string; name: string },
) {
  for (const entry of await readOwnFolder(disk, state, folder))
    if (entry.name.startsWith(`${name}.`)) await disk.unlink(join(folder, entry.name));
}

export function packNames(paths: readonly TreePath[]): Uint8Array {
  return Buffer.from(paths.join("\n"));
}

export function unpackNames(names: Uint8Array): TreePath[] {
  if (names.length === 0) return [];
  return Buffer.from(names.buffer, names.byteOffset, names.length).toString("utf8").split("\n") as TreePath[];
}

function formatPacked({ head, stamps, names }: Packed): Buffer {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), stamps, names]);
  return Buffer.concat([body, checksum(body)]);
}

function parsePacked(bytes: Buffer, width: number): Packed | undefined {
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM));
  if (!checksum(body).equals(bytes.subarray(body.length))) return undefined;
  const end = body.indexOf("\n");
  const head = parseHead(body.toString("utf8", 0, Math.max(0, end)));
  if (head === undefined) return undefined;
  const count = [...head.sources, ...(head.described ?? [])].reduce((sum, { files }) => sum + files, 0);
  const names = end + 1 + count * width;
  return names > body.length
    ? undefined
    : { head, stamps: body.subarray(end + 1, names), names: body.subarray(names) };
}

/** bytes */
const CHECKSUM = 32;

function checksum(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}

function parseHead(line: string): PackedHead | undefined {
  try {
    const value = JSON.parse(line) as PackedHead;
    const { format, sources, described = [], journals } = value;
    return format === 1 && sources.every(isSource) && described.every(isCounted) && Array.isArray(journals)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

function isSource(source: PackedSource): boolean {
  return isCounted(source) && Array.isArray(source.groups);
}

function isCounted({ files, bytes }: PackedDescribed): boolean {
  return [files, bytes].every((count) => Number.isSafeInteger(count) && count >= 0);
}

function sameSizes(a: readonly JournalSize[], b: readonly JournalSize[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sizesOf(disk: Disk, folder: string, entries: readonly DirEntry[]): readonly JournalSize[] {
  return entries
    .filter(isJournal)
    .map(({ name }): JournalSize => [name, disk.lstat(join(folder, name))?.size ?? 0])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
