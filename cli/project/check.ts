import type { LockedSource } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import type { Hub } from "../hub/port.ts";
import type { Drift } from "../plan.ts";
import { pool } from "../pool.ts";
import { judge } from "../resolve/judge.ts";
import type { Stale } from "../resolve/stale.ts";
import { wantedNow } from "../resolve/wanted.ts";
import type { Hashed } from "../scan.ts";
import { survey } from "../status.ts";
import { type CarriedSource, carriedSources } from "./carried.ts";
import { lazyHub, loadProject, type Project, type ProjectOptions } from "./load.ts";
import { staleInScope, staleProblem } from "./locking.ts";

export interface CheckOptions extends ProjectOptions {
  /** Read every byte. */
  readonly deep: boolean;
  /** Ask the Hub too: outdated, gone, access, licence. */
  readonly upstream: boolean;
}

export interface CheckResult {
  readonly root: string;
  readonly stale: readonly Stale[];
  /** What a sync would do; undefined where there is no lock. */
  readonly plan: Drift | undefined;
  readonly hashed: Hashed;
  /** Sources that a fallback stands in for. */
  readonly carried: readonly CarriedSource[];
  readonly problems: readonly Problem[];
}

/** Compares manifest, lock, disk and, if asked, the Hub. Writes nothing. */
export async function checkWhole(context: Context, options: CheckOptions): Promise<CheckResult> {
  const project = await loadProject(context, options);
  const stale = staleInScope(project);
  const problems: Problem[] = [];
  const staleness = staleProblem(project, stale);
  if (staleness !== undefined) problems.push(...problemsOf(staleness));
  const { manifest, lock, scope } = project;
  if (lock === undefined)
    return { root: manifest.root, stale, plan: undefined, hashed: NONE, carried: [], problems };
  problems.push(...judge(manifest, lock, scope));
  const seen = await survey(context, {
    manifest,
    lock,
    scope,
    deep: options.deep,
    force: false,
    prune: false,
  });
  problems.push(...driftProblems(seen.plan, seen.root));
  if (options.upstream) problems.push(...(await askUpstream(context, project, lock.sources)));
  const carried = carriedSources(lock, scope);
  return { root: seen.root, stale, plan: seen.plan, hashed: seen.inventory.hashed, carried, problems };
}

const NONE: Hashed = { files: 0, bytes: 0, reasons: {} };

/** A plan with nothing to change on disk means that disk and lock agree. */
export function driftProblems(plan: Drift, root: string): readonly Problem[] {
  const { writes, prunes, conflicts } = plan;
  const parts = [
    countOf(writes.filter((write) => write.why === "missing").length, "missing"),
    countOf(writes.filter((write) => write.why === "outdated").length, "outdated"),
    countOf(writes.filter((write) => !["missing", "outdated"].includes(write.why)).length, "modified"),
    countOf(prunes.length, "no longer wanted"),
    countOf(conflicts.length, "in the way"),
  ].filter((part) => part !== "");
  if (parts.length === 0) return [];
  return [
    {
      code: "DRIFT",
      message: `the disk is not what the lock says: ${parts.join(", ")} below "${root}"`,
      hint: "run tritter sync",
    },
  ];
}

function countOf(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? "file" : "files"} ${what}`;
}

async function askUpstream(
  context: Context,
  project: Project,
  sources: readonly LockedSource[],
): Promise<readonly Problem[]> {
  const { hub, close } = lazyHub(context, project, 8);
  const asked = sources.filter((source) => project.scope?.has(source.name) ?? true);
  const answers = new Map<string, readonly Problem[]>();
  try {
    await pool(asked, { width: 4, signal: context.signal }, async (source) => {
      answers.set(
        source.name,
        (await askOne(hub(), source, context.clock.now())).map((problem) => ({
          ...problem,
          source: source.name,
        })),
      );
    });
  } finally {
    await close();
  }
  return asked.flatMap((source) => answers.get(source.name) ?? []);
}

async function askOne(hub: Hub, source: LockedSource, now: number): Promise<readonly Problem[]> {
  const repo = { type: source.type, repo: source.repo };
  try {
    const pinned = await hub.resolve(repo, source.commit);
    const wanted =
      source.revision === source.commit
        ? pinned
        : (await wantedNow({ hub, now, pinned: source.commit }, source)).resolved;
    return [
      ...outdated(source, wanted.commit),
      ...licenseChanged(source, wanted.licenses),
      ...(await accessProblem(hub, source)),
    ];
  } catch (error) {
    return problemsOf(error);
  }
}

function outdated({ name, repo, revision, commit }: LockedSource, wanted: string): readonly Problem[] {
  if (wanted === commit) return [];
  const message = `source "${name}" is outdated: "${revision}" of ${repo} is at ${wanted.slice(0, 7)}, the lock has ${commit.slice(0, 7)}`;
  return [{ code: "OUTDATED", message, hint: `run tritter update ${name}` }];
}

function licenseChanged(
  { name, repo, licenses }: LockedSource,
  now: readonly string[] | undefined,
): readonly Problem[] {
  if (now === undefined || [...now].sort().join() === [...licenses].sort().join()) return [];
  const [before, after] = [licenses, now].map((list) => (list.length === 0 ? "none" : list.join(", ")));
  const message = `source "${name}" changed its licence: ${repo} now says ${after}, the lock has ${before}`;
  return [{ code: "LICENSE_REFUSED", message, hint: `read its terms, then run tritter update ${name}` }];
}

async function accessProblem(hub: Hub, source: LockedSource): Promise<readonly Problem[]> {
  const [file] = source.files;
  if (file === undefined || source.gated === undefined) return [];
  const access = await hub.access({ type: source.type, repo: source.repo }, source.commit, file.path);
  return access.kind === "granted" ? [] : [access.problem];
}
