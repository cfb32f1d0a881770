import type { Block, Blocks, Turn } from "./blocks.ts";
import type { Order, Ordered } from "./order.ts";
import type { Run } from "./receive.ts";
import { SEGMENT } from "./segments.ts";

/** One stream's place to put the bytes of a range to, in order. */
export interface Span {
  /** Offset of the next byte it expects. */
  readonly position: number;
  /** What it is given may be overwritten afterwards. */
  readonly copies: true;
  /** Memory for the bytes at `position`: those that `write` gets from there are not copied. undefined: there is none now. */
  room(): Uint8Array | undefined;
  /** Takes bytes at `position`. A promise means: wait for it before writing more. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Resolves once everything taken is kept; every byte of the range must have come. */
  end(): Promise<void>;
  /** Gives back the memory of what is not kept yet. Safe to call twice, or after the end. */
  abandon(): void;
}

/** bytes taken of one stream and not yet kept. With the segment begun, that is what a kill can cost it. */
const MOST_UNDERWAY = SEGMENT;

interface Destination {
  /** Of which it is a span, in the order in which they were begun. */
  readonly blob: number;
  readonly blocks: Blocks;
  readonly keep: Ordered["keep"];
  readonly isNext: Ordered["isNext"];
  /** Called with all that the stream waits for. */
  readonly waiting: Order["waiting"];
}

function isAt(bytes: Uint8Array, place: Uint8Array): boolean {
  return bytes.buffer === place.buffer && bytes.byteOffset === place.byteOffset;
}

/** `range` begins at a segment, and ends at one or at the end of the file. */
export function spanOf(range: Run, { blob, blocks, keep, isNext, waiting }: Destination): Span {
  let { start: position } = range;
  let block: Block | undefined;
  let filled = 0;
  let underway = 0;
  let closed = false;
  let failure: { readonly error: unknown } | undefined;
  const keeping = new Set<Promise<void>>();

  /** Settles, and never rejects: what fails is told at the next write, or at the end. */
  const hand = async (full: Block, bytes: Uint8Array, at: number) => {
    underway += bytes.length;
    try {
      await keep(at, bytes);
    } catch (error) {
      failure ??= { error };
    }
    underway -= bytes.length;
    full.release();
  };
  const flush = (full: Block) => {
    const kept = hand(full, full.bytes.subarray(0, filled), position - filled);
    keeping.add(kept);
    void kept.then(() => keeping.delete(kept));
    block = undefined;
    filled = 0;
  };
  /** A block never reaches into the next segment: they are kept apart. */
  const placeIn = ({ bytes }: Block): Uint8Array => {
    const length = Math.min(bytes.length - filled, SEGMENT - (position % SEGMENT), range.end - position);
    return bytes.subarray(filled, filled + length);
  };
  const fill = (into: Block, bytes: Uint8Array): number => {
    const place = placeIn(into);
    const count = Math.min(bytes.length, place.length);
    if (!isAt(bytes, place)) place.set(bytes.subarray(0, count));
    filled += count;
    position += count;
    if (count === place.length) flush(into);
    return count;
  };
  const room = (): Uint8Array | undefined => {
    if (failure !== undefined || closed || position >= range.end) return undefined;
    if (block === undefined && underway < MOST_UNDERWAY) block = blocks.takeNow(turnAt(position));
    return block && placeIn(block);
  };
  const turnAt = (at: number): Turn => ({ blob, position: at, isNext: () => isNext(at) });
  const taken = (fresh: Block) => {
    if (closed) fresh.release();
    else block = fresh;
  };
  const write = (bytes: Uint8Array): Promise<void> | undefined => {
    for (let rest = bytes; rest.length > 0; ) {
      if (failure !== undefined) return Promise.reject(failure.error);
      if (closed) return undefined;
      if (position >= range.end) throw new Error("more bytes came than the range has");
      if (block === undefined) {
        const later = () => write(rest);
        if (underway >= MOST_UNDERWAY) return waiting(Promise.race(keeping)).then(later);
        const next = blocks.take(turnAt(position));
        if (next instanceof Promise) return waiting(next).then(taken).then(later);
        block = next;
      }
      rest = rest.subarray(fill(block, rest));
    }
    return undefined;
  };
  return {
    get position() {
      return position;
    },
    copies: true,
    room,
    write,
    end: async () => {
      await waiting(Promise.all(keeping));
      if (failure !== undefined) throw failure.error;
    },
    abandon: () => {
      closed = true;
      block?.release();
      block = undefined;
    },
  };
}
