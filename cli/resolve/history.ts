import type { Commit } from "../../schema/ids.ts";
import { type Problem, problemsOf, TritterError } from "../errors.ts";
import type { CommitInfo, Hub, RepoRef } from "../hub/port.ts";

/** How one commit stands to another, told by the commits between them. */
export type History =
  /** `from` is in the history of `to`; the commits that came, newest first: `to` is the first, `from` is left out. */
  | (Between & { readonly kind: "forward" })
  /** `to` is in the history of `from`; the commits that are left behind: `from` is the first, `to` is left out. */
  | (Between & { readonly kind: "back" })
  /** More commits than are looked at lie between them, if they have a common history; `commits` are the newest. */
  | (Between & { readonly kind: "far" })
  /** Neither is in the history of the other. `gone`: the Hub has `from` no longer. */
  | { readonly kind: "apart"; readonly gone: boolean; readonly dates: Dates }
  | { readonly kind: "unknown"; readonly problem: Problem };

interface Between {
  /** For `far`: those that were looked at. */
  readonly count: number;
  /** The first of them, at most 100. */
  readonly commits: readonly CommitInfo[];
  readonly dates: Dates;
}

/** ISO 8601; undefined: not known. */
export interface Dates {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export type Histories = (
  repo: RepoRef,
  range: { readonly from: Commit; readonly to: Commit },
) => Promise<History>;

/** Histories between commits, each asked for once: many sources may be parts of one repository. */
export function histories(hub: Hub, signal: AbortSignal): Histories {
  const known = new Map<string, Promise<History>>();
  return (repo, range) => {
    const key = JSON.stringify([repo.type, repo.repo, range.from, range.to]);
    const history = known.get(key) ?? historyBetween(hub, repo, { ...range, signal });
    known.set(key, history);
    return history;
  };
}

/** Asks for no more pages than it takes to find one commit in the history of the other. Never throws but what aborts. */
export async function historyBetween(
  hub: Hub,
  repo: RepoRef,
  { from, to, signal }: { from: Commit; to: Commit; signal: AbortSignal },
): Promise<History> {
  try {
    const there = await walk(hub, repo, to, from);
    if (there.end !== undefined)
      return between("forward", there, { from: there.end.date, to: there.start?.date });
    const back = await walk(hub, repo, from, to).catch(goneAsUndefined);
    const dates = { from: back?.start?.date, to: there.start?.date };
    if (back?.end !== undefined) return between("back", back, dates);
    if (back === undefined || (there.ended && back.ended))
      return { kind: "apart", gone: back === undefined, dates };
    return between("far", there, dates);
  } catch (error) {
    signal.throwIfAborted();
    const [problem] = problemsOf(error);
    return { kind: "unknown", problem: problem as Problem };
  }
}

function between(kind: "forward" | "back" | "far", { count, commits }: Walk, dates: Dates): History {
  return { kind, count, commits, dates };
}

interface Walk {
  readonly count: number;
  readonly commits: readonly CommitInfo[];
  readonly start: CommitInfo | undefined;
  /** What was looked for, if it was found. */
  readonly end: CommitInfo | undefined;
  /** The whole history was looked at. */
  readonly ended: boolean;
}

/** Commits looked at, 100 a request. */
const MOST = 1_000;
const TOLD = 100;

async function walk(hub: Hub, repo: RepoRef, start: Commit, wanted: Commit): Promise<Walk> {
  const commits: CommitInfo[] = [];
  let first: CommitInfo | undefined;
  let count = 0;
  for await (const page of hub.commits(repo, start)) {
    first ??= page[0];
    for (const info of page) {
      if (info.commit === wanted) return { count, commits, start: first, end: info, ended: true };
      if (commits.length < TOLD) commits.push(info);
      count += 1;
    }
    if (count >= MOST) return { count, commits, start: first, end: undefined, ended: false };
  }
  return { count, commits, start: first, end: undefined, ended: true };
}

function goneAsUndefined(error: unknown): undefined {
  if (!(error instanceof TritterError) || error.code !== "PIN_GONE") throw error;
}
