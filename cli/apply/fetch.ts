import { type Digest, hexOf } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, problemsOf, systemCode, TritterError } from "../errors.ts";
import type { RemoteFile } from "../hub/port.ts";
import type { Blob, Damage } from "../plan/types.ts";
import { gate, pool } from "../pool.ts";
import type { Tally } from "../store/hash.ts";
import { type Intake, openIntake, type Receiver } from "../store/intake.ts";
import type { Kept, ReceiveInput, Run, Wanted as Wish } from "../store/receive.ts";
import { SEGMENT, unpackChecksums } from "../store/segments.ts";
import type { SmallKept } from "../store/small.ts";
import type { ReadyBlob } from "../store/store.ts";
import type { Locate } from "./give.ts";
import { type Limits, openMeter } from "./meter.ts";
import { askingOnce, foldRefusals } from "./refused.ts";
import { type Label, type Sink, type Streaming, stream } from "./stream.ts";

export interface FetchInput extends Omit<Streaming, "gate" | "meter"> {
  /** Ends the sync; the meter's own only ends the fetching. */
  readonly signal: AbortSignal;
  readonly store: ReceiveInput;
  /** Streams at once, over all files. */
  readonly jobs: number;
  readonly limits: Limits;
  readonly locate: Locate;
  /** Hears of bytes that were wrong again after they had been asked for once more. */
  readonly onWrong?: (wrong: Wrong) => void;
}

export interface Wrong {
  readonly remote: RemoteFile;
  readonly expected: Digest;
  readonly found: Digest;
}

interface Fetching extends FetchInput, Streaming {
  readonly intake: Intake;
}

export interface Fetched {
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly problems: readonly Problem[];
  /** bytes received, those of retries included */
  readonly bytes: number;
}

/** bytes of one request of a large file: few enough requests, and enough of them to fill the streams. */
const SPAN = { least: 2 * SEGMENT, most: 16 * SEGMENT };

/**
 * Has every blob that must come from the Hub ready in the store. One that fails does not stop the others: large
 * files are cut into spans, and all streams draw from one queue of small files and spans.
 */
export async function fetchBlobs(input: FetchInput, blobs: readonly Blob[]): Promise<Fetched> {
  const ready = new Map<Digest, ReadyBlob>();
  const problems: Problem[] = [];
  let bytes = 0;
  const meter = openMeter(input.limits, input);
  const jobs = meter.streams(input.jobs);
  const work = workOf({ ...input, jobs }, blobs);
  const intake = openIntake(input.store, work);
  const fetching: Fetching = {
    ...input,
    jobs,
    meter,
    signal: meter.signal,
    intake,
    hub: askingOnce(input.hub),
    gate: gate(jobs),
    emit: (event) => {
      if (event.kind === "file-bytes") bytes += event.bytes;
      input.emit(event);
    },
  };
  let settled = 0;
  const settle = (want: Wanted, result: ReadyBlob | Problem) => {
    const ok = "folder" in result;
    settled += 1;
    if (ok) ready.set(want.digest, result);
    else problems.push({ ...result, path: want.path });
    fetching.emit({ kind: "file-done", key: want.key, ok });
  };
  const queue: Queue = { blobs, left: sizeOf(blobs), settle, open: new Set(), behind: behindOf() };
  // Twice as many files as streams: while some are hashed and written, others use the network.
  const width = 2 * jobs;
  try {
    await pool(tasks(fetching, queue), { width, signal: meter.signal }, (task) => {
      queue.behind.check();
      return task();
    });
  } catch (error) {
    if (error !== meter.spent) throw error;
  } finally {
    for (const receiver of queue.open) await receiver.suspend();
    await intake.idle();
    await queue.behind.end();
    emitTally(input, await intake.close());
    meter.close();
  }
  input.signal.throwIfAborted();
  const { spent } = meter;
  if (spent === undefined) {
    queue.behind.check();
    if (settled !== work.files) throw new Error(`of ${work.files} files ${settled} were fetched or refused`);
  } else problems.push(...stillToCome(spent, { blobs, ready }));
  return { ready, problems: foldRefusals(problems), bytes };
}

