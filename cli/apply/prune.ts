import type { TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { diskProblem } from "../disk/trouble.ts";
import type { Problem } from "../errors.ts";
import type { Prune } from "../plan/types.ts";
import type { TreeChange } from "../tree/change.ts";
import type { Applying, Trashed } from "./types.ts";

/** The last thing a sync does, and only after all else succeeded. An interruption leaves `into` what was done. */
export async function pruneAll(
  { plan, signal, emit }: Applying,
  change: TreeChange,
  into: { gone: Prune[]; trashed: Trashed[]; problems: Problem[] },
): Promise<void> {
  emit({ kind: "pruning", files: plan.prunes.length });
  for (const prune of plan.prunes) {
    signal.throwIfAborted();
    // A folder may have become a link since.
    change.lookAgain();
    const result = await pruneOne(change, prune);
    if (result.kind === "problem")
      into.problems.push({ ...result.problem, path: prune.path, source: prune.source });
    else into.gone.push(prune);
    if (result.kind === "trashed") into.trashed.push(result.trashed);
  }
}

type Result =
  | { kind: "gone" }
  | { kind: "trashed"; trashed: Trashed }
  | { kind: "problem"; problem: Problem };

async function pruneOne(change: TreeChange, prune: Prune): Promise<Result> {
  try {
    if (prune.how === "unlink")
      return (await change.remove(prune.path, prune.stamp)) ? { kind: "gone" } : changed(prune.path);
    const discarded = await change.discard(prune.path, prune.why);
    if (discarded === undefined) return { kind: "gone" };
    const place = `.tritter/${discarded.place}`;
    return { kind: "trashed", trashed: { path: prune.path, place, why: prune.why } };
  } catch (error) {
    return { kind: "problem", problem: diskProblem(`remove "${printable(prune.path)}"`, error) };
  }
}

function changed(path: TreePath): Result {
  const message = `cannot remove "${printable(path)}": it changed while the sync ran`;
  return { kind: "problem", problem: { code: "CONFLICT", message, hint: "run the same command again" } };
}
