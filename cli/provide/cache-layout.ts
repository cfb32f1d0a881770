import { algorithmOf, type Commit, type Digest, hexOf, type TreePath } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import { repoFolder, safeBelow } from "../hub/cached.ts";
import { pointerOid } from "../hub/pointer.ts";
import { finalPath } from "../lock/wants.ts";

/** A locked source as it stands in the Hub's cache. Paths are below the cache's folder, with `/` between segments. */
export interface CacheLayout {
  readonly source: string;
  /** `datasets--owner--name` */
  readonly home: string;
  readonly commit: Commit;
  readonly files: readonly CacheFile[];
  /** `datasets--owner--name/refs/main`; undefined where a commit is pinned, or the revision is no name for a file. */
  readonly ref: string | undefined;
  /** The listing of the whole commit; undefined where the lock holds only a part of it, which must not pass for all. */
  readonly listing: { readonly path: string; readonly text: string } | undefined;
}

export interface CacheFile {
  /** In the tree. */
  readonly at: TreePath;
  readonly source: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** `datasets--owner--name/blobs/<sha256 or git sha1>`, which is its ETag at the Hub */
  readonly blob: string;
  /** `datasets--owner--name/snapshots/<commit>/data/x` */
  readonly pointer: string;
  /** What the pointer says: `../../../blobs/<…>` */
  readonly target: string;
}

/**
 * `whole`: the lock holds every file of the commit. Clients ask by the name that the manifest uses, so that is the folder's.
 * https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
export function cacheLayoutOf(entry: LockedSource, whole: boolean): CacheLayout {
  const { name: source, type, commit } = entry;
  const home = repoFolder(type, entry.asked ?? entry.repo);
  const files = entry.files.map(({ path, size, digest }): CacheFile => {
    const hex = hexOf(digest);
    const up = "../".repeat(path.split("/").length + 1);
    return {
      at: finalPath(entry, path),
      source,
      digest,
      size,
      blob: `${home}/blobs/${hex}`,
      pointer: `${home}/snapshots/${commit}/${path}`,
      target: `${up}blobs/${hex}`,
    };
  });
  return {
    source,
    home,
    commit,
    files,
    ref: refOf(entry, home),
    listing: whole ? listingOf(entry, home) : undefined,
  };
}

function refOf({ revision, commit }: LockedSource, home: string): string | undefined {
  if (revision === commit || safeBelow("refs", revision) === undefined || /[\u0000-\u001f]/.test(revision))
    return undefined;
  return `${home}/refs/${revision}`;
}

/** As huggingface_hub 2.0 writes it; the git id of an LFS file is that of its pointer. */
function listingOf({ commit, files }: LockedSource, home: string): { path: string; text: string } {
  const listed = files.map(({ path, size, digest }) => {
    const hex = hexOf(digest);
    return algorithmOf(digest) === "git"
      ? [path, { size, blob_id: hex }]
      : [path, { size, blob_id: pointerOid(hex, size), lfs_sha256: hex, lfs_size: size }];
  });
  const document = { format_version: 1, files: Object.fromEntries(listed) };
  return { path: `${home}/trees/${commit}.json`, text: JSON.stringify(document, undefined, 1) };
}
