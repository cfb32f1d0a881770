import { newTally, type Tally } from "./hash.ts";
import { threadedKeeper } from "./keeper-thread.ts";
import { type ReceiveInput, type Reception, receive, type Wanted } from "./receive.ts";
import { putSmall, type SmallBlob, type SmallKept } from "./small.ts";
import { type Take, type Taken, type Tell, takeFiles } from "./take.ts";
import { type Amount, threadsFor } from "./threads.ts";

/** Does the work on bytes that came: hashes and writes them, and makes blobs ready. In this thread, or in one of its own. */
export interface Keeper {
  /** Goes on with what interrupted runs left of a blob, and begins anew where there is nothing. */
  receive(wanted: Wanted): Promise<Reception>;
  /** Once it resolves, the blobs' bytes may be used for others. */
  put(blobs: readonly SmallBlob[]): Promise<readonly SmallKept[]>;
  /** Takes files of this machine; `tell` hears how far that is. */
  take(takes: readonly Take[], tell?: Tell): Promise<readonly Taken[]>;
  /** Only when nothing is under way; resolves to what was hashed. */
  close(): Promise<Tally>;
}

/** Whether bytes given to it are seen by it where they are, and need memory that threads share. */
export interface OpenKeeper {
  readonly keeper: Keeper;
  readonly threaded: boolean;
}

const WORTH: Amount = { files: 200, bytes: 16 * 1024 * 1024 };
const WORKER = new URL("./store-worker.js", import.meta.url);

interface Work extends Amount {
  readonly signal: AbortSignal;
}

export function openKeeper(input: ReceiveInput, work: Work): OpenKeeper {
  return threadsOf(input, work) > 0
    ? { keeper: threadedKeeper(WORKER, input, work.signal), threaded: true }
    : { keeper: inlineKeeper(input, work.signal), threaded: false };
}

/** As many as there are cores, where there is enough to do: what is here already comes as fast as it is hashed. */
export function openKeepers(input: ReceiveInput, work: Work): readonly Keeper[] {
  const threads = threadsOf(input, work);
  if (threads === 0) return [inlineKeeper(input, work.signal)];
  return Array.from({ length: threads }, () => threadedKeeper(WORKER, input, work.signal));
}

function threadsOf({ disk }: ReceiveInput, work: Work): number {
  return threadsFor(work, { worth: WORTH, local: disk.local });
}

export function inlineKeeper(input: ReceiveInput, signal: AbortSignal): Keeper {
  const counting = { ...input, tally: newTally() };
  return {
    receive: (wanted) => receive(counting, wanted),
    put: (blobs) => putSmall(counting, blobs),
    take: (takes, tell) => takeFiles(counting, takes, { signal, tell }),
    close: async () => counting.tally,
  };
}
