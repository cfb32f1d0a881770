import type { Facts, FileFacts } from "../../schema/facts.ts";
import type { LockedFile } from "../../schema/lock.ts";
import { schemaId } from "./document.ts";
import { type DataFormat, formatOf } from "./formats.ts";

/** What the files of one source hold together. */
export interface Sum {
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  /** In all files of which they are known. */
  readonly rows: number;
  /** Files of which the rows are known. */
  readonly countedFiles: number;
  readonly rowGroups: number;
  /** The most common first, by rows. */
  readonly schemas: readonly SchemaSum[];
  /** Of all schemas, by name and type, in the order of the most common. */
  readonly columns: readonly ColumnSum[];
  /** By format, the largest first. */
  readonly formats: readonly {
    readonly format: DataFormat;
    readonly files: number;
    readonly bytes: number;
  }[];
  /** Parquet files of which nothing is known. */
  readonly missing: readonly string[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

export interface SchemaSum {
  readonly id: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly files: number;
  readonly rows: number;
}

export interface ColumnSum {
  readonly name: string;
  readonly type: string;
  /** bytes */
  readonly compressed: number;
  readonly plain: number;
  /** Files that have it. */
  readonly files: number;
  /** Rows by value, the most common first; undefined where some file does not tell. */
  readonly values: readonly (readonly [value: string, rows: number])[] | undefined;
}

/** Pure. */
export function sumUp(files: readonly LockedFile[], facts: Facts): Sum {
  const known = files.map(({ path, size, digest }) => ({ path, size, facts: facts.files.get(digest) }));
  const told = known.flatMap(({ facts: found }) => (found === undefined ? [] : [found]));
  const rows = told.map(rowsOf).filter((count) => count !== undefined);
  const schemas = schemasOf(told);
  return {
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    rows: rows.reduce((sum, count) => sum + count, 0),
    countedFiles: rows.length,
    rowGroups: told.reduce((sum, one) => sum + (one.kind === "parquet" ? one.rowGroups : 0), 0),
    schemas,
    columns: columnsOf(told, schemas),
    formats: formatsOf(files),
    missing: known
      .filter(({ path, facts: found }) => found === undefined && formatOf(path) === "parquet")
      .map(({ path }) => path),
    unreadable: known.flatMap(({ path, facts: found }) =>
      found?.kind === "unreadable" ? [{ path, why: found.why }] : [],
    ),
  };
}

/** Rows and values of a whole are known only where no Parquet file lacks. */
export function isWhole({ missing, unreadable }: Sum): boolean {
  return missing.length === 0 && unreadable.length === 0;
}

export function rowsOf(facts: FileFacts): number | undefined {
  return facts.kind === "unreadable" ? undefined : facts.rows;
}

function schemasOf(told: readonly FileFacts[]): readonly SchemaSum[] {
  const found = new Map<string, { -readonly [Key in keyof SchemaSum]: SchemaSum[Key] }>();
  for (const facts of told) {
    if (facts.kind !== "parquet") continue;
    const id = schemaId(facts);
    const columns = facts.columns.map(({ name, type }) => [name, type] as const);
    const sum = found.get(id) ?? { id, columns, files: 0, rows: 0 };
    found.set(id, { ...sum, files: sum.files + 1, rows: sum.rows + facts.rows });
  }
  return [...found.values()].sort((a, b) => b.rows - a.rows || b.files - a.files || (a.id < b.id ? -1 : 1));
}

function columnsOf(told: readonly FileFacts[], schemas: readonly SchemaSum[]): readonly ColumnSum[] {
  const keyOf = (name: string, type: string) => JSON.stringify([name, type]);
  const sums = new Map<string, ColumnTotal>();
  for (const { columns } of schemas)
    for (const [name, type] of columns)
      sums.set(keyOf(name, type), { name, type, compressed: 0, plain: 0, files: 0, values: new Map() });
  for (const facts of told) {
    if (facts.kind !== "parquet") continue;
    for (const column of facts.columns) {
      const sum = sums.get(keyOf(column.name, column.type));
      if (sum === undefined) continue;
      sum.compressed += column.compressed;
      sum.plain += column.plain;
      sum.files += 1;
      if (facts.rows > 0) addValues(sum, column.values);
    }
  }
  return [...sums.values()].map(({ values, ...sum }) => ({
    ...sum,
    values: values && [...values].sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1)),
  }));
}

interface ColumnTotal {
  readonly name: string;
  readonly type: string;
  compressed: number;
  plain: number;
  files: number;
  values: Map<string, number> | undefined;
}

function addValues(sum: ColumnTotal, values: ReadonlyMap<string, number> | undefined): void {
  if (values === undefined) sum.values = undefined;
  for (const [value, rows] of values ?? []) sum.values?.set(value, (sum.values.get(value) ?? 0) + rows);
}

function formatsOf(files: readonly LockedFile[]): Sum["formats"] {
  const found = new Map<DataFormat, { files: number; bytes: number }>();
  for (const { path, size } of files) {
    const format = formatOf(path);
    const sum = found.get(format) ?? { files: 0, bytes: 0 };
    found.set(format, { files: sum.files + 1, bytes: sum.bytes + size });
  }
  return [...found]
    .map(([format, sum]) => ({ format, ...sum }))
    .sort((a, b) => b.bytes - a.bytes || (a.format < b.format ? -1 : 1));
}
