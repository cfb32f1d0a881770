import type { FileFacts } from "../../schema/facts.ts";
import { LANGUAGE, LICENCE } from "../facts/compare.ts";
import { rowsOf } from "../facts/sum.ts";
import { languageInPath, languageNamed } from "./languages.ts";
import { splitInPath } from "./splits.ts";

/** One file of the lock, and what is known of it. */
export interface KnownFile {
  readonly source: string;
  /** In the repository. */
  readonly path: string;
  /** Below the source's folder: without the stripped one. */
  readonly shown: string;
  /** bytes */
  readonly size: number;
  readonly facts: FileFacts | undefined;
}

/** What is said of a source besides its files. */
export interface Said {
  /** Names of its groups, as the manifest lists them. */
  readonly groups: readonly string[];
  /** As the lock has them from the repository's card. */
  readonly licenses: readonly string[];
}

/**
 * Who says so: `rows`: a column of the file itself, by its footer; `names`: a folder or the file's name; `group`: a group of the
 * source; `card`: the repository's card; `lock`: the lock itself.
 */
export type Teller = "rows" | "names" | "group" | "card" | "lock";

export interface Part {
  /** undefined: of these files it is not known. */
  readonly name: string | undefined;
  readonly files: number;
  /** Of a file that holds several, shared out by their rows. */
  readonly bytes: number;
  /** Of the files whose rows are known. */
  readonly rows: number;
  readonly countedFiles: number;
  /** Files by who says so, `rows` first. */
  readonly told: Readonly<Partial<Record<Teller, number>>>;
}

/** Of which parts a corpus is made, the largest first and what is not known last. Their bytes add up to those of all files. */
export interface Composition {
  readonly parts: readonly Part[];
  /** Files that hold several: they count in each, and their bytes are shared out by rows. */
  readonly mixedFiles: number;
}

/** Shares of one file, in rows where a footer tells them, else the whole file to one name. */
interface Told {
  readonly by: Teller | undefined;
  readonly shares: readonly (readonly [name: string | undefined, weight: number])[];
}

export type Dimension = "source" | "language" | "license" | "split";

/** Pure. */
export function compose(
  dimension: Dimension,
  files: readonly KnownFile[],
  said: ReadonlyMap<string, Said>,
): Composition {
  const parts = new Map<string | undefined, Sum>();
  let mixedFiles = 0;
  for (const file of files) {
    const { by, shares } = TELLERS[dimension](file, said.get(file.source) ?? NOTHING);
    if (shares.length > 1) mixedFiles += 1;
    const rows = file.facts === undefined ? undefined : rowsOf(file.facts);
    const bytes = sharedOut(file.size, shares);
    const counted = rows === undefined ? undefined : sharedOut(rows, shares);
    for (const [index, [name]] of shares.entries()) {
      const part = parts.get(name) ?? { files: 0, bytes: 0, rows: 0, countedFiles: 0, told: {} };
      parts.set(name, part);
      part.files += 1;
      part.bytes += bytes[index] ?? 0;
      part.rows += counted?.[index] ?? 0;
      part.countedFiles += counted === undefined ? 0 : 1;
      if (by !== undefined) part.told[by] = (part.told[by] ?? 0) + 1;
    }
  }
  const list = [...parts].map(([name, { told, ...sum }]): Part => ({ name, ...sum, told: inOrder(told) }));
  return { parts: list.sort(largestFirst), mixedFiles };
}

interface Sum {
  files: number;
  bytes: number;
  rows: number;
  countedFiles: number;
  told: Partial<Record<Teller, number>>;
}

const NOTHING: Said = { groups: [], licenses: [] };

const TELLERS: Readonly<Record<Dimension, (file: KnownFile, said: Said) => Told>> = {
  source: ({ source }) => whole(source, "lock"),
  language: (file, { groups }) =>
    byRows(file, LANGUAGE, (value) => languageNamed(value) ?? value) ??
    named(languageInPath(file.path), "names") ??
    named(onlyOne(groups.flatMap((group) => languageNamed(group) ?? [])), "group") ??
    UNKNOWN,
  license: (file, { licenses }) =>
    byRows(file, LICENCE, (value) => value.toLowerCase()) ??
    named(licenses.length === 0 ? undefined : [...licenses].sort().join(", "), "card") ??
    UNKNOWN,
  split: ({ path }) => named(splitInPath(path), "names") ?? UNKNOWN,
};

const UNKNOWN: Told = { by: undefined, shares: [[undefined, 1]] };

function whole(name: string, by: Teller): Told {
  return { by, shares: [[name, 1]] };
}

function named(name: string | undefined, by: Teller): Told | undefined {
  return name === undefined ? undefined : whole(name, by);
}

/** What a column of that name says; undefined where there is none, or the footer does not tell its values. */
function byRows({ facts }: KnownFile, column: RegExp, nameOf: (value: string) => string): Told | undefined {
  if (facts?.kind !== "parquet") return undefined;
  const values = facts.columns.find(
    ({ name, values }) => column.test(name) && (values?.size ?? 0) > 0,
  )?.values;
  if (values === undefined) return undefined;
  const shares = new Map<string, number>();
  for (const [value, rows] of values) {
    const name = nameOf(value);
    shares.set(name, (shares.get(name) ?? 0) + rows);
  }
  return { by: "rows", shares: [...shares].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

function onlyOne(names: readonly string[]): string | undefined {
  const all = new Set(names);
  return all.size === 1 ? names[0] : undefined;
}

/** Whole numbers that add up to `total`. */
export function sharedOut(total: number, shares: readonly (readonly [unknown, weight: number])[]): number[] {
  const all = shares.reduce((sum, [, weight]) => sum + weight, 0);
  let weighed = 0;
  let given = 0;
  return shares.map(([, weight], index) => {
    weighed += weight;
    const upTo =
      index === shares.length - 1 ? total : all === 0 ? 0 : Math.floor(total * Math.min(1, weighed / all));
    const part = upTo - given;
    given = upTo;
    return part;
  });
}

const ORDER: readonly Teller[] = ["rows", "names", "group", "card", "lock"];

function inOrder(told: Sum["told"]): Part["told"] {
  return Object.fromEntries(ORDER.flatMap((by) => (told[by] === undefined ? [] : [[by, told[by]]])));
}

function largestFirst(a: Part, b: Part): number {
  if (a.name === undefined || b.name === undefined) return a.name === undefined ? 1 : -1;
  return b.bytes - a.bytes || (a.name < b.name ? -1 : 1);
}
