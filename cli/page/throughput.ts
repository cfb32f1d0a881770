import { scaleLinear } from "d3-scale";
import { area, curveStepAfter } from "d3-shape";
import { formatBytes, formatCount, formatDuration, formatNumber, formatRate } from "../../schema/format.ts";
import { widthOf } from "../../schema/width.ts";
import { axis, percent, SMALL_LETTER, type Tick } from "./fit.ts";
import type { LastSync, SyncMark } from "./last-sync.ts";
import { type Child, html, type Markup } from "./markup.ts";
import { figure, mark, svg, tableBehind } from "./parts.ts";

type Read = Extract<LastSync, { readonly kind: "read" }>;

const TITLE = "The last sync";
const PLOT = 170;
const TOP = 22;
const LANE = 36;
const AXIS = 24;

/** How fast the bytes of the last sync came, and what held them up. */
export function throughput(sync: LastSync): Markup {
  if (sync.kind === "none")
    return missing(
      "No sync that did something has left a record below the root, or the root is not on this machine.",
    );
  if (sync.kind === "unreadable") return missing(`What the last sync left cannot be read: ${sync.why}.`);
  return figure({
    title: TITLE,
    level: 2,
    lead: leadOf(sync),
    plot: plotOf(sync),
    legend: html`<ul class="legend">${KINDS.map(
      ([kind, , words]) =>
        html`<li><svg class="key" width="14" height="14" aria-hidden="true">${mark("7", 7, html`<path class="event ${kind}" d="${SHAPES[kind]}"/>`)}</svg> ${words}: ${formatNumber(sync.counts[kind])}</li>`,
    )}</ul>`,
    table: [throughputTable(sync), sync.marks.length === 0 ? undefined : markTable(sync), hostTable(sync)],
  });
}

function missing(text: string): Markup {
  return html`<h2>${TITLE}</h2>
<p class="missing">${text}</p>
`;
}

const KINDS: readonly (readonly [SyncMark["kind"], string, string])[] = [
  ["retry", "retries", "asked again"],
  ["stall", "stalls", "streams cut for bringing too little"],
  ["wait", "waits", "waits for a rate limit"],
];

const SHAPES: Readonly<Record<SyncMark["kind"], string>> = {
  retry: "M0 -6L6 5H-6Z",
  stall: "M-5 -5H5V5H-5Z",
  wait: "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1 -5 0Z",
};

function leadOf({ began, tookMs, exit, totals, problems, unread }: Read): string {
  const when = `Begun ${began.slice(0, 16).replace("T", " ")} UTC`;
  const end =
    tookMs === undefined
      ? "; its record does not say how it ended"
      : `, took ${formatDuration(tookMs)}, ended with status ${exit}${problems.length === 0 ? "" : ` (${problems.join(", ")})`}`;
  const what =
    totals === undefined
      ? ""
      : ` ${formatCount(totals.fetched.files, "file")}, ${formatBytes(totals.fetched.bytes)} fetched in ${formatCount(totals.requests, "request")}, of which ${formatNumber(totals.failed)} failed.`;
  const lost = unread === 0 ? "" : ` ${formatCount(unread, "line")} of the record could not be read.`;
  return `${when}${end}.${what}${lost}`;
}

function plotOf(sync: Read): Child {
  const { steps, stepMs, marks } = sync;
  const most = steps.reduce((a, b) => Math.max(a, b), 0);
  const length = steps.length * stepMs;
  const rate = scaleLinear([0, Math.max(1, (most / stepMs) * 1000)], [PLOT, TOP]).nice(3);
  const shape = area<number>()
    .x((_, index) => index)
    .y0(PLOT)
    .y1((bytes) => Number(rate((bytes / stepMs) * 1000).toFixed(1)))
    .curve(curveStepAfter);
  const path = shape([...steps, steps.at(-1) ?? 0]) ?? "";
  const lanes = KINDS.filter(([kind]) => marks.some((one) => one.kind === kind));
  const height = PLOT + 8 + lanes.length * LANE + AXIS;
  const time = scaleLinear([0, length], [0, 1]);
  const ticks = ticksOf(length).map((ms): Tick => ({ at: time(ms), text: spanText(ms) }));
  return svg(labelOf(sync), height, [
    ticks.map(
      ({ at }) =>
        html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="${TOP}" y2="${height - AXIS}"/>`,
    ),
    html`<svg x="0" y="0" width="100%" height="${PLOT}" viewBox="0 0 ${steps.length} ${PLOT}" preserveAspectRatio="none"><path class="rate" d="${path}"/></svg>`,
    rate.ticks(3).flatMap((value) => {
      if (value === 0) return [];
      const y = rate(value);
      return [
        html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/>${label(formatRate(value), y - 4)}`,
      ];
    }),
    html`<line class="rule" x1="0" x2="100%" y1="${PLOT}" y2="${PLOT}"/>`,
    lanes.map(([kind, words], index) => {
      const y = PLOT + 8 + index * LANE + 26;
      return [
        label(words, y - 12),
        marks
          .filter((one) => one.kind === kind)
          .map((one) =>
            mark(
              percent(Math.min(1, one.at / length)),
              y,
              html`<path class="event ${kind}" d="${SHAPES[kind]}"><title>${spanText(one.at)}: ${one.what} (${formatDuration(one.ms)})</title></path>`,
            ),
          ),
      ];
    }),
    axis(ticks, height - 5),
  ]);
}

