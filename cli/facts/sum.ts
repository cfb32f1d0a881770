import type { ArchivedFormat, Facts, FileFacts } from "../../schema/facts.ts";
import type { LockedFile } from "../../schema/lock.ts";
import { countingOf } from "./count.ts";
import { schemaId } from "./document.ts";
import { type DataFormat, formatOf, hasRows, largestFirst } from "./formats.ts";

/** What the files of one source hold together. */
export interface Sum {
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  /** In all files of which they are known. */
  readonly rows: number;
  /** Files of which the rows are known. */
  readonly countedFiles: number;
  /** Of those, the rows of Parquet files: what footers tell by value are shares of these. */
  readonly parquetRows: number;
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
  /** Other files that have rows, and of which they are not known yet; and those of which they never will be. */
  readonly uncounted: readonly string[];
  readonly uncountable: readonly string[];
  /** Archives that were looked into, and what is in them by format. */
  readonly archives: { readonly files: number; readonly formats: readonly ArchivedFormat[] };
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
    parquetRows: told.reduce((sum, one) => sum + (one.kind === "parquet" ? one.rows : 0), 0),
    rowGroups: told.reduce((sum, one) => sum + (one.kind === "parquet" ? one.rowGroups : 0), 0),
    schemas,
    columns: columnsOf(told, schemas),
    formats: formatsOf(files),
    missing: known
      .filter(({ path, facts: found }) => found === undefined && formatOf(path) === "parquet")
      .map(({ path }) => path),
    ...uncountedIn(known),
    archives: archivesIn(told),
    unreadable: known.flatMap(({ path, facts: found }) =>
      found?.kind === "unreadable" ? [{ path, why: found.why }] : [],
    ),
  };
}

/** What cannot be read is told by itself. */
function uncountedIn(
  files: readonly { readonly path: string; readonly facts: FileFacts | undefined }[],
): Pick<Sum, "uncounted" | "uncountable"> {
  const others = files.filter(({ path }) => formatOf(path) !== "parquet" && hasRows(formatOf(path)));
  const open = others.filter(({ facts }) => facts === undefined);
  const [uncounted, never] = [true, false].map((is) =>
    open.filter(({ path }) => (countingOf(path) !== undefined) === is).map(({ path }) => path),
  ) as [string[], string[]];
  const untold = others.filter(({ facts }) => facts?.kind === "archive" && facts.rows === undefined);
  return { uncounted, uncountable: [...never, ...untold.map(({ path }) => path)] };
}

function archivesIn(told: readonly FileFacts[]): Sum["archives"] {
  const archives = told.filter((one) => one.kind === "archive");
  const sums = new Map<string, ArchivedFormat>();
  for (const { format, files, bytes } of archives.flatMap(({ formats }) => formats)) {
    const sum = sums.get(format) ?? { format, files: 0, bytes: 0 };
    sums.set(format, { format, files: sum.files + files, bytes: sum.bytes + bytes });
  }
  return { files: archives.length, formats: largestFirst([...sums.values()]) };
}

/** What footers say of a whole is known only where no Parquet file lacks. */
export function isWhole({ missing, unreadable }: Sum): boolean {
  return missing.length === 0 && unreadable.every(({ path }) => formatOf(path) !== "parquet");
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
  return largestFirst([...found].map(([format, sum]) => ({ format, ...sum })));
}
