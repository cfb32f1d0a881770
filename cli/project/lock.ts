import { parseCommit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { TritterError } from "../errors.ts";
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
  /** Pins one source to this revision, whatever its own names, and however young it is. */
  readonly to?: string;
}

/** The only verb that moves a pin. Names none: every source. Throws USAGE where `to` is not for one source that can be moved. */
export async function updateProject(context: Context, options: UpdateOptions): Promise<LockResult> {
  const project = await loadProject(context, options);
  if (options.to !== undefined) checkTarget(project, options.to);
  const names = project.scope ?? new Set(project.manifest.sources.map((source) => source.name));
  const locked = await lockSources(context, project, {
    mode: { kind: "update", names, to: options.to },
    fallback: options.allowFallback,
    dryRun: options.dryRun,
  });
  tellReturned(context.emit, locked.resolution.changes);
  tellCarried(context.emit, locked.lock, project.scope);
  return { project, locked };
}

function checkTarget({ manifest, scope }: Project, to: string): void {
  if (to === "" || scope?.size !== 1) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot update to "${printable(to)}": should be a revision, and one source named beside it`,
      hint: "give the source, as in tritter update SOURCE --to REVISION",
    });
  }
  const pinned = manifest.sources.find(({ name, revision }) => scope.has(name) && parseCommit(revision));
  if (pinned === undefined) return;
  throw new TritterError({
    code: "USAGE",
    message: `cannot update "${pinned.name}" to "${printable(to)}": the manifest says which commit it is`,
    hint: "write the other revision into the manifest, then run tritter lock",
  });
}
