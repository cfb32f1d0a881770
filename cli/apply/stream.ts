import type { Clock } from "../context.ts";
import { problemsOf, TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Body, ByteHub, RemoteFile } from "../hub/port.ts";
import type { Meter } from "./meter.ts";

/** Takes the bytes of a range in order. */
export interface Sink {
  /** Offset in the file of the next byte it expects. */
  readonly position: number;
  /** It copies what it is given, before `write` returns or its promise resolves. */
  readonly copies?: true;
  /** Where it would put the next bytes: those that are given to `write` from there need no copy. undefined: it cannot say. */
  room?(): Uint8Array | undefined;
  write(bytes: Uint8Array): Promise<void> | undefined;
}

export interface Streaming {
  readonly hub: ByteHub;
  /** Bodies open at once, over all files. */
  readonly gate: <T>(work: () => Promise<T>) => Promise<T>;
  readonly clock: Clock;
  /** The meter's. */
  readonly signal: AbortSignal;
  readonly meter: Meter;
  readonly emit: Emit;
}

/** What a stream is for: in events, the blob's digest and a path a person knows it by; to the meter, a source. */
export interface Label {
  readonly key: string;
  readonly path: string;
  readonly source: string;
}

/** Breaks in a row without a byte gained before a remote is given up. */
const PATIENCE = 5;

/**
 * Fills the sink up to `end` from the first remote that can, going on after a break where it stopped.
 * Throws what the last remote failed with.
 */
export async function stream(
  streaming: Streaming,
  { remotes, sink, end, label }: { remotes: readonly RemoteFile[]; sink: Sink; end: number; label: Label },
): Promise<void> {
  const left = [...remotes];
  for (let failures = 0; sink.position < end; ) {
    const before = sink.position;
    try {
      await streaming.gate(() => streamOnce(streaming, { remote: left[0] as RemoteFile, sink, end, label }));
    } catch (error) {
      streaming.signal.throwIfAborted();
      failures = sink.position > before ? 1 : failures + 1;
      if (error instanceof BrokenBody && failures < PATIENCE) {
        await pauseBefore(streaming, { failures, label, why: error.cause });
      } else {
        left.shift();
        failures = 0;
        const cause = error instanceof BrokenBody ? error.cause : error;
        if (left.length === 0 || !(cause instanceof TritterError)) throw cause;
      }
    }
  }
}

async function pauseBefore(
  { clock, signal, emit }: Streaming,
  { failures, label: { key, path }, why }: { failures: number; label: Label; why: unknown },
): Promise<void> {
  const waitMs = backoffMs(failures);
  emit({ kind: "file-retry", key, path, why: problemsOf(why)[0]?.message ?? "", waitMs, lost: 0 });
  await clock.sleep(waitMs, signal);
}

/** A body that was open and broke: worth another try where it stopped. */
class BrokenBody extends Error {}

async function streamOnce(
  streaming: Streaming,
  { remote, sink, end, label }: { remote: RemoteFile; sink: Sink; end: number; label: Label },
): Promise<void> {
  streaming.meter.check();
  // What keeps a body from being opened was tried again by the Hub's client already.
  const body = await streaming.hub.open(
    remote,
    { start: sink.position, end, lent: sink.copies },
    streaming.signal,
  );
  try {
    await drain(streaming, { body, sink, end, label });
  } catch (error) {
    throw isPassing(error) ? new BrokenBody("", { cause: error }) : error;
  }
}

/** Below this over a whole window a stream is cut and opened again, maybe from another edge. */
const GOODPUT = { bytes: 32 * 1024, windowMs: 30_000 };
/** ms between two events about one stream: nobody sees more. */
const TELL_MS = 100;

async function drain(
  { clock, meter, emit }: Streaming,
  { body, sink, end, label }: { body: Body; sink: Sink; end: number; label: Label },
): Promise<void> {
  let skip = sink.position - body.start;
  let window: Window = { since: clock.now(), bytes: 0 };
  let [untold, told] = [0, window.since];
  const tell = () => {
    if (untold > 0) emit({ kind: "file-bytes", key: label.key, bytes: untold });
    untold = 0;
  };
  // All bytes that come for any file come by here.
  const take = (chunk: Uint8Array) => {
    meter.check();
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const bytes = within(chunk, from, from + end - sink.position);
    const written = sink.write(bytes);
    const now = clock.now();
    untold += bytes.length;
    if (now - told >= TELL_MS) {
      tell();
      told = now;
    }
    const paced = meter.took(label.source, chunk.length);
    if (sink.position >= end) body.cancel();
    else {
      window = { since: window.since, bytes: window.bytes + chunk.length };
      const ms = now - window.since;
      if (ms >= GOODPUT.windowMs) {
        if (window.bytes < GOODPUT.bytes) throw crawling({ path: label.path, bytes: window.bytes, ms }, emit);
        window = { since: now, bytes: 0 };
      }
    }
    if (paced === undefined && written === undefined) return undefined;
    return Promise.all([written, paced]).then(() => {
      // The stream was not slow while it was not read.
      window = { ...window, since: window.since + clock.now() - now };
    });
  };
  const room = () => {
    const free = skip === 0 ? sink.room?.() : undefined;
    return free && within(free, 0, end - sink.position);
  };
  try {
    await body.read(take, room);
  } finally {
    body.cancel();
    tell();
  }
  if (sink.position >= end) return;
  throw new TritterError({
    code: "NETWORK",
    message: `the body ended early: ${end - sink.position} bytes are missing`,
  });
}

/** What is asked for of a chunk: most often all of it, and then without a view of its own. */
function within(chunk: Uint8Array, from: number, to: number): Uint8Array {
  return from === 0 && to >= chunk.length ? chunk : chunk.subarray(from, to);
}

interface Window {
  /** ms of the clock */
  readonly since: number;
  readonly bytes: number;
}

function crawling(stall: { path: string; bytes: number; ms: number }, emit: Emit): TritterError {
  emit({ kind: "stalled", ...stall });
  const { bytes, ms } = stall;
  return new TritterError({
    code: "NETWORK",
    message: `the stream crawls: ${bytes} bytes in ${Math.round(ms / 1000)} s`,
  });
}

function isPassing(error: unknown): boolean {
  return error instanceof TritterError && error.code === "NETWORK";
}

/** Full jitter over 0.5 s, 1 s, 2 s …: many streams that broke together do not come back together. */
function backoffMs(failures: number): number {
  return Math.round(Math.random() * Math.min(8_000, 250 * 2 ** failures)) + 50;
}
