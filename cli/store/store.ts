import { dirname, join } from "node:path";
import { type Digest, hexOf } from "../../schema/ids.ts";
import { isOwnFolder, makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { onDisk, passing } from "../disk/trouble.ts";
import { bootOf, lifeOf, type Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { algorithmsFor, hashOpenFile } from "./hash.ts";
import {
  bootFolder,
  parsePartialName,
  parseReadyName,
  readyName,
  type StoreLayout,
  storeLayout,
} from "./layout.ts";
import { parseSegments, SEGMENT } from "./segments.ts";

/** A verified blob that is not yet placed: a blob found under its digest has been hashed since this boot. */
export interface ReadyBlob {
  /** Absolute: where it is, under the name that its digests make. */
  readonly folder: string;
  /** sha256, and git where the lock uses it. */
  readonly digests: readonly Digest[];
  /** bytes */
  readonly size: number;
  /** CRC-32 of each SEGMENT, in order; undefined where they are not known. */
  readonly segments?: readonly number[] | undefined;
}

/** Absolute. Made when it is asked for: kept for each of many files, it would be the most memory of a sync. */
export function readyFile({ folder, digests }: Pick<ReadyBlob, "folder" | "digests">): string {
  return join(folder, readyName(digests));
}

/** What an interrupted run left, as it was when the store was opened. */
export interface StoreView {
  readonly layout: StoreLayout;
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly partials: readonly Partial[];
  /** Absolute: every file among the ready blobs, those included that are none. */
  readonly files: readonly string[];
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
export function viewStore(
  disk: Disk,
  { state, owner, signal }: { state: string; owner: string; signal: AbortSignal },
): Promise<StoreView> {
  return onDisk("look for what an interrupted sync left", async () => {
    const layout = storeLayout(state, owner);
    const boot = bootFolder(await bootOf(disk));
    const ready = new Map<Digest, ReadyBlob>();
    const files: string[] = [];
    for (const folder of await foldersIn(disk, layout, layout.ready)) {
      const trusted = folder === boot && boot !== bootFolder(undefined);
      for (const { name } of await readOwnFolder(disk, state, join(layout.ready, folder))) {
        const place = join(layout.ready, folder);
        files.push(join(place, name));
        const blob = blobAt(disk, place, name);
        if (blob === undefined || !(trusted || (await isIntact(disk, blob, signal)))) continue;
        for (const digest of blob.digests) ready.set(digest, blob);
      }
    }
    return { layout, ready, partials: await partialsIn(disk, layout), files };
  });
}

/** Bytes already here by digest, the largest partial of each. */
export function partialBytes(view: StoreView): Map<Digest, number> {
  const bytes = new Map<Digest, number>();
  for (const partial of view.partials)
    bytes.set(partial.digest, Math.max(partial.have, bytes.get(partial.digest) ?? 0));
  return bytes;
}

/** Where this run writes: its folder of ready blobs exists afterwards. */
export function prepareStore(disk: Disk, layout: StoreLayout): Promise<string> {
  return onDisk("make room for blobs", async () => {
    const folder = join(layout.ready, bootFolder(await bootOf(disk)));
    await makeOwnFolder(disk, layout.state, folder);
    return folder;
  });
}

/** A writer that we cannot look at (another host, another container) may have its partial read once its list has not grown for this long … */
const SILENCE_MS = 60_000;
/** … and removed once for this long: a slow network is no death. */
const LONG_SILENCE_MS = 24 * 3_600_000;

/** `silent`: nobody can say, but it has not grown for a while. */
export async function lifeOfPartial(
  disk: Disk,
  partial: Partial,
  { writer, now }: { writer: Writer; now: () => number },
): Promise<"alive" | "silent" | "dead"> {
  // Without a list no byte was written, and none will be: its writer finds the folder gone first.
  if (partial.writer === undefined) return "dead";
  const life = await lifeOf(disk, partial.writer, writer);
  if (life !== "unknown") return life;
  const stat = disk.lstat(join(partial.folder, "segments")) ?? disk.lstat(partial.folder);
  const silence = stat === undefined ? 0 : now() - Number(stat.mtimeNs / 1_000_000n);
  if (silence > LONG_SILENCE_MS) return "dead";
  return silence > SILENCE_MS ? "silent" : "alive";
}

/** Removes what was seen there: all ready blobs, and the partials of dead writers. What came since is another's. */
export function sweepStore(
  disk: Disk,
  { layout, files, partials }: StoreView,
  { writer, now }: { writer: Writer; now: () => number },
): Promise<void> {
  return onDisk("remove what an interrupted sync left", async () => {
    for (const file of files)
      if (isOwnFolder(disk, layout.state, dirname(file))) await passing(["ENOENT"], () => disk.unlink(file));
    for (const partial of partials) {
      if ((await lifeOfPartial(disk, partial, { writer, now })) === "dead")
        await removeFolder(disk, layout, partial.folder);
    }
    for (const folder of await foldersIn(disk, layout, layout.ready))
      await removeIfEmpty(disk, join(layout.ready, folder));
    const own = dirname(layout.ready);
    for (const folder of [layout.ready, layout.partial, own, dirname(own)]) await removeIfEmpty(disk, folder);
  });
}

async function foldersIn(disk: Disk, { state }: StoreLayout, folder: string): Promise<string[]> {
  const entries = await readOwnFolder(disk, state, folder);
  return entries.filter(({ kind }) => kind === "folder").map(({ name }) => name);
}

function blobAt(disk: Disk, folder: string, name: string): ReadyBlob | undefined {
  const digests = parseReadyName(name);
  const stat = disk.lstat(join(folder, name));
  return digests !== undefined && stat?.kind === "file" ? { folder, digests, size: stat.size } : undefined;
}

/** One that cannot be read is as good as none: it is fetched again. */
async function isIntact(disk: Disk, blob: ReadyBlob, signal: AbortSignal): Promise<boolean> {
  try {
    const file = await disk.open(readyFile(blob), "r");
    try {
      const { digests: named, size } = blob;
      const digests = await hashOpenFile(file, { algorithms: algorithmsFor(named), size, signal });
      return digests !== undefined && digests.map(hexOf).join() === named.map(hexOf).join();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

async function partialsIn(disk: Disk, layout: StoreLayout): Promise<Partial[]> {
  const partials: Partial[] = [];
  for (const name of await foldersIn(disk, layout, layout.partial)) {
    const parsed = parsePartialName(name);
    if (parsed === undefined) continue;
    const folder = join(layout.partial, name);
    const list = parseSegments((await disk.read(join(folder, "segments")))?.toString("utf8") ?? "");
    const have = list === undefined ? 0 : Math.min(list.size, list.done.size * SEGMENT);
    partials.push({ digest: parsed.digest, folder, writer: list?.writer, have });
  }
  return partials;
}

/** Another sync may remove the same: what is gone is gone. */
async function removeFolder(disk: Disk, { state }: StoreLayout, folder: string): Promise<void> {
  for (const { name } of await readOwnFolder(disk, state, folder))
    if (isOwnFolder(disk, state, folder)) await passing(["ENOENT"], () => disk.unlink(join(folder, name)));
  await removeIfEmpty(disk, folder);
}

function removeIfEmpty(disk: Disk, folder: string): Promise<void> {
  return passing(["ENOENT", "ENOTEMPTY", "EEXIST"], () => disk.rmdir(folder));
}
