import type { ColumnMetaData, SchemaElement } from "hyparquet";

/** A column in one row group. */
export interface RowGroupColumn {
  readonly meta: ColumnMetaData;
  /** Of the row group. */
  readonly rows: number;
}

interface Bounds {
  readonly least: Ordered;
  readonly greatest: Ordered;
  readonly nulls: bigint | number | undefined;
}

/** What can be compared: numbers as numbers, texts by their bytes. */
type Ordered = bigint | number | boolean | Uint8Array;

/** Longest value that is kept, in bytes: a statistic may hold a whole file of somebody's. */
const LONGEST = 64;
/** Most values that are counted one by one. */
const MOST_VALUES = 1_000;

/** Over all row groups that hold rows; undefined where one does not tell, or tells too much. */
export function rangeOf(
  element: SchemaElement,
  chunks: readonly RowGroupColumn[],
): readonly [string, string] | undefined {
  let least: Ordered | undefined;
  let greatest: Ordered | undefined;
  for (const chunk of chunks) {
    if (chunk.rows === 0) continue;
    const bounds = boundsOf(chunk.meta);
    if (bounds === undefined) return undefined;
    if (least === undefined || compare(bounds.least, least) < 0) least = bounds.least;
    if (greatest === undefined || compare(bounds.greatest, greatest) > 0) greatest = bounds.greatest;
  }
  const [from, to] = [textOf(element, least), textOf(element, greatest)];
  return from === undefined || to === undefined ? undefined : [from, to];
}

/** Rows by value, where every row group holds one value and no null; undefined elsewhere, and for what is there many times. */
export function valuesOf(
  element: SchemaElement,
  chunks: readonly RowGroupColumn[],
): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const { meta, rows } of chunks) {
    if (rows === 0) continue;
    const bounds = boundsOf(meta);
    const single = bounds !== undefined && compare(bounds.least, bounds.greatest) === 0;
    const whole = Number(meta.num_values) === rows && Number(bounds?.nulls ?? -1) === 0;
    const text = single && whole ? textOf(element, bounds.least) : undefined;
    if (text === undefined) return undefined;
    counts.set(text, (counts.get(text) ?? 0) + rows);
    if (counts.size > MOST_VALUES) return undefined;
  }
  return counts.size === 0 ? undefined : counts;
}

/** Only the newer pair has an order for texts, and may be cut short, which it says. https://github.com/apache/parquet-format (Statistics) */
function boundsOf({ statistics }: ColumnMetaData): Bounds | undefined {
  if (statistics === undefined) return undefined;
  const { min_value: least, max_value: greatest, null_count: nulls } = statistics;
  if (statistics.is_min_value_exact === false || statistics.is_max_value_exact === false) return undefined;
  if (!isOrdered(least) || !isOrdered(greatest) || typeof least !== typeof greatest) return undefined;
  if (isLong(least) || isLong(greatest)) return undefined;
  return { least, greatest, nulls };
}

function isOrdered(value: unknown): value is Ordered {
  if (typeof value === "number") return !Number.isNaN(value);
  return typeof value === "bigint" || typeof value === "boolean" || value instanceof Uint8Array;
}

function isLong(value: Ordered): boolean {
  return value instanceof Uint8Array && value.length > LONGEST;
}

function compare(a: Ordered, b: Ordered): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

const TEXTS: ReadonlySet<string | undefined> = new Set(["UTF8", "ENUM", "JSON"]);
const LOGICAL_TEXTS: ReadonlySet<string | undefined> = new Set(["STRING", "ENUM", "JSON"]);

/** Numbers in digits, times as ISO 8601, texts as they are; undefined for bytes that are no text. */
function textOf(element: SchemaElement, value: Ordered | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return isText(element) ? decoded(value) : undefined;
  const unit = unitOf(element);
  return unit === undefined ? String(value) : timeText(value, unit);
}

function isText({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return TEXTS.has(converted) || LOGICAL_TEXTS.has(logical?.type);
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many of its units make a millisecond; a day is less than one part of it. undefined: no point in time. */
function unitOf({ converted_type: converted, logical_type: logical }: SchemaElement): number | undefined {
  if (converted === "DATE" || logical?.type === "DATE") return 1 / 86_400_000;
  if (logical?.type === "TIMESTAMP") return { MILLIS: 1, MICROS: 1e3, NANOS: 1e6 }[logical.unit];
  if (converted === "TIMESTAMP_MILLIS") return 1;
  return converted === "TIMESTAMP_MICROS" ? 1e3 : undefined;
}

function timeText(value: Exclude<Ordered, Uint8Array>, unit: number): string | undefined {
  const time = new Date(Math.floor(Number(value) / unit));
  if (Number.isNaN(time.getTime())) return undefined;
  return unit < 1 ? time.toISOString().slice(0, 10) : time.toISOString();
}
