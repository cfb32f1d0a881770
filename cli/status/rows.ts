import type { TreePath } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { looker } from "../tree/look.ts";
import { PACKED_STAMP, packStat } from "../tree/stamp.ts";

/** Files, and the stamps they should have. */
export interface Rows {
  /** Absolute, resolved. */
  readonly root: string;
  readonly paths: readonly TreePath[];
  /** Packed, one a path. */
  readonly stamps: Uint8Array;
}

/** Who looks at rows: this thread, alone or with others. */
export interface Helpers {
  /** Are all these files as their stamps say? Ends at the first that is not. Throws system errors, and the signal's reason. */
  areUnchanged(rows: Rows, signal: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Files from which on a thread, which takes some 40 ms to start, saves more than that. */
export const WORTH_HELP = 25_000;

/** For fewer. */
export function alone(disk: Disk): Helpers {
  return {
    areUnchanged: (rows, signal) => areUnchanged(disk, rows, { tally: newTally(), signal }),
    close: () => {},
  };
}

/** Looks until nothing is left, and waits for what others took. */
export async function areUnchanged(
  disk: Disk,
  rows: Rows,
  { tally, signal }: { tally: Int32Array; signal: AbortSignal },
): Promise<boolean> {
  const stop = () => setChanged(tally);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const step = stepper(disk, rows, tally);
    while (step()) await breath();
    while (!isDone(rows, tally) && !isChanged(tally)) await breath();
    signal.throwIfAborted();
    return !isChanged(tally);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Rows one thread takes at a time: some milliseconds' worth, after which a signal to stop may have its turn. */
const STEP = 1_024;

/** What the threads at work on the same rows tell each other. */
export function newTally(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}

const TAKEN = 0;
const DONE = 1;
const CHANGED = 2;

/**
 * Returns a function that takes the next rows and looks at them; false once there are none left, or one was found by
 * anyone that is no file, has another stamp, or stands behind a link.
 */
export function stepper(disk: Disk, { root, paths, stamps }: Rows, tally: Int32Array): () => boolean {
  const look = looker(disk, root);
  const found = new BigInt64Array((STEP * PACKED_STAMP) / BigInt64Array.BYTES_PER_ELEMENT);
  const bytes = new Uint8Array(found.buffer);
  const isUnchanged = (from: number, to: number) => {
    for (let row = from; row < to; row++) {
      const sight = look.look(paths[row] as TreePath);
      if (sight.kind !== "file") return false;
      packStat(sight.stat, found, row - from);
    }
    const wanted = stamps.subarray(from * PACKED_STAMP, to * PACKED_STAMP);
    return Buffer.compare(wanted, bytes.subarray(0, wanted.length)) === 0;
  };
  return () => {
    const from = Atomics.add(tally, TAKEN, 1) * STEP;
    if (from >= paths.length || isChanged(tally)) return false;
    let unchanged = false;
    try {
      unchanged = isUnchanged(from, Math.min(from + STEP, paths.length));
    } finally {
      if (unchanged) Atomics.add(tally, DONE, 1);
      else setChanged(tally);
    }
    return unchanged;
  };
}

function isChanged(tally: Int32Array): boolean {
  return Atomics.load(tally, CHANGED) !== 0;
}

export function setChanged(tally: Int32Array): void {
  Atomics.store(tally, CHANGED, 1);
}

/** What others took may still be under way when there is nothing left to take. */
function isDone({ paths }: Rows, tally: Int32Array): boolean {
  return Atomics.load(tally, DONE) === Math.ceil(paths.length / STEP);
}
