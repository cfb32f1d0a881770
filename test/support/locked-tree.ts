import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeDisk } from "../../cli/disk/node.ts";
import { readLock } from "../../cli/lock/read.ts";
import { type LockedWant, type Want, wantsOf } from "../../cli/lock/wants.ts";
import type { Digest } from "../../schema/ids.ts";
import { readTree } from "./trees.ts";

/** What a lock file wants on disk. */
export async function wantsOfFile(file: string): Promise<LockedWant[]> {
  const read = await readLock({ file, disk: nodeDisk() });
  if (read.kind !== "ok") throw new Error(`"${file}": ${read.kind}`);
  return wantsOf(read.lock);
}

/** Paths below the root that do not hold the locked bytes; every file is read and hashed here, not by what is tested. */
export async function wrongFiles(root: string, wants: readonly Want[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { path, digest } of wants) {
    const bytes = await readFile(join(root, path)).catch(() => undefined);
    if (bytes === undefined || digestLike(digest, bytes) !== digest) wrong.push(path);
  }
  return wrong;
}

/**
 * bytes that a sync has to fetch, each blob once: those that a path lacks, unless a file of ours holds them.
 * One of git counts in any case, since what is there may be known by sha256 alone.
 */
export async function absentBytes(
  root: string,
  wants: readonly Want[],
  ours: (path: string) => boolean,
): Promise<number> {
  const files = Object.entries(await readTree(root).catch(() => ({}) as Record<string, Buffer>));
  const isIn = (digest: Digest, bytes: Buffer) => digestLike(digest, bytes) === digest;
  const isHeld = (digest: Digest) => files.some(([path, bytes]) => ours(path) && isIn(digest, bytes));
  const wrong = new Set(await wrongFiles(root, wants));
  const lacking = wants.filter(({ path }) => wrong.has(path));
  const blobs = new Map(lacking.map(({ digest, size }) => [digest, size]));
  return [...blobs]
    .filter(([digest]) => digest.startsWith("git:") || !isHeld(digest))
    .reduce((sum, [, size]) => sum + size, 0);
}

function digestLike(digest: Digest, bytes: Buffer): string {
  if (digest.startsWith("sha256:")) return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return `git:${createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")}`;
}
