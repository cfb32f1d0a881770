import { expandBraces } from "./braces.ts";
import { type ArrayAssignment, type Command, parseCommands } from "./commands.ts";
import { editText } from "./edit-text.ts";
import { printedBy, unknown } from "./printed.ts";
import { absoluteFromStart, seenFromStart, sourceOf, textOf, type Value, valueFrom } from "./values.ts";
import { lexShell, type Part, type Word } from "./words.ts";

/** A program that a script would run. */
export interface Run {
  readonly words: readonly Value[];
  /** Variables set for it alone: `HF_TOKEN=x hf …` */
  readonly env: readonly Assignment[];
  /** Where its relative paths begin, seen from where the script is started; undefined: not known. */
  readonly cwd: Value | undefined;
  /** 1-based, both included. */
  readonly line: number;
  readonly endLine: number;
  /** It may not run, as in the branch of an `if`. */
  readonly conditional: boolean;
}

export interface Assignment {
  readonly name: string;
  readonly value: Value;
  readonly line: number;
}

export interface Evaluated {
  readonly runs: readonly Run[];
  /** Every variable that was set, in order. */
  readonly assignments: readonly Assignment[];
  /** Parts that could not be read, or were too many. */
  readonly broken: readonly { readonly line: number; readonly why: string }[];
}

/** Commands and words looked at; a script of a person has fewer, and a loop of loops would have no end. */
const MOST_STEPS = 100_000;
const TOO_MANY = "it has more words than are looked at";
const DEEPEST_CALL = 20;
/** Characters, and members of a list; what doubles itself has no end. */
const LONGEST_VALUE = 10_000;
const MOST_MEMBERS = 10_000;

/**
 * Goes through a script as a shell would, running nothing: variables are replaced, loops over known words repeated,
 * functions called, every branch of a condition entered. `folder`: where the script stands, seen from where it is started.
 */
export function evaluateScript(text: string, { folder }: { folder: string }): Evaluated {
  const state: State = { runs: [], assignments: [], broken: [], functions: new Map(), folder, steps: 0 };
  evaluateText(text, {
    state,
    line: 1,
    scope: { variables: new Map(), args: undefined, cwd: [], conditional: false, depth: 0 },
  });
  return state;
}

interface State {
  readonly runs: Run[];
  readonly assignments: Assignment[];
  readonly broken: { line: number; why: string }[];
  readonly functions: Map<string, readonly Command[]>;
  readonly folder: string;
  steps: number;
}

interface Scope {
  /** A list for an array, one member for anything else. */
  readonly variables: Map<string, readonly Value[]>;
  /** undefined: those of the script itself, which nobody knows. */
  args: readonly Value[] | undefined;
  cwd: Value | undefined;
  conditional: boolean;
  readonly depth: number;
}

function evaluateText(
  text: string,
  { state, scope, line }: { state: State; scope: Scope; line: number },
): void {
  const { tokens, broken } = lexShell(text, line);
  if (broken !== undefined) state.broken.push(broken);
  evaluate(parseCommands(tokens), state, scope);
}

function evaluate(commands: readonly Command[], state: State, scope: Scope): void {
  for (const command of commands) {
    state.steps += 1;
    if (state.steps >= MOST_STEPS) {
      const line = command.kind === "simple" ? command.line : 1;
      if (!state.broken.some(({ why }) => why === TOO_MANY)) state.broken.push({ line, why: TOO_MANY });
      return;
    }
    switch (command.kind) {
      case "simple":
        simple(command, state, scope);
        break;
      case "for":
        forLoop(command, state, scope);
        break;
      case "group":
        if (command.subshell) evaluate(command.body, state, copied(scope));
        else if (command.conditional) branches(command.body, state, scope);
        else evaluate(command.body, state, scope);
        break;
      case "function":
        state.functions.set(command.name, command.body);
        break;
      default:
        command satisfies never;
    }
  }
}

function copied(scope: Scope): Scope {
  return { ...scope, variables: new Map(scope.variables) };
}

function forLoop({ name, words, body }: Extract<Command, { kind: "for" }>, state: State, scope: Scope): void {
  const values = words?.flatMap((word) => expandWord(word, state, scope)) ?? [unknown(`$${name}`)];
  for (const value of values) {
    scope.variables.set(name, [value]);
    evaluate(body, state, scope);
  }
}

