import { Uncountable } from "./stream.ts";

const [TAB, LF, CR, BLANK, QUOTE, NUL] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x00];

/**
 * Lines that are not blank. Each must look like one JSON value, by its first and last sign: what is spread over several lines is no
 * JSON lines, whatever its name. https://jsonlines.org
 */
export async function countLines(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let rows = 0;
  let [first, last] = [0, 0];
  const endLine = () => {
    if (first === 0) return;
    const closing = CLOSING.get(first);
    if (closing !== undefined && closing !== last)
      throw new Uncountable(`row ${rows + 1} is no JSON value on one line`);
    rows += 1;
    first = 0;
  };
  for await (const chunk of text(bytes)) {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(LF, at);
      const stop = end < 0 ? chunk.length : end;
      const [from, to] = [skipBlanks(chunk, at, stop), skipBlanksBack(chunk, at, stop)];
      if (from < stop) {
        if (first === 0) first = chunk[from] as number;
        last = chunk[to] as number;
      }
      if (end >= 0) endLine();
      at = stop + 1;
    }
  }
  endLine();
  return rows;
}

/** What a JSON value that begins so ends with. */
const CLOSING: ReadonlyMap<number, number> = new Map(
  ["{}", "[]", '""'].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

function isBlank(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB || byte === CR;
}

function skipBlanks(chunk: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(chunk[at])) at += 1;
  return at;
}

function skipBlanksBack(chunk: Uint8Array, from: number, to: number): number {
  let at = to - 1;
  while (at > from && isBlank(chunk[at])) at -= 1;
  return at;
}

/** Where a reader of CSV stands. */
const [START, PLAIN, QUOTED, CLOSED] = [0, 1, 2, 3];

/**
 * Records without the first, which names the columns; empty lines are none. A quoted field may hold line ends, and a quote as two; in
 * the middle of a field a quote is a sign like any other. https://www.rfc-editor.org/rfc/rfc4180
 */
export async function countRecords(
  bytes: AsyncIterable<Uint8Array>,
  separator: string | undefined,
): Promise<number> {
  let records = 0;
  let state = START;
  /** The record has something in it. */
  let begun = false;
  let afterReturn = false;
  let between = separator?.charCodeAt(0);
  for await (const chunk of text(bytes)) {
    between ??= separatorIn(chunk.subarray(0, HEAD));
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (state === QUOTED) {
        if (byte === QUOTE) state = CLOSED;
      } else if (byte === LF || byte === CR) {
        if (byte === LF && afterReturn) {
          afterReturn = false;
          continue;
        }
        if (begun) records += 1;
        begun = false;
        state = START;
        afterReturn = byte === CR;
        continue;
      } else if (byte === between) {
        begun = true;
        state = START;
      } else if (byte === QUOTE && (state === START || state === CLOSED)) {
        begun = true;
        state = QUOTED;
      } else {
        begun = true;
        state = PLAIN;
      }
      afterReturn = false;
    }
  }
  if (state === QUOTED) throw new Uncountable(`a quote of record ${records + 1} is never closed`);
  if (begun) records += 1;
  return Math.max(0, records - 1);
}

const SEPARATORS = [",", "\t", ";", "|"].map((sign) => sign.charCodeAt(0));

/** bytes: a longer first line is looked at so far. */
const HEAD = 64 * 1024;

/** The first of these that stands outside of quotes in the first line; of what has one column, a comma. */
function separatorIn(chunk: Uint8Array): number {
  const found = new Set<number>();
  let [quoted, begun] = [false, false];
  for (const byte of chunk) {
    const isEnd = byte === LF || byte === CR;
    if (isEnd && begun && !quoted) break;
    begun ||= !isEnd;
    if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && SEPARATORS.includes(byte)) found.add(byte);
  }
  return SEPARATORS.find((sign) => found.has(sign)) ?? (SEPARATORS[0] as number);
}

/** Without the mark that some write before UTF-8. What is no text has a zero byte sooner or later. */
async function* text(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of headFirst(bytes)) {
    const zero = chunk.indexOf(NUL);
    if (zero >= 0) throw new Uncountable(`it is no text in UTF-8: byte ${position + zero} is 0`);
    const marked = position === 0 && MARK.every((byte, at) => chunk[at] === byte);
    position += chunk.length;
    yield marked ? chunk.subarray(MARK.length) : chunk;
  }
}

/** The same, with all that is looked at as a head in the first of them, however small they come. */
async function* headFirst(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    if (size >= HEAD) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    size += chunk.length;
    if (size >= HEAD) yield Buffer.concat(held);
  }
  if (size < HEAD) yield Buffer.concat(held);
}

const MARK = [0xef, 0xbb, 0xbf];
