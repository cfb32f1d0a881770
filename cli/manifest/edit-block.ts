import { type Edit, type Edits, insertion, lineAt, lineStart, nextLine } from "./text.ts";
import { isMap, isSeq, type Node, type Pair, type YAMLMap } from "./yaml.ts";

// A mapping in block style is edited by whole lines. Which comments belong to an entry:
//
//   sources:
//
//     # Not to b: a blank line is between.
//
//     # To b: directly above, and indented as its key.
//     b:
//       repo: o/b
//       # To b: indented deeper than its key.
//     # To nobody, or to what comes next.

/**
 * Puts blocks of lines, without their indent, behind the last entry; set apart as that one is, or not at all, since a
 * blank line may become part of a block scalar.
 */
export function appendBlocks(text: string, map: YAMLMap, { blocks, eol }: Blocks): readonly Edits[] {
  const last = map.items.at(-1) as Pair<Node, Node | null>;
  const indent = indentOf(text, last);
  const gap = map.items.length < 2 ? 0 : blankLinesAbove(text, map, last);
  const at = entryEnd(text, last);
  return [gap, 0].map((count) => {
    const above = Array<string>(count).fill("");
    return [putLines(text, at, { lines: [...above, ...indented(apart(blocks, gap), indent)], eol })];
  });
}

export interface Blocks {
  readonly blocks: readonly (readonly string[])[];
  readonly eol: string;
}

interface Lines {
  readonly lines: readonly string[];
  readonly eol: string;
}

/** All lines, with `gap` blank ones between blocks. */
export function apart(blocks: readonly (readonly string[])[], gap: number): readonly string[] {
  return blocks.flatMap((block, index) => (index === 0 ? block : [...Array<string>(gap).fill(""), ...block]));
}

/** Puts lines, without their indent, below a key that stands alone: `sources:`. */
export function putBelow(
  text: string,
  { key, value }: Pair<Node, Node | null>,
  { lines, eol, step }: Lines & { step: number },
): readonly Edits[] {
  const written = value?.range ?? [0, 0];
  // A `null` or `~` that was written out gives way.
  const blanks = /[ \t]*$/.exec(text.slice(0, written[0]))?.[0].length ?? 0;
  const gone = written[0] < written[1] ? [{ start: written[0] - blanks, end: written[1], put: "" }] : [];
  const keyEnd = Math.max(key.range?.[1] ?? 0, written[1]);
  const indent = indentOf(text, { key }) + " ".repeat(step);
  return [[...gone, putLines(text, nextLine(text, keyEnd), { lines: indented(lines, indent), eol })]];
}

function indented(lines: readonly string[], indent: string): readonly string[] {
  return lines.map((line) => (line === "" ? "" : indent + line));
}

/** A text that does not end its last line will not do so afterwards. */
function putLines(text: string, at: number, { lines, eol }: Lines): Edit {
  const body = lines.join(eol);
  const endsLine = at === 0 || text[at - 1] === "\n";
  return insertion(at, endsLine ? body + eol : eol + body);
}

/** Takes an entry out with its own comments, and with the blank lines that set it apart. */
export function cutLines(text: string, map: YAMLMap, entry: Pair<Node, Node | null>): readonly Edits[] {
  const isLast = map.items.at(-1) === entry;
  const isFirst = map.items[0] === entry;
  let start = ownStart(text, entry);
  let end = entryEnd(text, entry);
  const gap = blankLinesAbove(text, map, entry);
  const below = blankLinesBelow(text, end);
  if (gap > 0 && (isLast || below > 0)) start = linesUp(text, start, gap);
  else if (gap === 0 && isFirst && !isLast && below > 0) end = linesDown(text, end, below);
  const cut = [{ start, end, put: "" }];
  // Else blank lines below become part of a block scalar above.
  if (end < text.length || text.endsWith("\n"))
    return [cut, [{ start, end: linesDown(text, end, below), put: "" }]];
  // The line above ends the text now, as this one did: without a line break, unless that is part of a block scalar.
  const lineBreak = /\r?\n?$/.exec(text.slice(0, start))?.[0].length ?? 0;
  return [[{ start: start - lineBreak, end, put: "" }], cut];
}

/** Where the lines of an entry begin, those of the comments directly above it included. */
function ownStart(text: string, entry: Pick<Pair<Node, unknown>, "key">): number {
  const indent = indentOf(text, entry);
  let start = lineStart(text, entry.key.range?.[0] ?? 0);
  while (start > 0) {
    const above = lineStart(text, start - 1);
    if (!lineAt(text, above).startsWith(`${indent}#`)) return start;
    start = above;
  }
  return start;
}

/** Where the line behind an entry begins, behind the comments too that are indented deeper than its key. */
function entryEnd(text: string, entry: Pair<Node, Node | null>): number {
  const depth = indentOf(text, entry).length;
  let end = contentEnd(entry);
  // A block scalar ends with its line, or with the text.
  if (text[end - 1] !== "\n") end = nextLine(text, end);
  for (let at = end; at < text.length; at = nextLine(text, at)) {
    const line = lineAt(text, at);
    if (line.trim() === "") continue;
    if (!/^\s*#/.test(line) || line.indexOf("#") <= depth) break;
    end = nextLine(text, at);
  }
  return end;
}

/** Behind the last character that means something. */
function contentEnd({ key, value }: { key: Node; value: Node | null }): number {
  const ends = value?.range?.[1] ?? key.range?.[1] ?? 0;
  if (isSeq(value) && value.flow !== true) {
    const last = value.items.at(-1) as Node | null | undefined;
    return last ? contentEnd({ key: last, value: last }) : ends;
  }
  const last =
    isMap(value) && value.flow !== true
      ? (value.items.at(-1) as Pair<Node, Node | null> | undefined)
      : undefined;
  return last === undefined ? ends : contentEnd(last);
}

function indentOf(text: string, { key }: { key: Node }): string {
  return /^ */.exec(lineAt(text, lineStart(text, key.range?.[0] ?? 0)))?.[0] ?? "";
}

/** Between an entry and what is above it; those at the end of a block scalar may be part of it. */
function blankLinesAbove(text: string, map: YAMLMap, entry: Pair<Node, Node | null>): number {
  const before = map.items[map.items.indexOf(entry) - 1] as Pair<Node, Node | null> | undefined;
  const floor = before === undefined ? 0 : entryEnd(text, before);
  let count = 0;
  for (let start = ownStart(text, entry); start > floor; count++) {
    start = lineStart(text, start - 1);
    if (lineAt(text, start).trim() !== "") break;
  }
  return count;
}

function blankLinesBelow(text: string, at: number): number {
  let count = 0;
  for (let start = at; start < text.length && lineAt(text, start).trim() === ""; count++)
    start = nextLine(text, start);
  return count;
}

function linesUp(text: string, at: number, count: number): number {
  return count === 0 ? at : linesUp(text, lineStart(text, at - 1), count - 1);
}

function linesDown(text: string, at: number, count: number): number {
  return count === 0 ? at : linesDown(text, nextLine(text, at), count - 1);
}
