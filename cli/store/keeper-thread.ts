import { Worker } from "node:worker_threads";
import type { Digest } from "../../schema/ids.ts";
import { type Problem, problemsOf, systemCode, TritterError } from "../errors.ts";
import { Slots } from "../slots.ts";
import { newTally, type Tally } from "./hash.ts";
import type { Keeper } from "./keeper.ts";
import type { ReceiveInput, Reception, Wanted } from "./receive.ts";
import type { SmallBlob, SmallKept } from "./small.ts";
import type { ReadyBlob } from "./store.ts";
import type { Take, Taken, Tell } from "./take.ts";

/** What a thread is started with. */
export interface ThreadInput {
  readonly store: Omit<ReceiveInput, "disk" | "now" | "tally">;
  /** Becomes 1 once long work shall stop. */
  readonly stop: Int32Array;
}

/** What a thread is asked; `blob` names one reception in all that is asked about it. */
export type Task =
  | { readonly kind: "receive"; readonly blob: number; readonly wanted: Omit<Wanted, "signal"> }
  | { readonly kind: "keep"; readonly blob: number; readonly position: number; readonly at: Place }
  | { readonly kind: "finish" | "suspend"; readonly blob: number }
  | { readonly kind: "take"; readonly takes: readonly Take[] }
  | { readonly kind: "tally" }
  /** Blobs one after the other in one place, each ending where it says. Flat, since what is nested costs more to send than to keep. */
  | {
      readonly kind: "put";
      readonly digests: readonly Digest[];
      readonly ends: readonly number[];
      readonly at: Place;
    };

/** Bytes in memory that both threads see. */
export interface Place {
  readonly memory: number;
  /** Comes along the first time. */
  readonly buffer: SharedArrayBuffer | undefined;
  readonly from: number;
  /** bytes */
  readonly length: number;
}

export interface Call {
  readonly call: number;
  readonly task: Task;
}

export type Answer =
  | { readonly call: number; readonly kind: "done"; readonly value: unknown }
  /** It goes on: so many more bytes were read. */
  | { readonly call: number; readonly kind: "going"; readonly bytes: number }
  | { readonly call: number; readonly kind: "failed"; readonly failure: Failure };

/** An error on its way between threads, of which what callers tell apart by is kept. */
export type Failure =
  | { readonly kind: "system"; readonly code: string; readonly message: string }
  | { readonly kind: "told"; readonly problem: Problem }
  | { readonly kind: "stopped" }
  | { readonly kind: "bug"; readonly text: string };

/** As `SmallKept`, between threads: of a blob that is ready, its digests. */
export type SmallAnswer =
  | readonly Digest[]
  | Exclude<SmallKept, { kind: "failed" | "ready" }>
  | { readonly kind: "failed"; readonly failure: Failure };

/** As `Taken`, between threads. */
export type TakenAnswer =
  | Exclude<Taken, { kind: "failed" }>
  | { readonly kind: "failed"; readonly failure: Failure };

/** Thrown in a thread where the signal's reason is in another. */
export class Stopped extends Error {}

