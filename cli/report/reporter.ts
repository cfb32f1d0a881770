import type { Clock, Env } from "../context.ts";
import type { Problem } from "../errors.ts";
import type { Emit, TritterEvent } from "../events.ts";
import { type Display, heartbeat, type LoadSpinner, liveDisplay, silentDisplay } from "./display.ts";
import { formatBytes, formatDuration, formatFiles } from "./format.ts";
import type { DocumentFormat, Format } from "./formats.ts";
import { type Paint, paintFor, wantsColour } from "./paint.ts";
import { distinct, moreText, problemLines } from "./problems.ts";
import { type Ending, warningsOf } from "./result.ts";
import { safe } from "./safe.ts";
import { accessLine, servingLines } from "./serve.ts";
import { isUnicode, mayAnimate, type Terminal, widthFor } from "./terminal.ts";
import { isAskedFor, textLines, untold } from "./text.ts";

/** Tells a person or a program what happens and what came of it. */
export interface Reporter {
  readonly emit: Emit;
  /** What was emitted as wrong so far, each once. */
  problems(): readonly Problem[];
  /** Stops what moves, then tells the end. Called once. */
  finish(ending: Ending): Promise<void>;
  /** The end again, as Markdown for another place. */
  markdown(ending: Ending): Promise<string>;
}

export interface ReporterOptions {
  /** Answers: what a command found or did. */
  readonly stdout: Terminal;
  /** Talk: progress, notes, warnings and problems. */
  readonly stderr: Terminal;
  readonly env: Env;
  /** Absolute: where the command runs. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly version: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** As the command line names it. */
  readonly manifest: string | undefined;
  readonly loadSpinner?: LoadSpinner;
}

export function reporterFor(format: Format, options: ReporterOptions): Reporter {
  if (format === "text") return textReporter(options);
  if (format === "json") return jsonReporter(options);
  return documentReporter(format, options);
}

function textReporter(options: ReporterOptions): Reporter {
  const talk = talkOn(options.stderr, options);
  return {
    ...talk,
    emit(event) {
      talk.emit(event);
      if (event.kind !== "listening" || options.quiet) return;
      const paint = paintFor(wantsColour(options.env, options.stdout.isTTY));
      write(options.stdout, servingLines(event.serving, paint));
    },
    async finish(ending) {
      talk.stop();
      talk.warn(warningsOf(ending.result));
      write(options.stdout, await answerLines(ending, options));
      talk.tell(options.quiet ? ending.problems : untold(ending));
    },
    markdown: (ending) => documentText("markdown", ending, { options, warnings: talk.warnings() }),
  };
}

/** Says nothing on standard error: all there is to know is in the one object on standard output. */
function jsonReporter(options: ReporterOptions): Reporter {
  const heard = listener();
  let serving: Promise<void> | undefined;
  return {
    ...heard,
    emit(event) {
      heard.emit(event);
      if (event.kind === "listening") serving = writeServing(event, heard, options);
      else if (serving !== undefined && !options.quiet) logServing(event, options);
    },
    async finish(ending) {
      await serving;
      // Its object is out; what went wrong since then is told beside the log.
      if (serving !== undefined) return write(options.stderr, problemLines(ending.problems, paintFor(false)));
      const { jsonText } = await import("./json.ts");
      const warnings = [...heard.warnings(), ...warningsOf(ending.result)];
      options.stdout.write(await jsonText(ending, { version: options.version, warnings }));
    },
    markdown: (ending) => documentText("markdown", ending, { options, warnings: heard.warnings() }),
  };
}

/** A server says what it has to say once it listens: nobody would wait for its end. */
async function writeServing(
  { serving, tookMs }: Extract<TritterEvent, { kind: "listening" }>,
  heard: Listener,
  { stdout, version }: ReporterOptions,
): Promise<void> {
  const { jsonText } = await import("./json.ts");
  const result = { command: "serve", serving, requests: 0, bytes: 0, problems: [] } as const;
  const ending = { command: "serve", result, problems: [], exit: 0, tookMs };
  stdout.write(await jsonText(ending, { version, warnings: heard.warnings() }));
}

/** The log of a server is no part of its answer. */
function logServing(event: TritterEvent, { stderr, verbose }: ReporterOptions): void {
  const line = spokenLine(event, paintFor(false), verbose);
  if (line !== undefined) stderr.write(`${line}\n`);
}

/**
 * A document on standard output, which may go to a file: a person who reads the log finds problems on standard error as
 * with text. GitHub's own is read in the log itself, so nothing of it is said twice, and no other line passes for one of it.
 */
function documentReporter(format: DocumentFormat, options: ReporterOptions): Reporter {
  const isLog = format === "github";
  const talk = talkOn(isLog ? withoutCommands(options.stderr) : options.stderr, options, isLog);
  return {
    ...talk,
    async finish(ending) {
      talk.stop();
      if (!isLog) talk.warn(warningsOf(ending.result));
      options.stdout.write(await documentText(format, ending, { options, warnings: talk.warnings() }));
      if (!isLog) talk.tell(ending.problems);
    },
    markdown: (ending) => documentText("markdown", ending, { options, warnings: talk.warnings() }),
  };
}

