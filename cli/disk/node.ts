import {
  type BigIntStats,
  constants,
  type Dirent,
  lstatSync,
  mkdirSync,
  renameSync,
  type Stats,
  type StatsFs,
} from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../errors.ts";
import type { DirEntry, Disk, DiskFile, FileStat } from "./port.ts";

/** The disk of this machine. */
export function nodeDisk(): Disk {
  return diskOf({
    readdir: (path) => fs.readdir(path, { withFileTypes: true }),
    realpath: fs.realpath,
    readlink: fs.readlink,
    mkdir: fs.mkdir,
    stat: fs.stat,
    readFile: fs.readFile,
    open: async (path, flags) => handleOf(await fs.open(path, flags)),
    rename: fs.rename,
    link: fs.link,
    symlink: fs.symlink,
    copyFile: fs.copyFile,
    chmod: fs.chmod,
    unlink: fs.unlink,
    rmdir: fs.rmdir,
    statfs: fs.statfs,
    lutimes: fs.lutimes,
  });
}

/** What a disk asks of the system. */
export interface Calls {
  readdir(path: string): Promise<Dirent[]>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  mkdir(path: string): Promise<unknown>;
  stat(path: string): Promise<Stats>;
  readFile(path: string): Promise<Buffer>;
  open(path: string, flags: number): Promise<Handle>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  copyFile(from: string, to: string, mode: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  statfs(path: string): Promise<StatsFs>;
  lutimes(path: string, access: Date, modification: Date): Promise<void>;
}

/** An open file, as the system has it: it may read and write less than it is asked to. */
export interface Handle {
  read(into: Uint8Array, position: number): Promise<number>;
  /** Those of `bytes` from `from` on, to `position`; null appends. */
  write(bytes: Uint8Array, from: number, position: number | null): Promise<number>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<BigIntStats>;
  close(): Promise<void>;
}

function handleOf(handle: fs.FileHandle): Handle {
  return {
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    write: async (bytes, from, position) =>
      (await handle.write(bytes, from, bytes.length - from, position)).bytesWritten,
    truncate: (length) => handle.truncate(length),
    sync: () => handle.sync(),
    stat: () => handle.stat({ bigint: true }),
    close: () => handle.close(),
  };
}

/** The disk of this machine, asked by these calls. */
export function diskOf(calls: Calls): Disk {
  return {
    local: true,
    lstat,
    readdir: (path) => readdir(calls, path),
    realpath: (path) => calls.realpath(path),
    readlink: (path) => calls.readlink(path),
    mkdir: (path) => mkdir(calls, path),
    mkdirNow: (path) => {
      try {
        mkdirSync(path);
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    },
    read: (path) => absentAs(undefined, ["ENOENT"], () => calls.readFile(path)),
    open: async (path, mode) => diskFile(await calls.open(path, FLAGS[mode])),
    rename: (from, to) => calls.rename(from, to),
    renameNow: renameSync,
    link: (from, to) => calls.link(from, to),
    makeSymlink: (target, path) => calls.symlink(target, path),
    isReadOnly: (path) => (lstatSync(path).mode & 0o222) === 0,
    reflink: (from, to) => reflink(calls, from, to),
    unlink: (path) => calls.unlink(path),
    rmdir: (path) => calls.rmdir(path),
    syncFolder: (path) => syncFolder(calls, path),
    space: (path) => space(calls, path),
    touch: async (path) => {
      const now = new Date();
      await calls.lutimes(path, now, now);
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
async function mkdir(calls: Calls, path: string): Promise<void> {
  try {
    await calls.mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" && (await calls.stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await mkdir(calls, dirname(path));
    // Somebody else may have made it meanwhile.
    await calls.mkdir(path).catch((again: unknown) => {
      if (systemCode(again) !== "EEXIST") throw again;
    });
  }
}

async function readdir(calls: Calls, path: string): Promise<readonly DirEntry[] | undefined> {
  const entries = await absentAs(undefined, ["ENOENT", "ENOTDIR"], () => calls.readdir(path));
  return entries?.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
}

/** A clone has the mode of what it was cloned from, which may be another program's; a new file tells which it should have. */
async function reflink(calls: Calls, from: string, to: string): Promise<boolean> {
  const made = await calls.open(to, FLAGS.wx);
  const mode = await made.stat().finally(() => made.close());
  try {
    await calls.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    await calls.chmod(to, Number(mode.mode & 0o777n));
    return true;
  } catch (error) {
    await calls.unlink(to).catch(() => undefined);
    if (UNCLONEABLE.has(systemCode(error) ?? "")) return false;
    throw error;
  }
}

/** What file systems without shared blocks answer (ext4 and tmpfs ENOTSUP, across devices EXDEV). */
const UNCLONEABLE = new Set(["ENOTSUP", "EOPNOTSUPP", "EXDEV", "ENOSYS", "EINVAL", "ENOTTY"]);

async function syncFolder(calls: Calls, path: string): Promise<void> {
  try {
    const folder = await calls.open(path, O_RDONLY);
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    // Windows cannot open a folder, and some network file systems cannot flush one.
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes(systemCode(error) ?? "")) throw error;
  }
}

async function space(calls: Calls, path: string) {
  const stats = await absentAs(undefined, ["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM"], () =>
    calls.statfs(path),
  );
  // Some network and FUSE file systems answer with zeros, and btrfs counts no inodes: that says nothing.
  return {
    bytes: stats === undefined || stats.blocks === 0 ? undefined : stats.bavail * stats.bsize,
    inodes: stats === undefined || stats.files === 0 ? undefined : stats.ffree,
  };
}

function diskFile(handle: Handle): DiskFile {
  return {
    readAt: (into, position) => handle.read(into, position),
    writeAt: (bytes, position) => writeAll(handle, bytes, position),
    append: (bytes) => writeAll(handle, bytes, null),
    truncate: (length) => handle.truncate(length),
    sync: () => handle.sync(),
    stat: async () => fileStat(await handle.stat()),
    close: () => handle.close(),
  };
}

async function writeAll(handle: Handle, bytes: Uint8Array, position: number | null): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += await handle.write(bytes, done, at);
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