function emitTally({ emit }: FetchInput, { bytes, ms }: Tally): void {
  if (bytes > 0) emit({ kind: "verified", what: "fetched", bytes, ms: Math.round(ms) });
}

/** None where all had come by then. */
function stillToCome(
  spent: TritterError,
  { blobs, ready }: { blobs: readonly Blob[]; ready: ReadonlyMap<Digest, ReadyBlob> },
): readonly Problem[] {
  const left = blobs.filter(({ from, digest }) => from.kind === "fetch" && !ready.has(digest));
  if (left.length === 0) return [];
  const bytes = sizeOf(left);
  const details = [
    `${left.length === 1 ? "one file" : `${left.length} files`} of ${bytes} bytes in all are not complete`,
  ];
  return problemsOf(spent).map((problem) => ({ ...problem, details }));
}

/** Of what comes from the Hub. */
function sizeOf(blobs: readonly Blob[]): number {
  return blobs.reduce((sum, { from, size }) => sum + (from.kind === "fetch" ? size : 0), 0);
}

function workOf({ jobs, signal }: FetchInput, blobs: readonly Blob[]) {
  let [files, bytes] = [0, 0];
  for (const { from, size } of blobs) {
    if (from.kind !== "fetch") continue;
    files += 1;
    bytes += size - from.have;
  }
  return { files, bytes, streams: jobs, signal };
}

interface Wanted extends Label {
  readonly digest: Digest;
  readonly size: number;
  readonly remotes: readonly RemoteFile[];
  readonly damaged: Damage | undefined;
}

type Settle = (want: Wanted, result: ReadyBlob | Problem) => void;
type Task = () => Promise<void>;

interface Queue {
  readonly blobs: readonly Blob[];
  /** bytes of those that were not drawn yet */
  left: number;
  readonly settle: Settle;
  /** Receivers not yet finished, to be suspended if the run stops. */
  readonly open: Set<Receiver>;
  readonly behind: Behind;
}

/** What goes on while the streams have turned to other files. */
interface Behind {
  run(work: () => Promise<void>): void;
  /** Throws the first that failed. */
  check(): void;
  /** Resolves once nothing goes on any more. */
  end(): Promise<void>;
}

function behindOf(): Behind {
  const going = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
  };
  return {
    run: (work) => {
      const one = work()
        .catch(fail)
        .finally(() => going.delete(one));
      going.add(one);
    },
    check: () => {
      if (failure !== undefined) throw failure.error;
    },
    end: async () => {
      while (going.size > 0) await Promise.all(going);
    },
  };
}

/**
 * Drawn one by one, so that a large file's partial is opened only when a stream is free for it. No generator: an asynchronous
 * one links each request for a task to the next, so that one that is not collected yet keeps all later tasks alive.
 */
