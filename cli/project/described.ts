import type { Facts } from "../../schema/facts.ts";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { describe } from "../describe.ts";
import { NO_FACTS } from "../facts/document.ts";
import type { GeneratedWant } from "../lock/wants.ts";
import { factsDigest } from "../status/place.ts";
import { knownFacts } from "./facts.ts";
import type { Project } from "./load.ts";

export interface Described {
  /** Empty where the manifest asks for none. */
  readonly wants: readonly GeneratedWant[];
  /** Digest of the facts that they tell of. */
  readonly facts: string;
}

/**
 * What should stand beside the data, by lock, manifest and the facts beside the lock. `facts`: those that are about to be there.
 * Throws FACTS_INVALID, DISK_REFUSED.
 */
export async function describedBy(
  context: Context,
  { manifest, lockFile }: Pick<Project, "manifest" | "lockFile">,
  { lock, facts }: { readonly lock: Lock; readonly facts?: Facts | undefined },
): Promise<Described> {
  const digest = await factsDigest(context.disk, lockFile);
  if (manifest.reports === undefined) return { wants: [], facts: digest };
  const known = facts ?? (digest === "" ? NO_FACTS : await knownFacts(context, { lockFile }));
  return { wants: describe({ manifest, lock, facts: known }), facts: digest };
}
