import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Lock, LockedSource, Refuge } from "../../schema/lock.ts";
import type { RemoteFile } from "../../schema/remote.ts";

/** A file that should be on disk. */
export type Want = LockedWant | GeneratedWant;

interface Wanted {
  readonly path: TreePath;
  /** Its name; `WHOLE` for a file that is about all of them. */
  readonly source: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

/** One that the lock wants. Its path is the source's, then the repository path without the stripped folder. */
export interface LockedWant extends Wanted {
  /** Where it is to be had: at the commit, or where it was rescued to. */
  readonly remote: RemoteFile;
}

/** One that says what the lock wants, and is a function of it: nobody is asked for its bytes. */
export interface GeneratedWant extends Wanted {
  readonly generated: Uint8Array;
}

export function isGenerated(want: Want): want is GeneratedWant {
  return "generated" in want;
}

export function wantsOf(lock: Lock): LockedWant[] {
  return lock.sources.flatMap(wantsOfSource);
}

function wantsOfSource(source: LockedSource): LockedWant[] {
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

/**
 * What describes a source stands beside its folder, so that it is never among the repository's files: `code` has `code.README.md`. One
 * that has the root itself for a folder is described under its name.
 */
export function besidePaths({ path, name }: { readonly path: string; readonly name: string }): {
  readonly readme: TreePath;
  readonly metadata: TreePath;
} {
  const base = path === "" ? name : path;
  return { readme: `${base}.README.md` as TreePath, metadata: `${base}.metadata.json` as TreePath };
}

/**
 * What describes all sources: `README.corpus.md`. It begins as those beside sources end, so that none of them can have its name, and
 * is called by the owner, since each of several that share a root has one.
 */
export function indexPath(owner: string): TreePath {
  const plain = owner
    .replace(/^.*\/(?=.)/, "")
    .replace(/\.ya?ml$/, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+|[.-]+$/g, "");
  return `README.${plain === "" ? "tritter" : plain}.md` as TreePath;
}

export function isBelow(folder: string, path: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}
