import { resolve } from "node:path";
import type { Argument, Command, Option } from "commander";
import { parse } from "yaml";
import type { Disk } from "../disk/port.ts";
import { CODES } from "../errors.ts";
import { safe } from "../report/safe.ts";
import { REPEATED } from "./specs.ts";

/** What the completion of one word may look at. */
export interface Surroundings {
  readonly program: Command;
  readonly cwd: string;
  readonly disk: Disk;
}

interface Item {
  readonly value: string;
  readonly description: string;
}

type Suggestion = readonly Item[] | "files" | "folders";

/**
 * Answers a shell: `words` is the line after the program's name up to the cursor, its last member the word being
 * typed, possibly empty. One `value<TAB>description` a line, or `:files` or `:folders` where the shell knows better.
 */
export async function complete(words: readonly string[], surroundings: Surroundings): Promise<string> {
  const line = withoutEqualSigns(words);
  const current = line.at(-1) ?? "";
  const suggestion = await suggest(line.slice(0, -1), current, surroundings);
  if (typeof suggestion === "string") return `:${suggestion}\n`;
  return suggestion
    .filter((item) => item.value.startsWith(current))
    .map((item) => `${item.value}\t${item.description}\n`)
    .join("");
}

async function suggest(
  before: readonly string[],
  current: string,
  surroundings: Surroundings,
): Promise<Suggestion> {
  const { program } = surroundings;
  const [first, ...rest] = before;
  if (first === undefined) return current.startsWith("-") ? options(program, []) : commands(program);
  if (first === "help") return rest.length === 0 ? commands(program) : [];
  const command = program.commands.find((each) => each.name() === first);
  if (command === undefined) return [];
  const afterDashes = rest.includes("--");
  const valued = afterDashes ? undefined : optionAwaiting(command, rest.at(-1));
  if (valued !== undefined) return valuesOf(valued, rest, surroundings);
  const attached = current.match(/^(--[^=]+)=/);
  if (attached?.[1] !== undefined) return valuesOf(optionAwaiting(command, attached[1]), rest, surroundings);
  if (current.startsWith("-") && !afterDashes) return options(command, rest);
  return argumentValues(command, rest, surroundings);
}

/** bash cuts `--manifest=x` into three words; here it is two. */
function withoutEqualSigns(words: readonly string[]): readonly string[] {
  const joined = words.filter((word, index) => word !== "=" || index === words.length - 1);
  return joined.at(-1) === "=" ? [...joined.slice(0, -1), ""] : joined;
}

function commands(program: Command): readonly Item[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), description: command.description() }));
}

/** Those not yet on the line, or that may stand there again. */
function options(command: Command, given: readonly string[]): readonly Item[] {
  const used = given.filter((word) => !REPEATED.has(word));
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !used.includes(option.long ?? "") && !used.includes(option.short ?? ""))
    .map((option) => ({ value: option.long ?? option.short ?? "", description: option.description }));
}

function optionAwaiting(command: Command, word: string | undefined): Option | undefined {
  if (word === undefined) return undefined;
  const option = command.options.find((each) => each.long === word || each.short === word);
  return option?.required ? option : undefined;
}

async function valuesOf(
  option: Option | undefined,
  rest: readonly string[],
  where: Surroundings,
): Promise<Suggestion> {
  const flags = option?.flags ?? "";
  if (option?.argChoices !== undefined) return option.argChoices.map((value) => ({ value, description: "" }));
  if (flags.endsWith("<group>"))
    return (await namesIn(manifestOf(rest), where)).filter(({ description }) => description === GROUP);
  if (/<(?:file|lock)>/.test(flags)) return "files";
  return /folder>/.test(flags) ? "folders" : [];
}

async function argumentValues(
  command: Command,
  rest: readonly string[],
  where: Surroundings,
): Promise<Suggestion> {
  const given = plainWords(command, rest);
  const argument: Argument | undefined =
    command.registeredArguments[given.length] ?? command.registeredArguments.at(-1);
  if (argument === undefined || (given.length > 0 && !argument.variadic)) return [];
  if (argument.argChoices !== undefined)
    return argument.argChoices.map((value) => ({ value, description: "" }));
  if (["path", "file", "base", "ours", "theirs"].includes(argument.name())) return "files";
  if (argument.name() === "code") return Object.keys(CODES).map((value) => ({ value, description: "" }));
  if (argument.name() === "folder") return "folders";
  if (argument.name() === "repo") return [];
  const names = await namesIn(manifestOf(rest), where);
  const known =
    argument.name() === "source" ? names.filter(({ description }) => description !== GROUP) : names;
  return known.filter((item) => !given.includes(item.value));
}

/** The words that are neither options nor values of options. */
function plainWords(command: Command, rest: readonly string[]): readonly string[] {
  return rest.filter(
    (word, index) => !word.startsWith("-") && optionAwaiting(command, rest[index - 1]) === undefined,
  );
}

function manifestOf(rest: readonly string[]): string {
  const at = rest.indexOf("--manifest");
  const attached = rest.find((word) => word.startsWith("--manifest="))?.slice("--manifest=".length);
  return attached ?? (at < 0 ? undefined : rest[at + 1]) ?? "tritter.yaml";
}

/** Sources and groups of a manifest; nothing where there is none or it is broken: a TAB is no place for errors. */
async function namesIn(manifest: string, { cwd, disk }: Surroundings): Promise<readonly Item[]> {
  try {
    const bytes = await disk.read(resolve(cwd, manifest));
    const sources: unknown = parse(bytes?.toString("utf8") ?? "")?.sources;
    return sourceItems(sources as Readonly<Record<string, { repo?: unknown; groups?: unknown } | null>>);
  } catch {
    return [];
  }
}

function sourceItems(
  sources: Readonly<Record<string, { repo?: unknown; groups?: unknown } | null>>,
): readonly Item[] {
  const items = Object.entries(sources).map(([name, source]) => ({
    value: safe(name),
    description: typeof source?.repo === "string" ? safe(source.repo) : "source",
  }));
  const groups = new Set(
    Object.values(sources).flatMap((source) => (Array.isArray(source?.groups) ? source.groups : [])),
  );
  return [...items, ...[...groups].map((group) => ({ value: safe(String(group)), description: GROUP }))];
}

const GROUP = "group";
