import type { ColumnSum, Sum } from "../facts/sum.ts";
import type { FactsResult, FactualSource } from "../project/facts-shown.ts";
import { formatBytes, formatCount, formatNumber, formatPercent } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";
import { tableLines } from "./table.ts";

/** Values and files named before the rest is only counted. */
const SHOWN = 8;

/** Source by source: how much, in which columns, and what is not known. */
export function factsLines({ sources }: FactsResult, layout: Layout): readonly string[] {
  if (sources.length === 0) return ["no sources"];
  return sources.flatMap((source, index) => [...(index === 0 ? [] : [""]), ...sourceLines(source, layout)]);
}

function sourceLines({ name, asked, sum }: FactualSource, layout: Layout): readonly string[] {
  const { paint } = layout;
  return [
    `${paint.name(safe(name))}: ${headText(sum)}`,
    ...formatTexts(sum),
    ...archiveTexts(sum),
    ...schemaTexts(sum),
    ...columnLines(sum, layout),
    ...sum.columns.flatMap((column) => valueTexts(column, sum, layout)),
    ...lackTexts({ asked, sum }, layout).map((text) => paint.warn(text)),
  ].map((line, index) => (index === 0 ? line : `  ${line}`));
}

function headText({ rows, countedFiles, rowGroups, files, bytes }: Sum): string {
  const size = `${formatCount(files, "file")}, ${formatBytes(bytes)}`;
  if (countedFiles === 0) return size;
  const of = countedFiles === files ? "" : ` in ${formatNumber(countedFiles)} of them`;
  const groups = rowGroups === 0 ? "" : `, ${formatCount(rowGroups, "row group")}`;
  return `${size}, ${formatCount(rows, "row")}${of}${groups}`;
}

/** One format goes without saying. */
function formatTexts({ formats }: Sum): readonly string[] {
  if (formats.length < 2) return [];
  const texts = formats.map(
    ({ format, files, bytes }) => `${format} ${formatCount(files, "file")}, ${formatBytes(bytes)}`,
  );
  return [texts.join("; ")];
}

function archiveTexts({ archives: { files, formats } }: Sum): readonly string[] {
  if (files === 0) return [];
  const texts = formats.map(
    (one) => `${one.format} ${formatCount(one.files, "file")}, ${formatBytes(one.bytes)}`,
  );
  return [`in ${formatCount(files, "archive")}: ${texts.join("; ") || "nothing"}`];
}

function schemaTexts({ schemas }: Sum): readonly string[] {
  if (schemas.length < 2) return [];
  const texts = schemas.map(
    ({ files, columns }) => `${formatCount(columns.length, "column")} in ${formatCount(files, "file")}`,
  );
  return [`${formatNumber(schemas.length)} schemas: ${texts.join("; ")}`];
}

function columnLines(sum: Sum, { width, paint }: Layout): readonly string[] {
  const { columns } = sum;
  if (columns.length === 0) return [];
  const all = columns.reduce((total, { compressed }) => total + compressed, 0);
  const right = "right" as const;
  const share = ({ compressed }: ColumnSum) => (all === 0 ? "" : formatPercent(compressed / all));
  return tableLines(
    [
      { title: "COLUMN", cells: columns.map(({ name }) => safe(name)), least: 12 },
      { title: "TYPE", cells: columns.map(({ type }) => safe(type)), least: 8 },
      { title: "SIZE", cells: columns.map(({ compressed }) => formatBytes(compressed)), align: right },
      { title: "SHARE", cells: columns.map(share), align: right, dropped: 1 },
      { title: "PLAIN", cells: columns.map(({ plain }) => formatBytes(plain)), align: right, dropped: 2 },
    ],
    width - 2,
    paint.dim,
  );
}

function valueTexts(
  { name, values }: ColumnSum,
  { parquetRows: rows }: Sum,
  { verbose }: Layout,
): readonly string[] {
  if (values === undefined || values.length === 0 || rows === 0) return [];
  const shown = verbose ? values : values.slice(0, SHOWN);
  const texts = shown.map(([value, count]) => `${safe(value)} ${formatPercent(count / rows)}`);
  const more = values.length - shown.length;
  return [
    `${safe(name)}: ${[...texts, ...(more > 0 ? [`and ${formatCount(more, "more value")}`] : [])].join(", ")}`,
  ];
}

function lackTexts(
  { asked, sum }: Pick<FactualSource, "asked" | "sum">,
  { verbose }: Layout,
): readonly string[] {
  const { missing, uncounted, unreadable } = sum;
  const shown = verbose ? unreadable : unreadable.slice(0, SHOWN);
  const more = unreadable.length - shown.length;
  return [
    ...(missing.length === 0
      ? []
      : [
          `no facts of ${formatCount(missing.length, "Parquet file")}: ${asked ? "run tritter lock" : "add facts: parquet to the source"}`,
        ]),
    ...(uncounted.length === 0
      ? []
      : [`rows of ${formatCount(uncounted.length, "file")} not counted: tritter facts --count`]),
    ...shown.map(({ path, why }) => `${safe(path)}: ${safe(why)}`),
    ...(more > 0 ? [`and ${formatCount(more, "more file")} that cannot be read`] : []),
  ];
}
