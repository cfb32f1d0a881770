import { createHash } from "node:crypto";
import type { ArchiveFacts, ColumnFacts, Facts, FileFacts, ParquetFacts } from "../../schema/facts.ts";
import type { Digest } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { validateFacts } from "../../schema/validate.mjs";
import type { Disk } from "../disk/port.ts";
import { writeDocument } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { largestFirst } from "./formats.ts";

export const NO_FACTS: Facts = { version: 1, files: new Map() };

/** The facts beside a lock; undefined where there are none. Throws FACTS_INVALID, DISK_REFUSED. */
export async function readFacts(disk: Disk, file: string): Promise<Facts | undefined> {
  const bytes = await onDisk(`read "${file}"`, () => disk.read(file));
  return bytes && parseFacts(bytes.toString("utf8"), file);
}

/** `file` is what messages call it. Throws FACTS_INVALID. */
export function parseFacts(text: string, file: string): Facts {
  const document = parsed(text, file);
  const [error] = validateFacts(document);
  if (error !== undefined) throw invalid(file, `${printable(error.path || "the document")} ${error.message}`);
  const { schemas, files } = document as FactsDocument;
  const entries = Object.entries(files).map(([digest, entry]) => {
    const facts = fileOf(entry, schemas);
    if (facts === undefined) throw invalid(file, `${digest} does not fit its schema`);
    return [digest as Digest, facts] as const;
  });
  return { version: 1, files: new Map(entries) };
}

/** Writes them beside, flushes and renames; equal bytes leave the file untouched. Throws DISK_REFUSED, NO_SPACE. */
export function writeFacts(disk: Disk, file: string, facts: Facts): Promise<"written" | "unchanged"> {
  return writeDocument(disk, file, serialiseFacts(facts));
}

/** Strict JSON, one file and one schema a line, both sorted: equal facts have equal bytes. */
export function serialiseFacts({ files }: Facts): string {
  const schemas = new Map<string, string>();
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([digest, facts]) => `${JSON.stringify(digest)}: ${JSON.stringify(entryOf(facts, schemas))}`);
  const known = [...schemas].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, text]) => `"${id}": ${text}`);
  return `{\n"version": 1,\n"schemas": ${block(known)},\n"files": ${block(lines)}\n}\n`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n}`;
}

interface FactsDocument {
  readonly version: 1;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly files: Readonly<Record<string, Entry>>;
}

type Schema = readonly (readonly [name: string, type: string])[];

type Entry =
  | ParquetEntry
  | { readonly unreadable: string }
  | { readonly counted: number }
  | { readonly archive: ArchiveEntry };

interface ArchiveEntry {
  readonly files: number;
  readonly bytes: number;
  readonly formats: Readonly<Record<string, readonly [files: number, bytes: number]>>;
  readonly rows?: number | undefined;
}

interface ParquetEntry {
  readonly rows: number;
  readonly rowGroups: number;
  readonly writer?: string | undefined;
  readonly schema: string;
  readonly sizes: readonly (readonly [compressed: number, plain: number])[];
  readonly ranges?: Readonly<Record<string, readonly [string, string]>> | undefined;
  readonly values?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
}

function fileOf(entry: Entry, schemas: FactsDocument["schemas"]): FileFacts | undefined {
  if ("unreadable" in entry) return { kind: "unreadable", why: entry.unreadable };
  if ("counted" in entry) return { kind: "counted", rows: entry.counted };
  if ("archive" in entry) return archiveOf(entry.archive);
  const schema = Object.hasOwn(schemas, entry.schema) ? schemas[entry.schema] : undefined;
  if (schema?.length !== entry.sizes.length) return undefined;
  const columns = schema.map(([name, type], index): ColumnFacts => {
    const [compressed = 0, plain = 0] = entry.sizes[index] ?? [];
    const range = own(entry.ranges, name);
    const values = own(entry.values, name);
    return { name, type, compressed, plain, range, values: values && new Map(Object.entries(values)) };
  });
  return { kind: "parquet", rows: entry.rows, rowGroups: entry.rowGroups, writer: entry.writer, columns };
}

/** In the order that equal facts have, whatever a merge made of it. */
function archiveOf({ files, bytes, formats, rows }: ArchiveEntry): FileFacts {
  const told = Object.entries(formats).map(([format, [count, size]]) => ({
    format,
    files: count,
    bytes: size,
  }));
  return { kind: "archive", files, bytes, formats: largestFirst(told), rows };
}

function own<Value>(record: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function entryOf(facts: FileFacts, schemas: Map<string, string>): Entry {
  if (facts.kind === "unreadable") return { unreadable: facts.why };
  if (facts.kind === "counted") return { counted: facts.rows };
  if (facts.kind === "archive") return { archive: archiveEntry(facts) };
  const { rows, rowGroups, writer, columns } = facts;
  const schema = JSON.stringify(schemaOf(facts));
  const id = schemaId(facts);
  schemas.set(id, schema);
  const sizes = columns.map(({ compressed, plain }) => [compressed, plain] as const);
  const ranges = record(columns, ({ range }) => range);
  const values = record(columns, (column) => column.values && sortedRecord(column.values));
  return { rows, rowGroups, writer, schema: id, sizes, ranges, values };
}

function archiveEntry({ files, bytes, formats, rows }: ArchiveFacts): ArchiveEntry {
  const named = largestFirst(formats).map((one) => [one.format, [one.files, one.bytes] as const] as const);
  return { files, bytes, formats: Object.fromEntries(named), rows };
}

/** By name; undefined where no column has one. */
function record<Value>(columns: readonly ColumnFacts[], of: (column: ColumnFacts) => Value | undefined) {
  const found = columns.flatMap((column) => {
    const value = of(column);
    return value === undefined ? [] : [[column.name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function sortedRecord(values: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function schemaOf({ columns }: ParquetFacts): Schema {
  return columns.map(({ name, type }) => [name, type] as const);
}

/** Equal for files of equal columns in equal order. */
export function schemaId(facts: ParquetFacts): string {
  return hash(JSON.stringify(schemaOf(facts))).slice(0, 16);
}

function hash(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, `not valid JSON: ${error instanceof Error ? printable(error.message) : ""}`);
  }
}

function invalid(file: string, why: string): TritterError {
  return new TritterError({
    code: "FACTS_INVALID",
    message: `cannot use "${file}": ${why}`,
    hint: "remove it, then run tritter lock: it is made anew",
  });
}

/** Do both say the same? */
export function sameFacts(a: FileFacts, b: FileFacts): boolean {
  const text = (facts: FileFacts) => JSON.stringify(entryOf(facts, new Map()));
  return text(a) === text(b);
}
