import type { Problem } from "../errors.ts";
import { formatNumber } from "./format.ts";
import type { Paint } from "./paint.ts";
import { safe } from "./safe.ts";

/** Problems of one code shown in full; a disk with 10,000 wrong files must not bury the one line that explains it. */
const SHOWN_PER_CODE = 20;

/**
 * error[LOCK_STALE]: sync sources: …
 *   detail
 *   hint: run "tritter lock"
 */
export function problemLines(problems: readonly Problem[], paint: Paint): readonly string[] {
  const seen = new Map<string, number>();
  const lines: string[] = [];
  for (const problem of problems) {
    const before = seen.get(problem.code) ?? 0;
    seen.set(problem.code, before + 1);
    if (before < SHOWN_PER_CODE) lines.push(...linesOf(problem, paint));
  }
  for (const [code, found] of seen) {
    if (found <= SHOWN_PER_CODE) continue;
    const more = formatNumber(found - SHOWN_PER_CODE);
    lines.push(`${label("error", code, paint)} and ${more} more like these (--json lists all)`);
  }
  return lines;
}

/** Where to read on, of an error that names no next step itself. */
export function moreText(problems: readonly Problem[], paint: Paint): string | undefined {
  const terse = problems.find(({ hint }) => hint === undefined);
  return terse && paint.dim(`tritter explain ${terse.code} says what leads to it, and what to do`);
}

/** The same problem once, in order of first appearance. */
export function distinct(problems: readonly Problem[]): readonly Problem[] {
  const byIdentity = new Map<string, Problem>();
  for (const problem of problems) {
    const identity = JSON.stringify([problem.code, problem.source, problem.path, problem.message]);
    if (!byIdentity.has(identity)) byIdentity.set(identity, problem);
  }
  return [...byIdentity.values()];
}

function linesOf(problem: Problem, paint: Paint): readonly string[] {
  const [first = "", ...rest] = problem.message.split("\n").map(safe);
  const details = [...rest, ...(problem.details ?? []).flatMap((detail) => detail.split("\n")).map(safe)];
  return [
    `${label("error", problem.code, paint)} ${first}${paint.dim(belongsTo(problem))}`,
    ...details.map((detail) => `  ${detail}`.trimEnd()),
    ...(problem.hint === undefined ? [] : [`  ${paint.name("hint:")} ${safe(problem.hint)}`]),
  ];
}

/** ` (source "code")`, ` (file "code/a.parquet")`: what the message itself leaves out. */
function belongsTo({ message, source, path }: Problem): string {
  if (path !== undefined) return message.includes(lastSegment(path)) ? "" : ` (file "${safe(path)}")`;
  return source === undefined || message.includes(source) ? "" : ` (source "${safe(source)}")`;
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function label(kind: string, code: string, paint: Paint): string {
  return `${paint.bad(paint.bold(`${kind}[${code}]`))}:`;
}