export function failureOf(error: unknown): Failure {
  if (error instanceof Stopped) return { kind: "stopped" };
  if (error instanceof TritterError) return { kind: "told", problem: problemsOf(error)[0] as Problem };
  const code = systemCode(error);
  if (code !== undefined) return { kind: "system", code, message: (error as Error).message };
  return { kind: "bug", text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly tell: Tell | undefined;
}

/** Exported for tests, which name the built thread. Takes bytes in shared memory only. */
export function threadedKeeper(file: URL, input: ReceiveInput, signal: AbortSignal): Keeper {
  const { view, readyFolder, writer } = input;
  const { layout, partials } = view;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ThreadInput = { store: { view: { layout, partials }, readyFolder, writer }, stop };
  const worker = new Worker(file, { workerData });
  const waiting = new Slots<Waiting>();
  const memories = new Map<ArrayBufferLike, number>();
  let blobs = 0;
  let broken: Error | undefined;

  const onAbort = () => Atomics.store(stop, 0, 1);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const errorOf = (failure: Failure): unknown => {
    switch (failure.kind) {
      case "system":
        return Object.assign(new Error(failure.message), { code: failure.code });
      case "told":
        return new TritterError(failure.problem);
      case "stopped":
        return signal.reason;
      case "bug":
        return new Error(`the thread that stores failed: ${failure.text}`);
      default:
        return failure satisfies never;
    }
  };
  const breakOff = (what: string) => {
    broken ??= new Error(`the thread that stores ended: ${what}`);
    for (const { reject } of waiting.all()) reject(broken);
  };
  worker.on("error", (error) => breakOff(error.stack ?? error.message));
  worker.on("exit", (status) => breakOff(`status ${status}`));
  worker.on("message", (answer: Answer) => {
    const call = waiting.at(answer.call);
    if (answer.kind === "going") {
      call?.tell?.(answer.bytes);
      return;
    }
    waiting.free(answer.call);
    if (answer.kind === "done") call?.resolve(answer.value);
    else call?.reject(errorOf(answer.failure));
  });

  const ask = <Value>(task: Task, tell?: Tell): Promise<Value> =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      const call = waiting.add({ resolve: resolve as Waiting["resolve"], reject, tell });
      worker.postMessage({ call, task } satisfies Call);
    });
  const placeOf = ({ buffer, byteOffset: from, length }: Uint8Array): Place => {
    const known = memories.get(buffer);
    if (known !== undefined) return { memory: known, buffer: undefined, from, length };
    if (!(buffer instanceof SharedArrayBuffer)) throw new Error("bytes for a thread are in shared memory");
    memories.set(buffer, memories.size);
    return { memory: memories.size - 1, buffer, from, length };
  };
  return {
    receive: async ({ digest, size, afresh, damaged }) => {
      blobs += 1;
      const blob = blobs;
      const wanted = { digest, size, afresh, damaged };
      const begun = await ask<Pick<Reception, "have" | "missing">>({ kind: "receive", blob, wanted });
      return {
        ...begun,
        keep: (position, bytes) => ask({ kind: "keep", blob, position, at: placeOf(bytes) }),
        finish: () => ask({ kind: "finish", blob }),
        suspend: () => ask({ kind: "suspend", blob }),
      };
    },
    put: async (small) => {
      const answers = await ask<readonly SmallAnswer[]>({ kind: "put", ...together(small) });
      return answers.map((answer, index): SmallKept => {
        if (isDigests(answer)) return { kind: "ready", blob: readyBlob(readyFolder, answer, small[index]) };
        return answer.kind === "failed" ? { kind: "failed", error: errorOf(answer.failure) } : answer;
      });
    },
    take: async (takes, tell) => {
      const answers = await ask<readonly TakenAnswer[]>({ kind: "take", takes }, tell);
      return answers.map((answer): Taken => {
        return answer.kind === "failed" ? { kind: "failed", error: errorOf(answer.failure) } : answer;
      });
    },
    close: async () => {
      // Of a thread that broke, nobody knows what it hashed.
      const tally = await ask<Tally>({ kind: "tally" }).catch(newTally);
      signal.removeEventListener("abort", onAbort);
      await worker.terminate();
      return tally;
    },
  };

  function together(small: readonly SmallBlob[]): Omit<Extract<Task, { kind: "put" }>, "kind"> {
    const { buffer, byteOffset: from = 0 } = small[0]?.bytes ?? EMPTY;
    const ends: number[] = [];
    let end = from;
    for (const { bytes } of small) {
      if (bytes.buffer !== buffer || bytes.byteOffset !== end)
        throw new Error("blobs for a thread lie one after the other");
      end += bytes.length;
      ends.push(end - from);
    }
    const at = placeOf(new Uint8Array(buffer, from, end - from));
    return { digests: small.map(({ digest }) => digest), ends, at };
  }
}

const EMPTY = new Uint8Array(new SharedArrayBuffer(0));

function isDigests(answer: SmallAnswer): answer is readonly Digest[] {
  return Array.isArray(answer);
}

/** Kept for each of many files, so it shares the strings it can. */
function readyBlob(folder: string, digests: readonly Digest[], small: SmallBlob | undefined): ReadyBlob {
  const known = digests.map((digest) => (digest === small?.digest ? small.digest : digest));
  return { folder, digests: known, size: small?.bytes.length ?? 0 };
}
