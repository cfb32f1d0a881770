import type { Digest, Stamp, TreePath } from "../../schema/ids.ts";
import type { RemoteFile } from "../hub/port.ts";
import type { Want } from "../lock/wants.ts";
import type { Origin } from "../receipt/placement.ts";

/** How the disk differs from the lock, and what sync will do about it. Every list is sorted by path. */
export interface Drift {
  readonly writes: readonly Write[];
  readonly prunes: readonly Prune[];
  /** The receipt forgets these paths; the disk is not touched. */
  readonly forgets: readonly Forget[];
  readonly conflicts: readonly Conflict[];
  /** Set if prunes wait for a flag; the rest of the plan runs. */
  readonly brake: Brake | undefined;
  readonly totals: Totals;
}

/** All that sync will do, decided from lock, receipt and inventory alone. */
export interface Plan extends Drift {
  readonly keeps: readonly Keep[];
  /** One entry per digest that the writes need and how it is had, in the order it is fetched. */
  readonly blobs: readonly Blob[];
}

/** The disk already holds what the lock wants. */
export interface Keep {
  readonly want: Want;
  readonly stamp: Stamp;
  readonly digests: readonly Digest[];
  /** What the receipt must learn: nothing; an untracked equal file; a path another owner placed; a new stamp, source or digest. */
  readonly record: "none" | "adopt" | "share" | "restamp";
  readonly origin: Origin;
  /** Checksums that the receipt has of these bytes. */
  readonly segments: string | undefined;
}

export interface Write {
  readonly want: Want;
  /** `untracked` and `not-a-file` only with `force`. */
  readonly why: "missing" | "outdated" | "modified" | "untracked" | "not-a-file";
  /** What happens to the bytes found: none there, replaced by the rename (we can fetch them again), or moved to the trash. */
  readonly found: "nothing" | "replace" | "trash";
  /** Of the bytes found; they are looked at again just before they are displaced. */
  readonly stamp: Stamp | undefined;
  /** Entries in the way, above or below, that go to the trash first. */
  readonly clears: readonly Clear[];
}

export interface Clear {
  readonly path: TreePath;
  readonly stamp: Stamp | undefined;
  /** Ours and unmodified: dropped from the trash again once the plan succeeded. */
  readonly disposable: boolean;
}

export interface Prune {
  readonly path: TreePath;
  readonly source: string;
  /** bytes on disk */
  readonly size: number;
  readonly why: "dropped" | "modified";
  /** `trash`: the bytes are not ones we fetched. */
  readonly how: "unlink" | "trash";
  readonly stamp: Stamp;
}

export interface Forget {
  readonly path: TreePath;
  readonly source: string;
  readonly why: "gone" | "not-a-file" | "shared" | "moved" | "same-entry" | "cleared";
}

export interface Conflict {
  readonly path: TreePath;
  readonly source: string;
  readonly why: "untracked" | "not-a-file" | "other-owner";
  /** The entry in the way: the path itself, or one above or below it. */
  readonly at: TreePath;
  /** What stands there, or the other owner's name. */
  readonly what: string;
}

/** One wanted digest, to be had once. */
export interface Blob {
  readonly digest: Digest;
  /** The one that wants the first of its paths. */
  readonly source: string;
  /** bytes */
  readonly size: number;
  readonly from: BlobOrigin;
  /** Where it goes; never empty. */
  readonly paths: readonly TreePath[];
}

export type BlobOrigin =
  /** Verified and not yet placed, left by an interrupted run. */
  | { readonly kind: "ready" }
  /**
   * Another path of ours holds it. `stage`: that path goes away or is overwritten, so its file is moved into
   * the store first; `rename`: it is the user's and goes away, so it moves straight to its new path; `copy`: it stays.
   */
  | {
      readonly kind: "tree";
      readonly path: TreePath;
      readonly stamp: Stamp;
      readonly how: "stage" | "rename" | "copy";
      /** Checksums that the receipt has of its bytes. */
      readonly segments: string | undefined;
    }
  /** It says what lock and facts hold, and is written from them. */
  | { readonly kind: "generated"; readonly bytes: Uint8Array }
  | {
      readonly kind: "fetch";
      /** Any of these serves the same bytes. */
      readonly remotes: readonly RemoteFile[];
      /** bytes of an interrupted fetch already here */
      readonly have: number;
      /** A file of ours that held these bytes and was changed: most of it may still be right. */
      readonly damaged: Damage | undefined;
    };

export interface Damage {
  readonly path: TreePath;
  readonly stamp: Stamp;
  /** Checksums that the receipt has of the bytes that were placed there. */
  readonly segments: string;
}

/** Why prunes wait for `--prune`. */
export interface Brake {
  /** Sources of which every file would go. */
  readonly sources: readonly string[];
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  /** Share of the bytes the receipt knows, 0 to 1. */
  readonly share: number;
}

export interface Totals {
  readonly wanted: Count;
  readonly fetch: Count;
  readonly keep: Count;
  readonly prune: Count;
}

export interface Count {
  readonly files: number;
  readonly bytes: number;
}
