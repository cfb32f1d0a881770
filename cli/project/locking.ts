import type { Facts } from "../../schema/facts.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import { timeText } from "../../schema/time.ts";
import type { Context } from "../context.ts";
import { writeDocument } from "../disk/replace.ts";
import { type Problem, TritterError } from "../errors.ts";
import type { Hub } from "../hub/port.ts";
import { writeLock } from "../lock/write.ts";
import { pool } from "../pool.ts";
import { movesPin } from "../resolve/changes.ts";
import { histories } from "../resolve/history.ts";
import { judge } from "../resolve/judge.ts";
import { type Identity, type Stale, staleness } from "../resolve/stale.ts";
import { type Mode, type Resolution, resolve, type SourceChange } from "../resolve.ts";
import { carriedProblems } from "./carried.ts";
import {
  comparedWith,
  factual,
  gatherFacts,
  judgeFacts,
  keepFacts,
  knownFacts,
  tellMissing,
  unknownFiles,
  waitingFor,
  withData,
} from "./facts.ts";
import { lazyHub, type Project } from "./load.ts";
import { signatureFileOf, tellUnsigned } from "./signature-place.ts";

export interface Locking {
  readonly mode: Mode;
  /** As in `ResolveInput`; a lock without it has no source from a fallback at all. */
  readonly fallback: boolean;
  /** Resolve and judge, but leave the file alone. */
  readonly dryRun: boolean;
}

export interface Locked {
  readonly lock: Lock;
  readonly resolution: Resolution;
  readonly wrote: boolean;
  /** What is known of the data, of the lock's files alone; undefined where no source asks for facts. */
  readonly facts: Facts | undefined;
  /** Expectations, licences and places that refuse this lock; where there are any it was not written. */
  readonly problems: readonly Problem[];
}

/**
 * Resolves what is stale within the scope and writes the lock. Throws every problem of resolving; what judging refuses comes
 * with what would have changed. Either way the file stays as it was.
 */
export async function lockSources(context: Context, project: Project, locking: Locking): Promise<Locked> {
  const { hub, close } = lazyHub(context, project, RESOLVING);
  try {
    const lazy = deferred(hub);
    const resolution = await resolve({
      manifest: project.manifest,
      previous: project.lock,
      hub: lazy,
      mode: locking.mode,
      only: project.scope,
      fallback: locking.fallback,
      now: context.clock.now(),
      signal: context.signal,
      emit: context.emit,
    });
    const problems = [
      ...judge(project.manifest, resolution.lock, project.scope),
      ...(locking.fallback || locking.mode.kind === "update"
        ? []
        : carriedProblems(resolution.lock, project.scope)),
    ];
    const told = await withHistories(lazy, resolution.changes, context.signal);
    const data = await lockFacts(context, project, { hub, lock: resolution.lock, changes: told });
    const locked: Locked = {
      lock: resolution.lock,
      resolution: { ...resolution, changes: data.changes },
      wrote: false,
      facts: data.facts,
      problems: [...problems, ...data.problems],
    };
    return locking.dryRun || locked.problems.length > 0
      ? locked
      : await writeLocked(context, project, locked);
  } finally {
    await close();
  }
}

/** Writes what was resolved and judged. */
export async function writeLocked(context: Context, project: Project, locked: Locked): Promise<Locked> {
  const wrote = await replaceLock(context, project, locked.lock);
  if (locked.facts !== undefined) {
    await keepFacts(context, project, { lock: locked.lock, facts: locked.facts });
  }
  return { ...locked, wrote };
}

interface FactsLocked {
  readonly facts: Facts | undefined;
  readonly changes: readonly SourceChange[];
  readonly problems: readonly Problem[];
}

/**
 * Facts of what the lock holds, and of what it held where an expectation compares the two. That some cannot be had is a warning:
 * whoever needs them is refused for it.
 */
