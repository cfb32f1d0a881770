import { formatCount, formatFiles } from "../../../schema/format.ts";
import type { Lock } from "../../../schema/lock.ts";
import type { Context } from "../../context.ts";
import { type ErrorCode, type Problem, problemsOf } from "../../errors.ts";
import { judge } from "../../resolve/judge.ts";
import { loadProject, loadWithLock, type Project, type ProjectOptions } from "../load.ts";
import { staleInScope, staleProblem } from "../locking.ts";
import { type Finding, ofProblem, said } from "./finding.ts";

export interface Documents {
  /** Without its lock where that cannot be read; undefined: there is no manifest, or none that can be read. */
  readonly project: Project | undefined;
  /** Sources that a sync would resolve first. */
  readonly stale: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** Manifest, lock and policy. Throws USAGE where the command line itself is wrong. */
export async function lookAtDocuments(
  context: Context,
  options: ProjectOptions & { readonly locked: boolean },
): Promise<Documents> {
  const read = await attempt(context, options);
  if (read.problems !== undefined) return withMistakes(context, options, read.problems);
  const { project } = read;
  const stale = new Set(staleInScope(project).map(({ source }) => source));
  return { project, stale, findings: [manifestLine(project), ...lockLines(project, options.locked)] };
}

type Attempt =
  | { readonly project: Project; readonly problems?: undefined }
  | { readonly problems: readonly Problem[] };

async function attempt(context: Context, options: ProjectOptions): Promise<Attempt> {
  try {
    return { project: await loadProject(context, options) };
  } catch (error) {
    context.signal.throwIfAborted();
    const problems = problemsOf(error);
    if (problems.some(({ code }) => topicOf(code) === undefined)) throw error;
    return { problems };
  }
}

const EMPTY: Lock = { version: 1, sources: [], extra: {} };

/** What can still be known where one of the two, or both, cannot be read. */
async function withMistakes(
  context: Context,
  options: ProjectOptions,
  problems: readonly Problem[],
): Promise<Documents> {
  const isMissing = problems.some(({ code }) => code === "MANIFEST_MISSING");
  // Somebody who has no project yet asks about the machine; a manifest that was named is meant.
  const grave = !isMissing || options.manifest !== undefined || options.names.length > 0;
  const lines = problems.map((problem) => ofProblem(topicOf(problem.code) ?? "manifest", problem, { grave }));
  if (problems.some(({ code }) => topicOf(code) === "manifest"))
    return { project: undefined, stale: new Set(), findings: lines };
  const project = { ...(await loadWithLock(context, options, EMPTY)), lock: undefined };
  return { project, stale: new Set(), findings: [manifestLine(project), ...lines] };
}

function topicOf(code: ErrorCode): "manifest" | "lock" | undefined {
  if (code.startsWith("MANIFEST_")) return "manifest";
  return code.startsWith("LOCK_") || code === "DISK_REFUSED" ? "lock" : undefined;
}

function manifestLine({ manifest, scope }: Project): Finding {
  const sources = manifest.sources.filter(({ name }) => scope?.has(name) ?? true).length;
  const message = `${manifest.file}: ${formatCount(sources, "source")}`;
  return said("manifest", "ok", message, { facts: { file: manifest.file, sources } });
}

function lockLines(project: Project, locked: boolean): readonly Finding[] {
  const { manifest, lock, lockFile, scope } = project;
  const stale = staleInScope(project);
  const sources = [...new Set(stale.map(({ source }) => source))];
  const facts = { file: lockFile, stale: sources, ...countOf(lock, scope) };
  const problem = locked ? staleProblem(project, stale) : undefined;
  const policy = lock === undefined ? [] : judge(manifest, lock, scope);
  // A sync locks first what is stale, and judges then.
  const settled = policy.filter(({ source }) => source === undefined || !sources.includes(source));
  const judged =
    lock === undefined
      ? []
      : settled.length === 0
        ? [said("policy", "ok", "expectations, licences and paths fit")]
        : settled.map((one) => ofProblem("policy", one, { grave: true }));
  if (problem !== undefined)
    return [...problemsOf(problem).map((one) => ofProblem("lock", one, { grave: true, facts })), ...judged];
  if (lock === undefined)
    return [
      said("lock", "warn", `there is no "${lockFile}" yet`, {
        hint: "run tritter lock, or tritter sync, which locks first",
        facts,
      }),
    ];
  if (sources.length > 0)
    return [
      said("lock", "warn", `the manifest changed since it was written: ${sources.join(", ")}`, {
        hint: "run tritter lock, or tritter sync, which locks first",
        facts,
      }),
      ...judged,
    ];
  return [said("lock", "ok", `${lockFile}: ${formatFiles(facts)}`, { facts }), ...judged];
}

function countOf(lock: Lock | undefined, scope: ReadonlySet<string> | undefined) {
  const files = (lock?.sources ?? [])
    .filter(({ name }) => scope?.has(name) ?? true)
    .flatMap((source) => source.files);
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}
