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
  /** What the program runs on; undefined where it does not matter. */
  readonly runtime?: Runtime;
}

export interface Runtime {
  /** `22.12.0` */
  readonly node: string;
  /** As Node names it: `linux`, `darwin`, `win32`, … */
  readonly platform: string;
}
