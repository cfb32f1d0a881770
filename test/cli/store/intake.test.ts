import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Blocks, blocksFor, type Turn } from "../../../cli/store/blocks.ts";
import { newTally } from "../../../cli/store/hash.ts";
import { type Intake, intakeOf } from "../../../cli/store/intake.ts";
import type { Keeper } from "../../../cli/store/keeper.ts";
import { SEGMENT } from "../../../cli/store/segments.ts";
import type { SmallBlob, SmallKept } from "../../../cli/store/small.ts";
import type { Digest } from "../../../schema/ids.ts";
import { sha256Of } from "../../support/engine.ts";

/** Of something that is not hashed next. */
const TURN: Turn = { blob: 9, position: 0, isNext: () => false };
/** Of something that may have all there is. */
const NEXT: Turn = { ...TURN, isNext: () => true };
const GOING = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A keeper whose every work ends when told. */
function slowKeeper() {
  const works: { readonly what: string; end(error?: unknown): void }[] = [];
  const kept: { position: number; bytes: Buffer }[] = [];
  const put: SmallBlob[][] = [];
  const work = <Value>(what: string, value: () => Value): Promise<Value> =>
    new Promise((resolve, reject) =>
      works.push({ what, end: (error) => (error === undefined ? resolve(value()) : reject(error)) }),
    );
  const keeper: Keeper = {
    receive: async ({ size }) => ({
      have: 0,
      missing: [{ start: 0, end: size }],
      keep: (position, bytes) =>
        work(`keep ${position}`, () => {
          // What was handed over must not have changed meanwhile.
          kept.push({ position, bytes: Buffer.from(bytes) });
        }),
      finish: async () => ({ kind: "mismatch", digest: sha256Of("") }),
      suspend: async () => {},
    }),
    take: async () => [],
    put: (blobs) => {
      put.push(blobs.map(({ digest, bytes }) => ({ digest, bytes: Buffer.from(bytes) })));
      return work("put", () => blobs.map(({ digest }): SmallKept => ({ kind: "mismatch", digest })));
    },
    close: async () => newTally(),
  };
  return {
    keeper,
    works,
    kept,
    put,
    endAll: async () => {
      while (works.length > 0) {
        works.shift()?.end();
        await turn();
      }
    },
  };
}

/** Counts the memory that is taken and not given back. */
function counted(streams: number): { blocks: Blocks; held: () => number; most: () => number } {
  const inner = blocksFor(streams, { shared: false });
  let [held, most] = [0, 0];
  const count = (block: Awaited<ReturnType<Blocks["take"]>>) => {
    held += 1;
    most = Math.max(most, held);
    return {
      bytes: block.bytes,
      release: () => {
        held -= 1;
        block.release();
      },
    };
  };
  const takeNow: Blocks["takeNow"] = (turn) => {
    const block = inner.takeNow(turn);
    return block && count(block);
  };
  const take: Blocks["take"] = (turn) => {
    const block = inner.take(turn);
    return block instanceof Promise ? block.then(count) : count(block);
  };
  return {
    blocks: { size: inner.size, take, takeNow },
    held: () => held * inner.size,
    most: () => most * inner.size,
  };
}

const bytesOf = (length: number, seed = 0) =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + seed) % 251));
const openOn = (keeper: Keeper, blocks: Blocks) =>
  intakeOf(keeper, { blocks, gatherMs: 0, now: () => performance.now() });
const putOn = (intake: Intake, digest: Digest, chunks: readonly Uint8Array[]) => {
  let taken: Promise<void> | undefined;
  const kept = new Promise<SmallKept>((resolve) => {
    taken = intake.put({ digest, chunks }, resolve);
  });
  return { taken, kept };
};
const receiverOf = (intake: Intake, size: number) =>
  intake.receive({ digest: sha256Of("x"), size, afresh: false, signal: GOING });

