import { join } from "node:path";
import type { Digest } from "../../schema/ids.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { lifeOf, type Writer } from "../disk/writer.ts";
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
import type { Partial, ReadyBlob, StoreView } from "./store.ts";

/** A large blob being received into one file, in any order of segments. */
export interface Receiver {
  /** bytes that an interrupted run left and that are still as they were written */
  readonly have: number;
  /** What is still to come: runs of segments, in order, each beginning at a segment. */
  readonly missing: readonly { readonly start: number; readonly end: number }[];
  /** One stream's place to write the bytes of a missing range to, from its start on. */
  span(range: { readonly start: number; readonly end: number }): Span;
  /** Once every span is full: hashes, and makes the blob ready if it is the one asked for. */
  finish(): Promise<
    | { readonly kind: "ready"; readonly blob: ReadyBlob }
    | { readonly kind: "mismatch"; readonly digest: Digest }
  >;
  /** Closes and keeps what is here for a later run. */
  suspend(): Promise<void>;
  /** Closes and removes what is here. */
  discard(): Promise<void>;
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

/** Takes over what a dead writer left of this blob, and begins anew where there is nothing. `size` in bytes. */
export async function receive(input: ReceiveInput, digest: Digest, size: number): Promise<Receiver> {
  const { disk, view, writer } = input;
  const folder = join(view.layout.partial, partialName(digest, writer.id));
  const claimed = await claim(input, digest, folder);
  if (!claimed) await disk.mkdir(folder);
  const data = await disk.open(join(folder, "data"), claimed ? "r+" : "wx");
  try {
    const known = claimed ? await knownSegments(disk, folder, size) : new Map<number, number>();
    const done = await checkedSegments(data, { size, known });
    const segments = await rewriteList(disk, folder, segmentHeader(writer, size) + lines(done, known));
    const hasher = contentHasher(algorithmsFor([digest]), size);
    return receiver({ input, digest, size, folder, data, segments, done, hasher });
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** An unseen writer (another host) is taken for dead once its list has not grown for this long. */
const SILENCE_MS = 60_000;

async function claim(
  { disk, view, writer, now }: ReceiveInput,
  digest: Digest,
  folder: string,
): Promise<boolean> {
  const candidates = view.partials
    .filter((partial) => partial.digest === digest)
    .sort((a, b) => b.have - a.have);
  for (const partial of candidates) {
    if (!(await isAbandoned(disk, partial, { writer, now }))) continue;
    try {
      await disk.rename(partial.folder, folder);
      return disk.lstat(join(folder, "data"))?.kind === "file" || (await emptied(disk, folder));
    } catch (error) {
      // Somebody else claimed it first.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  return false;
}

/** Killed between making the folder and the file in it. */
async function emptied(disk: Disk, folder: string): Promise<boolean> {
  for (const entry of (await disk.readdir(folder)) ?? []) await disk.unlink(join(folder, entry.name));
  return false;
}

async function isAbandoned(
  disk: Disk,
  partial: Partial,
  { writer, now }: { writer: Writer; now: () => number },
): Promise<boolean> {
  const life = partial.writer === undefined ? "unknown" : await lifeOf(disk, partial.writer, writer);
  if (life !== "unknown") return life === "dead";
  const stat = disk.lstat(join(partial.folder, "segments")) ?? disk.lstat(partial.folder);
  return (
    stat === undefined ||
    now() - Number(stat.mtimeNs / 1_000_000n) > SILENCE_MS ||
    partial.writer === undefined
  );
}

async function knownSegments(disk: Disk, folder: string, size: number): Promise<ReadonlyMap<number, number>> {
  const list = parseSegments((await disk.read(join(folder, "segments")))?.toString("utf8") ?? "");
  return list === undefined || list.size !== size ? new Map() : list.done;
}

/** Indexes of the segments that are on disk as they were written. */
async function checkedSegments(
  data: DiskFile,
  { size, known }: { size: number; known: ReadonlyMap<number, number> },
): Promise<Set<number>> {
  const done = new Set<number>();
  if (known.size === 0) return done;
  const buffer = Buffer.allocUnsafe(Math.min(SEGMENT, size));
  for (const [index, checksum] of known) {
    if (index >= segmentCount(size)) continue;
    if ((await readSegment(data, { size, index, checksum, buffer })) !== undefined) done.add(index);
  }
  return done;
}

function lines(done: ReadonlySet<number>, known: ReadonlyMap<number, number>): string {
  return [...done].map((index) => `${index} ${known.get(index)?.toString(16)}\n`).join("");
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
  readonly digest: Digest;
  readonly size: number;
  readonly folder: string;
  readonly data: DiskFile;
  readonly segments: DiskFile;
  readonly done: Set<number>;
  readonly hasher: ContentHasher;
}

function receiver(reception: Reception): Receiver {
  const { input, digest, size, folder, data, segments, done } = reception;
  const { disk } = input;
  const missing = missingRuns(size, done);
  const have = missing.reduce((left, run) => left - (run.end - run.start), size);
  const trailing = trailingHasher(reception);
  const close = async () => {
    await trailing.settle();
    await data.close();
    await segments.close();
  };
  const discard = async () => {
    await close();
    for (const name of ["data", "segments"]) await disk.unlink(join(folder, name));
    await disk.rmdir(folder);
  };
  const keep = async (index: number, bytes: Uint8Array) => {
    await data.writeAt(bytes, index * SEGMENT);
    await segments.append(Buffer.from(segmentLine(index, bytes)));
    done.add(index);
    trailing.offer(index, bytes);
  };
  return {
    have,
    missing,
    span: (range) => span(range, size, keep),
    finish: async () => {
      const digests = await trailing.digests();
      if (!digests.includes(digest)) return { kind: "mismatch", digest: likeDigest(digests, digest) };
      await data.sync();
      const file = join(input.readyFolder, readyName(digests));
      await disk.rename(join(folder, "data"), file);
      await close();
      await disk.unlink(join(folder, "segments"));
      await disk.rmdir(folder);
      return { kind: "ready", blob: { file, digests, size } };
    },
    suspend: close,
    discard,
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
function trailingHasher({ data, size, done, hasher }: Reception) {
  let frontier = 0;
  let running: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  const buffer = Buffer.allocUnsafe(Math.min(SEGMENT, size));

  const catchUp = async () => {
    while (done.has(frontier)) {
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
