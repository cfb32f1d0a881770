import type { DataExpectation, Expectation } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import { parsePercent } from "../../schema/quantity.ts";
import type { Problem } from "../errors.ts";
import { compareSums, LANGUAGE, mixtureOf } from "./compare.ts";
import { isWhole, type Sum } from "./sum.ts";

/** The data of a source, and of the same source in the lock before where that is known. */
export interface Judged {
  readonly source: string;
  /** Rows of files that are not here yet may be counted later: what bounds them waits for that. */
  readonly waits: boolean;
  readonly before: Sum | undefined;
  readonly now: Sum;
}

/** Expectations that need facts; none is met by facts that are missing. Pure. */
export function judgeData(expect: Expectation, judged: Judged): readonly Problem[] {
  const gates = gatesOf(expect);
  if (gates.length === 0) return [];
  const { now } = judged;
  if (now.missing.length > 0) {
    const why = `the facts of ${amount(now.missing)} are missing`;
    return [
      refusal(judged, gates.map(([rule]) => rule).join(", "), `cannot be judged: ${why}`, "run tritter lock"),
    ];
  }
  const unreadable = now.unreadable.map(({ path }) => path);
  if (!isWhole(now)) {
    const why = `${amount(unreadable)} cannot be read`;
    return [refusal(judged, gates.map(([rule]) => rule).join(", "), `cannot be judged: ${why}`, EXCLUDE)];
  }
  const isCounted = [now.uncounted, now.uncountable, unreadable].every((paths) => paths.length === 0);
  return gates.flatMap(([rule, judge]) => {
    if (!isCounted && rule.startsWith("expect.rows.")) return uncountedRows(judged, rule);
    return judge(judged).map((broken) => refusal(judged, rule, broken, MEND));
  });
}

/** Files of which the rows are not known, and will not be. */
function uncountedRows(judged: Judged, rule: string): readonly Problem[] {
  const { now, waits } = judged;
  const never = [...now.unreadable.map(({ path }) => path), ...now.uncountable];
  if (never.length > 0) {
    const why = `cannot be judged: the rows of ${amount(never)} cannot be counted`;
    return [refusal(judged, rule, why, EXCLUDE)];
  }
  // What is lost against the lock before is known no more once this one takes its place.
  if (waits && rule !== "expect.rows.dropAtMost") return [];
  const why = `cannot be judged: the rows of ${amount(now.uncounted)} are not counted`;
  return [refusal(judged, rule, why, "run tritter sync, then tritter facts --count")];
}

/** Bounds that nobody judged, since files have to be here to be counted. */
export function isWaiting({ rows }: Expectation, { waits, now }: Judged): boolean {
  const isOpen = waits && now.uncounted.length > 0 && now.uncountable.length + now.unreadable.length === 0;
  return isOpen && (rows?.min !== undefined || rows?.max !== undefined);
}

/** Is there one that compares with the lock before? */
export function needsFactsBefore({ rows, schema }: Expectation): boolean {
  return rows?.dropAtMost !== undefined || schema !== undefined;
}

/** Is there an expectation that only facts can answer? */
export function needsFacts(expect: Expectation): boolean {
  return gatesOf(expect).length > 0;
}

const MEND = "look at what changed with tritter facts, then mend include or the expectation";
const EXCLUDE = "exclude it, or drop the expectation";
const MOST_NAMED = 5;

/** Says what is and what should be, once for each thing that is wrong. */
type Gate = readonly [rule: string, judge: (judged: Judged) => readonly string[]];

function gatesOf({ rows, schema, columns, languages }: DataExpectation): readonly Gate[] {
  const gates: Gate[] = [];
  if (rows?.min !== undefined) gates.push(["expect.rows.min", atLeast(rows.min)]);
  if (rows?.max !== undefined) gates.push(["expect.rows.max", atMost(rows.max)]);
  if (rows?.dropAtMost !== undefined) gates.push(["expect.rows.dropAtMost", drop(rows.dropAtMost)]);
  if (schema === "frozen") gates.push(["expect.schema", frozen]);
  if (columns !== undefined) gates.push(["expect.columns", present(columns)]);
  if (languages !== undefined) gates.push(["expect.languages", only(languages)]);
  return gates;
}

