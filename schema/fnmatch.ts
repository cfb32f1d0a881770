// The dialect of `hf download --include`: Python's fnmatch (https://docs.python.org/3/library/fnmatch.html). `*`, `?`
// and classes cross `/`, there are no braces and no escapes, and case counts.

/** One step of a pattern; `*` never stands beside another. */
export type FnmatchToken =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly CodeRange[] };

/** Code points, both ends included. */
export interface CodeRange {
  readonly from: number;
  readonly to: number;
}

/** Whether a whole path matches. Goes back to the last `*` at most, so no pattern takes more than length times length. */
export function compileFnmatch(pattern: string): (path: string) => boolean {
  const tokens = parseFnmatch(pattern);
  // A list of names may be long, and most paths are told by their ends.
  const first = tokens.findIndex(({ kind }) => kind !== "literal");
  if (first < 0) return (path) => path === pattern;
  const last = tokens.findLastIndex(({ kind }) => kind !== "literal");
  const [start, end] = [textOf(tokens.slice(0, first)), textOf(tokens.slice(last + 1))];
  return (path) => path.startsWith(start) && path.endsWith(end) && matches(tokens, [...path]);
}

function textOf(literals: readonly FnmatchToken[]): string {
  return literals.map((token) => (token.kind === "literal" ? token.text : "")).join("");
}

/** What `hf` makes of a pattern before it compares: `\` is a separator, and `dir/` means `dir/*`. */
export function hfPattern(written: string): string {
  const pattern = written.replaceAll("\\", "/");
  return pattern.endsWith("/") ? `${pattern}*` : pattern;
}

export function parseFnmatch(pattern: string): readonly FnmatchToken[] {
  const characters = [...pattern];
  const tokens: FnmatchToken[] = [];
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] as string;
    const end = character === "[" ? classEnd(characters, at + 1) : undefined;
    if (end !== undefined) tokens.push(classOf(characters.slice(at + 1, end)));
    else if (character === "?") tokens.push({ kind: "any" });
    else if (character !== "*") tokens.push({ kind: "literal", text: character });
    else if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
    at = (end ?? at) + 1;
  }
  return tokens;
}

/** Where the `]` stands that ends a class; one that comes first belongs to it. undefined: `[` is a character. */
function classEnd(characters: readonly string[], start: number): number | undefined {
  let at = start;
  if (characters[at] === "!") at += 1;
  const end = characters.indexOf("]", at + 1);
  return end < 0 ? undefined : end;
}

/** A range that runs backwards holds nothing; a `-` at either end is itself. */
function classOf(inside: readonly string[]): FnmatchToken {
  const negated = inside[0] === "!";
  const ranges: CodeRange[] = [];
  let at = negated ? 1 : 0;
  while (at < inside.length) {
    const from = codeOf(inside[at]);
    const isRange = inside[at + 1] === "-" && at + 2 < inside.length;
    const to = isRange ? codeOf(inside[at + 2]) : from;
    if (from <= to) ranges.push({ from, to });
    at += isRange ? 3 : 1;
  }
  return { kind: "class", negated, ranges };
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

function matches(tokens: readonly FnmatchToken[], path: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star: { token: number; at: number } | undefined;
  while (at < path.length) {
    const here = tokens[token];
    if (here?.kind === "star") {
      star = { token, at };
      token += 1;
    } else if (here !== undefined && takes(here, path[at] as string)) {
      token += 1;
      at += 1;
    } else if (star !== undefined) {
      star.at += 1;
      at = star.at;
      token = star.token + 1;
    } else return false;
  }
  return token === tokens.length || (token === tokens.length - 1 && tokens[token]?.kind === "star");
}

function takes(token: Exclude<FnmatchToken, { kind: "star" }>, character: string): boolean {
  if (token.kind === "any") return true;
  if (token.kind === "literal") return token.text === character;
  const code = codeOf(character);
  return token.ranges.some(({ from, to }) => from <= code && code <= to) !== token.negated;
}
