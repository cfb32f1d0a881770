import { createHash, hash as hashAtOnce } from "node:crypto";
import type { Algorithm, Digest } from "../../schema/ids.ts";
import { algorithmOf, digestOf } from "../../schema/ids.ts";
import type { DiskFile } from "../disk/port.ts";

/** Hashes bytes as they pass, in order. */
export interface ContentHasher {
  update(bytes: Uint8Array): void;
  /** One digest per algorithm asked for, sha256 first. Ends the hasher. */
  digests(): readonly Digest[];
}

/** What was hashed, and the ms that took; counted up by whoever hashes. */
export interface Tally {
  bytes: number;
  ms: number;
}

export function newTally(): Tally {
  return { bytes: 0, ms: 0 };
}

/** `size` in bytes must be known beforehand: git hashes it first (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). `tally`: counts it. */
export function contentHasher(
  algorithms: ReadonlySet<Algorithm>,
  size: number,
  tally?: Tally,
): ContentHasher {
  const hashes = ORDER.filter((algorithm) => algorithms.has(algorithm)).map((algorithm) => ({
    algorithm,
    hash: algorithm === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`),
  }));
  const hasher: ContentHasher = {
    update: (bytes) => {
      for (const { hash } of hashes) hash.update(bytes);
    },
    digests: () => hashes.map(({ algorithm, hash }) => digestOf(algorithm, hash.digest("hex")) as Digest),
  };
  return tally === undefined ? hasher : tallied(hasher, tally);
}

/** The same hasher, which counts what it does. */
function tallied(hasher: ContentHasher, tally: Tally): ContentHasher {
  return {
    update: (bytes) => {
      const since = performance.now();
      hasher.update(bytes);
      tally.ms += performance.now() - since;
      tally.bytes += bytes.length;
    },
    digests: () => {
      const since = performance.now();
      const digests = hasher.digests();
      tally.ms += performance.now() - since;
      return digests;
    },
  };
}

/** The hex digits of the digest of bytes that are all at hand. */
export function hexDigest(algorithm: Algorithm, bytes: Uint8Array): string {
  // Half of what a small file costs is making the object that would hash it.
  if (algorithm === "sha256") return hashAtOnce("sha256", bytes);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The same for several algorithms, sha256 first. */
export function digestsAtOnce(algorithms: ReadonlySet<Algorithm>, bytes: Uint8Array): readonly Digest[] {
  return ORDER.filter((algorithm) => algorithms.has(algorithm)).map(
    (algorithm) => digestOf(algorithm, hexDigest(algorithm, bytes)) as Digest,
  );
}

const ORDER: readonly Algorithm[] = ["sha256", "git"];
const CHUNK = 1024 * 1024;

/** Reads an open file to its end, at most `size` bytes; undefined where it is shorter or longer than `size`. */
export async function hashOpenFile(
  file: DiskFile,
  { algorithms, size, signal }: { algorithms: ReadonlySet<Algorithm>; size: number; signal: AbortSignal },
): Promise<readonly Digest[] | undefined> {
  const hasher = contentHasher(algorithms, size);
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size + 1));
  let position = 0;
  for (;;) {
    signal.throwIfAborted();
    const count = await file.readAt(buffer, position);
    if (count === 0) break;
    position += count;
    if (position > size) return undefined;
    hasher.update(buffer.subarray(0, count));
  }
  return position === size ? hasher.digests() : undefined;
}

/** The algorithms a placement needs: sha256 always, and the one the lock uses. */
export function algorithmsFor(digests: Iterable<Digest>): ReadonlySet<Algorithm> {
  const algorithms = new Set<Algorithm>(["sha256"]);
  for (const digest of digests) algorithms.add(algorithmOf(digest));
  return algorithms;
}

/** The digest among these of the same algorithm as `wanted`, to be shown beside it. */
export function likeDigest(digests: readonly Digest[], wanted: Digest): Digest {
  return digests.find((digest) => algorithmOf(digest) === algorithmOf(wanted)) ?? wanted;
}
