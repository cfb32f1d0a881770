export type Flaw =
  /** An object member that stands twice, which JSON.parse hides by keeping the last. */
  | { readonly kind: "duplicate"; readonly key: string; readonly line: number }
  /** Nested so deep that whatever walks the value by recursion would run out of stack. */
  | { readonly kind: "deep"; readonly line: number };

const DEEPEST = 100;

/** What is wrong with a JSON text that JSON.parse took. Linear, and without building anything but the keys of open objects. */
export function firstFlaw(text: string): Flaw | undefined {
  const open: (Set<string> | undefined)[] = [];
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case BRACE_OPEN:
        open.push(new Set());
        if (open.length > DEEPEST) return { kind: "deep", line: lineAt(text, at) };
        expectKey = true;
        break;
      case BRACKET_OPEN:
        open.push(undefined);
        if (open.length > DEEPEST) return { kind: "deep", line: lineAt(text, at) };
        expectKey = false;
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        open.pop();
        expectKey = false;
        break;
      case COMMA:
        expectKey = open.at(-1) !== undefined;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        if (expectKey) {
          const key = JSON.parse(text.slice(at, end)) as string;
          const keys = open.at(-1) as Set<string>;
          if (keys.has(key)) return { kind: "duplicate", key, line: lineAt(text, at) };
          keys.add(key);
          expectKey = false;
        }
        at = end - 1;
        break;
      }
    }
  }
  return undefined;
}

/** 1-based. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Offset behind the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  return text.length;
}
