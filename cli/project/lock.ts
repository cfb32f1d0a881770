import type { Context } from "../context.ts";
import { tellCarried, tellReturned } from "./carried.ts";
import { loadProject, type Project, type ProjectOptions } from "./load.ts";
import { type Locked, lockSources } from "./locking.ts";

export interface LockResult {
  readonly project: Project;
  readonly locked: Locked;
}

/** Adds what is missing, drops what is gone, follows edits; never moves a pin whose identity did not change. */
export async function lockProject(
  context: Context,
  options: ProjectOptions & { readonly fallback: boolean },
): Promise<LockResult> {
  const project = await loadProject(context, options);
  const locked = await lockSources(context, project, {
    mode: { kind: "lock" },
    fallback: options.fallback,
    dryRun: false,
  });
  tellCarried(context.emit, locked.lock, project.scope);
  return { project, locked };
}

export interface UpdateOptions extends ProjectOptions {
  readonly dryRun: boolean;
  /**
   * Asks for each source as if it had no pin: its own repository first, then its fallbacks. Without it a source
   * stays with whatever carries it.
   */
  readonly allowFallback: boolean;
}

/** The only verb that moves a pin. Names none: every source. */
export async function updateProject(context: Context, options: UpdateOptions): Promise<LockResult> {
  const project = await loadProject(context, options);
  const names = project.scope ?? new Set(project.manifest.sources.map((source) => source.name));
  const locked = await lockSources(context, project, {
    mode: { kind: "update", names, to: undefined },
    fallback: options.allowFallback,
    dryRun: options.dryRun,
  });
  tellReturned(context.emit, locked.resolution.changes);
  tellCarried(context.emit, locked.lock, project.scope);
  return { project, locked };
}
