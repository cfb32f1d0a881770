import type { Clock, Env } from "../context.ts";
import type { Problem } from "../errors.ts";
import type { Emit, TritterEvent } from "../events.ts";
import { type Display, heartbeat, type LoadSpinner, liveDisplay, silentDisplay } from "./display.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { type Paint, paintFor, wantsColour } from "./paint.ts";
import { distinct, problemLines } from "./problems.ts";
import { type Ending, warningsOf } from "./result.ts";
import { safe } from "./safe.ts";
import { mayAnimate, type Terminal, widthFor } from "./terminal.ts";

/** Tells a person or a program what happens and what came of it. Text and JSON are the two there are. */
export interface Reporter {
  readonly emit: Emit;
  /** What was emitted as wrong so far, each once. */
  problems(): readonly Problem[];
  /** Stops what moves, then tells the end. Called once. */
  finish(ending: Ending): Promise<void>;
}

export interface ReporterOptions {
  /** Answers: what a command found or did. */
  readonly stdout: Terminal;
  /** Talk: progress, notes, warnings and problems. */
  readonly stderr: Terminal;
  readonly env: Env;
  readonly clock: Clock;
  readonly version: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly loadSpinner?: LoadSpinner;
}

export function textReporter(options: ReporterOptions): Reporter {
  const { stdout, stderr, env } = options;
  const talk = paintFor(wantsColour(env, stderr.isTTY));
  const display = displayFor(options);
  const problems: Problem[] = [];
  return {
    emit(event) {
      if (event.kind === "problem") problems.push(event.problem);
      display.see(event);
      const silent = options.quiet && !(event.kind === "warning" && event.loud);
      const line = silent ? undefined : spokenLine(event, talk, options.verbose);
      if (line !== undefined) stderr.write(`${line}\n`);
    },
    problems: () => distinct(problems),
    async finish(ending) {
      display.stop();
      const warnings = options.quiet ? [] : warningsOf(ending.result);
      write(
        stderr,
        warnings.map((message) => `${talk.warn("warning:")} ${safe(message)}`),
      );
      write(stdout, await answerLines(ending, options));
      write(stderr, problemLines(ending.problems, talk));
    },
  };
}

/** Says nothing on standard error: all there is to know is in the one object on standard output. */
export function jsonReporter({ stdout, version }: ReporterOptions): Reporter {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  return {
    emit(event) {
      if (event.kind === "problem") problems.push(event.problem);
      if (event.kind === "warning") warnings.push(event.message);
    },
    problems: () => distinct(problems),
    async finish(ending) {
      const { jsonText } = await import("./json.ts");
      stdout.write(
        await jsonText(ending, { version, warnings: [...warnings, ...warningsOf(ending.result)] }),
      );
    },
  };
}

function displayFor({ stderr, env, clock, quiet, loadSpinner }: ReporterOptions): Display {
  if (quiet) return silentDisplay;
  return mayAnimate(stderr, env) ? liveDisplay(stderr, clock, loadSpinner) : heartbeat(stderr, clock);
}

async function answerLines(ending: Ending, options: ReporterOptions): Promise<readonly string[]> {
  if (ending.result === undefined) return [];
  const { isAskedFor, textLines } = await import("./text.ts");
  if (options.quiet && !isAskedFor(ending.result)) return [];
  const paint = paintFor(wantsColour(options.env, options.stdout.isTTY));
  return textLines(ending, { paint, width: widthFor(options.stdout), verbose: options.verbose });
}

/** What is said as it happens, besides progress. */
function spokenLine(event: TritterEvent, paint: Paint, verbose: boolean): string | undefined {
  switch (event.kind) {
    case "note":
      return `${paint.name("note:")} ${safe(event.message)}`;
    case "warning":
      return `${paint.warn("warning:")} ${safe(event.message)}`;
    case "waiting":
      return verbose ? `waiting ${formatDuration(event.waitMs)}: ${safe(event.why)}` : undefined;
    case "file-retry":
      return verbose ? retryText(event) : undefined;
    case "hashing":
      return verbose ? `reading ${safe(event.path)} (${formatBytes(event.size)}): ${event.why}` : undefined;
    case "file-started":
      return verbose ? `fetching ${safe(event.path)} (${formatBytes(event.size)})` : undefined;
    default:
      return undefined;
  }
}

function retryText(event: Extract<TritterEvent, { kind: "file-retry" }>): string {
  return `again in ${formatDuration(event.waitMs)}: ${safe(event.path)}: ${safe(event.why)}`;
}

function write(terminal: Terminal, lines: readonly string[]): void {
  if (lines.length > 0) terminal.write(`${lines.join("\n")}\n`);
}
