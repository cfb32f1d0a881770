import { EXIT, TritterError } from "./errors.ts";

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

/** Exit status for an abort reason; that of SIGINT where a caller aborted for reasons of its own. */
export function stopStatus(reason: unknown): number {
  const signal = reason instanceof TritterError ? reason.cause : undefined;
  return typeof signal === "string" && signal in STOP_SIGNALS ? STOP_SIGNALS[signal as StopSignal] : EXIT.int;
}
