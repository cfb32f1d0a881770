import { join } from "node:path";
import { type Commit, type Digest, digestOf, type RepoType } from "../../schema/ids.ts";
import { pointerOid } from "./pointer.ts";
import type { Entry, Listed, RemoteFile, RepoRef } from "./port.ts";
import { checkedName } from "./urls.ts";

// The Hub's documented cache layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
//   datasets--owner--name/refs/main                    a commit, 40 bytes
//   datasets--owner--name/snapshots/<commit>/data/x    a link into blobs, or the file itself
//   datasets--owner--name/blobs/<sha256 or git sha1>
//   datasets--owner--name/trees/<commit>.json          the complete listing

/** `datasets--owner--name`; of a name that `isRepoName` accepts. */
export function repoFolder(type: RepoType, repo: string): string {
  return [`${type}s`, ...repo.split("/")].join("--");
}

/** `datasets--o--n/snapshots/<commit>/data/x`. Throws REPO_NOT_FOUND for what is no name of a repository. */
export function snapshotFile({ repo, commit, path }: Omit<RemoteFile, "size">): string {
  return `${cacheFolder(repo)}/snapshots/${commit}/${path}`;
}

/** `datasets--o--n/refs/main`; undefined for a revision that could lead anywhere else. */
export function refFile(repo: RepoRef, revision: string): string | undefined {
  return safeBelow("refs", revision) === undefined ? undefined : `${cacheFolder(repo)}/refs/${revision}`;
}

/** `datasets--o--n/trees/<commit>.json` */
export function listingFile(repo: RepoRef, commit: Commit): string {
  return `${cacheFolder(repo)}/trees/${commit}.json`;
}

function cacheFolder({ type, repo }: RepoRef): string {
  return repoFolder(type, checkedName(repo));
}

/** The complete listing of a commit, as `readTree` reads it. Every file has a digest. */
export function listingText(files: readonly Listed[]): string {
  const entries = files.map(({ path, size, digest = "" }) => {
    const hex = digest.slice(digest.indexOf(":") + 1);
    if (digest.startsWith("git:")) return [path, { size, blob_id: hex }];
    return [path, { size, blob_id: pointerOid(hex, size), lfs_sha256: hex, lfs_size: size }];
  });
  return `${JSON.stringify({ format_version: 1, files: Object.fromEntries(entries) }, undefined, 1)}\n`;
}

/** `path` below `folder`; undefined where it could lead anywhere else. */
export function safeBelow(folder: string, path: string): string | undefined {
  const segments = path.split("/");
  const hostile = segments.some(
    (segment) => /^\.{0,2}$/.test(segment) || /[\\\0]/.test(segment) || /^[A-Za-z]:/.test(segment),
  );
  return hostile ? undefined : join(folder, ...segments);
}

export interface CachedTree {
  readonly files: readonly Listed[];
  /** Name below `blobs`, by path. */
  readonly blobs: ReadonlyMap<string, string>;
}

/**
 * `trees/<commit>.json`: `{"format_version":1,"files":{"<path>":{"size":n,"blob_id":"<git oid>"[,"lfs_sha256":"…","lfs_size":n]}}}`.
 * Another program's file, so anything odd is a string that says what, and no listing.
 */
export function readTree(text: string): CachedTree | string {
  const document = parse(text);
  if (document === undefined) return "it is not JSON";
  if (document.format_version !== 1) return "its format_version is not 1";
  if (typeof document.files !== "object" || document.files === null || Array.isArray(document.files))
    return "it has no files";
  const files: Listed[] = [];
  const blobs = new Map<string, string>();
  for (const [path, entry] of Object.entries(document.files)) {
    const read = readEntry(entry);
    if (read === undefined) return "an entry has no size, or no hash";
    if (read === "contradiction") return "the sha256, size and pointer of an entry contradict each other";
    const masked = read.digest === undefined && { pointer: read.blob };
    files.push({ path, size: read.size, digest: read.digest, ...masked });
    blobs.set(path, read.blob);
  }
  return { files, blobs };
}

/** What is directly in a folder of a listing; git ids of folders stand in none. */
export function entriesOf(files: readonly Listed[], folder: string): readonly Entry[] {
  const lead = folder === "" ? "" : `${folder}/`;
  const entries: Entry[] = [];
  const folders = new Set<string>();
  for (const file of files) {
    if (!file.path.startsWith(lead)) continue;
    const slash = file.path.indexOf("/", lead.length);
    if (slash < 0) entries.push({ kind: "file", file });
    else folders.add(file.path.slice(0, slash));
  }
  return [...entries, ...[...folders].map((path): Entry => ({ kind: "folder", path, oid: undefined }))];
}

interface Hashes {
  readonly size: number;
  readonly digest: Digest | undefined;
  readonly blob: string;
}

function readEntry(entry: unknown): Hashes | "contradiction" | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { size, blob_id: oid, lfs_sha256: sha256, lfs_size: lfsSize } = entry as Record<string, unknown>;
  const bytes = sha256 === undefined ? size : (lfsSize ?? size);
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0 || typeof oid !== "string")
    return undefined;
  if (sha256 === undefined) {
    const digest = digestOf("git", oid);
    return digest === undefined ? undefined : { size: bytes, digest, blob: oid };
  }
  const digest = digestOf("sha256", String(sha256));
  if (digest === undefined) return { size: bytes, digest, blob: oid };
  return pointerOid(String(sha256), bytes) === oid
    ? { size: bytes, digest, blob: String(sha256) }
    : "contradiction";
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The `license` of a README's front matter: `license: mit`, `license: [a, b]` or a block list; undefined where it names none. */
export function cardLicenses(readme: string): readonly string[] | undefined {
  const front = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(readme)?.[1];
  const [, inline = "", block = ""] = /^license:[ \t]*(.*)((?:\r?\n[ \t]*- .*)*)/m.exec(front ?? "") ?? [];
  const items =
    inline.trim() === "" ? block.split(/\r?\n[ \t]*- /) : inline.replace(/^\[|\]\s*$/g, "").split(",");
  const licenses = items.map(scalar).filter((license) => /^[\w.+-]{1,100}$/.test(license));
  return licenses.length === 0 ? undefined : licenses;
}

/** A plain or quoted YAML scalar without its comment. */
function scalar(text: string): string {
  return text
    .replace(/\s#.*$/, "")
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2");
}

export function isWithin(folder: string, path: string, separator: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(separator) ? folder : folder + separator);
}

export function treeFile(folder: string, commit: Commit): string {
  return join(folder, "trees", `${commit}.json`);
}
