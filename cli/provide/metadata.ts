import type { Commit, Digest, TreePath } from "../../schema/ids.ts";
import { hexOf } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import { finalPath } from "../lock/wants.ts";

/** What `hf download --local-dir` keeps of a file beside it. Paths are below the root. */
export interface MetadataFile {
  /** Of the file itself. */
  readonly at: TreePath;
  readonly source: string;
  /** `rust/.cache/huggingface/download/a.parquet.metadata` */
  readonly path: TreePath;
  readonly commit: Commit;
  readonly digest: Digest;
}

/** A file that says what the folder is, made where there is none. */
export interface TagFile {
  readonly source: string;
  readonly path: TreePath;
  readonly text: string;
}

export function metadataOf(entry: LockedSource): readonly MetadataFile[] {
  const folder = hiddenFolder(entry.path);
  return entry.files.map(({ path, digest }) => ({
    at: finalPath(entry, path),
    source: entry.name,
    path: `${folder}/download/${path}.metadata` as TreePath,
    commit: entry.commit,
    digest,
  }));
}

export function tagsOf({ name: source, path }: LockedSource): readonly TagFile[] {
  const folder = hiddenFolder(path);
  return TAGS.map(([name, text]) => ({ source, path: `${folder}/${name}` as TreePath, text }));
}

function hiddenFolder(path: string): string {
  return path === "" ? HIDDEN : `${path}/${HIDDEN}`;
}

const HIDDEN = ".cache/huggingface";

/** https://bford.info/cachedir/ */
const TAGS = [
  [".gitignore", "*"],
  [
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag: what is below can be made again.\n# https://bford.info/cachedir/\n",
  ],
] as const;

/** What this room writes below a source's folder, and may therefore remove. */
export function isMetadataPath(path: string): boolean {
  return /(?:^|\/)\.cache\/huggingface\/(?:download\/.+\.metadata|\.gitignore|CACHEDIR\.TAG)$/.test(path);
}

/**
 * Commit, ETag and a time in seconds. hf believes the first two while the file's time of change is no more than a second
 * after that time; it is the file's own, so that a later change of the file is seen.
 */
export function metadataText({ commit, digest }: MetadataFile, mtimeNs: bigint): string {
  const micros = mtimeNs / 1_000n;
  const fraction = String(micros % 1_000_000n).padStart(6, "0");
  return `${commit}\n${hexOf(digest)}\n${micros / 1_000_000n}.${fraction}\n`;
}

/** Does hf, finding this beside a file of this time, take it for the file of the lock? */
export function isMetadataFor(text: string, { commit, digest }: MetadataFile, mtimeNs: bigint): boolean {
  const [first, second, third = ""] = text.split("\n");
  const seconds = third.trim() === "" ? Number.NaN : Number(third);
  return first === commit && second === hexOf(digest) && Number(mtimeNs) / 1e9 - 1 <= seconds;
}
