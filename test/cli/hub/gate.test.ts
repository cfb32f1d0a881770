import { describe, expect, it } from "vitest";
import type { TritterEvent } from "../../../cli/events.ts";
import { createGate, parseRateLimit } from "../../../cli/hub/gate.ts";
import { failure, fakeClock, never } from "./support.ts";

const api = new URL("https://h.example/api/datasets/o/n");
const file = new URL("https://h.example/datasets/o/n/resolve/x/y");
const ok = (headers: Record<string, string>) => ({ status: 200, headers });
const limits = (remaining: number, seconds: number, bucket = "api") => ({
  ratelimit: `"${bucket}";r=${remaining};t=${seconds}`,
  "ratelimit-policy": `"fixed window";"${bucket}";q=500;w=300`,
});

function open() {
  const clock = fakeClock();
  const events: TritterEvent[] = [];
  const gate = createGate({ clock, emit: (event) => events.push(event) });
  return { clock, events, gate };
}

describe("createGate()", () => {
  it("lets all through while much remains", async () => {
    const { clock, gate } = open();
    for (let remaining = 500; remaining > 11; remaining--)
      (await gate.enter(api, never)).leave(ok(limits(remaining, 100)));
    expect(clock.slept).toEqual([]);
  });

  it("waits for the next window once nothing remains, and says so once", async () => {
    const { clock, events, gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(0, 100)));
    await Promise.all([gate.enter(api, never), gate.enter(api, never)]);
    expect(clock.slept[0]).toBe(101_000);
    expect(events).toEqual([
      {
        kind: "waiting",
        why: '"h.example" limits the rate of requests',
        waitMs: 101_000,
        host: "h.example",
      },
    ]);
  });

  it("spreads the last requests over the window", async () => {
    const { clock, gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(5, 100)));
    const start = clock.now();
    for (let remaining = 4; remaining >= 1; remaining--) {
      const permit = await gate.enter(api, never);
      permit.leave(ok(limits(remaining, Math.ceil((start + 100_000 - clock.now()) / 1000))));
    }
    expect(clock.now() - start).toBeGreaterThan(40_000);
    expect(clock.now() - start).toBeLessThanOrEqual(101_000);
  });

  it("counts the requests still under way", async () => {
    const { clock, gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(20, 100)));
    for (let i = 0; i < 11; i++) await gate.enter(api, never);
    expect(clock.slept).toEqual([]);
    await gate.enter(api, never);
    await gate.enter(api, never);
    expect(clock.slept.length).toBeGreaterThan(0);
  });

  it("keeps buckets and origins apart, under the names the server gives them", async () => {
    const { clock, gate } = open();
    (await gate.enter(file, never)).leave(ok(limits(0, 100, "downloads")));
    await gate.enter(api, never);
    await gate.enter(new URL("https://cdn.example/x"), never);
    expect(clock.slept).toEqual([]);
    await gate.enter(new URL("https://h.example/api/resolve-cache/datasets/o/n/x/y"), never);
    await gate.enter(file, never);
    expect(clock.slept).toEqual([101_000]);
  });

  it("forgets a window that is over", async () => {
    const { clock, gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(0, 100)));
    clock.pass(101_000);
    await gate.enter(api, never);
    expect(clock.slept).toEqual([]);
  });

  it.each([
    [{ ...limits(0, 7), "retry-after": "1" }, 8_000],
    [{ "retry-after": "3" }, 3_000],
    [{ ...limits(50, 7), "retry-after": "3" }, 3_000],
  ])("obeys a 429 with %j", async (headers, waitMs) => {
    const { clock, gate } = open();
    expect((await gate.enter(api, never)).leave({ status: 429, headers })).toBe(true);
    await gate.enter(api, never);
    expect(clock.slept).toEqual([waitMs]);
  });

  it("obeys a Retry-After that is a date", async () => {
    const { clock, gate } = open();
    (await gate.enter(api, never)).leave({
      status: 429,
      headers: { "retry-after": new Date(clock.now() + 5_000).toUTCString() },
    });
    await gate.enter(api, never);
    expect(clock.slept).toEqual([5_000]);
  });

  it("leaves a 429 without any word to the retries", async () => {
    const { gate } = open();
    expect((await gate.enter(api, never)).leave({ status: 429, headers: {} })).toBe(false);
  });

  it("does not wait for hours", async () => {
    const { gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(0, 7200)));
    expect(await failure(() => gate.enter(api, never))).toMatchObject({ code: "RATE_LIMITED" });
  });

  it("stops waiting when it is aborted", async () => {
    const { gate } = open();
    (await gate.enter(api, never)).leave(ok(limits(0, 10)));
    await expect(gate.enter(api, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});

describe("parseRateLimit()", () => {
  it("reads the Hub's form, in any order", () => {
    expect(parseRateLimit('"api";r=499;t=251')).toEqual({ bucket: "api", remaining: 499, seconds: 251 });
    expect(parseRateLimit('"resolvers"; t=1; r=0')).toEqual({
      bucket: "resolvers",
      remaining: 0,
      seconds: 1,
    });
  });
  it.each([undefined, "", "r=1;t=2", '"api";r=-1;t=2', '"api";r=99999999999;t=1'])("ignores %j", (text) => {
    expect(parseRateLimit(text)).toBeUndefined();
  });
});
