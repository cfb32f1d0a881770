import { type Entry, fileOid, findFolder, folderOid, listEntries, pointer } from "./listing.ts";
import { history, type Repo, type StoredCommit, type StoredFile } from "./store.ts";
import type { Refusal, Said } from "./wire.ts";
import { objectHash } from "./world.ts";

export const MASK = "*".repeat(64);

export interface Listed {
  readonly repo: Repo;
  readonly commit: StoredCommit;
  readonly masked: boolean;
  /** Add the last commit that touched each entry. */
  readonly expand: boolean;
}

export interface TreeQuestion extends Listed {
  readonly path: string;
  readonly query: URLSearchParams;
  /** As on the wire, absolute, without query: what the link to the next page begins with. */
  readonly address: string;
  readonly pageSize: number;
}

const EXPANDED_PAGE = 50;
const MOST_EXPANDED = 100;
/** By commit, since it never changes, folder and depth: pages of one listing share the walk. */
const walks = new WeakMap<StoredCommit, Map<string, readonly Entry[]>>();

/** One page of a tree listing. The cursor is opaque to clients. */
export function tree(question: TreeQuestion): Said {
  const { commit, path, query } = question;
  const entries = walk(commit, path, isTrue(query.get("recursive")));
  if (entries === undefined) return entryNotFound(commit, "json");
  const from = cursorOffset(query.get("cursor"));
  if (from === undefined) return { kind: "refusal", form: "json", status: 400, message: "Invalid cursor" };
  const to = from + pageLength(question);
  const value = entries.slice(from, to).map((entry) => entryJson(entry, question));
  if (to >= entries.length) return { kind: "json", value };
  return { kind: "json", value, headers: { link: nextLink(question, to) } };
}

/** The entries of the asked paths; what does not exist is left out. */
export function pathsInfo(listed: Listed, paths: readonly string[]): Said {
  const value = paths.flatMap((path) => {
    const file = listed.commit.files.get(path);
    if (file !== undefined) return [entryJson({ kind: "file", path, file }, listed)];
    const folder = path === "" ? undefined : findFolder(listed.commit.root(), path);
    return folder === undefined ? [] : [entryJson({ kind: "folder", path, folder }, listed)];
  });
  return { kind: "json", value };
}

export function entryNotFound(commit: StoredCommit, form: "json" | "text"): Refusal {
  const message = "Entry not found";
  return { kind: "refusal", form, status: 404, code: "EntryNotFound", message, commit: commit.id };
}

export function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

function walk(commit: StoredCommit, path: string, recursive: boolean): readonly Entry[] | undefined {
  const folder = findFolder(commit.root(), path);
  if (folder === undefined) return undefined;
  const known = walks.get(commit) ?? new Map<string, readonly Entry[]>();
  walks.set(commit, known);
  const key = `${recursive} ${path}`;
  const entries = known.get(key) ?? listEntries(folder, recursive);
  known.set(key, entries);
  return entries;
}

function pageLength({ query, expand, pageSize }: TreeQuestion): number {
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

function entryJson(entry: Entry, listed: Listed): unknown {
  const facts = entry.kind === "folder" ? folderJson(entry) : fileJson(entry.file, listed);
  return listed.expand ? { ...facts, ...expanded(entry, listed) } : facts;
}

function folderJson(entry: Entry & { kind: "folder" }): object {
  return { type: "directory", oid: folderOid(entry.folder), size: 0, path: entry.path };
}

function fileJson(file: StoredFile, { repo, masked }: Listed): object {
  const { size } = file.content;
  const git = { type: "file", oid: fileOid(file), size };
  if (!file.lfs) return { ...git, path: file.path };
  const lfs = { oid: masked ? MASK : file.content.sha256(), size, pointerSize: pointer(file).length };
  const xet = repo.options.xet === true && { xetHash: masked ? MASK : objectHash(file.content) };
  return { ...git, lfs, ...xet, path: file.path };
}

function expanded(entry: Entry, { repo, commit }: Listed): object {
  const { id, title, date } = lastTouch(repo, commit, entry);
  const clean = { status: "safe", avScan: { status: "safe" }, pickleImportScan: null };
  const security = entry.kind === "file" && { securityFileStatus: clean };
  return { lastCommit: { id, title, date }, ...security };
}

function lastTouch(repo: Repo, commit: StoredCommit, entry: Entry): StoredCommit {
  const line = history(repo, commit);
  const mark = markAt(commit, entry);
  const older = line.findIndex((past) => markAt(past, entry) !== mark);
  return line[(older < 0 ? line.length : older) - 1]!;
}

function markAt(commit: StoredCommit, entry: Entry): string | undefined {
  if (entry.kind === "file") return commit.files.get(entry.path)?.content.key;
  const folder = findFolder(commit.root(), entry.path);
  return folder && folderOid(folder);
}
