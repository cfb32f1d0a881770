import { describe, expect, it } from "vitest";
import { gate, pool } from "../../cli/pool.ts";

const GOING = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Works that end when told, and what happened. */
function works() {
  const started: number[] = [];
  const enders = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>();
  const work = (item: number) => {
    started.push(item);
    return new Promise<void>((resolve, reject) => enders.set(item, { resolve, reject }));
  };
  const end = async (item: number, error?: unknown) => {
    if (error === undefined) enders.get(item)?.resolve();
    else enders.get(item)?.reject(error);
    await turn();
  };
  return { started, work, end };
}

describe("pool()", () => {
  it("starts in order, at most so many at a time", async () => {
    const { started, work, end } = works();
    const done = pool([1, 2, 3, 4], { width: 2, signal: GOING }, work);
    await turn();
    expect(started).toEqual([1, 2]);
    await end(2);
    expect(started).toEqual([1, 2, 3]);
    for (const item of [1, 3, 4]) await end(item);
    await done;
  });

  it("has at least one at work, and none for nothing", async () => {
    const seen: number[] = [];
    await pool([1, 2], { width: 0, signal: GOING }, async (item) => void seen.push(item));
    await pool([], { width: 4, signal: GOING }, async (item) => void seen.push(item));
    expect(seen).toEqual([1, 2]);
  });

  it("stops starting at the first error, waits for what runs, and throws that error", async () => {
    const { started, work, end } = works();
    const done = pool([1, 2, 3, 4], { width: 2, signal: GOING }, work);
    const settled = done.then(
      () => "done",
      (error: unknown) => error,
    );
    await turn();
    await end(1, "first");
    expect(started).toEqual([1, 2]);
    expect(await Promise.race([settled, turn().then(() => "waits")])).toBe("waits");
    await end(2, "second");
    expect(await settled).toBe("first");
  });

  it("stops starting when told, waits for what runs, and throws the reason", async () => {
    const { started, work, end } = works();
    const stop = new AbortController();
    const done = pool([1, 2, 3], { width: 1, signal: stop.signal }, work);
    const settled = done.catch((error: unknown) => error);
    await turn();
    stop.abort("stopped");
    await end(1);
    expect([await settled, started]).toEqual(["stopped", [1]]);
  });

  it("starts nothing that was still coming when it was told to stop, and ends where it comes from", async () => {
    const stop = new AbortController();
    const started: number[] = [];
    let ended = false;
    async function* slowly() {
      try {
        for (let item = 1; ; item++) {
          await turn();
          if (item === 3) stop.abort("stopped");
          yield item;
        }
      } finally {
        ended = true;
      }
    }
    const run = pool(slowly(), { width: 1, signal: stop.signal }, async (item) => void started.push(item));
    await expect(run).rejects.toBe("stopped");
    expect([started, ended]).toEqual([[1, 2], true]);
  });

  it("throws what its items throw", async () => {
    // biome-ignore lint/correctness/useYield: it fails before it could
    async function* failing(): AsyncGenerator<number> {
      throw new Error("no items");
    }
    await expect(pool(failing(), { width: 3, signal: GOING }, async () => {})).rejects.toThrow("no items");
  });
});

describe("gate()", () => {
  it("lets so many in, and the next, first come first served, as one leaves", async () => {
    const { started, work, end } = works();
    const through = gate(2);
    const all = [1, 2, 3, 4].map((item) => through(() => work(item)));
    await turn();
    expect(started).toEqual([1, 2]);
    await end(1);
    expect(started).toEqual([1, 2, 3]);
    for (const item of [2, 3, 4]) await end(item);
    await Promise.all(all);
  });

  it("lets the next in after one that failed, and gives each its own result", async () => {
    const through = gate(1);
    const results = await Promise.allSettled([
      through(() => Promise.reject(new Error("first"))),
      through(async () => "second"),
    ]);
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : "failed"))).toEqual([
      "failed",
      "second",
    ]);
  });
});
