import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
    for (const position of [200, 100, 300]) void blob.keep(position, block());
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

  it("keeps blobs apart: what is held of one goes neither with another nor when another ends", async () => {
    const { order, keep, went } = stage();
    const [other, first, second] = [order.of(WHOLE, keep), order.of(WHOLE, keep), order.of(WHOLE, keep)];
    busy(other.keep);
    for (const position of [10, 20]) void second.keep(position, block());
    void first.keep(10, block());
    first.flush();
    went.length = 0;
    // What went early is passed over, and nothing goes in its place.
    void first.keep(0, block());
    expect(went).toEqual([0]);
    expect([first.isNext(10), first.isNext(20), second.isNext(0)]).toEqual([false, true, true]);
    void first.keep(30, block());
    void other.keep(80, block());
    expect(went).toEqual([0, 80]);
    second.flush();
    expect(went).toEqual([0, 80, 20, 10]);
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

describe("newOrder() looks every 10 ms, while a stream waits, whether keeping was at work for 7 of them:", () => {
  let now: number;
  beforeEach(() => {
    now = 0;
    vi.useFakeTimers({ toFake: ["setTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** 8 blocks are being kept, two blobs have one held each, and a stream waits. */
  function waitingStage() {
    const ends: (() => void)[] = [];
    const went: string[] = [];
    const keepOf = (name: string) => (position: number) => {
      went.push(`${name}${position}`);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    const order = newOrder(() => now);
    const [busyOne, first, second] = ["x", "a", "b"].map((name) => order.of(WHOLE, keepOf(name)));
    if (busyOne === undefined || first === undefined || second === undefined) throw new Error("three");
    busy(busyOne.keep);
    void second.keep(100, block());
    void first.keep(300, block());
    went.length = 0;
    let next = BUSY * 10;
    const begin = () => {
      void busyOne.keep(next, block());
      next += 10;
    };
    const end = async (count = ends.length) => {
      for (const one of ends.splice(0, count)) one();
      await turn();
    };
    const at = async (ms: number) => {
      const later = ms - now;
      now = ms;
      vi.advanceTimersByTime(later);
      await turn();
    };
    const heldWent = () => went.filter((one) => !one.startsWith("x"));
    return { order, begin, end, at, heldWent };
  }
  type Stage = ReturnType<typeof waitingStage>;
  const never = new Promise<void>(() => {});

  const BOTH = ["a300", "b100"];
  it.each<[string, readonly string[], (stage: Stage) => Promise<void>]>([
    ["all the time", [], async () => {}],
    [
      "for 2, and not now",
      BOTH,
      async ({ at, end }) => {
        await at(2);
        await end();
      },
    ],
    [
      "for 9, and not now: there is nothing that could be in the way",
      BOTH,
      async ({ at, end }) => {
        await at(9);
        await end();
      },
    ],
    [
      "for 2 and again for 1",
      BOTH,
      async ({ at, end, begin }) => {
        await at(2);
        await end();
        await at(9);
        begin();
      },
    ],
    [
      "for 6 and again for 2",
      [],
      async ({ at, end, begin }) => {
        await at(6);
        await end();
        await at(8);
        begin();
      },
    ],
    [
      "for 7",
      [],
      async ({ at, end, begin }) => {
        await at(6);
        await end();
        await at(9);
        begin();
      },
    ],
    [
      "all the time, by turns",
      [],
      async ({ at, end, begin }) => {
        await at(2);
        await end(7);
        await at(8);
        begin();
        await end(1);
      },
    ],
    [
      "for 8, though another stream begins to wait in the middle",
      [],
      async ({ order, at, end, begin }) => {
        await at(5);
        void order.waiting(never);
        await at(6);
        await end();
        await at(8);
        begin();
      },
    ],
  ])("%s", async (_, goes, acts) => {
    const stage = waitingStage();
    void stage.order.waiting(never);
    await acts(stage);
    await stage.at(10);
    expect(stage.heldWent()).toEqual(goes);
  });

  it("of each 10 ms anew", async () => {
    const { order, at, end, begin, heldWent } = waitingStage();
    void order.waiting(never);
    await at(10);
    expect(heldWent()).toEqual([]);
    await at(12);
    await end();
    await at(19);
    begin();
    await at(20);
    expect(heldWent()).toEqual(BOTH);
  });

  it.each([1, 2])("and not once all %d that waited go on", async (count) => {
    const { order, at, end, heldWent } = waitingStage();
    const goes: (() => void)[] = [];
    const waits = Array.from({ length: count }, () =>
      order.waiting(new Promise<void>((resolve) => goes.push(resolve))),
    );
    await at(2);
    await end();
    for (const go of goes) go();
    await Promise.all(waits);
    await at(40);
    expect(heldWent()).toEqual([]);
    void order.waiting(never);
    await at(50);
    expect(heldWent()).toEqual(BOTH);
  });
});
