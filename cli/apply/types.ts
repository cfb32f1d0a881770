import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Clock } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import type { Problem } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { ByteHub } from "../hub/port.ts";
import type { Count, Plan } from "../plan/types.ts";
import type { Journal } from "../receipt/journal.ts";
import type { ReceiveInput } from "../store/receive.ts";
import type { ReadyBlob, StoreView } from "../store/store.ts";
import type { Given, Giver } from "./give.ts";
import type { Limits } from "./meter.ts";

/** All that the writer needs; the plan is carried out as it is, never made again. */
export interface Applying {
  readonly plan: Plan;
  /** Of files that scan could not look at, and that the plan leaves out: while there are any, nothing is removed. */
  readonly unread: readonly Problem[];
  readonly disk: Disk;
  /** Absolute, resolved. */
  readonly root: string;
  /** `<root>/.tritter` */
  readonly state: string;
  readonly owner: string;
  /** Asked before the Hub, in this order. */
  readonly givers: readonly Giver[];
  /** Made when the first byte must come from it; undefined: what nobody gives stays where it is, and nothing is removed. */
  readonly hub: (() => ByteHub) | undefined;
  readonly journal: Journal;
  readonly store: ReceiveInput & { readonly view: StoreView };
  /** Verified blobs of an interrupted run. */
  readonly leftReady: ReadonlyMap<Digest, ReadyBlob>;
  /** What scan learned a path to hold. */
  readonly digestsAt: (path: TreePath) => readonly Digest[];
  /** When scan looked, ms. */
  readonly scannedAt: number;
  /** The plan covers every source, so what no plan wants any more may be swept. */
  readonly whole: boolean;
  /** Streams at once. */
  readonly jobs: number;
  readonly limits: Limits;
  /** What is to be written after the tree, and needs space too; undefined: nothing. */
  readonly beside: Beside | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** Counted where it is on the tree's file system; `problem`: it cannot be had, so nothing is begun. */
export interface Beside {
  /** bytes */
  readonly bytes: number;
  readonly files: number;
  readonly problem: Problem | undefined;
}

/** What happened. */
export interface Outcome {
  readonly fetched: Count;
  /** Had from places asked before the Hub. */
  readonly given: readonly Given[];
  /** Written from lock and facts. */
  readonly generated: Count;
  /** bytes received over the network, those of retries included */
  readonly received: number;
  /** Placed at their path: fetched, moved or copied. */
  readonly placed: Count;
  readonly kept: Count;
  readonly adopted: number;
  readonly pruned: Count;
  readonly forgotten: number;
  readonly trashed: readonly Trashed[];
  /** Why prunes that the plan holds were not carried out (`unfetched`: nothing was to be fetched before them); undefined: they were, or there are none. */
  readonly unpruned: "conflicts" | "problems" | "brake" | "unfetched" | undefined;
  readonly problems: readonly Problem[];
}

export interface Trashed {
  readonly path: TreePath;
  /** Relative to the root. */
  readonly place: string;
  readonly why: string;
}