function tasks(fetching: Fetching, queue: Queue): AsyncIterable<Task> {
  const blobs = queue.blobs.values();
  let spans: Iterator<Task> | undefined;
  let opening: Promise<void> | undefined;
  const next = async (): Promise<IteratorResult<Task>> => {
    for (;;) {
      // Another may have begun to open the next file by the time this one is told that the last is open.
      while (opening !== undefined) await opening;
      const span = spans?.next();
      if (span?.done === false) return span;
      const drawn = blobs.next();
      if (drawn.done) return { done: true, value: undefined };
      const { from, digest, size, paths, source } = drawn.value;
      if (from.kind !== "fetch") continue;
      const { remotes, damaged } = from;
      const want: Wanted = { key: digest, path: paths[0] ?? "", source, digest, size, remotes, damaged };
      queue.left -= size;
      if (size <= fetching.intake.small)
        return { done: false, value: () => fetchSmall(fetching, want, queue) };
      opening = largeTasks(fetching, want, queue).then((tasks) => {
        spans = tasks;
        opening = undefined;
      });
    }
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** Done once its bytes are taken: that they are verified and written need not be waited for by a stream. */
async function fetchSmall(fetching: Fetching, want: Wanted, queue: Queue): Promise<void> {
  fetching.emit({ kind: "file-started", key: want.key, path: want.path, size: want.size, have: 0 });
  try {
    const taken = await takeSmall(fetching, want, (kept) => judgeSmall(fetching, want, { queue, kept }));
    // Else it is no promise, and costs no turn.
    if (taken.wait !== undefined) await taken.wait;
  } catch (error) {
    queue.settle(want, failure(fetching, error, want));
  }
}

async function takeSmall(
  fetching: Fetching,
  want: Wanted,
  then: (kept: SmallKept) => void,
): Promise<{ readonly wait: Promise<void> | undefined }> {
  const sink = new Chunks();
  await stream(fetching, { remotes: want.remotes, sink, end: want.size, label: want });
  return { wait: fetching.intake.put({ digest: want.digest, chunks: sink.chunks }, then) };
}

function judgeSmall(
  fetching: Fetching,
  want: Wanted,
  { queue: { settle, behind }, kept }: { queue: Queue; kept: SmallKept },
): void {
  if (kept.kind === "ready") {
    fetching.hub.verdict?.(want.remotes, { right: true, whole: true });
    settle(want, kept.blob);
  } else
    behind.run(() =>
      guarded(fetching, want, settle, () =>
        untilRight(fetching, { want, whole: true }, (attempt) =>
          attempt === 0 ? orThrown(kept) : takeAgain(fetching, want),
        ),
      ),
    );
}

function takeAgain(fetching: Fetching, want: Wanted): Promise<Kept> {
  return new Promise((resolve, reject) => {
    takeSmall(fetching, want, (kept) => orThrown(kept).then(resolve, reject)).catch(reject);
  });
}

async function orThrown(kept: SmallKept): Promise<Kept> {
  if (kept.kind === "failed") throw kept.error;
  return kept;
}

/** One task a span; whoever ends the last one finishes the file. */
async function largeTasks(
  fetching: Fetching,
  want: Wanted,
  queue: Queue,
): Promise<Iterator<Task> | undefined> {
  try {
    const receiver = await fetching.intake.receive(wishFor(fetching, want, false));
    queue.open.add(receiver);
    const { key, path, size } = want;
    fetching.emit({ kind: "file-started", key, path, size, have: receiver.have });
    return spanTasks(fetching, { want, queue, receiver, failed: undefined, left: 1 });
  } catch (error) {
    queue.settle(want, failure(fetching, error, want));
    return undefined;
  }
}

function* spanTasks(fetching: Fetching, large: Large): Generator<Task> {
  const { queue, receiver } = large;
  for (const range of cut(receiver.missing, { streams: fetching.jobs, after: queue.left })) {
    large.left += 1;
    yield () => fetchSpan(fetching, large, range);
  }
  yield () => endSpan(fetching, large);
}

interface Large {
  readonly want: Wanted;
  readonly queue: Queue;
  readonly receiver: Receiver;
  failed: Problem | undefined;
  /** Spans not yet ended, and one more until the last was drawn. */
  left: number;
}

async function fetchSpan(fetching: Fetching, large: Large, range: Run): Promise<void> {
  try {
    if (large.failed === undefined) await fillSpan(fetching, large.receiver, { want: large.want, range });
  } catch (error) {
    large.failed ??= failure(fetching, error, large.want);
  }
  await endSpan(fetching, large);
}

async function fillSpan(
  fetching: Fetching,
  receiver: Receiver,
  { want, range }: { want: Wanted; range: Run },
): Promise<void> {
  const span = receiver.span(range);
  try {
    await stream(fetching, { remotes: want.remotes, sink: span, end: range.end, label: want });
    await span.end();
  } finally {
    span.abandon();
  }
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
    const whole = receiver.have === 0;
    return untilRight(fetching, { want, whole }, async (attempt) => {
      const current = attempt === 0 ? receiver : await refill(fetching, want);
      return current.finish();
    });
  });
}

function wishFor({ signal, locate }: Fetching, want: Wanted, afresh: boolean): Wish {
  const { digest, size, damaged } = want;
  return { digest, size, afresh, signal, damaged: damaged && salvageable(locate(damaged), damaged, size) };
}

