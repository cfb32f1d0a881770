import type { LockedSource } from "../../schema/lock.ts";
import type { Follow } from "../../schema/manifest.ts";
import { TritterError } from "../errors.ts";
import type { CommitInfo, Hub, RepoRef, Resolved } from "../hub/port.ts";

/** How a pin stands to the releases that its terms bind to. */
export type Obligation =
  /** `apart`: the pin is not in the history of the ref, and nothing there is newer. */
  | { readonly kind: "met"; readonly apart: boolean }
  /** A newer release is there. `owed`: since `due`, ms since the epoch; else until then there is time. */
  | {
      readonly kind: "newer";
      readonly owed: boolean;
      readonly due: number;
      /** The first that is newer than the pin, of which the date is known. */
      readonly first: CommitInfo;
      readonly apart: boolean;
    }
  | { readonly kind: "unknown"; readonly why: string };

export interface Following {
  readonly hub: Hub;
  /** ms since the epoch */
  readonly now: number;
}

/** Commits looked at, 100 a request. */
const MOST = 10_000;

/** Compares a pin with what `follow.ref` names now. Throws as `Hub.resolve` and `Hub.commits`, but never for the pin. */
export async function obligationOf(
  { hub, now }: Following,
  locked: LockedSource,
  { follow, tip }: { follow: Follow; tip: Resolved },
): Promise<Obligation> {
  if (tip.commit === locked.commit) return { kind: "met", apart: false };
  const repo = { type: locked.type, repo: tip.repo };
  const { newer, met, ended } = await newerThan(hub, repo, { tip, locked });
  if (met) return judge(newer.at(-1), { follow, now, apart: false });
  if (!ended) return { kind: "unknown", why: `its newest ${MOST} commits do not reach the pinned one` };
  const pinned = await dateOf(hub, repo, locked);
  if (pinned === undefined)
    return { kind: "unknown", why: "the pinned commit is not in its history, and its date is not known" };
  if (newer.some(({ date }) => date === undefined))
    return { kind: "unknown", why: "the pinned commit is not in its history, which tells no dates" };
  const later = newer.filter(({ date = "" }) => Date.parse(date) > Date.parse(pinned));
  return later.length === 0
    ? { kind: "met", apart: true }
    : judge(oldest(later), { follow, now, apart: true });
}

interface Newer {
  /** From the tip on; all that was looked at where the pin was not met. */
  readonly newer: readonly CommitInfo[];
  readonly met: boolean;
  readonly ended: boolean;
}

async function newerThan(
  hub: Hub,
  repo: RepoRef,
  { tip, locked }: { tip: Resolved; locked: LockedSource },
): Promise<Newer> {
  const newer: CommitInfo[] = [];
  for await (const page of hub.commits(repo, tip.commit)) {
    for (const info of page) {
      if (info.commit === locked.commit) return { newer, met: true, ended: true };
      newer.push(info);
    }
    if (newer.length >= MOST) return { newer, met: false, ended: false };
  }
  return { newer, met: false, ended: true };
}

/** Of the pinned commit, which a rewritten history may have left standing. */
async function dateOf(hub: Hub, repo: RepoRef, { commit }: LockedSource): Promise<string | undefined> {
  try {
    for await (const [pinned] of hub.commits(repo, commit)) return pinned?.date;
  } catch (error) {
    if (!(error instanceof TritterError) || error.code !== "PIN_GONE") throw error;
  }
  return undefined;
}

function judge(
  first: CommitInfo | undefined,
  { follow, now, apart }: { follow: Follow; now: number; apart: boolean },
): Obligation {
  if (first?.date === undefined)
    return { kind: "unknown", why: "it does not tell how old a newer commit is" };
  const due = Date.parse(first.date) + follow.graceMs;
  return { kind: "newer", owed: now > due, due, first, apart };
}

function oldest(commits: readonly CommitInfo[]): CommitInfo | undefined {
  return [...commits].sort((a, b) => Date.parse(a.date ?? "") - Date.parse(b.date ?? ""))[0];
}
