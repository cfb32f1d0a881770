import type { Digest, TreePath } from "../../schema/ids.ts";
import { WHOLE } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { diskProblem } from "../disk/trouble.ts";
import type { Problem } from "../errors.ts";
import type { Blob } from "../plan/types.ts";
import { putSmall } from "../store/small.ts";
import type { ReadyBlob } from "../store/store.ts";
import type { Applying } from "./types.ts";

export interface Generated {
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly problems: readonly Problem[];
}

/** Files flushed side by side. */
const BATCH = 64;

/** Brings what the plan itself holds the bytes of into the store, from where it is placed as everything else. */
export async function generate({ plan, store, signal }: Applying): Promise<Generated> {
  const ready = new Map<Digest, ReadyBlob>();
  const problems: Problem[] = [];
  const wanted = plan.blobs.flatMap((blob) =>
    blob.from.kind === "generated" ? [{ ...blob, bytes: blob.from.bytes }] : [],
  );
  for (let index = 0; index < wanted.length; index += BATCH) {
    signal.throwIfAborted();
    const batch = wanted.slice(index, index + BATCH);
    for (const [at, kept] of (await putSmall(store, batch)).entries()) {
      const blob = batch[at] as Blob;
      if (kept.kind === "ready") ready.set(blob.digest, kept.blob);
      else if (kept.kind === "failed") problems.push(writeProblem(blob, kept.error));
      else
        throw new Error(`the bytes of ${blob.paths[0]} have the digest ${kept.digest}, not ${blob.digest}`);
    }
  }
  return { ready, problems };
}

function writeProblem({ paths, source }: Blob, error: unknown): Problem {
  const [path = "" as TreePath] = paths;
  const of = source === WHOLE ? {} : { source };
  return { ...diskProblem(`write "${printable(path)}"`, error), path, ...of };
}
