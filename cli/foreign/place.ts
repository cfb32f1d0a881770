import { usualText, type Value } from "./values.ts";

/** Where files go: a root, and a folder below it for each download. */
export interface Layout {
  /** As a manifest has it: variables as `${NAME}` and `${NAME:-default}`; undefined: no download says. */
  readonly root: string | undefined;
  /** By download; undefined where it says nothing, or nothing that fits below the root. */
  readonly paths: readonly (string | undefined)[];
  /** Downloads whose folder is not below the root, by index. */
  readonly elsewhere: readonly number[];
}

/** Chooses as root the folder that most downloads share. `folders`: as `--local-dir` names them. */
export function layOut(folders: readonly (Value | undefined)[]): Layout {
  const all = folders.map((folder) => (folder === undefined ? undefined : segmentsOf(folder)));
  const known = all.filter((segments) => segments !== undefined);
  const root = rootOf(largestGroup(known));
  const paths = all.map((segments) =>
    segments === undefined || root === undefined ? undefined : below(root, segments),
  );
  const elsewhere = folders.flatMap((folder, index) =>
    folder !== undefined && paths[index] === undefined ? [index] : [],
  );
  return { root: root && textOf(root), paths, elsewhere };
}

type Segments = readonly string[];

/** An absolute folder begins with an empty segment; a variable may hold slashes and is part of one. undefined: not to be told. */
function segmentsOf(folder: Value): Segments | undefined {
  const segments = [""];
  for (const part of folder.map(usualArgument)) {
    const pieces = typeof part === "string" ? plainPieces(part) : [variableText(part)];
    if (pieces.includes(undefined)) return undefined;
    const [first = "", ...others] = pieces as string[];
    segments[segments.length - 1] += first;
    segments.push(...others);
  }
  const isAbsolute = segments[0] === "" && segments.length > 1;
  const kept: string[] = [];
  for (const segment of segments) {
    const last = kept.at(-1);
    if (segment === "" || segment === ".") continue;
    if (segment === ".." && last !== undefined && last !== ".." && !last.includes("${")) kept.pop();
    else kept.push(segment);
  }
  return isAbsolute ? ["", ...kept] : kept;
}

/** What the script takes where an argument is not given: the environment of a manifest has no `$1`. */
function usualArgument(part: Value[number]): Value[number] {
  return typeof part !== "string" && part.name === undefined ? (part.fallback ?? part) : part;
}

/** undefined: what a manifest would take for something else, or not at all. */
function plainPieces(text: string): readonly (string | undefined)[] {
  return /\$\{|[\u0000-\u001f\u007f-\u009f]/.test(text) || text.length > 4_096
    ? [undefined]
    : text.split("/");
}

function variableText({ name, fallback }: Exclude<Value[number], string>): string | undefined {
  if (name === undefined || fallback?.includes("}")) return undefined;
  return fallback === undefined ? `\${${name}}` : `\${${name}:-${fallback}}`;
}

/** Those that begin at one place: the file system's root, a variable, or where the script starts. */
function largestGroup(all: readonly Segments[]): readonly Segments[] {
  const groups = new Map<string, Map<string, Segments>>();
  for (const segments of all) {
    const first = segments[0] ?? "";
    // `/a` and `/b` share nothing but the root of the file system.
    const key =
      first === "" && segments.length > 0 ? `/${segments[1] ?? ""}` : first.includes("${") ? first : "here";
    const group = groups.get(key) ?? new Map<string, Segments>();
    groups.set(key, group.set(segments.join("/"), segments));
  }
  const sorted = [...groups.values()].sort((a, b) => b.size - a.size);
  return [...(sorted[0]?.values() ?? [])];
}

function rootOf(group: readonly Segments[]): Segments | undefined {
  const [first, ...others] = group;
  if (first === undefined) return undefined;
  // One folder alone: the one above it, unless that is where everything begins.
  if (others.length === 0) return first.length > (first[0] === "" ? 2 : 1) ? first.slice(0, -1) : first;
  const shared = others.reduce<Segments>(
    (prefix, segments) => prefix.slice(0, sharedCount(prefix, segments)),
    first,
  );
  return shared;
}

function sharedCount(a: Segments, b: Segments): number {
  const differs = a.findIndex((segment, index) => segment !== b[index]);
  return differs < 0 ? a.length : differs;
}

function below(root: Segments, segments: Segments): string | undefined {
  if (sharedCount(root, segments) < root.length) return undefined;
  const rest = segments.slice(root.length);
  if (rest.some((segment) => segment.includes("${") || segment === "..")) return undefined;
  return rest.length === 0 ? "." : rest.join("/");
}

function textOf(root: Segments): string {
  if (root.length === 0) return ".";
  return root.length === 1 && root[0] === "" ? "/" : root.join("/");
}

/** The folder as a plain path, with the script's own defaults; undefined where it has none. */
export function plainFolder(folder: Value): string | undefined {
  const text = usualText(folder);
  return text === undefined ? undefined : text || ".";
}
