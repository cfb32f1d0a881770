import type { Project } from "../../cli/project/load.ts";
import type { LockResult } from "../../cli/project/lock.ts";
import type { SyncResult } from "../../cli/project/sync.ts";
import { changesBetween, type SourceChange } from "../../cli/resolve/changes.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import { outcomeOf, planOf } from "./plans.ts";

/** A project of which only the lock matters. */
export function projectOf(before: readonly LockedSource[] | undefined): Project {
  const lock = before === undefined ? undefined : lockOf(before);
  return {
    lock,
    lockFile: "/project/tritter.lock",
    manifest: { root: "/project/data" },
  } as unknown as Project;
}

export function lockResultOf(
  before: readonly LockedSource[],
  after: readonly LockedSource[],
  wrote = true,
): LockResult {
  const changes = changesBetween(lockOf(before), lockOf(after));
  const locked = {
    lock: lockOf(after),
    resolution: { changes, patterns: [], warnings: [] },
    wrote,
    problems: [],
  };
  return { project: projectOf(before), locked } as unknown as LockResult;
}

export function syncResultOf(parts: Partial<SyncResult> = {}): SyncResult {
  return {
    lockFile: "/project/tritter.lock",
    locked: undefined,
    root: "/data",
    plan: planOf(),
    offers: [],
    outcome: outcomeOf(),
    provided: undefined,
    record: undefined,
    problems: [],
    ...parts,
  };
}

/** At least one of the two is given. */
export function changeOf(before: LockedSource | undefined, after: LockedSource | undefined): SourceChange {
  const [change] = changesBetween(
    lockOf(before === undefined ? [] : [before]),
    lockOf(after === undefined ? [] : [after]),
  );
  if (change === undefined) throw new Error("these two are the same");
  return change;
}

function lockOf(sources: readonly LockedSource[]): Lock {
  return { version: 1, sources, extra: {} };
}
