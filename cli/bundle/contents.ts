import { type Digest, digestOf, hexOf } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { TritterError } from "../errors.ts";

/**
 * What a bundle says it holds, in `tritter-bundle.json`: the first entry of a tar, the last file of a folder. Its paths are
 * only ever looked up, never gone to.
 *
 *     {
 *     "version": 1,
 *     "manifest": {"path":"tritter.yaml","size":120,"sha256":"…"},
 *     "lock": {"path":"tritter.lock","size":4711,"sha256":"…"},
 *     "facts": {"path":"tritter.facts.json","size":815,"sha256":"…"},
 *     "signature": {"path":"tritter.lock.sig","size":304,"sha256":"…"},
 *     "sources": ["rust"],
 *     "since": "sha256:…",
 *     "layout": [
 *     {"path":"datasets--o--n/refs/main","size":40,"sha256":"…"}
 *     ],
 *     "blobs": [
 *     {"path":"datasets--o--n/snapshots/<commit>/a.parquet","size":320000000,"sha256":"…"}
 *     ]}
 */
export interface Contents {
  readonly manifest: BundledFile;
  readonly lock: BundledFile;
  /** undefined: no source asks for them. */
  readonly facts: BundledFile | undefined;
  /** Of the lock, beside it; undefined: nobody signed it. */
  readonly signature: BundledFile | undefined;
  /** Those that were asked for; empty: all of the lock. */
  readonly sources: readonly string[];
  /** `sha256:…` of the lock whose blobs are left out; undefined: none are. */
  readonly since: string | undefined;
  /** What makes a Hub cache of it: revisions, and listings of whole repositories. */
  readonly layout: readonly BundledFile[];
  /** In the lock's order. One digest may stand under several paths. */
  readonly blobs: readonly BundledFile[];
}

export interface BundledFile {
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly digest: Digest;
}

export const CONTENTS = "tritter-bundle.json";

export function serialiseContents(contents: Contents): string {
  const { manifest, lock, facts, signature, sources, since, layout, blobs } = contents;
  return [
    "{",
    '"version": 1,',
    `"manifest": ${line(manifest)},`,
    `"lock": ${line(lock)},`,
    ...(facts === undefined ? [] : [`"facts": ${line(facts)},`]),
    ...(signature === undefined ? [] : [`"signature": ${line(signature)},`]),
    ...(sources.length === 0 ? [] : [`"sources": ${JSON.stringify(sources)},`]),
    ...(since === undefined ? [] : [`"since": ${JSON.stringify(since)},`]),
    `"layout": [${block(layout)}],`,
    `"blobs": [${block(blobs)}]}`,
    "",
  ].join("\n");
}

function block(files: readonly BundledFile[]): string {
  return files.length === 0 ? "" : `\n${files.map(line).join(",\n")}\n`;
}

function line({ path, size, digest }: BundledFile): string {
  const algorithm = digest.startsWith("git:") ? "git" : "sha256";
  return `{"path":${JSON.stringify(path)},"size":${size},"${algorithm}":"${hexOf(digest)}"}`;
}

/** `from` is what messages call the bundle. Throws BUNDLE_INVALID. */
export function parseContents(text: string, from: string): Contents {
  const document = parse(text);
  if (typeof document !== "object" || document === null) throw notABundle(from, `"${CONTENTS}" is not JSON`);
  const {
    version,
    manifest,
    lock,
    facts,
    signature,
    sources = [],
    since,
    layout,
    blobs,
  } = document as Record<string, unknown>;
  if (version !== 1) throw notABundle(from, "a newer tritter made it", "install a newer tritter");
  const [first, second] = [fileOf(manifest), fileOf(lock)];
  if (first === undefined || second === undefined || !isPlain(first) || !isPlain(second))
    throw notABundle(from, `"${CONTENTS}" names no manifest and lock beside it`);
  const third = facts === undefined ? undefined : fileOf(facts);
  if (facts !== undefined && (third === undefined || !isPlain(third)))
    throw notABundle(from, `"${CONTENTS}" names no facts beside it`);
  const fourth = signature === undefined ? undefined : fileOf(signature);
  if (signature !== undefined && (fourth?.path !== `${second.path}.sig` || fourth.size > MOST_SIGNED))
    throw notABundle(from, `"${CONTENTS}" names no signature beside its lock`);
  const isText = (value: unknown): value is string => typeof value === "string";
  if (!Array.isArray(sources) || !sources.every(isText) || !(since === undefined || isText(since)))
    throw notABundle(from, `"${CONTENTS}" cannot be read`);
  const [folders, contained] = [filesOf(layout), filesOf(blobs)];
  if (folders === undefined || contained === undefined)
    throw notABundle(from, `"${CONTENTS}" has an entry without a path, a size or a digest`);
  const read = { layout: folders, blobs: contained };
  const paths = [
    CONTENTS,
    first.path,
    second.path,
    ...(third === undefined ? [] : [third.path]),
    ...(fourth === undefined ? [] : [fourth.path]),
    ...[...read.layout, ...read.blobs].map(({ path }) => path),
  ];
  if (new Set(paths).size !== paths.length) throw notABundle(from, `"${CONTENTS}" has a path twice`);
  return { manifest: first, lock: second, facts: third, signature: fourth, sources, since, ...read };
}

/** bytes: the largest signature takes a tenth of it */
export const MOST_SIGNED = 64 * 1024;

/** Throws as `parseContents` does. */
export function notABundle(from: string, why: string, hint = HINT): TritterError {
  return new TritterError({
    code: "BUNDLE_INVALID",
    message: `cannot read the bundle "${printable(from)}": ${why}`,
    hint,
  });
}

const HINT =
  "give a folder or a tar that tritter bundle create wrote; fetch it again if it was damaged on the way";

/** A name of a file beside, which the documents are written under. */
function isPlain({ path }: BundledFile): boolean {
  return /^[A-Za-z0-9_][\w.-]{0,99}\.(?:ya?ml|lock|facts\.json)$/.test(path);
}

function filesOf(value: unknown): readonly BundledFile[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const files = value.map(fileOf);
  return files.every((file) => file !== undefined) ? files : undefined;
}

function fileOf(value: unknown): BundledFile | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { path, size, sha256, git } = value as Record<string, unknown>;
  if (typeof path !== "string" || path === "") return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  const digest =
    typeof sha256 === "string"
      ? digestOf("sha256", sha256)
      : digestOf("git", typeof git === "string" ? git : "");
  return digest === undefined ? undefined : { path, size, digest };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
