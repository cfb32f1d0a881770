import type { Part } from "../page/compose.ts";
import type { Report } from "../page/model.ts";
import type { ReportResult } from "../project/report.ts";
import { formatBytes, formatCount, formatNumber, formatPercent } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";
import { cutMiddle, padEnd, padStart, widthOf } from "./width.ts";

/** Where the page is, or what it would show first, as bars. */
export function reportLines(
  { report, page, terminal }: ReportResult & { readonly terminal: boolean },
  layout: Layout,
): readonly string[] {
  const bars = terminal ? barLines(report, layout) : [];
  if (page?.file === undefined) return bars;
  const size = formatBytes(page.size);
  return [
    ...bars,
    page.wrote ? `wrote ${safe(page.file)} (${size})` : `${safe(page.file)} is up to date (${size})`,
  ];
}

/** Columns a pipe is drawn for. */
const PIPE = 80;
/** Of a composition; the rest is one. */
const MOST = 12;
const WIDEST_NAME = 28;

function barLines(report: Report, layout: Layout): readonly string[] {
  const { name, totals, sources, composition } = report;
  const { paint } = layout;
  const rows =
    totals.countedFiles === 0
      ? "rows not known"
      : `${formatCount(totals.rows, "row")}${totals.countedFiles === totals.files ? "" : ` in ${formatNumber(totals.countedFiles)} of the files`}`;
  const head = `${paint.name(safe(name))}: ${formatCount(sources.length, "source")}, ${formatCount(totals.files, "file")}, ${formatBytes(totals.bytes)}, ${rows}`;
  const sections = [
    ["by source", composition.source],
    ["by language", composition.language],
    ["by licence", composition.license],
    ["by split", composition.split],
  ] as const;
  const shown = sections.map(([title, { parts }]) => ({
    title,
    lines: layout.verbose ? parts : gathered(parts),
  }));
  const names = Math.max(...shown.flatMap(({ lines }) => lines.map((line) => widthOf(nameOf(line)))), 0);
  return [
    head,
    ...shown.flatMap(({ title, lines }) => ["", paint.bold(title), ...barsOf(lines, { ...layout, names })]),
  ];
}

/** `names`: columns of the longest name of all compositions. */
function barsOf(lines: readonly Line[], layout: Layout & { readonly names: number }): readonly string[] {
  const width = Number.isFinite(layout.width) ? layout.width : PIPE;
  const total = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = ({ bytes }: Line) => (total === 0 ? 0 : bytes / total);
  const cells = lines.map((part) => ({
    part,
    name: nameOf(part),
    size: formatBytes(part.bytes),
    percent: formatPercent(share(part)),
  }));
  // Columns stand below each other, whatever each composition holds: `99.9 GB`, `100 %`.
  const sizes = Math.max(8, ...cells.map(({ size }) => widthOf(size)));
  const percents = Math.max(6, ...cells.map(({ percent }) => widthOf(percent)));
  const names = Math.min(layout.names, WIDEST_NAME, Math.floor(width / 3));
  // Two blanks before, between and at the end.
  const room = Math.max(4, width - 2 - names - 2 - 1 - sizes - 1 - percents - 1);
  return cells.map(({ part, name, size, percent }) => {
    const bar = barOf(share(part), room, layout);
    const painted = part.name === undefined ? layout.paint.dim(bar) : layout.paint.name(bar);
    const cut = cutMiddle(name, names);
    const told = layout.ascii === true ? cut.replace("…", "~") : cut;
    const blank = " ".repeat(room - widthOf(bar));
    return `  ${padEnd(told, names)}  ${painted}${blank} ${padStart(size, sizes)} ${padStart(percent, percents)}`;
  });
}

type Line = Pick<Part, "name" | "bytes">;

function nameOf({ name }: Line): string {
  return safe(name ?? "not known");
}

function gathered(parts: readonly Part[]): readonly Line[] {
  const known = parts.filter(({ name }) => name !== undefined);
  if (known.length <= MOST) return parts;
  const rest = known.slice(MOST - 1);
  const bytes = rest.reduce((sum, part) => sum + part.bytes, 0);
  const unknown = parts.filter(({ name }) => name === undefined);
  return [...known.slice(0, MOST - 1), { name: `${formatNumber(rest.length)} more`, bytes }, ...unknown];
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** What is not nothing is drawn as something. */
function barOf(share: number, room: number, { ascii }: Layout): string {
  if (share === 0) return "";
  if (ascii === true) return "#".repeat(Math.max(1, Math.round(share * room)));
  const eighths = Math.max(1, Math.round(share * room * 8));
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}
