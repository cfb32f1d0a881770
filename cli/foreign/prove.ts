import { translateFnmatch } from "../../schema/dialects.ts";
import { compileFnmatch } from "../../schema/fnmatch.ts";
import { printable } from "../../schema/names.ts";
import { compilePattern, exactPattern } from "../../schema/patterns.ts";
import type { Choice } from "./wanted.ts";

/** Patterns of our own that select what a choice does. */
export type Proved =
  | {
      readonly kind: "ok";
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      /** `unneeded`: every file, or files by name. `unproved`: there was no listing. */
      readonly proof: "proved" | "unproved" | "unneeded";
      /** Selected; undefined without a listing. */
      readonly files: number | undefined;
      /** Patterns whose files are written out, since nothing of ours says the same. */
      readonly written: readonly string[];
      /** Patterns that select nothing and are left out. */
      readonly idle: readonly string[];
    }
  | { readonly kind: "refused"; readonly why: string };

/** More patterns than a manifest holds. */
const MOST_PATTERNS = 10_000;

/** Whether a choice has to be looked at beside a listing before it can be translated. */
export function needsListing(choices: readonly Choice[]): boolean {
  return !choices.some(takesAll) && choices.some(({ kind }) => kind === "patterns");
}

/** Translates what several downloads into one folder take together. `paths`: every file of the repository; undefined: not known. */
export function proveChoices(choices: readonly Choice[], paths: readonly string[] | undefined): Proved {
  const proved = prove(choices, paths);
  if (proved.kind === "refused") return proved;
  for (const pattern of [...proved.include, ...proved.exclude]) {
    const compiled = compilePattern(pattern);
    // As where a name holds a line break.
    if (compiled.kind === "mistake")
      return { kind: "refused", why: `the pattern "${printable(pattern)}" ${compiled.why}` };
  }
  return proved;
}

function prove(choices: readonly Choice[], paths: readonly string[] | undefined): Proved {
  if (choices.some(takesAll)) return settled({ include: [], files: paths?.length });
  if (!needsListing(choices)) {
    const files = [...new Set(choices.flatMap((choice) => (choice.kind === "files" ? choice.paths : [])))];
    return settled({ include: files.map(exactPattern), files: files.length });
  }
  return paths === undefined ? translated(choices) : translatedOn(choices, paths);
}

function takesAll(choice: Choice): boolean {
  return choice.kind === "all";
}

function settled({ include, files }: { include: readonly string[]; files: number | undefined }): Proved {
  return { kind: "ok", include, exclude: [], proof: "unneeded", files, written: [], idle: [] };
}

interface Patterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Files by name are patterns of themselves, in either dialect. */
function patternsOf(choice: Choice): Patterns {
  if (choice.kind === "patterns") return choice;
  return { include: choice.kind === "files" ? choice.paths.map(literal) : [], exclude: [] };
}

function literal(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}

/** Several excludes of several downloads do not add up to one. */
function together(choices: readonly Choice[]): Patterns | undefined {
  const all = choices.map(patternsOf);
  if (all.length > 1 && all.some(({ exclude, include }) => exclude.length > 0 || include.length === 0))
    return undefined;
  return {
    include: [...new Set(all.flatMap(({ include }) => include))],
    exclude: [...new Set(all.flatMap(({ exclude }) => exclude))],
  };
}

/** The exact translations, where nothing can be looked at. */
function translated(choices: readonly Choice[]): Proved {
  const patterns = together(choices);
  if (patterns === undefined)
    return {
      kind: "refused",
      why: "several downloads into one folder exclude different files, which takes a listing to add up",
    };
  const all = [...patterns.include, ...patterns.exclude];
  const without = all.filter((pattern) => translateFnmatch(pattern).length === 0);
  if (without.length > 0) {
    const why = `no pattern here says what ${without.map((one) => `"${printable(one)}"`).join(", ")} says of every name: it takes a listing to write its files out`;
    return { kind: "refused", why };
  }
  const exact = (pattern: string) => translateFnmatch(pattern).at(-1) as string;
  return {
    kind: "ok",
    include: patterns.include.map(exact),
    exclude: patterns.exclude.map(exact),
    proof: "unproved",
    files: undefined,
    written: [],
    idle: [],
  };
}

