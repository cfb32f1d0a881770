import { styleText } from "node:util";
import type { Env } from "../context.ts";

/** Colours by meaning; every function returns its text unchanged where colours are off. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  name(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

type Format = Parameters<typeof styleText>[0];

export function paintFor(colours: boolean): Paint {
  const style = (format: Format) => (text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: style("green"),
    bad: style("red"),
    warn: style("yellow"),
    name: style("cyan"),
    dim: style("dim"),
    bold: style("bold"),
  };
}

/** FORCE_COLOR decides, then NO_COLOR (https://no-color.org), then whether someone looks at a capable terminal. */
export function wantsColour(env: Env, isTTY: boolean): boolean {
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return isTTY && env.TERM !== "dumb";
}
