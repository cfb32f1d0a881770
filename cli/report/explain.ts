import { CODES, type ErrorCode } from "../errors.ts";
import { ADVICE } from "./advice.mjs";
import { CAUSES, meaningOf } from "./meanings.ts";
import type { Layout } from "./plan-lines.ts";
import { tableLines } from "./table.ts";

export interface ExplainedCode {
  readonly code: ErrorCode;
  readonly status: number;
  /** Of the status. */
  readonly meaning: string;
  readonly cause: string;
  /** What to do about it. */
  readonly advice: string;
}

export interface ExplainResult {
  /** In the order of the README. */
  readonly codes: readonly ExplainedCode[];
  /** One code was asked for, so that it is told at length. */
  readonly one: boolean;
}

export function explained(code: ErrorCode): ExplainedCode {
  const [status, meaning] = [CODES[code], meaningOf(code)];
  return { code, status, meaning, cause: CAUSES[code], advice: plain(ADVICE[code] ?? "") };
}

/** The README marks code for Markdown; a terminal has quotes. */
function plain(markdown: string): string {
  return markdown.replace(/`([^`]*)`/g, '"$1"');
}

export function explainLines({ codes, one }: ExplainResult, { paint, width }: Layout): readonly string[] {
  const [first] = codes;
  if (one && first !== undefined) {
    const { code, status, meaning, cause, advice } = first;
    return [
      `${paint.bad(paint.bold(code))}: exit status ${status}`,
      ...wrapped(meaning, width),
      "",
      paint.name("what leads to it:"),
      ...wrapped(cause, width),
      "",
      paint.name("what to do:"),
      ...wrapped(advice, width),
    ];
  }
  const columns = [
    { title: "CODE", cells: codes.map(({ code }) => code), paint: paint.name },
    { title: "STATUS", cells: codes.map(({ status }) => String(status)), align: "right" as const },
    { title: "WHAT LEADS TO IT", cells: codes.map(({ cause }) => cause), least: 20, cut: "end" as const },
  ];
  return [...tableLines(columns, width, paint.dim), "tritter explain <code> says what to do"];
}

/** Lines of at most `width` columns, cut between words, two columns in. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = " ";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > Math.min(width, 100) && line.trim() !== "") {
      lines.push(line);
      line = " ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