describe("blocksFor()", () => {
  it.each([1, 4, 16, 64, 256])("takes the same memory for %d streams, and enough for each", (streams) => {
    const blocks = blocksFor(streams, { shared: true });
    const taken = [];
    for (;;) {
      const block = blocks.take(TURN);
      if (block instanceof Promise) break;
      taken.push(block);
    }
    expect(taken.length).toBeGreaterThanOrEqual(2 * streams);
    expect(taken.length * blocks.size).toBeLessThanOrEqual(36 * 1024 * 1024);
    expect(taken[0]?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("lets whoever finds none wait, first come, first served", async () => {
    const blocks = blocksFor(1, { shared: false });
    const taken = [];
    for (let block = blocks.take(TURN); ; block = blocks.take(TURN)) {
      taken.push(block);
      if (block instanceof Promise) break;
    }
    const order: number[] = [];
    const waiting = [taken.pop(), blocks.take(TURN), blocks.take(TURN)].map(async (block, index) => {
      await block;
      order.push(index);
    });
    for (const block of taken.slice(0, 3)) if (!(block instanceof Promise)) block?.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
  });
});

describe("span", () => {
  it("hands over all bytes, in blocks that keep to their segments, however they come", async () => {
    const slow = slowKeeper();
    const { blocks, held } = counted(2);
    const size = SEGMENT + 2_500_000;
    const content = bytesOf(size);
    const span = (await receiverOf(openOn(slow.keeper, blocks), size)).span({ start: 0, end: size });
    let ended = false;
    const writing = (async () => {
      for (let at = 0; at < size; at += 70_001) await span.write(content.subarray(at, at + 70_001));
      await span.end();
      ended = true;
    })();
    while (!ended) {
      await slow.endAll();
      await turn();
    }
    await writing;
    expect(span.position).toBe(size);
    const whole = Buffer.alloc(size);
    for (const { position, bytes } of slow.kept) {
      bytes.copy(whole, position);
      expect(Math.floor(position / SEGMENT)).toBe(Math.floor((position + bytes.length - 1) / SEGMENT));
    }
    expect(whole.equals(content)).toBe(true);
    expect(held()).toBe(0);
  });

  it("makes a stream wait rather than lose more than a segment beside the one begun", async () => {
    const slow = slowKeeper();
    const { blocks } = counted(2);
    const size = 8 * SEGMENT;
    const span = (await receiverOf(openOn(slow.keeper, blocks), size)).span({ start: 0, end: size });
    let waits: Promise<void> | undefined;
    while (waits === undefined) waits = span.write(bytesOf(100_000));
    expect(span.position).toBeGreaterThanOrEqual(SEGMENT);
    expect(span.position).toBeLessThanOrEqual(2 * SEGMENT);
    slow.works[0]?.end();
    await waits;
  });

  it("tells what could not be kept, at the next write and at the end, and gives its memory back", async () => {
    const slow = slowKeeper();
    const { blocks, held } = counted(2);
    const span = (await receiverOf(openOn(slow.keeper, blocks), SEGMENT)).span({
      start: 0,
      end: SEGMENT,
    });
    void span.write(bytesOf(blocks.size + 1));
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    slow.works[0]?.end(full);
    await turn();
    await expect(span.write(bytesOf(1))).rejects.toBe(full);
    await expect(span.end()).rejects.toBe(full);
    span.abandon();
    span.abandon();
    expect(held()).toBe(0);
  });

  it("gives back a block that comes only after it was abandoned", async () => {
    const slow = slowKeeper();
    const { blocks, held } = counted(1);
    const receiver = await receiverOf(openOn(slow.keeper, blocks), SEGMENT);
    const others = [];
    for (let block = blocks.take(NEXT); !(block instanceof Promise); block = blocks.take(NEXT))
      others.push(block);
    const span = receiver.span({ start: 0, end: SEGMENT });
    const waits = span.write(bytesOf(10));
    expect(waits).toBeInstanceOf(Promise);
    span.abandon();
    for (const block of others) block.release();
    await waits;
    await turn();
    // The one that this test asked for and did not get at once.
    expect(held()).toBe(blocks.size);
  });
});

describe("intake", () => {
  it("holds no more memory for 64 streams than it has, however slow the disk, and loses nothing", async () => {
    const streams = 64;
    const slow = slowKeeper();
    const { blocks, held, most } = counted(streams);
    const intake = openOn(slow.keeper, blocks);
    const size = 2_000_000;
    let ended = 0;
    const all = Array.from({ length: streams }, async (_, stream) => {
      const span = (await receiverOf(intake, size)).span({ start: 0, end: size });
      const chunk = bytesOf(65_536, stream);
      while (span.position < size) await span.write(chunk.subarray(0, size - span.position));
      await span.end();
      ended += 1;
    });
    await turn();
    await turn();
    expect(most()).toBeLessThanOrEqual(36 * 1024 * 1024);
    while (ended < streams) {
      await slow.endAll();
      await turn();
    }
    await Promise.all(all);
    expect(most()).toBeLessThanOrEqual(36 * 1024 * 1024);
    expect(slow.kept.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(streams * size);
    expect(held()).toBe(0);
  });

  it("sends small blobs together, those that come while others are kept in larger groups", async () => {
    const slow = slowKeeper();
    const { blocks, held } = counted(2);
    const intake = openOn(slow.keeper, blocks);
    const putOne = (index: number) =>
      putOn(intake, `sha256:${index}` as Digest, [Buffer.from(`${index}`), Buffer.from(";")]);
    const puts = [putOne(0), putOne(1)];
    expect(puts.map(({ taken }) => taken)).toEqual([undefined, undefined]);
    await turn();
    for (let index = 2; index < 4; index++) puts.push(putOne(index));
    await turn();
    for (let index = 4; index < 10; index++) puts.push(putOne(index));
    await turn();
    await turn();
    expect(slow.put.map((group) => group.length)).toEqual([2, 2]);
    await slow.endAll();
    expect(slow.put.map((group) => group.length)).toEqual([2, 2, 6]);
    const kept = await Promise.all(puts.map((put) => put.kept));
    expect(kept).toEqual(puts.map((_, index) => ({ kind: "mismatch", digest: `sha256:${index}` })));
    expect(slow.put.flat().map(({ bytes }) => bytes.toString())).toEqual(puts.map((_, index) => `${index};`));
    expect(held()).toBe(0);
  });

  it("sends what is full at once, and lets more wait for memory", async () => {
    const slow = slowKeeper();
    const { blocks, held, most } = counted(1);
    const intake = openOn(slow.keeper, blocks);
    const large = Buffer.alloc(intake.small);
    const puts = Array.from({ length: 400 }, (_, index) =>
      putOn(intake, `sha256:${index}` as Digest, [large]),
    );
    expect(puts[0]?.taken).toBeUndefined();
    expect(puts.at(-1)?.taken).toBeInstanceOf(Promise);
    let ended = 0;
    for (const { taken, kept } of puts) void Promise.all([taken, kept]).then(() => (ended += 1));
    while (ended < puts.length) {
      await slow.endAll();
      await turn();
    }
    expect(most()).toBeLessThanOrEqual(36 * 1024 * 1024);
    expect(held()).toBe(0);
  });

  it("fails each blob with its own error, and all of a group with what that failed with", async () => {
    const slow = slowKeeper();
    const { blocks, held } = counted(1);
    const own = new Error("own");
    const put: Keeper["put"] = async (blobs) =>
      blobs.map(({ digest }, index) =>
        index === 1 ? { kind: "failed", error: own } : { kind: "mismatch", digest },
      );
    const puts = ["a", "b", "c"].map((text) => [sha256Of(text), [Buffer.from(text)]] as const);
    const first = openOn({ ...slow.keeper, put }, blocks);
    const kept = await Promise.all(puts.map(([digest, chunks]) => putOn(first, digest, chunks).kept));
    expect(kept.map(({ kind }) => kind)).toEqual(["mismatch", "failed", "mismatch"]);
    expect(kept[1]).toEqual({ kind: "failed", error: own });
    const broken = new Error("broken");
    const second = openOn({ ...slow.keeper, put: () => Promise.reject(broken) }, blocks);
    const failed = await Promise.all(puts.map(([digest, chunks]) => putOn(second, digest, chunks).kept));
    for (const one of failed) expect(one).toEqual({ kind: "failed", error: broken });
    expect(held()).toBe(0);
  });

  it("fills a block to its end, and sends 64 at once", async () => {
    const slow = slowKeeper();
    const { blocks } = counted(1);
    const intake = openOn(slow.keeper, blocks);
    const quarter = Buffer.alloc(intake.small);
    for (let index = 0; index < 5; index++) putOn(intake, `sha256:${index}` as Digest, [quarter]);
    expect(4 * intake.small).toBe(blocks.size);
    expect(slow.put.map((group) => group.length)).toEqual([4]);
    const many = slowKeeper();
    const other = openOn(many.keeper, blocks);
    for (let index = 0; index < 65; index++) putOn(other, `sha256:${index}` as Digest, [Buffer.from("x")]);
    expect(many.put.map((group) => group.length)).toEqual([64]);
    await turn();
    expect(many.put.map((group) => group.length)).toEqual([64, 1]);
  });

  it("calls none small that is more than a quarter of a MiB, or than a block", () => {
    const { keeper } = slowKeeper();
    expect(openOn(keeper, blocksFor(1, { shared: false })).small).toBe(256 * 1024);
    const narrow = blocksFor(10_000, { shared: false });
    expect(openOn(keeper, narrow).small).toBe(narrow.size);
  });

  it("has memory for small ones where all but what is kept is taken", () => {
    const { keeper } = slowKeeper();
    const { blocks } = counted(1);
    while (blocks.takeNow(TURN) !== undefined);
    expect(putOn(openOn(keeper, blocks), sha256Of("a"), [Buffer.from("a")]).taken).toBeUndefined();
  });

  it("is idle once all that was put is kept, and goes on afterwards", async () => {
    const slow = slowKeeper();
    const intake = openOn(slow.keeper, counted(1).blocks);
    await intake.idle();
    for (let round = 0; round < 4; round++) {
      putOn(intake, sha256Of("a"), [Buffer.from("a")]);
      let idle = false;
      const idling = intake.idle().then(() => {
        idle = true;
      });
      await turn();
      expect(idle).toBe(false);
      // Now it is under way, and nothing else has come.
      let later = false;
      const idlingLater = intake.idle().then(() => {
        later = true;
      });
      await turn();
      expect(later).toBe(false);
      if (round === 3) {
        await turn();
        putOn(intake, sha256Of("b"), [Buffer.from("b")]);
        slow.works.shift()?.end();
        await turn();
        expect(idle).toBe(false);
      }
      await slow.endAll();
      await turn();
      await slow.endAll();
      await Promise.all([idling, idlingLater]);
    }
    expect(slow.put.map((group) => group.length)).toEqual([1, 1, 1, 1, 1]);
  });

  it("serves of two streams that wait for memory the blob that was begun first", async () => {
    const slow = slowKeeper();
    const { blocks } = counted(1);
    const intake = openOn(slow.keeper, blocks);
    const receivers = [await receiverOf(intake, SEGMENT), await receiverOf(intake, SEGMENT)];
    const taken = [];
    for (let block = blocks.takeNow(NEXT); block !== undefined; block = blocks.takeNow(NEXT))
      taken.push(block);
    const went: number[] = [];
    for (const index of [1, 0]) {
      const written = receivers[index]?.span({ start: 0, end: SEGMENT }).write(bytesOf(10));
      expect(written).toBeInstanceOf(Promise);
      void written?.then(() => went.push(index));
    }
    taken[0]?.release();
    await turn();
    expect(went).toEqual([0]);
  });

  it("tells at the end what its keeper hashed", async () => {
    const tally = { bytes: 7, ms: 1 };
    const { keeper } = slowKeeper();
    const intake = openOn({ ...keeper, close: async () => tally }, blocksFor(1, { shared: false }));
    expect(await intake.close()).toBe(tally);
  });

  describe("that gathers for 2 ms", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("sends together what comes meanwhile, and lets what comes later have its own 2 ms", async () => {
      const slow = slowKeeper();
      const intake = intakeOf(slow.keeper, { blocks: counted(1).blocks, gatherMs: 2, now: () => 0 });
      const put = (text: string) => putOn(intake, sha256Of(text), [Buffer.from(text)]);
      const groups = async (ms: number) => {
        vi.advanceTimersByTime(ms);
        await turn();
        return slow.put.map((group) => group.map(({ bytes }) => bytes.toString()).join(""));
      };
      put("a");
      expect(await groups(1)).toEqual([]);
      put("b");
      expect(await groups(1)).toEqual(["ab"]);
      put("c");
      // The first group is kept before the second is due.
      await slow.endAll();
      expect(await groups(1)).toEqual(["ab"]);
      put("d");
      expect(await groups(1)).toEqual(["ab", "cd"]);
      expect(await groups(10)).toEqual(["ab", "cd"]);
    });
  });
});
