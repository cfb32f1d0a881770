import { scaleUtc } from "d3-scale";
import { formatCount, shortCommit } from "../../schema/format.ts";
import { widthOf } from "../../schema/width.ts";
import { axis, fitted, LETTER, percent } from "./fit.ts";
import { type Child, html, type Markup } from "./markup.ts";
import { figure, mark, svg, tableBehind } from "./parts.ts";
import type { NoHistory, PinEvent, PinTimeline } from "./pins.ts";

const ROW = 46;
const AXIS = 24;
const MOST_LANES = 60;
const MOST_ROWS = 200;
const DAY = 86_400_000;

const TITLE = "Pins over time";

/** When each pin came, moved and went, as far as git knows the lock. */
export function pinLanes(pins: PinTimeline): Markup {
  if (pins.kind === "none") return missing(WHY[pins.why]);
  const { events } = pins;
  if (events.every(({ date }) => date === undefined))
    return missing(
      "The lock is in git, and its pins are in no commit yet: there are no dates to show. A lock itself has none.",
    );
  const lanes = lanesOf(events);
  const drawn = lanes.slice(0, MOST_LANES);
  const scale = scaleOf(events);
  const height = drawn.length * ROW + AXIS;
  const limits = [
    pins.more
      ? "Older versions of the lock were not read: what was pinned before them has no mark."
      : undefined,
    pins.unreadable > 0
      ? `${formatCount(pins.unreadable, "version")} of the lock could not be read, and ${pins.unreadable === 1 ? "is" : "are"} left out.`
      : undefined,
  ].filter((text) => text !== undefined);
  return figure({
    title: TITLE,
    level: 2,
    lead: `Each commit of git that moved a pin of the lock. A lock has no dates of its own, so these are the commits' dates.${limits.map((text) => ` ${text}`).join("")}`,
    plot: svg(labelOf(drawn), height, [
      scale.ticks.map(
        ({ at }) =>
          html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="20" y2="${height - AXIS + 4}"/>`,
      ),
      axis(scale.ticks, height - 5),
      drawn.map((lane, index) => laneOf(lane, index * ROW, scale)),
    ]),
    legend: html`<ul class="legend">${(Object.keys(SHAPES) as PinEvent["kind"][]).map(
      (kind) =>
        html`<li><svg class="key" width="14" height="14" aria-hidden="true">${mark("7", 7, html`<path class="pin ${kind}" d="${SHAPES[kind]}"/>`)}</svg> ${kind}</li>`,
    )}<li><svg class="key" width="14" height="14" aria-hidden="true">${mark("7", 7, html`<path class="pin open" d="${SHAPES.moved}"/>`)}</svg> hollow: in no commit yet</li></ul>`,
    table: table(events),
  });
}

const WHY: Readonly<Record<NoHistory, string>> = {
  "no-git": "There is no git to ask, and a lock has no dates: when its pins were made is not known.",
  "no-repository":
    "The lock is in no work tree of git, and has no dates of its own: when its pins were made is not known.",
  untracked:
    "The lock is in no commit of git yet, and has no dates of its own: when its pins were made is not known.",
};

function missing(text: string): Markup {
  return html`<h2>${TITLE}</h2>
<p class="missing">${text}</p>
`;
}

const SHAPES: Readonly<Record<PinEvent["kind"], string>> = {
  pinned: "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1 -5 0Z",
  moved: "M0 -6L6 0L0 6L-6 0Z",
  replaced: "M-5 -5H5V5H-5Z",
  dropped: "M-5 -5L5 5M5 -5L-5 5",
};

interface Lane {
  readonly source: string;
  readonly events: readonly PinEvent[];
}

function lanesOf(events: readonly PinEvent[]): readonly Lane[] {
  const lanes = new Map<string, PinEvent[]>();
  for (const event of events) lanes.set(event.source, [...(lanes.get(event.source) ?? []), event]);
  return [...lanes]
    .map(([source, own]) => ({ source, events: own }))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

interface Scale {
  readonly at: (date: string | undefined) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** What is in no commit yet stands at the right end. */
function scaleOf(events: readonly PinEvent[]): Scale {
  const times = events.flatMap(({ date }) => (date === undefined ? [] : [Date.parse(date)]));
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const around = last - first < DAY ? DAY / 2 : 0;
  const isOpen = events.some(({ date }) => date === undefined);
  const scale = scaleUtc([first - around, last + around], [0.02, isOpen ? 0.9 : 0.98]);
  const short = last - first < 3 * DAY;
  const text = (time: Date) =>
    short ? time.toISOString().slice(5, 16).replace("T", " ") : time.toISOString().slice(0, 10);
  return {
    at: (date) => (date === undefined ? 0.98 : scale(Date.parse(date))),
    ticks: scale.ticks(6).map((time) => ({ at: scale(time), text: text(time) })),
  };
}

function laneOf({ source, events }: Lane, y: number, { at }: Scale): Child {
  const middle = y + 31;
  const last = events.at(-1);
  const now = last?.pin === undefined ? "dropped" : shortCommit(last.pin.commit);
  const places = events.map(({ date }) => at(date));
  const end = last?.pin === undefined ? (places.at(-1) ?? 0) : 1;
  return html`
${fitted({
  text: source,
  room: (width) => width - widthOf(now) * LETTER - 12,
  cut: "middle",
  draw: (text, className) => html`<text class="name ${className}" x="0" y="${y + 14}">${text}</text>`,
})}<text class="value" x="100%" y="${y + 14}" text-anchor="end">${now}</text>
<line class="rule" x1="0" x2="100%" y1="${middle}" y2="${middle}"/><line class="life" x1="${percent(Math.min(...places))}" x2="${percent(end)}" y1="${middle}" y2="${middle}"/>
${events.map((event, index) =>
  mark(
    percent(places[index] ?? 0),
    middle,
    html`<path class="pin ${event.date === undefined ? "open" : event.kind}" d="${SHAPES[event.kind]}"><title>${whenText(event)}: ${event.kind}${event.pin === undefined ? undefined : html` to ${shortCommit(event.pin.commit)} of ${event.pin.repo}`}</title></path>`,
  ),
)}`;
}

function whenText({ date }: PinEvent): string {
  return date === undefined ? "in no commit yet" : date.slice(0, 16).replace("T", " ");
}

function labelOf(lanes: readonly Lane[]): string {
  const told = lanes.map(({ source, events }) => {
    const last = events.at(-1);
    return `${source} ${formatCount(events.length, "change")}, the last ${last?.kind} ${last === undefined ? "" : whenText(last)}`;
  });
  return `Timeline of pins. ${told.join("; ")}`;
}

function table(events: readonly PinEvent[]): Markup {
  // The newest are what is asked about.
  const all = [...events].reverse();
  const shown = all.slice(0, MOST_ROWS);
  return tableBehind(
    "pins over time",
    [
      { title: "when", cells: shown.map(whenText) },
      { title: "source", cells: shown.map(({ source }) => source) },
      { title: "what", cells: shown.map(({ kind }) => kind) },
      {
        title: "to",
        cells: shown.map(({ pin }) => (pin === undefined ? "" : `${pin.repo} ${shortCommit(pin.commit)}`)),
      },
      {
        title: "by",
        cells: shown.map(({ by }) => (by === undefined ? "" : `${shortCommit(by.commit)} ${by.subject}`)),
      },
    ],
    all.length > shown.length ? `and ${formatCount(all.length - shown.length, "older change")}` : undefined,
  );
}
