import { timeText } from "../../schema/time.ts";
import type { Identity, Stale } from "../resolve/stale.ts";
import type { Paint } from "./paint.ts";
import { safe } from "./safe.ts";

/** `code: not in the lock yet`: from the lock to what the manifest asks for. */
export function staleLines(stale: readonly Stale[], paint: Paint): readonly string[] {
  return stale.map((one) => `${paint.name(safe(one.source))}: ${paint.warn(safe(reasonOf(one)))}`);
}

function reasonOf(stale: Stale): string {
  switch (stale.why) {
    case "missing":
      return "not in the lock yet";
    case "removed":
      return "in the lock, no longer in the manifest";
    case "selection":
      return "selects other files now";
    case "identity":
      return `${nameOf(stale.before)} → ${nameOf(stale.after)}`;
    case "placement":
      return `${stale.field} "${stale.before}" → "${stale.after}"`;
    default:
      return stale satisfies never;
  }
}

function nameOf(identity: Identity): string {
  return `${identity.type} ${identity.repo} at ${identity.revision}${timeText(identity)}`;
}
