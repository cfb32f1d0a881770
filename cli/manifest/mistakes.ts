import { DURATION_SHAPE, parseDuration } from "../../schema/duration.ts";
import type { Issue } from "../../schema/issues.ts";
import { printable } from "../../schema/names.ts";
import { AS_OF_SHAPE, parseAsOf } from "../../schema/time.ts";
import type { SchemaError } from "../../schema/validate.mjs";
import type { SourceText } from "./source-text.ts";
import { suggest } from "./suggest.ts";

/** Mistakes told at once; more would not be read. */
export const MOST_ISSUES = 100;

/** What ajv found, as a person would say it, at the token it is about. */
export function explainSchemaErrors(errors: readonly SchemaError[], source: SourceText): Issue[] {
  const issues = errors.slice(0, MOST_ISSUES).map((error) => explain(error, source));
  return distinct([...issues.filter((issue) => issue !== undefined), ...andMore(errors.length)]);
}

/** Stands for the mistakes that are not told. */
export function andMore(found: number): Issue[] {
  if (found <= MOST_ISSUES) return [];
  return [{ severity: "error", message: `and ${found - MOST_ISSUES} more mistakes` }];
}

function explain(error: SchemaError, source: SourceText): Issue | undefined {
  const path = parsePointer(error.path);
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(error, source, path);
    case "required":
      return missingKey(error, source, path);
    case "type":
      return wrongType(error, source, path);
    case "enum":
    case "const":
      return wrongValue(error, source, path);
    case "propertyNames":
      return badName(error, source, path);
    default:
      // Under propertyNames ajv reports the broken rule of the name too: `propertyNames` tells it already.
      if (error.schemaPath.includes("/propertyNames/")) return undefined;
      return at(source, path, `${subject(path)} ${rule(error)}`);
  }
}

function unknownKey({ params, known }: SchemaError, source: SourceText, path: Path): Issue {
  const key = String(params.additionalProperty);
  const near = suggest(key, known);
  const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
  return {
    ...place(source, [...path, key], "key"),
    severity: "error",
    message: `unknown key "${printable(key)}"`,
    hint,
  };
}

function missingKey({ params }: SchemaError, source: SourceText, path: Path): Issue {
  const key = String(params.missingProperty);
  const where = path.length === 0 ? "the manifest" : `"${printable(String(path.at(-1)))}"`;
  const part = path.length === 0 ? "value" : "key";
  return {
    ...place(source, path, part),
    severity: "error",
    message: `${where} has no "${key}": it is required`,
  };
}

function wrongType({ params }: SchemaError, source: SourceText, path: Path): Issue {
  const wanted = [params.type]
    .flat()
    .map(String)
    .filter((type) => type !== "null");
  const located = source.locate(path);
  const { written, kind } = located;
  const { shape, fits } = SHAPES[String(path.at(-1))] ?? ANY_TEXT;
  const should = `should be ${shape ?? wanted.map((type) => ARTICLES[type] ?? type).join(" or ")}`;
  if (wanted[0] === "string" && written !== undefined && !/^["']/.test(written) && kind === "scalar") {
    const message = `${subject(path)} is read as a ${kindOf(written)}: ${should}`;
    // Quotes make a text of anything, but no date or length.
    const hint = fits(written) ? { hint: `quote it: "${printable(written)}"` } : undefined;
    return { ...strip(located), severity: "error", message, ...hint };
  }
  const is = kind === "scalar" ? printable(written ?? "") : IS[kind];
  const hint =
    wanted[0] === "array" && kind === "scalar"
      ? `write it as a list: [${printable(written ?? "")}]`
      : undefined;
  return {
    ...strip(located),
    severity: "error",
    message: `${subject(path)} is ${is}: ${should}`,
    ...(hint && { hint }),
  };
}

const IS = { map: "a mapping", seq: "a list", null: "empty", alias: "an alias of something else" } as const;

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a text",
  object: "a mapping of keys to values",
  array: "a list",
  integer: "a whole number",
  number: "a number",
};

