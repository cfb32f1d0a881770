import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { gitBlobOid } from "./hub/content.ts";

// Folders as other programs leave them, made by hand.

export interface CacheInput {
  /** HF_HUB_CACHE */
  readonly folder: string;
  readonly repo: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Paths of LFS files; the others are named by their git id. */
  readonly lfs: readonly string[];
  /** LFS files lie in the store of all repositories, under their Xet hash, as with huggingface_hub 2: two links away. */
  readonly shared?: boolean;
  /** Files stand in the snapshot themselves, as on a disk without links. */
  readonly plain?: boolean;
}

/** The Hub's cache: https://huggingface.co/docs/huggingface_hub/guides/manage-cache */
export async function makeHubCache(input: CacheInput): Promise<void> {
  const { folder, repo, commit, files, lfs, shared = false, plain = false } = input;
  const home = join(folder, `datasets--${repo.replace("/", "--")}`);
  await put(join(home, "refs", "main"), commit);
  for (const [path, bytes] of Object.entries(files)) {
    const snapshot = join(home, "snapshots", commit, path);
    if (plain) {
      await put(snapshot, bytes);
      continue;
    }
    const isLfs = lfs.includes(path);
    const blob = join(home, "blobs", isLfs ? sha256Hex(bytes) : gitBlobOid(Buffer.from(bytes)));
    if (isLfs && shared) {
      const xet = sha256Hex(`xet ${sha256Hex(bytes)}`);
      const payload = join(folder, "blobs", xet.slice(0, 2), xet);
      await put(join(folder, "blobs", ".huggingface-shared-blobs"), "1\n");
      await put(payload, bytes);
      await chmod(payload, 0o444);
      await link(blob, payload);
    } else await put(blob, bytes);
    await link(snapshot, blob);
  }
}

/** `.git/lfs/objects/9f/86/9f86d0…` */
export async function makeLfsStore(folder: string, contents: readonly Uint8Array[]): Promise<void> {
  for (const bytes of contents) {
    const hex = sha256Hex(bytes);
    await put(join(folder, ".git", "lfs", "objects", hex.slice(0, 2), hex.slice(2, 4), hex), bytes);
  }
}

/** `.dvc/cache/files/md5/9f/86d0…`: no name there helps. */
export async function makeDvcCache(folder: string, contents: readonly Uint8Array[]): Promise<void> {
  for (const bytes of contents) {
    const hex = createHash("md5").update(bytes).digest("hex");
    await put(join(folder, ".dvc", "cache", "files", "md5", hex.slice(0, 2), hex.slice(2)), bytes);
  }
}

export async function put(file: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  // What the Hub's store holds is read-only.
  await writeFile(file, bytes).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES") throw error;
  });
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(from), { recursive: true });
  await symlink(relative(dirname(from), to), from).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

export function sha256Hex(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All that a change would show in: kind, mode, size, times, names of the file, and its bytes. `links`: hard links may be made. */
export async function census(folder: string, { links = false } = {}): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const name of ["", ...(await readdir(folder, { recursive: true }))].sort()) {
    const path = join(folder, name);
    const stat = await lstat(path, { bigint: true });
    const what = stat.isSymbolicLink()
      ? await readlink(path)
      : stat.isFile()
        ? sha256Hex(await readFile(path))
        : "";
    const facts = [stat.mode.toString(8), stat.size, stat.mtimeNs, stat.ino, what];
    seen[name] = (links ? facts : [...facts, stat.ctimeNs, stat.nlink]).join(" ");
  }
  return seen;
}
