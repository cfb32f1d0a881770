import type { Env } from "../context.ts";

/** Where text goes: standard output or standard error, or a list in a test. */
export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Columns right now; 0 or undefined where the terminal does not say. */
  readonly columns: number | undefined;
  /** What a spinner draws on; undefined where nothing can be drawn. */
  readonly stream: NodeJS.WritableStream | undefined;
}

const NARROWEST = 40;
const WIDEST = 200;

/** Columns to lay text out for. Infinite in a pipe: what a program reads is never cut. */
export function widthFor(terminal: Terminal): number {
  if (!terminal.isTTY) return Number.POSITIVE_INFINITY;
  return Math.min(WIDEST, Math.max(NARROWEST, terminal.columns || 80));
}

/** `CI` counts unless it is empty, `0` or `false`. */
export function inCI(env: Env): boolean {
  return env.CI !== undefined && !["", "0", "false"].includes(env.CI.toLowerCase());
}

/** Of the locale, the first variable that is set decides; none is the locale C. POSIX, Base Definitions, 8.2. */
export function isUnicode(env: Env): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "");
}

/** As the Hub's own tools read their switches: 1, ON, YES, TRUE. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && ["1", "on", "yes", "true"].includes(value.toLowerCase());
}

/**
 * Whether lines may be redrawn on `terminal`. A terminal of no columns is left alone: a spinner that divides
 * by them never stops writing.
 */
export function mayAnimate(terminal: Terminal, env: Env): boolean {
  if (!terminal.isTTY || terminal.stream === undefined || !terminal.columns) return false;
  return env.TERM !== "dumb" && !inCI(env) && !isOn(env.HF_HUB_DISABLE_PROGRESS_BARS);
}