interface Shape {
  /** What a message says that it should be; undefined: the schema says it all. */
  readonly shape: string | undefined;
  readonly fits: (text: string) => boolean;
}

const ANY_TEXT: Shape = { shape: undefined, fits: () => true };
const A_DURATION: Shape = { shape: DURATION_SHAPE, fits: (text) => parseDuration(text) !== undefined };

/** Texts that have to have a shape. */
const SHAPES: Readonly<Record<string, Shape>> = {
  // `%YAML 1.1` before a manifest makes dates of them.
  "as-of": { shape: AS_OF_SHAPE, fits: (text) => parseAsOf(text) !== undefined },
  "min-age": A_DURATION,
  grace: A_DURATION,
};

function kindOf(written: string): string {
  if (parseAsOf(written) !== undefined) return "date";
  return /^(?:true|false)$/i.test(written) ? "yes-or-no value" : "number";
}

function wrongValue(error: SchemaError, source: SourceText, path: Path): Issue {
  const allowed =
    error.keyword === "const" ? [error.params.allowedValue] : (error.params.allowedValues as unknown[]);
  const located = source.locate(path);
  const written = located.written ?? "something else";
  const bare = written.replace(/^["']|["']$/g, "");
  if (error.keyword === "const" && bare === String(error.params.allowedValue))
    return {
      ...strip(located),
      severity: "error",
      message: `${subject(path)} is a text: should be ${bare}`,
      hint: "drop the quotes",
    };
  const near = error.keyword === "const" ? undefined : suggest(bare, allowed.map(String));
  const issue = {
    ...strip(located),
    severity: "error" as const,
    message: `${subject(path)} is ${printable(written)}: should be ${allowed.map(String).join(", ")}`,
  };
  if (error.keyword === "const") return { ...issue, hint: "a later version needs a newer tritter" };
  return near === undefined ? issue : { ...issue, hint: `did you mean "${near}"?` };
}

function badName({ params }: SchemaError, source: SourceText, path: Path): Issue {
  const name = String(params.propertyName);
  const should = `should begin with a letter, hold letters, digits, ".", "_" and "-" only, and have at most 100 characters`;
  const message = `source name "${printable(name)}": ${should}`;
  return { ...place(source, [...path, name], "key"), severity: "error", message };
}

function rule({ keyword, params, message }: SchemaError): string {
  const { limit } = params;
  switch (keyword) {
    case "minLength":
    case "minItems":
    case "minProperties":
      return "is empty: should not be";
    case "maxLength":
      return `is too long: should have at most ${limit} characters`;
    case "maxItems":
    case "maxProperties":
      return `has too many entries: should have at most ${limit}`;
    case "minimum":
      return `is too small: should be at least ${limit}`;
    case "pattern":
      return "holds characters that are not allowed there";
    default:
      return message;
  }
}

type Path = readonly (string | number)[];

export function parsePointer(pointer: string): (string | number)[] {
  const parts = pointer.split("/").slice(1);
  return parts
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** `"revision"`, or `"include" entry 2`. */
function subject(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the manifest";
  return typeof last === "number"
    ? `"${printable(String(path.at(-2)))}" entry ${last + 1}`
    : `"${printable(last)}"`;
}

function at(source: SourceText, path: Path, message: string): Issue {
  return { ...place(source, path, "value"), severity: "error", message };
}

function place(
  source: SourceText,
  path: Path,
  part: "key" | "value",
): Pick<Issue, "line" | "column" | "frame"> {
  return strip(source.locate(path, part));
}

function strip({
  line,
  column,
  frame,
}: ReturnType<SourceText["locate"]>): Pick<Issue, "line" | "column" | "frame"> {
  return { line, column, frame };
}

/** Each mistake once: several rules may find the same. */
export function distinct(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ line, column, message }) => {
    const key = `${line}:${column}:${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
