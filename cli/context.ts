import type { Clock } from "./clock.ts";
import type { Disk } from "./disk/port.ts";
import type { Emit } from "./events.ts";

export type { Clock } from "./clock.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** All that a verb may know of the world around it. */
export interface Context {
  readonly env: Env;
  /** Absolute; relative paths of the command line start here. */
  readonly cwd: string;
  /** Aborts with a TritterError of code INTERRUPTED. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly emit: Emit;
  readonly version: string;
  /** Of this process: who writes below a root is told apart by it. */
  readonly pid: number;
}
