import type { ErrorCode, Place, Problem } from "../errors.ts";
import type { Changes } from "../project/drift.ts";
import { PLAIN, planLines } from "./plan-lines.ts";
import type { Result } from "./result.ts";
import { safe } from "./safe.ts";

/** One thing that is wrong, at one place: what annotations, code scanning and test reports count. */
export interface Finding {
  readonly code: ErrorCode;
  /** One line, safe to print. */
  readonly message: string;
  /** Further lines, safe to print. */
  readonly details: readonly string[];
  readonly hint: string | undefined;
  readonly source: string | undefined;
  /** Below the root. */
  readonly path: string | undefined;
  readonly place: Place | undefined;
}

/** Each problem once, or once for each thing that it is about. */
export function findingsOf(problems: readonly Problem[], result: Result | undefined): readonly Finding[] {
  const drift = result?.command === "check" ? result.drift : undefined;
  return problems.flatMap((problem) => {
    const [place, ...more] = problem.places ?? [];
    if (place === undefined || (more.length === 0 && place.message === undefined))
      return [findingOf(problem, place)];
    const files = (source = "") => (problem.code === "DRIFT" ? drift?.get(source) : undefined);
    return [place, ...more].map((each) => partOf(problem, each, files(each.source)));
  });
}

function findingOf(problem: Problem, place: Place | undefined): Finding {
  const { code, hint, source, path } = problem;
  const [message = "", ...rest] = problem.message.split("\n").map(safe);
  const details = [...rest, ...(problem.details ?? []).flatMap((detail) => detail.split("\n")).map(safe)];
  // Readers refuse an empty one.
  return { code, message: message || code, details, hint: hint && safe(hint), source, path, place };
}

function partOf(problem: Problem, place: Place, files: Changes | undefined): Finding {
  const { message = problem.message, hint = problem.hint, source = problem.source } = place;
  const whole = findingOf({ ...problem, message, hint, source, details: [] }, place);
  return files === undefined ? whole : { ...whole, details: planLines(files, PLAIN) };
}
