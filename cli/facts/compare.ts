import { isWhole, type Sum } from "./sum.ts";

/** What became of the data of one source. */
export interface DataChange {
  /** undefined where one of the two is not known. */
  readonly rows: { readonly before: number; readonly after: number } | undefined;
  /** bytes */
  readonly bytes: { readonly before: number; readonly after: number };
  readonly added: readonly NamedColumn[];
  readonly dropped: readonly NamedColumn[];
  readonly retyped: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  /** Of columns that name languages or licences, values whose share of the rows moved, the most first. */
  readonly shifts: readonly Shift[];
}

export interface NamedColumn {
  readonly name: string;
  readonly type: string;
}

export interface Shift {
  readonly column: string;
  readonly value: string;
  /** Rows. */
  readonly before: number;
  readonly after: number;
  /** Of all rows, 0 to 1. */
  readonly shareBefore: number;
  readonly shareAfter: number;
}

/** Columns of which a change of mixture matters, whatever a data set calls them. */
export const LANGUAGE = /^(programming_)?lang(uage)?s?$/i;
export const LICENCE = /^(.*_)?licen[cs]es?$/i;

/** Pure. */
export function compareSums(before: Sum, after: Sum): DataChange {
  const [old, now] = [typesOf(before), typesOf(after)];
  const named = ([name, type]: readonly [string, string]): NamedColumn => ({ name, type });
  return {
    rows: rowsBetween(before, after),
    bytes: { before: before.bytes, after: after.bytes },
    added: [...now].filter(([name]) => !old.has(name)).map(named),
    dropped: [...old].filter(([name]) => !now.has(name)).map(named),
    retyped: [...now].flatMap(([name, type]) => {
      const was = old.get(name);
      return was === undefined || was === type ? [] : [{ name, before: was, after: type }];
    }),
    shifts: isWhole(before) && isWhole(after) ? shiftsBetween(before, after) : [],
  };
}

/** Of all files where all are counted on both sides, else of Parquet files alone: a file not counted yet has not lost its rows. */
function rowsBetween(before: Sum, after: Sum): DataChange["rows"] {
  const sides = [before, after];
  const isCounted = ({ uncounted, uncountable, unreadable, countedFiles }: Sum) =>
    uncounted.length + uncountable.length + unreadable.length === 0 && countedFiles > 0;
  if (!sides.every(isWhole)) return undefined;
  if (sides.every(isCounted)) return { before: before.rows, after: after.rows };
  if (!sides.every(({ schemas }) => schemas.length > 0)) return undefined;
  return { before: before.parquetRows, after: after.parquetRows };
}

/** Types of a column by its name; of several, in the order of their names. */
function typesOf({ columns }: Sum): ReadonlyMap<string, string> {
  const found = new Map<string, string[]>();
  for (const { name, type } of columns) found.set(name, [...(found.get(name) ?? []), type]);
  return new Map([...found].map(([name, types]) => [name, types.sort().join(" or ")]));
}

function shiftsBetween(before: Sum, after: Sum): readonly Shift[] {
  const names = new Set([...before.columns, ...after.columns].map(({ name }) => name));
  const mixed = [...names].filter((name) => LANGUAGE.test(name) || LICENCE.test(name));
  return mixed.flatMap((column) => {
    const [old, now] = [mixtureOf(before, column), mixtureOf(after, column)];
    if (old === undefined || now === undefined) return [];
    const shifts = [...new Set([...old.keys(), ...now.keys()])].map((value): Shift => {
      const [was, is] = [old.get(value) ?? 0, now.get(value) ?? 0];
      const share = (rows: number, sum: Sum) => (sum.parquetRows === 0 ? 0 : rows / sum.parquetRows);
      return {
        column,
        value,
        before: was,
        after: is,
        shareBefore: share(was, before),
        shareAfter: share(is, after),
      };
    });
    return shifts.filter(({ shareBefore, shareAfter }) => shareBefore !== shareAfter).sort(byMovement);
  });
}

function byMovement(a: Shift, b: Shift): number {
  // Of two values the one gains what the other loses, but for the last digits.
  const moved = ({ shareBefore, shareAfter }: Shift) => Math.round(Math.abs(shareAfter - shareBefore) * 1e9);
  return moved(b) - moved(a) || (a.value < b.value ? -1 : 1);
}

/** Rows by value over every file; undefined where some file has no such column, or does not tell. */
export function mixtureOf({ columns, schemas }: Sum, name: string): ReadonlyMap<string, number> | undefined {
  const found = columns.filter((column) => column.name === name);
  const files = schemas.reduce((sum, schema) => sum + schema.files, 0);
  if (found.reduce((sum, column) => sum + column.files, 0) !== files) return undefined;
  const rows = new Map<string, number>();
  for (const { values } of found) {
    if (values === undefined) return undefined;
    for (const [value, count] of values) rows.set(value, (rows.get(value) ?? 0) + count);
  }
  return rows;
}

export function isNothing({ rows, bytes, added, dropped, retyped, shifts }: DataChange): boolean {
  const same = rows?.before === rows?.after && bytes.before === bytes.after;
  return same && [added, dropped, retyped, shifts].every((list) => list.length === 0);
}
