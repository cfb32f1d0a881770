import { describe, expect, it } from "vitest";
import { type Block, type Blocks, blocksFor, type Turn } from "../../../cli/store/blocks.ts";

const turnOf = (blob: number, position = 0, isNext = false): Turn => ({
  blob,
  position,
  isNext: () => isNext,
});
const LATER = turnOf(9);
const NEXT = turnOf(9, 0, true);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function takeAll(blocks: Blocks, what: Turn): Block[] {
  const taken: Block[] = [];
  for (let block = blocks.takeNow(what); block !== undefined; block = blocks.takeNow(what)) taken.push(block);
  return taken;
}

describe("blocksFor()", () => {
  it("keeps 4 MiB for what is hashed next, so that what came early never holds it up", () => {
    const blocks = blocksFor(4, { shared: false });
    const early = takeAll(blocks, LATER);
    const next = takeAll(blocks, NEXT);
    expect(next.length * blocks.size).toBe(4 * 1024 * 1024);
    expect((early.length + next.length) * blocks.size).toBe(32 * 1024 * 1024);
    expect(blocks.take(NEXT)).toBeInstanceOf(Promise);
  });

  it("hands out nothing twice, however often it is given back", () => {
    const blocks = blocksFor(1, { shared: false });
    const [first] = takeAll(blocks, NEXT);
    first?.release();
    first?.release();
    expect(blocks.takeNow(NEXT)?.bytes).toBe(first?.bytes);
    expect(blocks.takeNow(NEXT)).toBeUndefined();
  });

  it("takes first what was given back last", () => {
    const blocks = blocksFor(1, { shared: false });
    const [first, second] = [blocks.takeNow(NEXT), blocks.takeNow(NEXT)];
    first?.release();
    second?.release();
    expect(blocks.takeNow(NEXT)?.bytes).toBe(second?.bytes);
    expect(blocks.takeNow(NEXT)?.bytes).toBe(first?.bytes);
  });

  it("serves of those that wait the first blob, in it the first position, and what is next before all", async () => {
    const blocks = blocksFor(1, { shared: false });
    const taken = takeAll(blocks, NEXT);
    const served: string[] = [];
    const turns = [turnOf(2, 1), turnOf(1, 7), turnOf(3, 0), turnOf(1, 3), turnOf(8, 8, true), turnOf(2, 5)];
    for (const one of turns)
      void Promise.resolve(blocks.take(one)).then(() => served.push(`${one.blob}@${one.position}`));
    for (const block of taken) block.release();
    await turn();
    expect(served).toEqual(["8@8", "1@3", "1@7", "2@1", "2@5", "3@0"]);
  });

  it.each([1, 100, 10_000])("has blocks for %d streams that are worth a write each", (streams) => {
    const { size } = blocksFor(streams, { shared: false });
    expect(size).toBeGreaterThanOrEqual(64 * 1024);
    expect(size).toBeLessThanOrEqual(1024 * 1024);
    expect(Math.log2(size) % 1).toBe(0);
  });
});
