import * as fs from "node:fs";
import { type Calls, diskOf, FLAGS, fileStat, type Handle } from "./node.ts";
import type { Disk, FileStat } from "./port.ts";

/** An open file whose calls block: for threads that do nothing else. Errors are the system's own. */
export interface BlockingFile {
  /** Reads up to `into.length` bytes at `position`; the number read, 0 at the end. */
  readAt(into: Uint8Array, position: number): number;
  stat(): FileStat;
  close(): void;
}

/** Opens for reading, never through a symlink at the last segment. */
export function openBlocking(path: string): BlockingFile {
  const handle = fs.openSync(path, FLAGS.r);
  return {
    readAt: (into, position) => fs.readSync(handle, into, 0, into.length, position),
    stat: () => fileStat(fs.fstatSync(handle, { bigint: true })),
    close: () => fs.closeSync(handle),
  };
}

/**
 * The disk of this machine for a thread that does nothing else: what it promises is done already, which costs a
 * tenth of handing it to another thread and waiting. Flushes alone are waited for, beside each other, unless the disk
 * answers them at once.
 */
export function blockingDisk(): Disk {
  const sync = flusher();
  const calls: Calls = {
    readdir: async (path) => fs.readdirSync(path, { withFileTypes: true }),
    realpath: async (path) => fs.realpathSync(path),
    readlink: async (path) => fs.readlinkSync(path),
    mkdir: async (path) => fs.mkdirSync(path),
    stat: async (path) => fs.statSync(path),
    readFile: async (path) => fs.readFileSync(path),
    open: async (path, flags) => handleOf(fs.openSync(path, flags), sync),
    rename: async (from, to) => fs.renameSync(from, to),
    link: async (from, to) => fs.linkSync(from, to),
    symlink: async (target, path) => fs.symlinkSync(target, path),
    copyFile: async (from, to, mode) => fs.copyFileSync(from, to, mode),
    chmod: async (path, mode) => fs.chmodSync(path, mode),
    unlink: async (path) => fs.unlinkSync(path),
    rmdir: async (path) => fs.rmdirSync(path),
    statfs: async (path) => fs.statfsSync(path),
    lutimes: async (path, access, modification) => fs.lutimesSync(path, access, modification),
  };
  return diskOf(calls);
}

type Flush = (handle: number) => Promise<void>;

function handleOf(handle: number, sync: Flush): Handle {
  return {
    read: async (into, position) => fs.readSync(handle, into, 0, into.length, position),
    write: async (bytes, from, position) => fs.writeSync(handle, bytes, from, bytes.length - from, position),
    truncate: async (length) => fs.ftruncateSync(handle, length),
    sync: () => sync(handle),
    stat: async () => fs.fstatSync(handle, { bigint: true }),
    close: async () => fs.closeSync(handle),
  };
}

/** ms; a file system in memory takes a hundredth of it, a disk many times as much. */
const AT_ONCE_MS = 0.2;

/** What the last flush took says how to wait for the next. */
function flusher(): Flush {
  let atOnce = false;
  return async (handle) => {
    const began = performance.now();
    if (atOnce) fs.fsyncSync(handle);
    else await beside(handle);
    atOnce = performance.now() - began < AT_ONCE_MS;
  };
}

function beside(handle: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(handle, (error) => (error === null ? resolve() : reject(error)));
  });
}
