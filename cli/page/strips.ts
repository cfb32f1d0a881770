import { scaleLinear } from "d3-scale";
import { formatCount, formatNumber } from "../../schema/format.ts";
import { widthOf } from "../../schema/width.ts";
import { axis, fitted, LETTER, percent } from "./fit.ts";
import { type Child, html, type Markup } from "./markup.ts";
import { figure, mark, svg, tableBehind } from "./parts.ts";
import type { Shards } from "./shards.ts";

const ROW = 50;
const AXIS = 24;
const MOST_STRIPS = 60;
const MOST_ROWS = 200;
/** Medians; what lies beyond is drawn at the edge. */
const FARTHEST = 4;

const TELLERS = html`a source with <code>facts: parquet</code> tells those of its Parquet files, and <code>tritter facts --count</code> those of JSON lines and CSV.`;

/** Rows of every shard, as multiples of its source's median: what does not look like its neighbours stands out. */
export function shardStrips(shards: readonly Shards[], unknownFiles: number): Markup {
  const lead = html`Each strip is a source, or a split of it; each dot a shard, placed by its rows as a multiple of the median. Diamonds are outliers: beyond the quartiles by more than one and a half times their distance, and by a twentieth of the median at least.${
    shards.some(({ files }) => files === 1) ? " What is a shard by itself is in the table alone." : undefined
  }${
    unknownFiles === 0
      ? undefined
      : html` Of ${formatCount(unknownFiles, "file")} the rows are not known: ${TELLERS}`
  }`;
  const title = "Rows per shard";
  if (shards.length === 0)
    return html`<h2>${title}</h2>
<p class="missing">No rows are known: ${TELLERS}</p>
`;
  const several = shards.filter(({ files }) => files > 1);
  const drawn = (several.length === 0 ? shards : several).slice(0, MOST_STRIPS);
  const alone = shards.length - (several.length === 0 ? shards : several).length;
  const scale = scaleOf(drawn);
  const height = drawn.length * ROW + AXIS;
  return figure({
    title,
    level: 2,
    lead,
    plot: svg(labelOf(drawn), height, [
      axisOf(scale, height),
      drawn.map((one, index) => strip(one, index * ROW, scale)),
    ]),
    legend: html`<ul class="legend"><li><svg class="key" width="14" height="14" aria-hidden="true"><circle class="dot" cx="7" cy="7" r="4"/></svg> shards, larger where several have about as many rows</li><li><svg class="key" width="14" height="14" aria-hidden="true"><path class="outlier" d="M7 1L13 7L7 13L1 7Z"/></svg> outlier</li><li><svg class="key" width="14" height="14" aria-hidden="true"><line class="median" x1="7" x2="7" y1="0" y2="14"/></svg> median</li><li><svg class="key" width="14" height="14" aria-hidden="true"><rect class="fences" x="0" y="3" width="14" height="8"/></svg> where a shard is no outlier</li></ul>`,
    table: [
      statistics(shards),
      outlierTable(shards),
      drawn.length + alone < shards.length
        ? html`<p class="more">${formatCount(shards.length - drawn.length - alone, "more strip")} not drawn; the table has their numbers.</p>`
        : undefined,
    ],
  });
}

