import { join } from "node:path";
import type { Digest, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { syncFile } from "../disk/sync-file.ts";
import { diskProblem } from "../disk/trouble.ts";
import type { Problem } from "../errors.ts";
import type { Blob, BlobOrigin } from "../plan/types.ts";
import { copyVerified } from "../store/copy.ts";
import { algorithmsFor } from "../store/hash.ts";
import { unpackChecksums } from "../store/segments.ts";
import { type ReadyBlob, readyFile } from "../store/store.ts";
import type { TreeChange } from "../tree/change.ts";
import type { Applying } from "./types.ts";

export interface Gathered {
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly problems: readonly Problem[];
}

type FromTree = Extract<BlobOrigin, { kind: "tree" }>;

/** Brings blobs that the tree already holds into the store. Those that move straight to their new path stay where they are. */
export async function gatherFromTree(applying: Applying, change: TreeChange): Promise<Gathered> {
  const ready = new Map<Digest, ReadyBlob>();
  const problems: Problem[] = [];
  const staged = new Map<TreePath, ReadyBlob>();
  for (const blob of applying.plan.blobs) {
    if (blob.from.kind !== "tree" || blob.from.how === "rename") continue;
    applying.signal.throwIfAborted();
    change.lookAgain();
    try {
      // One file may be wanted twice: by its sha256, and by its git digest.
      const taken = staged.get(blob.from.path) ?? (await take(applying, change, { blob, from: blob.from }));
      if (taken === undefined) problems.push(movedOn(blob.from));
      else ready.set(blob.digest, taken);
      if (taken !== undefined && blob.from.how === "stage") staged.set(blob.from.path, taken);
    } catch (error) {
      applying.signal.throwIfAborted();
      problems.push(takeProblem(blob.from, error));
    }
  }
  return { ready, problems };
}

function takeProblem({ path }: FromTree, error: unknown): Problem {
  return { ...diskProblem(`take "${printable(path)}"`, error), path };
}

async function take(
  { disk, root, store, digestsAt, signal }: Applying,
  change: TreeChange,
  { blob, from }: { blob: Blob; from: FromTree },
): Promise<ReadyBlob | undefined> {
  const { size } = blob;
  const digests = sorted(digestsAt(from.path), blob.digest);
  const segments = from.segments === undefined ? undefined : unpackChecksums(from.segments, size);
  const ready = { folder: store.readyFolder, digests, size, segments };
  const file = readyFile(ready);
  if (from.how === "stage") {
    if (!(await change.takeOut(from.path, file, from.stamp))) return undefined;
    // It may be one that was put back by hand a moment ago.
    await syncFile(disk, file);
    return ready;
  }
  const beside = `${file}.${store.writer.id}.new`;
  if (!change.isStill(from.path, from.stamp)) return undefined;
  if (!(await copyVerified(disk, { from: join(root, from.path), to: beside, digests, size, signal })))
    return undefined;
  // Shared blocks were not read: that the file did not change meanwhile is what says they are the bytes known.
  if (!change.isStill(from.path, from.stamp)) {
    await disk.unlink(beside);
    return undefined;
  }
  await disk.rename(beside, file);
  return ready;
}

/** Only the algorithms that the blob's new paths need, sha256 first. */
function sorted(known: readonly Digest[], wanted: Digest): readonly Digest[] {
  const algorithms = [...algorithmsFor([wanted])];
  return algorithms
    .map((algorithm) => known.find((digest) => digest.startsWith(`${algorithm}:`)))
    .filter((digest) => digest !== undefined);
}

export function movedOn(from: FromTree): Problem {
  return {
    code: "CONFLICT",
    message: `cannot take "${printable(from.path)}": it changed while the sync ran`,
    hint: "run the same command again",
    path: from.path,
  };
}
