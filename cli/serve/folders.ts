import { createHash } from "node:crypto";
import { pointerOid } from "../hub/pointer.ts";

/** A file of a commit, as listings tell of it. */
export interface ServedFile {
  readonly path: string;
  /** bytes */
  readonly size: number;
  /** In large-file storage: git holds a pointer to it. */
  readonly lfs: boolean;
  /** Hex digits: the sha256 of a file in large-file storage, the git blob id of any other. */
  digest(): string;
}

/** A folder of a commit. Names are whatever the files say, hostile ones included. */
export interface Folder {
  /** "" for the root; otherwise the path as the files spell it, without a slash at the end. */
  readonly path: string;
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, ServedFile>;
  oid: string | undefined;
}

export type Entry =
  | { readonly kind: "folder"; readonly path: string; readonly folder: Folder }
  | { readonly kind: "file"; readonly path: string; readonly file: ServedFile };

export function buildFolders(files: Iterable<ServedFile>): Folder {
  const root = emptyFolder("");
  for (const file of files) {
    const segments = file.path.split("/");
    const name = segments.pop() ?? "";
    let folder = root;
    let path = "";
    for (const [depth, segment] of segments.entries()) {
      path = depth === 0 ? segment : `${path}/${segment}`;
      folder = childFolder(folder, segment, path);
    }
    folder.files.set(name, file);
  }
  return root;
}

export function findFolder(root: Folder, path: string): Folder | undefined {
  if (path === "") return root;
  let folder: Folder | undefined = root;
  for (const segment of path.split("/")) folder = folder?.folders.get(segment);
  return folder;
}

/** Folders before files on every level; with `recursive`, then what is in each folder. */
export function listEntries(folder: Folder, recursive: boolean): Entry[] {
  const found: Entry[] = [];
  const waiting = [folder];
  for (const next of waiting) {
    const folders = sorted(next.folders);
    for (const child of folders)
      if (child.path !== "") found.push({ kind: "folder", path: child.path, folder: child });
    for (const file of sorted(next.files)) found.push({ kind: "file", path: file.path, file });
    if (recursive) for (const child of folders) waiting.push(child);
  }
  return found;
}

/** The id git gives the tree of this folder, all files having mode 100644. */
export function folderOid(folder: Folder): string {
  folder.oid ??= hashTree([
    ...[...folder.folders].map(([name, child]) => ({ mode: "40000", name, oid: folderOid(child) })),
    ...[...folder.files].map(([name, file]) => ({ mode: "100644", name, oid: fileOid(file) })),
  ]);
  return folder.oid;
}

/** The git blob id of what git holds: the file, or for an LFS file its pointer. */
export function fileOid(file: ServedFile): string {
  return file.lfs ? pointerOid(file.digest(), file.size) : file.digest();
}

function emptyFolder(path: string): Folder {
  return { path, folders: new Map(), files: new Map(), oid: undefined };
}

function childFolder(parent: Folder, name: string, path: string): Folder {
  const known = parent.folders.get(name) ?? emptyFolder(path);
  parent.folders.set(name, known);
  return known;
}

function sorted<T>(named: Map<string, T>): T[] {
  return [...named]
    .map(([name, it]) => ({ name: Buffer.from(name), it }))
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map(({ it }) => it);
}

interface TreeLine {
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

function hashTree(lines: readonly TreeLine[]): string {
  const body = Buffer.concat(
    lines
      .map((line) => ({ ...line, order: gitOrder(line) }))
      .sort((a, b) => Buffer.compare(a.order, b.order))
      .flatMap((line) => [Buffer.from(`${line.mode} ${line.name}\0`), Buffer.from(line.oid, "hex")]),
  );
  return createHash("sha1").update(`tree ${body.length}\0`).update(body).digest("hex");
}

/** git sorts a folder as if its name ended in a slash. */
function gitOrder(line: TreeLine): Buffer {
  return Buffer.from(line.mode === "40000" ? `${line.name}/` : line.name);
}
