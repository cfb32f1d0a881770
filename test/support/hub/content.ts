import { createCipheriv, createHash } from "node:crypto";

/** Bytes of one file, readable anywhere without holding them all. Digests are computed once, when first asked. */
export interface Content {
  /** bytes */
  readonly size: number;
  /** Equal for equal content made the same way. */
  readonly key: string;
  /** The bytes [start, end); both within the size. */
  read(start: number, end: number): Buffer;
  /** sha256, 64 hex digits */
  sha256(): string;
  /** git blob id, 40 hex digits */
  gitOid(): string;
  /** A guess from the beginning, as git makes it: no NUL byte. */
  readonly text: boolean;
}

export function bytesContent(bytes: Buffer): Content {
  return withDigests({
    size: bytes.length,
    key: `bytes:${createHash("sha1").update(bytes).digest("hex")}`,
    text: !bytes.subarray(0, 8000).includes(0),
    read: (start, end) => bytes.subarray(start, end),
  });
}

const generated = new Map<string, Content>();

/** Pseudo-random bytes that do not repeat: AES in counter mode over zeros, so that any range costs only itself. */
export function generatedContent(size: number, seed: number): Content {
  const key = `generated:${size}:${seed}`;
  const known = generated.get(key);
  if (known !== undefined) return known;
  const content = withDigests({ size, key, text: false, read: (start, end) => keystream(seed, start, end) });
  generated.set(key, content);
  return content;
}

export function gitBlobOid(bytes: Buffer): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

const AES_BLOCK = 16;
const HASH_STEP = 4 * 1024 * 1024;

function keystream(seed: number, start: number, end: number): Buffer {
  const key = createHash("sha256").update(`content ${seed}`).digest().subarray(0, 16);
  const counter = Buffer.alloc(AES_BLOCK);
  counter.writeBigUInt64BE(BigInt(Math.floor(start / AES_BLOCK)), 8);
  const skip = start % AES_BLOCK;
  return createCipheriv("aes-128-ctr", key, counter)
    .update(Buffer.alloc(end - start + skip))
    .subarray(skip);
}

function withDigests(raw: Pick<Content, "size" | "key" | "text" | "read">): Content {
  const sha256 = once(() => digest("sha256", "", raw));
  const gitOid = once(() => digest("sha1", `blob ${raw.size}\0`, raw));
  return { ...raw, sha256, gitOid };
}

function digest(algorithm: string, prefix: string, raw: Pick<Content, "size" | "read">): string {
  const hash = createHash(algorithm).update(prefix);
  for (let at = 0; at < raw.size; at += HASH_STEP)
    hash.update(raw.read(at, Math.min(at + HASH_STEP, raw.size)));
  return hash.digest("hex");
}

export function once<T>(compute: () => T): () => T {
  let value: { readonly it: T } | undefined;
  return () => {
    value ??= { it: compute() };
    return value.it;
  };
}
