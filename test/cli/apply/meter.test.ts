import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Limits, openMeter, UNLIMITED } from "../../../cli/apply/meter.ts";
import { fakeClock } from "../hub/support.ts";

const MIB = 1024 ** 2;

function open(limits: Partial<Limits>) {
  const clock = fakeClock();
  const stop = new AbortController();
  const start = clock.now();
  const meter = openMeter({ ...UNLIMITED, ...limits }, { clock, signal: stop.signal });
  return { clock, stop, meter, elapsed: () => clock.now() - start };
}

describe("a meter", () => {
  it("without limits lets everything through at once", () => {
    const { meter } = open({});
    for (let count = 0; count < 1_000; count++) expect(meter.took("s", MIB)).toBeUndefined();
    expect(meter.streams(16)).toBe(16);
    meter.check();
  });

  it("keeps its rate over all that read, whatever the pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10_000, max: 100 * MIB }),
        fc.array(fc.integer({ min: 1, max: MIB }), { minLength: 1, maxLength: 200 }),
        async (rate, pieces) => {
          const { meter, elapsed } = open({ rate });
          for (const [index, bytes] of pieces.entries()) await meter.took(`s${index % 3}`, bytes);
          const needed = (pieces.reduce((sum, bytes) => sum + bytes, 0) / rate) * 1000;
          expect(elapsed()).toBeLessThanOrEqual(needed + 1);
          // What may be caught up on, and one wait that was too short for a timer.
          expect(elapsed()).toBeGreaterThanOrEqual(needed - 100 - 5 - 1);
        },
      ),
    );
  });

  it("lets a pause be caught up on for a moment only", async () => {
    const { meter, clock, elapsed } = open({ rate: MIB });
    clock.pass(3_600_000);
    await meter.took("s", 10 * MIB);
    expect(elapsed() - 3_600_000).toBeGreaterThanOrEqual(9_900);
  });

  it("holds one source back and not the others", async () => {
    const { meter, clock } = open({ rates: new Map([["slow", 1_000]]) });
    expect(meter.took("fast", MIB)).toBeUndefined();
    await meter.took("slow", 2_000);
    expect(clock.slept).toEqual([1_900]);
  });

  it("opens no more streams than its rate is of use to", () => {
    expect(open({ rate: 1 }).meter.streams(16)).toBe(1);
    expect(open({ rate: 300 * 1024 }).meter.streams(16)).toBe(3);
    expect(open({ rate: 100 * MIB }).meter.streams(16)).toBe(16);
  });

  it("ends once its bytes have come, and not with the last of them", () => {
    const { meter } = open({ maxBytes: 10 });
    expect(meter.took("s", 10)).toBeUndefined();
    expect(meter.signal.aborted).toBe(false);
    expect(() => meter.check()).toThrow("the 10 bytes of --max-bytes have come");
    expect(meter.signal.aborted).toBe(true);
    expect(meter.spent).toMatchObject({ code: "BUDGET" });
  });

  it("ends at its deadline, however far, and a wait for its turn with it", async () => {
    const clock = fakeClock();
    const year = 365 * 86_400_000;
    const meter = openMeter(
      { ...UNLIMITED, deadline: clock.now() + year },
      { clock, signal: new AbortController().signal },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.slept.every((ms) => ms < 2 ** 31)).toBe(true);
    expect(() => meter.check()).toThrow("--deadline");
    await expect(meter.took("s", 1) ?? Promise.resolve()).resolves.toBeUndefined();
  });

  it("ends with who opened it, and for their reason", () => {
    const { meter, stop } = open({ maxBytes: 10 });
    const reason = new Error("stopped");
    stop.abort(reason);
    expect(() => meter.check()).toThrow(reason);
    expect(meter.spent).toBeUndefined();
  });
});
