import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Disk } from "../disk/port.ts";
import { packNames, unpackNames } from "../receipt/packed.ts";
import { areUnchanged, type Helpers, newTally, type Rows, setChanged, WORTH_HELP } from "./rows.ts";

/** More than a few only wait for each other, in the kernel. */
const MOST = 3;

/** Threads that help this one look. They start while it still reads. `files`: about as many will have to be looked at. */
export function startHelpers(disk: Disk, files: number): Helpers {
  const spare = BUNDLED && disk.local ? availableParallelism() - 1 : 0;
  return helpersOf(disk, startThreads(WORKER, Math.min(spare, MOST, Math.floor(files / WORTH_HELP))));
}

declare const __TRITTER_VERSION__: string | undefined;

/** Sources run without a build have no thread that could load them. */
export const BUNDLED = typeof __TRITTER_VERSION__ === "string";
const WORKER = new URL("./rows-worker.js", import.meta.url);

/** Exported for tests, which name the built thread. */
export function startThreads(file: URL, count: number): readonly Worker[] {
  return Array.from({ length: count }, () => {
    const worker = new Worker(file);
    // One that is not needed any more is no reason to stay.
    worker.unref();
    return worker;
  });
}

export function helpersOf(disk: Disk, threads: readonly Worker[]): Helpers {
  const broken = new AbortController();
  for (const thread of threads) thread.on("error", () => broken.abort());
  return {
    areUnchanged: async (rows, signal) => {
      const tally = newTally();
      const stop = () => setChanged(tally);
      if (!broken.signal.aborted) {
        // With it goes what it took, unseen.
        broken.signal.addEventListener("abort", stop);
        for (const thread of threads) thread.postMessage(shared(rows, tally));
      }
      return areUnchanged(disk, rows, { tally, signal });
    },
    close: () => {
      for (const thread of threads) void thread.terminate();
    },
  };
}

/** Rows as threads can have them without a copy. */
export interface SharedRows {
  readonly root: string;
  readonly names: SharedArrayBuffer;
  readonly stamps: SharedArrayBuffer;
  readonly tally: SharedArrayBuffer;
}

function shared({ root, paths, stamps }: Rows, tally: Int32Array): SharedRows {
  return {
    root,
    names: sharedBytes(packNames(paths)),
    stamps: sharedBytes(stamps),
    tally: tally.buffer as SharedArrayBuffer,
  };
}

export function rowsOf({ root, names, stamps }: SharedRows): Rows {
  return { root, paths: unpackNames(new Uint8Array(names)), stamps: new Uint8Array(stamps) };
}

export function sharedBytes(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
