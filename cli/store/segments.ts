import { crc32 } from "node:zlib";
import type { DiskFile } from "../disk/port.ts";
import { parseWriter, type Writer } from "../disk/writer.ts";

/** bytes. What a kill can cost each stream is one segment being filled and one being written. */
export const SEGMENT = 4 * 1024 * 1024;

/**
 * Which segments of a partial are on disk, and their checksums, appended as they are written:
 *
 *     {"writer":{"id":"3f9c0a12-4711",…},"size":320000000}
 *     0 9ae0daaf
 *     7 51d2c3b4
 *
 * The checksum (CRC-32) finds a segment that the disk lost or tore; the digest of the whole is what proves content.
 */
export interface SegmentList {
  readonly writer: Writer;
  /** bytes of the whole file */
  readonly size: number;
  /** By index: the checksum. */
  readonly done: ReadonlyMap<number, number>;
}

export function segmentHeader(writer: Writer, size: number): string {
  return `${JSON.stringify({ writer, size })}\n`;
}

export function segmentLine(index: number, checksum: number): string {
  return `${index} ${checksum.toString(16)}\n`;
}

/** undefined where the list is not readable; a torn last line is left out. */
export function parseSegments(text: string): SegmentList | undefined {
  const [header, ...lines] = text.split("\n").slice(0, -1);
  try {
    const { writer, size } = JSON.parse(header ?? "") as { writer: unknown; size: unknown };
    const parsed = parseWriter(writer);
    if (parsed === undefined || typeof size !== "number") return undefined;
    return { writer: parsed, size, done: new Map(lines.map(parseLine).filter((line) => line !== undefined)) };
  } catch {
    return undefined;
  }
}

export function segmentCount(size: number): number {
  return Math.ceil(size / SEGMENT);
}

/** bytes in the segment: the last may be shorter. */
export function segmentLength(size: number, index: number): number {
  return Math.min(SEGMENT, size - index * SEGMENT);
}

/** Reads the segment into `buffer` and compares; resolves to its bytes, or undefined where they are not the ones written. */
export async function readSegment(
  data: DiskFile,
  { size, index, checksum, buffer }: { size: number; index: number; checksum: number; buffer: Buffer },
): Promise<Buffer | undefined> {
  const bytes = buffer.subarray(0, segmentLength(size, index));
  let filled = 0;
  while (filled < bytes.length) {
    const count = await data.readAt(bytes.subarray(filled), index * SEGMENT + filled);
    if (count === 0) return undefined;
    filled += count;
  }
  return crc32(bytes) === checksum ? bytes : undefined;
}

/** Of a whole file, as the receipt keeps them: 8 hex digits a segment, in order. */
export function packChecksums(checksums: readonly number[]): string {
  return checksums.map((checksum) => checksum.toString(16).padStart(8, "0")).join("");
}

/** undefined where these are not the checksums of a file of `size` bytes. */
export function unpackChecksums(packed: string, size: number): readonly number[] | undefined {
  if (packed.length !== 8 * segmentCount(size) || !/^[0-9a-f]*$/.test(packed)) return undefined;
  return (packed.match(/.{8}/g) ?? []).map((checksum) => Number.parseInt(checksum, 16));
}

function parseLine(line: string): [number, number] | undefined {
  const match = /^(\d+) ([0-9a-f]{1,8})$/.exec(line);
  return match === null ? undefined : [Number(match[1]), Number.parseInt(match[2] ?? "", 16)];
}
