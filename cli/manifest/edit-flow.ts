import { type Edit, type Edits, insertion, lineAt, lineStart, nextLine } from "./text.ts";
import type { CST, Node, Pair, YAMLMap } from "./yaml.ts";

// A mapping in flow style, on one line or with its entries on lines of their own:
//
//   sources: { a: { repo: o/a }, b: { repo: o/b } }
//   sources: {
//     a: { repo: o/a }, # a
//     b: { repo: o/b },
//   }

/** Puts `pair`, as `name: value`, behind the last entry. */
export function appendPair(
  text: string,
  map: YAMLMap,
  { pair, eol, padded }: { pair: string; eol: string; padded: boolean },
): Edits {
  const { open, close, trailing } = partsOf(map);
  const last = map.items.at(-1) as Pair<Node, Node | null> | undefined;
  const pad = padded ? " " : "";
  if (last === undefined) {
    const inside = text.slice(open + 1, close);
    return [insertion(open + 1, `${pad}${pair}${inside === "" ? pad : ""}`)];
  }
  const end = endOf(last);
  if (!hasOwnLine(text, last)) {
    return trailing === undefined ? [insertion(end, `, ${pair}`)] : [insertion(trailing + 1, ` ${pair},`)];
  }
  const indent = /^\s*/.exec(lineAt(text, lineStart(text, startOf(last))))?.[0] ?? "";
  const behind = nextLine(text, trailing ?? end);
  if (close < behind) return [insertion(end, `,${eol}${indent}${pair}`)];
  if (trailing !== undefined) return [insertion(behind, `${indent}${pair},${eol}`)];
  return [insertion(end, ","), insertion(behind, `${indent}${pair}${eol}`)];
}

/** Takes an entry out, with one comma. */
export function cutPair(text: string, map: YAMLMap, entry: Pair<Node, Node | null>): Edits {
  const { open, close, commas, trailing } = partsOf(map);
  const items = map.items as Pair<Node, Node | null>[];
  const index = items.indexOf(entry);
  const own = commas.find(
    (comma) => comma >= endOf(entry) && comma < startOf(items[index + 1]) && comma < close,
  );
  const before = commas.findLast((comma) => comma < startOf(entry));
  if (
    items.length === 1 &&
    /^[\s,]*$/.test(text.slice(open + 1, startOf(entry)) + text.slice(endOf(entry), close))
  )
    return [{ start: open + 1, end: close, put: "" }];
  const end = own === undefined ? endOf(entry) : own + 1;
  const lines = ownLines(text, entry, { end, close });
  const isLast = index === items.length - 1;
  // Without a comma at the end there, the one before has nothing to divide any more.
  const comma =
    isLast && trailing === undefined && before !== undefined
      ? [{ start: before, end: before + 1, put: "" }]
      : [];
  if (lines !== undefined) return [...comma, lines];
  if (!isLast) return [{ start: startOf(entry), end: startOf(items[index + 1]), put: "" }];
  const start = comma.length > 0 ? (before ?? 0) : before === undefined ? startOf(entry) : before + 1;
  return [{ start, end, put: "" }];
}

/** The whole lines of an entry and of the comments directly above it; undefined where it shares them with others. */
function ownLines(
  text: string,
  entry: Pair<Node, Node | null>,
  { end, close }: { end: number; close: number },
): Edit | undefined {
  const behind = nextLine(text, end);
  const rest = text.slice(end, behind).trim();
  if (!hasOwnLine(text, entry) || close < behind || (rest !== "" && !rest.startsWith("#"))) return undefined;
  let start = lineStart(text, startOf(entry));
  const indent = text.slice(start, startOf(entry));
  while (start > 0 && lineAt(text, lineStart(text, start - 1)).startsWith(`${indent}#`))
    start = lineStart(text, start - 1);
  return { start, end: behind, put: "" };
}

function hasOwnLine(text: string, entry: Pair<Node, Node | null>): boolean {
  const start = lineStart(text, startOf(entry));
  return start > 0 && text.slice(start, startOf(entry)).trim() === "";
}

interface Parts {
  /** Of the braces. */
  readonly open: number;
  readonly close: number;
  readonly commas: readonly number[];
  /** A comma behind the last entry. */
  readonly trailing: number | undefined;
}

function partsOf(map: YAMLMap): Parts {
  const token = map.srcToken as CST.FlowCollection;
  const commas = token.items.flatMap(({ start }) =>
    start.filter(({ type }) => type === "comma").map(({ offset }) => offset),
  );
  const lastEnd = map.items.length === 0 ? undefined : endOf(map.items.at(-1) as Pair<Node, Node | null>);
  return {
    open: token.offset,
    close: token.end.find(({ type }) => type === "flow-map-end")?.offset ?? token.offset,
    commas,
    trailing: commas.find((comma) => lastEnd !== undefined && comma >= lastEnd),
  };
}

function startOf(entry: Pair<Node, Node | null> | undefined): number {
  return entry?.key.range?.[0] ?? Number.POSITIVE_INFINITY;
}

function endOf({ key, value }: Pair<Node, Node | null>): number {
  return value?.range?.[1] ?? key.range?.[1] ?? 0;
}
