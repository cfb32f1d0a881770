import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from "./format.ts";
import { type Flight, type Progress, rateOf, timeLeft } from "./progress.ts";
import { safe } from "./safe.ts";
import { cutEnd, cutMiddle, padEnd, widthOf } from "./width.ts";

/** Files named below the first line of the live display. */
const NAMED = 3;
const WIDEST_PATH = 80;
const WIDEST_PLACE = 40;

/**
 * One line without escapes: `fetching: 12/57 files, 3.2/18.9 GB, 105 MB/s, 2m 30s left`. Empty while there is
 * nothing to tell. `now`: ms since the epoch.
 */
export function progressLine(progress: Progress, now: number): string {
  const doing = doingNow(progress, now);
  const waiting = waitingFor(progress, now);
  return [doing, waiting].filter((part) => part !== "").join("; ");
}

/** The live display: the line above, and below it the files longest under way. No line is wider than `width`. */
export function progressLines(progress: Progress, now: number, width: number): readonly string[] {
  const first = wrapped(progressLine(progress, now), width);
  if (!["fetching", "taking", "providing"].includes(progress.phase)) return first;
  const flights = [...progress.flying.values()].filter((flight) => flight.size > 0).slice(0, NAMED);
  return [...first, ...flights.map((flight) => flightLine(flight, now, width))];
}

/** Breaks after commas and semicolons, where a narrow terminal asks for it. */
function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of line.split(/(?<=[,;]) /)) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${part}`) <= width)
      lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(last === undefined ? part : `  ${part}`);
  }
  return lines.map((each) => cutEnd(each, width));
}

function doingNow(progress: Progress, now: number): string {
  const { phase } = progress;
  switch (phase) {
    case "idle":
      return "";
    case "resolving":
      return `resolving ${safe(progress.source)} (${safe(progress.repo)})`;
    case "listing":
      return `listing ${safe(progress.source)}: ${formatCount(progress.listed, "file")}`;
    case "counting":
      return `counting: ${formatNumber(progress.read)} of ${formatCount(progress.scanned, "file")}`;
    case "footers":
      return `reading footers: ${formatNumber(progress.read)} of ${formatCount(progress.scanned, "file")}`;
    case "scanning":
      return `scanning: ${formatCount(progress.scanned, "file")}`;
    case "hashing":
      return `reading to verify: ${formatCount(progress.hashed.files, "file")}, ${formatBytes(progress.hashed.bytes)}`;
    case "taking":
      return bytesLine(
        `taking from ${cutMiddle(safe(progress.place), WIDEST_PLACE)}`,
        { ...progress, failed: 0 },
        now,
      );
    case "providing":
      return bytesLine(`adding to ${cutMiddle(safe(progress.place), WIDEST_PLACE)}`, progress, now);
    case "fetching":
      return bytesLine("fetching", progress, now);
    case "placing":
    case "pruning":
      return `${phase}: ${formatCount(progress.moving, "file")}`;
    default:
      return phase satisfies never;
  }
}

function bytesLine(doing: string, progress: Progress, now: number): string {
  const { done, total, failed } = progress;
  const rate = rateOf(progress, now);
  const left = timeLeft(progress, now);
  const parts = [
    `${formatNumber(done.files)}/${formatCount(total.files, "file")}`,
    formatBytesOf(done.bytes, total.bytes),
    ...(rate === undefined ? [] : [formatRate(rate)]),
    ...(left === undefined ? [] : [`${formatDuration(Math.max(1000, left)).replace(/\.\d+s$/, "s")} left`]),
    ...(failed === 0 ? [] : [`${formatNumber(failed)} failed`]),
  ];
  return `${doing}: ${parts.join(", ")}`;
}

function waitingFor(progress: Progress, now: number): string {
  const { waiting } = progress;
  if (waiting === undefined || waiting.until <= now) return "";
  return `waiting ${formatDuration(Math.max(1000, waiting.until - now)).replace(/\.\d+s$/, "s")}: ${safe(waiting.why)}`;
}

function flightLine(flight: Flight, now: number, width: number): string {
  const percent = Math.min(99, Math.floor((flight.bytes * 100) / flight.size));
  const again = flight.retryAt !== undefined && flight.retryAt > now;
  const state = again ? `again in ${Math.ceil(((flight.retryAt ?? now) - now) / 1000)}s` : `${percent}%`;
  const room = Math.max(0, width - state.length - 3);
  const column = Math.min(room, WIDEST_PATH);
  return cutEnd(`  ${padEnd(cutMiddle(safe(flight.path), column), column)} ${state}`, width);
}
