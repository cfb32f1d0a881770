import { type Digest, digestOf, type TreePath } from "../../schema/ids.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { BundledFile } from "../bundle/contents.ts";
import { listingFile, listingText, refFile, snapshotFile } from "../hub/cached.ts";
import { bytesDigest } from "../lock/digests.ts";
import { type LockedWant, wantsOf } from "../lock/wants.ts";
import { judgedBy } from "../resolve/judge.ts";

/** A blob of a bundle, and where in the tree its bytes should be. */
export interface BlobPart extends BundledFile {
  readonly places: readonly TreePath[];
  /** Another blob before it has the same bytes. */
  readonly first: BlobPart | undefined;
}

/** A file of a bundle that tells of a repository, and its text. */
export interface TextPart extends BundledFile {
  readonly text: string;
}

/** What a sync from a bundle asks for: the blobs of these sources but those with a digest of `without`, in the lock's order. */
export function blobParts(
  lock: Lock,
  scope: ReadonlySet<string> | undefined,
  without: ReadonlySet<Digest>,
): readonly BlobPart[] {
  const wants = wantsOf(lock);
  const places = new Map<Digest, TreePath[]>();
  for (const { digest, path } of wants) places.set(digest, [...(places.get(digest) ?? []), path]);
  const parts = new Map<string, BlobPart>();
  const firsts = new Map<Digest, BlobPart>();
  for (const want of wants) {
    const { digest, size, source } = want;
    if (!(scope?.has(source) ?? true) || without.has(digest)) continue;
    const path = bundlePath(want);
    if (parts.has(path)) continue;
    const part = { path, size, digest, places: places.get(digest) ?? [], first: firsts.get(digest) };
    parts.set(path, part);
    if (part.first === undefined) firsts.set(digest, part);
  }
  return [...parts.values()];
}

/** Where a bundle has what is wanted. */
export function bundlePath({ remote }: Pick<LockedWant, "remote">): string {
  return snapshotFile(remote);
}

/**
 * The revision that each repository was asked for, where its sources agree on what it names; and listings of the commits
 * that a source took whole, since a part of a repository must not pass for all of it.
 */
export function layoutParts(
  manifest: Manifest,
  lock: Lock,
  scope: ReadonlySet<string> | undefined,
): readonly TextPart[] {
  const taken = lock.sources.filter(
    ({ name, rescued }) => (scope?.has(name) ?? true) && rescued === undefined,
  );
  const refs = new Map<string, string | undefined>();
  const texts = new Map<string, string>();
  for (const source of taken) {
    const repo = { type: source.type, repo: source.repo };
    const ref = source.revision === source.commit ? undefined : refFile(repo, source.revision);
    const other = ref !== undefined && refs.has(ref) && refs.get(ref) !== source.commit;
    if (ref !== undefined) refs.set(ref, other ? undefined : source.commit);
    if (isWhole(manifest, source)) texts.set(listingFile(repo, source.commit), listingText(source.files));
  }
  for (const [path, commit] of refs) if (commit !== undefined) texts.set(path, commit);
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => textPart(path, text));
}

function isWhole(manifest: Manifest, locked: LockedSource): boolean {
  const source = manifest.sources.find(({ name }) => name === locked.name);
  if (source === undefined || manifest.deny.length > 0) return false;
  const { include, exclude } = judgedBy(source, locked);
  return include.length === 0 && exclude.length === 0;
}

export function textPart(path: string, text: string): TextPart {
  const digest = bytesDigest(text).slice("sha256:".length);
  return { path, size: Buffer.byteLength(text), digest: digestOf("sha256", digest) as Digest, text };
}
