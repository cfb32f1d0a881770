import { describe, expect, it } from "vitest";
import { type Block, type Blocks, blocksFor, type Turn } from "../../../cli/store/blocks.ts";
import { SEGMENT } from "../../../cli/store/segments.ts";
import { type Span, spanOf } from "../../../cli/store/span.ts";

const NEXT: Turn = { blob: 9, position: 0, isNext: () => true };
const LATER: Turn = { ...NEXT, isNext: () => false };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const bytesOf = (length: number, seed = 0) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 251);

interface Stage {
  readonly span: Span;
  readonly blocks: Blocks;
  /** What was handed over, and not copied. */
  readonly kept: { readonly position: number; readonly bytes: Uint8Array }[];
  /** Ends what is being kept, with an error where there is one. */
  readonly settle: (error?: Error) => Promise<void>;
}

function stage(
  end: number,
  { blocks = blocksFor(1, { shared: false }), isNext = true, start = 0 } = {},
): Stage {
  const kept: Stage["kept"] = [];
  const ends: ((error?: Error) => void)[] = [];
  const span = spanOf(
    { start, end },
    {
      blob: 1,
      blocks,
      keep: (position, bytes) => {
        kept.push({ position, bytes });
        return new Promise((resolve, reject) => {
          ends.push((error) => (error === undefined ? resolve() : reject(error)));
        });
      },
      isNext: () => isNext,
      waiting: (what) => what,
    },
  );
  const settle = async (error?: Error) => {
    for (const end of ends.splice(0)) end(error);
    await turn();
  };
  return { span, blocks, kept, settle };
}

/** Of a size that no segment is a multiple of. */
function unevenBlocks(size: number): Blocks {
  const give = (): Block => ({ bytes: new Uint8Array(size), release: () => {} });
  return { size, take: give, takeNow: give };
}

function takeAll(blocks: Blocks, what: Turn): Block[] {
  const taken: Block[] = [];
  for (let block = blocks.takeNow(what); block !== undefined; block = blocks.takeNow(what)) taken.push(block);
  return taken;
}

describe("room of a span", () => {
  it("is the memory from which bytes go to be kept, as many as came", async () => {
    const { span, kept, settle } = stage(1_000);
    const content = bytesOf(1_000);
    for (const [from, to] of [
      [0, 300],
      [300, 1_000],
    ] as const) {
      const room = span.room() as Uint8Array;
      expect(room.length).toBe(1_000 - from);
      room.set(content.subarray(from, to));
      expect(span.write(room.subarray(0, to - from))).toBeUndefined();
      expect(span.position).toBe(to);
    }
    await settle();
    await span.end();
    expect(kept.map(({ position }) => position)).toEqual([0]);
    expect(kept[0]?.bytes).toEqual(content);
  });

  it("may be left alone: what is elsewhere, in the same memory too, is copied to its place", () => {
    const { span, kept } = stage(20);
    const room = span.room() as Uint8Array;
    room.set(bytesOf(10, 3), 10);
    void span.write(room.subarray(10, 20));
    void span.write(bytesOf(10, 5));
    expect(kept[0]?.bytes).toEqual(Uint8Array.from([...bytesOf(10, 3), ...bytesOf(10, 5)]));
  });

  it("is the same until something is written, and holds one block at a time", () => {
    const { span, blocks } = stage(SEGMENT);
    const first = span.room();
    expect(span.room()?.buffer).toBe(first?.buffer);
    void span.write(bytesOf(100));
    expect(span.room()?.byteOffset).toBe(100);
    span.abandon();
    expect(takeAll(blocks, NEXT).length * blocks.size).toBe(32 * 1024 * 1024);
  });

  it("reaches neither into the next segment nor behind the end", () => {
    const size = 3_000_000;
    const end = 2 * SEGMENT - 500;
    const { span, kept } = stage(end, { blocks: unevenBlocks(size), start: 0 });
    const lengths: number[] = [];
    for (let room = span.room(); room !== undefined && lengths.length < 2; room = span.room()) {
      lengths.push(room.length);
      void span.write(room);
    }
    expect(lengths).toEqual([size, SEGMENT - size]);
    expect(kept.map(({ position, bytes }) => [position, bytes.length])).toEqual([
      [0, size],
      [size, SEGMENT - size],
    ]);
    const last = stage(end, { blocks: unevenBlocks(2 * SEGMENT), start: SEGMENT });
    expect(last.span.room()?.length).toBe(SEGMENT - 500);
  });

  it("is none while a segment of it is under way, and again once some of that is kept", async () => {
    const { span, settle } = stage(3 * SEGMENT);
    for (let room = span.room(); room !== undefined; room = span.room()) void span.write(room);
    expect(span.position).toBe(SEGMENT);
    await settle();
    expect(span.room()?.length).toBeGreaterThan(0);
  });

  it("is none where there is no memory, unless the bytes are next: some is kept for those", () => {
    const blocks = blocksFor(1, { shared: false });
    takeAll(blocks, LATER);
    expect(stage(SEGMENT, { blocks, isNext: false }).span.room()).toBeUndefined();
    expect(stage(SEGMENT, { blocks, isNext: true }).span.room()).toBeDefined();
    takeAll(blocks, NEXT);
    expect(stage(SEGMENT, { blocks, isNext: true }).span.room()).toBeUndefined();
  });

  it("is none at the end, after a failure, and once it is abandoned", async () => {
    const whole = stage(10);
    void whole.span.write(bytesOf(10));
    expect(whole.span.room()).toBeUndefined();
    const failed = stage(SEGMENT);
    void failed.span.write(bytesOf(failed.blocks.size));
    expect(failed.span.room()).toBeDefined();
    await failed.settle(new Error("full"));
    expect(failed.span.room()).toBeUndefined();
    const abandoned = stage(SEGMENT);
    abandoned.span.abandon();
    expect(abandoned.span.room()).toBeUndefined();
    expect(abandoned.span.write(bytesOf(10))).toBeUndefined();
    expect(abandoned.span.position).toBe(0);
  });
});

describe("span", () => {
  it("takes no more than a segment before something of it is kept", async () => {
    const { span, settle } = stage(3 * SEGMENT);
    const waits = span.write(bytesOf(SEGMENT + 1));
    expect(span.position).toBe(SEGMENT);
    await settle();
    await waits;
    expect(span.position).toBe(SEGMENT + 1);
  });

  it("throws where more comes than the range has", () => {
    const { span } = stage(10);
    expect(() => span.write(bytesOf(11))).toThrow("more bytes came than the range has");
  });
});
