// Identifiers are parsed once, at the door, into branded strings; inside, they are trusted.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A commit of a Hub repository: 40 lower-case hex digits. */
export type Commit = Branded<"Commit">;

/**
 * What proves content, tagged by algorithm: `sha256:<64 hex>` of the bytes (LFS and Xet files), or
 * `git:<40 hex>`, the git blob id: sha1 of `blob <length>\0` and the bytes (plain git files).
 */
export type Digest = Branded<"Digest">;

export type Algorithm = "sha256" | "git";

/** A path inside a repository or below the root: relative, `/` between segments, judged not hostile (`names.ts`). */
export type TreePath = Branded<"TreePath">;

/** What stat said of a file when its digest was known; opaque outside `cli/tree`. A hint, never proof. */
export type Stamp = Branded<"Stamp">;

export const REPO_TYPES = ["dataset", "model", "space"] as const;
export type RepoType = (typeof REPO_TYPES)[number];

const COMMIT = /^[0-9a-f]{40}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|git:[0-9a-f]{40})$/;
const HEX = { sha256: /^[0-9a-f]{64}$/, git: /^[0-9a-f]{40}$/ };

export function parseCommit(text: string): Commit | undefined {
  return COMMIT.test(text) ? (text as Commit) : undefined;
}

export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined;
}

/** `undefined` where `hex` is not a hash of that algorithm, as in a masked listing (`****`). */
export function digestOf(algorithm: Algorithm, hex: string): Digest | undefined {
  return HEX[algorithm].test(hex) ? (`${algorithm}:${hex}` as Digest) : undefined;
}

export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith("git:") ? "git" : "sha256";
}

/** The hex digits of a digest, without its algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}
