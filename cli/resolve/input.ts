import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { Emit } from "../events.ts";
import type { Hub, Listed } from "../hub/port.ts";
import type { PatternCount } from "./select.ts";
import type { Walked } from "./subtrees.ts";
import type { Wanted } from "./wanted.ts";

/** `lock` never moves a pin whose identity did not change; `update` moves those it names. */
export type Mode =
  | { readonly kind: "lock" }
  | {
      readonly kind: "update";
      readonly names: ReadonlySet<string>;
      /** Pins this instead of what the manifest's revision names; undefined: that. */
      readonly to: string | undefined;
    };

export interface ResolveInput {
  readonly manifest: Manifest;
  readonly previous: Lock | undefined;
  readonly hub: Hub;
  readonly mode: Mode;
  /** Sources that may be touched; undefined: all. Others stay as they are, stale and dropped ones too. */
  readonly only: ReadonlySet<string> | undefined;
  /**
   * Whether a source may come from one of its fallbacks where its own repository cannot be had: in a lock one without
   * a pin, in an update every one that is named.
   */
  readonly fallback: boolean;
  /** ms since the epoch: what `min-age` counts from. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface Resolving extends ResolveInput {
  /** One answer for all sources that ask for the same revision. */
  readonly asked: Map<string, Promise<Wanted>>;
  /** One listing for all sources of a commit. */
  readonly listings: Map<string, Promise<readonly Listed[]>>;
  /** One comparison for all sources that move from one commit to another. */
  readonly walks: Map<string, Promise<Walked>>;
}

export function startResolving(input: ResolveInput): Resolving {
  return { ...input, asked: new Map(), listings: new Map(), walks: new Map() };
}

/** What one source became, or why it could not. */
export interface Pinned {
  readonly source: LockedSource;
  readonly patterns: readonly PatternCount[];
  readonly warnings: readonly string[];
}
