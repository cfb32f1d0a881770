import type { Commit, RepoType } from "./ids.ts";

export interface RepoRef {
  readonly type: RepoType;
  /** `owner/name`, or the one-segment name of a legacy repository. */
  readonly repo: string;
}

/** A file of a repository at a commit, of which the size is known. */
export interface RemoteFile {
  readonly repo: RepoRef;
  readonly commit: Commit;
  readonly path: string;
  /** bytes */
  readonly size: number;
}
