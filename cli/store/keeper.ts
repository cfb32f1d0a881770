import { availableParallelism } from "node:os";
import { threadedKeeper } from "./keeper-thread.ts";
import { type ReceiveInput, type Reception, receive, type Wanted } from "./receive.ts";
import { putSmall, type SmallBlob, type SmallKept } from "./small.ts";

/** Does the work on bytes that came: hashes and writes them, and makes blobs ready. In this thread, or in one of its own. */
export interface Keeper {
  /** Goes on with what interrupted runs left of a blob, and begins anew where there is nothing. */
  receive(wanted: Wanted): Promise<Reception>;
  /** Once it resolves, the blobs' bytes may be used for others. */
  put(blobs: readonly SmallBlob[]): Promise<readonly SmallKept[]>;
  /** Only when nothing is under way. */
  close(): Promise<void>;
}

/** Whether bytes given to it are seen by it where they are, and need memory that threads share. */
export interface OpenKeeper {
  readonly keeper: Keeper;
  readonly threaded: boolean;
}

/** Work from which on starting a thread (some 40 ms, beside what else is done) pays. */
const WORTH = { files: 200, bytes: 16 * 1024 * 1024 };

export function openKeeper(
  input: ReceiveInput,
  work: { readonly files: number; readonly bytes: number; readonly signal: AbortSignal },
): OpenKeeper {
  const worth = work.files >= WORTH.files || work.bytes >= WORTH.bytes;
  return BUNDLED && input.disk.local && worth && availableParallelism() > 1
    ? { keeper: threadedKeeper(WORKER, input, work.signal), threaded: true }
    : { keeper: inlineKeeper(input), threaded: false };
}

declare const __TRITTER_VERSION__: string | undefined;

/** Sources run without a build have no thread that could load them. */
const BUNDLED = typeof __TRITTER_VERSION__ === "string";
const WORKER = new URL("./store-worker.js", import.meta.url);

export function inlineKeeper(input: ReceiveInput): Keeper {
  return {
    receive: (wanted) => receive(input, wanted),
    put: (blobs) => putSmall(input, blobs),
    close: async () => {},
  };
}
