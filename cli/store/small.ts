import { join } from "node:path";
import type { Digest } from "../../schema/ids.ts";
import { passing } from "../disk/trouble.ts";
import { algorithmsFor, contentHasher, likeDigest } from "./hash.ts";
import { readyName } from "./layout.ts";
import type { ReceiveInput } from "./receive.ts";
import type { ReadyBlob } from "./store.ts";

/** Verifies bytes held in memory and makes them ready; `mismatch` with their true digest where they are not the ones asked for. */
export async function putSmall(
  { disk, readyFolder, writer }: ReceiveInput,
  digest: Digest,
  bytes: Uint8Array,
): Promise<{ kind: "ready"; blob: ReadyBlob } | { kind: "mismatch"; digest: Digest }> {
  const hasher = contentHasher(algorithmsFor([digest]), bytes.length);
  hasher.update(bytes);
  const digests = hasher.digests();
  if (!digests.includes(digest)) {
    return { kind: "mismatch", digest: likeDigest(digests, digest) };
  }
  const file = join(readyFolder, readyName(digests));
  const beside = `${file}.${writer.id}.new`;
  const handle = await disk.open(beside, "wx");
  try {
    try {
      await handle.writeAt(bytes, 0);
      // The name under which it is ready says "verified", and must not outlive its bytes.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(beside, file);
  } catch (error) {
    // On a full disk, what is left of one file is the space another needs.
    await passing(["ENOENT"], () => disk.unlink(beside));
    throw error;
  }
  return { kind: "ready", blob: { file, digests, size: bytes.length } };
}
