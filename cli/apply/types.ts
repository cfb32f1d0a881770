import type { Digest, TreePath } from "../../schema/ids.ts";
import type { Clock } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import type { Problem } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Hub } from "../hub/port.ts";
import type { Count, Plan } from "../plan/types.ts";
import type { Journal } from "../receipt/journal.ts";
import type { ReceiveInput } from "../store/receive.ts";
import type { ReadyBlob, StoreView } from "../store/store.ts";
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
  /** Made when the first byte must come from it. */
  readonly hub: () => Hub;
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
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** What happened. */
export interface Outcome {
  readonly fetched: Count;
  /** bytes received over the network, those of retries included */
  readonly received: number;
  /** Placed at their path: fetched, moved or copied. */
  readonly placed: Count;
  readonly kept: Count;
  readonly adopted: number;
  readonly pruned: Count;
  readonly forgotten: number;
  readonly trashed: readonly Trashed[];
  /** Why prunes that the plan holds were not carried out; undefined: they were, or there are none. */
  readonly unpruned: "conflicts" | "problems" | "brake" | undefined;
  readonly problems: readonly Problem[];
}

export interface Trashed {
  readonly path: TreePath;
  /** Relative to the root. */
  readonly place: string;
  readonly why: string;
}
