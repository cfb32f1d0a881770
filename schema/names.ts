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
  const hostile = hostility(path);
  if (hostile !== undefined) return { kind: "hostile", why: hostile };
  const why = unportability(path);
  return why === undefined
    ? { kind: "ok", path: path as TreePath }
    : { kind: "unportable", why, path: path as TreePath };
}

/** Two names with one key may be one file on a case-insensitive or normalising disk. */
export function foldKey(path: string): string {
  // Upper-casing first folds what has several lower-case forms (ß and ss, final sigma), as file systems do.
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

export interface Collision {
  /** `equal`: the same path; `folded`: only after case folding; `parent`: one would be a folder above the other. */
  readonly kind: "equal" | "folded" | "parent";
  readonly paths: readonly [string, string];
  readonly sources: readonly [string, string];
}

interface Owned {
  readonly path: string;
  readonly source: string;
}

/** Time and memory linear in the number of paths and segments. */
export function findCollisions(paths: Iterable<Owned>): Collision[] {
  const files = new Map<string, Owned>();
  const collisions: Collision[] = [];
  for (const owned of paths) {
    const key = foldKey(owned.path);
    const other = files.get(key);
    if (other === undefined) files.set(key, owned);
    else collisions.push(collision(other.path === owned.path ? "equal" : "folded", other, owned));
  }
  const checked = new Set<string>();
  for (const [key, owned] of files)
    collisions.push(...parentsOf(key, checked, files).map((parent) => collision("parent", parent, owned)));
  return collisions;
}

function parentsOf(key: string, checked: Set<string>, files: ReadonlyMap<string, Owned>): Owned[] {
  const parents: Owned[] = [];
  for (let slash = key.lastIndexOf("/"); slash > 0; slash = key.lastIndexOf("/", slash - 1)) {
    const folder = key.slice(0, slash);
    if (checked.has(folder)) break;
    checked.add(folder);
    const parent = files.get(folder);
    if (parent !== undefined) parents.push(parent);
  }
  return parents;
}

function collision(kind: Collision["kind"], a: Owned, b: Owned): Collision {
  return { kind, paths: [a.path, b.path], sources: [a.source, b.source] };
}

const LONGEST_SHOWN = 200;
/** Controls (C0, DEL, C1), bidirectional overrides, invisible joiners, line separators, lone surrogates, and the byte order mark. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Safe for a terminal and a log: what moves the cursor, hides or reorders text is shown as an escape. */
export function printable(text: string): string {
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return cut.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function hostility(path: string): string | undefined {
  if (path === "") return "is empty";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return "holds a control character";
  if (path.includes("\\")) return "holds a backslash";
  if (!path.isWellFormed()) return "is not valid Unicode";
  if (path.startsWith("/")) return "is absolute";
  if (/^[A-Za-z]:/.test(path)) return "begins with a drive letter";
  const segments = path.split("/");
  if (segments.includes("")) return "has an empty segment";
  if (segments.includes("..") || segments.includes(".")) return 'has a "." or ".." segment';
  return reserved(segments) ?? tooLong(path, segments);
}

function reserved(segments: readonly string[]): string | undefined {
  // Case-insensitive disks open .GIT as .git, and some drop characters that are invisible.
  const folded = segments.map((segment) =>
    foldKey(segment)
      .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "")
      .replace(/[. ]+$/, ""),
  );
  if (folded.includes(".git")) return 'is below ".git"';
  if (folded.includes(".tritter")) return 'is below ".tritter"';
  const cache = folded.findIndex(
    (segment, index) => segment === ".cache" && folded[index + 1] === "huggingface",
  );
  return cache < 0 ? undefined : 'is below ".cache/huggingface"';
}

const LONGEST_SEGMENT = 255;
const LONGEST_PATH = 4_096;

function tooLong(path: string, segments: readonly string[]): string | undefined {
  if (utf8Length(path) > LONGEST_PATH) return `is longer than ${LONGEST_PATH} bytes`;
  if (
    segments.some((segment) => segment.length > LONGEST_SEGMENT / 4 && utf8Length(segment) > LONGEST_SEGMENT)
  ) {
    return `has a segment longer than ${LONGEST_SEGMENT} bytes`;
  }
  return undefined;
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return text.length * 3 <= LONGEST_SEGMENT ? text.length : encoder.encode(text).length;
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .]|$)/i;

function unportability(path: string): string | undefined {
  const special = /[<>:"|?*]/.exec(path);
  if (special !== null) return `holds ${special[0]}, which Windows does not allow`;
  for (const segment of path.split("/")) {
    if (DEVICE.test(segment))
      return `names the Windows device ${segment.replace(/[ .].*$/, "").toUpperCase()}`;
    if (/[. ]$/.test(segment)) return "has a segment that ends with a dot or a space, which Windows drops";
  }
  return undefined;
}