/** What is set to different texts in the branches is not known behind them. */
function branches(body: readonly Command[], state: State, scope: Scope): void {
  const before = new Map(scope.variables);
  const first = state.assignments.length;
  const outside = scope.conditional;
  const { cwd } = scope;
  scope.conditional = true;
  evaluate(body, state, scope);
  scope.conditional = outside;
  if (sourceOf(cwd ?? []) !== sourceOf(scope.cwd ?? [])) scope.cwd = undefined;
  for (const name of new Set(state.assignments.slice(first).map((one) => one.name))) {
    const set = state.assignments.slice(first).filter((one) => one.name === name);
    const old = before.get(name)?.[0];
    const texts = new Set(
      [...set.map(({ value }) => value), ...(old === undefined ? [] : [old])].map(sourceOf),
    );
    if (texts.size > 1 && scope.variables.has(name)) scope.variables.set(name, [unknown(`$${name}`)]);
  }
}

function simple(command: Extract<Command, { kind: "simple" }>, state: State, scope: Scope): void {
  for (const array of command.arrays) assignArray(array, state, scope);
  const leading = command.words.findIndex((word) => assignmentOf(word) === undefined);
  const count = leading < 0 ? command.words.length : leading;
  const env = command.words.slice(0, count).map((word) => assigned(word, state, scope));
  const words = command.words.slice(count).flatMap((word) => expandWord(word, state, scope));
  if (words.length === 0) {
    for (const one of env) assign(one, state, scope);
    return;
  }
  state.steps += words.length;
  const name = textOf(words[0] ?? []);
  const builtin = name === undefined || !Object.hasOwn(BUILTINS, name) ? undefined : BUILTINS[name];
  const body = name === undefined ? undefined : state.functions.get(name);
  const { line, endLine } = command;
  const inline = inlineText(words);
  if (inline !== undefined) evaluateText(inline, { state, scope: copied(scope), line });
  else if (body !== undefined) callFunction(body, words.slice(1), { state, scope });
  else if (builtin !== undefined) builtin(words.slice(1), { state, scope, line });
  else
    state.runs.push({
      words,
      env,
      cwd: scope.cwd && seenFromStart(scope.cwd),
      line,
      endLine,
      conditional: scope.conditional,
    });
}

/** `bash -c '…'` */
function inlineText([shell, flag, text]: readonly Value[]): string | undefined {
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh$/.test(textOf(shell ?? []) ?? "");
  return isShell && /^-[a-z]*c$/.test(textOf(flag ?? []) ?? "") ? textOf(text ?? []) : undefined;
}

function callFunction(
  body: readonly Command[],
  args: readonly Value[],
  { state, scope }: { state: State; scope: Scope },
): void {
  if (scope.depth >= DEEPEST_CALL) return;
  const inner: Scope = { ...scope, args, depth: scope.depth + 1 };
  evaluate(body, state, inner);
  scope.cwd = inner.cwd;
}

interface Around {
  readonly state: State;
  readonly scope: Scope;
  readonly line: number;
}

const BUILTINS: Readonly<Record<string, (args: readonly Value[], around: Around) => void>> = {
  cd: changeFolder,
  pushd: changeFolder,
  popd: (_, { scope }) => {
    scope.cwd = undefined;
  },
  export: declare,
  local: declare,
  declare,
  readonly: declare,
  typeset: declare,
  unset: (args, { scope }) => {
    for (const arg of args) scope.variables.set(sourceOf(arg), []);
  },
  shift: (args, { scope }) => {
    scope.args = scope.args?.slice(Number(textOf(args[0] ?? ["1"]) ?? 1) || 1);
  },
  read: forget,
  mapfile: forget,
  readarray: forget,
  getopts: forget,
  set: () => {},
  eval: (args, { state, scope, line }) => {
    const texts = args.map(textOf);
    if (!texts.includes(undefined)) evaluateText(texts.join(" "), { state, scope, line });
  },
};

function changeFolder(args: readonly Value[], { scope }: Around): void {
  const to = args.find((arg) => !/^-[LPe]*$/.test(sourceOf(arg)) || sourceOf(arg) === "-") ?? HOME;
  scope.cwd = scope.cwd === undefined || sourceOf(to) === "-" ? undefined : below(scope.cwd, to);
}

