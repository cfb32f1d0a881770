import type { Facts } from "../../schema/facts.ts";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { type Sum, sumUp } from "../facts/sum.ts";
import { factual, knownFacts } from "./facts.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";

export interface FactsResult {
  readonly project: Project;
  /** Sorted by name: every source in scope that is in the lock. */
  readonly sources: readonly FactualSource[];
}

export interface FactualSource {
  readonly name: string;
  /** The manifest asks for its facts. */
  readonly asked: boolean;
  readonly sum: Sum;
}

/** What is known of the data. Reads neither the tree nor the network. Throws LOCK_MISSING, FACTS_INVALID. */
export async function factsProject(context: Context, options: ProjectOptions): Promise<FactsResult> {
  const project = await loadProject(context, options);
  return shownFacts(project, requireLock(project), await knownFacts(context, project));
}

export function shownFacts(project: Project, lock: Lock, facts: Facts): FactsResult {
  const asked = new Set(factual(project.manifest, lock).map(({ name }) => name));
  const sources = lock.sources
    .filter(({ name }) => project.scope?.has(name) ?? true)
    .map(({ name, files }) => ({ name, asked: asked.has(name), sum: sumUp(files, facts) }));
  return { project, sources };
}
