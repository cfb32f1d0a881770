import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FLAGS, fileStat } from "./node.ts";
import type { FileStat } from "./port.ts";

/** An open file whose calls block: for threads that do nothing else. Errors are the system's own. */
export interface BlockingFile {
  /** Reads up to `into.length` bytes at `position`; the number read, 0 at the end. */
  readAt(into: Uint8Array, position: number): number;
  stat(): FileStat;
  close(): void;
}

/** Opens for reading, never through a symlink at the last segment. */
export function openBlocking(path: string): BlockingFile {
  const handle = openSync(path, FLAGS.r);
  return {
    readAt: (into, position) => readSync(handle, into, 0, into.length, position),
    stat: () => fileStat(fstatSync(handle, { bigint: true })),
    close: () => closeSync(handle),
  };
}
