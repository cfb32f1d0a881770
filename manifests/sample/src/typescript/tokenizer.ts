export type Token = { readonly kind: "number" | "name" | "operator"; readonly text: string; readonly at: number };

const RULES: readonly (readonly [Token["kind"], RegExp])[] = [
  ["number", /\d+(?:\.\d+)?/y],
  ["name", /[A-Za-z_]\w*/y],
  ["operator", /[-+*/()=]/y],
];

/** Splits an arithmetic expression; throws at the first character that fits no rule. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? "")) {
      at += 1;
      continue;
    }
    const token = RULES.map(([kind, rule]) => match(kind, rule, text, at)).find((found) => found !== undefined);
    if (token === undefined) throw new SyntaxError(`unexpected "${text[at]}" at ${at}`);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function match(kind: Token["kind"], rule: RegExp, text: string, at: number): Token | undefined {
  rule.lastIndex = at;
  const found = rule.exec(text);
  return found === null ? undefined : { kind, text: found[0], at };
}
