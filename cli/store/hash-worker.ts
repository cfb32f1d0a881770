// A thread of its own: takes batches of files, answers with their digests. Stopped by ending the thread.

import { parentPort } from "node:worker_threads";
import { type BlockingFile, openBlocking } from "../disk/blocking.ts";
import { contentHasher, digestsAtOnce } from "./hash.ts";
import { type PackedTasks, packAnswers, unpackTasks } from "./hash-batch.ts";
import type { HashAnswer, HashTask } from "./hashers.ts";

const CHUNK = 1024 * 1024;
/** One byte more: that a file of this size has no more is seen by reading it once. */
const buffer = Buffer.allocUnsafe(CHUNK + 1);

parentPort?.on("message", (tasks: PackedTasks) =>
  parentPort?.postMessage(packAnswers(unpackTasks(tasks).map(answer))),
);

function answer(task: HashTask): HashAnswer {
  try {
    const file = openBlocking(task.path);
    try {
      const digests = task.size <= CHUNK ? hashSmall(file, task) : hashLarge(file, task);
      return { kind: "hashed", digests, stat: file.stat() };
    } finally {
      file.close();
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return { kind: "failed", code, message };
  }
}

function hashSmall(file: BlockingFile, { size, algorithms }: HashTask) {
  if (file.readAt(buffer.subarray(0, size + 1), 0) !== size) return undefined;
  return digestsAtOnce(algorithms, buffer.subarray(0, size));
}

function hashLarge(file: BlockingFile, { size, algorithms }: HashTask) {
  const hasher = contentHasher(algorithms, size);
  const chunk = buffer.subarray(0, CHUNK);
  let position = 0;
  for (;;) {
    const count = file.readAt(chunk, position);
    if (count === 0) break;
    position += count;
    if (position > size) break;
    hasher.update(chunk.subarray(0, count));
  }
  return position === size ? hasher.digests() : undefined;
}
