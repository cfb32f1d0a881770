import { formatBytes, formatCount, formatNumber, formatPercent } from "../../schema/format.ts";
import { widthOf } from "../../schema/width.ts";
import type { Composition, Part, Teller } from "./compose.ts";
import { fitted, LETTER, percent } from "./fit.ts";
import { html, type Markup } from "./markup.ts";
import { figure, svg, tableBehind } from "./parts.ts";

const MOST_BARS = 14;
const MOST_ROWS = 200;
const ROW = 38;

export interface Bars {
  readonly title: string;
  /** `source`, `language`, … */
  readonly what: string;
  readonly lead: string;
  /** Colour of a part; unset: one for all. */
  readonly colourOf?: (name: string) => string;
}

/** A composition as bars, each with its name and its share in words. */
export function bars(composition: Composition, { title, what, lead, colourOf }: Bars): Markup {
  const { parts, mixedFiles } = composition;
  if (parts.length === 0)
    return html`<h3>${title}</h3>
<p class="missing">The lock holds no files.</p>
`;
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const drawn = gathered(parts, what);
  const label = `Bars: size by ${what}. ${drawn.map((part) => `${nameOf(part)} ${formatBytes(part.bytes)}, ${share(part, total)}`).join("; ")}`;
  const rows = drawn.map((part, index) => {
    const y = index * ROW;
    const value = `${formatBytes(part.bytes)} · ${share(part, total)}`;
    const width = total === 0 ? 0 : part.bytes / total;
    const colour = part.name === undefined ? "unknown" : (colourOf?.(part.name) ?? "c0");
    return html`
${fitted({
  text: nameOf(part),
  room: (all) => all - widthOf(value) * LETTER - 12,
  cut: "middle",
  draw: (text, className) => html`<text class="${className}" x="0" y="${y + 14}">${text}</text>`,
})}<text class="value" x="100%" y="${y + 14}" text-anchor="end">${value}</text>
<rect class="track" x="0" y="${y + 20}" width="100%" height="10" rx="2"/>${
      width === 0
        ? undefined
        : html`<rect class="bar ${colour}" x="0" y="${y + 20}" width="${percent(Math.max(width, 0.002))}" height="10" rx="2"><title>${nameOf(part)}: ${value}</title></rect>`
    }`;
  });
  const mixed =
    mixedFiles === 0
      ? undefined
      : html` ${formatCount(mixedFiles, "file")} ${mixedFiles === 1 ? "holds" : "hold"} several: their bytes are shared out by rows.`;
  return figure({
    title,
    level: 3,
    lead: html`${lead}${mixed}`,
    plot: svg(label, drawn.length * ROW, rows),
    table: table(parts, { what, total }),
  });
}

function nameOf({ name }: Pick<Part, "name">): string {
  return name ?? "not known";
}

function share({ bytes }: Pick<Part, "bytes">, total: number): string {
  return formatPercent(total === 0 ? 0 : bytes / total);
}

/** The largest, the rest as one, and what is not known. */
function gathered(parts: readonly Part[], what: string): readonly Part[] {
  const known = parts.filter(({ name }) => name !== undefined);
  const unknown = parts.filter(({ name }) => name === undefined);
  if (known.length <= MOST_BARS) return parts;
  const rest = known.slice(MOST_BARS - 1);
  const sum = (of: "files" | "bytes" | "rows" | "countedFiles") =>
    rest.reduce((total, part) => total + part[of], 0);
  const name = `${formatNumber(rest.length)} more ${what}s`;
  const one = {
    name,
    files: sum("files"),
    bytes: sum("bytes"),
    rows: sum("rows"),
    countedFiles: sum("countedFiles"),
    told: {},
  };
  return [...known.slice(0, MOST_BARS - 1), one, ...unknown];
}

function table(
  parts: readonly Part[],
  { what, total }: { readonly what: string; readonly total: number },
): Markup {
  const shown = parts.slice(0, MOST_ROWS);
  const rest = parts.length - shown.length;
  const right = "right" as const;
  return tableBehind(
    `size by ${what}`,
    [
      { title: what, cells: shown.map((part) => nameOf(part)) },
      { title: "size", cells: shown.map(({ bytes }) => formatBytes(bytes)), align: right },
      { title: "share", cells: shown.map((part) => share(part, total)), align: right },
      { title: "files", cells: shown.map(({ files }) => formatNumber(files)), align: right },
      { title: "rows", cells: shown.map(rowsText), align: right },
      ...(what === "source" ? [] : [{ title: "told by", cells: shown.map(toldText) }]),
    ],
    rest > 0 ? `and ${formatCount(rest, `more ${what}`)}, in tritter report --json` : undefined,
  );
}

export function rowsText({
  files,
  rows,
  countedFiles,
}: Pick<Part, "files" | "rows" | "countedFiles">): string {
  if (countedFiles === 0) return "not known";
  const of =
    countedFiles === files ? "" : ` in ${formatNumber(countedFiles)} of ${formatNumber(files)} files`;
  return `${formatNumber(rows)}${of}`;
}

const WORDS: Readonly<Record<Teller, string>> = {
  rows: "a column of the data",
  names: "folder or file names",
  group: "a group of the source",
  card: "the repository's card",
  lock: "the lock",
};

function toldText({ told }: Part): string {
  const tellers = Object.entries(told) as [Teller, number][];
  if (tellers.length === 0) return "nobody";
  return tellers.map(([by, files]) => `${WORDS[by]} (${formatCount(files, "file")})`).join(", ");
}
