import type { Context } from "../../context.ts";
import { type Problem, problemsOf } from "../../errors.ts";
import type { Found } from "./finding.ts";

/** Asks within `ms`, whether or not what is asked listens to its signal. A stop is thrown on. */
export async function probe<T>(
  { clock, signal }: Context,
  ms: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<Found<T>> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const asked = (async (): Promise<Found<T>> => {
    try {
      return { kind: "got", value: await ask(either) };
    } catch (error) {
      const [problem] = problemsOf(error);
      return { kind: "refused", problem: problem as Problem };
    }
  })();
  const late = clock.sleep(ms, either).then(
    (): Found<T> => ({ kind: "late", ms }),
    () => asked,
  );
  const found = await Promise.race([asked, late]);
  over.abort();
  signal.throwIfAborted();
  return found;
}
