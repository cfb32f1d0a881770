import { Command, CommanderError } from "commander";
import type { Flags } from "./commands/command.ts";
import { OTHER, SPECS, type Spec } from "./commands/specs.ts";
import { EXIT, TritterError } from "./errors.ts";
import type { Terminal } from "./report/terminal.ts";

/** What the line asks for. */
export type Parsed =
  | {
      readonly kind: "run";
      readonly command: string;
      readonly names: readonly string[];
      readonly flags: Flags;
    }
  /** Help or version, already printed. */
  | { readonly kind: "done"; readonly exit: number };

export interface Lines {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly version: string;
}

/** Reads the line. Throws USAGE; never exits and never touches the process. */
export function parseArgs(argv: readonly string[], lines: Lines): Parsed {
  let parsed: Parsed | undefined;
  const program = buildProgram(lines, (command, names, flags) => {
    parsed = { kind: "run", command, names, flags };
  });
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return afterStop(error, argv);
  }
  if (parsed?.kind === "run") checkFormat(parsed.flags);
  return parsed ?? { kind: "done", exit: EXIT.ok };
}

/** `--json` is short for one of the formats, so both together must mean the same. */
function checkFormat({ json, format }: Flags): void {
  if (json !== true || format === undefined || format === "json") return;
  throw new TritterError({
    code: "USAGE",
    message: `read command line: "--json" and "--format ${format}" ask for two answers, should be one`,
    hint: `leave out "--json" for ${format}, or "--format" for JSON`,
  });
}

/** The commands and options, for completion too. `run` hears what was asked for. */
export function buildProgram(
  lines: Lines,
  run: (command: string, names: readonly string[], flags: Flags) => void,
): Command {
  const program = new Command("tritter")
    .description(
      "Pins Hugging Face repositories to commits and file hashes, and makes the disk equal the lock",
    )
    .version(lines.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .commandsGroup(OTHER)
    .helpCommand("help [command]", "print help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput(outputTo(lines));
  for (const spec of SPECS)
    program.addCommand(commandOf(spec, program, run), { hidden: spec.hidden === true });
  addHidden(program, run);
  return program.addHelpText("after", EPILOGUE);
}

function commandOf(spec: Spec, program: Command, run: Parameters<typeof buildProgram>[1]): Command {
  const command = program
    .createCommand(spec.name)
    .copyInheritedSettings(program)
    .description(spec.summary)
    .helpOption("-h, --help", "print help")
    .helpGroup(spec.group)
    .addHelpText("after", exampleText(spec));
  for (const argument of spec.arguments ?? []) command.addArgument(argument);
  for (const option of spec.options) command.addOption(option());
  return command.action(() => run(spec.name, command.args, command.opts()));
}

/** What shells ask when TAB is pressed, and the word that scripts of other tools try first. */
function addHidden(program: Command, run: Parameters<typeof buildProgram>[1]): void {
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((words: string[]) => run("complete", words, {}));
  program.command("version", { hidden: true }).action(() => run("version", [], {}));
}

function outputTo({ stdout, stderr }: Lines) {
  return {
    writeOut: (text: string) => stdout.write(text),
    writeErr: (text: string) => stderr.write(text),
    outputError: () => {},
    getOutHelpWidth: () => stdout.columns || 80,
    getErrHelpWidth: () => stderr.columns || 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

function afterStop(error: CommanderError, argv: readonly string[]): Parsed {
  if (error.exitCode === 0) return { kind: "done", exit: EXIT.ok };
  if (error.code === "commander.help") return { kind: "done", exit: EXIT.usage };
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const meant = suggestion?.match(/^\((Did you mean .*\?)\)$/)?.[1];
  throw new TritterError({
    code: "USAGE",
    message: `read command line: ${message.replaceAll("'", '"').replace(/\.$/, "")}`,
    hint: meant?.replace("Did", "did") ?? nextStep(argv),
  });
}

function nextStep([first]: readonly string[]): string {
  if (first?.startsWith("-")) return 'options go after the command, as in "tritter sync --json"';
  return 'see "tritter --help", or "--help" after a command';
}

function exampleText({ examples }: Spec): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) => `  ${line.padEnd(width)}  # ${purpose}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

const EPILOGUE = `
Exit status (the first that applies, in the order 1 2 5 9 6 11 12 8 4 3 7 10):
  0  in sync, or done               7  network or Hub trouble; try again
  1  internal error: a bug          8  out of space or budget; resumable
  2  usage or an invalid document   9  policy, expectation or prune brake
  3  lock missing or stale         10  outdated upstream
  4  drift, or files in the way    11  pinned commit gone upstream
  5  digest or signature mismatch  12  file system refused, or root held
  6  access: login, terms, repo    130, 143, 129  stopped; run again

Start with "tritter init"; "tritter help sync" explains a command.`;
