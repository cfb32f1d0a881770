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
  const lock = requireLock(project);
  const asked = new Set(factual(project.manifest, lock).map(({ name }) => name));
  const facts = await knownFacts(context, project);
  const sources = lock.sources
    .filter(({ name }) => project.scope?.has(name) ?? true)
    .map(({ name, files }) => ({ name, asked: asked.has(name), sum: sumUp(files, facts) }));
  return { project, sources };
}
