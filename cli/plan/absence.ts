import type { TreePath } from "../../schema/ids.ts";
import { foldKey } from "../../schema/names.ts";
import type { Decisions, View } from "../plan.ts";
import type { Placement } from "../receipt/placement.ts";
import { canBeHadAgain, heldOrigin, isSameEntry } from "./presence.ts";
import type { Forget } from "./types.ts";

/** The table's lower half: the receipt knows this path and the lock does not want it. */
export function decideAbsence(
  view: View,
  { placement, cleared }: { placement: Placement; cleared: ReadonlySet<TreePath> },
  into: Decisions,
): void {
  const { path, source } = placement;
  const found = view.foundAt(path);
  const why = reasonToForget(view, { placement, cleared });
  if (why !== undefined || found.kind !== "file") {
    into.forgets.push({ path, source, why: why ?? (found.kind === "nothing" ? "gone" : "not-a-file") });
    return;
  }
  const held = heldOrigin(placement, found);
  const how = canBeHadAgain(held) ? "unlink" : "trash";
  into.prunes.push({
    path,
    source,
    size: found.size,
    why: held === undefined ? "modified" : "dropped",
    how,
    stamp: found.stamp,
  });
}

function reasonToForget(
  view: View,
  { placement, cleared }: { placement: Placement; cleared: ReadonlySet<TreePath> },
): Forget["why"] | undefined {
  const { path } = placement;
  if (cleared.has(path)) return "cleared";
  if (view.others.has(path)) return "shared";
  return isWantedEntry(view, path) ? "same-entry" : undefined;
}

/** On a case-insensitive disk, `A.txt` and the wanted `a.txt` are one entry: pruning one would remove the other. */
function isWantedEntry(view: View, path: TreePath): boolean {
  const alias = view.foldedWants().get(foldKey(path));
  return alias !== undefined && isSameEntry(view.foundAt(alias), view.foundAt(path));
}
