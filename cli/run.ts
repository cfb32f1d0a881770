import type { Parsed } from "./args.ts";
import { check } from "./commands/check.ts";
import type { Answer, Command, Flags, Streams } from "./commands/command.ts";
import { plainLine } from "./commands/plain.ts";
import { sync } from "./commands/sync.ts";
import type { Clock, Context, Env, Runtime } from "./context.ts";
import type { Disk } from "./disk/port.ts";
import { EXIT, type Problem } from "./errors.ts";
import { type Library, library } from "./library.ts";
import type { LoadSpinner } from "./report/display.ts";
import { formatAsked, formatOf } from "./report/formats.ts";
import { distinct } from "./report/problems.ts";
import { type Reporter, reporterFor } from "./report/reporter.ts";
import type { Terminal } from "./report/terminal.ts";
import { endStatus, problemsThrown } from "./stop.ts";

/** Everything the program needs of the process it runs in. */
export interface World {
  readonly env: Env;
  readonly cwd: string;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Aborts with what `stopReason` returns. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly version: string;
  readonly pid: number;
  readonly runtime?: Runtime;
  /** What commands run; unset: the library of this package. */
  readonly library?: Library;
  readonly loadSpinner?: LoadSpinner;
  readonly streams?: Streams;
}

/** The whole program: arguments to exit status, and the one place that catches everything. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  const started = world.clock.now();
  let parsed: Parsed;
  try {
    parsed = await parse(argv, world);
  } catch (error) {
    const options = { ...world, quiet: true, verbose: false, manifest: undefined };
    return end(undefined, {
      command: "",
      world,
      reporter: reporterFor(formatAsked(argv), options),
      started,
      thrown: [error],
    });
  }
  if (parsed.kind === "done") return parsed.exit;
  const { command, flags } = parsed;
  if (command in PLAIN) return printPlain(parsed, world, started);
  const { quiet = false, verbose = false, manifest } = flags;
  const stdout = isPiped(parsed) ? world.stderr : world.stdout;
  const reporter = reporterFor(formatOf(flags), { ...world, stdout, quiet, verbose, manifest });
  const thrown: unknown[] = [];
  const answer = await answerOf(parsed, reporter, world).catch((error: unknown) => {
    thrown.push(error);
    return undefined;
  });
  return end(answer, { command, world, reporter, started, thrown, summary: flags.summary });
}

/** Standard output carries bytes, so that what is told goes beside. */
function isPiped({ command, names: [action, place], flags }: Extract<Parsed, { kind: "run" }>): boolean {
  if (command === "export") return (flags.output ?? "-") === "-";
  if (command === "report") return flags.output === "-";
  return command === "bundle" && action === "create" && place === "-";
}

async function parse(argv: readonly string[], world: World): Promise<Parsed> {
  const plain = plainLine(argv);
  if (plain !== undefined) return { kind: "run", ...plain };
  const { parseArgs } = await import("./args.ts");
  return parseArgs(argv, world);
}

/** Commands that answer with an object a reporter renders. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  add: async () => (await import("./commands/add.ts")).add,
  remove: async () => (await import("./commands/remove.ts")).remove,
  import: async () => (await import("./commands/import.ts")).importScript,
  lock: async () => (await import("./commands/lock.ts")).lock,
  update: async () => (await import("./commands/update.ts")).update,
  bundle: async () => (await import("./commands/bundle.ts")).bundle,
  rescue: async () => (await import("./commands/rescue.ts")).rescue,
  sync: async () => sync,
  adopt: async () => (await import("./commands/adopt.ts")).adopt,
  check: async () => check,
  list: async () => (await import("./commands/list.ts")).list,
  facts: async () => (await import("./commands/facts.ts")).facts,
  export: async () => (await import("./commands/export.ts")).exportLock,
  report: async () => (await import("./commands/report.ts")).report,
  outdated: async () => (await import("./commands/outdated.ts")).outdated,
  diff: async () => (await import("./commands/diff.ts")).diff,
  why: async () => (await import("./commands/why.ts")).why,
  clean: async () => (await import("./commands/clean.ts")).clean,
  sign: async () => (await import("./commands/sign.ts")).sign,
  verify: async () => (await import("./commands/verify.ts")).verify,
  explain: async () => (await import("./commands/explain.ts")).explain,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  serve: async () => (await import("./commands/serve.ts")).serve,
  "git-merge": async () => (await import("./commands/git-merge.ts")).gitMerge,
  "git-textconv": async () => (await import("./commands/git-textconv.ts")).gitTextconv,
};

/** Commands that print text for a shell. */
const PLAIN: Readonly<
  Record<string, (names: readonly string[], world: World, flags: Flags) => Promise<string>>
> = {
  version: async (_, { version }) => `${version}\n`,
  completion: async ([shell = ""], world, { install = false }) =>
    install
      ? (await import("./commands/completion-file.ts")).installCompletion(shell, world)
      : (await import("./commands/completion.ts")).completionScript(shell),
  schema: async ([name = ""]) => (await import("./commands/schema.ts")).schemaText(name),
  complete: async (words, world) => {
    const [{ complete }, { buildProgram }] = await Promise.all([
      import("./commands/complete.ts"),
      import("./args.ts"),
    ]);
    return complete(words, { program: buildProgram(world, () => {}), cwd: world.cwd, disk: world.disk });
  },
};

async function printPlain(
  { command, names, flags }: Extract<Parsed, { kind: "run" }>,
  world: World,
  started: number,
): Promise<number> {
  try {
    world.stdout.write((await PLAIN[command]?.(names, world, flags)) ?? "");
    return EXIT.ok;
  } catch (error) {
    const reporter = reporterFor("text", { ...world, quiet: true, verbose: false, manifest: undefined });
    return end(undefined, { command, world, reporter, started, thrown: [error] });
  }
}

async function answerOf(
  { command, names, flags }: Extract<Parsed, { kind: "run" }>,
  reporter: Reporter,
  world: World,
): Promise<Answer | undefined> {
  const handler = await COMMANDS[command]?.();
  const { env, cwd, signal, clock, disk, version, pid, runtime, streams } = world;
  const context: Context = { env, cwd, signal, clock, disk, emit: reporter.emit, version, pid, runtime };
  return handler?.({ context, library: world.library ?? library, names, flags, streams });
}

interface End {
  readonly command: string;
  readonly world: World;
  readonly reporter: Reporter;
  /** ms since the epoch */
  readonly started: number;
  readonly thrown: readonly unknown[];
  /** As the command line names it: a file that hears of the end too. */
  readonly summary?: string;
}

async function end(
  answer: Answer | undefined,
  { command, world, reporter, started, thrown, summary }: End,
): Promise<number> {
  const { signal, clock } = world;
  const raised = thrown.flatMap((error) => problemsThrown(error, signal));
  const problems = distinct([...reporter.problems(), ...(answer?.problems ?? []), ...raised]);
  const tookMs = clock.now() - started;
  const ending = { command, result: answer?.result, problems, exit: endStatus(problems, signal), tookMs };
  const unwritten =
    summary === undefined ? [] : await summarise(summary, await reporter.markdown(ending), world);
  const told = [...problems, ...unwritten];
  const exit = endStatus(told, signal) || (answer?.exit ?? EXIT.ok);
  await reporter.finish({ ...ending, problems: told, exit });
  return exit;
}

async function summarise(file: string, text: string, world: World): Promise<readonly Problem[]> {
  const { appendSummary } = await import("./commands/summary.ts");
  return appendSummary(file, text, world);
}
