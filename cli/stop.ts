import { EXIT, exitStatusOf, type Problem, problemsOf, TritterError } from "./errors.ts";

/** The signals that stop a run cleanly, and the status it then ends with. */
export const STOP_SIGNALS = { SIGINT: EXIT.int, SIGTERM: EXIT.term, SIGHUP: EXIT.hup } as const;

export type StopSignal = keyof typeof STOP_SIGNALS;

/** What the context's signal aborts with. */
export function stopReason(signal: StopSignal): TritterError {
  const problem = {
    code: "INTERRUPTED",
    message: `stopped by ${signal}: what is complete is kept`,
    hint: "run the same command again to go on from here",
  } as const;
  return new TritterError(problem, signal);
}

/** What was thrown, as what the user is told: where a signal stopped the run, whatever gave way says why. */
export function problemsThrown(error: unknown, signal: AbortSignal): readonly Problem[] {
  const gaveWay = signal.aborted && error instanceof Error && error.name === "AbortError";
  return problemsOf(gaveWay ? signal.reason : error);
}

/** Exit status of a run that ends with these problems. */
export function endStatus(problems: readonly Problem[], signal: AbortSignal): number {
  const status = exitStatusOf(problems);
  return status === EXIT.int && signal.aborted ? stopStatus(signal.reason) : status;
}

/** Exit status for an abort reason; that of SIGINT where a caller aborted for reasons of its own. */
function stopStatus(reason: unknown): number {
  const signal = reason instanceof TritterError ? reason.cause : undefined;
  return typeof signal === "string" && signal in STOP_SIGNALS ? STOP_SIGNALS[signal as StopSignal] : EXIT.int;
}
