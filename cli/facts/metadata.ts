import { type FileMetaData, parquetMetadata, type SchemaElement } from "hyparquet";
import type { ColumnFacts, FileFacts, ParquetFacts } from "../../schema/facts.ts";
import { type RowGroupColumn, rangeOf, valuesOf } from "./statistics.ts";
import { leavesOf } from "./types.ts";

/** From a footer with its length and magic number; undefined where it contradicts itself or the file's size in bytes. */
export function factsOfMetadata(footer: Uint8Array, size: number): FileFacts | undefined {
  const metadata = parsed(footer);
  return metadata && factsOf(metadata, size);
}

/** The reader throws whatever comes of bytes that make no sense. */
function parsed(footer: Uint8Array): FileMetaData | undefined {
  try {
    return parquetMetadata(footer, { parsers: RAW, geoparquet: false });
  } catch {
    return undefined;
  }
}

/** Texts and times as they are stored: what they mean is told by `statistics`. */
const RAW = {
  stringFromBytes: (bytes: Uint8Array) => bytes,
  uuidFromBytes: (bytes: Uint8Array) => bytes,
  dateFromDays: (days: number) => days,
  timestampFromMilliseconds: (time: bigint) => time,
  timestampFromMicroseconds: (time: bigint) => time,
  timestampFromNanoseconds: (time: bigint) => time,
};

function factsOf(metadata: FileMetaData, size: number): FileFacts | undefined {
  const groups = metadata.row_groups;
  const leaves = leavesOf(metadata.schema);
  if (leaves === undefined || groups.some(({ columns }) => columns.length !== leaves.length))
    return undefined;
  if (groups.some(({ columns }) => columns.some((column) => column.crypto_metadata !== undefined)))
    return { kind: "unreadable", why: "some of its columns are encrypted" };
  const rows = count(metadata.num_rows);
  const each = groups.map((group) => count(group.num_rows));
  if (rows === undefined || total(each) !== rows) return undefined;
  const columns = leaves.map((leaf, index) => columnOf(leaf, chunksAt(metadata, index, each)));
  const known = columns.filter((column) => column !== undefined);
  const compressed = known.reduce((sum, column) => sum + column.compressed, 0);
  if (known.length < columns.length || compressed > size) return undefined;
  return { kind: "parquet", rows, rowGroups: groups.length, writer: writerOf(metadata), columns: known };
}

export interface Leaf {
  readonly name: string;
  readonly type: string;
  readonly element: SchemaElement;
}

function columnOf(
  { name, type, element }: Leaf,
  chunks: readonly RowGroupColumn[] | undefined,
): ColumnFacts | undefined {
  const compressed = total(chunks?.map((chunk) => count(chunk.meta.total_compressed_size)) ?? [undefined]);
  const plain = total(chunks?.map((chunk) => count(chunk.meta.total_uncompressed_size)) ?? [undefined]);
  if (chunks === undefined || compressed === undefined || plain === undefined) return undefined;
  return {
    name,
    type,
    compressed,
    plain,
    range: rangeOf(element, chunks),
    values: valuesOf(element, chunks),
  };
}

function chunksAt(
  { row_groups: groups }: FileMetaData,
  index: number,
  rows: readonly (number | undefined)[],
): readonly RowGroupColumn[] | undefined {
  const chunks = groups.map(({ columns }, group) => ({
    meta: columns[index]?.meta_data,
    rows: rows[group] ?? 0,
  }));
  return chunks.every((chunk) => chunk.meta !== undefined) ? (chunks as RowGroupColumn[]) : undefined;
}

/** undefined: negative, no whole number, or more than a number holds exactly. */
function count(value: unknown): number | undefined {
  const number = Number(typeof value === "bigint" || typeof value === "number" ? value : Number.NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function total(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return count(sum);
}

const LONGEST_WRITER = 100;

function writerOf({ created_by: writer }: FileMetaData): ParquetFacts["writer"] {
  return writer === undefined || writer === "" ? undefined : writer.slice(0, LONGEST_WRITER);
}
