// Names come from a Hub, a lock or a manifest in a pull request: all untrusted.

import type { TreePath } from "./ids.ts";

export type JudgedName =
  | { readonly kind: "ok"; readonly path: TreePath }
  /** Always refused. */
  | { readonly kind: "hostile"; readonly why: string }
  /** Cannot exist on some platform: refused unless the source says `names: posix`. */
  | { readonly kind: "unportable"; readonly why: string; readonly path: TreePath };

/** Judges a relative path with `/` between its segments. */
export function judgeName(path: string): JudgedName {
  const hostile = hostilityOf(path);
  if (hostile !== undefined) return { kind: "hostile", why: hostile };
  const why = unportability(path);
  return why === undefined
    ? { kind: "ok", path: path as TreePath }
    : { kind: "unportable", why, path: path as TreePath };
}

/** Two names with one key may be one file on a case-insensitive or normalising disk. */
export function foldKey(path: string): string {
  if (ASCII.test(path)) return path.toLowerCase();
  // Upper case folds what has several lower-case forms (ß and ss, final sigma), as file systems do; ẞ gets there by ß.
  return path.normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}

const ASCII = /^[\u0000-\u007f]*$/;

export interface Collision {
  /**
   * `equal`: the same path; `folded`: only after case folding or normalisation; `parent`: the first would be a folder
   * above the second; `folded-parent`: only after folding.
   */
  readonly kind: "equal" | "folded" | "parent" | "folded-parent";
  readonly paths: readonly [string, string];
  readonly sources: readonly [string, string];
}

interface Owned {
  readonly path: string;
  readonly source: string;
}

/** Time and memory linear in the number of paths and segments. */
export function findCollisions(paths: Iterable<Owned>): Collision[] {
  const files: Files = { byKey: new Map(), byPath: new Map() };
  const collisions: Collision[] = [];
  for (const owned of paths) {
    const key = foldKey(owned.path);
    const first = files.byKey.get(key);
    if (first === undefined) {
      files.byKey.set(key, owned);
      continue;
    }
    const equal = first.path === owned.path ? first : files.byPath.get(owned.path);
    collisions.push(
      equal === undefined ? collision("folded", first, owned) : collision("equal", equal, owned),
    );
    if (equal === undefined) files.byPath.set(owned.path, owned);
  }
  const checked = new Set<string>();
  for (const [key, owned] of files.byKey) collisions.push(...parentsOf(key, owned, { files, checked }));
  for (const [path, owned] of files.byPath)
    collisions.push(...parentsOf(foldKey(path), owned, { files, checked }));
  return collisions;
}

interface Files {
  /** The first path of each key. */
  readonly byKey: Map<string, Owned>;
  /** The other paths of a key, which the first must not hide. */
  readonly byPath: Map<string, Owned>;
}

/** Folding keeps every slash, so key and path are walked side by side. `checked`: folders looked at, as spelt. */
function parentsOf(
  key: string,
  owned: Owned,
  { files, checked }: { files: Files; checked: Set<string> },
): Collision[] {
  const found: Collision[] = [];
  let slash = owned.path.lastIndexOf("/");
  let folded = key.lastIndexOf("/");
  while (slash > 0) {
    const folder = owned.path.slice(0, slash);
    if (checked.has(folder)) break;
    checked.add(folder);
    const first = files.byKey.get(key.slice(0, folded));
    const exact = first?.path === folder ? first : files.byPath.get(folder);
    if (exact !== undefined) found.push(collision("parent", exact, owned));
    else if (first !== undefined) found.push(collision("folded-parent", first, owned));
    slash = owned.path.lastIndexOf("/", slash - 1);
    folded = key.lastIndexOf("/", folded - 1);
  }
  return found;
}

function collision(kind: Collision["kind"], a: Owned, b: Owned): Collision {
  return { kind, paths: [a.path, b.path], sources: [a.source, b.source] };
}

