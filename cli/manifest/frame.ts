import { aligned } from "../../schema/names.ts";

const WIDEST = 100;

export interface Position {
  /** 1-based */
  readonly line: number;
  /** 1-based, in characters */
  readonly column: number;
}

/** A line of the text and a caret run below it, windowed where the line is long. `length` in characters. */
export function codeFrame(whole: string, { line, column }: Position, length: number): readonly string[] {
  const from = column - 1 > WIDEST - 20 ? column - 1 - 40 : 0;
  const shown = aligned(masked(whole).slice(from, from + WIDEST));
  const lead = from > 0 ? "…" : "";
  const tail = whole.length > from + WIDEST ? "…" : "";
  const indent = " ".repeat(lead.length + (column - 1 - from));
  const carets = "^".repeat(Math.max(1, Math.min(length, shown.length - (column - 1 - from))));
  const gutter = `${line} | `;
  return [`${gutter}${lead}${shown}${tail}`, `${" ".repeat(gutter.length - 2)}| ${indent}${carets}`];
}

/** A name and a password in an URL are nobody's to read in a log; their length stays, and with it the columns. */
function masked(line: string): string {
  return line.replace(
    /(:\/\/)([^\s/"'@]+)(?=@)/g,
    (_, before: string, user: string) => before + "*".repeat(user.length),
  );
}
