import { join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { isOwnFolder, makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { onDisk, passing } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { sameBytesStamp, stampOf } from "./stamp.ts";

/**
 * Bytes that are not ours to destroy. One folder a run, numbered names without an extension so that a glob for
 * data never finds them, and an index that says what each was:
 *
 *     .tritter/trash/3f9c0a12-4711/1
 *     .tritter/trash/3f9c0a12-4711/index.ndjson   {"name":"1","path":"rust/a.parquet","why":"modified","size":9}
 *
 * A line may have `ours`, a stamp: as long as the entry is still what that was taken of, it is one that we fetched and that was
 * only in the way. It goes once all is done, whoever put it there.
 */
export interface Trash {
  /** Takes the entry at an absolute path, by rename; `lookAgain`, called just before, throws where something is in the way by now. */
  take(
    absolute: string,
    about: {
      path: TreePath;
      why: string;
      size: number;
      ours?: Stamp | undefined;
      lookAgain?: () => void;
    },
  ): Promise<{ readonly place: string; readonly stamp: Stamp }>;
  /** Has all that was taken survive a power loss: before something else gets a name that it had. */
  flush(): Promise<void>;
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
  let flushed = 0;
  return {
    take: async (absolute, { path, why, size, ours, lookAgain }) => {
      count += 1;
      const name = String(count);
      await makeOwnFolder(disk, state, folder);
      // The index first: an entry that never came costs a line, one without a line costs its owner a search.
      const index = await disk.open(join(folder, INDEX), "a");
      await index
        .append(Buffer.from(`${JSON.stringify({ name, path, why, size, ours })}\n`))
        .finally(() => index.close());
      const file = join(folder, name);
      lookAgain?.();
      await disk.rename(absolute, file);
      const taken = disk.lstat(file);
      if (taken === undefined) throw takenAway(path);
      return { place: `${TRASH}/${run}/${name}`, stamp: stampOf(taken) };
    },
    flush: async () => {
      if (flushed < count) await disk.syncFolder(folder);
      flushed = count;
    },
  };
}

function takenAway(path: TreePath): TritterError {
  return new TritterError({
    code: "DISK_REFUSED",
    message: `cannot find "${printable(path)}" in the trash, where it was just put: somebody moved the folder away`,
    hint: "look what became of .tritter/trash, then run the same command again",
    path,
  });
}

export function listTrash(disk: Disk, state: string): Promise<TrashedEntry[]> {
  return onDisk("list the trash", async () => {
    const entries: TrashedEntry[] = [];
    for (const run of await runsIn(disk, state)) entries.push(...(await listRun(disk, state, run)));
    return entries;
  });
}

/** Destroys everything in the trash. */
export function emptyTrash(disk: Disk, state: string): Promise<void> {
  return onDisk("empty the trash", async () => {
    for (const run of await runsIn(disk, state)) await removeRun(disk, state, run);
  });
}

/** Destroys what is ours in the trash, that of runs that were killed too, and the folders of runs that held nothing else. */
export function tidyTrash(disk: Disk, state: string): Promise<void> {
  return onDisk("tidy the trash", async () => {
    for (const run of await runsIn(disk, state)) {
      const folder = join(state, TRASH, run);
      for (const [name, ours] of await oursIn(disk, folder)) {
        const found = isOwnFolder(disk, state, folder) ? disk.lstat(join(folder, name)) : undefined;
        if (found?.kind !== "file" || !sameBytesStamp(ours, stampOf(found))) continue;
        await passing(["ENOENT"], () => disk.unlink(join(folder, name)));
      }
      const left = await readOwnFolder(disk, state, folder);
      if (left.length !== 1 || left[0]?.name !== INDEX) continue;
      await passing(["ENOENT"], () => disk.unlink(join(folder, INDEX)));
      // What somebody puts there now stays.
      await removeIfEmpty(disk, folder);
    }
    await removeIfEmpty(disk, join(state, TRASH));
  });
}

async function oursIn(disk: Disk, folder: string): Promise<ReadonlyMap<string, Stamp>> {
  const text = (await disk.read(join(folder, INDEX)))?.toString("utf8") ?? "";
  const found = new Map<string, Stamp>();
  for (const line of text.split("\n")) {
    const match = /^\{"name":"(\d+)",.*,"ours":"([^"]+)"\}$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) found.set(match[1], match[2] as Stamp);
  }
  return found;
}

/** What is not a folder there is not ours; a link to one least of all. */
async function runsIn(disk: Disk, state: string): Promise<string[]> {
  const entries = await readOwnFolder(disk, state, join(state, TRASH));
  return entries.filter((entry) => entry.kind === "folder").map((entry) => entry.name);
}

async function removeRun(disk: Disk, state: string, run: string): Promise<void> {
  const folder = join(state, TRASH, run);
  for (const entry of await readOwnFolder(disk, state, folder))
    if (entry.kind !== "folder" && isOwnFolder(disk, state, folder))
      await passing(["ENOENT"], () => disk.unlink(join(folder, entry.name)));
  await removeIfEmpty(disk, folder);
}

function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  return passing(["ENOTEMPTY", "EEXIST", "ENOENT"], () => disk.rmdir(folder));
}

async function listRun(disk: Disk, state: string, run: string): Promise<TrashedEntry[]> {
  const folder = join(state, TRASH, run);
  const paths = await readIndex(disk, join(folder, INDEX));
  const names = (await readOwnFolder(disk, state, folder)).map((entry) => entry.name);
  return names
    .filter((name) => name !== INDEX)
    .map((name) => ({
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
