// What a sync leaves of how it went: `<root>/.tritter/last-sync.ndjson`. Nothing rests on it.

/** Files and bytes. */
export interface Sum {
  readonly files: number;
  readonly bytes: number;
}

/** The record of the last sync that did something. Times named `at` are ms since `began`. */
export interface FlightRecord {
  /** Absolute. */
  readonly file: string;
  /** Version of the program that wrote it. */
  readonly tritter: string;
  /** ms since the epoch */
  readonly began: number;
  /** How it ended; undefined: the line that says so is lost. */
  readonly end: FlightEnd | undefined;
  readonly requests: readonly FlightRequest[];
  readonly retries: readonly FlightRetry[];
  readonly stalls: readonly FlightStall[];
  readonly waits: readonly FlightWait[];
  readonly widths: readonly FlightWidth[];
  readonly samples: readonly FlightSample[];
  /** Of all requests, those left out above too. */
  readonly hosts: readonly FlightHost[];
  readonly verified: readonly FlightVerified[];
  readonly placed: readonly FlightPlaced[];
  /** What is left out of the lists above, so that the record stays small; empty where nothing is. */
  readonly leftOut: readonly FlightLeftOut[];
  /** Lines that this version does not understand, or that are damaged. */
  readonly unread: number;
}

/** One request on the wire; each hop of a redirect is one. */
export interface FlightRequest {
  /** When it was sent, its turn and its permit had. */
  readonly at: number;
  readonly method: string;
  /** With its port, where that is not the usual one. */
  readonly host: string;
  /** Without query, parameters and tokens; the middle of a long one is left out. */
  readonly path: string;
  /** Half open, in bytes; null: the whole was asked for. */
  readonly range: readonly [start: number, end: number] | null;
  /** null: no answer came. */
  readonly status: number | null;
  /** Of the body, that came. */
  readonly bytes: number;
  /** ms until the answer began; null: it did not */
  readonly firstMs: number | null;
  /** ms in all */
  readonly tookMs: number;
  /** 1 for the first time that this was asked of this host. */
  readonly attempt: number;
  /** `whole`: the answer came to its end; `dropped`: the rest was not wanted; `broken`: it, or the connection, failed. */
  readonly end: "whole" | "dropped" | "broken";
  /** What broke it; null: nothing did. */
  readonly why: string | null;
}

/** Something was, or is to be, asked for again. */
export interface FlightRetry {
  readonly at: number;
  readonly why: string;
  /** The file; null: what was asked for is said by `why`. */
  readonly path: string | null;
  readonly waitMs: number;
}

/** The watchdog cut a stream that brought too little. */
export interface FlightStall {
  readonly at: number;
  readonly path: string;
  /** What came … */
  readonly bytes: number;
  /** … in so many ms */
  readonly ms: number;
}

/** All requests of one kind to a host wait because of its rate limit. Waits below a second are not told. */
export interface FlightWait {
  readonly at: number;
  readonly host: string;
  readonly ms: number;
}

/** From now on so many streams at once to this host. */
export interface FlightWidth {
  readonly at: number;
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

/** Goodput: bytes of files that came from `at` on, for `ms`. A stretch without a byte has no line. */
export interface FlightSample {
  readonly at: number;
  readonly ms: number;
  readonly bytes: number;
}

export interface FlightHost {
  /** `…`: all hosts beyond the first 64. */
  readonly host: string;
  readonly requests: number;
  /** Broken, unanswered, or with a status of 400 or more. */
  readonly failed: number;
  /** Of bodies. */
  readonly bytes: number;
  /** ms to the first byte: their sum, and the most. */
  readonly firstMs: { readonly sum: number; readonly most: number };
  readonly tookMs: { readonly sum: number; readonly most: number };
  /** Answers by status: `"206": 12`. */
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Bytes that were hashed. `fetched`: as they came; `taken`: from folders asked before the Hub; `disk`: files whose stamp left a question.
 * `ms`: what hashing took, over all threads; of `disk`: until all were read.
 */
export interface FlightVerified {
  readonly what: "fetched" | "taken" | "disk";
  readonly bytes: number;
  readonly ms: number;
}

/** How files came to their path: `store`: the verified file itself, by rename; `copy`: of one with the same bytes; `move`: from another path; `there`: somebody put it there meanwhile. */
export interface FlightPlaced extends Sum {
  readonly how: "store" | "copy" | "move" | "there";
}

export interface FlightLeftOut {
  readonly kind: "request" | "retry" | "stall" | "wait" | "width";
  readonly lines: number;
  /** Of what they tell: bytes of bodies, and ms. */
  readonly bytes: number;
  readonly ms: number;
}

export interface FlightTotals {
  readonly requests: number;
  readonly failed: number;
  /** Requests that had been made before. */
  readonly again: number;
  /** bytes of bodies, of metadata too */
  readonly received: number;
  readonly stalls: number;
  /** ms of waits for rate limits */
  readonly waitedMs: number;
  /** Verified: from the Hub or another site, and from folders. */
  readonly fetched: Sum;
  readonly taken: Sum;
  /** bytes hashed */
  readonly verified: number;
  readonly placed: Sum;
  /** null: it was stopped before that was known. */
  readonly pruned: Sum | null;
}

export interface FlightEnd {
  readonly tookMs: number;
  /** The exit status that the sync leads to. */
  readonly exit: number;
  /** Codes of its problems, each once. */
  readonly problems: readonly string[];
  readonly totals: FlightTotals;
}

/** What is read of a root. */
export type FlightReading =
  | { readonly kind: "read"; readonly record: FlightRecord }
  /** No sync of this root left a record. */
  | { readonly kind: "none" }
  /** There is something, and it is no record; `why` says what is wrong with it. */
  | { readonly kind: "unreadable"; readonly why: string };
