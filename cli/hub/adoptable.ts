import { join } from "node:path";
import { type Digest, hexOf } from "../../schema/ids.ts";
import type { RemoteFile } from "../../schema/remote.ts";
import type { Disk } from "../disk/port.ts";
import { repoFolder } from "./cached.ts";

/** Of these files, those that a Hub cache has under their digest's name and with their size. No byte is read. */
export async function cachedOf(
  disk: Disk,
  cache: string,
  wanted: readonly { readonly remote: RemoteFile; readonly digest: Digest; readonly size: number }[],
): Promise<{ readonly files: number; readonly bytes: number }> {
  const blobs = new Map<string, ReadonlySet<string>>();
  let [files, bytes] = [0, 0];
  for (const { remote, digest, size } of wanted) {
    const folder = join(cache, repoFolder(remote.repo.type, remote.repo.repo), "blobs");
    const names = blobs.get(folder) ?? new Set(((await disk.readdir(folder)) ?? []).map(({ name }) => name));
    blobs.set(folder, names);
    if (!names.has(hexOf(digest))) continue;
    const stat = disk.lstat(join(folder, hexOf(digest)));
    if (stat?.kind !== "file" || stat.size !== size) continue;
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}