interface Scale {
  /** From rows and median to a share of the width. */
  readonly at: (rows: number, median: number) => number;
  readonly most: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

function scaleOf(shards: readonly Shards[]): Scale {
  const ratios = shards.map(({ most, median }) => (median === 0 ? 1 : most / median));
  const most = Math.min(FARTHEST, Math.max(2, Math.ceil(Math.max(...ratios) * 2) / 2));
  // Room at both ends, so that no mark is cut.
  const scale = scaleLinear([0, most], [0.02, 0.98]).clamp(true);
  return {
    most,
    at: (rows, median) => scale(median === 0 ? (rows === 0 ? 1 : most) : rows / median),
    ticks: scale.ticks(most * 2).map((value) => ({ at: scale(value), text: `${value}×` })),
  };
}

function axisOf({ ticks }: Scale, height: number): Child {
  return [
    ticks.map(
      ({ at }) =>
        html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="20" y2="${height - AXIS + 4}"/>`,
    ),
    axis(ticks, height - 5),
  ];
}

function nameOf({ source, split }: Pick<Shards, "source" | "split">): string {
  return split === undefined ? source : `${source} · ${split}`;
}

function strip(shards: Shards, y: number, { at, most }: Scale): Child {
  const { median, fences, classes, outliers, files, outlierFiles } = shards;
  const middle = y + 34;
  const value = `${formatNumber(files)} × ${formatNumber(Math.round(median))} rows`;
  const place = (rows: number) => percent(at(rows, median));
  const around =
    fences === undefined
      ? undefined
      : html`<rect class="fences" x="${place(fences[0])}" width="${percent(at(fences[1], median) - at(fences[0], median))}" y="${middle - 9}" height="18"/>`;
  const edge = (rows: number) => median > 0 && rows / median > most;
  return html`
${fitted({
  text: nameOf(shards),
  room: (width) => width - widthOf(value) * LETTER - 12,
  cut: "middle",
  draw: (text, className) => html`<text class="name ${className}" x="0" y="${y + 14}">${text}</text>`,
})}<text class="value" x="100%" y="${y + 14}" text-anchor="end"><title>shards × median rows</title>${value}</text>
${around}<line class="rule" x1="0" x2="100%" y1="${middle}" y2="${middle}"/>
${classes.map(
  (one) =>
    html`<circle class="dot" cx="${place(one.at)}" cy="${middle}" r="${radius(one.files)}"><title>${formatCount(one.files, "shard")} of about ${formatNumber(Math.round(one.at))} rows</title></circle>`,
)}<line class="median" x1="${place(median)}" x2="${place(median)}" y1="${middle - 9}" y2="${middle + 9}"/>
${outliers.map(({ path, rows }) =>
  mark(
    place(rows),
    middle,
    html`<path class="outlier" d="${edge(rows) ? "M-5 -5L5 0L-5 5Z" : "M0 -6L6 0L0 6L-6 0Z"}"><title>${path}: ${formatNumber(rows)} rows</title></path>`,
  ),
)}${outlierFiles === 0 ? undefined : html`<title>${formatCount(outlierFiles, "outlier")}</title>`}`;
}

function radius(files: number): number {
  return Number(Math.min(9, 2.5 + Math.sqrt(files) * 0.7).toFixed(1));
}

function labelOf(shards: readonly Shards[]): string {
  const told = shards.map(
    (one) =>
      `${nameOf(one)} ${formatCount(one.files, "shard")}, median ${formatNumber(Math.round(one.median))} rows, ${formatCount(one.outlierFiles, "outlier")}`,
  );
  return `Strips: rows per shard. ${told.join("; ")}`;
}

function statistics(shards: readonly Shards[]): Markup {
  const shown = shards.slice(0, MOST_ROWS);
  const right = "right" as const;
  const numbers = (of: (one: Shards) => number) => shown.map((one) => formatNumber(Math.round(of(one))));
  return tableBehind("rows per shard", [
    { title: "source", cells: shown.map(nameOf) },
    { title: "shards", cells: numbers((one) => one.files), align: right },
    { title: "least", cells: numbers((one) => one.least), align: right },
    { title: "median", cells: numbers((one) => one.median), align: right },
    { title: "most", cells: numbers((one) => one.most), align: right },
    {
      title: "outliers",
      cells: shown.map((one) =>
        one.fences === undefined ? "too few to tell" : formatNumber(one.outlierFiles),
      ),
      align: right,
    },
    { title: "not known", cells: numbers((one) => one.unknown), align: right },
  ]);
}

function outlierTable(shards: readonly Shards[]): Markup | undefined {
  const all = shards.flatMap((one) => one.outliers.map((outlier) => ({ ...outlier, one })));
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_ROWS);
  const right = "right" as const;
  const files = shards.reduce((sum, { outlierFiles }) => sum + outlierFiles, 0);
  const rest = files - shown.length;
  return tableBehind(
    "outliers",
    [
      { title: "shard", cells: shown.map(({ path, one }) => `${one.source}/${path}`) },
      { title: "rows", cells: shown.map(({ rows }) => formatNumber(rows)), align: right },
      {
        title: "of the median",
        cells: shown.map(({ rows, one }) => (one.median === 0 ? "-" : `${(rows / one.median).toFixed(2)}×`)),
        align: right,
      },
    ],
    rest > 0 ? `and ${formatNumber(rest)} more` : undefined,
  );
}