const atLeast =
  (least: number) =>
  ({ now }: Judged) =>
    now.rows < least ? [`it has ${now.rows} rows, should have at least ${least}`] : [];

const atMost =
  (most: number) =>
  ({ now }: Judged) =>
    now.rows > most ? [`it has ${now.rows} rows, should have at most ${most}`] : [];

const drop =
  (percent: string) =>
  ({ before, now }: Judged) => {
    const share = parsePercent(percent) ?? 0;
    const unknown = unknownBefore([...(before?.missing ?? []), ...(before?.uncounted ?? [])]);
    if (unknown.length > 0) return unknown;
    if (before === undefined || now.rows >= before.rows * (1 - share)) return [];
    const lost = (1 - now.rows / before.rows) * 100;
    return [
      `it has ${now.rows} rows, ${lost.toFixed(lost < 10 ? 1 : 0)} % fewer than the ${before.rows} before; should lose at most ${percent}`,
    ];
  };

function frozen({ before, now }: Judged): readonly string[] {
  const unknown = unknownBefore(before?.missing ?? []);
  if (unknown.length > 0) return unknown;
  if (before === undefined || before.schemas.length === 0) return [];
  const { added, dropped, retyped } = compareSums(before, now);
  const texts = [
    ...added.map(({ name, type }) => `column "${printable(name)}" (${printable(type)}) is new`),
    ...dropped.map(({ name }) => `column "${printable(name)}" is gone`),
    ...retyped.map(
      ({ name, before: was, after: is }) =>
        `column "${printable(name)}" is ${printable(is)}, was ${printable(was)}`,
    ),
  ];
  return texts.map((text) => `${text}; should stay as it was`);
}

function unknownBefore(missing: readonly string[]): readonly string[] {
  if (missing.length === 0) return [];
  return [`cannot be judged: the facts of ${amount(missing)} of the lock before are missing`];
}

const present =
  (wanted: readonly string[]) =>
  ({ now }: Judged) => {
    const total = now.schemas.reduce((sum, { files }) => sum + files, 0);
    const having = (name: string) =>
      now.columns.filter((column) => column.name === name).reduce((sum, { files }) => sum + files, 0);
    return wanted
      .filter((name) => total === 0 || having(name) < total)
      .map(
        (name) => `${having(name)} of ${total} Parquet files have a column "${printable(name)}", should all`,
      );
  };

const only =
  (languages: readonly string[]) =>
  ({ now }: Judged) => {
    const columns = [...new Set(now.columns.map(({ name }) => name).filter((name) => LANGUAGE.test(name)))];
    if (columns.length === 0) return ["no column names a language"];
    return columns.flatMap((column) => {
      const mixture = mixtureOf(now, column);
      if (mixture === undefined)
        return [`the footers do not tell which values column "${printable(column)}" holds`];
      const others = [...mixture.keys()].filter((value) => !languages.includes(value));
      return others.map(
        (value) =>
          `column "${printable(column)}" holds "${printable(value)}" (${mixture.get(value)} rows), should hold ${languages.map(printable).join(", ")} only`,
      );
    });
  };

function amount(paths: readonly string[]): string {
  const named = paths.slice(0, MOST_NAMED).map((path) => `"${printable(path)}"`);
  const more = paths.length > MOST_NAMED ? `, and ${paths.length - MOST_NAMED} more` : "";
  return `${paths.length === 1 ? "1 file" : `${paths.length} files`} (${named.join(", ")}${more})`;
}

function refusal({ source }: Judged, rule: string, broken: string, hint: string): Problem {
  return { code: "EXPECTATION", source, message: `source "${source}" breaks ${rule}: ${broken}`, hint };
}
