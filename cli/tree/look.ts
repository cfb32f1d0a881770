import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import type { Disk, FileStat } from "../disk/port.ts";

/** What stands at a tree path, without following any link below the root. */
export type Sight =
  | { readonly kind: "nothing" }
  | { readonly kind: "file"; readonly stat: FileStat }
  | { readonly kind: "other"; readonly what: "folder" | "symlink" | "special"; readonly stat: FileStat }
  /** A parent is not a folder, so nothing can stand at the path itself. */
  | {
      readonly kind: "blocked";
      readonly at: TreePath;
      readonly what: "file" | "symlink" | "special";
      readonly stat: FileStat;
    };

export interface Looker {
  look(path: TreePath): Sight;
  /** Are all parents folders, and none a link? Then what opens the path without following it opens what stands there. */
  reaches(path: TreePath): boolean;
  /** First entry below the folder, in any depth, that `known` does not hold; folders themselves do not count. */
  firstStranger(folder: TreePath, known: (path: TreePath) => boolean): Promise<TreePath | undefined>;
}

/** Sees one moment: what it learned of folders is remembered, so make a new one after changing the tree. */
export function looker(disk: Disk, root: string): Looker {
  type Above = Sight | "folder" | "absent";
  const folders = new Map<string, Above>([["", "folder"]]);
  // Files of one folder mostly follow each other.
  let latest: { readonly prefix: string; readonly above: Above } | undefined;

  const above = (path: string): Above => {
    const slash = path.lastIndexOf("/");
    if (latest?.prefix.length === slash && path.startsWith(latest.prefix)) return latest.above;
    const prefix = parentOf(path);
    latest = { prefix, above: folder(prefix) };
    return latest.above;
  };

  const folder = (path: string): Above => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const upper = folder(parentOf(path));
    const seen = upper === "folder" ? lookAtFolder(disk, root, path) : upper;
    folders.set(path, seen);
    return seen;
  };

  const look = (path: TreePath): Sight => {
    const seen = above(path);
    if (seen === "absent") return { kind: "nothing" };
    if (seen !== "folder") return seen;
    const stat = disk.lstat(`${root}/${path}`);
    if (stat === undefined) return { kind: "nothing" };
    return stat.kind === "file" ? { kind: "file", stat } : { kind: "other", what: stat.kind, stat };
  };

  const reaches = (path: TreePath) => above(path) === "folder";

  return { look, reaches, firstStranger: (path, known) => firstStranger(disk, root, { path, known }) };
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function lookAtFolder(disk: Disk, root: string, path: string): Sight | "folder" | "absent" {
  const stat = disk.lstat(join(root, path));
  if (stat === undefined) return "absent";
  if (stat.kind === "folder") return "folder";
  return { kind: "blocked", at: path as TreePath, what: stat.kind, stat };
}

async function firstStranger(
  disk: Disk,
  root: string,
  { path, known }: { path: TreePath; known: (path: TreePath) => boolean },
): Promise<TreePath | undefined> {
  for (const entry of (await disk.readdir(join(root, path))) ?? []) {
    const below = `${path}/${entry.name}` as TreePath;
    if (entry.kind !== "folder") {
      if (!known(below)) return below;
      continue;
    }
    const stranger = await firstStranger(disk, root, { path: below, known });
    if (stranger !== undefined) return stranger;
  }
  return undefined;
}
