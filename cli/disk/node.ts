import { type BigIntStats, constants, type Dirent, lstatSync } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../errors.ts";
import type { DirEntry, Disk, DiskFile, FileStat } from "./port.ts";

/** The disk of this machine. */
export function nodeDisk(): Disk {
  return {
    local: true,
    lstat,
    readdir,
    realpath: (path) => fs.realpath(path),
    readlink: (path) => fs.readlink(path),
    mkdir,
    read: (path) => absentAs(undefined, ["ENOENT"], () => fs.readFile(path)),
    open: async (path, mode) => diskFile(await fs.open(path, FLAGS[mode])),
    rename: (from, to) => fs.rename(from, to),
    link: (from, to) => fs.link(from, to),
    reflink,
    unlink: (path) => fs.unlink(path),
    rmdir: (path) => fs.rmdir(path),
    syncFolder,
    space,
    touch: async (path) => {
      const now = new Date();
      await fs.lutimes(path, now, now);
    },
  };
}

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = constants;
/** Windows has neither. A pipe that took the place of a file must not make an open wait for its other end. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Never through a symlink at the last segment. */
export const FLAGS = {
  r: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  "r+": O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  wx: O_RDWR | O_CREAT | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
} as const;

function lstat(path: string): FileStat | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : fileStat(stats);
  } catch (error) {
    // A parent that is a file, or a name this file system cannot hold: nothing can be at this path.
    if (["ENOTDIR", "ENAMETOOLONG"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** Parents too. Our own, since the recursive one of Node 20 never ends below /proc. */
async function mkdir(path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" && (await fs.stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await mkdir(dirname(path));
    // Somebody else may have made it meanwhile.
    await fs.mkdir(path).catch((again: unknown) => {
      if (systemCode(again) !== "EEXIST") throw again;
    });
  }
}

async function readdir(path: string): Promise<readonly DirEntry[] | undefined> {
  const entries = await absentAs(undefined, ["ENOENT", "ENOTDIR"], () =>
    fs.readdir(path, { withFileTypes: true }),
  );
  return entries?.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
}

async function reflink(from: string, to: string): Promise<boolean> {
  try {
    await fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (UNCLONEABLE.has(systemCode(error) ?? "")) return false;
    throw error;
  }
}

/** What file systems without shared blocks answer (ext4 and tmpfs ENOTSUP, across devices EXDEV). */
const UNCLONEABLE = new Set(["ENOTSUP", "EOPNOTSUPP", "EXDEV", "ENOSYS", "EINVAL", "ENOTTY"]);

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await fs.open(path, O_RDONLY);
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    // Windows cannot open a folder, and some network file systems cannot flush one.
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes(systemCode(error) ?? "")) throw error;
  }
}

async function space(path: string) {
  const stats = await absentAs(undefined, ["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM"], () =>
    fs.statfs(path),
  );
  // Some network and FUSE file systems answer with zeros, and btrfs counts no inodes: that says nothing.
  return {
    bytes: stats === undefined || stats.blocks === 0 ? undefined : stats.bavail * stats.bsize,
    inodes: stats === undefined || stats.files === 0 ? undefined : stats.ffree,
  };
}

function diskFile(handle: fs.FileHandle): DiskFile {
  return {
    readAt: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    writeAt: (bytes, position) => writeAll(handle, bytes, position),
    append: (bytes) => writeAll(handle, bytes, null),
    truncate: (length) => handle.truncate(length),
    sync: () => handle.sync(),
    stat: async () => fileStat(await handle.stat({ bigint: true })),
    close: () => handle.close(),
  };
}

async function writeAll(handle: fs.FileHandle, bytes: Uint8Array, position: number | null): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}

export function fileStat(stats: BigIntStats): FileStat {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
  };
}

function kindOf(entry: BigIntStats | Dirent): FileStat["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "symlink" : "special";
}

async function absentAs<T, A>(absent: A, codes: readonly string[], read: () => Promise<T>): Promise<T | A> {
  try {
    return await read();
  } catch (error) {
    if (codes.includes(systemCode(error) ?? "")) return absent;
    throw error;
  }
}
