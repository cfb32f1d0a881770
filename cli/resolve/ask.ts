import type { Commit } from "../../schema/ids.ts";
import type { Carrier } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import { type Problem, TritterError } from "../errors.ts";
import type { Hub, RepoRef } from "../hub/port.ts";
import type { Resolving } from "./input.ts";
import { keyOf } from "./stale.ts";
import { type Wanted, wantedNow } from "./wanted.ts";

/**
 * What a carrier is to be pinned to. Asked once a run for all sources that ask the same, so that a branch which moves
 * meanwhile is one commit to all of them. Throws as `wantedNow`, and ACCESS_DISABLED.
 */
export async function ask(
  resolving: Resolving,
  name: string,
  { carrier, pinned }: { carrier: Carrier; pinned: Commit | undefined },
): Promise<Wanted> {
  const { hub, emit, now, mode, asked } = resolving;
  const { type, repo, revision, asOf, minAge } = carrier;
  const to = mode.kind === "update" && mode.names.has(name) ? mode.to : undefined;
  emit({ kind: "resolving", source: name, repo, revision: to ?? revision });
  const isTimed = asOf !== undefined || minAge !== undefined;
  const key = JSON.stringify([keyOf(carrier), to, isTimed ? pinned : undefined]);
  const known =
    asked.get(key) ??
    (to === undefined ? wantedNow({ hub, now, pinned }, carrier) : named(hub, { type, repo }, to));
  asked.set(key, known);
  const wanted = await known;
  if (wanted.resolved.disabled === true) throw new TritterError(disabledProblem(repo));
  return wanted;
}

/** What `--to` names. It stands on the command line, so nothing in the manifest is to be corrected, and no pin is gone. */
async function named(hub: Hub, repo: RepoRef, to: string): Promise<Wanted> {
  try {
    return { resolved: await hub.resolve(repo, to), isFresh: false };
  } catch (error) {
    const isAbsent =
      error instanceof TritterError && (error.code === "REVISION_NOT_FOUND" || error.code === "PIN_GONE");
    if (!isAbsent) throw error;
    const message = `cannot update to "${printable(to)}": ${repo.repo} has no such branch, tag or commit`;
    const hint = "give --to a branch, a tag, or all 40 digits of a commit";
    throw new TritterError({ code: "REVISION_NOT_FOUND", message, hint }, error);
  }
}

export function disabledProblem(repo: string): Problem {
  return {
    code: "ACCESS_DISABLED",
    message: `cannot use ${repo}: the Hub has disabled it`,
    hint: "choose another repository, or add a fallback",
    lasting: "disabled",
  };
}
