import { pointerText } from "../hub/pointer.ts";
import {
  type Entry,
  type Folder,
  fileOid,
  findFolder,
  folderOid,
  listEntries,
  type ServedFile,
} from "./folders.ts";
import { entryNotFound, refusal } from "./refusals.ts";
import type { Said } from "./wire.ts";

/** What listings need of a commit. */
export interface ListedCommit {
  /** 40 hex digits */
  readonly id: string;
  readonly files: ReadonlyMap<string, ServedFile>;
  root(): Folder;
}

export interface Listed {
  readonly commit: ListedCommit;
  /** An entry as JSON. */
  readonly show: (entry: Entry) => object;
}

export interface TreeQuestion extends Listed {
  readonly path: string;
  readonly query: URLSearchParams;
  /** As on the wire, absolute, without query: what the link to the next page begins with. */
  readonly address: string;
  /** Entries, at most. */
  readonly pageSize: number;
}

/** The most that the Hub gives. */
export const PAGE_SIZE = 1000;
const EXPANDED_PAGE = 50;
const MOST_EXPANDED = 100;

/** One page of a tree listing. The cursor is opaque to clients. */
export function tree(question: TreeQuestion): Said {
  const { commit, path, query, show } = question;
  const entries = walk(commit, path, isTrue(query.get("recursive")));
  if (entries === undefined) return entryNotFound(commit.id, "json");
  const from = cursorOffset(query.get("cursor"));
  if (from === undefined) return refusal(400, "Invalid cursor", "json");
  const to = from + pageLength(question);
  const value = entries.slice(from, to).map(show);
  if (to >= entries.length) return { kind: "json", value };
  return { kind: "json", value, headers: { link: nextLink(question, to) } };
}

/** The entries of the asked paths; what does not exist is left out. */
export function pathsInfo({ commit, show }: Listed, paths: readonly string[]): Said {
  const value = paths.flatMap((path) => {
    const file = commit.files.get(path);
    if (file !== undefined) return [show({ kind: "file", path, file })];
    const folder = path === "" ? undefined : findFolder(commit.root(), path);
    return folder === undefined ? [] : [show({ kind: "folder", path, folder })];
  });
  return { kind: "json", value };
}

/** What a POST to paths-info asks for, in either of its two forms; undefined: in neither. */
export function askedPaths(
  contentType: string,
  body: string,
): { readonly paths: readonly string[]; readonly expand: boolean } | undefined {
  if (!contentType.includes("json")) {
    const form = new URLSearchParams(body);
    return { paths: form.getAll("paths"), expand: isTrue(form.get("expand")?.toLowerCase() ?? null) };
  }
  try {
    const { paths, expand } = JSON.parse(body);
    const list: unknown[] = [paths].flat();
    if (!list.every((path) => typeof path === "string")) return undefined;
    return { paths: list, expand: expand === true };
  } catch {
    return undefined;
  }
}

/** What every listing tells of an entry. */
export function entryFacts(entry: Entry): object {
  if (entry.kind === "folder")
    return { type: "directory", oid: folderOid(entry.folder), size: 0, path: entry.path };
  const { file } = entry;
  const git = { type: "file", oid: fileOid(file), size: file.size };
  if (!file.lfs) return { ...git, path: file.path };
  const lfs = { oid: file.digest(), size: file.size, pointerSize: pointerSize(file) };
  return { ...git, lfs, path: file.path };
}

/** bytes */
export function pointerSize(file: ServedFile): number {
  return pointerText(file.digest(), file.size).length;
}

export function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

/** By commit, since it never changes, folder and depth: pages of one listing share the walk. */
const walks = new WeakMap<ListedCommit, Map<string, readonly Entry[]>>();

function walk(commit: ListedCommit, path: string, recursive: boolean): readonly Entry[] | undefined {
  const folder = findFolder(commit.root(), path);
  if (folder === undefined) return undefined;
  const known = walks.get(commit) ?? new Map<string, readonly Entry[]>();
  walks.set(commit, known);
  const key = `${recursive} ${path}`;
  const entries = known.get(key) ?? listEntries(folder, recursive);
  known.set(key, entries);
  return entries;
}

function pageLength({ query, pageSize }: TreeQuestion): number {
  const expand = isTrue(query.get("expand"));
  const asked = Number(query.get("limit") ?? Number.NaN);
  const most = expand ? Math.min(MOST_EXPANDED, pageSize) : pageSize;
  return asked >= 1 ? Math.min(Math.floor(asked), most) : expand ? Math.min(EXPANDED_PAGE, most) : most;
}

function nextLink({ query, address }: TreeQuestion, offset: number): string {
  const next = new URLSearchParams(query);
  next.set("cursor", Buffer.from(JSON.stringify({ offset })).toString("base64"));
  return `<${address}?${next}>; rel="next"`;
}

function cursorOffset(cursor: string | null): number | undefined {
  if (cursor === null) return 0;
  const match = /^\{"offset":(\d+)\}$/.exec(Buffer.from(cursor, "base64").toString());
  return match === null ? undefined : Number(match[1]);
}
