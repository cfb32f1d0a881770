import type { FileFacts } from "../../schema/facts.ts";
import type { TreePath } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import type { RemoteFile, RepoRef } from "../../schema/remote.ts";

/** What a document tells of: everything in it follows from the lock, and from `created`. */
export interface Corpus {
  /** The manifest's. */
  readonly name: string;
  /** `tritter.lock` */
  readonly lockName: string;
  /** `sha256:…` of the lock's bytes. */
  readonly lockDigest: string;
  /** Sources named on the command line, sorted; empty: all. */
  readonly only: readonly string[];
  /** `2026-03-01T06:00:00Z`, as SOURCE_DATE_EPOCH says; undefined: a document is of no time. */
  readonly created: string | undefined;
  /** Of tritter. */
  readonly version: string;
  /** In the lock's order. */
  readonly sources: readonly CorpusSource[];
  readonly links: Links;
}

export interface CorpusSource {
  readonly locked: LockedSource;
  /** `sha256:…` of its file lines, as the lock has it. */
  readonly listing: string;
  readonly files: readonly CorpusFile[];
}

export interface CorpusFile {
  /** Below the root. */
  readonly path: TreePath;
  /** bytes */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Where it is to be had. */
  readonly remote: RemoteFile;
  /** undefined: not known. */
  readonly facts: FileFacts | undefined;
}

/** Addresses at the Hub. */
export interface Links {
  /** The page of a repository: `https://huggingface.co/datasets/o/n` */
  page(repo: RepoRef): string;
  /** Its bytes: `…/resolve/<commit>/<path>` */
  file(file: RemoteFile): string;
}

/** The page of the very commit. */
export function commitPage(links: Links, { type, repo, commit }: LockedSource): string {
  return `${links.page({ type, repo })}/tree/${commit}`;
}

/** `pkg:huggingface/owner/name@<commit>` (https://github.com/package-url/purl-spec): the alphabet of the Hub's names needs no escapes. */
export function purlOf({ repo, commit }: Pick<LockedSource, "repo" | "commit">): string {
  return `pkg:huggingface/${repo}@${commit}`;
}

/** Whoever the repository belongs to; undefined for the one-segment names of old ones. */
export function ownerOf(repo: string): string | undefined {
  const slash = repo.indexOf("/");
  return slash < 0 ? undefined : repo.slice(0, slash);
}

export function nameOf(repo: string): string {
  return repo.slice(repo.indexOf("/") + 1);
}

/** bytes */
export function bytesOf({ files }: CorpusSource): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
