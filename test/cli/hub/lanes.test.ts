import { describe, expect, it } from "vitest";
import { whenAborted } from "../../../cli/hub/abort.ts";
import { createLanes, type Lane, type Lanes } from "../../../cli/hub/lanes.ts";
import { never } from "./support.ts";

/** A clock that moves when told. */
function stage(ceiling = 16) {
  const clock = { ms: 0, now: () => clock.ms, sleep: async () => {} };
  return { clock, lanes: createLanes({ ceiling, clock, emit: () => {} }) };
}

/** Streams that always want more, on a host that sends each so many bytes every 5 ms, first ones after `latency` ms, and ends after so many ms. */
async function drive(
  lanes: Lanes,
  clock: { ms: number },
  {
    streams,
    ms,
    bytes,
    after,
    latency = 0,
  }: { streams: number; ms: number; bytes: (open: number) => number; after: number; latency?: number },
): Promise<number[]> {
  const open: { lane: Lane; since: number }[] = [];
  let wanting = 0;
  let over = false;
  const want = () => {
    wanting += 1;
    void Promise.resolve(lanes.enter("https://h", never)).then((lane) => {
      wanting -= 1;
      if (over) lane.leave("dropped");
      else open.push({ lane, since: clock.ms });
    });
  };
  const seen: number[] = [];
  for (const end = clock.ms + ms; clock.ms < end; clock.ms += 5) {
    while (open.length + wanting < streams) want();
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(open.length);
    for (const one of [...open]) {
      if (clock.ms - one.since >= latency) one.lane.took(bytes(open.length));
      if (clock.ms - one.since < after) continue;
      open.splice(open.indexOf(one), 1);
      one.lane.leave("answered");
    }
  }
  over = true;
  for (const { lane } of open) lane.leave("dropped");
  await new Promise((resolve) => setImmediate(resolve));
  return seen;
}

async function entered(lanes: Lanes, origin = "https://h"): Promise<boolean> {
  const lane = Promise.resolve(lanes.enter(origin, never));
  return Promise.race([
    lane.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

describe("createLanes()", () => {
  it("lets a few in at first, each host for itself, and the next as one leaves", async () => {
    const { lanes } = stage();
    const first = await lanes.enter("https://h", never);
    for (let more = 1; more < 4; more++) expect(await entered(lanes)).toBe(true);
    expect(await entered(lanes)).toBe(false);
    expect(await entered(lanes, "https://other")).toBe(true);
    first.leave("answered");
    first.leave("answered");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await entered(lanes)).toBe(false);
  });

  it("lets in who waits on, where those it made room for stop at once", async () => {
    const { lanes } = stage(1);
    const stop = new AbortController();
    const first = await lanes.enter("https://h", stop.signal);
    // As its request does.
    whenAborted(stop.signal, () => first.leave("dropped"));
    const second = Promise.resolve(lanes.enter("https://h", stop.signal));
    let isIn = false;
    void Promise.resolve(lanes.enter("https://h", never)).then(() => {
      isIn = true;
    });
    stop.abort(new Error("enough"));
    (await second).leave("dropped");
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).toBe(true);
  });

  it("never lets more in than the ceiling", async () => {
    const { lanes, clock } = stage(3);
    const seen = await drive(lanes, clock, { streams: 40, ms: 3_000, bytes: () => 500_000, after: 20 });
    expect(Math.max(...seen)).toBe(3);
  });

  it("opens all it may within a second where each answer takes 50 ms", async () => {
    const { lanes, clock } = stage(16);
    const seen = await drive(lanes, clock, { streams: 32, ms: 3_000, bytes: () => 400, after: 45 });
    expect(seen).toContain(16);
    expect(seen.indexOf(16) * 5).toBeLessThan(1_000);
    expect(seen.at(-1)).toBeGreaterThanOrEqual(12);
  });

  it("opens all it may within a second where each connection brings 20 MB/s", async () => {
    const { lanes, clock } = stage(16);
    const seen = await drive(lanes, clock, { streams: 32, ms: 5_000, bytes: () => 100_000, after: 1_600 });
    expect(seen).toContain(16);
    expect(seen.indexOf(16) * 5).toBeLessThan(1_000);
  });

  it.each([50, 200, 500])(
    "doubles every other answer at the latest where a connection brings 20 MB/s, %d ms after it is asked",
    async (latency) => {
      const { lanes, clock } = stage(16);
      const seen = await drive(lanes, clock, {
        ...{ streams: 32, ms: 20_000, latency },
        bytes: () => 100_000,
        after: latency + 3_200,
      });
      expect(seen).toContain(16);
      expect(seen.indexOf(16) * 5).toBeLessThan(4 * latency + 150);
      const late = seen.slice(seen.indexOf(16));
      expect(late.reduce((sum, open) => sum + open, 0) / late.length).toBeGreaterThan(14);
    },
  );

  it.each([50, 200])("doubles with each answer where one takes %d ms", async (latency) => {
    const { lanes, clock } = stage(16);
    const seen = await drive(lanes, clock, { streams: 32, ms: 8_000, bytes: () => 0, after: latency });
    expect(seen).toContain(16);
    expect(seen.indexOf(16) * 5).toBeLessThanOrEqual(2 * latency + 25);
    const late = seen.slice(seen.indexOf(16));
    expect(late.reduce((sum, open) => sum + open, 0) / late.length).toBeGreaterThan(14);
  });

  it.each([50, 200, 500])(
    "takes it for no gain that a host %d ms away brings nothing at first",
    async (latency) => {
      const { lanes, clock } = stage(64);
      const seen = await drive(lanes, clock, {
        ...{ streams: 128, ms: 4_000, latency, after: latency + 8_000 },
        bytes: (open) => 600_000 / open,
      });
      expect(Math.max(...seen)).toBe(8);
    },
  );

  it("stays with few where they fill the link", async () => {
    const { lanes, clock } = stage(16);
    const seen = await drive(lanes, clock, {
      streams: 32,
      ms: 6_000,
      bytes: (open) => 600_000 / open,
      after: 300,
    });
    expect(Math.max(...seen)).toBeLessThanOrEqual(8);
    expect(seen.at(-1)).toBeLessThanOrEqual(5);
  });

  it("learns nothing of the host while it is we who make it wait", async () => {
    const { lanes, clock } = stage(16);
    const held = [];
    for (let index = 0; index < 4; index++) held.push(await lanes.enter("https://h", never));
    for (let round = 0; round < 100; round++) {
      for (const lane of held) {
        lane.took(300_000);
        lane.waits(true);
      }
      clock.ms += 40;
      for (const lane of held) lane.waits(false);
      clock.ms += 1;
    }
    expect(await entered(lanes)).toBe(false);
  });

  it("halves at trouble", async () => {
    const { lanes, clock } = stage(16);
    await drive(lanes, clock, { streams: 32, ms: 2_000, bytes: () => 400, after: 45 });
    const lane = await lanes.enter("https://h", never);
    clock.ms += 100;
    lane.leave("trouble");
    const seen = await drive(lanes, clock, { streams: 32, ms: 50, bytes: () => 400, after: 45 });
    expect(Math.max(...seen)).toBeLessThanOrEqual(8);
  });

  it("turns those away that wait when told to stop, with the reason", async () => {
    const { lanes } = stage(1);
    await lanes.enter("https://h", never);
    const stop = new AbortController();
    const waiting = [lanes.enter("https://h", stop.signal), lanes.enter("https://h", stop.signal)];
    const reason = new Error("stop");
    stop.abort(reason);
    for (const one of waiting) await expect(one).rejects.toBe(reason);
    await expect(lanes.enter("https://h", AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
