import { createHash } from "node:crypto";
import { canonicalJson } from "../../schema/canonical.ts";
import { hexOf, type RepoType } from "../../schema/ids.ts";
import type { Extra, LockedFile } from "../../schema/lock.ts";

/** The fields of a source that decide what is resolved and selected. */
export interface Request {
  readonly repo: string;
  readonly type: RepoType;
  readonly revision: string;
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Of the whole manifest: `policy.deny`. */
  readonly deny: readonly string[];
}

export const DEFAULT_REVISION = "main";
export const DEFAULT_TYPE: RepoType = "dataset";

/**
 * `sha256:` of the request's canonical JSON. Lists are sets here, and a member equal to its default is left out,
 * so that a field added to the format later leaves the digests of old manifests as they are.
 */
export function requestDigest(request: Request): string {
  const { repo, type, revision, asOf, minAge, include, exclude, deny } = request;
  const text = canonicalJson({
    repo,
    type: type === DEFAULT_TYPE ? undefined : type,
    revision: revision === DEFAULT_REVISION ? undefined : revision,
    "as-of": asOf,
    "min-age": minAge,
    include: setOf(include),
    exclude: setOf(exclude),
    deny: setOf(deny),
  });
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** `sha256:` of a document as it is. */
export function bytesDigest(document: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(document).digest("hex")}`;
}

/** `sha256:` of the file lines as the lock writes them, each ended by LF and without the comma between them. */
export function listingDigest(files: readonly LockedFile[]): string {
  return inGroups(files.length, (from, to) => files.slice(from, to).map(fileLine));
}

/**
 * The file lines as the lock writes them, with the comma between them, in pieces of many lines; `listing` is their digest. No more
 * than a piece's lines are there at once.
 */
export function filePieces(files: readonly LockedFile[]): {
  readonly pieces: readonly string[];
  readonly listing: string;
} {
  const pieces: string[] = [];
  const listing = inGroups(files.length, (from, to) => {
    const lines = files.slice(from, to).map(fileLine);
    pieces.push(lines.join(",\n"));
    return lines;
  });
  return { pieces, listing };
}

/** The digest of lines that are written already. */
export function linesDigest(lines: readonly string[]): string {
  return inGroups(lines.length, (from, to) => lines.slice(from, to));
}

function inGroups(count: number, lines: (from: number, to: number) => readonly string[]): string {
  const hash = createHash("sha256");
  for (let at = 0; at < count; at += GROUP) hash.update(`${lines(at, at + GROUP).join("\n")}\n`);
  return `sha256:${hash.digest("hex")}`;
}

/** `{"path":"rust/notes.md","size":120,"git":"…"}` */
export function fileLine({ path, size, digest, from, extra }: LockedFile): string {
  const algorithm = digest.startsWith("git:") ? "git" : "sha256";
  // Among the others by its name, where a version that does not know it would set it too.
  const others = from === undefined ? extra : { ...extra, from };
  return `{"path":${JSON.stringify(path)},"size":${size},"${algorithm}":"${hexOf(digest)}"${extraText(others)}}`;
}

function extraText(extra: Extra): string {
  const keys = Object.keys(extra);
  if (keys.length === 0) return "";
  return keys
    .sort()
    .map((key) => `,${JSON.stringify(key)}:${JSON.stringify(extra[key])}`)
    .join("");
}

/** Lines hashed at once. */
const GROUP = 1_024;

function setOf(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : [...new Set(list)].sort();
}
