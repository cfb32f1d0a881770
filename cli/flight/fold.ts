import type { Requested, TritterEvent } from "../events.ts";
import { ends, largest, stretches } from "./kept.ts";
import { headLine, type Line } from "./lines.ts";
import type {
  FlightEnd,
  FlightHost,
  FlightLeftOut,
  FlightPlaced,
  FlightRequest,
  FlightRetry,
  FlightStall,
  FlightTotals,
  FlightVerified,
  FlightWait,
  FlightWidth,
  Sum,
} from "./types.ts";

/** What becomes of the events of one sync. Its memory, and its lines, have a bound however many there are. */
export interface Flight {
  /** `now`: ms of the clock. */
  see(event: TritterEvent, now: number): void;
  /** So far; `pruned`: where that is known. */
  totals(pruned: Sum | null): FlightTotals;
  lines(end: FlightEnd): readonly Line[];
}

/** Lines kept of a kind; together, at their longest, they stay below the 1 MiB that docs/json.md promises. */
const KEPT = {
  requests: { first: 250, last: 250 },
  failed: { first: 100, last: 100 },
  slow: 100,
  retries: { first: 50, last: 50 },
  stalls: { first: 25, last: 25 },
  waits: { first: 50, last: 50 },
  widths: { first: 100, last: 100 },
};
const HOSTS = 64;
const STATUSES = 24;
const CODES = 64;
const GOODPUT = { most: 256, ms: 100 };
/** characters */
const LONGEST = { host: 120, path: 200, why: 100 };

export function openFlight({ tritter, began }: { tritter: string; began: number }): Flight {
  const left = new Map<FlightLeftOut["kind"], Left>();
  const leaveOut = (kind: FlightLeftOut["kind"], bytes: number, ms: number) => {
    const sums = left.get(kind) ?? { lines: 0, bytes: 0, ms: 0 };
    left.set(kind, sums);
    sums.lines += 1;
    sums.bytes += bytes;
    sums.ms += ms;
  };
  // Most of many requests are only counted, so they become lines at the end.
  const unkept = ({ bytes, tookMs }: Requested) => leaveOut("request", bytes, msOf(tookMs));
  const slow = largest<Requested>(KEPT.slow, ({ tookMs }) => tookMs, unkept);
  const failed = ends<Requested>(KEPT.failed, unkept);
  const requests = ends<Requested>(KEPT.requests, (one) => (hasFailed(one) ? failed : slow).add(one));
  const retries = ends<FlightRetry>(KEPT.retries, ({ waitMs }) => leaveOut("retry", 0, waitMs));
  const stalls = ends<FlightStall>(KEPT.stalls, ({ bytes, ms }) => leaveOut("stall", bytes, ms));
  const waits = ends<FlightWait>(KEPT.waits, ({ ms }) => leaveOut("wait", 0, ms));
  const widths = ends<FlightWidth>(KEPT.widths, () => leaveOut("width", 0, 0));
  const goodput = stretches(GOODPUT);
  const hosts = new Map<string, Host>();
  /** Size of each file under way, and whether it comes from a folder. */
  const underway = new Map<string, { readonly size: number; readonly isTaken: boolean }>();
  const verified = new Map<FlightVerified["what"], { bytes: number; ms: number }>();
  const placed = new Map<FlightPlaced["how"], { files: number; bytes: number }>();
  const sums = {
    again: 0,
    stalls: 0,
    waitedMs: 0,
    fetched: { files: 0, bytes: 0 },
    taken: { files: 0, bytes: 0 },
  };

  const after = (now: number) => msOf(now - began);
  const request = (event: Requested) => {
    requests.add(event);
    if (event.attempt > 1) sums.again += 1;
    count(hosts, event);
  };
  const done = ({ key, ok }: Extract<TritterEvent, { kind: "file-done" }>) => {
    const file = underway.get(key);
    underway.delete(key);
    if (file === undefined || !ok) return;
    const sum = file.isTaken ? sums.taken : sums.fetched;
    sum.files += 1;
    sum.bytes += file.size;
  };

  return {
    see(event, now) {
      switch (event.kind) {
        case "requested":
          return request(event);
        case "file-started":
          underway.set(event.key, { size: event.size, isTaken: event.from !== undefined });
          return;
        case "file-bytes":
          return goodput.add(after(now), event.bytes);
        case "file-done":
          return done(event);
        case "file-retry":
          return retries.add(retryOf(after(now), event));
        case "waiting":
          if (event.host === undefined) return retries.add(retryOf(after(now), event));
          sums.waitedMs += msOf(event.waitMs);
          return waits.add({
            at: after(now),
            host: cut(event.host, LONGEST.host),
            ms: msOf(event.waitMs),
          });
        case "stalled":
          sums.stalls += 1;
          return stalls.add({
            at: after(now),
            path: cut(event.path, LONGEST.path),
            bytes: event.bytes,
            ms: msOf(event.ms),
          });
        case "width":
          return widths.add({
            at: after(now),
            host: cut(event.host, LONGEST.host),
            from: event.from,
            to: event.to,
          });
        case "verified":
          return add(verified, event.what, { bytes: event.bytes, ms: msOf(event.ms) });
        case "placed":
          return add(placed, event.how, { files: event.files, bytes: event.bytes });
        default:
      }
    },
    totals: (pruned) => ({
      requests: sum(hosts.values(), ({ requests }) => requests),
      failed: sum(hosts.values(), ({ failed }) => failed),
      again: sums.again,
      received: sum(hosts.values(), ({ bytes }) => bytes),
      stalls: sums.stalls,
      waitedMs: sums.waitedMs,
      fetched: { ...sums.fetched },
      taken: { ...sums.taken },
      verified: sum(verified.values(), ({ bytes }) => bytes),
      placed: {
        files: sum(placed.values(), ({ files }) => files),
        bytes: sum(placed.values(), ({ bytes }) => bytes),
      },
      pruned,
    }),
    lines(end) {
      const timed: readonly (Line & { readonly at: number })[] = [
        ...[...requests.all(), ...failed.all(), ...slow.all()].map((one) => ({
          kind: "request" as const,
          ...requestOf(one, began),
        })),
        ...retries.all().map((one) => ({ kind: "retry" as const, ...one })),
        ...stalls.all().map((one) => ({ kind: "stall" as const, ...one })),
        ...waits.all().map((one) => ({ kind: "wait" as const, ...one })),
        ...widths.all().map((one) => ({ kind: "width" as const, ...one })),
        ...goodput.all().map(({ at, ms, amount }) => ({ kind: "sample" as const, at, ms, bytes: amount })),
      ];
      return [
        headLine(tritter, began),
        ...timed.toSorted((a, b) => a.at - b.at),
        ...[...hosts.values()].map(
          ({ statuses, ...one }): Line => ({ kind: "host", ...one, statuses: Object.fromEntries(statuses) }),
        ),
        ...[...verified].map(([what, one]): Line => ({ kind: "verified", what, ...one })),
        ...[...placed].map(([how, one]): Line => ({ kind: "placed", how, ...one })),
        ...[...left].map(([of, one]): Line => ({ kind: "left-out", of, ...one })),
        { kind: "end", ...end, problems: end.problems.slice(0, CODES) },
      ];
    },
  };
}

