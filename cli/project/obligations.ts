import type { Commit } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import type { Follow } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";
import type { CommitInfo, Hub } from "../hub/port.ts";
import { type Obligation, obligationOf } from "../resolve/follow.ts";

/** What `follow` asks of a pin, and how it stands to that. */
export interface FoundObligation {
  readonly source: string;
  readonly ref: string;
  /** What the ref names now. */
  readonly commit: Commit;
  readonly state: "met" | "due" | "owed" | "unknown";
  /** The first commit that is newer than the pin; undefined: none is, or it is not known. */
  readonly first: CommitInfo | undefined;
  /** ISO 8601: until then there is time. Set only with `first`. */
  readonly due: string | undefined;
}

export interface Followed {
  readonly found: FoundObligation;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** Asks what `follow.ref` names, and how long something newer than the pin is there. Throws as `Hub.resolve` and `Hub.commits`. */
export async function askObligation(
  { hub, now }: { hub: Hub; now: number },
  locked: LockedSource,
  follow: Follow,
): Promise<Followed> {
  const tip = await hub.resolve({ type: locked.type, repo: locked.repo }, follow.ref);
  const obligation = await obligationOf({ hub, now }, locked, { follow, tip });
  const found = { source: locked.name, ref: follow.ref, commit: tip.commit, ...stateOf(obligation) };
  return { found, ...wordsOf(obligation, { locked, follow, now }) };
}

function stateOf(obligation: Obligation): Pick<FoundObligation, "state" | "first" | "due"> {
  if (obligation.kind !== "newer") return { state: obligation.kind, first: undefined, due: undefined };
  const { owed, first, due } = obligation;
  return { state: owed ? "owed" : "due", first, due: new Date(due).toISOString() };
}

function wordsOf(
  obligation: Obligation,
  { locked, follow, now }: { locked: LockedSource; follow: Follow; now: number },
): Pick<Followed, "problems" | "notes"> {
  const { name, repo } = locked;
  const ref = `"${printable(follow.ref)}" of ${repo}`;
  const beside = `the pin is not in the history of ${ref}, which was rewritten`;
  if (obligation.kind === "met")
    return {
      problems: [],
      notes: obligation.apart ? [`source "${name}": ${beside}; nothing there is newer`] : [],
    };
  if (obligation.kind === "unknown") {
    const message = `cannot tell how long source "${name}" has been behind ${ref}, which its terms bind it to: ${obligation.why}`;
    return {
      problems: [{ code: "OBLIGATION", source: name, message, hint: moveHint(locked, follow) }],
      notes: [],
    };
  }
  const { owed, due, first, apart } = obligation;
  const release = `commit ${first.commit.slice(0, 7)} of ${first.date?.slice(0, 10)}${first.title === "" ? "" : ` ("${printable(first.title)}")`}`;
  const details = apart ? [`${beside}: dates are compared`] : [];
  if (!owed) {
    const left = `${spanText(due - now)} left of ${follow.grace} to follow ${ref} to ${release}`;
    return { problems: [], notes: [`source "${name}": ${left} (tritter update ${name})`, ...details] };
  }
  const age = spanText(now - due + follow.graceMs);
  const message = `source "${name}" must follow ${ref} within ${follow.grace}: ${release} is newer than the pin and ${age} old`;
  return {
    problems: [{ code: "OBLIGATION", source: name, message, hint: moveHint(locked, follow), details }],
    notes: [],
  };
}

/** A revision that is not the one to follow does not move with it. */
function moveHint({ name, revision }: LockedSource, { ref }: Follow): string {
  if (revision === ref) return `run tritter update ${name}`;
  return `let "revision" name a newer release, then run tritter update ${name}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** `54 days`, `1 hour`; whole ones. */
export function spanText(ms: number): string {
  const [unit, length] = UNITS.find(([, length]) => ms >= length) ?? ["minute", 60_000];
  const count = Math.floor(ms / length);
  return count === 0 ? "less than a minute" : `${count} ${unit}${count === 1 ? "" : "s"}`;
}
