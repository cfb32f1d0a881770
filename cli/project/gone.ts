import type { Lock, LockedSource } from "../../schema/lock.ts";
import { problemsOf, TritterError } from "../errors.ts";
import type { ByteHub, RemoteFile } from "../hub/port.ts";
import { asGone } from "../resolve/gone.ts";

/** A Hub for the files of a lock: what it says is gone is said of the source that is pinned to it. */
export function sayingGone(hub: ByteHub, lock: Lock): ByteHub {
  let pins: ReadonlyMap<string, LockedSource> | undefined;
  return {
    ...(hub.verdict !== undefined && { verdict: hub.verdict }),
    open: async (file, range, signal) => {
      try {
        return await hub.open(file, range, signal);
      } catch (error) {
        if (!(error instanceof TritterError)) throw error;
        pins ??= pinsOf(lock);
        const entry = pins.get(keyOf(file));
        const [problem] = problemsOf(error);
        throw entry === undefined || problem === undefined
          ? error
          : new TritterError(asGone(problem, entry), error.cause);
      }
    },
  };
}

/** Of each commit the first source that takes files from it. */
function pinsOf({ sources }: Lock): ReadonlyMap<string, LockedSource> {
  const pins = new Map<string, LockedSource>();
  for (const source of sources) {
    for (const { type, repo, commit } of [source, ...(source.rescued ?? [])]) {
      const key = keyOf({ repo: { type, repo }, commit });
      if (!pins.has(key)) pins.set(key, source);
    }
  }
  return pins;
}

function keyOf({ repo: { type, repo }, commit }: Pick<RemoteFile, "repo" | "commit">): string {
  return `${type} ${repo} ${commit}`;
}
