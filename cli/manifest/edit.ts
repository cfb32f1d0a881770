import { type CanonicalValue, canonicalJson } from "../../schema/canonical.ts";
import { appendLines, cutLines, putBelow } from "./edit-block.ts";
import { appendPair, cutPair } from "./edit-flow.ts";
import { blockLines, braced, flowPair, type Stanza, type Style } from "./stanza.ts";
import { styleOf } from "./style.ts";
import { type Edits, insertion, splice } from "./text.ts";
import {
  type Document,
  isMap,
  isScalar,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "./yaml.ts";

// What is written stays as it is, byte by byte: the tree says where, and the text is cut there.

export type Edited =
  | { readonly kind: "ok"; readonly text: string }
  /** Nothing could be cut without touching something else. */
  | { readonly kind: "refused"; readonly why: string };

export interface NewSource {
  readonly name: string;
  readonly stanza: Stanza;
  /** Lines above it, without `#`. */
  readonly comment: readonly string[];
}

/** Adds a source behind the others, in their style. `text` is YAML without a mistake and has no such source. */
export function addSource(text: string, source: NewSource): Edited {
  const document = parse(text);
  const root = document.contents;
  if (!isMap(root)) return { kind: "refused", why: "it is no mapping" };
  const edits = additions(text, { root: root as YAMLMap, style: styleOf(text, document), source });
  if (edits === undefined) return refused(root as YAMLMap);
  const wanted = plainOf(document);
  wanted.sources = { ...wanted.sources, [source.name]: source.stanza };
  return firstSound(text, edits, wanted);
}

/** The same with an empty `sources` where there is none, so that nothing else is wrong with it; a text that is no mapping stays. */
export function withSources(text: string): string {
  const parsed = parseAllDocuments(text, OPTIONS);
  const [document] = "empty" in parsed ? [] : parsed;
  const root = document?.contents;
  if (document === undefined || document.errors.length > 0 || !isMap(root) || root.items.length === 0)
    return text;
  if (pairOf(root as YAMLMap, "sources") !== undefined) return text;
  const { eol, paddedMaps: padded, json } = styleOf(text, document);
  const pair = json ? '"sources": {}' : "sources: {}";
  if (root.flow) return splice(text, appendPair(text, root, { pair, eol, padded }));
  return splice(text, appendLines(text, root, { lines: [pair], eol })[0] ?? []);
}

interface Addition {
  readonly root: YAMLMap;
  readonly style: Style;
  readonly source: NewSource;
}

function additions(text: string, { root, style, source }: Addition): readonly Edits[] | undefined {
  const { name, stanza, comment } = source;
  const found = pairOf(root, "sources");
  const { eol, step } = style;
  const pair = flowPair(name, stanza, style);
  if (found === undefined) {
    const whole = `${style.json ? '"sources"' : "sources"}: ${braced(pair, style)}`;
    if (root.flow) return [appendPair(text, root, { pair: whole, eol, padded: style.paddedMaps })];
    const lines = sourceLines(source, style).map((line) => " ".repeat(step) + line);
    return appendLines(text, root, { lines: ["sources:", ...lines], eol });
  }
  const { value } = found;
  if (isMap(value) && value.flow) return [appendPair(text, value, { pair, eol, padded: style.paddedMaps })];
  if (isMap(value)) {
    const lines = isFlow(value.items.at(-1)?.value)
      ? [...commentLines(comment), pair]
      : sourceLines(source, style);
    return appendLines(text, value, { lines, eol });
  }
  if (!isScalar(value) || value.value !== null) return undefined;
  if (root.flow) return [[insertion(value.range?.[0] ?? 0, ` ${braced(pair, style)}`)]];
  return putBelow(text, found, { lines: sourceLines(source, style), eol, step });
}

function sourceLines({ name, stanza, comment }: NewSource, style: Style): readonly string[] {
  return [...commentLines(comment), ...blockLines(name, stanza, style)];
}

function commentLines(comment: readonly string[]): readonly string[] {
  return comment.map((line) => `# ${line}`);
}

function isFlow(value: unknown): boolean {
  return isMap(value) && value.flow === true;
}

/** Takes a source out, with its own comments and no other's. `text` is YAML without a mistake and has that source. */
export function removeSource(text: string, name: string): Edited {
  const document = parse(text);
  const root = document.contents as YAMLMap;
  const sources = pairOf(root, "sources")?.value;
  const entry = isMap(sources) ? pairOf(sources as YAMLMap, name) : undefined;
  if (entry === undefined) return refused(root);
  const map = sources as YAMLMap;
  const edits = map.flow ? [cutPair(text, map, entry)] : cutLines(text, map, entry);
  const wanted = plainOf(document);
  const { [name]: _, ...rest } = wanted.sources ?? {};
  wanted.sources = rest;
  return firstSound(text, edits, wanted);
}

type Value = Record<string, unknown> & { sources?: Record<string, unknown> | null };

const OPTIONS = { keepSourceTokens: true, uniqueKeys: false, version: "1.2" } as const;

function parse(text: string): Document.Parsed {
  const parsed = parseAllDocuments(text, OPTIONS);
  const [document] = "empty" in parsed ? [] : parsed;
  if (document === undefined) throw new TypeError("a text without a document was to be edited");
  return document;
}

function plainOf(document: Document.Parsed): Value {
  return document.toJS({ maxAliasCount: -1 });
}

function pairOf(map: YAMLMap, name: string): Pair<Node, Node | null> | undefined {
  return (map.items as Pair<Node, Node | null>[]).find(
    ({ key }) => isScalar(key) && String(key.value) === name,
  );
}

function firstSound(text: string, edits: readonly Edits[], wanted: Value): Edited {
  const found = edits.map((each) => splice(text, each)).find((edited) => isSound(edited, wanted));
  const why = "it is written in a way that leaves no room for it";
  return found === undefined ? { kind: "refused", why } : { kind: "ok", text: found };
}

/** The proof: read back, nothing but that one source differs. */
function isSound(text: string, wanted: Value): boolean {
  try {
    const document = parse(text);
    return document.errors.length === 0 && comparable(plainOf(document)) === comparable(wanted);
  } catch {
    // As where an alias lost what it stands for.
    return false;
  }
}

/** No source is no source, however that is written. */
function comparable(value: Value): string {
  return canonicalJson({ ...value, sources: value.sources ?? {} } as CanonicalValue);
}

function refused(root: YAMLMap): Edited {
  const value = pairOf(root, "sources")?.value;
  return {
    kind: "refused",
    why: value === undefined ? 'it has no "sources"' : '"sources" is no mapping written out there',
  };
}