const LONGEST_SHOWN = 200;
/** Controls (C0, DEL, C1), bidirectional marks and overrides, invisible joiners, line separators, lone surrogates, and the byte order mark. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Safe for a terminal and a log: what moves the cursor, hides or reorders text is shown as an escape. */
export function printable(text: string): string {
  const cut =
    text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN).replace(/[\ud800-\udbff]$/, "")}…` : text;
  return cut.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same with one column a character, for a line that a caret below points into: blanks for controls, � for the rest. */
export function aligned(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ").replace(UNSAFE, "�");
}

/** The names of nearly every data set, which one look finds nothing wrong with. */
const PLAIN = /^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\/){0,20}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/;

/** Why a path is always refused, if it is. */
export function hostilityOf(path: string): string | undefined {
  if (PLAIN.test(path)) return undefined;
  if (path === "") return "is empty";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return "holds a control character";
  if (path.includes("\\")) return "holds a backslash";
  if (!path.isWellFormed()) return "is not valid Unicode";
  if (path.startsWith("/")) return "is absolute";
  if (/^[A-Za-z]:/.test(path)) return "begins with a drive letter";
  const segments = path.split("/");
  if (segments.includes("")) return "has an empty segment";
  if (segments.includes("..") || segments.includes(".")) return 'has a "." or ".." segment';
  return tooLong(path, segments) ?? reserved(path);
}

function reserved(path: string): string | undefined {
  // Most names are ruled out by one look.
  if (!/git|tritte|cache|[^\u0000-\u007f]/i.test(path)) return undefined;
  const segments = path.split("/").map(opened);
  if (segments.some((segment) => /^(?:\.git|git~\d+)$/.test(segment))) return 'is below ".git"';
  if (segments.some((segment) => /^(?:\.tritter|tritte~\d+)$/.test(segment))) return 'is below ".tritter"';
  const cache = segments.findIndex(
    (segment, index) =>
      /^(?:\.cache|cache~\d+)$/.test(segment) &&
      /^(?:huggingface|huggin~\d+)$/.test(segments[index + 1] ?? ""),
  );
  return cache < 0 ? undefined : 'is below ".cache/huggingface"';
}

/**
 * What a segment opens on the disks that take liberties: case-insensitive ones open .GIT as .git, some drop invisible
 * characters, Windows drops trailing dots and spaces and a stream (`.git::$INDEX_ALLOCATION`) and knows `GIT~1`.
 */
function opened(segment: string): string {
  return foldKey(segment)
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "")
    .replace(/:.*/s, "")
    .replace(/[. ]+$/, "");
}

const LONGEST_SEGMENT = 255;
const LONGEST_PATH = 4_096;

function tooLong(path: string, segments: readonly string[]): string | undefined {
  if (utf8Length(path) > LONGEST_PATH) return `is longer than ${LONGEST_PATH} bytes`;
  if (segments.some((segment) => utf8Length(segment) > LONGEST_SEGMENT)) {
    return `has a segment longer than ${LONGEST_SEGMENT} bytes`;
  }
  return undefined;
}

const encoder = new TextEncoder();

/** Of what is short enough for every rule, no more than a lower bound. */
function utf8Length(text: string): number {
  return text.length * 3 <= LONGEST_SEGMENT ? text.length : encoder.encode(text).length;
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .]|$)/i;

function unportability(path: string): string | undefined {
  if (!SUSPECT.test(path)) return undefined;
  const special = /[<>:"|?*]/.exec(path);
  if (special !== null) return `holds ${special[0]}, which Windows does not allow`;
  for (const segment of path.split("/")) {
    if (DEVICE.test(segment))
      return `names the Windows device ${segment.replace(/[ .].*/s, "").toUpperCase()}`;
    if (/[. ]$/.test(segment)) return "has a segment that ends with a dot or a space, which Windows drops";
  }
  return undefined;
}

/** What any of the rules could be about. */
const SUSPECT = /[<>:"|?*]|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|com|lpt)/i;
