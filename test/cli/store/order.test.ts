import { describe, expect, it } from "vitest";
import { newOrder } from "../../../cli/store/order.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const WHOLE = [{ start: 0, end: 1_000 }];

/** A keeper whose works end when told; what went to it, by position. */
function stage() {
  const went: number[] = [];
  const ends: (() => void)[] = [];
  const keep = (position: number, bytes: Uint8Array) => {
    went.push(position);
    expect(bytes.length).toBe(10);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const endAll = async () => {
    for (const end of ends.splice(0)) end();
    await turn();
  };
  const order = newOrder(() => performance.now());
  return { went, ends, keep, endAll, order };
}

const block = () => new Uint8Array(10);
/** More than anybody could have begun at once. */
const BUSY = 8;

/** So much under way that there is no time for what came early. */
function busy(keep: (position: number, bytes: Uint8Array) => Promise<void>): void {
  for (let index = 0; index < BUSY; index++) void keep(index * 10, block());
}

describe("newOrder()", () => {
  it("lets all go at once, in the order they come, as long as there is time", async () => {
    const { order, keep, went } = stage();
    const blob = order.of(WHOLE, keep);
    for (const position of [0, 500, 10, 700, 510]) void blob.keep(position, block());
    expect(went).toEqual([0, 500, 10, 700, 510]);
  });

  it("holds what came early while there is enough to do, and lets it go when it is its turn", async () => {
    const { order, keep, went } = stage();
    const blob = order.of(WHOLE, keep);
    busy(blob.keep);
    went.length = 0;
    for (const position of [100, 110, 300]) void blob.keep(position, block());
    expect(went).toEqual([]);
    void blob.keep(80, block());
    expect(went).toEqual([80]);
    void blob.keep(90, block());
    expect(went).toEqual([80, 90, 100, 110]);
    expect([blob.isNext(120), blob.isNext(300)]).toEqual([true, false]);
  });

  it("skips what is there already, and what went before its turn", async () => {
    const { order, keep, went } = stage();
    const blob = order.of(
      [
        { start: 0, end: 20 },
        { start: 500, end: 520 },
      ],
      keep,
    );
    for (const position of [510, 0, 10]) void blob.keep(position, block());
    expect([blob.isNext(500), blob.isNext(20)]).toEqual([true, false]);
    void blob.keep(500, block());
    expect(went).toEqual([510, 0, 10, 500]);
    expect(blob.isNext(520)).toBe(false);
  });

  it("lets what is held go where a stream waits and little is done, the first first", async () => {
    const { order, keep, went, endAll } = stage();
    const [other, blob] = [order.of(WHOLE, keep), order.of(WHOLE, keep)];
    busy(other.keep);
    went.length = 0;
    for (const position of [300, 200, 100]) void blob.keep(position, block());
    await endAll();
    await pause(40);
    expect(went).toEqual([]);
    await order.waiting(pause(60));
    expect(went).toEqual([100, 200, 300]);
  });

  it("holds on while keeping is at work, though streams wait", async () => {
    const { order, keep, went, endAll } = stage();
    const [other, blob] = [order.of(WHOLE, keep), order.of(WHOLE, keep)];
    busy(other.keep);
    void blob.keep(300, block());
    await order.waiting(pause(60));
    expect(went).not.toContain(300);
    await endAll();
    await order.waiting(pause(60));
    expect(went).toContain(300);
  });

  it("lets go all that is held of a blob that ends", async () => {
    const { order, keep, went } = stage();
    const [other, blob] = [order.of(WHOLE, keep), order.of(WHOLE, keep)];
    busy(other.keep);
    went.length = 0;
    for (const position of [300, 100]) void blob.keep(position, block());
    blob.flush();
    expect([...went].sort()).toEqual([100, 300]);
  });

  it("tells whoever handed a block over what became of it", async () => {
    const { order } = stage();
    const blob = order.of(WHOLE, async (position) => {
      if (position === 10) throw new Error("full");
    });
    await blob.keep(0, block());
    await expect(blob.keep(10, block())).rejects.toThrow("full");
    await blob.keep(20, block());
  });
});
