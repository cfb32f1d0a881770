import type { Clock } from "../clock.ts";
import { TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { type Headers, header } from "./headers.ts";

/**
 * Holds requests back so that a Hub's `RateLimit` is kept before it must be enforced. One gate for all workers:
 * the Hub counts per user and bucket, not per connection.
 */
interface Gate {
  /** Given when a request to `url` may go, mostly at once. The permit must be left, with the answer's headers if there was one. */
  enter(url: URL, signal: AbortSignal): Permit | Promise<Permit>;
}

interface Permit {
  /** True: the server said when to come back, and the gate now waits for that. */
  leave(answer?: { readonly status: number; readonly headers: Headers }): boolean;
}

/** Fixed windows of 300 s: https://huggingface.co/docs/hub/rate-limits */
interface Window {
  remaining: number;
  /** ms of the clock */
  resetAt: number;
  quota: number | undefined;
  inFlight: number;
  /** Until then nothing goes. */
  closedUntil: number;
  /** When the next request may go while the last few are spread out. */
  nextSlot: number;
  /** Waits up to here were already told. */
  toldUntil: number;
}

/** Longer than two windows is a mistake or a ban; nobody wants to wait for it silently. */
const LONGEST_MS = 600_000;
const FEW = 10;

export function createGate({ clock, emit }: { clock: Clock; emit: Emit }): Gate {
  const windows = new Map<string, Window>();
  /** What the server calls the bucket that a kind of URL falls into. */
  const names = new Map<string, string>();

  const tell = (window: Window, host: string, waitMs: number) => {
    const now = clock.now();
    if (waitMs < 1000 || now < window.toldUntil) return;
    window.toldUntil = now + waitMs;
    emit({ kind: "waiting", why: `"${host}" limits the rate of requests`, waitMs, host });
  };

  return {
    enter(url, signal) {
      const { origin } = url;
      const kind = `${origin} ${bucketOf(url.pathname)}`;
      const first = pauseOf(kind, false);
      return first.waitMs <= 0 ? permitOf(kind, origin) : wait(url, { kind, first, signal });
    },
  };

  function windowOf(kind: string): Window | undefined {
    return windows.get(names.get(kind) ?? kind);
  }

  function pauseOf(kind: string, slotted: boolean): Pause {
    const window = windowOf(kind);
    return window === undefined ? FREE : pause(window, clock.now(), slotted);
  }

  async function wait(
    url: URL,
    { kind, first, signal }: { kind: string; first: Pause; signal: AbortSignal },
  ): Promise<Permit> {
    let slotted = false;
    for (let { waitMs, slot } = first; waitMs > 0; { waitMs, slot } = pauseOf(kind, slotted)) {
      if (waitMs > LONGEST_MS) throw tooLong(url.host, waitMs);
      const window = windowOf(kind);
      if (window !== undefined) tell(window, url.host, waitMs);
      await clock.sleep(waitMs, signal);
      slotted ||= slot;
    }
    return permitOf(kind, url.origin);
  }

  function permitOf(kind: string, origin: string): Permit {
    const entered = windowOf(kind);
    if (entered !== undefined) entered.inFlight++;
    return {
      leave(answer) {
        if (entered !== undefined) entered.inFlight--;
        return answer !== undefined && note(answer, { kind, origin });
      },
    };
  }

  function note(
    { status, headers }: { status: number; headers: Headers },
    { kind, origin }: { kind: string; origin: string },
  ): boolean {
    const now = clock.now();
    const limit = parseRateLimit(header(headers, "ratelimit"));
    const key = limit === undefined ? (names.get(kind) ?? kind) : `${origin} "${limit.bucket}"`;
    const retryAfter =
      status === 429 && limit?.remaining !== 0
        ? parseRetryAfter(header(headers, "retry-after"), now)
        : undefined;
    if (limit === undefined && retryAfter === undefined) return false;
    names.set(kind, key);
    const window = windows.get(key) ?? fresh();
    windows.set(key, window);
    if (limit !== undefined) {
      window.remaining = limit.remaining;
      window.resetAt = now + limit.seconds * 1000;
      window.quota = parseQuota(header(headers, "ratelimit-policy")) ?? window.quota;
      if (limit.remaining === 0) window.closedUntil = window.resetAt + 1000;
    }
    if (retryAfter !== undefined) window.closedUntil = Math.max(window.closedUntil, now + retryAfter);
    return status === 429 && (retryAfter !== undefined || limit?.remaining === 0);
  }
}

interface Pause {
  /** ms */
  readonly waitMs: number;
  /** The wait is for a place in the queue, which holds after it. */
  readonly slot: boolean;
}

const FREE: Pause = { waitMs: 0, slot: false };

function fresh(): Window {
  const never = Number.NEGATIVE_INFINITY;
  return {
    remaining: Number.POSITIVE_INFINITY,
    resetAt: never,
    quota: undefined,
    inFlight: 0,
    closedUntil: never,
    nextSlot: never,
    toldUntil: never,
  };
}

/** How long a request must wait now, in ms. Takes a slot where the last few requests of the window are spread over it. */
function pause(window: Window, now: number, slotted: boolean): Pause {
  if (now < window.closedUntil) return { waitMs: window.closedUntil - now, slot: false };
  if (slotted || now >= window.resetAt) return FREE;
  const left = window.remaining - window.inFlight;
  if (left >= Math.min(FEW, (window.quota ?? Number.POSITIVE_INFINITY) / 20)) return FREE;
  const slot = Math.max(now, window.nextSlot);
  window.nextSlot = Math.min(window.resetAt, slot + (window.resetAt - now) / Math.max(1, left));
  return { waitMs: slot - now, slot: true };
}

function bucketOf(path: string): string {
  return /\/api\/(?!resolve-cache\/)/.test(path) ? "api" : "resolvers";
}

/** `"api";r=499;t=251`: requests remaining, seconds until the window ends. */
export function parseRateLimit(
  text: string | undefined,
): { bucket: string; remaining: number; seconds: number } | undefined {
  const bucket = /^\s*"([^"]*)"/.exec(text ?? "")?.[1];
  const remaining = /;\s*r=(\d{1,9})(?!\d)/.exec(text ?? "")?.[1];
  const seconds = /;\s*t=(\d{1,9})(?!\d)/.exec(text ?? "")?.[1];
  if (bucket === undefined || remaining === undefined || seconds === undefined) return undefined;
  return { bucket, remaining: Number(remaining), seconds: Number(seconds) };
}

