import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Digest } from "../../schema/ids.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { readFully } from "../disk/read-fully.ts";
import { passing } from "../disk/trouble.ts";
import { systemCode } from "../errors.ts";
import { algorithmsFor, contentHasher, likeDigest, type Tally } from "./hash.ts";
import { partialName } from "./layout.ts";
import type { ReceiveInput, Stop } from "./receive.ts";
import { SEGMENT } from "./segments.ts";
import { putSmall } from "./small.ts";
import { type ReadyBlob, readyFile } from "./store.ts";

/** A file of this machine that may hold a blob. It is only read. */
export interface Take {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** Absolute. */
  readonly file: string;
  /** Where blocks cannot be shared, and nobody may write to the file, a hard link will do. */
  readonly link: boolean;
}

/** How the bytes came: blocks are shared, the file has one more name, or there are two copies. */
export type How = "reflink" | "link" | "copy";

/** What became of it. */
export type Taken =
  | { readonly kind: "ready"; readonly blob: ReadyBlob; readonly how: How }
  /** Nothing is kept of it; `digest` is what its bytes have. */
  | { readonly kind: "mismatch"; readonly digest: Digest }
  /** It cannot be read, or has another size by now. */
  | { readonly kind: "unread" }
  /** The store refused it; the error is the system's own. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Hears how many more bytes of large files were read. */
export type Tell = (bytes: number) => void;

type TakeInput = Pick<ReceiveInput, "disk" | "readyFolder" | "writer" | "tally">;

/** bytes up to which a file is copied through memory, whole: sharing its blocks would cost more than it saves */
export const BRIEF = 64 * 1024;

/** Verifies files and makes blobs of them ready: all small ones together, so that a disk can flush them side by side. Answers in their order. */
export async function takeFiles(
  input: TakeInput,
  takes: readonly Take[],
  { signal, tell = () => {} }: { readonly signal: Stop; readonly tell?: Tell | undefined },
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  const small: { readonly index: number; readonly digest: Digest; readonly bytes: Buffer }[] = [];
  for (const [index, take] of takes.entries()) {
    signal.throwIfAborted();
    if (take.size > BRIEF) taken[index] = await takeLarge(input, take, { signal, tell, tally: input.tally });
    else {
      const bytes = await readWhole(input.disk, take);
      if (bytes === undefined) taken[index] = { kind: "unread" };
      else small.push({ index, digest: take.digest, bytes });
    }
  }
  for (const [at, kept] of (await putSmall(input, small)).entries())
    taken[small[at]?.index ?? -1] = kept.kind === "ready" ? { ...kept, how: "copy" } : kept;
  return taken;
}

async function readWhole(disk: Disk, { file, size }: Take): Promise<Buffer | undefined> {
  return reading(disk, file, async (source) => {
    const buffer = Buffer.allocUnsafe(size + 1);
    const count = await readFully(source, buffer, 0);
    return count === size ? buffer.subarray(0, size) : undefined;
  });
}

interface Along {
  readonly tally: Tally | undefined;
  readonly signal: Stop;
  readonly tell: Tell;
}

async function takeLarge(input: TakeInput, take: Take, along: Along): Promise<Taken> {
  const { disk, readyFolder, writer } = input;
  const beside = join(readyFolder, `${partialName(take.digest, writer.id)}.new`);
  let kept = false;
  try {
    const how = (await share(disk, take, beside)) ?? "copy";
    const proof =
      how === "copy"
        ? await copyProving(disk, { take, beside, ...along })
        : await reading(disk, beside, async (file) => {
            const found = await prove(file, take, along);
            await refusing(() => file.sync());
            return found;
          });
    if (proof === undefined) return { kind: "unread" };
    const { digests, segments } = proof;
    if (!digests.includes(take.digest)) return { kind: "mismatch", digest: likeDigest(digests, take.digest) };
    const blob = { folder: readyFolder, digests, size: take.size, segments };
    await disk.rename(beside, readyFile(blob));
    kept = true;
    return { kind: "ready", how, blob };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return { kind: "failed", error };
  } finally {
    if (!kept) await disk.unlink(beside).catch(() => undefined);
  }
}

/** Without a copy, where that can be. What refuses is met again by the copy, and told then. */
async function share(disk: Disk, { file, link }: Take, to: string): Promise<How | undefined> {
  const shared = await attempt(() => disk.reflink(file, to));
  if (shared === true) return "reflink";
  if (shared === undefined) await passing(["ENOENT"], () => disk.unlink(to));
  if (!link || (await attempt(async () => disk.isReadOnly(file))) !== true) return undefined;
  return (await attempt(() => disk.link(file, to).then(() => true))) === true ? "link" : undefined;
}

async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

interface Proof {
  readonly digests: readonly Digest[];
  /** CRC-32 of each SEGMENT, in order. */
  readonly segments: readonly number[];
}

async function copyProving(
  disk: Disk,
  { take, beside, ...along }: Along & { readonly take: Take; readonly beside: string },
): Promise<Proof | undefined> {
  return reading(disk, take.file, async (source) => {
    const target = await refusing(() => disk.open(beside, "wx"));
    try {
      const write = (bytes: Uint8Array, position: number) => refusing(() => target.writeAt(bytes, position));
      const proof = await prove(source, take, { ...along, write });
      if (proof?.digests.includes(take.digest)) await refusing(() => target.sync());
      return proof;
    } finally {
      await target.close();
    }
  });
}

/** bytes read at once: as many fit into a segment */
const CHUNK = 1024 * 1024;

/** Reads an open file to its end; undefined where that is not at `size`. */
async function prove(
  file: DiskFile,
  { digest, size }: Take,
  {
    signal,
    tell,
    tally,
    write,
  }: Along & { readonly write?: (bytes: Uint8Array, position: number) => Promise<void> },
): Promise<Proof | undefined> {
  const hasher = contentHasher(algorithmsFor([digest]), size, tally);
  const segments: number[] = [];
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const bytes = buffer.subarray(0, await readFully(file, buffer, position));
    if (bytes.length > 0 && position % SEGMENT === 0) segments.push(0);
    segments[segments.length - 1] = crc32(bytes, segments.at(-1));
    hasher.update(bytes);
    tell(bytes.length);
    position += bytes.length;
    if (position > size) return undefined;
    if (bytes.length > 0) await write?.(bytes, position - bytes.length);
    if (bytes.length < CHUNK) return position === size ? { digests: hasher.digests(), segments } : undefined;
  }
}

/** What the store refuses, on its way past those who let pass what cannot be read. */
class Refused extends Error {}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Refused("", { cause: error });
  }
}

/** undefined where the file is none, or cannot be read. */
async function reading<T>(
  disk: Disk,
  path: string,
  work: (file: DiskFile) => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    const file = await disk.open(path, "r");
    try {
      return (await file.stat()).kind === "file" ? await work(file) : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Refused) throw error.cause;
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
