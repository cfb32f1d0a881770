import { createHash } from "node:crypto";
import type { Corpus } from "./corpus.ts";

/**
 * An UUID of version 8 (RFC 9562) of what a document is made of, so that the same lock gives the same one.
 * `kind`: two documents of one lock are two documents.
 */
export function documentId({ lockDigest, only, created }: Corpus, kind: string): string {
  const seed = JSON.stringify(["tritter", kind, lockDigest, only, created ?? null]);
  const bytes = createHash("sha256").update(seed).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** 32 hex digits that stand for a path where not every character may. */
export function pathId(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 32);
}
