import { readAddress } from "../../schema/address.ts";
import { hfPattern } from "../../schema/fnmatch.ts";
import { REPO_TYPES, type RepoType } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { gapsOf, sourceOf, usualText, type Value } from "./values.ts";
import type { Choice, Wanted } from "./wanted.ts";

export type ReadDownload =
  | { readonly kind: "ok"; readonly wanted: Omit<Wanted, "line">; readonly notes: readonly string[] }
  /** It downloads nothing, as with `--dry-run`. */
  | { readonly kind: "nothing"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

/** `hf` takes one value behind each `--include` and all of them together; `huggingface-cli` many, and the last `--include` alone. */
export type Program = "hf" | "huggingface-cli";

/** Reads what stands behind `hf download`, as those programs do. */
export function readDownload(program: Program, words: readonly Value[]): ReadDownload {
  const given = optionsOf(words, program);
  if (typeof given === "string") return { kind: "refused", why: given };
  const [named, ...filenames] = given.plain;
  if (named === undefined) return { kind: "refused", why: "it names no repository" };
  if (given.flags.has("--dry-run")) return { kind: "nothing", why: "it is a dry run" };
  const open = [
    named,
    ...filenames,
    ...given.include,
    ...given.exclude,
    given.revision ?? [],
    given.type ?? [],
  ];
  const unknown = [
    ...new Set(
      open
        .flatMap(gapsOf)
        .filter(({ fallback }) => fallback === undefined)
        .map(({ source }) => source),
    ),
  ];
  if (unknown.length > 0)
    return { kind: "refused", why: `what ${unknown.join(", ")} stands for is known only when it runs` };
  const source = sourceNamed(usual(named), given);
  if (typeof source === "string") return { kind: "refused", why: source };
  const paths = [...source.paths, ...filenames.map(usual)];
  const odd = oddIn(source.revision, paths);
  if (odd !== undefined) return { kind: "refused", why: odd };
  const choice = choiceOf(paths, { include: given.include.map(usual), exclude: given.exclude.map(usual) });
  const { type, repo, revision } = source;
  return {
    kind: "ok",
    wanted: { type, repo, revision, choice, folder: given.folder },
    notes: [...given.notes, ...defaultNotes(open), ...ignoredNotes(paths, given)],
  };
}

/** What no repository has. */
function oddIn(revision: string | undefined, paths: readonly string[]): string | undefined {
  if (revision !== undefined && !/^[^\u0000-\u001f\u007f]{1,500}$/.test(revision))
    return `there is no revision "${printable(revision)}"`;
  return paths.includes("") ? "it names a file without a name" : undefined;
}

interface Given {
  readonly plain: readonly Value[];
  readonly include: readonly Value[];
  readonly exclude: readonly Value[];
  readonly type: Value | undefined;
  readonly revision: Value | undefined;
  readonly folder: Value | undefined;
  readonly flags: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Options with a value; `-` ones are spelt out. */
const VALUED = new Set([
  "--repo-type",
  "--type",
  "--revision",
  "--local-dir",
  "--cache-dir",
  "--token",
  "--max-workers",
  "--local-dir-use-symlinks",
  "--format",
]);
const SWITCHES = /^(?:--(?:no-)?(?:force-download|dry-run|resume-download|quiet|truncate)|--json|-q)$/;

/** What could not be read is a text that says so. */
function optionsOf(words: readonly Value[], program: Program): Given | string {
  const greedy = collect(words, true);
  // With one value behind each flag the repository may follow it, as only `hf` of today reads it.
  const read = typeof greedy !== "string" && greedy.plain.length === 0 ? collect(words, false) : greedy;
  if (typeof read === "string") return read;
  const [empty] = read.lists.find(([, values]) => values.length === 0) ?? [];
  if (empty !== undefined) return `${empty} has no value`;
  const lists = {
    "--include": lastOf(read, "--include", program),
    "--exclude": lastOf(read, "--exclude", program),
  };
  const one = (name: string) => read.values.findLast(([flag]) => flag === name)?.[1];
  return {
    plain: read.plain,
    include: lists["--include"].kept,
    exclude: lists["--exclude"].kept,
    type: one("--repo-type") ?? one("--type"),
    revision: one("--revision"),
    folder: one("--local-dir"),
    flags: new Set(read.flags),
    notes: [...lists["--include"].notes, ...lists["--exclude"].notes, ...valueNotes(read.values)],
  };
}

interface Collected {
  readonly plain: Value[];
  readonly flags: string[];
  readonly values: (readonly [flag: string, value: Value])[];
  /** Each time a list flag stands there, what follows it. */
  readonly lists: (readonly [flag: string, values: Value[]])[];
}

function collect(words: readonly Value[], greedy: boolean): Collected | string {
  const found: Collected = { plain: [], flags: [], values: [], lists: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Value;
    const [name, attached] = flagOf(word);
    if (name === undefined) found.plain.push(word);
    else if (name === "--") {
      for (const rest of words.slice(at + 1)) found.plain.push(rest);
      break;
    } else if (name === "--include" || name === "--exclude") {
      const rest = attached === undefined ? following(words, at + 1, greedy) : [];
      found.lists.push([name, attached === undefined ? rest : [attached]]);
      at += rest.length;
    } else if (VALUED.has(name)) {
      const value = attached ?? words[at + 1];
      if (value === undefined) return `${name} has no value`;
      found.values.push([name, value]);
      at += attached === undefined ? 1 : 0;
    } else if (SWITCHES.test(name) && attached === undefined) found.flags.push(name);
    else return `the option ${printable(name)} is not known`;
  }
  return found;
}

/** `--name` or `--name=value`; undefined for what is no option. */
function flagOf(word: Value): readonly [name: string | undefined, attached?: Value] {
  const [first, ...rest] = word;
  if (typeof first !== "string" || !/^-./.test(first)) return [undefined];
  const [whole = "", name] = /^(--?[\w-]+)=/s.exec(first) ?? [];
  if (name === undefined) return [rest.length === 0 ? first : sourceOf(word)];
  const text = first.slice(whole.length);
  return [name, text === "" ? rest : [text, ...rest]];
}

function following(words: readonly Value[], from: number, greedy: boolean): Value[] {
  const end = words.findIndex((word, index) => index >= from && flagOf(word)[0] !== undefined);
  return words.slice(from, greedy ? (end < 0 ? words.length : end) : from + 1);
}

function lastOf(
  { lists }: Collected,
  flag: string,
  program: Program,
): { kept: readonly Value[]; notes: readonly string[] } {
  const all = lists.filter(([name]) => name === flag).map(([, values]) => values);
  const several = program === "hf" && all.some((values) => values.length > 1);
  const notes = several
    ? [`hf of today takes one value behind ${flag}: what follows it is taken for patterns here`]
    : [];
  if (all.length < 2 || program === "hf") return { kept: all.flat(), notes };
  const dropped = all.slice(0, -1).flat().map(sourceOf).join(" ");
  return {
    kept: all.at(-1) ?? [],
    notes: [`huggingface-cli takes the last ${flag} alone, so ${printable(dropped)} is left out here too`],
  };
}

function valueNotes(values: Collected["values"]): readonly string[] {
  return values.flatMap(([flag, value]) => {
    if (flag === "--token")
      return ["its --token is copied nowhere: set HF_TOKEN, or log in with hf auth login"];
    if (flag === "--cache-dir") return ["--cache-dir has no counterpart: files go below the manifest's root"];
    if (flag === "--max-workers")
      return [`--max-workers is --jobs ${printable(sourceOf(value))} of tritter sync`];
    return [];
  });
}

interface SourceNamed {
  readonly type: RepoType;
  readonly repo: string;
  readonly revision: string | undefined;
  /** From an address that names files too. */
  readonly paths: readonly string[];
}

/** `owner/name`, `datasets/owner/name` or `hf://…`; a model where nothing says otherwise. */
function sourceNamed(text: string, { type, revision }: Given): SourceNamed | string {
  const read = readAddress(text, []);
  if (read.kind === "mistake") return `"${printable(text)}" ${read.why}`;
  const { address } = read;
  const asked = type === undefined ? undefined : usual(type);
  if (asked !== undefined && !REPO_TYPES.includes(asked as RepoType))
    return `there is no repository type "${printable(asked)}" here`;
  const isUri = text.startsWith("hf://");
  if (isUri && (type !== undefined || revision !== undefined))
    return "hf:// and --repo-type or --revision exclude each other";
  if (asked !== undefined && address.type !== undefined && asked !== address.type)
    return `"${printable(text)}" and --repo-type ${asked} contradict each other`;
  return {
    type: address.type ?? (asked as RepoType | undefined) ?? "model",
    repo: address.repo,
    revision: address.revision ?? (revision === undefined ? undefined : usual(revision)),
    paths: address.part.kind === "all" ? [] : [address.part.path],
  };
}

/** One name is that file. Several are patterns, and one that ends with `/` is a folder. Names make the patterns idle. */
function choiceOf(
  paths: readonly string[],
  { include, exclude }: { include: readonly string[]; exclude: readonly string[] },
): Choice {
  const isPlain = (path: string) => !/[*?[]/.test(path) && !path.endsWith("/");
  if (paths.length === 1 ? !paths[0]?.endsWith("/") : paths.length > 1 && paths.every(isPlain))
    return { kind: "files", paths };
  if (paths.length > 0) return { kind: "patterns", include: paths.map(hfPattern), exclude: [] };
  if (include.length === 0 && exclude.length === 0) return { kind: "all" };
  return { kind: "patterns", include: include.map(hfPattern), exclude: exclude.map(hfPattern) };
}

function defaultNotes(values: readonly Value[]): readonly string[] {
  const gaps = values.flatMap(gapsOf).filter(({ fallback }) => fallback !== undefined);
  return [
    ...new Set(
      gaps.map(
        ({ source, fallback }) =>
          `${source} is taken for ${printable(fallback ?? "")}: what it is run with may say otherwise`,
      ),
    ),
  ];
}

function ignoredNotes(paths: readonly string[], { include, exclude }: Given): readonly string[] {
  const ignored = [...include, ...exclude].map(sourceOf).join(" ");
  return paths.length > 0 && ignored !== ""
    ? [`hf takes no patterns where files are named, so ${printable(ignored)} is left out here too`]
    : [];
}

function usual(value: Value): string {
  return usualText(value) ?? sourceOf(value);
}
