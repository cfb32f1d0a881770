import type { Commit, Digest } from "../../schema/ids.ts";
import type { Gated } from "../../schema/lock.ts";
import type { RemoteFile, RepoRef } from "../../schema/remote.ts";

export type { RemoteFile, RepoRef };

/** A Hub, or what stands in for one. "Unknown" (undefined) is a legal answer to every question about terms. */
export interface Hub {
  /** For messages: an origin without credentials, or a folder. */
  readonly label: string;
  /** Revision → commit and what is known of the repository. Throws ACCESS_*, REPO_NOT_FOUND, REVISION_NOT_FOUND, NETWORK, HUB. */
  resolve(repo: RepoRef, revision: string): Promise<Resolved>;
  /**
   * Every file of `commit`, or of the folder `prefix` in it, page by page, in the Hub's order. Names are as
   * sent: untrusted. A folder that is not there is empty. Throws PIN_GONE where the commit no longer exists, LISTING_INCOMPLETE where a complete
   * listing is not to be had.
   */
  list(repo: RepoRef, commit: Commit, prefix?: string): AsyncIterable<readonly Listed[]>;
  /**
   * What is directly in a folder of `commit` ("" is its root), page by page: files as `list` has them, and folders without
   * what is in them. Throws as `list`; a folder that is not there is empty.
   */
  entries(repo: RepoRef, commit: Commit, folder: string): AsyncIterable<readonly Entry[]>;
  /**
   * The bytes [start, end) of a file, of which the caller knows the size; never of an empty one. What comes back may
   * begin before `start` (a server that ignores ranges), never after it, and ends at `end` or later, at the file's end.
   * The caller must read or cancel the body. Getting to a body is retried here; once it was handed out nothing is: a
   * broken, stalled or short one throws NETWORK and the caller opens again where it stopped. Throws ACCESS_*,
   * REPO_NOT_FOUND, PIN_GONE, NETWORK, RATE_LIMITED, OFFLINE, and HUB where the size or range is not the asked one.
   */
  open(file: RemoteFile, range: ByteRange, signal: AbortSignal): Promise<Body>;
  /**
   * Commits reachable from a revision, newest first. A page is asked for when it is wanted, so stop at what was looked for.
   * Throws as `resolve`, PIN_GONE for a commit that no longer exists, and LISTING_INCOMPLETE behind the last commit that is known where the history is not.
   */
  commits(repo: RepoRef, revision: string): AsyncIterable<readonly CommitInfo[]>;
  /**
   * Whether the bytes of `path` would be handed to us now; costs one request. A gate leaves README.md and LICENSE open
   * to all, so ask for another file. Throws what is no matter of access: PIN_GONE, NETWORK, HUB.
   */
  access(repo: RepoRef, commit: Commit, path: string): Promise<Access>;
  /**
   * Told what became of the bytes of a file, once they were hashed; `files` are the places of one content. True: others are
   * asked if it is opened again, from its beginning. Not there where nobody else could be asked.
   */
  verdict?(files: readonly RemoteFile[], verdict: Verdict): boolean;
  close(): Promise<void>;
}

/** What bytes come from. */
export type ByteHub = Pick<Hub, "open" | "verdict">;

export interface Verdict {
  readonly right: boolean;
  /** All of its bytes came from here, and none from an earlier run. */
  readonly whole: boolean;
}

export interface Resolved {
  readonly commit: Commit;
  /** Canonical name: differs from the asked one after a rename or in case. */
  readonly repo: string;
  readonly id: string | undefined;
  readonly gated: Gated | undefined;
  readonly private: boolean | undefined;
  readonly disabled: boolean | undefined;
  /** Card first, then tags; empty: the repository names none. undefined: not known here. */
  readonly licenses: readonly string[] | undefined;
  /** `sha256:…` of what a person accepts to pass the gate; undefined: not gated, or not known here. */
  readonly gate: string | undefined;
}

export interface Listed {
  readonly path: string;
  /** bytes of the file itself, never of an LFS pointer */
  readonly size: number;
  /** undefined: the Hub masked it, so there is nothing to verify by. */
  readonly digest: Digest | undefined;
  /** Git id of the LFS pointer; set only if the digest is masked. It tells whether a sha256 that is known otherwise is this file's. */
  readonly pointer?: string;
}

export type Entry =
  | { readonly kind: "file"; readonly file: Listed }
  | {
      readonly kind: "folder";
      readonly path: string;
      /** The git id of all that is in it: equal ones hold the same. undefined: not known here. */
      readonly oid: string | undefined;
    };

/** Half open, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
  /** Chunks of the body are the taker's only until it returns, or until the promise resolves that it returns. Costs less. */
  readonly lent?: true | undefined;
}

/** Takes the next bytes of a body. A promise means: wait for it before handing out more. */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

/**
 * Memory that the next bytes of a range that is lent may be read into, as many as fit: what `take` gets then lies there.
 * undefined: there is none now.
 */
export type Room = () => Uint8Array | undefined;

export interface Body {
  /** Offset of the first byte; at most the asked `start`. */
  readonly start: number;
  /**
   * Hands all bytes to `take` as they come, in order; called once. While a promise that `take` returned is pending it
   * gets nothing, and the sender is made to wait. A chunk is the taker's to keep, but for a range that asked otherwise. Resolves at the end and on cancel;
   * rejects with what broke the body, or with what `take` threw.
   */
  read(take: Take, room?: Room): Promise<void>;
  /** Drops what is not read. Safe to call twice, or after the end. */
  cancel(): void;
}

export interface CommitInfo {
  readonly commit: Commit;
  readonly title: string;
  /** ISO 8601; undefined where unknown. */
  readonly date: string | undefined;
}

export type Access =
  | { readonly kind: "granted" }
  /** `problem` is ready to print: its message, next step and URL. */
  | { readonly kind: "refused"; readonly problem: import("../errors.ts").Problem };
