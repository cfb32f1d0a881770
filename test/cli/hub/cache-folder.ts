import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pointerOid } from "../../../cli/hub/pointer.ts";

/** Paths to contents; names that end in `.bin` are LFS files. */
export type Files = Readonly<Record<string, string>>;

export interface CacheOptions {
  readonly commit: string;
  readonly files: Files;
  /** default: main */
  readonly ref?: string;
  /** Files themselves in the snapshot, as where links are not to be had; default: links into `blobs`. */
  readonly plain?: boolean;
  /** default true */
  readonly listing?: boolean;
  /** default true */
  readonly snapshot?: boolean;
}

/** Writes a repository into a Hub cache as the Hub's own client does. */
export async function writeCache(folder: string, name: string, options: CacheOptions): Promise<string> {
  const { commit, files, ref = "main", plain = false, listing = true, snapshot = true } = options;
  const home = join(folder, name);
  await put(join(home, "refs", ref), commit);
  const listed: Record<string, object> = {};
  for (const [path, content] of Object.entries(files)) {
    const { blob, entry } = facts(path, content);
    listed[path] = entry;
    const place = join(home, "snapshots", commit, path);
    if (plain) await put(place, content);
    else await put(join(home, "blobs", blob), content);
    if (plain || !snapshot) continue;
    await mkdir(dirname(place), { recursive: true });
    await symlink(relative(dirname(place), join(home, "blobs", blob)), place);
  }
  if (listing)
    await put(
      join(home, "trees", `${commit}.json`),
      JSON.stringify({ format_version: 1, files: listed }, null, 1),
    );
  return home;
}

function facts(path: string, content: string) {
  const size = Buffer.byteLength(content);
  const git = createHash("sha1").update(`blob ${size}\0`).update(content).digest("hex");
  if (!path.endsWith(".bin")) return { blob: git, entry: { size, blob_id: git } };
  const sha256 = createHash("sha256").update(content).digest("hex");
  return {
    blob: sha256,
    entry: { size, blob_id: pointerOid(sha256, size), lfs_sha256: sha256, lfs_size: size },
  };
}

export async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
