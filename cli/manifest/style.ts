import type { Style } from "./stanza.ts";
import { lineStart } from "./text.ts";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
} from "./yaml.ts";

/** How a manifest is written, so that what is added looks like what is there. */
export function styleOf(text: string, document: Document.Parsed): Style {
  const seen = look(text, document);
  return {
    eol: /\r?\n/.exec(text)?.[0] ?? "\n",
    step: seen.step ?? 2,
    quote: seen.single > seen.double ? "'" : '"',
    json: /^\s*\{/.test(text) && isJson(text),
    paddedMaps: seen.paddedMaps ?? true,
    paddedLists: seen.paddedLists ?? false,
    lists: seen.lists ?? "flow",
    dash: seen.dash ?? seen.step ?? 2,
  };
}

interface Seen {
  step?: number;
  single: number;
  double: number;
  paddedMaps?: boolean;
  paddedLists?: boolean;
  lists?: Style["lists"];
  dash?: number;
}

/** Of lists and braces the last ones decide: what is added comes behind them. */
function look(text: string, document: Document.Parsed): Seen {
  const seen: Seen = { single: 0, double: 0 };
  visit(document, {
    Scalar: (_, { type }) => {
      if (type === "QUOTE_SINGLE") seen.single += 1;
      if (type === "QUOTE_DOUBLE") seen.double += 1;
    },
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || (!isMap(value) && !isSeq(value)) || value.items.length === 0) return;
      const padded = paddingOf(text, value);
      if (isMap(value) && value.flow) seen.paddedMaps = padded;
      else if (isSeq(value) && value.flow) seen.paddedLists = padded;
      if (isSeq(value) && value.flow) seen.lists = "flow";
      if (value.flow) return;
      const deeper = indentOf(text, value) - indentOf(text, key as Scalar);
      if (isMap(value)) seen.step ??= deeper;
      else [seen.lists, seen.dash] = ["block", deeper];
    },
  });
  return seen;
}

function paddingOf(text: string, { range }: Node): boolean {
  return /\s/.test(text[(range?.[0] ?? 0) + 1] ?? "");
}

function indentOf(text: string, { range }: Node | YAMLMap): number {
  const start = lineStart(text, range?.[0] ?? 0);
  return (/^ */.exec(text.slice(start, range?.[0] ?? 0))?.[0] ?? "").length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
