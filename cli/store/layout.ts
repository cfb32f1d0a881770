import { createHash } from "node:crypto";
import { join } from "node:path";
import { algorithmOf, type Digest, digestOf, hexOf } from "../../schema/ids.ts";

/**
 * One store per owner, so that one manifest never sweeps away what another still wants:
 *
 *     .tritter/store/6f1ed002/ready/1f0c…/9f86d0…              a verified blob, by its sha256, below the boot it was written in
 *     .tritter/store/6f1ed002/ready/1f0c…/9f86d0….e69de2…      … and its git digest, where the lock uses that
 *     .tritter/store/6f1ed002/partial/sha256-9f86d0….3f9c0a12-4711/data        being received by that writer
 *     .tritter/store/6f1ed002/partial/sha256-9f86d0….3f9c0a12-4711/segments
 */
export interface StoreLayout {
  /** `<root>/.tritter` */
  readonly state: string;
  readonly ready: string;
  readonly partial: string;
}

export function storeLayout(state: string, owner: string): StoreLayout {
  const own = storeFolder(state, owner);
  return { state, ready: join(own, "ready"), partial: join(own, "partial") };
}

/** There only while something waits in it. */
export function storeFolder(state: string, owner: string): string {
  return join(state, "store", createHash("sha256").update(owner).digest("hex").slice(0, 8));
}

/** Folder name for blobs written since this boot; they need no second look until the next. */
export function bootFolder(boot: string | undefined): string {
  return boot?.replaceAll("-", "").slice(0, 16) ?? "unknown";
}

export function readyName(digests: readonly Digest[]): string {
  const [sha256, git] = (["sha256", "git"] as const).map((wanted) =>
    digests.find((digest) => algorithmOf(digest) === wanted),
  );
  if (sha256 === undefined) throw new Error("a ready blob has a sha256");
  return git === undefined ? hexOf(sha256) : `${hexOf(sha256)}.${hexOf(git)}`;
}

/** undefined for a name that is not a ready blob's. */
export function parseReadyName(name: string): readonly Digest[] | undefined {
  const [sha256, git, rest] = name.split(".");
  const first = digestOf("sha256", sha256 ?? "");
  if (first === undefined || rest !== undefined) return undefined;
  if (git === undefined) return [first];
  const second = digestOf("git", git);
  return second === undefined ? undefined : [first, second];
}

export function partialName(digest: Digest, writerId: string): string {
  return `${digest.replace(":", "-")}.${writerId}`;
}

/** undefined for a name that is not a partial's. */
export function parsePartialName(name: string): { digest: Digest; writerId: string } | undefined {
  const match = /^(sha256|git)-([0-9a-f]+)\.(.+)$/.exec(name);
  const digest = match === null ? undefined : digestOf(match[1] as "sha256" | "git", match[2] ?? "");
  return digest === undefined ? undefined : { digest, writerId: match?.[3] ?? "" };
}
