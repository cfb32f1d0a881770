import { parseDuration } from "../../schema/duration.ts";
import type { Commit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { endOfAsOf, timeText } from "../../schema/time.ts";
import { TritterError } from "../errors.ts";
import type { CommitInfo, Hub, RepoRef, Resolved } from "../hub/port.ts";
import type { Identity } from "./stale.ts";

/** What a revision names now, by its `as-of` and `min-age`. */
export interface Wanted {
  readonly resolved: Resolved;
  /** The pin itself is meant though it is younger than `min-age`: all that is old enough is older than it. */
  readonly isFresh: boolean;
}

export interface Asking {
  readonly hub: Hub;
  /** ms since the epoch */
  readonly now: number;
  /** What is locked now; undefined: nothing, or the locked one does not count. */
  readonly pinned: Commit | undefined;
}

/** Throws as `Hub.resolve`, and REVISION_NOT_FOUND where no commit is old enough. */
export async function wantedNow(asking: Asking, carrier: Identity): Promise<Wanted> {
  const { hub, now, pinned } = asking;
  const tip = await hub.resolve({ type: carrier.type, repo: carrier.repo }, carrier.revision);
  const limit = limitOf(carrier, now);
  if (limit === undefined) return { resolved: tip, isFresh: false };
  const repo = { type: carrier.type, repo: tip.repo };
  const found = await newestBy(hub, repo, { tip: tip.commit, until: limit.until, pinned });
  const { pin } = found;
  const isFresh = pin?.date !== undefined && Date.parse(pin.date) <= limit.asOf;
  const commit = isFresh ? pin.commit : found.commit;
  if (commit === undefined) throw noneYet(carrier, { limit, oldest: found.oldest, ended: found.ended });
  // Terms are those of the commit, not of the tip.
  return { resolved: commit === tip.commit ? tip : await hub.resolve(repo, commit), isFresh };
}

export interface Limit {
  /** ms since the epoch: no commit after it */
  readonly until: number;
  /** What `as-of` alone allows; infinite where it is not set. */
  readonly asOf: number;
}

/** Of both, the older wins. undefined: neither is set. Pure. */
export function limitOf({ asOf, minAge }: Pick<Identity, "asOf" | "minAge">, now: number): Limit | undefined {
  if (asOf === undefined && minAge === undefined) return undefined;
  const end = asOf === undefined ? Number.POSITIVE_INFINITY : endOfAsOf(asOf);
  const age = parseDuration(minAge ?? "") ?? Number.NEGATIVE_INFINITY;
  return { asOf: end, until: Math.min(end, now - age) };
}

interface Found {
  readonly commit: Commit | undefined;
  /** Set only if the pin was met before anything that is old enough. */
  readonly pin: CommitInfo | undefined;
  /** The last that was looked at. */
  readonly oldest: CommitInfo | undefined;
  /** False: there is more history than was looked at. */
  readonly ended: boolean;
}

/** Commits looked at, 100 a request. */
const MOST = 10_000;

/** The first commit from the tip on that is not after `until`; pages are asked for one by one, and no further than needed. */
async function newestBy(
  hub: Hub,
  repo: RepoRef,
  { tip, until, pinned }: { tip: Commit; until: number; pinned: Commit | undefined },
): Promise<Found> {
  let pin: CommitInfo | undefined;
  let oldest: CommitInfo | undefined;
  let seen = 0;
  // From the tip and not its branch, which may move between two pages.
  for await (const page of hub.commits(repo, tip)) {
    for (const info of page) {
      if (isBy(hub, info, until)) return { commit: info.commit, pin, oldest: info, ended: true };
      if (info.commit === pinned) pin = info;
      oldest = info;
    }
    seen += page.length;
    if (seen >= MOST) return { commit: undefined, pin, oldest, ended: false };
  }
  return { commit: undefined, pin, oldest, ended: true };
}

function isBy({ label }: Hub, { commit, date }: CommitInfo, until: number): boolean {
  if (date !== undefined) return Date.parse(date) <= until;
  throw new TritterError({
    code: "HUB",
    message: `cannot tell how old commit ${commit} is: "${printable(label)}" does not say when it was made`,
    hint: "use another endpoint, or drop as-of and min-age",
  });
}

function noneYet(
  carrier: Identity,
  { limit, oldest, ended }: { limit: Limit; oldest: CommitInfo | undefined; ended: boolean },
): TritterError {
  const { type, repo, revision, asOf, minAge } = carrier;
  const action = `cannot resolve ${type} "${printable(repo)}" at "${printable(revision)}"${timeText(carrier)}`;
  if (!ended) {
    return new TritterError({
      code: "REVISION_NOT_FOUND",
      message: `${action}: its newest ${MOST} commits are all younger`,
      hint: 'name the commit itself as "revision"',
    });
  }
  const which = oldest === undefined ? "it has no commit" : `its oldest commit is of ${oldest.date}`;
  const fields = [asOf && "as-of", minAge && "min-age"].filter((field) => field !== undefined);
  return new TritterError({
    code: "REVISION_NOT_FOUND",
    message: `${action}: ${which}, and should be of ${new Date(limit.until).toISOString()} or before`,
    hint: `${asOf === undefined ? "try again later, or " : ""}correct ${fields.join(" or ")}`,
  });
}
