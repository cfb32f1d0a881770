import { resolve } from "node:path";
import { systemClock } from "./clock.ts";
import type { Context, Env } from "./context.ts";
import { nodeDisk } from "./disk/node.ts";
import { TritterError } from "./errors.ts";
import type { Emit } from "./events.ts";
import { readFlight } from "./flight/file.ts";
import type { FlightReading } from "./flight/types.ts";
import { library } from "./library.ts";
import type { CheckOptions, CheckResult } from "./project/check.ts";
import type { DiffOptions, DiffResult } from "./project/diff.ts";
import type { DoctorOptions, DoctorResult } from "./project/doctor.ts";
import type { ListResult } from "./project/list.ts";
import type { ProjectOptions } from "./project/load.ts";
import type { LockResult, UpdateOptions } from "./project/lock.ts";
import type { OutdatedResult } from "./project/outdated.ts";
import { DEFAULT_JOBS } from "./project/quick.ts";
import type { SyncOptions, SyncResult } from "./project/sync.ts";
import type { WhyOptions, WhyResult } from "./project/why.ts";
import { inCI } from "./report/terminal.ts";

// For programs: what the commands do, with the defaults that they have on the command line. `project/` has the same functions
// for those who bring a clock, a disk or an environment of their own.

declare const __TRITTER_VERSION__: string | undefined;

/** Where a verb works, and who hears of it. */
export interface Surroundings {
  /** The folder of tritter.yaml; default: the process's working directory. */
  readonly cwd?: string | undefined;
  /** Default: the process's. A member that is left out is unset. */
  readonly env?: Env | undefined;
  /** Stops it cleanly and resumably: it then rejects with a TritterError of code INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what happens as it happens; nothing is printed. */
  readonly onEvent?: Emit | undefined;
}

/** Each may be left out, or be undefined. */
type Optional<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined };

/** Names of sources and groups; none: all. */
export interface CallOptions extends Surroundings, Optional<ProjectOptions> {}
export interface LockCall extends CallOptions {
  /** May a source come from one of its fallbacks? Default: true. */
  readonly fallback?: boolean | undefined;
}
export interface UpdateCall extends Surroundings, Optional<UpdateOptions> {}
export interface SyncCall extends Surroundings, Optional<SyncOptions> {}
export interface CheckCall extends Surroundings, Optional<CheckOptions> {}
export interface DiffCall extends Surroundings, Optional<DiffOptions> {}
export interface DoctorCall extends Surroundings, Optional<DoctorOptions> {}
export interface WhyCall extends Surroundings, Optional<Omit<WhyOptions, "path">> {}

/** Pins new and edited sources. Rejects with what keeps a source from being resolved; `locked.problems` refuse what was. */
export function lock(call: LockCall = {}): Promise<LockResult> {
  return called(library.lockProject, call, { fallback: true });
}

/** Moves pins to what the revisions name now. */
export function update(call: UpdateCall = {}): Promise<LockResult> {
  return called(library.updateProject, call, { dryRun: false, allowFallback: false });
}

/** Locks what is stale, then makes the disk equal the lock. `locked` is true by default where CI is set, as on the command line. */
export function sync(call: SyncCall = {}): Promise<SyncResult> {
  const locked = inCI(call.env ?? process.env);
  const defaults = { locked, fallback: true, dryRun: false, force: false, prune: false, jobs: DEFAULT_JOBS };
  return called(library.syncProject, call, defaults);
}

/** Whether manifest, lock and disk agree. Writes nothing. */
export function check(call: CheckCall = {}): Promise<CheckResult> {
  return called(library.checkProject, call, { disk: true, deep: false, upstream: false });
}

/** The sources, side by side in manifest and lock. */
export function list(call: CallOptions = {}): Promise<ListResult> {
  return called(library.listProject, call, {});
}

/** What `update` would move, and what that would change. */
export function outdated(call: CallOptions = {}): Promise<OutdatedResult> {
  return called(library.outdatedProject, call, {});
}

/** How manifest, lock and disk differ, or how the lock differs from another one. */
export function diff(call: DiffCall = {}): Promise<DiffResult> {
  return called(library.diffProject, call, {});
}

/** Which source wants a path below the root, and why. */
export function why(path: string, call: WhyCall = {}): Promise<WhyResult> {
  return called(library.whyProject, call, { path });
}

/** What the next sync would meet. */
export function doctor(call: DoctorCall = {}): Promise<DoctorResult> {
  return called(library.doctorProject, call, { locked: inCI(call.env ?? process.env) });
}

/** How the last sync of a root that did something went; a root that is not absolute starts at the process's working directory. Rejects with nothing but bugs. */
export function readFlightRecord(root: string): Promise<FlightReading> {
  return readFlight(nodeDisk(), resolve(root));
}

/** With defaults for what is left out. */
async function called<Options extends object, Result>(
  verb: (context: Context, options: Options) => Promise<Result>,
  { cwd, env, signal, onEvent, ...options }: Surroundings & Optional<Options>,
  defaults: Partial<Options>,
): Promise<Result> {
  const stop = stopping(signal);
  const context: Context = {
    env: env ?? process.env,
    cwd: resolve(cwd ?? process.cwd()),
    signal: stop.signal,
    clock: systemClock,
    disk: nodeDisk(),
    emit: onEvent ?? (() => {}),
    version: typeof __TRITTER_VERSION__ === "string" ? __TRITTER_VERSION__ : "0.0.0-dev",
    pid: process.pid,
    runtime: { node: process.versions.node, platform: process.platform },
  };
  const set = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  try {
    return await verb(context, { names: [], ...defaults, ...set } as unknown as Options);
  } finally {
    stop.close();
  }
}

/** Callers abort for reasons of their own; what stops a verb is always the same kind of error. */
function stopping(outer: AbortSignal | undefined): { signal: AbortSignal; close: () => void } {
  const controller = new AbortController();
  const stop = () => {
    const problem = {
      code: "INTERRUPTED",
      message: "stopped by the caller: what is complete is kept",
      hint: "call it again to go on from here",
    } as const;
    controller.abort(new TritterError(problem, outer?.reason));
  };
  if (outer?.aborted === true) stop();
  else outer?.addEventListener("abort", stop, { once: true });
  return { signal: controller.signal, close: () => outer?.removeEventListener("abort", stop) };
}