export interface Budget {
  /** `api`, `resolvers`, … as the server calls it */
  readonly bucket: string;
  /** requests left in this window */
  readonly remaining: number;
  /** until this window ends */
  readonly seconds: number;
  /** requests a window; undefined: not said */
  readonly quota: number | undefined;
  /** seconds a window lasts */
  readonly window: number;
}

/** What an answer says of the requests that are left. */
export function budgetOf(headers: Headers): Budget | undefined {
  const limit = parseRateLimit(header(headers, "ratelimit"));
  if (limit === undefined) return undefined;
  const policy = header(headers, "ratelimit-policy");
  const window = /;\s*w=(\d{1,9})(?!\d)/.exec(policy ?? "")?.[1];
  return { ...limit, quota: parseQuota(policy), window: Number(window ?? USUAL_WINDOW) };
}

/** Seconds: https://huggingface.co/docs/hub/rate-limits */
const USUAL_WINDOW = 300;

/** `"fixed window";"api";q=500;w=300` */
function parseQuota(text: string | undefined): number | undefined {
  const quota = /;\s*q=(\d{1,9})(?!\d)/.exec(text ?? "")?.[1];
  return quota === undefined ? undefined : Number(quota);
}

/** Seconds or a date, as ms from `now`. */
function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function tooLong(host: string, waitMs: number): TritterError {
  const message = `cannot go on with "${host}": it asks to wait ${Math.ceil(waitMs / 60_000)} minutes before the next request`;
  return new TritterError({
    code: "RATE_LIMITED",
    message,
    hint: "run the command again later; a token raises the limit",
  });
}
