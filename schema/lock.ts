import type { Commit, Digest, RepoType, TreePath } from "./ids.ts";

/** `tritter.lock`, parsed: paths judged, digests tagged, sources sorted by name, files by bytes of their path. */
export interface Lock {
  readonly version: 1;
  readonly sources: readonly LockedSource[];
  /** Members this version does not know, kept verbatim. */
  readonly extra: Extra;
}

export interface LockedSource {
  readonly name: string;
  /** `sha256:…` of the identity and selection fields it was resolved from. */
  readonly request: string;
  /** Canonical name, as the Hub answers. */
  readonly repo: string;
  /** As the manifest names it; set only if that differs from `repo`. */
  readonly asked: string | undefined;
  /** The Hub's `_id`; undefined where the Hub does not know it. */
  readonly id: string | undefined;
  readonly type: RepoType;
  readonly revision: string;
  /** As the manifest's fields, in their one form; set only if the manifest sets them. */
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
  readonly commit: Commit;
  /** Below the root; "" is the root itself. */
  readonly path: string;
  /** "" when nothing is dropped. */
  readonly strip: string;
  /** Empty: unknown, or the repository names none. */
  readonly licenses: readonly string[];
  readonly gated: Gated | undefined;
  /** Set only if the repository was not open to all: one that cannot be found any more may only be hidden then. */
  readonly private: boolean | undefined;
  /** Digest of the repository's card, README.md at the commit; undefined where there is none, or it is not known. */
  readonly card: Digest | undefined;
  /** `sha256:…` of what a person accepts to pass the gate; undefined where there is none, or it is not known. */
  readonly gate: string | undefined;
  /** Set only if a fallback carries this source. */
  readonly carrier: LockedCarrier | undefined;
  /** Where the same bytes were found once the commit was gone; never empty. undefined: they come from the commit itself. */
  readonly rescued: readonly Refuge[] | undefined;
  readonly files: readonly LockedFile[];
  readonly extra: Extra;
}

export interface LockedCarrier {
  /** Counted from 1, as the manifest listed them when this was written. */
  readonly fallback: number;
  readonly why: string;
  /** Whose place it takes: `dataset o/n main`. Another source there is asked for anew. */
  readonly instead: string;
}

/** A commit that holds files of another one that is gone, told by their digests. */
export interface Refuge {
  readonly repo: string;
  readonly type: RepoType;
  readonly commit: Commit;
}

export type Gated = false | "auto" | "manual";

export interface LockedFile {
  /** In the repository. */
  readonly path: TreePath;
  /** bytes */
  readonly size: number;
  readonly digest: Digest;
  /** Where in `rescued` it is; unset: in the first, under its own path. */
  readonly from?: Whereabouts;
  readonly extra: Extra;
}

export interface Whereabouts {
  /** Which of `rescued`, counted from 1; unset: the first. 0: none has it. */
  readonly refuge?: number;
  /** In that repository; unset: the same path. */
  readonly path?: TreePath;
}

export type Extra = Readonly<Record<string, unknown>>;

/** In the place of a source's name. No source is called that, so a sync of sources by name leaves alone what is about all of them. */
export const WHOLE = "";
