// A thread of its own: keeps what the network brings. Stopped by ending the thread.

import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../clock.ts";
import { blockingDisk } from "../disk/blocking.ts";
import { withState } from "../disk/own.ts";
import { newTally } from "./hash.ts";
import {
  type Answer,
  type Call,
  failureOf,
  type Place,
  type SmallAnswer,
  Stopped,
  type TakenAnswer,
  type Task,
  type ThreadInput,
} from "./keeper-thread.ts";
import { type ReceiveInput, type Reception, receive, type Stop } from "./receive.ts";
import { putSmall } from "./small.ts";
import { type Take, takeFiles } from "./take.ts";

const { store, stop } = workerData as ThreadInput;
const disk = withState(blockingDisk(), store.view.layout.state);
const tally = newTally();
const input: ReceiveInput = { ...store, disk, now: systemClock.now, tally };
const signal: Stop = {
  throwIfAborted: () => {
    if (Atomics.load(stop, 0) !== 0) throw new Stopped();
  },
};
const receptions = new Map<number, Reception>();
const memories = new Map<number, SharedArrayBuffer>();

parentPort?.on("message", ({ call, task }: Call) => {
  perform(call, task).then(
    (value) => answer({ call, kind: "done", value }),
    (error: unknown) => answer({ call, kind: "failed", failure: failureOf(error) }),
  );
});

function answer(said: Answer): void {
  parentPort?.postMessage(said);
}

async function perform(call: number, task: Task): Promise<unknown> {
  switch (task.kind) {
    case "receive": {
      const reception = await receive(input, { ...task.wanted, signal });
      receptions.set(task.blob, reception);
      const { have, missing } = reception;
      return { have, missing };
    }
    case "keep":
      return receptionOf(task.blob).keep(task.position, bytesAt(task.at));
    case "put":
      return put(task);
    case "take":
      return take(call, task.takes);
    case "tally":
      return tally;
    case "finish":
    case "suspend": {
      const reception = receptionOf(task.blob);
      receptions.delete(task.blob);
      return reception[task.kind]();
    }
    default:
      return task satisfies never;
  }
}

async function put({ digests, ends, at }: Extract<Task, { kind: "put" }>): Promise<readonly SmallAnswer[]> {
  const all = bytesAt(at);
  const blobs = digests.map((digest, index) => ({
    digest,
    bytes: all.subarray(ends[index - 1] ?? 0, ends[index]),
  }));
  const kept = await putSmall(input, blobs);
  return kept.map((one): SmallAnswer => {
    if (one.kind === "ready") return one.blob.digests;
    return one.kind === "failed" ? { kind: "failed", failure: failureOf(one.error) } : one;
  });
}

/** bytes read between two words about it: some milliseconds' worth */
const TELL = 16 * 1024 * 1024;

async function take(call: number, takes: readonly Take[]): Promise<readonly TakenAnswer[]> {
  let untold = 0;
  const tell = (bytes: number) => {
    untold += bytes;
    if (untold < TELL) return;
    answer({ call, kind: "going", bytes: untold });
    untold = 0;
  };
  return (await takeFiles(input, takes, { signal, tell })).map((one): TakenAnswer => {
    return one.kind === "failed" ? { kind: "failed", failure: failureOf(one.error) } : one;
  });
}

function receptionOf(blob: number): Reception {
  const reception = receptions.get(blob);
  if (reception === undefined) throw new Error(`no blob ${blob} is being received`);
  return reception;
}

function bytesAt({ memory, buffer, from, length }: Place): Uint8Array {
  if (buffer !== undefined) memories.set(memory, buffer);
  return new Uint8Array(memories.get(memory) as SharedArrayBuffer, from, length);
}
