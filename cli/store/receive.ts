import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Digest } from "../../schema/ids.ts";
import { makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { passing } from "../disk/trouble.ts";
import type { Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { algorithmsFor, contentHasher, likeDigest, type Tally } from "./hash.ts";
import { partialName } from "./layout.ts";
import {
  parseSegments,
  readSegment,
  SEGMENT,
  segmentCount,
  segmentHeader,
  segmentLength,
  segmentLine,
} from "./segments.ts";
import { lifeOfPartial, type Partial, type ReadyBlob, readyFile, type StoreView } from "./store.ts";

/** A large blob being received into one file, in any order of segments. */
export interface Reception {
  /** bytes that an interrupted run left and that are still as they were written */
  readonly have: number;
  /** What is still to come: runs of segments, in order, each beginning at a segment. */
  readonly missing: readonly Run[];
  /**
   * Keeps bytes at `position`: those of one segment come in order and do not reach into the next. Once it resolves
   * `bytes` may be used for others, and a segment that is complete outlives a kill.
   */
  keep(position: number, bytes: Uint8Array): Promise<void>;
  /** Once all that is missing was kept: makes the blob ready if it is the one asked for; removes it if it is not. Closes. */
  finish(): Promise<Kept>;
  /** Closes and keeps what is here for a later run. */
  suspend(): Promise<void>;
}

/** Half open, in bytes. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** What became of a blob. */
export type Kept =
  | { readonly kind: "ready"; readonly blob: ReadyBlob }
  /** Nothing is kept of it; `digest` is what its bytes have. */
  | { readonly kind: "mismatch"; readonly digest: Digest };

export interface ReceiveInput {
  readonly disk: Disk;
  readonly view: Pick<StoreView, "layout" | "partials">;
  /** Folder for ready blobs, made by `prepareStore`. */
  readonly readyFolder: string;
  readonly writer: Writer;
  readonly now: () => number;
  /** Counts what is hashed; unset: nobody asks. */
  readonly tally?: Tally;
}

export interface Wanted {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** What interrupted runs left, and what is damaged, is not used: it may be what was wrong. */
  readonly afresh: boolean;
  /** A file that held these bytes once: its segments that still do need not come again. */
  readonly damaged?: Damaged | undefined;
  readonly signal: Stop;
}

export interface Damaged {
  /** Absolute; only read. */
  readonly file: string;
  /** CRC-32 of each SEGMENT, in order, when it was whole. */
  readonly checksums: readonly number[];
}

/** As much of an AbortSignal as long work asks for. */
export type Stop = Pick<AbortSignal, "throwIfAborted">;

/** Goes on with what interrupted runs left of this blob, and begins anew where there is nothing. */
export async function receive(input: ReceiveInput, wanted: Wanted): Promise<Reception> {
  if (wanted.size <= SEGMENT) return receiveBrief(input, wanted);
  const { disk, view, writer } = input;
  const { digest, size } = wanted;
  const folder = join(view.layout.partial, partialName(digest, writer.id));
  const left = wanted.afresh ? undefined : await claim(input, digest, folder);
  if (left !== folder) await makeOwnFolder(disk, view.layout.state, folder);
  const file = join(folder, "data");
  const data = await disk.open(file, left === folder ? "r+" : "wx");
  try {
    const done =
      left === undefined
        ? await salvage(disk, data, wanted)
        : await goOn(disk, { left, folder, data, wanted });
    const list = await rewriteList(disk, folder, segmentHeader(writer, size) + lines(done));
    return receptionOf({ input, wanted, file, data, list: { file: list, folder }, done });
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** No longer than a segment: there is nothing to go on from, so no list of segments either. */
async function receiveBrief(input: ReceiveInput, wanted: Wanted): Promise<Reception> {
  const file = join(input.readyFolder, `${partialName(wanted.digest, input.writer.id)}.new`);
  const data = await input.disk.open(file, "wx");
  return receptionOf({ input, wanted, file, data, list: undefined, done: new Map() });
}

/**
 * The folder to go on from: `folder` itself, once what a dead writer left was renamed to it. That of a writer that is
 * only silent stays where it is, to be copied from: it may yet write to its file, which must not be one we place.
 */
async function claim(input: ReceiveInput, digest: Digest, folder: string): Promise<string | undefined> {
  const candidates = input.view.partials
    .filter((partial) => partial.digest === digest)
    .sort((a, b) => b.have - a.have);
  for (const partial of candidates) {
    const life = await lifeOfPartial(input.disk, partial, input);
    if (life === "dead" && (await takeOver(input, partial, folder))) return folder;
    if (life === "silent" && hasData(input.disk, partial.folder)) return partial.folder;
  }
  return undefined;
}

async function takeOver({ disk, view }: ReceiveInput, partial: Partial, folder: string): Promise<boolean> {
  try {
    await disk.rename(partial.folder, folder);
  } catch (error) {
    // Somebody else claimed it first.
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
  if (hasData(disk, folder)) return true;
  // Killed between making the folder and the file in it.
  for (const { name } of await readOwnFolder(disk, view.layout.state, folder))
    await disk.unlink(join(folder, name));
  return false;
}

function hasData(disk: Disk, folder: string): boolean {
  return disk.lstat(join(folder, "data"))?.kind === "file";
}

interface Left {
  readonly left: string;
  readonly folder: string;
  readonly data: DiskFile;
  readonly wanted: Wanted;
}

/** Segments by index, with their checksums, that are in `data` afterwards as they were written. */
async function goOn(disk: Disk, { left, folder, data, wanted }: Left): Promise<Map<number, number>> {
  const list = parseSegments((await disk.read(join(left, "segments")))?.toString("utf8") ?? "");
  const known = list === undefined || list.size !== wanted.size ? new Map<number, number>() : list.done;
  if (left === folder) {
    const done = await checkedSegments(data, known, wanted, async () => {});
    // What a list of another size left behind the end would be placed with the rest.
    if ((await data.stat()).size > wanted.size) await data.truncate(wanted.size);
    return done;
  }
  const other = await disk.open(join(left, "data"), "r");
  try {
    return await checkedSegments(other, known, wanted, (index, bytes) =>
      data.writeAt(bytes, index * SEGMENT),
    );
  } finally {
    await other.close();
  }
}

/** One that cannot be read is no help, and no harm. */
async function salvage(disk: Disk, data: DiskFile, wanted: Wanted): Promise<Map<number, number>> {
  const { damaged, afresh } = wanted;
  if (damaged === undefined || afresh) return new Map();
  try {
    const source = await disk.open(damaged.file, "r");
    try {
      const known = new Map(damaged.checksums.entries());
      return await checkedSegments(source, known, wanted, (index, bytes) =>
        data.writeAt(bytes, index * SEGMENT),
      );
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!UNREADABLE.has(systemCode(error) ?? "")) throw error;
    return new Map();
  }
}

const UNREADABLE = new Set(["ENOENT", "EACCES", "EPERM", "EIO", "ELOOP", "ENOTDIR", "EISDIR"]);

async function checkedSegments(
  data: DiskFile,
  known: ReadonlyMap<number, number>,
  { size, signal }: Wanted,
  keep: (index: number, bytes: Uint8Array) => Promise<void>,
): Promise<Map<number, number>> {
  const done = new Map<number, number>();
  if (known.size === 0) return done;
  const buffer = Buffer.allocUnsafe(Math.min(SEGMENT, size));
  for (const [index, checksum] of known) {
    signal.throwIfAborted();
    if (index >= segmentCount(size)) continue;
    const bytes = await readSegment(data, { size, index, checksum, buffer });
    if (bytes !== undefined) {
      await keep(index, bytes);
      done.set(index, checksum);
    }
    await breath();
  }
  return done;
}

function lines(done: ReadonlyMap<number, number>): string {
  return [...done].map(([index, checksum]) => segmentLine(index, checksum)).join("");
}

/** Beside and renamed: a kill here leaves the old list, whose writer is dead, or the new one. */
async function rewriteList(disk: Disk, folder: string, text: string): Promise<DiskFile> {
  const beside = join(folder, "segments.new");
  if (disk.lstat(beside) !== undefined) await disk.unlink(beside);
  const file = await disk.open(beside, "wx");
  try {
    await file.append(Buffer.from(text));
    await disk.rename(beside, join(folder, "segments"));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Receiving {
  readonly input: ReceiveInput;
  readonly wanted: Wanted;
  /** Absolute; where the bytes are until they are ready. */
  readonly file: string;
  readonly data: DiskFile;
  /** What outlives a kill; undefined: nothing does. */
  readonly list: { readonly file: DiskFile; readonly folder: string } | undefined;
  /** Complete segments, with their checksums. */
  readonly done: Map<number, number>;
}

function receptionOf(receiving: Receiving): Reception {
  const { input, wanted, file, data, list, done } = receiving;
  const { digest, size } = wanted;
  const { disk } = input;
  const missing = missingRuns(size, done);
  const have = missing.reduce((left, run) => left - (run.end - run.start), size);
  const trailing = trailingHasher(receiving);
  const growing = new Map<number, Growing>();
  const keeping = new Set<Promise<void>>();
  const close = async () => {
    await Promise.allSettled(keeping);
    await trailing.settle();
    await data.close().finally(() => list?.file.close());
  };
  const remove = async () => {
    const files = list === undefined ? [file] : [file, join(list.folder, "segments")];
    for (const one of files) await passing(["ENOENT"], () => disk.unlink(one));
    if (list !== undefined) await passing(["ENOENT"], () => disk.rmdir(list.folder));
  };
  const keep = async (position: number, bytes: Uint8Array) => {
    const index = Math.floor(position / SEGMENT);
    const segment = growing.get(index) ?? { checksum: 0, written: 0 };
    growing.set(index, segment);
    // In the order of the calls, which the writes need not keep.
    segment.checksum = crc32(bytes, segment.checksum);
    trailing.offer(position, bytes);
    await data.writeAt(bytes, position);
    segment.written += bytes.length;
    if (segment.written < segmentLength(size, index)) return;
    growing.delete(index);
    await list?.file.append(Buffer.from(segmentLine(index, segment.checksum)));
    done.set(index, segment.checksum);
    trailing.advance();
  };
  const prove = async (): Promise<Kept> => {
    const digests = await trailing.digests();
    if (!digests.includes(digest)) return { kind: "mismatch", digest: likeDigest(digests, digest) };
    await data.sync();
    const blob = { folder: input.readyFolder, digests, size, segments: inOrder(done) };
    await disk.rename(file, readyFile(blob));
    return { kind: "ready", blob };
  };
  return {
    have,
    missing,
    keep: async (position, bytes) => {
      const kept = keep(position, bytes);
      keeping.add(kept);
      await kept.finally(() => keeping.delete(kept));
    },
    finish: async () => {
      let rest = list !== undefined;
      try {
        const result = await prove().finally(close);
        rest ||= result.kind === "mismatch";
        return result;
      } catch (error) {
        rest = list === undefined;
        throw error;
      } finally {
        if (rest) await remove();
      }
    },
    suspend: async () => {
      await close();
      if (list === undefined) await remove();
    },
  };
}

/** A segment of which not all was written yet. */
interface Growing {
  checksum: number;
  /** bytes */
  written: number;
}

function inOrder(done: ReadonlyMap<number, number>): readonly number[] {
  return [...done].sort(([a], [b]) => a - b).map(([, checksum]) => checksum);
}

function missingRuns(size: number, done: ReadonlyMap<number, number>): Run[] {
  const runs: { start: number; end: number }[] = [];
  for (let index = 0; index < segmentCount(size); index++) {
    if (done.has(index)) continue;
    const start = index * SEGMENT;
    const end = start + segmentLength(size, index);
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

/** Hashes in order what comes in any order: what is in memory at its turn is not read again. */
function trailingHasher({ input: { tally }, data, wanted: { digest, size, signal }, done }: Receiving) {
  const hasher = contentHasher(algorithmsFor([digest]), size, tally);
  /** bytes hashed */
  let frontier = 0;
  let running: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  let buffer: Buffer | undefined;

  const hashNext = async (index: number) => {
    buffer ??= Buffer.allocUnsafe(READ);
    const end = index * SEGMENT + segmentLength(size, index);
    while (frontier < end) {
      const count = await data.readAt(buffer.subarray(0, end - frontier), frontier);
      if (count === 0) throw new Error(`segment ${index} is shorter than it was written`);
      hasher.update(buffer.subarray(0, count));
      frontier += count;
    }
  };
  const canGoOn = () => frontier < size && done.has(Math.floor(frontier / SEGMENT));
  const catchUp = async () => {
    for (let hashed = 1; canGoOn(); hashed++) {
      signal.throwIfAborted();
      await hashNext(Math.floor(frontier / SEGMENT));
      if (hashed % AT_A_TIME === 0) await breath();
    }
  };
  const run = (): Promise<void> => {
    running ??= catchUp()
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  return {
    /** Bytes about to be written. */
    offer: (position: number, bytes: Uint8Array) => {
      if (running !== undefined || position !== frontier) return;
      hasher.update(bytes);
      frontier += bytes.length;
    },
    /** A segment is complete. */
    advance: () => {
      if (canGoOn()) void run();
    },
    settle: async () => {
      await running;
    },
    digests: async () => {
      while (canGoOn() && failure === undefined) await run();
      if (failure !== undefined) throw failure.error;
      if (frontier < size) throw new Error(`only ${frontier} bytes of ${size} were kept`);
      return hasher.digests();
    },
  };
}

/** Segments hashed before others get a turn: more than can come in meanwhile, or hashing would never catch up. */
const AT_A_TIME = 16;
/** bytes; small enough to be hashed out of the processor's cache. */
const READ = 256 * 1024;

/** Lets others have a turn: where calls block, nothing else would. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
