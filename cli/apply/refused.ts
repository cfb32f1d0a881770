import { CODES, type ErrorCode, EXIT, type Problem, TritterError } from "../errors.ts";
import type { ByteHub, RemoteFile } from "../hub/port.ts";

/**
 * A Hub that is asked once for what it refuses as a whole: after a refusal of access, or of a commit that is gone,
 * further files of that repository and commit fail with the same error and no request.
 */
export function askingOnce(hub: ByteHub): ByteHub {
  const refused = new Map<string, TritterError>();
  return {
    ...(hub.verdict !== undefined && { verdict: hub.verdict }),
    open: (file, range, signal) => {
      const before = refused.size === 0 ? undefined : refused.get(wholeOf(file));
      if (before !== undefined) return Promise.reject(before);
      return hub.open(file, range, signal).catch((error: unknown) => {
        if (!(error instanceof TritterError) || !refusesAll(error.code)) throw error;
        // Several were under way at once: the first refusal speaks for all.
        const whole = wholeOf(file);
        const first = refused.get(whole) ?? error;
        refused.set(whole, first);
        throw first;
      });
    },
  };
}

/** One problem for all files that one refusal kept away, saying how many they are. */
export function foldRefusals(problems: readonly Problem[]): readonly Problem[] {
  const folded = new Map<string, { readonly problem: Problem; files: number }>();
  for (const problem of problems) {
    const { code, message, path = "" } = problem;
    const key = refusesAll(code) ? JSON.stringify([code, message]) : JSON.stringify([code, message, path]);
    const before = folded.get(key);
    if (before === undefined) folded.set(key, { problem, files: 1 });
    else before.files += 1;
  }
  return [...folded.values()].map(({ problem, files }) => (files === 1 ? problem : ofMany(problem, files)));
}

function ofMany({ path: _, ...problem }: Problem, files: number): Problem {
  const others = files === 2 ? "one more file of it is" : `${files - 1} more files of it are`;
  return { ...problem, details: [`${others} kept away by this`, ...(problem.details ?? [])] };
}

function refusesAll(code: ErrorCode): boolean {
  return CODES[code] === EXIT.access || CODES[code] === EXIT.gone;
}

function wholeOf({ repo, commit }: RemoteFile): string {
  return `${repo.type}/${repo.repo}@${commit}`;
}
