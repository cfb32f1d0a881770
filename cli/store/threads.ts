import { availableParallelism } from "node:os";

export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

interface Place {
  /** Work from which on starting threads (some 40 ms each) pays. */
  readonly worth: Amount;
  /** A thread has a disk of its own, which is the same one only there. */
  readonly local: boolean;
}

/** What may start threads. */
interface Host {
  readonly cores: number;
  /** Sources run without a build have no thread that could load them. */
  readonly built: boolean;
}

/** How many threads do the work best; 0: this one does it. */
export function threadsFor(
  work: Amount,
  { worth, local }: Place,
  { cores, built }: Host = { cores: availableParallelism(), built: BUILT },
): number {
  const pays = work.files >= worth.files || work.bytes >= worth.bytes;
  return built && local && pays && cores > 1 ? cores : 0;
}

declare const __TRITTER_VERSION__: string | undefined;

const BUILT = typeof __TRITTER_VERSION__ === "string";
