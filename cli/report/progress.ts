import type { TritterEvent } from "../events.ts";

/** What the events so far add up to. Counting only: how it looks is `progress-lines.ts`'s matter. */
export interface Progress {
  phase: Phase;
  /** Source being resolved or listed. */
  source: string;
  repo: string;
  /** Where files are taken from, or added to. */
  place: string;
  listed: number;
  scanned: number;
  hashed: { files: number; bytes: number };
  /** Files and bytes to take, then to fetch; zero until the plan is known. */
  total: { files: number; bytes: number };
  done: { files: number; bytes: number };
  failed: number;
  /** Bytes that came over the wire in this run, lost ones included: what the rate is made of. */
  received: number;
  /** Files under way, oldest first. */
  readonly flying: Map<string, Flight>;
  /** Set while everything waits. */
  waiting: { why: string; until: number } | undefined;
  /** Footers read, of the files scanned. */
  read: number;
  /** Files to place or prune in those phases. */
  moving: number;
  readonly samples: Sample[];
}

type Phase =
  | "idle"
  | "resolving"
  | "listing"
  | "footers"
  | "counting"
  | "scanning"
  | "hashing"
  | "taking"
  | "fetching"
  | "placing"
  | "pruning"
  | "providing";

export interface Flight {
  readonly path: string;
  readonly size: number;
  bytes: number;
  /** Set while this file waits for its next try; ms since the epoch. */
  retryAt: number | undefined;
}

interface Sample {
  readonly at: number;
  readonly received: number;
}

const WINDOW_MS = 5000;
const SAMPLE_MS = 250;

export function newProgress(): Progress {
  return {
    phase: "idle",
    source: "",
    repo: "",
    place: "",
    listed: 0,
    scanned: 0,
    read: 0,
    hashed: { files: 0, bytes: 0 },
    total: { files: 0, bytes: 0 },
    done: { files: 0, bytes: 0 },
    failed: 0,
    received: 0,
    flying: new Map(),
    waiting: undefined,
    moving: 0,
    samples: [],
  };
}

/** Adds one event, seen at `now` (ms), to `progress`. */
export function count(progress: Progress, event: TritterEvent, now: number): void {
  if (progress.waiting !== undefined && endsWaiting(event)) progress.waiting = undefined;
  switch (event.kind) {
    case "resolving":
      Object.assign(progress, { phase: "resolving", source: event.source, repo: event.repo, listed: 0 });
      return;
    case "listing":
      Object.assign(progress, { phase: "listing", source: event.source, listed: event.files });
      return;
    case "reading-footers":
      Object.assign(progress, { phase: "footers", scanned: event.files, read: event.done });
      return;
    case "counting":
      Object.assign(progress, { phase: "counting", scanned: event.files, read: event.done });
      return;
    case "scanning":
      Object.assign(progress, { phase: "scanning", scanned: event.files });
      return;
    case "hashing":
      progress.phase = "hashing";
      progress.hashed.files += 1;
      progress.hashed.bytes += event.size;
      return;
    case "hashing-many":
      progress.phase = "hashing";
      progress.hashed.files += event.files;
      progress.hashed.bytes += event.bytes;
      return;
    case "taking":
    case "fetching":
    case "providing":
      Object.assign(progress, {
        phase: event.kind,
        place: event.kind === "fetching" ? "" : event.place,
        total: { files: event.files, bytes: event.bytes },
        done: { files: 0, bytes: 0 },
        failed: 0,
      });
      return;
    case "placing":
    case "pruning":
      Object.assign(progress, { phase: event.kind, moving: event.files });
      return;
    case "waiting":
      progress.waiting = { why: event.why, until: now + event.waitMs };
      return;
    case "file-started":
    case "file-bytes":
    case "file-retry":
    case "file-done":
      countFile(progress, event, now);
      return;
    case "requested":
    case "width":
    case "stalled":
    case "verified":
    case "placed":
    case "listening":
    case "answered":
    case "note":
    case "warning":
    case "problem":
      return;
    default:
      event satisfies never;
  }
}

/** Bytes a second over the last five seconds; undefined until there is a second to look back on. */
export function rateOf(progress: Progress, now: number): number | undefined {
  const from = progress.samples.findLast((sample) => sample.at <= now - WINDOW_MS) ?? progress.samples[0];
  if (from === undefined || now - from.at < 1000) return undefined;
  return ((progress.received - from.received) * 1000) / (now - from.at);
}

/** ms until the last byte at the present rate; undefined where nothing moves. */
export function timeLeft(progress: Progress, now: number): number | undefined {
  const rate = rateOf(progress, now);
  if (rate === undefined || rate < 1) return undefined;
  return (Math.max(0, progress.total.bytes - progress.done.bytes) * 1000) / rate;
}

type FileEvent = Extract<TritterEvent, { kind: `file-${string}` }>;

function countFile(progress: Progress, event: FileEvent, now: number): void {
  const flight = progress.flying.get(event.key);
  if (event.kind === "file-started") started(progress, event, now);
  else if (flight !== undefined) advanceFile(progress, flight, { event, now });
}

function advanceFile(
  progress: Progress,
  flight: Flight,
  { event, now }: { event: Exclude<FileEvent, { kind: "file-started" }>; now: number },
): void {
  switch (event.kind) {
    case "file-bytes":
      flight.retryAt = undefined;
      advance(progress, flight, event.bytes);
      progress.received += event.bytes;
      sample(progress, now);
      return;
    case "file-retry":
      flight.retryAt = now + event.waitMs;
      advance(progress, flight, -event.lost);
      return;
    case "file-done":
      finished(progress, event, flight);
      return;
    default:
      event satisfies never;
  }
}

/** A file may start again after a mismatch; what it had counted is then taken back. */
function started(progress: Progress, event: Extract<FileEvent, { kind: "file-started" }>, now: number): void {
  const before = progress.flying.get(event.key);
  if (before !== undefined) advance(progress, before, -before.bytes);
  const flight: Flight = { path: event.path, size: event.size, bytes: 0, retryAt: undefined };
  progress.flying.set(event.key, flight);
  advance(progress, flight, event.have);
  sample(progress, now);
}

function finished(
  progress: Progress,
  event: Extract<FileEvent, { kind: "file-done" }>,
  flight: Flight,
): void {
  progress.flying.delete(event.key);
  if (event.ok) {
    advance(progress, flight, flight.size - flight.bytes);
    progress.done.files += 1;
  } else {
    progress.failed += 1;
  }
}

function advance(progress: Progress, flight: Flight, bytes: number): void {
  flight.bytes += bytes;
  progress.done.bytes += bytes;
}

function sample(progress: Progress, now: number): void {
  const { samples, received } = progress;
  const last = samples.at(-1);
  if (last !== undefined && now - last.at < SAMPLE_MS) return;
  samples.push({ at: now, received });
  while (samples.length > 1 && (samples[1]?.at ?? now) < now - WINDOW_MS) samples.shift();
}

function endsWaiting(event: TritterEvent): boolean {
  return event.kind === "file-bytes" || event.kind === "file-started" || event.kind === "listing";
}
