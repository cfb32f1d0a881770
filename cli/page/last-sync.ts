import type { FlightReading, FlightRecord, FlightTotals } from "../flight/types.ts";

/** The record of the last sync, in as many steps as a plot has room for. Times named `at` are ms since `began`. */
export type LastSync =
  | { readonly kind: "none" }
  | { readonly kind: "unreadable"; readonly why: string }
  | {
      readonly kind: "read";
      /** ISO 8601 */
      readonly began: string;
      /** undefined: the record does not say how it ended. */
      readonly tookMs: number | undefined;
      readonly exit: number | undefined;
      readonly problems: readonly string[];
      readonly totals: FlightTotals | undefined;
      /** ms that each step lasts. */
      readonly stepMs: number;
      /** bytes of files that came in each step, from the first on. */
      readonly steps: readonly number[];
      /** In the order of time, at most `MOST_MARKS` of each kind. */
      readonly marks: readonly SyncMark[];
      /** All of them, those left out of `marks` or of the record too. */
      readonly counts: Readonly<Record<SyncMark["kind"], number>>;
      /** The most bytes first. */
      readonly hosts: readonly {
        readonly host: string;
        readonly requests: number;
        readonly failed: number;
        readonly bytes: number;
      }[];
      /** Lines of the record that were not understood. */
      readonly unread: number;
    };

/** `retry`: asked again, after `ms`; `stall`: a stream that brought too little for `ms` was cut; `wait`: for a rate limit. */
export interface SyncMark {
  readonly kind: "retry" | "stall" | "wait";
  readonly at: number;
  readonly ms: number;
  readonly what: string;
}

export const MOST_MARKS = 100;
const MOST_STEPS = 120;
/** Steps are whole ones of these ms: what a clock shows. */
const STEPS = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/** Pure. */
export function lastSyncOf(reading: FlightReading): LastSync {
  if (reading.kind !== "read") return reading;
  const { record } = reading;
  const until = endOf(record);
  const stepMs = STEPS.find((ms) => until / ms <= MOST_STEPS) ?? Math.ceil(until / MOST_STEPS);
  const marks = marksOf(record);
  const left = (kind: string) => record.leftOut.find((one) => one.kind === kind)?.lines ?? 0;
  return {
    kind: "read",
    began: new Date(record.began).toISOString(),
    tookMs: record.end?.tookMs,
    exit: record.end?.exit,
    problems: record.end?.problems ?? [],
    totals: record.end?.totals,
    stepMs,
    steps: stepsOf(record.samples, { stepMs, count: Math.max(1, Math.ceil(until / stepMs)) }),
    marks: (["retry", "stall", "wait"] as const)
      .flatMap((kind) => marks.filter((mark) => mark.kind === kind).slice(0, MOST_MARKS))
      .sort((a, b) => a.at - b.at),
    counts: {
      retry: record.retries.length + left("retry"),
      stall: record.stalls.length + left("stall"),
      wait: record.waits.length + left("wait"),
    },
    hosts: record.hosts
      .map(({ host, requests, failed, bytes }) => ({ host, requests, failed, bytes }))
      .sort((a, b) => b.bytes - a.bytes || (a.host < b.host ? -1 : 1)),
    unread: record.unread,
  };
}

/** ms; of a record that lost its end, until the last it tells of. */
function endOf({ end, samples, retries, stalls, waits }: FlightRecord): number {
  const sampled = samples.reduce((most, { at, ms }) => Math.max(most, at + ms), end?.tookMs ?? 0);
  return [...retries, ...stalls, ...waits].reduce((most, { at }) => Math.max(most, at), sampled);
}

function marksOf({ retries, stalls, waits }: FlightRecord): readonly SyncMark[] {
  return [
    ...retries.map(({ at, waitMs, path, why }) => ({
      kind: "retry" as const,
      at,
      ms: waitMs,
      what: path === null ? why : `${path}: ${why}`,
    })),
    ...stalls.map(({ at, ms, path }) => ({ kind: "stall" as const, at, ms, what: path })),
    ...waits.map(({ at, ms, host }) => ({ kind: "wait" as const, at, ms, what: host })),
  ];
}

/** The bytes of a sample are spread over the steps it reaches into, evenly. */
function stepsOf(
  samples: FlightRecord["samples"],
  { stepMs, count }: { readonly stepMs: number; readonly count: number },
): readonly number[] {
  const steps = new Array<number>(count).fill(0);
  for (const { at, ms, bytes } of samples) {
    const end = at + Math.max(1, ms);
    let given = 0;
    for (let step = Math.floor(at / stepMs); step * stepMs < end && step < count; step++) {
      const covered = (Math.min(end, (step + 1) * stepMs) - at) / (end - at);
      const upTo = (step + 1) * stepMs >= end || step === count - 1 ? bytes : Math.floor(bytes * covered);
      steps[step] = (steps[step] ?? 0) + upTo - given;
      given = upTo;
    }
  }
  return steps;
}
