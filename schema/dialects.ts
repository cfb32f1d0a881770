import { type FnmatchToken, parseFnmatch } from "./fnmatch.ts";
import { compilePattern, escapePattern } from "./patterns.ts";

// Of fnmatch, as `hf` has it, into our own dialect:
//   *.parquet            *.parquet
//   data/*               data/**
//   data/*.parquet       data/**/*.parquet
//   config.json          /config.json
//   model-*.safetensors  /model-*.safetensors, else /model-{*,*/**/*}.safetensors

/**
 * Patterns of our own that may select what an fnmatch pattern does, the plainest first and the exact one last. Only a
 * listing shows whether a plain one selects the same files. Empty where there is none, as for a negated class.
 */
export function translateFnmatch(pattern: string): readonly string[] {
  const tokens = parseFnmatch(pattern);
  const candidates = [translate(tokens, false), translate(tokens, true)];
  return [...new Set(candidates)].filter(
    (one): one is string => one !== undefined && compilePattern(one).kind === "ok",
  );
}

/** `crosses`: a `*` within a name crosses folders too. A `?` never does here: nobody means the `/` by it. */
function translate(tokens: readonly FnmatchToken[], crosses: boolean): string | undefined {
  // No path of a repository begins or ends with "/", but a pattern of ours may.
  if (isSlash(tokens[0]) || isSlash(tokens.at(-1))) return undefined;
  const parts = tokens.map((token, index) => {
    if (token.kind === "star") return star(tokens[index - 1], tokens[index + 1], crosses);
    if (token.kind === "any") return "?";
    return token.kind === "literal" ? escapePattern(token.text) : alternatives(token);
  });
  if (parts.includes(undefined)) return undefined;
  return anchored(
    parts
      .join("")
      .replaceAll(/(?:\*\*\/)+/g, "**/")
      .replace(/\/\*\*\/\*\*/, "/**"),
  );
}

/** Our `*` stays in one segment and `**` is a segment of its own; what a `*` of fnmatch means depends on where it stands. */
function star(before: FnmatchToken | undefined, after: FnmatchToken | undefined, crosses: boolean): string {
  if (before === undefined || isSlash(before)) {
    if (after === undefined) return "**";
    return isSlash(after) ? "*/**" : "**/*";
  }
  if (!crosses) return "*";
  if (after === undefined) return "{*,*/**}";
  return isSlash(after) ? "*/**" : "{*,*/**/*}";
}

function isSlash(token: FnmatchToken | undefined): boolean {
  return token?.kind === "literal" && token.text === "/";
}

/** Without `/` a pattern of ours is compared with names at any depth; fnmatch always compares the whole path. */
function anchored(text: string): string {
  if (text === "**") return text;
  if (text.startsWith("**/") && !text.includes("/", 3)) return text.slice(3);
  return /^[^{]*\//.test(text) ? text : `/${text}`;
}

const MOST_ALTERNATIVES = 100;

/** `[0-9]` as it is, anything less plain as a list in braces; undefined for what no list can say. */
function alternatives({ negated, ranges }: FnmatchToken & { kind: "class" }): string | undefined {
  const size = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (negated || size === 0 || size > MOST_ALTERNATIVES) return undefined;
  const written = ranges.map(rangeText);
  if (written.every((one) => PLAIN_RANGE.test(one))) return `[${written.join("")}]`;
  const characters = ranges.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)),
  );
  const list = [...new Set(characters)].filter((one) => one !== "/").map(escapeInBraces);
  return list.length < 2 ? list[0] : `{${list.join(",")}}`;
}

const PLAIN_RANGE = /^(?:\w|[0-9]-[0-9]|[a-z]-[a-z]|[A-Z]-[A-Z])$/;

function rangeText({ from, to }: { readonly from: number; readonly to: number }): string {
  const [first, last] = [String.fromCodePoint(from), String.fromCodePoint(to)];
  return from === to ? first : `${first}-${last}`;
}

function escapeInBraces(character: string): string {
  return character === "," ? "\\," : escapePattern(character);
}
