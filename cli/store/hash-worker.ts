// A thread of its own: takes batches of files, answers with their digests. Stopped by ending the thread.

import { parentPort } from "node:worker_threads";
import { openBlocking } from "../disk/blocking.ts";
import { contentHasher } from "./hash.ts";
import type { HashAnswer, HashTask } from "./hashers.ts";

const buffer = Buffer.allocUnsafe(1024 * 1024);

parentPort?.on("message", (tasks: readonly HashTask[]) => parentPort?.postMessage(tasks.map(answer)));

function answer(task: HashTask): HashAnswer {
  try {
    return hashFile(task);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return { kind: "failed", code, message };
  }
}

function hashFile({ path, size, algorithms }: HashTask): HashAnswer {
  const file = openBlocking(path);
  try {
    const hasher = contentHasher(algorithms, size);
    let position = 0;
    for (;;) {
      const count = file.readAt(buffer, position);
      if (count === 0) break;
      position += count;
      if (position > size) break;
      hasher.update(buffer.subarray(0, count));
    }
    const digests = position === size ? hasher.digests() : undefined;
    return { kind: "hashed", digests, stat: file.stat() };
  } finally {
    file.close();
  }
}