interface Left {
  lines: number;
  bytes: number;
  ms: number;
}

type Host = {
  -readonly [Name in keyof FlightHost]: Name extends "statuses"
    ? Map<number | string, number>
    : Name extends "firstMs" | "tookMs"
      ? { sum: number; most: number }
      : FlightHost[Name];
};

function requestOf(event: Requested, began: number): FlightRequest {
  const { at, method, host, path, range, status, bytes, firstMs, tookMs, attempt, end, why } = event;
  return {
    at: msOf(at - began),
    method,
    host: cut(host, LONGEST.host),
    path: cut(path, LONGEST.path),
    range: range === undefined ? null : [range.start, range.end],
    status: status ?? null,
    bytes,
    firstMs: firstMs === undefined ? null : msOf(firstMs),
    tookMs: msOf(tookMs),
    attempt,
    end,
    why: why === undefined ? null : cut(withoutSecrets(why), LONGEST.why),
  };
}

function retryOf(at: number, event: Extract<TritterEvent, { kind: "file-retry" | "waiting" }>): FlightRetry {
  const path = event.kind === "file-retry" ? cut(event.path, LONGEST.path) : null;
  const why = cut(withoutSecrets(event.why), LONGEST.why);
  return { at, why, path, waitMs: msOf(event.waitMs) };
}

/** What was asked for by our own will to stop has not failed. */
function hasFailed({ status, end }: Requested): boolean {
  return end === "broken" || (status !== undefined && status >= 400);
}

function count(hosts: Map<string, Host>, request: Requested): void {
  const name = hosts.has(request.host) || hosts.size < HOSTS ? request.host : OTHERS;
  const host = hosts.get(name) ?? {
    host: cut(name, LONGEST.host),
    requests: 0,
    failed: 0,
    bytes: 0,
    firstMs: { sum: 0, most: 0 },
    tookMs: { sum: 0, most: 0 },
    statuses: new Map(),
  };
  hosts.set(name, host);
  host.requests += 1;
  host.bytes += request.bytes;
  if (hasFailed(request)) host.failed += 1;
  stretch(host.firstMs, msOf(request.firstMs ?? 0));
  stretch(host.tookMs, msOf(request.tookMs));
  if (request.status === undefined) return;
  const count = host.statuses.get(request.status);
  const status = count === undefined && host.statuses.size >= STATUSES ? OTHERS : request.status;
  host.statuses.set(status, (host.statuses.get(status) ?? 0) + 1);
}

function msOf(ms: number): number {
  return Math.max(0, Math.round(ms));
}

const OTHERS = "…";

function stretch(spread: { sum: number; most: number }, ms: number): void {
  spread.sum += ms;
  spread.most = Math.max(spread.most, ms);
}

function add<Key, Sums extends Record<string, number>>(all: Map<Key, Sums>, key: Key, more: Sums): void {
  const before = all.get(key);
  const after = Object.entries(more).map(([name, value]) => [name, value + (before?.[name] ?? 0)]);
  all.set(key, Object.fromEntries(after) as Sums);
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let all = 0;
  for (const item of items) all += of(item);
  return all;
}

/** One line of text without controls, which takes no more bytes in JSON than three a character; the middle of a long one is left out. */
function cut(text: string, longest: number): string {
  const line = ODD.test(text) ? text.replace(ODD_ALL, "?") : text;
  if (line.length <= longest) return line;
  const half = Math.floor((longest - 1) / 2);
  return `${line.slice(0, half)}…${line.slice(-half)}`.replace(LONE, "?");
}

const ODD = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
const ODD_ALL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const LONE = /\p{Cs}/gu;

/** What messages say of URLs and headers, without what in them may be a secret. */
function withoutSecrets(text: string): string {
  if (!/\/\/|hf_|api_|bearer|basic/i.test(text)) return text;
  return text
    .replace(/\/\/[^\s/"'@]*@/g, "//")
    .replace(/(\/\/[^\s?#"']*)[?#;][^\s"']*/g, "$1")
    .replace(/\b(bearer|basic)\s+\S+/gi, "$1 [left out]")
    .replace(/\b(?:hf|api_org)_[A-Za-z0-9]{16,}/g, "[token]");
}
