import type { Digest, Stamp, TreePath } from "../../schema/ids.ts";

/**
 * Adopted bytes were there before us: they are the user's and only ever go to the trash. Fetched and generated ones can be had
 * again.
 */
export type Origin = "fetched" | "generated" | "adopted";

/** What the receipt says of one path for one owner. */
export interface Placement {
  readonly path: TreePath;
  readonly source: string;
  /** The manifest's name. */
  readonly owner: string;
  /** Of the bytes placed: sha256, and git too where the lock uses it. Empty while only an intent is known. */
  readonly digests: readonly Digest[];
  /** bytes; undefined while only an intent is known */
  readonly size: number | undefined;
  readonly origin: Origin;
  /** Checksums of its segments from when it was received, as the store packs them; undefined where they are not known. */
  readonly segments: string | undefined;
  /** undefined: nothing to compare with, so hash. */
  readonly stamp: Stamp | undefined;
  /** Why `stamp` is undefined or not to be believed. */
  readonly doubt: "racy" | "unflushed" | undefined;
  /** The bytes and this record would survive a power loss. */
  readonly flushed: boolean;
  /** Announced and not yet confirmed: the disk may hold these bytes instead. Always bytes we fetched or moved ourselves. */
  readonly intents: readonly Intent[];
}

export interface Intent {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly origin: Origin;
}