const HOME: Value = [{ source: "~", name: "HOME", fallback: undefined }];

/** `path` as seen from `folder`; what begins with a variable is taken for absolute, as `$HOME/x` is. */
export function below(folder: Value, path: Value): Value {
  const [first] = path;
  if (first === undefined) return folder;
  if (typeof first !== "string" && (first.name !== undefined || first.fallback === undefined)) return path;
  const begins = typeof first === "string" ? first : (first.fallback ?? "");
  return begins.startsWith("/") || folder.length === 0 ? path : valueFrom(...folder, "/", ...path);
}

function declare(args: readonly Value[], { state, scope, line }: Around): void {
  for (const arg of args) {
    const [first, ...rest] = arg;
    const [whole, name] = typeof first === "string" ? (/^([A-Za-z_]\w*)=/.exec(first) ?? []) : [];
    if (whole === undefined || name === undefined) continue;
    assign({ name, value: valueFrom((first as string).slice(whole.length), ...rest), line }, state, scope);
  }
}

/** What the script reads while it runs. */
function forget(args: readonly Value[], { scope }: Around): void {
  for (const arg of args.map(sourceOf))
    if (/^[A-Za-z_]\w*$/.test(arg)) scope.variables.set(arg, [unknown(`$${arg}`)]);
}

function assign(assignment: Assignment, state: State, scope: Scope): void {
  state.assignments.push(assignment);
  const isKept = sourceOf(assignment.value).length <= LONGEST_VALUE;
  scope.variables.set(assignment.name, [isKept ? assignment.value : unknown(`$${assignment.name}`)]);
}

function assignArray({ name, append, words }: ArrayAssignment, state: State, scope: Scope): void {
  const values = words.flatMap((word) => expandWord(word, state, scope));
  const all = [...(append ? (scope.variables.get(name) ?? []) : []), ...values];
  scope.variables.set(name, all.length <= MOST_MEMBERS ? all : [unknown(`$${name}`)]);
}

function assignmentOf({ parts }: Word): RegExpExecArray | undefined {
  const [first] = parts;
  if (first?.kind !== "text" || first.quoted) return undefined;
  return /^([A-Za-z_]\w*)(\+?)=/.exec(first.text) ?? undefined;
}

/** The value of `NAME=…` is one word, whatever is in it. */
function assigned(word: Word, state: State, scope: Scope): Assignment {
  const [whole = "", name = "", append] = assignmentOf(word) ?? [];
  const [first, ...rest] = word.parts;
  const text = first?.kind === "text" ? first.text.slice(whole.length) : "";
  const parts: readonly Part[] = [
    { kind: "text", text, quoted: !text.startsWith("~") },
    ...rest.map(asQuoted),
  ];
  const [value = []] = expandWord({ parts, line: word.line }, state, scope);
  const before = append === "+" ? (scope.variables.get(name)?.[0] ?? []) : [];
  return { name, value: valueFrom(...before, ...value), line: word.line };
}

function asQuoted(part: Part): Part {
  return { ...part, quoted: true };
}

function expandWord(word: Word, state: State, scope: Scope): readonly Value[] {
  return expandBraces(word).flatMap((each) => fieldsOf(each, state, scope));
}

/** Unquoted variables fall apart at blanks, `"${list[@]}"` into its members; a word of nothing is none unless it is quoted. */
function fieldsOf({ parts, line }: Word, state: State, scope: Scope): readonly Value[] {
  const fields: Value[] = [];
  let current: Value = [];
  let isThere = false;
  const take = (value: Value) => {
    current = valueFrom(...current, ...value);
    isThere = true;
  };
  const end = () => {
    if (isThere) fields.push(current);
    [current, isThere] = [[], false];
  };
  for (const [index, part] of parts.entries()) {
    if (part.kind === "text") {
      const isHome = index === 0 && !part.quoted && /^~(?:\/|$)/.test(part.text);
      if (part.quoted || part.text !== "")
        take(isHome ? valueFrom(...HOME, part.text.slice(1)) : [part.text]);
      continue;
    }
    const values =
      part.kind === "variable" ? variable(part, state, scope) : [substituted(part, { state, scope, line })];
    for (const [nth, value] of values.entries()) {
      if (nth > 0) end();
      if (part.quoted) take(value);
      else splitInto(value, { take, end });
    }
  }
  end();
  return fields;
}

