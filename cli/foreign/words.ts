/** One word of a shell's line, before anything in it is replaced. */
export interface Word {
  readonly parts: readonly Part[];
  /** 1-based, where it begins. */
  readonly line: number;
}

export type Part =
  /** `quoted`: neither split nor expanded any further. */
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  /** `$NAME`, `${NAME:-word}`, `${NAME[@]}` */
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly index: string | undefined;
      readonly fallback: Word | undefined;
      // ${NAME##*/}, ${NAME//a/b}: what is done to its text.
      readonly edit: TextEdit | undefined;
      readonly quoted: boolean;
      readonly source: string;
    }
  /** `$(…)`: what the commands in it print; undefined where nothing but a shell could tell, as for `$((…))`. */
  | {
      readonly kind: "substitution";
      readonly tokens: readonly Token[] | undefined;
      readonly quoted: boolean;
      readonly source: string;
    };

export interface TextEdit {
  readonly operator: "#" | "##" | "%" | "%%" | "/" | "//";
  /** In the dialect of fnmatch for `#` and `%`, a plain text for `/`. */
  readonly pattern: string;
  readonly by: string;
}

export type Token =
  | { readonly kind: "word"; readonly word: Word }
  /** `NAME=(a b)` and `NAME+=(a b)` */
  | {
      readonly kind: "array";
      readonly name: string;
      readonly append: boolean;
      readonly words: readonly Word[];
      readonly line: number;
    }
  /** A line's end is `\n`. */
  | { readonly kind: "operator"; readonly text: string; readonly line: number };

export interface Lexed {
  readonly tokens: readonly Token[];
  /** Where the text stopped making sense; the tokens are those before. */
  readonly broken: { readonly line: number; readonly why: string } | undefined;
}

/** Cuts a shell script into words and operators. Redirections, heredocs and comments are left out. `line`: of its first. */
export function lexShell(text: string, line = 1): Lexed {
  const lexer = new Lexer(text.replaceAll("\r\n", "\n"), line);
  try {
    return { tokens: lexer.tokens(undefined), broken: undefined };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { tokens: wholeCommands(lexer.read), broken: { line: error.line, why: error.message } };
  }
}

/** The command that breaks off would be run with half of its words. */
function wholeCommands(tokens: readonly Token[]): readonly Token[] {
  return tokens.slice(0, tokens.findLastIndex(({ kind }) => kind === "operator") + 1);
}

class Broken extends Error {
  readonly line: number;
  constructor(line: number, why: string) {
    super(why);
    this.line = line;
  }
}

const DEEPEST = 50;
const MOST_PARTS = 10_000;
const OPERATORS = [";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")"];

/** A place in a text that moves on; quotes and substitutions nest, so it is handed from one reader to the next. */
class Lexer {
  /** Those of the outermost level, as far as it got. */
  readonly read: Token[] = [];
  private at = 0;
  private line: number;
  private depth = 0;
  private readonly text: string;
  /** Heredocs whose text begins behind the next line's end. */
  private pending: { end: string; tabs: boolean }[] = [];

  constructor(text: string, line: number) {
    this.text = text;
    this.line = line;
  }

  /** Up to the parenthesis that closes a substitution, or the end. */
  tokens(close: ")" | undefined): readonly Token[] {
    const tokens: Token[] = this.depth === 0 ? this.read : [];
    if (this.depth >= DEEPEST) throw this.broken("it is nested too deep");
    this.depth += 1;
    const { line } = this;
    let open = 0;
    for (;;) {
      this.skipBlanks();
      if (this.at >= this.text.length) {
        if (close !== undefined) throw new Broken(line, "$( is not closed");
        break;
      }
      if (close !== undefined && this.here(")") && open === 0) break;
      const operator = this.operator();
      if (operator !== undefined) {
        if (operator.text === "(") open += 1;
        // `pattern)` of a case closes nothing.
        if (operator.text === ")") open = Math.max(0, open - 1);
        tokens.push(operator);
      } else if (!this.redirection()) tokens.push(...this.wordOrArray());
    }
    this.depth -= 1;
    return tokens;
  }

  private broken(why: string): Broken {
    return new Broken(this.line, why);
  }

