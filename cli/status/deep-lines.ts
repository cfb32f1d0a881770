import { hexOf, type TreePath } from "../../schema/ids.ts";
import { hostilityOf } from "../../schema/names.ts";
import { type BlockingFile, openBlocking } from "../disk/blocking.ts";
import { nodeDisk } from "../disk/node.ts";
import { type FileLine, parseFileLine, type Section } from "../lock/layout.ts";
import { finalPath, isBelow } from "../lock/wants.ts";
import { contentHasher, hexDigest } from "../store/hash.ts";
import { looker } from "../tree/look.ts";

/** What each of the threads that read is given. */
export interface SharedLines {
  /** Absolute, resolved. */
  readonly root: string;
  readonly lock: SharedArrayBuffer;
  readonly sections: readonly Section[];
  readonly tally: SharedArrayBuffer;
}

/** `read`: so many files were, and which of them are not what their line says. `whole`: every line could be read. */
export type DeepAnswer =
  | {
      readonly kind: "read";
      readonly files: number;
      readonly bytes: number;
      readonly different: readonly TreePath[];
    }
  | { readonly kind: "end"; readonly whole: boolean };

const NEXT = 0;
const STOP = 1;

export function newDeepTally(sections: readonly Section[]): SharedArrayBuffer {
  const tally = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  tally[NEXT] = sections[0]?.from ?? 0;
  return tally.buffer as SharedArrayBuffer;
}

export function stopReading(tally: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(tally), STOP, 1);
}

/** Takes lines and reads their files until none is left; blocks. */
export function readLines(shared: SharedLines, post: (answer: DeepAnswer) => void): void {
  const tally = new Int32Array(shared.tally);
  const isStopped = () => Atomics.load(tally, STOP) !== 0;
  const take = takerOf(shared, tally);
  const { reaches } = looker(nodeDisk(), shared.root);
  let whole = true;
  for (let taken = take(); taken !== undefined && !isStopped(); taken = take()) {
    const wanted = wantedOf(taken);
    whole = wanted !== undefined;
    if (wanted === undefined) break;
    const different = wanted.filter(
      ({ path, line }) => !reaches(path) || !holds(`${shared.root}/${path}`, line, isStopped),
    );
    post({
      kind: "read",
      files: wanted.length,
      bytes: wanted.reduce((sum, { line }) => sum + line.size, 0),
      different: different.map(({ path }) => path),
    });
  }
  post({ kind: "end", whole });
}

interface Wanted {
  readonly path: TreePath;
  readonly line: FileLine;
}

/** undefined for a lock that was never judged, which would not be here but for a forged receipt. */
function wantedOf({ section, lines }: Taken): readonly Wanted[] | undefined {
  const wanted = lines?.map((line) => ({ path: finalPath(section, line.path), line }));
  const isFine = ({ path, line }: Wanted) =>
    isBelow(section.strip, line.path) && hostilityOf(path) === undefined;
  return wanted?.every(isFine) ? wanted : undefined;
}

interface Taken {
  readonly section: Section;
  /** undefined: one is not as tritter writes it */
  readonly lines: readonly FileLine[] | undefined;
}

/** At once: many small files, but of large ones each alone, so that no thread has two while another has none. */
const BATCH = { files: 64, bytes: 4 * 1024 * 1024 };
/** bytes: that many lines, most of the time, and always one. */
const WINDOW = 16 * 1024;

/** Lines are taken by moving an offset that all threads share; whoever moved it has what it moved over. */
function takerOf({ lock, sections }: SharedLines, tally: Int32Array): () => Taken | undefined {
  const bytes = Buffer.from(lock);
  return () => {
    for (;;) {
      const at = Atomics.load(tally, NEXT);
      const section = sections.find(({ from, to }) => from < to && at < to);
      if (section === undefined) return undefined;
      const from = Math.max(at, section.from);
      const { lines, end } = linesFrom(bytes, from, section.to);
      if (Atomics.compareExchange(tally, NEXT, at, end) === at) return { section, lines };
    }
  };
}

function linesFrom(
  bytes: Buffer,
  from: number,
  to: number,
): { lines: readonly FileLine[] | undefined; end: number } {
  const last = bytes.lastIndexOf(NEWLINE, Math.min(from + WINDOW, to) - 1);
  if (last < from) return { lines: undefined, end: to };
  const lines: FileLine[] = [];
  let end = from;
  for (let size = 0; end <= last && lines.length < BATCH.files && size < BATCH.bytes; ) {
    const next = bytes.indexOf(NEWLINE, end);
    const line = parseFileLine(bytes.toString("utf8", end, next));
    if (line === undefined) return { lines: undefined, end: to };
    if (lines.length > 0 && size + line.size > BATCH.bytes) break;
    lines.push(line);
    size += line.size;
    end = next + 1;
  }
  return { lines, end };
}

const NEWLINE = 0x0a;

/** bytes */
const CHUNK = 1024 * 1024;
const buffer = Buffer.allocUnsafe(CHUNK + 1);

function holds(file: string, line: FileLine, isStopped: () => boolean): boolean {
  try {
    const opened = openBlocking(file);
    try {
      return line.size <= CHUNK ? holdsSmall(opened, line) : holdsLarge(opened, line, isStopped);
    } finally {
      opened.close();
    }
  } catch {
    // A survey tells why.
    return false;
  }
}

/** Read at once, and one byte more if there is one: that there is none says that the size is right. */
function holdsSmall(file: BlockingFile, { size, algorithm, hex }: FileLine): boolean {
  // Nothing can be read of much that is no file.
  if (size === 0 && file.stat().kind !== "file") return false;
  if (file.readAt(buffer.subarray(0, size + 1), 0) !== size) return false;
  return hexDigest(algorithm, buffer.subarray(0, size)) === hex;
}

function holdsLarge(
  file: BlockingFile,
  { size, algorithm, hex }: FileLine,
  isStopped: () => boolean,
): boolean {
  const hasher = contentHasher(new Set([algorithm]), size);
  const chunk = buffer.subarray(0, CHUNK);
  let position = 0;
  while (!isStopped()) {
    const count = file.readAt(chunk, position);
    position += count;
    if (count === 0 || position > size) break;
    hasher.update(chunk.subarray(0, count));
  }
  return position === size && hasher.digests().every((digest) => hexOf(digest) === hex);
}