function splitInto(value: Value, { take, end }: { take: (value: Value) => void; end: () => void }): void {
  const text = textOf(value);
  if (text === undefined) take(value);
  for (const [index, piece] of (text ?? "").split(/\s+/).entries()) {
    if (index > 0) end();
    if (piece !== "") take([piece]);
  }
}

function variable(part: Extract<Part, { kind: "variable" }>, state: State, scope: Scope): readonly Value[] {
  const { name, index, source } = part;
  const known = knownAs(part, scope);
  if (part.edit !== undefined) {
    const text = textOf(known?.[0] ?? unknown(source));
    const edited = text === undefined ? undefined : editText(text, part.edit);
    return [edited === undefined ? unknown(source) : [edited]];
  }
  const fallback = part.fallback && fieldsOf(quotedWord(part.fallback), state, scope)[0];
  if (known !== undefined) {
    const isEmpty = known.every((value) => textOf(value) === "");
    if (isEmpty && part.fallback !== undefined) return [fallback ?? []];
    return index === "@" || index === "*" ? known : [known[0] ?? []];
  }
  const isName = /^[A-Za-z_]/.test(name);
  const usual = fallback && textOf(fallback);
  // A default with gaps, as `${DIR:-$HOME/x}`, fits into none.
  if (fallback !== undefined && usual === undefined) return [fallback];
  return [[{ source, name: isName ? name : undefined, fallback: usual }]];
}

/** What the script itself set; undefined where that is not known. */
function knownAs(
  { name, index }: Extract<Part, { kind: "variable" }>,
  { args, variables, cwd }: Scope,
): readonly Value[] | undefined {
  if (name === "#") return args && [[String(args.length)]];
  if (name === "@" || name === "*") return args;
  if (/^\d+$/.test(name)) return name === "0" ? undefined : args?.slice(Number(name) - 1, Number(name));
  const set = variables.get(name);
  if (set === undefined) return name === "PWD" && cwd !== undefined ? [absoluteFromStart(cwd)] : undefined;
  return index === undefined || /[@*]/.test(index) ? set : set.slice(Number(index), Number(index) + 1);
}

function quotedWord(word: Word): Word {
  return { ...word, parts: word.parts.map(asQuoted) };
}

/** Goes through the commands of a `$(…)` too: `path=$(hf download o/n)` downloads. */
function substituted(part: Extract<Part, { kind: "substitution" }>, { state, scope, line }: Around): Value {
  const ownFolder = ownFolderIn(part.source);
  if (ownFolder !== undefined) return absoluteFromStart([`${state.folder}/${ownFolder}`]);
  if (part.tokens === undefined || scope.depth >= DEEPEST_CALL) return unknown(part.source);
  const commands = parseCommands(part.tokens);
  const [only, ...others] = commands;
  if (others.length === 0 && only?.kind === "simple") {
    const words = only.words.flatMap((word) => expandWord(word, state, scope));
    const texts = words.map(textOf).filter((text) => text !== undefined);
    if (texts.join() === "pwd" && scope.cwd !== undefined) return absoluteFromStart(scope.cwd);
    const printed = texts.length === words.length ? printedBy(texts) : undefined;
    if (printed !== undefined) return [printed.replace(/\n+$/, "")];
  }
  evaluate(commands, state, { ...copied(scope), depth: scope.depth + 1 });
  return unknown(part.source.includes("\n") ? `$(…) of line ${line}` : part.source);
}

/** `$(dirname "$0")` and `$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)`: where the script stands, and what is behind it. */
function ownFolderIn(source: string): string | undefined {
  const own = String.raw`\$\(dirname\s+(?:--\s+)?"?\$(?:0|\{0\}|\{?BASH_SOURCE(?:\[0\])?\}?)"?\)`;
  if (new RegExp(`^${own}$`).test(source)) return ".";
  return new RegExp(
    `^\\$\\(cd\\s+(?:-P\\s+)?(?:--\\s+)?"?${own}(?:/([\\w./-]*))?"?\\s*(?:>[^&;]*(?:2>&1)?\\s*)?(?:&&|;)\\s*pwd(?:\\s+-P)?\\)$`,
  )
    .exec(source)
    ?.slice(1)
    .map((one) => one ?? ".")[0];
}
