import { printable } from "../../schema/names.ts";

/** What strangers wrote, as text that means nothing to Markdown or HTML, on one line. */
export function md(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]<>&|~$!#]/g, (sign) => ENTITIES[sign] ?? `\\${sign}`)
    .replace(/@(?=\w)/g, "&#64;");
}

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/** To a path relative to the page. */
export function link(text: string, path: string): string {
  const whole = path.replace(/\p{Surrogate}/gu, "\ufffd");
  return `[${md(text)}](${whole.split("/").map(encodeURIComponent).join("/").replace(/[()]/g, escaped)})`;
}

/** `page`: an address; undefined: only the text. */
export function linked(text: string, page: string | undefined): string {
  return page === undefined ? md(text) : `[${md(text)}](${encodeURI(page).replace(/[()]/g, escaped)})`;
}

function escaped(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16)}`;
}

export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const marks = head.map((_, column) => (right.includes(column) ? "---:" : "---"));
  return [line(head), line(marks), ...rows.map(line)];
}

/** With a fence longer than any run of its own sign within. */
export function fenced(language: string, lines: readonly string[]): readonly string[] {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const fence = "`".repeat(Math.max(2, ...runs.map((run) => run.length)) + 1);
  return [`${fence}${language}`, ...lines, fence];
}
