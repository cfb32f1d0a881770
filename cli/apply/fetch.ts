import { type Digest, hexOf } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, problemsOf, systemCode } from "../errors.ts";
import type { RemoteFile } from "../hub/port.ts";
import type { Blob } from "../plan/types.ts";
import { gate, pool } from "../pool.ts";
import { type ReceiveInput, type Receiver, receive } from "../store/receive.ts";
import { SEGMENT } from "../store/segments.ts";
import { putSmall } from "../store/small.ts";
import type { ReadyBlob } from "../store/store.ts";
import { askingOnce, foldRefusals } from "./refused.ts";
import { type Label, type Sink, type Streaming, stream } from "./stream.ts";

export interface FetchInput extends Omit<Streaming, "gate"> {
  readonly store: ReceiveInput;
  /** Streams at once, over all files. */
  readonly jobs: number;
}

interface Fetching extends FetchInput, Streaming {}

export interface Fetched {
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly problems: readonly Problem[];
  /** bytes received, those of retries included */
  readonly bytes: number;
}

/** bytes of one request of a large file: few enough requests, and enough of them to fill the streams. */
const SPAN = { least: 4 * SEGMENT, most: 16 * SEGMENT };

/**
 * Has every blob that must come from the Hub ready in the store. One that fails does not stop the others: large
 * files are cut into spans, and all streams draw from one queue of small files and spans.
 */
export async function fetchBlobs(input: FetchInput, blobs: readonly Blob[]): Promise<Fetched> {
  const ready = new Map<Digest, ReadyBlob>();
  const problems: Problem[] = [];
  let bytes = 0;
  const counting: Fetching = {
    ...input,
    hub: askingOnce(input.hub),
    gate: gate(input.jobs),
    emit: (event) => {
      if (event.kind === "file-bytes") bytes += event.bytes;
      input.emit(event);
    },
  };
  const settle = (want: Wanted, result: ReadyBlob | Problem) => {
    const ok = "file" in result;
    if (ok) ready.set(want.digest, result);
    else problems.push({ ...result, path: want.path });
    counting.emit({ kind: "file-done", key: want.key, ok });
  };
  const open = new Set<Receiver>();
  // Twice as many files as streams: while some are hashed and written, others use the network.
  const width = 2 * input.jobs;
  try {
    await pool(tasks(counting, { blobs, settle, open }), { width, signal: input.signal }, (task) => task());
  } finally {
    for (const receiver of open) await receiver.suspend();
  }
  return { ready, problems: foldRefusals(problems), bytes };
}

interface Wanted extends Label {
  readonly digest: Digest;
  readonly size: number;
  readonly remotes: readonly RemoteFile[];
}

type Settle = (want: Wanted, result: ReadyBlob | Problem) => void;
type Task = () => Promise<void>;

interface Queue {
  readonly blobs: readonly Blob[];
  readonly settle: Settle;
  /** Receivers not yet finished, to be suspended if the run stops. */
  readonly open: Set<Receiver>;
}

/** Drawn one by one, so that a large file's partial is opened only when a stream is free for it. */
async function* tasks(fetching: Fetching, queue: Queue): AsyncGenerator<Task> {
  for (const blob of queue.blobs) {
    if (blob.from.kind !== "fetch") continue;
    const { digest, size } = blob;
    const want: Wanted = { digest, size, remotes: blob.from.remotes, key: digest, path: blob.paths[0] ?? "" };
    if (size <= SEGMENT) yield () => fetchSmall(fetching, want, queue.settle);
    else yield* largeTasks(fetching, want, queue);
  }
}

async function fetchSmall(fetching: Fetching, want: Wanted, settle: Settle): Promise<void> {
  await guarded(fetching, want, settle, async () => {
    fetching.emit({ kind: "file-started", key: want.key, path: want.path, size: want.size, have: 0 });
    return twice(fetching, want, async () => {
      const sink = memorySink(want.size);
      await stream(fetching, { remotes: want.remotes, sink, end: want.size, label: want });
      return putSmall(fetching.store, want.digest, sink.bytes);
    });
  });
}

/** One task a span; whoever ends the last one finishes the file. */
async function* largeTasks(fetching: Fetching, want: Wanted, queue: Queue): AsyncGenerator<Task> {
  let receiver: Receiver;
  try {
    receiver = await receive(fetching.store, wantedBy(fetching, want, false));
  } catch (error) {
    fetching.signal.throwIfAborted();
    queue.settle(want, failure(error, want));
    return;
  }
  queue.open.add(receiver);
  fetching.emit({
    kind: "file-started",
    key: want.key,
    path: want.path,
    size: want.size,
    have: receiver.have,
  });
  const large: Large = { want, queue, receiver, failed: undefined, left: 0 };
  const spans = receiver.missing.flatMap((run) => cut(run, fetching.jobs));
  large.left = Math.max(1, spans.length);
  if (spans.length === 0) yield () => endSpan(fetching, large);
  for (const span of spans) yield () => fetchSpan(fetching, large, span);
}

