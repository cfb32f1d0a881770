import type { LockedSource } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";
import type { Hub, Resolved } from "../hub/port.ts";

/** TERMS_CHANGED, where the terms of today are not those that were recorded. What was not known then did not change. Pure. */
export function termsProblems(locked: LockedSource, now: Resolved): readonly Problem[] {
  const changed = [...licenseChange(locked, now), ...gateChange(locked, now)];
  if (changed.length === 0) return [];
  const { name, repo } = locked;
  return [
    {
      code: "TERMS_CHANGED",
      source: name,
      message: `the terms of source "${name}" changed since ${repo} was locked: ${changed.join("; ")}`,
      hint: `read them on the repository's page; tritter update ${name} takes it under the new ones`,
    },
  ];
}

/** A Hub that names the repository's id knows its terms; a folder may have had no card to read. */
function knewTerms({ id, licenses, gated }: LockedSource): boolean {
  return id !== undefined || licenses.length > 0 || (gated ?? false) !== false;
}

function licenseChange(locked: LockedSource, now: Resolved): string[] {
  if (now.licenses === undefined || !knewTerms(locked)) return [];
  const [before, after] = [locked.licenses, now.licenses].map(listed);
  return before === after ? [] : [`licence ${before} → ${after}`];
}

function listed(licenses: readonly string[]): string {
  return licenses.length === 0 ? "none" : [...licenses].sort().map(printable).join(", ");
}

function gateChange(locked: LockedSource, { gated, gate }: Resolved): string[] {
  if (gated === undefined || !knewTerms(locked)) return [];
  const [before, after] = [locked.gated || "open", gated || "open"];
  if (before !== after) return [`gated ${before} → ${after}`];
  return locked.gate === undefined || gate === undefined || gate === locked.gate
    ? []
    : ["another text at the gate"];
}

/**
 * A note where the repository's card is another one though licence and gating are the same. Costs a request or two, so it
 * is asked only where a revision names another commit than the pinned one.
 */
export async function cardNote(hub: Hub, locked: LockedSource, now: Resolved): Promise<string | undefined> {
  if (locked.card === undefined || now.commit === locked.commit) return undefined;
  const { name, type } = locked;
  for await (const page of hub.entries({ type, repo: now.repo }, now.commit, "")) {
    const card = page.find((entry) => entry.kind === "file" && entry.file.path === "README.md");
    if (card?.kind !== "file") continue;
    const { digest } = card.file;
    if (digest === undefined || digest === locked.card) return undefined;
    return `source "${name}": the card of ${now.repo} changed since it was locked, its licence and gating did not`;
  }
  return `source "${name}": ${now.repo} has no card any more (README.md)`;
}
