import { join } from "node:path";
import { type Digest, hexOf } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { bootOf, type Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { algorithmsFor, hashOpenFile } from "./hash.ts";
import { bootFolder, parsePartialName, parseReadyName, type StoreLayout, storeLayout } from "./layout.ts";
import { parseSegments, SEGMENT } from "./segments.ts";

/** A verified blob that is not yet placed: a blob found under its digest has been hashed since this boot. */
export interface ReadyBlob {
  /** Absolute. */
  readonly file: string;
  /** sha256, and git where the lock uses it. */
  readonly digests: readonly Digest[];
  /** bytes */
  readonly size: number;
}

/** What an interrupted run left, as it was when the store was opened. */
export interface StoreView {
  readonly layout: StoreLayout;
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly partials: readonly Partial[];
}

export interface Partial {
  readonly digest: Digest;
  /** Absolute folder. */
  readonly folder: string;
  readonly writer: Writer | undefined;
  /** bytes on disk by its own account; checked before they are used */
  readonly have: number;
}

/** Reads only. Blobs of an earlier boot are hashed again: a power loss may have struck before they were flushed. */
export async function viewStore(
  disk: Disk,
  { state, owner, signal }: { state: string; owner: string; signal: AbortSignal },
): Promise<StoreView> {
  const layout = storeLayout(state, owner);
  const boot = bootFolder(await bootOf(disk));
  const ready = new Map<Digest, ReadyBlob>();
  for (const folder of (await disk.readdir(layout.ready)) ?? []) {
    const trusted = folder.name === boot && boot !== bootFolder(undefined);
    for (const blob of await blobsIn(disk, join(layout.ready, folder.name))) {
      if (!trusted && !(await isIntact(disk, blob, signal))) continue;
      for (const digest of blob.digests) ready.set(digest, blob);
    }
  }
  return { layout, ready, partials: await partialsIn(disk, layout.partial) };
}

/** Bytes already here by digest, the largest partial of each. */
export function partialBytes(view: StoreView): Map<Digest, number> {
  const bytes = new Map<Digest, number>();
  for (const partial of view.partials)
    bytes.set(partial.digest, Math.max(partial.have, bytes.get(partial.digest) ?? 0));
  return bytes;
}

/** Where this run writes: its folder of ready blobs exists afterwards. */
export async function prepareStore(disk: Disk, layout: StoreLayout): Promise<string> {
  const folder = join(layout.ready, bootFolder(await bootOf(disk)));
  await disk.mkdir(folder);
  return folder;
}

/** Removes ready blobs, and the partials (by folder name) that are not kept. Resolves to the bytes freed. */
export async function sweepStore(
  disk: Disk,
  layout: StoreLayout,
  keep: (partial: string) => boolean,
): Promise<number> {
  let freed = 0;
  for (const folder of (await disk.readdir(layout.ready)) ?? []) {
    freed += await removeFolder(disk, join(layout.ready, folder.name));
  }
  for (const folder of (await disk.readdir(layout.partial)) ?? []) {
    if (!keep(folder.name)) freed += await removeFolder(disk, join(layout.partial, folder.name));
  }
  for (const folder of [
    layout.ready,
    layout.partial,
    join(layout.ready, ".."),
    join(layout.ready, "..", ".."),
  ])
    await removeIfEmpty(disk, folder);
  return freed;
}

async function blobsIn(disk: Disk, folder: string): Promise<ReadyBlob[]> {
  const blobs: ReadyBlob[] = [];
  for (const entry of (await disk.readdir(folder)) ?? []) {
    const digests = parseReadyName(entry.name);
    const file = join(folder, entry.name);
    const stat = disk.lstat(file);
    if (digests !== undefined && stat?.kind === "file") blobs.push({ file, digests, size: stat.size });
  }
  return blobs;
}

async function isIntact(disk: Disk, blob: ReadyBlob, signal: AbortSignal): Promise<boolean> {
  const file = await disk.open(blob.file, "r");
  try {
    const digests = await hashOpenFile(file, {
      algorithms: algorithmsFor(blob.digests),
      size: blob.size,
      signal,
    });
    return digests !== undefined && digests.map(hexOf).join() === blob.digests.map(hexOf).join();
  } finally {
    await file.close();
  }
}

async function partialsIn(disk: Disk, folder: string): Promise<Partial[]> {
  const partials: Partial[] = [];
  for (const entry of (await disk.readdir(folder)) ?? []) {
    const name = parsePartialName(entry.name);
    if (name === undefined || entry.kind !== "folder") continue;
    const own = join(folder, entry.name);
    const list = parseSegments((await disk.read(join(own, "segments")))?.toString("utf8") ?? "");
    const have = list === undefined ? 0 : Math.min(list.size, list.done.size * SEGMENT);
    partials.push({ digest: name.digest, folder: own, writer: list?.writer, have });
  }
  return partials;
}

/** Store folders are one level deep. Another sync may remove the same: what is gone is gone. */
async function removeFolder(disk: Disk, folder: string): Promise<number> {
  let freed = 0;
  for (const entry of (await disk.readdir(folder)) ?? []) {
    const file = join(folder, entry.name);
    freed += disk.lstat(file)?.size ?? 0;
    await ignoring(["ENOENT"], () => disk.unlink(file));
  }
  await removeIfEmpty(disk, folder);
  return freed;
}

function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  return ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], () => disk.rmdir(folder));
}

async function ignoring(codes: readonly string[], act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!codes.includes(systemCode(error) ?? "")) throw error;
  }
}
