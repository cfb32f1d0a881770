import type { LockedSource } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";

/**
 * What went wrong with a pin, in plain words where it is gone for good: PIN_GONE, too, where a repository cannot be found
 * any more that was open to all when it was locked. A private one may only be hidden from who asks. What names its
 * source already is left as it is.
 */
export function asGone(problem: Problem, entry: LockedSource): Problem {
  const { name, commit, type, repo, rescued } = entry;
  if (problem.source === name) return problem;
  if (problem.lasting === "disabled") return { ...problem, source: name, hint: elsewhereHint(name) };
  const isGone = problem.code === "PIN_GONE";
  if (!isGone && (problem.lasting !== "missing" || entry.private === true)) return problem;
  const gone: Problem = { ...problem, code: "PIN_GONE", source: name, hint: goneHint(name) };
  if (isGone || rescued !== undefined) return gone;
  const message = `commit ${commit} is gone upstream with its repository: ${type} "${printable(repo)}" was open to all when it was locked, and is deleted or hidden now`;
  const details = [problem.message, ...(problem.details ?? [])];
  return { ...gone, message, details, hint: elsewhereHint(name) };
}

function elsewhereHint(source: string): string {
  return `run tritter rescue ${source}, which looks for the same bytes elsewhere, or let the source name another repository`;
}

export function goneHint(source: string): string {
  return `run tritter rescue ${source}, which looks for the same bytes elsewhere; tritter update ${source} pins what is there now`;
}
