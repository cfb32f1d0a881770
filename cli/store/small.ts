import type { Digest } from "../../schema/ids.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { algorithmsFor, digestsAtOnce, likeDigest, type Tally } from "./hash.ts";
import type { Kept, ReceiveInput } from "./receive.ts";
import { type ReadyBlob, readyFile } from "./store.ts";

/** A blob held in memory, whole. */
export interface SmallBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** `failed`: this one alone; the error is the system's own. */
export type SmallKept = Kept | { readonly kind: "failed"; readonly error: unknown };

/**
 * Verifies blobs and makes them ready together: all are written before the first is flushed, so that a disk can
 * flush them side by side. Answers in their order.
 */
export async function putSmall(
  { disk, readyFolder, writer, tally }: Pick<ReceiveInput, "disk" | "readyFolder" | "writer" | "tally">,
  blobs: readonly SmallBlob[],
): Promise<readonly SmallKept[]> {
  const begun: Begun[] = [];
  for (const { digest, bytes } of blobs) {
    const digests = digestsOf(digest, bytes, tally);
    if (digests.includes(digest)) {
      const blob = { folder: readyFolder, digests, size: bytes.length };
      begun.push(await begin(disk, { bytes, beside: `${readyFile(blob)}.${writer.id}.new`, blob }));
    } else begun.push({ kind: "mismatch", digest: likeDigest(digests, digest) });
  }
  const flushed = await Promise.all(begun.map(flush));
  const kept: SmallKept[] = [];
  for (const one of flushed) kept.push(await publish(disk, one));
  return kept;
}

interface Written {
  readonly kind: "written";
  readonly blob: ReadyBlob;
  readonly beside: string;
  readonly handle: DiskFile;
}

interface Failed {
  readonly kind: "failed";
  readonly error: unknown;
  /** What may be left of it. */
  readonly beside: string;
}

type Begun = Written | Failed | Extract<Kept, { kind: "mismatch" }>;

function digestsOf(digest: Digest, bytes: Uint8Array, tally: Tally | undefined): readonly Digest[] {
  const since = performance.now();
  const digests = digestsAtOnce(algorithmsFor([digest]), bytes);
  if (tally !== undefined) {
    tally.bytes += bytes.length;
    tally.ms += performance.now() - since;
  }
  return digests;
}

async function begin(
  disk: Disk,
  { bytes, beside, blob }: { bytes: Uint8Array; beside: string; blob: ReadyBlob },
): Promise<Begun> {
  try {
    const handle = await disk.open(beside, "wx");
    try {
      await handle.writeAt(bytes, 0);
      return { kind: "written", blob, beside, handle };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    return { kind: "failed", error, beside };
  }
}

/** The name under which a blob is ready says "verified", and must not outlive its bytes. */
async function flush(begun: Begun): Promise<Begun> {
  if (begun.kind !== "written") return begun;
  try {
    await begun.handle.sync().finally(() => begun.handle.close());
    return begun;
  } catch (error) {
    return { kind: "failed", error, beside: begun.beside };
  }
}

async function publish(disk: Disk, begun: Begun): Promise<SmallKept> {
  if (begun.kind === "mismatch") return begun;
  if (begun.kind === "failed") return abandoned(disk, begun);
  try {
    await disk.rename(begun.beside, readyFile(begun.blob));
    return { kind: "ready", blob: begun.blob };
  } catch (error) {
    return abandoned(disk, { beside: begun.beside, error });
  }
}

/** On a full disk, what is left of one file is the space another needs. */
async function abandoned(
  disk: Disk,
  { beside, error }: { beside: string; error: unknown },
): Promise<SmallKept> {
  await disk.unlink(beside).catch(() => undefined);
  return { kind: "failed", error };
}