async function lockFacts(
  context: Context,
  project: Project,
  { hub, lock, changes }: { hub: () => Hub; lock: Lock; changes: readonly SourceChange[] },
): Promise<FactsLocked> {
  const { manifest, scope } = project;
  const entries = factual(manifest, lock, scope);
  if (entries.length === 0) return { facts: undefined, changes, problems: [] };
  const known = await knownFacts(context, project);
  const unknown = unknownFiles([...entries, ...comparedWith(project, entries)], known);
  const { facts, problems: reasons } = await gatherFacts(context, hub, { facts: known, unknown });
  tellMissing(context.emit, reasons);
  const judging = { lock, before: project.lock, facts, waits: true };
  for (const message of waitingFor(project, judging)) context.emit({ kind: "warning", message });
  return {
    facts,
    changes: withData(changes, { entries, facts }),
    problems: judgeFacts(project, judging),
  };
}

/** True: the bytes changed. `signature`: one that came with the lock, and takes the place of what is beside it. */
export async function replaceLock(
  context: Context,
  { lockFile }: Project,
  lock: Lock,
  signature?: string,
): Promise<boolean> {
  const wrote = (await writeLock({ file: lockFile, disk: context.disk, lock })) === "written";
  if (signature !== undefined) await writeDocument(context.disk, signatureFileOf(lockFile), signature);
  else if (wrote) await tellUnsigned(context, lockFile);
  return wrote;
}

/** Requests at once while resolving. */
const RESOLVING = 8;

/** The commits between, where a pin moved within a repository. They only tell: where they cannot be had, the change stands. */
async function withHistories(
  hub: Hub,
  changes: readonly SourceChange[],
  signal: AbortSignal,
): Promise<readonly SourceChange[]> {
  const told = new Map<SourceChange, SourceChange>();
  const historyOf = histories(hub, signal);
  await pool(changes.filter(movesPin), { width: 4, signal }, async (change) => {
    const { before, after } = change as { before: LockedSource; after: LockedSource };
    const repo = { type: after.type, repo: after.repo };
    const history = await historyOf(repo, { from: before.commit, to: after.commit });
    told.set(change, { ...change, history });
  });
  return changes.map((change) => told.get(change) ?? change);
}

/** Stale sources within the scope. */
export function staleInScope({ manifest, lock, scope }: Project): readonly Stale[] {
  const all =
    lock === undefined
      ? manifest.sources.map(({ name }): Stale => ({ source: name, why: "missing" }))
      : staleness(manifest, lock);
  return scope === undefined ? all : all.filter((stale) => scope.has(stale.source));
}

/** LOCK_MISSING or LOCK_STALE, where a lock must be right as it is; undefined where it is. */
export function staleProblem(project: Project, stale: readonly Stale[]): TritterError | undefined {
  if (project.lock === undefined) {
    return new TritterError({
      code: "LOCK_MISSING",
      message: `cannot use "${project.lockFile}": there is no lock yet`,
      hint: "run tritter lock",
    });
  }
  if (stale.length === 0) return undefined;
  return new TritterError({
    code: "LOCK_STALE",
    message: `cannot use "${project.lockFile}": the manifest changed since it was written`,
    details: stale.map(staleLine),
    hint: "run tritter lock, and commit the lock",
  });
}

export function staleLine(stale: Stale): string {
  switch (stale.why) {
    case "missing":
      return `${stale.source}: is not in the lock`;
    case "removed":
      return `${stale.source}: is in the lock and no longer in the manifest`;
    case "selection":
      return `${stale.source}: selects other files (include, exclude or policy.deny)`;
    case "identity":
      return `${stale.source}: names ${describe(stale.after)}, the lock has ${describe(stale.before)}`;
    case "placement":
      return `${stale.source}: ${stale.field} is "${stale.after}", the lock has "${stale.before}"`;
    default:
      return stale satisfies never;
  }
}

function describe(identity: Identity): string {
  return `${identity.type} ${identity.repo} at ${identity.revision}${timeText(identity)}`;
}

/** A Hub that is opened at its first use. */
export function deferred(hub: () => Hub): Hub {
  return {
    get label() {
      return hub().label;
    },
    resolve: (repo, revision) => hub().resolve(repo, revision),
    list: (repo, commit, prefix) => hub().list(repo, commit, prefix),
    entries: (repo, commit, folder) => hub().entries(repo, commit, folder),
    open: (file, range, signal) => hub().open(file, range, signal),
    commits: (repo, revision) => hub().commits(repo, revision),
    access: (repo, commit, path) => hub().access(repo, commit, path),
    close: async () => undefined,
  };
}