function translatedOn(choices: readonly Choice[], paths: readonly string[]): Proved {
  const wanted = selectedBy(choices.map(patternsOf), paths);
  if (wanted.length === 0) return { kind: "refused", why: "it selects no file of the repository" };
  const patterns = together(choices);
  const chosen = patterns === undefined ? undefined : chooseAll(patterns, { paths, wanted });
  const found = chosen ?? writtenOut(choices, wanted);
  if (found.include.length + found.exclude.length > MOST_PATTERNS)
    return {
      kind: "refused",
      why: `it takes a list of ${found.include.length + found.exclude.length} files, and a manifest holds ${MOST_PATTERNS} patterns`,
    };
  return { kind: "ok", ...found, proof: "proved", files: wanted.length };
}

interface Chosen extends Patterns {
  readonly written: readonly string[];
  readonly idle: readonly string[];
}

interface Listing {
  readonly paths: readonly string[];
  /** What is selected of them. */
  readonly wanted: readonly string[];
}

/** undefined where the patterns together take another set than was wanted. */
function chooseAll({ include, exclude }: Patterns, { paths, wanted }: Listing): Chosen | undefined {
  const selected = new Set(wanted);
  const known = new Set(paths);
  const all = include.map((pattern) => ({ pattern, files: matching(pattern, paths, known) }));
  const idle = all.filter(({ files }) => !files.some((path) => selected.has(path)));
  const included = all
    .filter((one) => !idle.includes(one))
    .map((one) => choose(one, paths, (path) => selected.has(path)));
  const taken = new Set(include.length === 0 ? paths : included.flatMap(({ files }) => files));
  const excluded = exclude
    .map((pattern) => ({ pattern, files: matching(pattern, paths, known) }))
    .map((one) => choose(one, paths, (path) => taken.has(path)));
  for (const path of excluded.flatMap(({ files }) => files)) taken.delete(path);
  if (
    !isEqual(
      paths.filter((path) => taken.has(path)),
      wanted,
    )
  )
    return undefined;
  // Files by name exclude nothing of themselves.
  const isWrittenOut = included.length > 0 && included.every(({ written }) => written.length > 0);
  if (isWrittenOut) return { ...byName(wanted), written: include, idle: idle.map(({ pattern }) => pattern) };
  return {
    include: included.flatMap(({ patterns }) => patterns),
    exclude: excluded.flatMap(({ patterns }) => patterns),
    written: [...included, ...excluded].flatMap(({ written }) => written),
    idle: idle.map(({ pattern }) => pattern),
  };
}

interface Choosing {
  readonly pattern: string;
  /** What it matches. */
  readonly files: readonly string[];
}

/** The first translation that selects the very same files, else those of them that matter, one by one. */
function choose(
  { pattern, files }: Choosing,
  paths: readonly string[],
  matters: (path: string) => boolean,
): { patterns: readonly string[]; files: readonly string[]; written: readonly string[] } {
  const same = translateFnmatch(pattern).find(
    (candidate) => isName(pattern) || isEqual(matchingOurs(candidate, paths), files),
  );
  if (same !== undefined) return { patterns: [same], files, written: [] };
  const few = files.filter(matters);
  return { patterns: few.map(exactPattern), files: few, written: few.length > 0 ? [pattern] : [] };
}

function writtenOut(choices: readonly Choice[], wanted: readonly string[]): Chosen {
  const written = choices.flatMap((choice) =>
    choice.kind === "patterns" ? [...choice.include, ...choice.exclude] : [],
  );
  return { ...byName(wanted), written, idle: [] };
}

function byName(files: readonly string[]): Patterns {
  return { include: files.map(exactPattern), exclude: [] };
}

function matching(pattern: string, paths: readonly string[], known: ReadonlySet<string>): readonly string[] {
  if (isName(pattern)) return known.has(pattern) ? [pattern] : [];
  return paths.filter(compileFnmatch(pattern));
}

/** Of one file, the same in either dialect: a list of thousands is compared by looking each up. */
function isName(pattern: string): boolean {
  return !/[*?[]/.test(pattern);
}

function matchingOurs(pattern: string, paths: readonly string[]): readonly string[] {
  const compiled = compilePattern(pattern);
  return compiled.kind === "ok" ? paths.filter((path) => compiled.matches(path)) : [];
}

function selectedBy(all: readonly Patterns[], paths: readonly string[]): readonly string[] {
  const matchers = all.map(({ include, exclude }) => ({
    isIn: include.length === 0 ? () => true : matcherOf(include),
    isOut: matcherOf(exclude),
  }));
  return paths.filter((path) => matchers.some(({ isIn, isOut }) => isIn(path) && !isOut(path)));
}

function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const names = new Set(patterns.filter(isName));
  const others = patterns.filter((pattern) => !isName(pattern)).map(compileFnmatch);
  return (path) => names.has(path) || others.some((matches) => matches(path));
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, index) => path === b[index]);
}
