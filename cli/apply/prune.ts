import type { TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, problemsOf, systemCode, TritterError } from "../errors.ts";
import type { Prune } from "../plan/types.ts";
import type { TreeChange } from "../tree/change.ts";
import type { Applying, Trashed } from "./types.ts";

export interface Pruned {
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  readonly trashed: readonly Trashed[];
  readonly problems: readonly Problem[];
}

/** The last thing a sync does, and only after all else succeeded. */
export async function pruneAll(
  { plan, journal, owner, signal, emit }: Applying,
  change: TreeChange,
): Promise<Pruned> {
  const trashed: Trashed[] = [];
  const problems: Problem[] = [];
  const gone: Prune[] = [];
  emit({ kind: "pruning", files: plan.prunes.length });
  try {
    for (const prune of plan.prunes) {
      signal.throwIfAborted();
      const result = await pruneOne(change, prune);
      if (result.kind === "problem")
        problems.push({ ...result.problem, path: prune.path, source: prune.source });
      else gone.push(prune);
      if (result.kind === "trashed") trashed.push(result.trashed);
    }
  } finally {
    await journal.append(gone.map(({ path }) => ({ op: "gone", owner, path })));
  }
  await change.removeEmptied(plan.prunes.map((prune) => prune.path));
  return { files: gone.length, bytes: gone.reduce((sum, prune) => sum + prune.size, 0), trashed, problems };
}

type Result =
  | { kind: "gone" }
  | { kind: "trashed"; trashed: Trashed }
  | { kind: "problem"; problem: Problem };

async function pruneOne(change: TreeChange, prune: Prune): Promise<Result> {
  try {
    if (prune.how === "unlink")
      return (await change.remove(prune.path, prune.stamp)) ? { kind: "gone" } : changed(prune.path);
    const place = await change.discard(prune.path, prune.why);
    if (place === undefined) return { kind: "gone" };
    return { kind: "trashed", trashed: { path: prune.path, place: `.tritter/${place}`, why: prune.why } };
  } catch (error) {
    if (error instanceof TritterError) return { kind: "problem", problem: problemsOf(error)[0] as Problem };
    if (systemCode(error) === undefined) throw error;
    return { kind: "problem", problem: diskProblem(`remove "${printable(prune.path)}"`, error) };
  }
}

function changed(path: TreePath): Result {
  const message = `cannot remove "${printable(path)}": it changed while the sync ran`;
  return { kind: "problem", problem: { code: "CONFLICT", message, hint: "run the same command again" } };
}
