import { formatBytes, formatCount, formatNumber, formatPercent } from "../../schema/format.ts";
import { timeText } from "../../schema/time.ts";
import type { ColumnSum, Sum } from "../facts/sum.ts";
import { besidePaths } from "../lock/wants.ts";
import { citationOf } from "./citation.ts";
import { loadingLines } from "./loading.ts";
import { fenced, link, linked, md, tableOf } from "./markdown.ts";
import type { Subject } from "./subject.ts";
import { accessText } from "./terms.ts";

type Lines = readonly string[];

/** `code.README.md`, for people. `index`: of the page that tells of all sources. */
export function readmeText(subject: Subject, index: string): string {
  const { locked } = subject;
  const last = nameOf(besidePaths(locked).metadata);
  return text([
    `# ${md(locked.name)}`,
    "",
    `Written by tritter from what it pinned; a change made here gives way at the next sync. ${link(last, last)} says the same to programs.`,
    "",
    ...tableOf(["", ""], originRows(subject)),
    ...section("Data", dataLines(subject.sum)),
    ...section("Load", [
      `Paths are those below the root, the folder that has ${md(index)} in it.`,
      "",
      ...loadingLines(subject),
    ]),
    ...section("Cite", citationLines(subject)),
    ...section("Files", fileLines(subject)),
  ]);
}

function text(lines: Lines): string {
  return `${lines.join("\n")}\n`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function section(title: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines];
}

function originRows({ locked, sum, page, accepted }: Subject): readonly Lines[] {
  const { repo, type, revision, commit, path, licenses, carrier, rescued } = locked;
  const home = page?.replace(/\/tree\/[^/]*$/, "");
  const row = (name: string, value: string | undefined): readonly Lines[] =>
    value === undefined ? [] : [[name, value]];
  return [
    ...row("Repository", `${linked(repo, home)}, a ${type}`),
    ...row("Revision", `${md(revision)}${md(timeText(locked))}`),
    ...row("Commit", linked(commit, page)),
    ...row("Licence", licenses.length === 0 ? "none named" : licenses.map(md).join(", ")),
    ...row("Accepted", accepted && `${[accepted.accept].flat().map(md).join(", ")}: ${md(accepted.reason)}`),
    ...row("Access", accessText(locked)),
    ...row(
      "Stands in",
      carrier && md(`as fallback ${carrier.fallback} for ${carrier.instead}, which was ${carrier.why}`),
    ),
    ...row(
      "Rescued",
      rescued &&
        `its commit is gone; the same bytes are in ${rescued.map((one) => md(`${one.type} ${one.repo} at ${one.commit}`)).join(", ")}`,
    ),
    ...row("Folder", path === "" ? "the root itself" : md(path)),
    ...row("Size", `${formatCount(sum.files, "file")}, ${sizeText(sum.bytes)}`),
    ...row("Rows", rowsText(sum)),
  ];
}

function sizeText(bytes: number): string {
  return bytes < 1000 ? formatBytes(bytes) : `${formatBytes(bytes)} (${formatNumber(bytes)} bytes)`;
}

export function rowsText({ rows, countedFiles, files }: Sum): string {
  if (countedFiles === 0) return "not known";
  return countedFiles === files
    ? formatNumber(rows)
    : `${formatNumber(rows)} in ${formatNumber(countedFiles)} of ${formatNumber(files)} files`;
}

const MOST_COLUMNS = 100;
const MOST_FILES = 100;
const MOST_VALUES = 8;

function dataLines(sum: Sum): Lines {
  const { formats, columns, unreadable } = sum;
  const formatRows = formats.map(({ format, files, bytes }) => [
    format,
    formatNumber(files),
    formatBytes(bytes),
  ]);
  const columnRows = columns
    .slice(0, MOST_COLUMNS)
    .map((column) => [md(column.name), md(column.type), valuesText(column, sum)]);
  return [
    ...(formats.length === 0 ? [] : tableOf(["Format", "Files", "Size"], formatRows, [1, 2])),
    ...(columns.length === 0 ? [] : ["", ...tableOf(["Column", "Type", "Values"], columnRows)]),
    ...more(columns.length - MOST_COLUMNS, "column"),
    ...unreadable
      .slice(0, MOST_VALUES)
      .flatMap(({ path, why }) => ["", `Not readable: ${md(path)}, ${md(why)}`]),
    ...more(unreadable.length - MOST_VALUES, "file that cannot be read", "files that cannot be read"),
  ];
}

function valuesText({ values = [] }: ColumnSum, { parquetRows: rows }: Sum): string {
  if (rows === 0) return "";
  const shown = values
    .slice(0, MOST_VALUES)
    .map(([value, count]) => `${md(value)} ${formatPercent(count / rows)}`);
  const rest = values.length - MOST_VALUES;
  return [...shown, ...(rest > 0 ? [`and ${formatNumber(rest)} more`] : [])].join(", ");
}

function more(count: number, noun: string, plural?: string): Lines {
  return count > 0
    ? ["", `and ${formatNumber(count)} more ${count === 1 ? noun : (plural ?? `${noun}s`)}`]
    : [];
}

/** The card of the repository knows better, where there is one. */
function citationLines(subject: Subject): Lines {
  const card = subject.files.find(({ locked }) => locked.path === "README.md");
  const cited = fenced("bibtex", citationOf(subject));
  if (card === undefined) return cited;
  return [
    ...cited,
    "",
    `Where the repository's card, ${md(card.path)}, asks for another citation, use that.`,
  ];
}

function fileLines({ locked, files }: Subject): Lines {
  if (files.length === 0) return [];
  const shown = files
    .slice(0, MOST_FILES)
    .map(({ path, locked: { size }, rows }) => [
      md(path),
      formatBytes(size),
      rows === undefined ? "" : formatNumber(rows),
    ]);
  const rest = files.length - shown.length;
  const last = nameOf(besidePaths(locked).metadata);
  return [
    ...tableOf(["Path", "Size", "Rows"], shown, [1, 2]),
    ...(rest > 0 ? ["", `and ${formatCount(rest, "more file")}: ${link(last, last)} lists all.`] : []),
  ];
}
