import { setMaxListeners } from "node:events";
import type { Clock } from "../context.ts";
import { TritterError } from "../errors.ts";

/** What a sync may take of the network, and until when. */
export interface Limits {
  /** bytes a second over all sources */
  readonly rate: number | undefined;
  /** bytes a second of single sources, by name; within `rate` all the same */
  readonly rates: ReadonlyMap<string, number>;
  /** bytes that may come in all, those of retries included */
  readonly maxBytes: number | undefined;
  /** ms of the clock; nothing is fetched after it */
  readonly deadline: number | undefined;
}

export const UNLIMITED: Limits = {
  rate: undefined,
  rates: new Map(),
  maxBytes: undefined,
  deadline: undefined,
};

/** What may still come where so many bytes have. */
export function less(limits: Limits, bytes: number): Limits {
  const { maxBytes } = limits;
  return maxBytes === undefined ? limits : { ...limits, maxBytes: Math.max(0, maxBytes - bytes) };
}

/** Counts what comes from the network against what may. */
export interface Meter {
  /** Ends with `input.signal`, and with an error of code BUDGET once bytes or time are used up. */
  readonly signal: AbortSignal;
  /** BUDGET, once that is why nothing more is fetched. */
  readonly spent: TritterError | undefined;
  /** Before a request: throws the reason of `signal`. */
  check(): void;
  /** Bytes of a source that have come. A promise means: read on once it resolves. */
  took(source: string, bytes: number): Promise<void> | undefined;
  /** Of so many streams, those that are worth opening: below a useful pace each, more of them only time out. */
  streams(most: number): number;
  close(): void;
}

/** bytes a second that a stream should have at least */
const USEFUL = 128 * 1024;

export function openMeter(limits: Limits, { clock, signal }: { clock: Clock; signal: AbortSignal }): Meter {
  const { rate, rates, maxBytes = Number.POSITIVE_INFINITY, deadline } = limits;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // Every stream that waits for its turn listens; Node takes more than ten for a leak.
  setMaxListeners(0, either);
  const whole = rate === undefined ? undefined : openPace(rate, clock);
  const paces = new Map([...rates].map(([source, own]) => [source, openPace(own, clock)]));
  let taken = 0;
  let spent: TritterError | undefined;
  const end = (error: TritterError) => {
    spent ??= error;
    stop.abort(spent);
  };
  const time = openDeadline(deadline, { clock, signal });
  if (time.signal !== signal)
    time.signal.addEventListener("abort", () => {
      if (!signal.aborted) end(time.signal.reason as TritterError);
    });
  return {
    signal: either,
    get spent() {
      return spent;
    },
    check: () => {
      if (taken >= maxBytes) end(budgetSpent(`the ${maxBytes} bytes of --max-bytes have come`));
      either.throwIfAborted();
    },
    took: (source, bytes) => {
      taken += bytes;
      const waitMs = Math.max(whole?.(bytes) ?? 0, paces.get(source)?.(bytes) ?? 0);
      return waitMs < SHORTEST_MS ? undefined : clock.sleep(waitMs, either);
    },
    streams: (most) => (rate === undefined ? most : Math.max(1, Math.min(most, Math.ceil(rate / USEFUL)))),
    close: time.close,
  };
}

/** Waits below it are not worth a timer: what they leave open is waited for next time. */
const SHORTEST_MS = 5;
/** What was not used of the last so many ms may be caught up on. */
const BURST_MS = 100;

/** How long to wait after so many bytes, in ms, for the pace to be kept over all that share it. */
function openPace(rate: number, clock: Clock): (bytes: number) => number {
  let due = Number.NEGATIVE_INFINITY;
  return (bytes) => {
    const now = clock.now();
    due = Math.max(due, now - BURST_MS) + (bytes / rate) * 1000;
    return Math.max(0, due - now);
  };
}

/** A signal that ends with the given one, and with an error of code BUDGET at the deadline, in ms of the clock. */
export function openDeadline(
  deadline: number | undefined,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): { readonly signal: AbortSignal; close(): void } {
  if (deadline === undefined) return { signal, close: () => {} };
  const over = new AbortController();
  const closed = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  until(deadline, { clock, signal: AbortSignal.any([signal, closed.signal]) }).then(
    () => over.abort(budgetSpent("the time of --deadline is over")),
    () => {},
  );
  return { signal: either, close: () => closed.abort() };
}

/** Longer ones are cut by Node to nothing. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function until(time: number, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
  for (let left = time - clock.now(); left > 0; left = time - clock.now())
    await clock.sleep(Math.min(left, LONGEST_TIMER_MS), signal);
}

function budgetSpent(why: string): TritterError {
  return new TritterError({
    code: "BUDGET",
    message: `stopped: ${why}`,
    hint: "what is complete is kept; run the same command again to go on from here",
  });
}
