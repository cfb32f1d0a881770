import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { RemoteFile } from "../../schema/remote.ts";

/** A file that the lock wants on disk. */
export interface Want {
  /** Below the root: the source's path, then the repository path without the stripped folder. */
  readonly path: TreePath;
  readonly source: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly remote: RemoteFile;
}

export function wantsOf(lock: Lock): Want[] {
  return lock.sources.flatMap(wantsOfSource);
}

function wantsOfSource(source: LockedSource): Want[] {
  const repo = { type: source.type, repo: source.repo };
  const { name, commit } = source;
  return source.files.map(({ path, size, digest }) => ({
    path: finalPath(source, path),
    source: name,
    digest,
    size,
    remote: { repo, commit, path, size },
  }));
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
