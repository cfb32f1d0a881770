import { countOf, wishesOf } from "../apply/give.ts";
import type { Outcome } from "../apply/types.ts";
import type { Context } from "../context.ts";
import { type Problem, TritterErrors } from "../errors.ts";
import type { Count, Plan } from "../plan.ts";
import { judge } from "../resolve/judge.ts";
import { survey } from "../status.ts";
import { describedBy } from "./described.ts";
import { folderNamed } from "./givers.ts";
import { loadProject, type ProjectOptions, requireLock } from "./load.ts";
import { staleInScope, staleProblem } from "./locking.ts";
import { problemsOfPlan, reconcile, type Syncing, surveyInput } from "./sync.ts";

export interface AdoptOptions extends ProjectOptions {
  /** Relative to where the command runs. */
  readonly folder: string;
  /** Read and tell, and write nothing. */
  readonly plan: boolean;
  /** Where blocks cannot be shared, read-only files get one more name instead of a copy. */
  readonly hardLinks: boolean;
}

export interface AdoptResult {
  readonly root: string;
  /** Absolute. */
  readonly folder: string;
  /** What it has of what would be fetched. */
  readonly found: Count;
  /** Is neither here nor there: sync would fetch it. */
  readonly lacking: Count;
  /** undefined: only a plan. */
  readonly outcome: Outcome | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Places what a folder has of what the lock wants, as a sync would that fetches nothing, and removes nothing.
 * Throws USAGE for what is no folder, LOCK_MISSING and LOCK_STALE, and what judges the lock.
 */
export async function adoptProject(context: Context, options: AdoptOptions): Promise<AdoptResult> {
  const project = await loadProject(context, options);
  const giver = await folderNamed(context, options.folder, options.hardLinks);
  const stale = staleProblem(project, staleInScope(project));
  if (stale !== undefined) throw stale;
  const lock = requireLock(project);
  const refused = judge(project.manifest, lock, project.scope);
  if (refused.length > 0) throw new TritterErrors(refused);
  const syncing: Syncing = { ...options, ...STILL, looking: context.signal, signed: undefined };
  const folder = giver.place;
  if (options.plan) {
    const { wants: described } = await describedBy(context, project, { lock });
    const input = surveyInput(project, { lock, described }, syncing);
    const { root, plan, inventory } = await survey(context, input);
    const found = countOf(await giver.examine(wishesOf(plan.blobs), context));
    const problems = [...inventory.unread.values(), ...problemsOfPlan(plan)];
    return { root, folder, found, lacking: rest(plan, found), outcome: undefined, problems };
  }
  const { root, plan, outcome, problems } = await reconcile(context, project, {
    lock,
    digest: undefined,
    options: syncing,
    giversOf: () => [giver],
    fetch: false,
    spoke: () => false,
  });
  const { files = 0, bytes = 0 } = outcome.given[0] ?? {};
  const found = { files, bytes };
  return { root, folder, found, lacking: rest(plan, found), outcome, problems };
}

/** A large prune needs no word where nothing is pruned. */
const STILL = { locked: true, fallback: true, dryRun: false, force: false, prune: true, jobs: 1 };

function rest({ totals }: Plan, found: Count): Count {
  return { files: totals.fetch.files - found.files, bytes: totals.fetch.bytes - found.bytes };
}
