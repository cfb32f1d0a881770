import type { Token, Word } from "./words.ts";

/** What a script says to do, before anything is replaced. */
export type Command =
  | {
      readonly kind: "simple";
      readonly words: readonly Word[];
      readonly arrays: readonly ArrayAssignment[];
      /** 1-based, both included. */
      readonly line: number;
      readonly endLine: number;
    }
  /** `words` undefined: nothing is known of the list, as of `for ((…))`. */
  | {
      readonly kind: "for";
      readonly name: string;
      readonly words: readonly Word[] | undefined;
      readonly body: readonly Command[];
    }
  | {
      readonly kind: "group";
      readonly body: readonly Command[];
      /** In a shell of its own: what it sets and where it goes is forgotten behind it. */
      readonly subshell: boolean;
      /** It may run or not, or several times: the branch of an `if`, a loop, a case. */
      readonly conditional: boolean;
    }
  | { readonly kind: "function"; readonly name: string; readonly body: readonly Command[] };

export interface ArrayAssignment {
  readonly name: string;
  readonly append: boolean;
  readonly words: readonly Word[];
}

/** Groups tokens into commands. What is no shell at all becomes commands that nobody knows. */
export function parseCommands(tokens: readonly Token[]): readonly Command[] {
  const cursor: Cursor = { tokens, at: 0, depth: 0 };
  const commands: Command[] = [];
  while (cursor.at < tokens.length) {
    for (const one of list(cursor, NOTHING)) commands.push(one);
    // A word that ends something which nobody began.
    cursor.at += 1;
  }
  return commands;
}

interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

type Ends = readonly string[];
const NOTHING: Ends = [];
const CLOSERS: Ends = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];
const SEPARATORS: ReadonlySet<string> = new Set(["\n", ";", "&", "&&", "||", "|", "|&"]);
const DEEPEST = 100;

/** Commands up to one of `ends`, which is left standing. */
function list(cursor: Cursor, ends: Ends): readonly Command[] {
  const commands: Command[] = [];
  cursor.depth += 1;
  while (cursor.at < cursor.tokens.length && cursor.depth <= DEEPEST) {
    const token = cursor.tokens[cursor.at] as Token;
    if (token.kind === "operator" && SEPARATORS.has(token.text)) cursor.at += 1;
    else if (isEnd(token, ends)) break;
    else commands.push(...command(cursor));
  }
  cursor.depth -= 1;
  return commands;
}

function isEnd(token: Token, ends: Ends): boolean {
  if (token.kind === "operator")
    return ends.includes(token.text) || (token.text === ")" && !ends.includes("esac"));
  return ends.includes(keyword(token) ?? "") || (CLOSERS.includes(keyword(token) ?? "") && ends !== NOTHING);
}

/** The plain text of a word without quotes; undefined for anything else. */
function keyword(token: Token | undefined): string | undefined {
  if (token?.kind !== "word") return undefined;
  const [part, ...others] = token.word.parts;
  return others.length === 0 && part?.kind === "text" && !part.quoted ? part.text : undefined;
}

function command(cursor: Cursor): readonly Command[] {
  const token = cursor.tokens[cursor.at] as Token;
  if (token.kind === "operator") return token.text === "(" ? [subshell(cursor)] : skipOne(cursor);
  switch (keyword(token)) {
    case "if":
      return [branches(cursor)];
    case "while":
    case "until":
      return [loop(cursor)];
    case "for":
    case "select":
      return [forLoop(cursor)];
    case "case":
      return [caseOf(cursor)];
    case "function":
      cursor.at += 1;
      return functionOf(cursor);
    case "{":
      cursor.at += 1;
      return [{ kind: "group", body: closed(cursor, "}"), subshell: false, conditional: false }];
    case "!":
    case "time":
      return skipOne(cursor);
    default:
      return isFunction(cursor) ? functionOf(cursor) : [simple(cursor)];
  }
}

function skipOne(cursor: Cursor): readonly Command[] {
  cursor.at += 1;
  return [];
}

/** Commands up to a closing word, which is read over. */
function closed(cursor: Cursor, end: string): readonly Command[] {
  const body = list(cursor, [end]);
  cursor.at += 1;
  return body;
}

