import { resolve as resolvePath } from "node:path";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { TritterError } from "../errors.ts";
import { readLock } from "../lock/read.ts";
import type { Plan } from "../plan.ts";
import { changesBetween, type SourceChange } from "../resolve/changes.ts";
import type { Stale } from "../resolve/stale.ts";
import { survey } from "../status.ts";
import { describedBy } from "./described.ts";
import { factual, knownFacts, withData } from "./facts.ts";
import { loadProject, type Project, type ProjectOptions } from "./load.ts";
import { staleInScope } from "./locking.ts";

export interface DiffOptions extends ProjectOptions {
  /** Another lock to compare the project's lock with, instead of manifest and disk. */
  readonly from?: string;
}

export interface DiffResult {
  readonly project: Project;
  /** From the lock to what the manifest asks for. */
  readonly stale: readonly Stale[];
  /** Between two locks, with `from`; empty otherwise. */
  readonly changes: readonly SourceChange[];
  /** The two locks compared, with `from`. */
  readonly locks: { readonly before: Lock; readonly after: Lock } | undefined;
  /** What sync would change on disk; undefined with `from`, or without a lock. */
  readonly plan: Plan | undefined;
}

/** Manifest against lock and lock against disk, or one lock against another. Writes nothing. */
export async function diffProject(context: Context, options: DiffOptions): Promise<DiffResult> {
  const project = await loadProject(context, options);
  if (options.from !== undefined) return diffLocks(context, project, options.from);
  const stale = staleInScope(project);
  const { manifest, lock, scope } = project;
  if (lock === undefined) return { project, stale, changes: [], locks: undefined, plan: undefined };
  const { wants: described } = await describedBy(context, project, { lock });
  const how = { deep: false, force: false, prune: false };
  const { plan } = await survey(context, { manifest, lock, described, scope, ...how });
  return { project, stale, changes: [], locks: undefined, plan };
}

async function diffLocks(context: Context, project: Project, from: string): Promise<DiffResult> {
  const file = resolvePath(context.cwd, from);
  const other = await readLock({ file, disk: context.disk });
  if (other.kind === "missing") {
    throw new TritterError({
      code: "USAGE",
      message: `cannot read "${from}": there is no such lock`,
      hint: "git show HEAD:tritter.lock > before.lock makes one of an earlier commit",
    });
  }
  const before = inScope(other.lock, project.scope);
  const after = inScope(project.lock ?? { version: 1, sources: [], extra: {} }, project.scope);
  const changes = await dataOf(context, project, { after, file, changes: changesBetween(before, after) });
  return {
    project,
    stale: [],
    changes,
    locks: { before, after },
    plan: undefined,
  };
}

/** What became of the data, by the facts beside the two locks. */
async function dataOf(
  context: Context,
  project: Project,
  { after, file, changes }: { after: Lock; file: string; changes: readonly SourceChange[] },
): Promise<readonly SourceChange[]> {
  const entries = factual(project.manifest, after);
  if (entries.length === 0) return changes;
  const [ours, others] = [await knownFacts(context, project), await knownFacts(context, { lockFile: file })];
  const facts = { version: 1, files: new Map([...others.files, ...ours.files]) } as const;
  return withData(changes, { entries, facts });
}

function inScope(lock: Lock, scope: ReadonlySet<string> | undefined): Lock {
  if (scope === undefined) return lock;
  return { ...lock, sources: lock.sources.filter((source) => scope.has(source.name)) };
}
