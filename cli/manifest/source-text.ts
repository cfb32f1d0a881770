import type { Issue } from "../../schema/issues.ts";
import { printable } from "../../schema/names.ts";
import { codeFrame } from "./frame.ts";
import { distinct, MOST_ISSUES } from "./mistakes.ts";
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "./yaml.ts";

/** A YAML text that was parsed once: its plain value, its syntax mistakes, and where everything stands. */
export interface SourceText {
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** Locates a mistake at the value that a path of keys and indexes leads to, or at its key. */
  locate(path: readonly (string | number)[], part?: "key" | "value"): Located & { readonly kind: Kind };
  at(offset: number, length: number): Located;
}

export interface Located extends Pick<Issue, "line" | "column" | "frame"> {
  /** The scalar as it was written, quotes included; undefined for anything but a scalar, and where nothing is written. */
  readonly written?: string;
}

/** What a value is; `null` also where nothing is written behind a key. */
export type Kind = "scalar" | "null" | "map" | "seq" | "alias";

export function readSource(text: string): SourceText {
  const lines = new LineCounter();
  const at = (offset: number, length: number): Located => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const position = { line: Math.max(1, line), column: Math.max(1, col) };
    return { ...position, frame: codeFrame(lineOf(text, lines, position.line), position, length) };
  };
  const { documents, issues } = parse(text, lines, at);
  const [document] = documents;
  const root = document?.contents as Node | null | undefined;
  if (issues.length === 0) issues.push(...checkNodes(root, at));
  // What the aliases stand for was counted above.
  const value = issues.length > 0 ? undefined : document?.toJS({ maxAliasCount: -1 });
  return {
    value,
    issues,
    at,
    locate: (path, part = "value") => {
      const range = rangeOf(root, path, part);
      const written = range.kind === "scalar" ? text.slice(range.start, range.end) : undefined;
      return { ...at(range.start, range.end - range.start), kind: range.kind, written };
    },
  };
}

type At = SourceText["at"];

function parse(text: string, lines: LineCounter, at: At): { documents: readonly Parsed[]; issues: Issue[] } {
  try {
    // Duplicate keys are found by checkNodes: the parser compares every key with every other.
    const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false, version: "1.2" } as const;
    const parsed = parseAllDocuments(text, options);
    const documents = "empty" in parsed ? [] : parsed;
    const found = documents.flatMap((one) => [...one.errors, ...one.warnings]).slice(0, MOST_ISSUES);
    const tooDeep = found.find(({ message }) => message.includes("call stack"));
    const told = tooDeep === undefined ? found : [{ message: TOO_DEEP, pos: tooDeep.pos }];
    const issues = distinct(
      told.map(({ message, pos }) => mistake(plain(message), at(pos[0], pos[1] - pos[0]))),
    );
    const second = documents[1];
    if (second !== undefined)
      issues.push(mistake("several documents in one file: should be one", at(second.range[0], 3)));
    return { documents, issues };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { documents: [], issues: [mistake(TOO_DEEP, at(0, 1))] };
  }
}

type Parsed = Exclude<ReturnType<typeof parseAllDocuments>, { empty: true }>[number];

const DEEPEST = 100;
const TOO_DEEP = `nested too deep: should be at most ${DEEPEST} levels`;
/** Aliases written out, so that a small text cannot stand for more than a machine holds. */
const MOST_NODES = 1_000_000;

/** What the parser lets through: keys that stand twice, aliases of nothing, bombs. */
function checkNodes(root: Node | null | undefined, at: At): Issue[] {
  const issues: Issue[] = [];
  const sizes = new Map<string, number>();
  const report = (node: unknown, message: string) => {
    const { start, end } = rangeOfNode(node) ?? { start: 0, end: 1 };
    if (issues.length < MOST_ISSUES) issues.push(mistake(message, at(start, end - start)));
  };
  const sizeOf = (node: unknown, depth: number): number => {
    if (depth > DEEPEST) throw new TooDeep(node);
    if (isAlias(node)) {
      const size = sizes.get(node.source);
      if (size === undefined) report(node, `alias "*${printable(node.source)}" has no anchor before it`);
      return size ?? 0;
    }
    const size = 1 + sizeOfMembers(node, depth, { sizeOf, report });
    // Only now: an alias within its own anchor would have no end.
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      sizes.set(node.anchor, size);
    return size;
  };
  try {
    if (sizeOf(root, 0) > MOST_NODES)
      report(root, `stands for more than ${MOST_NODES} values: should be fewer`);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    report(error.node, TOO_DEEP);
  }
  return issues;
}

class TooDeep extends Error {
  readonly node: unknown;
  constructor(node: unknown) {
    super(TOO_DEEP);
    this.node = node;
  }
}

function sizeOfMembers(
  node: unknown,
  depth: number,
  {
    sizeOf,
    report,
  }: { sizeOf: (node: unknown, depth: number) => number; report: (node: unknown, message: string) => void },
): number {
  if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + sizeOf(item, depth + 1), 0);
  if (!isMap(node)) return 0;
  const keys = new Set<string>();
  let sum = 0;
  for (const { key, value } of node.items) {
    const name = keyName(key);
    if (name === undefined) report(key, "a key should be a text");
    else if (keys.has(name)) report(key, `key "${printable(name)}" stands twice: should stand once`);
    else keys.add(name);
    sum += 1 + sizeOf(value, depth + 1);
  }
  return sum;
}

/** undefined where it is none: a list, a mapping, or the bytes of a `!!binary`. */
function keyName(key: unknown): string | undefined {
  return isScalar(key) && (key.value === null || typeof key.value !== "object")
    ? String(key.value)
    : undefined;
}

function mistake(message: string, { line, column, frame }: Located): Issue {
  return { severity: "error", message, line, column, frame };
}

/** Without its end; `line` is 1-based. */
function lineOf(text: string, { lineStarts }: LineCounter, line: number): string {
  const start = lineStarts[line - 1] ?? 0;
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
}

/** yaml's messages are one sentence, some with a full stop, and may quote the text. */
function plain(message: string): string {
  const [first = ""] = message.replace(/^\w*Error: /, "").split("\n");
  return printable(first.replace(/\.$/, ""));
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
}

function rangeOf(
  root: Node | null | undefined,
  path: readonly (string | number)[],
  part: "key" | "value",
): Range {
  let node: unknown = root;
  let found = rangeOfNode(node) ?? { start: 0, end: 1, kind: "null" };
  for (const [depth, step] of path.entries()) {
    const pair = child(node, step);
    const wantKey = part === "key" && depth === path.length - 1;
    found = rangeOfNode(wantKey ? pair.key : pair.value) ?? found;
    // Nothing is written behind the key: the key is what there is to point at.
    if (found.kind === "null" && found.start === found.end)
      found = { ...(rangeOfNode(pair.key) ?? found), kind: "null" };
    node = pair.value;
  }
  return found;
}

function child(node: unknown, step: string | number): { key?: unknown; value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(step)] };
  if (!isMap(node)) return {};
  const pair = node.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
  );
  return pair === undefined ? {} : { key: pair.key, value: pair.value };
}

function rangeOfNode(node: unknown): Range | undefined {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
  const range = node.range;
  if (range === undefined || range === null) return undefined;
  return { start: range[0], end: range[1], kind: kindOf(node) };
}

function kindOf(node: unknown): Kind {
  if (isMap(node)) return "map";
  if (isSeq(node)) return "seq";
  if (isAlias(node)) return "alias";
  return isScalar(node) && node.value !== null ? "scalar" : "null";
}