async function documentText(
  format: DocumentFormat,
  ending: Ending,
  { options, warnings }: { options: ReporterOptions; warnings: readonly string[] },
): Promise<string> {
  const { renderDocument } = await import("./documents.ts");
  return renderDocument(format, ending, {
    ...options,
    warnings: [...warnings, ...warningsOf(ending.result)],
    manifest: options.manifest ?? "tritter.yaml",
  });
}

/** What the runner would take for a command, in either of the two forms it knows, is one no more. */
function withoutCommands(terminal: Terminal): Terminal {
  const harmless = (text: string) => text.replace(/^(\s*):(?=:)/gm, "$1: ").replaceAll("##[", "## [");
  return Object.create(terminal, { write: { value: (text: string) => terminal.write(harmless(text)) } });
}

interface Listener extends Pick<Reporter, "emit" | "problems"> {
  /** Emitted so far. */
  warnings(): readonly string[];
}

function listener(): Listener {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  return {
    emit(event) {
      if (event.kind === "problem") problems.push(event.problem);
      if (event.kind === "warning") warnings.push(event.message);
    },
    problems: () => distinct(problems),
    warnings: () => warnings,
  };
}

interface Talk extends Listener {
  stop(): void;
  warn(messages: readonly string[]): void;
  tell(problems: readonly Problem[]): void;
}

/** `mute`: warnings are told elsewhere. */
function talkOn(stderr: Terminal, options: ReporterOptions, mute = false): Talk {
  const { env, quiet, verbose } = options;
  const paint = paintFor(wantsColour(env, stderr.isTTY));
  const display = displayFor({ ...options, stderr });
  const heard = listener();
  return {
    ...heard,
    emit(event) {
      heard.emit(event);
      display.see(event);
      const isLoud = event.kind === "warning" && event.loud === true;
      if ((quiet && !isLoud) || (mute && event.kind === "warning")) return;
      const line = spokenLine(event, paint, verbose);
      if (line !== undefined) stderr.write(`${line}\n`);
    },
    stop: () => display.stop(),
    warn(messages) {
      const lines = messages.map((message) => `${paint.warn("warning:")} ${safe(message)}`);
      if (!quiet) write(stderr, lines);
    },
    tell: (problems) => {
      write(stderr, problemLines(problems, paint));
      // For a person; in a log it would be one more line to skip.
      const more = quiet || !stderr.isTTY ? undefined : moreText(problems, paint);
      if (more !== undefined) write(stderr, [more]);
    },
  };
}

function displayFor({ stderr, env, clock, quiet, loadSpinner }: ReporterOptions): Display {
  if (quiet) return silentDisplay;
  return mayAnimate(stderr, env) ? liveDisplay(stderr, clock, loadSpinner) : heartbeat(stderr, clock);
}

async function answerLines(ending: Ending, options: ReporterOptions): Promise<readonly string[]> {
  if (ending.result === undefined) return [];
  if (options.quiet && !isAskedFor(ending.result)) return [];
  const paint = paintFor(wantsColour(options.env, options.stdout.isTTY));
  const { stdout, verbose, env } = options;
  return textLines(ending, { paint, width: widthFor(stdout), verbose, ascii: !isUnicode(env) });
}

/** What is said as it happens, besides progress. */
function spokenLine(event: TritterEvent, paint: Paint, verbose: boolean): string | undefined {
  switch (event.kind) {
    case "note":
      return `${paint.name("note:")} ${safe(event.message)}`;
    case "warning":
      return `${paint.warn("warning:")} ${safe(event.message)}`;
    case "answered":
      return accessLine(event);
    case "waiting":
      return verbose ? `waiting ${formatDuration(event.waitMs)}: ${safe(event.why)}` : undefined;
    case "file-retry":
      return verbose ? retryText(event) : undefined;
    case "hashing":
      return verbose ? `reading ${safe(event.path)} (${formatBytes(event.size)}): ${event.why}` : undefined;
    case "hashing-many":
      return verbose ? `read ${formatFiles(event)}: ${event.why}` : undefined;
    case "file-started":
      return verbose ? startedText(event) : undefined;
    default:
      return undefined;
  }
}

function startedText({ path, size, from }: Extract<TritterEvent, { kind: "file-started" }>): string {
  const file = `${safe(path)} (${formatBytes(size)})`;
  return from === undefined ? `fetching ${file}` : `taking ${file} from ${safe(from)}`;
}

function retryText(event: Extract<TritterEvent, { kind: "file-retry" }>): string {
  return `again in ${formatDuration(event.waitMs)}: ${safe(event.path)}: ${safe(event.why)}`;
}

function write(terminal: Terminal, lines: readonly string[]): void {
  if (lines.length > 0) terminal.write(`${lines.join("\n")}\n`);
}
