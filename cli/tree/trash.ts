import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { systemCode } from "../errors.ts";

/**
 * Bytes that are not ours to destroy. One folder a run, numbered names without an extension so that a glob for
 * data never finds them, and an index that says what each was:
 *
 *     .tritter/trash/3f9c0a12-4711/1
 *     .tritter/trash/3f9c0a12-4711/index.ndjson   {"name":"1","path":"rust/a.parquet","why":"modified","size":9}
 */
export interface Trash {
  /** Takes the entry at an absolute path, by rename. Resolves to its place relative to the state folder. */
  take(absolute: string, about: { path: TreePath; why: string; size: number }): Promise<string>;
  /** Destroys what `take` returned: only for bytes known to be ones we fetched. */
  drop(place: string): Promise<void>;
}

export interface TrashedEntry {
  /** Relative to the state folder. */
  readonly place: string;
  /** Where it stood in the tree; undefined where the index does not tell. */
  readonly path: string | undefined;
  /** bytes */
  readonly size: number;
}

const TRASH = "trash";
const INDEX = "index.ndjson";

export function openTrash(disk: Disk, state: string, run: string): Trash {
  const folder = join(state, TRASH, run);
  let count = 0;
  return {
    take: async (absolute, { path, why, size }) => {
      count += 1;
      const name = String(count);
      await disk.mkdir(folder);
      // The index first: an entry that never came costs a line, one without a line costs its owner a search.
      const index = await disk.open(join(folder, INDEX), "a");
      await index
        .append(Buffer.from(`${JSON.stringify({ name, path, why, size })}\n`))
        .finally(() => index.close());
      await disk.rename(absolute, join(folder, name));
      return `${TRASH}/${run}/${name}`;
    },
    drop: (place) => disk.unlink(join(state, place)),
  };
}

export async function listTrash(disk: Disk, state: string): Promise<TrashedEntry[]> {
  const runs = (await disk.readdir(join(state, TRASH))) ?? [];
  const lists = await Promise.all(runs.map((run) => listRun(disk, state, run.name)));
  return lists.flat();
}

/** Destroys everything in the trash. */
export async function emptyTrash(disk: Disk, state: string): Promise<void> {
  for (const run of (await disk.readdir(join(state, TRASH))) ?? []) {
    const folder = join(state, TRASH, run.name);
    for (const entry of (await disk.readdir(folder)) ?? []) await disk.unlink(join(folder, entry.name));
    await disk.rmdir(folder);
  }
}

/** Removes the folders of runs whose every entry was dropped again. */
export async function tidyTrash(disk: Disk, state: string, run: string): Promise<void> {
  const folder = join(state, TRASH, run);
  const entries = await disk.readdir(folder);
  if (entries === undefined || entries.some((entry) => entry.name !== INDEX)) return;
  for (const entry of entries) await disk.unlink(join(folder, entry.name));
  await disk.rmdir(folder);
  await removeIfEmpty(disk, join(state, TRASH));
}

async function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  try {
    await disk.rmdir(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
  }
}

async function listRun(disk: Disk, state: string, run: string): Promise<TrashedEntry[]> {
  const folder = join(state, TRASH, run);
  const paths = await readIndex(disk, join(folder, INDEX));
  const names = ((await disk.readdir(folder)) ?? [])
    .map((entry) => entry.name)
    .filter((name) => name !== INDEX);
  return names.map((name) => ({
    place: `${TRASH}/${run}/${name}`,
    path: paths.get(name),
    size: disk.lstat(join(folder, name))?.size ?? 0,
  }));
}

async function readIndex(disk: Disk, file: string): Promise<Map<string, string>> {
  const text = (await disk.read(file))?.toString("utf8") ?? "";
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\{"name":"(\d+)","path":("(?:[^"\\]|\\.)*")/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined)
      paths.set(match[1], JSON.parse(match[2]) as string);
  }
  return paths;
}
