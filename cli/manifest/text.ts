// Lines of a text by offset; CRLF stays as it is.

/** Where the line of `at` begins. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line after that of `at` begins; the end of the text where there is none. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** The line that begins at `start`, without its end. */
export function lineAt(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
}

/** Replaces spans, which do not overlap; offsets are those of the text given. */
export function splice(text: string, edits: Edits): string {
  const sorted = [...edits].sort((a, b) => b.start - a.start);
  return sorted.reduce((now, { start, end, put }) => now.slice(0, start) + put + now.slice(end), text);
}

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

export type Edits = readonly Edit[];

export function insertion(at: number, put: string): Edit {
  return { start: at, end: at, put };
}
