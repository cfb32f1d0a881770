import { Worker } from "node:worker_threads";
import type { Algorithm, Digest } from "../../schema/ids.ts";
import type { Disk, FileStat } from "../disk/port.ts";
import { hashOpenFile } from "./hash.ts";
import { type PackedAnswers, packTasks, unpackAnswers } from "./hash-batch.ts";
import { type Amount, threadsFor } from "./threads.ts";

export interface HashTask {
  /** Absolute. */
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly algorithms: ReadonlySet<Algorithm>;
}

/** `digests` is undefined where the file is shorter or longer than `size`; `stat` is of the open file, after it was read. */
export interface FileHash {
  readonly digests: readonly Digest[] | undefined;
  readonly stat: FileStat;
}

/** What a thread finds of a task. */
export type HashAnswer =
  | ({ readonly kind: "hashed" } & FileHash)
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** Hashes files of the disk, several at once. */
export interface Hashers {
  /** Tasks to hand over at once, so that none of the hashers waits. */
  readonly width: number;
  /** Throws the system's own errors, and the signal's reason. */
  hash(task: HashTask): Promise<FileHash>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

const WORTH: Amount = { files: 4_000, bytes: 128 * 1024 * 1024 };
const WORKER = new URL("./hash-worker.js", import.meta.url);

/** On all cores where there is enough to do; else in this thread, reading ahead in a few files. */
export function openHashers(disk: Disk, work: Amount & { readonly signal: AbortSignal }): Hashers {
  const threads = threadsFor(work, { worth: WORTH, local: disk.local });
  return threads > 0
    ? threadedHashers(WORKER, { threads, signal: work.signal })
    : inlineHashers(disk, work.signal);
}

/** Files read at once in one thread: reading ahead in one hides the other's waits. */
const READING = 4;

function inlineHashers(disk: Disk, signal: AbortSignal): Hashers {
  return {
    width: READING,
    hash: async ({ path, size, algorithms }) => {
      const file = await disk.open(path, "r");
      try {
        return { digests: await hashOpenFile(file, { algorithms, size, signal }), stat: await file.stat() };
      } finally {
        await file.close();
      }
    },
    close: async () => {},
  };
}

/** One message for many small files; a large one goes alone. */
const BATCH = { files: 64, bytes: 4 * 1024 * 1024 };

interface Job {
  readonly task: HashTask;
  readonly resolve: (hash: FileHash) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Under way, oldest first. */
  readonly batches: (readonly Job[])[];
}

/** Exported for tests, which name the built thread. */
export function threadedHashers(
  file: URL,
  { threads, signal }: { threads: number; signal: AbortSignal },
): Hashers {
  const queue: Job[] = [];
  const team: Thread[] = Array.from({ length: threads }, () => ({ worker: new Worker(file), batches: [] }));
  let stopped: { readonly reason: unknown } | undefined;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    for (const job of [...team.flatMap(({ batches }) => batches.splice(0).flat()), ...queue.splice(0)])
      job.reject(stopped.reason);
  };
  const onAbort = () => stop(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  for (const { worker, batches } of team) {
    worker.on("error", stop);
    worker.on("message", (answers: PackedAnswers) => {
      settle(batches.shift() ?? [], unpackAnswers(answers));
      feed(team, queue);
    });
  }
  let feeding = false;
  return {
    // Two batches under way for each, and one in the queue to fill the next from.
    width: 3 * threads * BATCH.files,
    hash: (task) =>
      new Promise((resolve, reject) => {
        if (stopped !== undefined) return reject(stopped.reason);
        queue.push({ task, resolve, reject });
        if (feeding) return;
        feeding = true;
        // More come in this same turn, and make the batches full.
        setImmediate(() => {
          feeding = false;
          feed(team, queue);
        });
      }),
    close: async () => {
      signal.removeEventListener("abort", onAbort);
      await Promise.all(team.map(({ worker }) => worker.terminate()));
    },
  };
}

/** First something for everyone, then a second batch for those whose first is small, so that none waits for this thread. */
function feed(team: readonly Thread[], queue: Job[]): void {
  const idle = team.filter(({ batches }) => batches.length === 0);
  const soonDone = () =>
    team.filter(({ batches: [first, second] }) => second === undefined && !isLarge(first));
  for (const thread of idle) send(thread, queue);
  for (const thread of soonDone()) if (!isLarge(queue.slice(0, 1))) send(thread, queue);
}

function isLarge(batch: readonly Job[] = []): boolean {
  return bytesOf(batch) > BATCH.bytes;
}

function bytesOf(batch: readonly Job[]): number {
  return batch.reduce((sum, { task }) => sum + task.size, 0);
}

function send({ worker, batches }: Thread, queue: Job[]): void {
  let [count, bytes] = [0, 0];
  while (count < Math.min(queue.length, BATCH.files)) {
    bytes += queue[count]?.task.size ?? 0;
    if (count > 0 && bytes > BATCH.bytes) break;
    count += 1;
  }
  if (count === 0) return;
  const batch = queue.splice(0, count);
  batches.push(batch);
  worker.postMessage(packTasks(batch.map(({ task }) => task)));
}

function settle(batch: readonly Job[], answers: readonly HashAnswer[]): void {
  for (const [index, { task, resolve, reject }] of batch.entries()) {
    const answer = answers[index];
    if (answer?.kind === "hashed") resolve(answer);
    else reject(failureOf(task, answer));
  }
}

function failureOf({ path }: HashTask, answer: Extract<HashAnswer, { kind: "failed" }> | undefined): Error {
  return Object.assign(new Error(answer?.message ?? `no answer for "${path}"`), { code: answer?.code });
}
