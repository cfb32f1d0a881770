import type { Clock } from "../clock.ts";
import type { TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";

export type Attempt<Value> =
  | { readonly kind: "done"; readonly value: Value }
  /** Worth another try. `paced`: the rate gate already knows how long to hold the next request. */
  | { readonly kind: "again"; readonly error: TritterError; readonly paced: boolean };

interface Persistence {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** default: five */
  readonly tries?: number | undefined;
}

const TRIES = 5;
const LONGEST_MS = 8_000;

/** Tries some times, told which time it is, from 1, pausing a random part of 1, 2, 4, 8 s between (full jitter), then throws the last error. */
export async function persist<Value>(
  work: (attempt: number) => Promise<Attempt<Value>>,
  { clock, emit, signal, tries = TRIES }: Persistence,
): Promise<Value> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    const attempt = await work(tried);
    if (attempt.kind === "done") return attempt.value;
    if (tried === tries) throw attempt.error;
    if (attempt.paced) continue;
    const waitMs = Math.ceil(Math.random() * Math.min(LONGEST_MS, 1000 * 2 ** (tried - 1)));
    emit({ kind: "waiting", why: `${attempt.error.message}; trying again`, waitMs });
    await clock.sleep(waitMs, signal);
  }
}
