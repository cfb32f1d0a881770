import { type CanonicalValue, canonicalJson } from "../../schema/canonical.ts";
import { apart, appendBlocks, cutLines, putBelow } from "./edit-block.ts";
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
  return addSources(text, [source]);
}

export function addSources(text: string, sources: readonly NewSource[]): Edited {
  const document = parse(text);
  const root = document.contents;
  if (!isMap(root)) return { kind: "refused", why: "it is no mapping" };
  const edits = additions(text, { root: root as YAMLMap, style: styleOf(text, document), sources });
  if (edits === undefined) return refused(root as YAMLMap);
  const wanted = plainOf(document);
  const added = sources.map(({ name, stanza }) => [name, stanza] as const);
  wanted.sources = { ...wanted.sources, ...Object.fromEntries(added) };
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
  return splice(text, appendBlocks(text, root, { blocks: [[pair]], eol })[0] ?? []);
}

interface Addition {
  readonly root: YAMLMap;
  readonly style: Style;
  readonly sources: readonly NewSource[];
}

function additions(text: string, { root, style, sources }: Addition): readonly Edits[] | undefined {
  const found = pairOf(root, "sources");
  const { eol, step, paddedMaps: padded } = style;
  const pair = sources.map(({ name, stanza }) => flowPair(name, stanza, style)).join(", ");
  const blocks = sources.map((source) => [
    ...commentLines(source),
    ...blockLines(source.name, source.stanza, style),
  ]);
  // Comments set stanzas apart from each other badly.
  const gap = sources.some(({ comment }) => comment.length > 0) ? 1 : 0;
  if (found === undefined) {
    const whole = `${style.json ? '"sources"' : "sources"}: ${braced(pair, style)}`;
    if (root.flow) return [appendPair(text, root, { pair: whole, eol, padded })];
    const lines = apart(blocks, gap).map((line) => (line === "" ? "" : " ".repeat(step) + line));
    return appendBlocks(text, root, { blocks: [["sources:", ...lines]], eol });
  }
  const { value } = found;
  if (isMap(value) && value.flow) return [appendPair(text, value, { pair, eol, padded })];
  if (isMap(value)) {
    const inFlow = sources.map((source) => [
      ...commentLines(source),
      flowPair(source.name, source.stanza, style),
    ]);
    return appendBlocks(text, value, { blocks: isFlow(value.items.at(-1)?.value) ? inFlow : blocks, eol });
  }
  if (!isScalar(value) || value.value !== null) return undefined;
  if (root.flow) return [[insertion(value.range?.[0] ?? 0, ` ${braced(pair, style)}`)]];
  return putBelow(text, found, { lines: apart(blocks, gap), eol, step });
}

function commentLines({ comment }: NewSource): readonly string[] {
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
