import type { Issue } from "../../schema/issues.ts";
import { codeFrame } from "./frame.ts";
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
  locate(path: readonly (string | number)[], part?: "key" | "value"): Located;
  at(offset: number, length: number): Located;
}

export interface Located extends Pick<Issue, "line" | "column" | "frame"> {
  /** The scalar as it was written, quotes included; undefined for anything but a scalar. */
  readonly written?: string;
}

export function readSource(text: string): SourceText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    version: "1.2",
  });
  const list = "empty" in documents ? [] : documents;
  const [document] = list;
  const at = (offset: number, length: number): Located => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const position = { line: Math.max(1, line), column: Math.max(1, col) };
    return { ...position, frame: codeFrame(text, position, length) };
  };
  const issues = list.flatMap((one) =>
    one.errors.map(
      ({ message, pos }): Issue => ({
        severity: "error",
        message: plain(message),
        ...at(pos[0], pos[1] - pos[0]),
      }),
    ),
  );
  if (list.length > 1)
    issues.push({
      severity: "error",
      message: "several documents in one file: should be one",
      ...at(list[1]?.range[0] ?? 0, 3),
    });
  const root = document?.contents as Node | null | undefined;
  const value = issues.length > 0 ? undefined : toValue(document, issues);
  return {
    value,
    issues,
    at,
    locate: (path, part = "value") => {
      const range = rangeOf(root, path, part);
      const written = range.scalar ? text.slice(range.start, range.end) : undefined;
      return { ...at(range.start, range.end - range.start), written };
    },
  };
}

/** Bounded: each alias may stand for few nodes, so that a small text cannot grow without end. */
function toValue(
  document: ReturnType<typeof parseAllDocuments>[number] | undefined,
  issues: Issue[],
): unknown {
  try {
    return document?.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message =
      error instanceof ReferenceError && error.message.startsWith("Excessive alias")
        ? "too many aliases: write the values out"
        : plain(String(error));
    issues.push({ severity: "error", message });
    return undefined;
  }
}

/** yaml's messages are one sentence, some with a full stop. */
function plain(message: string): string {
  return (
    message
      .replace(/^\w*Error: /, "")
      .split("\n")[0]
      ?.replace(/\.$/, "") ?? ""
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly scalar: boolean;
}

function rangeOf(
  root: Node | null | undefined,
  path: readonly (string | number)[],
  part: "key" | "value",
): Range {
  let node: unknown = root;
  let found = rangeOfNode(node) ?? { start: 0, end: 1, scalar: false };
  for (const [depth, step] of path.entries()) {
    const pair = child(node, step);
    const wantKey = part === "key" && depth === path.length - 1;
    found = rangeOfNode(wantKey ? pair.key : pair.value) ?? rangeOfNode(pair.key) ?? found;
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
  return { start: range[0], end: Math.max(range[1], range[0] + 1), scalar: isScalar(node) };
}