/** ms between ticks, as clocks have it; beyond them whole hours. */
const BETWEEN = [
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800].map((s) => s * 1_000),
];

function ticksOf(length: number): readonly number[] {
  const hour = 3_600_000;
  const between = BETWEEN.find((ms) => length / ms <= 8) ?? Math.ceil(length / 8 / hour) * hour;
  return Array.from({ length: Math.floor(length / between) + 1 }, (_, index) => index * between);
}

/** Upon what is drawn, and to be read all the same. */
function label(text: string, y: number): Child {
  const width = widthOf(text) * SMALL_LETTER + 6;
  return html`<rect class="behind" x="0" y="${y - 11}" width="${width.toFixed(1)}" height="15" rx="2"/><text class="tick" x="0" dx="3" y="${y}">${text}</text>`;
}

/** `0s`, `250 ms`, `12s`, `1m 30s` */
function spanText(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms % 1000 === 0 && ms < 60_000) return `${ms / 1000}s`;
  return formatDuration(ms);
}

function labelOf({ steps, stepMs, counts }: Read): string {
  const most = steps.reduce((a, b) => Math.max(a, b), 0);
  const told = KINDS.map(([kind, words]) => `${words}: ${formatNumber(counts[kind])}`).join(", ");
  return `Area: throughput of the last sync over ${formatDuration(steps.length * stepMs)}, at most ${formatRate((most / stepMs) * 1000)}. ${told}`;
}

const MOST_ROWS = 30;

/** As few rows as can be read, each of several steps. */
function throughputTable({ steps, stepMs }: Read): Markup {
  const each = Math.ceil(steps.length / MOST_ROWS);
  const rows = Array.from({ length: Math.ceil(steps.length / each) }, (_, row) => {
    const own = steps.slice(row * each, (row + 1) * each);
    const bytes = own.reduce((a, b) => a + b, 0);
    return { from: row * each * stepMs, bytes, rate: (bytes / (own.length * stepMs)) * 1000 };
  });
  const right = "right" as const;
  return tableBehind("throughput of the last sync", [
    { title: "from", cells: rows.map(({ from }) => spanText(from)) },
    { title: "bytes", cells: rows.map(({ bytes }) => formatBytes(bytes)), align: right },
    { title: "rate", cells: rows.map(({ rate }) => formatRate(rate)), align: right },
  ]);
}

function markTable({ marks, counts }: Read): Markup {
  const all = counts.retry + counts.stall + counts.wait;
  const words = new Map(KINDS.map(([kind, , text]) => [kind, text]));
  return tableBehind(
    "retries, stalls and waits",
    [
      { title: "at", cells: marks.map(({ at }) => spanText(at)) },
      { title: "what", cells: marks.map(({ kind }) => words.get(kind) ?? kind) },
      { title: "for", cells: marks.map(({ ms }) => formatDuration(ms)), align: "right" },
      { title: "of", cells: marks.map(({ what }) => what) },
    ],
    all > marks.length ? `and ${formatNumber(all - marks.length)} more` : undefined,
  );
}

function hostTable({ hosts }: Read): Markup | undefined {
  if (hosts.length === 0) return undefined;
  const right = "right" as const;
  return tableBehind("hosts of the last sync", [
    { title: "host", cells: hosts.map(({ host }) => host) },
    { title: "requests", cells: hosts.map(({ requests }) => formatNumber(requests)), align: right },
    { title: "failed", cells: hosts.map(({ failed }) => formatNumber(failed)), align: right },
    { title: "bytes", cells: hosts.map(({ bytes }) => formatBytes(bytes)), align: right },
  ]);
}
