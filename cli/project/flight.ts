import type { Context } from "../context.ts";
import { diskProblem } from "../disk/trouble.ts";
import { thisWriter } from "../disk/writer.ts";
import { EXIT, type Problem, systemCode, TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { sweepFlights, writeFlight } from "../flight/file.ts";
import { openFlight } from "../flight/fold.ts";
import type { FlightEnd, FlightTotals, Sum } from "../flight/types.ts";
import { resolveRoot, stateFolder } from "../status/root.ts";
import { endStatus, problemsThrown } from "../stop.ts";
import type { SyncResult } from "./sync.ts";

/** Totals of a record that was written. */
export interface Recorded extends FlightTotals {
  /** Absolute. */
  readonly file: string;
}

export interface Recording {
  /** As the one given, with ears. */
  readonly context: Context;
  /** Where the record belongs; a sync that ends before that is known leaves none. */
  readonly found: (root: string) => void;
  /** Writes the record of a sync that did something. Throws nothing but bugs: a sync does not fail by what tells of it. */
  readonly end: (ending: Ending) => Promise<Recorded | undefined>;
}

type Ending = { readonly result: SyncResult } | { readonly error: unknown };

/** Listens to a sync, so that how it went can be looked at later. */
export function recordFlight(outer: Context): Recording {
  const { clock, version } = outer;
  const began = clock.now();
  const flight = openFlight({ tritter: version, began });
  const told: Problem[] = [];
  let place: string | undefined;
  const emit: Emit = (event) => {
    if (event.kind === "problem") told.push(event.problem);
    flight.see(event, clock.now());
    outer.emit(event);
  };
  return {
    context: { ...outer, emit },
    found: (root) => {
      place = root;
    },
    end: async (ending) => {
      if (place === undefined) return undefined;
      const problems = [...told, ...problemsAfter(ending, outer.signal)];
      const totals = flight.totals(prunedBy(ending));
      const end: FlightEnd = {
        tookMs: Math.max(0, Math.round(clock.now() - began)),
        exit: endStatus(problems, outer.signal),
        problems: [...new Set(problems.map(({ code }) => code))],
        totals,
      };
      const isWorth = didSomething(ending, end);
      try {
        const state = stateFolder(outer, await resolveRoot(outer, place));
        if (outer.disk.lstat(state) === undefined) return undefined;
        await sweepFlights(outer.disk, state);
        if (!isWorth) return undefined;
        const { id } = await thisWriter(outer.disk, outer.pid);
        const file = await writeFlight(outer.disk, state, { id, lines: flight.lines(end) });
        return { file, ...totals };
      } catch (error) {
        if (!(error instanceof TritterError) && systemCode(error) === undefined) throw error;
        // What keeps us out of the root, the sync has told already.
        if (isWorth && "result" in ending)
          outer.emit({
            kind: "warning",
            message: diskProblem("write the record of this sync", error).message,
          });
        return undefined;
      }
    },
  };
}

function problemsAfter(ending: Ending, signal: AbortSignal): readonly Problem[] {
  return "result" in ending ? ending.result.problems : problemsThrown(ending.error, signal);
}

function prunedBy(ending: Ending): Sum | null {
  if (!("result" in ending)) return null;
  return ending.result.outcome?.pruned ?? { files: 0, bytes: 0 };
}

/** Asked somebody, changed something, or did not end well. */
function didSomething(ending: Ending, { exit, problems, totals }: FlightEnd): boolean {
  if (totals.requests + totals.taken.files + totals.placed.files > 0) return true;
  // Where another sync is at work the record will be that one's, and a full disk needs no more files.
  if (problems.includes("ROOT_HELD") || problems.includes("NO_SPACE")) return false;
  if (exit !== EXIT.ok) return true;
  if (!("result" in ending)) return true;
  const { locked, outcome, provided } = ending.result;
  const changed =
    (outcome?.pruned.files ?? 0) +
    (outcome?.forgotten ?? 0) +
    (outcome?.adopted ?? 0) +
    (outcome?.trashed.length ?? 0) +
    (provided?.cache?.files ?? 0) +
    (provided?.metadata.written ?? 0) +
    (provided?.metadata.removed ?? 0);
  return locked?.wrote === true || changed > 0;
}
