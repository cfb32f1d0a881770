import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export interface Fence {
  readonly info: string;
  readonly text: string;
}

/** A document of the project. */
export interface Page {
  /** Below the project's folder. */
  readonly name: string;
  readonly text: string;
  readonly fences: readonly Fence[];
  /** Without fences. */
  readonly prose: string;
}

export async function readPage(name: string): Promise<Page> {
  const text = await readFile(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");
  const fences = [...text.matchAll(FENCE)].map(([, info = "", body = ""]) => ({ info, text: body }));
  return { name, text, fences, prose: text.replace(FENCE, "") };
}

const FENCE = /^```([^\n]*)\n(.*?)^```$/gms;

/** What a reader types, in the order of the page. */
export function shellLines({ fences }: Page): string[] {
  return fences.flatMap(({ info, text }) => {
    if (info === "sh") return text.trimEnd().split("\n");
    return isConsole(info) ? sessionOf(text).map(({ line }) => line) : [];
  });
}

/** One thing that happens on a page, in its order. */
export type Step =
  | { readonly kind: "write"; readonly file: string; readonly text: string }
  /** Said in a comment, `<!-- upstream: rust moves -->`: what a reader sees only by its effects. */
  | { readonly kind: "event"; readonly name: string }
  | ({ readonly kind: "run" } & Typed);

export interface Typed {
  readonly line: string;
  /** Of the last line of its fence as the fence says it (`console exit 9`), else 0. */
  readonly status: number;
  /** As shown; undefined: the page shows none. */
  readonly output: string | undefined;
}

/**
 * A fence ```` ```yaml tritter.yaml ```` is a file to write, ```` ```sh ```` are lines to type, and ```` ```console ```` lines
 * to type, each after `$ `, with what they print.
 */
export function stepsOf({ text }: Page): Step[] {
  const found = text.matchAll(/^```([^\n]*)\n(.*?)^```$|^<!-- upstream: (.*?) -->$/gms);
  return [...found].flatMap(([, info = "", body = "", event]): Step[] => {
    if (event !== undefined) return [{ kind: "event", name: event }];
    if (isConsole(info)) return typedIn(info, body).map((typed) => ({ kind: "run", ...typed }));
    if (info === "sh") {
      const lines = body.trimEnd().split("\n");
      return lines.map((line) => ({ kind: "run", line, status: 0, output: undefined }));
    }
    const [, file] = info.split(" ");
    return file === undefined ? [] : [{ kind: "write", file, text: body }];
  });
}

function isConsole(info: string): boolean {
  return info.split(" ")[0] === "console";
}

function typedIn(info: string, body: string): Typed[] {
  const session = sessionOf(body);
  const status = Number(/^console exit (\d+)$/.exec(info)?.[1] ?? 0);
  return session.map((one, index) => ({ ...one, status: index === session.length - 1 ? status : 0 }));
}

function sessionOf(body: string): { line: string; output: string }[] {
  const parts = body.split(/^\$ (.*)\n/m);
  if (parts[0] !== "") throw new Error(`should begin with "$ ": ${body}`);
  return parts.flatMap((line, index) => (index % 2 === 1 ? [{ line, output: parts[index + 1] ?? "" }] : []));
}

/** Whether a text is what a page shows of it: a line `…` stands for any lines, `…` within one for any part of it. */
export function isShownAs(text: string, shown: string): boolean {
  const pattern = shown
    .split("\n")
    .map((line) => (line.trim() === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(literally).join(".*")}\\n`))
    .join("")
    .replace(/\\n$/, "");
  return new RegExp(`^${pattern}$`).test(text);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
