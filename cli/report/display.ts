import type { Clock } from "../context.ts";
import type { TritterEvent } from "../events.ts";
import { count, newProgress } from "./progress.ts";
import { progressLine, progressLines } from "./progress-lines.ts";
import type { Terminal } from "./terminal.ts";

/** What moves on the terminal while a verb works. */
export interface Display {
  see(event: TritterEvent): void;
  /** Erases what moves. Nothing is drawn after it. */
  stop(): void;
}

export interface Spinner {
  text: string;
  start(): unknown;
  stop(): unknown;
}

export type LoadSpinner = (stream: NodeJS.WritableStream) => Promise<Spinner>;

/** At most this often is the live display redrawn: ten times a second. */
const FRAME_MS = 100;
const HEARTBEAT_MS = 10_000;
/** Work shorter than this shows nothing and never loads the spinner: a sync with nothing to do stays quiet and fast. */
const PATIENCE_MS = 200;
/** Columns the spinner's own sign takes, and one that keeps terminals from wrapping. */
const MARGIN = 3;

export const silentDisplay: Display = { see: () => {}, stop: () => {} };

/** Redraws a few lines in place, once the work has taken a moment. */
export function liveDisplay(terminal: Terminal, clock: Clock, load: LoadSpinner = loadOra): Display {
  const progress = newProgress();
  const ending = new AbortController();
  let spinner: Spinner | undefined;
  let started = false;
  const draw = () => {
    const lines = progressLines(progress, clock.now(), Math.max(10, (terminal.columns || 80) - MARGIN));
    if (spinner !== undefined) spinner.text = lines.join("\n");
  };
  const animate = async (stream: NodeJS.WritableStream) => {
    if (!(await slept(PATIENCE_MS, clock, ending.signal))) return;
    const loaded = await load(stream);
    if (ending.signal.aborted) return;
    spinner = loaded;
    draw();
    spinner.start();
    await every(FRAME_MS, clock, { signal: ending.signal, work: draw });
  };
  return {
    see(event) {
      count(progress, event, clock.now());
      if (started || progress.phase === "idle" || terminal.stream === undefined) return;
      started = true;
      void animate(terminal.stream);
    },
    stop() {
      ending.abort();
      spinner?.stop();
    },
  };
}

/** One plain line every ten seconds, for logs. */
export function heartbeat(terminal: Terminal, clock: Clock): Display {
  const progress = newProgress();
  const ending = new AbortController();
  let started = false;
  const beat = () => {
    const line = progressLine(progress, clock.now());
    if (line !== "") terminal.write(`${line}\n`);
  };
  return {
    see(event) {
      count(progress, event, clock.now());
      if (started) return;
      started = true;
      void every(HEARTBEAT_MS, clock, { signal: ending.signal, work: beat });
    },
    stop: () => ending.abort(),
  };
}

async function every(ms: number, clock: Clock, { signal, work }: { signal: AbortSignal; work: () => void }) {
  while (await slept(ms, clock, signal)) work();
}

/** False once `signal` aborts. */
async function slept(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/**
 * `discardStdin` would put the keyboard into raw mode and swallow Ctrl-C. `isEnabled` is decided by the
 * caller, who knows that the terminal has columns.
 */
async function loadOra(stream: NodeJS.WritableStream): Promise<Spinner> {
  const { default: ora } = await import("ora");
  return ora({ stream, discardStdin: false, isEnabled: true, interval: FRAME_MS });
}