interface Large {
  readonly want: Wanted;
  readonly queue: Queue;
  readonly receiver: Receiver;
  failed: Problem | undefined;
  left: number;
}

async function fetchSpan(
  fetching: Fetching,
  large: Large,
  range: { start: number; end: number },
): Promise<void> {
  try {
    if (large.failed === undefined) await fillSpan(fetching, large.receiver, { want: large.want, range });
  } catch (error) {
    fetching.signal.throwIfAborted();
    large.failed ??= failure(error, large.want);
  }
  await endSpan(fetching, large);
}

async function fillSpan(
  fetching: Fetching,
  receiver: Receiver,
  { want, range }: { want: Wanted; range: { start: number; end: number } },
): Promise<void> {
  const sink = receiver.span(range);
  await stream(fetching, { remotes: want.remotes, sink, end: range.end, label: want });
  await sink.end();
}

async function endSpan(fetching: Fetching, large: Large): Promise<void> {
  large.left -= 1;
  if (large.left > 0) return;
  const { want, queue, receiver, failed } = large;
  queue.open.delete(receiver);
  if (failed !== undefined) {
    await receiver.suspend();
    queue.settle(want, failed);
    return;
  }
  await guarded(fetching, want, queue.settle, () => {
    return twice(fetching, want, async (attempt) => {
      const current = attempt === 0 ? receiver : await refill(fetching, want);
      return current.finish();
    });
  });
}

function wantedBy({ signal }: Fetching, { digest, size }: Wanted, afresh: boolean) {
  return { digest, size, afresh, signal };
}

/** The whole file once more, into a new partial. */
async function refill(fetching: Fetching, want: Wanted): Promise<Receiver> {
  const receiver = await receive(fetching.store, wantedBy(fetching, want, true));
  try {
    for (const range of receiver.missing) await fillSpan(fetching, receiver, { want, range });
    return receiver;
  } catch (error) {
    await receiver.suspend();
    throw error;
  }
}

type Attempt = { kind: "ready"; blob: ReadyBlob } | { kind: "mismatch"; digest: Digest };

/** Wrong bytes are fetched once more from the beginning; wrong again is final, and no flag changes that. */
async function twice(
  fetching: Fetching,
  want: Wanted,
  attempt: (number: number) => Promise<Attempt>,
): Promise<ReadyBlob | Problem> {
  const first = await attempt(0);
  if (first.kind === "ready") return first.blob;
  fetching.emit({
    kind: "file-retry",
    key: want.key,
    path: want.path,
    why: "the bytes do not match the lock",
    waitMs: 0,
    lost: want.size,
  });
  const second = await attempt(1);
  return second.kind === "ready" ? second.blob : mismatch(want, second.digest);
}

function mismatch(want: Wanted, found: Digest): Problem {
  return {
    code: "DIGEST_MISMATCH",
    message: `cannot verify "${printable(want.path)}": the bytes received hash to ${found}, the lock says ${want.digest}`,
    hint: "nothing was placed; if it happens again, the mirror or the Hub serves other bytes than were locked: report it, or run tritter update",
    details: [`expected ${hexOf(want.digest)}`, `received ${hexOf(found)}`],
  };
}

async function guarded(
  fetching: Fetching,
  want: Wanted,
  settle: Settle,
  work: () => Promise<ReadyBlob | Problem>,
): Promise<void> {
  try {
    settle(want, await work());
  } catch (error) {
    fetching.signal.throwIfAborted();
    settle(want, failure(error, want));
  }
}

function failure(error: unknown, want: Wanted): Problem {
  if (systemCode(error) !== undefined) return diskProblem(`store "${printable(want.path)}"`, error);
  return problemsOf(error)[0] as Problem;
}

function memorySink(size: number): Sink & { readonly bytes: Uint8Array } {
  const bytes = Buffer.allocUnsafe(size);
  let position = 0;
  return {
    bytes,
    get position() {
      return position;
    },
    write: (chunk) => {
      bytes.set(chunk, position);
      position += chunk.length;
      return undefined;
    },
  };
}

/** Both ends at segments, as the run's are. */
function cut(run: { start: number; end: number }, streams: number): { start: number; end: number }[] {
  const share = Math.ceil((run.end - run.start) / streams / SEGMENT) * SEGMENT;
  const step = Math.min(SPAN.most, Math.max(SPAN.least, share));
  const spans: { start: number; end: number }[] = [];
  for (let start = run.start; start < run.end; start += step)
    spans.push({ start, end: Math.min(run.end, start + step) });
  return spans;
}