function subshell(cursor: Cursor): Command {
  cursor.at += 1;
  const body = list(cursor, [")"]);
  cursor.at += 1;
  return { kind: "group", body, subshell: true, conditional: false };
}

function branches(cursor: Cursor): Command {
  cursor.at += 1;
  const body = [...list(cursor, ["then"])];
  while (cursor.at < cursor.tokens.length) {
    const word = keyword(cursor.tokens[cursor.at]);
    cursor.at += 1;
    if (word === "fi") break;
    for (const one of list(cursor, ["then", "elif", "else", "fi"])) body.push(one);
  }
  return { kind: "group", body, subshell: false, conditional: true };
}

function loop(cursor: Cursor): Command {
  cursor.at += 1;
  const condition = closed(cursor, "do");
  const body = closed(cursor, "done");
  return { kind: "group", body: [...condition, ...body], subshell: false, conditional: true };
}

function forLoop(cursor: Cursor): Command {
  cursor.at += 1;
  const name = keyword(cursor.tokens[cursor.at]) ?? "";
  const words: Word[] = [];
  let isKnown = false;
  cursor.at += name === "" ? 0 : 1;
  while (cursor.at < cursor.tokens.length && keyword(cursor.tokens[cursor.at]) !== "do") {
    const token = cursor.tokens[cursor.at] as Token;
    if (keyword(token) === "in" && !isKnown) isKnown = name !== "";
    else if (token.kind === "word" && isKnown) words.push(token.word);
    cursor.at += 1;
  }
  cursor.at += 1;
  return { kind: "for", name, words: isKnown ? words : undefined, body: closed(cursor, "done") };
}

function caseOf(cursor: Cursor): Command {
  while (cursor.at < cursor.tokens.length && keyword(cursor.tokens[cursor.at]) !== "in") cursor.at += 1;
  cursor.at += 1;
  const body: Command[] = [];
  while (cursor.at < cursor.tokens.length && keyword(cursor.tokens[cursor.at]) !== "esac") {
    // The patterns of a branch end with `)`.
    while (
      cursor.at < cursor.tokens.length &&
      !isOperator(cursor.tokens[cursor.at], ")") &&
      keyword(cursor.tokens[cursor.at]) !== "esac"
    )
      cursor.at += 1;
    if (keyword(cursor.tokens[cursor.at]) === "esac") break;
    cursor.at += 1;
    for (const one of list(cursor, [";;", ";&", ";;&", "esac"])) body.push(one);
    if (keyword(cursor.tokens[cursor.at]) !== "esac") cursor.at += 1;
  }
  cursor.at += 1;
  return { kind: "group", body, subshell: false, conditional: true };
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === "operator" && token.text === text;
}

/** `name()` */
function isFunction({ tokens, at }: Cursor): boolean {
  return (
    keyword(tokens[at]) !== undefined && isOperator(tokens[at + 1], "(") && isOperator(tokens[at + 2], ")")
  );
}

function functionOf(cursor: Cursor): readonly Command[] {
  const name = keyword(cursor.tokens[cursor.at]) ?? "";
  cursor.at += 1;
  while (
    cursor.at < cursor.tokens.length &&
    ["(", ")", "\n"].some((text) => isOperator(cursor.tokens[cursor.at], text))
  )
    cursor.at += 1;
  const body = cursor.at < cursor.tokens.length ? command(cursor) : [];
  return [{ kind: "function", name, body }];
}

function simple(cursor: Cursor): Command {
  const words: Word[] = [];
  const arrays: ArrayAssignment[] = [];
  const line = lineOf(cursor.tokens[cursor.at] as Token);
  for (; cursor.at < cursor.tokens.length; cursor.at++) {
    const token = cursor.tokens[cursor.at] as Token;
    if (token.kind === "operator") break;
    if (token.kind === "word") words.push(token.word);
    else arrays.push(token);
  }
  const next = cursor.tokens[cursor.at];
  // What follows stands where the command ends, continued lines included.
  const endLine = next === undefined ? (words.at(-1)?.line ?? line) : lineOf(next);
  return { kind: "simple", words, arrays, line, endLine };
}

function lineOf(token: Token): number {
  return token.kind === "word" ? token.word.line : token.line;
}
