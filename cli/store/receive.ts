import { join } from "node:path";
import type { Digest } from "../../schema/ids.ts";
import { makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { passing } from "../disk/trouble.ts";
import type { Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { algorithmsFor, type ContentHasher, contentHasher, likeDigest } from "./hash.ts";
import { partialName, readyName } from "./layout.ts";
import {
  parseSegments,
  readSegment,
  SEGMENT,
  segmentCount,
  segmentHeader,
  segmentLength,
  segmentLine,
} from "./segments.ts";
import { lifeOfPartial, type Partial, type ReadyBlob, type StoreView } from "./store.ts";

/** A large blob being received into one file, in any order of segments. */
export interface Receiver {
  /** bytes that an interrupted run left and that are still as they were written */
  readonly have: number;
  /** What is still to come: runs of segments, in order, each beginning at a segment. */
  readonly missing: readonly { readonly start: number; readonly end: number }[];
  /** One stream's place to write the bytes of a missing range to, from its start on. */
  span(range: { readonly start: number; readonly end: number }): Span;
  /** Once every span is full: hashes, and makes the blob ready if it is the one asked for; removes it if it is not. Closes. */
  finish(): Promise<
    | { readonly kind: "ready"; readonly blob: ReadyBlob }
    | { readonly kind: "mismatch"; readonly digest: Digest }
  >;
  /** Closes and keeps what is here for a later run. */
  suspend(): Promise<void>;
}

export interface Span {
  /** Offset of the next byte it expects. */
  readonly position: number;
  /** Takes bytes at `position`. A promise means: wait for it before writing more. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Resolves once everything taken is on its way to be kept; every byte of the range must have come. */
  end(): Promise<void>;
}

export interface ReceiveInput {
  readonly disk: Disk;
  readonly view: StoreView;
  /** Folder for ready blobs, made by `prepareStore`. */
  readonly readyFolder: string;
  readonly writer: Writer;
  readonly now: () => number;
}

export interface Wanted {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** What interrupted runs left is not used: it may be what was wrong. */
  readonly afresh: boolean;
  readonly signal: AbortSignal;
}

/** Goes on with what interrupted runs left of this blob, and begins anew where there is nothing. */
export async function receive(input: ReceiveInput, wanted: Wanted): Promise<Receiver> {
  const { disk, view, writer } = input;
  const { digest, size } = wanted;
  const folder = join(view.layout.partial, partialName(digest, writer.id));
  const left = wanted.afresh ? undefined : await claim(input, digest, folder);
  if (left !== folder) await makeOwnFolder(disk, view.layout.state, folder);
  const data = await disk.open(join(folder, "data"), left === folder ? "r+" : "wx");
  try {
    const done = left === undefined ? new Map() : await goOn(disk, { left, folder, data, wanted });
    const segments = await rewriteList(disk, folder, segmentHeader(writer, size) + lines(done));
    const hasher = contentHasher(algorithmsFor([digest]), size);
    return receiver({ input, wanted, folder, data, segments, done: new Set(done.keys()), hasher });
  } catch (error) {
    await data.close();
    throw error;
  }
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
    if (bytes === undefined) continue;
    await keep(index, bytes);
    done.set(index, checksum);
  }
  return done;
}

function lines(done: ReadonlyMap<number, number>): string {
  return [...done].map(([index, checksum]) => `${index} ${checksum.toString(16)}\n`).join("");
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

interface Reception {
  readonly input: ReceiveInput;
  readonly wanted: Wanted;
  readonly folder: string;
  readonly data: DiskFile;
  readonly segments: DiskFile;
  readonly done: Set<number>;
  readonly hasher: ContentHasher;
}

function receiver(reception: Reception): Receiver {
  const { input, wanted, folder, data, segments, done } = reception;
  const { digest, size } = wanted;
  const { disk } = input;
  const missing = missingRuns(size, done);
  const have = missing.reduce((left, run) => left - (run.end - run.start), size);
  const trailing = trailingHasher(reception);
  const keeping = new Set<Promise<void>>();
  const close = async () => {
    await Promise.allSettled(keeping);
    await trailing.settle();
    await data.close().finally(() => segments.close());
  };
  const removeFolder = async () => {
    for (const name of ["data", "segments"]) await passing(["ENOENT"], () => disk.unlink(join(folder, name)));
    await passing(["ENOENT"], () => disk.rmdir(folder));
  };
  const keep = async (index: number, bytes: Uint8Array) => {
    await data.writeAt(bytes, index * SEGMENT);
    await segments.append(Buffer.from(segmentLine(index, bytes)));
    done.add(index);
    trailing.offer(index, bytes);
  };
  const keepTracked = async (index: number, bytes: Uint8Array) => {
    const kept = keep(index, bytes);
    keeping.add(kept);
    await kept.finally(() => keeping.delete(kept));
  };
  const prove = async () => {
    const digests = await trailing.digests();
    if (!digests.includes(digest)) return { kind: "mismatch", digest: likeDigest(digests, digest) } as const;
    await data.sync();
    const file = join(input.readyFolder, readyName(digests));
    await disk.rename(join(folder, "data"), file);
    return { kind: "ready", blob: { file, digests, size } } as const;
  };
  return {
    have,
    missing,
    span: (range) => span(range, size, keepTracked),
    finish: async () => {
      const result = await prove().finally(close);
      await removeFolder();
      return result;
    },
    suspend: close,
  };
}

function missingRuns(size: number, done: ReadonlySet<number>): { start: number; end: number }[] {
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

/** Gathers chunks into whole segments, so that each is written once; one is filled while the other is written. */
function span(
  range: { start: number; end: number },
  size: number,
  keep: (index: number, bytes: Uint8Array) => Promise<void>,
): Span {
  // Made with the first byte: a span that waits for its turn costs nothing.
  let buffers: [Buffer, Buffer] | undefined;
  let position = range.start;
  let filled = 0;
  let writing: Promise<void> | undefined;
  const made = (): Buffer => {
    buffers ??= [allocate(range), allocate(range)];
    return buffers[0];
  };
  const flush = async () => {
    const index = Math.floor((position - 1) / SEGMENT);
    const bytes = made().subarray(0, filled);
    await writing;
    writing = keep(index, bytes);
    // A failure is met at the next flush or at the end; until then it must not count as unhandled.
    writing.catch(() => undefined);
    buffers?.reverse();
    filled = 0;
  };
  const write = (bytes: Uint8Array): Promise<void> | undefined => {
    const index = Math.floor(position / SEGMENT);
    const room = segmentLength(size, index) - filled;
    const now = Math.min(room, bytes.length);
    made().set(bytes.subarray(0, now), filled);
    filled += now;
    position += now;
    if (filled < segmentLength(size, index)) return undefined;
    const rest = bytes.subarray(now);
    const flushed = flush();
    return rest.length === 0 ? flushed : flushed.then(() => write(rest));
  };
  return {
    get position() {
      return position;
    },
    write,
    end: async () => {
      await writing;
    },
  };
}

function allocate(range: { start: number; end: number }): Buffer {
  return Buffer.allocUnsafe(Math.min(SEGMENT, range.end - range.start));
}

/** Hashes segments in order while they come in any order: what is in memory at its turn is not read again. */
function trailingHasher({ data, wanted: { size, signal }, done, hasher }: Reception) {
  let frontier = 0;
  let running: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  const buffer = Buffer.allocUnsafe(Math.min(SEGMENT, size));

  const catchUp = async () => {
    while (done.has(frontier)) {
      signal.throwIfAborted();
      const bytes = await readSegment(data, { size, index: frontier, checksum: undefined, buffer });
      if (bytes === undefined) throw new Error(`segment ${frontier} is shorter than it was written`);
      hasher.update(bytes);
      frontier += 1;
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
    offer: (index: number, bytes: Uint8Array) => {
      if (running === undefined && index === frontier) {
        hasher.update(bytes);
        frontier += 1;
      }
      if (done.has(frontier)) void run();
    },
    settle: async () => {
      await running;
    },
    digests: async () => {
      while (frontier < segmentCount(size) && failure === undefined) await run();
      if (failure !== undefined) throw failure.error;
      return hasher.digests();
    },
  };
}