  /** What a sticky expression finds here. */
  private match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    return expression.exec(this.text);
  }

  private here(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  private skip(count: number): void {
    for (const end = Math.min(this.text.length, this.at + count); this.at < end; this.at++)
      if (this.text[this.at] === "\n") this.line += 1;
  }

  /** Blanks, continued lines and comments. */
  private skipBlanks(): void {
    for (;;) {
      if (this.here("\\\n")) this.skip(2);
      else if (this.here(" ") || this.here("\t")) this.skip(1);
      else if (this.here("#")) this.skip(this.untilLineEnd());
      else return;
    }
  }

  private untilLineEnd(): number {
    const end = this.text.indexOf("\n", this.at);
    return (end < 0 ? this.text.length : end) - this.at;
  }

  private operator(): Extract<Token, { kind: "operator" }> | undefined {
    const { line } = this;
    if (this.here("\n")) {
      this.skip(1);
      this.skipHeredocs();
      return { kind: "operator", text: "\n", line };
    }
    if (this.here("&>")) return undefined;
    const text = OPERATORS.find((one) => this.here(one));
    if (text === undefined) return undefined;
    this.skip(text.length);
    return { kind: "operator", text, line };
  }

  private skipHeredocs(): void {
    for (const { end, tabs } of this.pending) {
      while (this.at < this.text.length) {
        const line = this.text.slice(this.at, this.at + this.untilLineEnd());
        this.skip(line.length + 1);
        if ((tabs ? line.replace(/^\t+/, "") : line) === end) break;
      }
    }
    this.pending = [];
  }

  /** `2> file`, `<<EOF`: read over; false where there is none. `<(…)` is a word. */
  private redirection(): boolean {
    const found = this.match(/(?:\d{0,3}|&)(?:<<<|<<-?|<>|>>|>\||>&|<&|>|<)/y)?.[0];
    if (found === undefined || this.text.startsWith("(", this.at + found.length)) return false;
    this.skip(found.length);
    this.skipBlanks();
    const isHeredoc = /<<-?$/.test(found);
    const before = this.at;
    const [target] = this.here("\n") ? [] : this.wordOrArray();
    if (!isHeredoc || target?.kind !== "word") return true;
    const written = this.text.slice(before, this.at).replace(/\\\n/g, "");
    this.pending.push({ end: written.replace(/["'\\]/g, ""), tabs: found.endsWith("-") });
    return true;
  }

  private wordOrArray(): readonly Token[] {
    const { line } = this;
    const array = this.match(/([A-Za-z_]\w*)(\+?)=\(/y);
    if (array?.[1] === undefined) return [{ kind: "word", word: this.word() }];
    this.skip(array[0].length);
    return [{ kind: "array", name: array[1], append: array[2] === "+", words: this.elements(), line }];
  }

  private elements(): readonly Word[] {
    const words: Word[] = [];
    for (;;) {
      this.skipBlanks();
      if (this.at >= this.text.length) throw this.broken("a list in parentheses is not closed");
      if (this.here("\n")) this.skip(1);
      else if (this.here(")")) {
        this.skip(1);
        return words;
      } else words.push(this.word());
    }
  }

  private word(): Word {
    const { line } = this;
    const parts: Part[] = [];
    const start = this.at;
    while (this.at < this.text.length && !/[\s;&|()<>]/.test(this.text[this.at] as string))
      this.add(parts, this.parts());
    if (this.at === start) {
      // What begins a word nowhere in shell, as `<(`.
      const source = this.text[this.at] as string;
      this.skip(1);
      parts.push({ kind: "substitution", tokens: undefined, quoted: false, source });
    }
    return { parts, line };
  }

  private add(parts: Part[], more: readonly Part[]): void {
    if (parts.length + more.length > MOST_PARTS) throw this.broken("a word has too many parts");
    parts.push(...more);
  }

  private parts(): readonly Part[] {
    if (this.here("\\\n")) {
      this.skip(2);
      return [];
    }
    if (this.here("\\")) {
      const text = this.text[this.at + 1] ?? "\\";
      this.skip(2);
      return [{ kind: "text", text, quoted: true }];
    }
    if (this.here("'")) return [this.single()];
    if (this.here("$'")) return [this.ansi()];
    if (this.here('"') || this.here('$"')) return this.double();
    if (this.here("$") || this.here("`")) return [this.dollar(false)];
    const text = this.match(/[^\s;&|()<>\\'"$`]+/y)?.[0] ?? this.text[this.at] ?? "";
    this.skip(text.length);
    return [{ kind: "text", text, quoted: false }];
  }

  private single(): Part {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) throw this.broken("a ' is not closed");
    const text = this.text.slice(this.at + 1, end);
    this.skip(end + 1 - this.at);
    return { kind: "text", text, quoted: true };
  }

  /** `$'a\tb'` */
  private ansi(): Part {
    const found = this.match(/\$'((?:\\.|[^'\\])*)'/sy);
    if (found === null) throw this.broken("a $' is not closed");
    this.skip(found[0].length);
    const names: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
    const text = (found[1] ?? "").replace(/\\(.)/gs, (_, letter: string) => names[letter] ?? letter);
    return { kind: "text", text, quoted: true };
  }

  private double(): readonly Part[] {
    const { line } = this;
    this.skip(this.here("$") ? 2 : 1);
    // An empty pair of quotes is a word too.
    const parts: Part[] = [{ kind: "text", text: "", quoted: true }];
    while (!this.here('"')) {
      if (this.at >= this.text.length) throw new Broken(line, 'a " is not closed');
      if (this.here("$") || this.here("`")) this.add(parts, [this.dollar(true)]);
      else if (this.here("\\\n")) this.skip(2);
      else {
        const [whole = "", escaped] = this.match(/\\([$"\\`])|[^"\\$`]+|\\/y) ?? [];
        this.add(parts, [{ kind: "text", text: escaped ?? whole, quoted: true }]);
        this.skip(whole.length);
      }
    }
    this.skip(1);
    return parts;
  }

  private dollar(quoted: boolean): Part {
    const start = this.at;
    const source = () => this.text.slice(start, this.at);
    if (this.here("`")) return this.backticks(quoted);
    if (this.here("$((")) {
      this.skip(this.lengthOf("((", "))"));
      return { kind: "substitution", tokens: undefined, quoted, source: source() };
    }
    if (this.here("$(")) {
      this.skip(2);
      const tokens = this.tokens(")");
      this.skip(1);
      return { kind: "substitution", tokens, quoted, source: source() };
    }
    if (this.here("${")) {
      const inside = this.text.slice(this.at + 2, this.at + this.lengthOf("{", "}") - 1);
      this.skip(inside.length + 3);
      return this.braced(inside, { quoted, source: source() });
    }
    const name = this.match(/\$([A-Za-z_]\w*|[0-9@*#?!$-])/y)?.[1];
    this.skip(1 + (name?.length ?? 0));
    if (name === undefined) return { kind: "text", text: "$", quoted: true };
    return {
      kind: "variable",
      name,
      index: name === "@" ? "@" : undefined,
      fallback: undefined,
      edit: undefined,
      quoted,
      source: source(),
    };
  }

  private braced(inside: string, { quoted, source }: { quoted: boolean; source: string }): Part {
    const [, edited, edit] = /^([A-Za-z_]\w*|\d+)([#%/].*)$/s.exec(inside) ?? [];
    const change = edit === undefined ? undefined : textEdit(edit);
    if (edited !== undefined && change !== undefined)
      return {
        kind: "variable",
        name: edited,
        index: undefined,
        fallback: undefined,
        edit: change,
        quoted,
        source,
      };
    const [, name, index, fallback] =
      /^([A-Za-z_]\w*|[0-9@*]+)(?:\[([@*\d]+)\])?(?::?[-=](.*))?$/s.exec(inside) ?? [];
    if (name === undefined) return { kind: "substitution", tokens: undefined, quoted, source };
    const word = fallback === undefined ? undefined : this.nested(fallback, quoted);
    return {
      kind: "variable",
      name,
      index: index ?? (name === "@" ? "@" : undefined),
      fallback: word,
      edit: undefined,
      quoted,
      source,
    };
  }

  /** The word behind `:-`, read by itself: in it blanks end nothing. */
  private nested(text: string, quoted: boolean): Word {
    if (this.depth >= DEEPEST) throw this.broken("it is nested too deep");
    const lexer = new Lexer(
      quoted || /\s/.test(text) ? `"${text.replace(/^"(.*)"$/s, "$1")}"` : text,
      this.line,
    );
    lexer.depth = this.depth + 1;
    return text === "" ? { parts: [], line: this.line } : lexer.word();
  }

  private backticks(quoted: boolean): Part {
    const found = this.match(/`((?:\\.|[^`\\])*)`/sy);
    if (found === null) throw this.broken("a ` is not closed");
    const lexer = new Lexer((found[1] ?? "").replace(/\\([$`\\])/g, "$1"), this.line);
    lexer.depth = this.depth;
    const tokens = lexer.tokens(undefined);
    this.skip(found[0].length);
    return { kind: "substitution", tokens, quoted, source: found[0] };
  }

  /** From `$` to what closes the opening behind it, nested pairs and quotes passed over. */
  private lengthOf(open: string, close: string): number {
    let depth = 0;
    for (let at = this.at + 1; at < this.text.length; at++) {
      if (this.text[at] === "\\") at += 1;
      else if (this.text[at] === "'" && open === "((") at = Math.max(at, this.text.indexOf("'", at + 1));
      else if (this.text.startsWith(open, at)) {
        depth += 1;
        at += open.length - 1;
      } else if (this.text.startsWith(close, at)) {
        depth -= 1;
        at += close.length - 1;
        if (depth === 0) return at + 1 - this.at;
      }
    }
    throw this.broken(`$${open} is not closed`);
  }
}

// ##*/, %.txt, //a/b; undefined where more than plain text is in it.
function textEdit(text: string): TextEdit | undefined {
  const [, operator, rest = ""] = /^(##?|%%?|\/\/?)(.*)$/s.exec(text) ?? [];
  if (operator === undefined || /[$`"']/.test(rest)) return undefined;
  if (!operator.startsWith("/")) return { operator: operator as TextEdit["operator"], pattern: rest, by: "" };
  const [pattern = "", by = ""] = /^((?:\\.|[^\\/])+)(?:\/(.*))?$/s.exec(rest)?.slice(1) ?? [];
  if (pattern === "" || /^[#%]|[*?[]/.test(pattern)) return undefined;
  const plain = (one: string) => one.replace(/\\(.)/gs, "$1");
  return { operator: operator as TextEdit["operator"], pattern: plain(pattern), by: plain(by) };
}
