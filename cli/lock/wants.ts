import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Lock, LockedSource, Refuge } from "../../schema/lock.ts";
import type { RemoteFile } from "../../schema/remote.ts";

/** A file that the lock wants on disk. */
export interface Want {
  /** Below the root: the source's path, then the repository path without the stripped folder. */
  readonly path: TreePath;
  readonly source: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** Where it is to be had: at the commit, or where it was rescued to. */
  readonly remote: RemoteFile;
}

export function wantsOf(lock: Lock): Want[] {
  return lock.sources.flatMap(wantsOfSource);
}

function wantsOfSource(source: LockedSource): Want[] {
  const { name, rescued = [] } = source;
  const pin = placeOf(source);
  const refuges = rescued.map(placeOf);
  return source.files.map(({ path, size, digest, from }) => {
    // What no refuge has is asked for where it was, and said to be gone there.
    const place = refuges[(from?.refuge ?? 1) - 1] ?? pin;
    return {
      path: finalPath(source, path),
      source: name,
      digest,
      size,
      remote: { repo: place.repo, commit: place.commit, path: from?.path ?? path, size },
    };
  });
}

function placeOf({ type, repo, commit }: Refuge): Pick<RemoteFile, "repo" | "commit"> {
  return { repo: { type, repo }, commit };
}

/** The caller knows that `path` is below the stripped folder. */
export function finalPath(
  { path: folder, strip }: { readonly path: string; readonly strip: string },
  path: string,
): TreePath {
  const kept = strip === "" ? path : path.slice(strip.length + 1);
  return (folder === "" ? kept : `${folder}/${kept}`) as TreePath;
}

export function isBelow(folder: string, path: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}