/** undefined where the receipt's checksums are not those of a file of this size. */
function salvageable(file: string | undefined, { segments }: Damage, size: number): Wish["damaged"] {
  const checksums = unpackChecksums(segments, size);
  return file === undefined || checksums === undefined ? undefined : { file, checksums };
}

/** The whole file once more, into a new partial. */
async function refill(fetching: Fetching, want: Wanted): Promise<Receiver> {
  const receiver = await fetching.intake.receive(wishFor(fetching, want, true));
  try {
    for (const range of receiver.missing) await fillSpan(fetching, receiver, { want, range });
    return receiver;
  } catch (error) {
    await receiver.suspend();
    throw error;
  }
}

/**
 * Wrong bytes are fetched once more from the beginning, or as often as there is somebody else to ask; wrong again is final, and no
 * flag changes that. `whole`: all of the first attempt's bytes were fetched.
 */
async function untilRight(
  fetching: Fetching,
  { want, whole }: { want: Wanted; whole: boolean },
  attempt: (number: number) => Promise<Kept>,
): Promise<ReadyBlob | Problem> {
  for (let number = 0; ; number++) {
    const kept = await attempt(number);
    const right = kept.kind === "ready";
    const others = fetching.hub.verdict?.(want.remotes, { right, whole: whole || number > 0 });
    if (right) return kept.blob;
    if (others !== true && number > 0) {
      const [remote] = want.remotes;
      if (remote !== undefined) fetching.onWrong?.({ remote, expected: want.digest, found: kept.digest });
      return mismatch(want, kept.digest);
    }
    fetching.emit({
      kind: "file-retry",
      key: want.key,
      path: want.path,
      why: "the bytes do not match the lock",
      waitMs: 0,
      lost: want.size,
    });
  }
}

function mismatch(want: Wanted, found: Digest): Problem {
  return {
    code: "DIGEST_MISMATCH",
    message: `cannot verify "${printable(want.path)}": the bytes received hash to ${found}, the lock says ${want.digest}`,
    hint: "nothing was placed; if it happens again, the mirror or the Hub serves other bytes than were locked: report it, or run tritter update",
    details: [`expected ${hexOf(want.digest)}`, `received ${hexOf(found)}`],
  };
}

/** Settles what the work resolves to, and what it fails with; undefined: that is still to come. */
async function guarded(
  fetching: Fetching,
  want: Wanted,
  settle: Settle,
  work: () => Promise<ReadyBlob | Problem | undefined>,
): Promise<void> {
  let result: ReadyBlob | Problem | undefined;
  try {
    result = await work();
  } catch (error) {
    result = failure(fetching, error, want);
  }
  if (result !== undefined) settle(want, result);
}

/** What one file failed with. Throws what is no matter of one file: an interruption, and a bug. */
function failure({ signal }: Fetching, error: unknown, want: Wanted): Problem {
  signal.throwIfAborted();
  if (error instanceof TritterError) return problemsOf(error)[0] as Problem;
  if (systemCode(error) === undefined) throw error;
  return diskProblem(`store "${printable(want.path)}"`, error);
}

/** A class, since V8 makes a shape of its own of each object literal with a getter. */
class Chunks implements Sink {
  readonly chunks: Uint8Array[] = [];
  position = 0;

  write(chunk: Uint8Array): undefined {
    this.chunks.push(chunk);
    this.position += chunk.length;
  }
}

/** Both ends at segments, as those of the runs are. `after`: bytes that come then. Ever shorter ones at the end of all, so that the last streams end together. */
function* cut(runs: readonly Run[], { streams, after }: { streams: number; after: number }): Generator<Run> {
  let left = runs.reduce((sum, { start, end }) => sum + end - start, after);
  for (const run of runs) {
    for (let { start } = run; start < run.end; ) {
      const share = Math.ceil(left / (2 * streams) / SEGMENT) * SEGMENT;
      const end = Math.min(run.end, start + Math.min(SPAN.most, Math.max(SPAN.least, share)));
      yield { start, end };
      left -= end - start;
      start = end;
    }
  }
}
