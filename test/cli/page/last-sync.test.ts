import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlightRecord } from "../../../cli/flight/types.ts";
import { lastSyncOf } from "../../../cli/page/last-sync.ts";

function read(record: Partial<FlightRecord>) {
  const lists = {
    requests: [],
    retries: [],
    stalls: [],
    waits: [],
    widths: [],
    samples: [],
    hosts: [],
    verified: [],
    placed: [],
    leftOut: [],
  };
  const whole: FlightRecord = {
    file: "/r",
    tritter: "0",
    began: 1_764_041_227_000,
    end: undefined,
    unread: 0,
    ...lists,
    ...record,
  };
  const sync = lastSyncOf({ kind: "read", record: whole });
  if (sync.kind !== "read") throw new Error(sync.kind);
  return sync;
}

describe("lastSyncOf()", () => {
  it("spreads samples over steps that a clock would show", () => {
    const { began, stepMs, steps } = read({
      samples: [
        { at: 0, ms: 1_000, bytes: 100 },
        { at: 9_500, ms: 500, bytes: 7 },
      ],
    });
    expect([began, stepMs, steps.length]).toEqual(["2025-11-25T03:27:07.000Z", 100, 100]);
    expect(steps.slice(0, 11)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0]);
  });

  it("keeps every byte, in steps of which there are never too many", () => {
    const sample = fc.record({ at: fc.nat(10_000_000), ms: fc.nat(100_000), bytes: fc.nat(1_000_000_000) });
    fc.assert(
      fc.property(fc.array(sample), (samples) => {
        const { steps } = read({ samples });
        expect(steps.reduce((a, b) => a + b, 0)).toBe(samples.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(steps.length).toBeLessThanOrEqual(121);
        expect(steps.every((bytes) => bytes >= 0)).toBe(true);
      }),
    );
  });

  it("tells retries, stalls and waits in order, few of each, and counts what is left out", () => {
    const retries = Array.from({ length: 150 }, (_, index) => ({
      at: index,
      why: "reset",
      path: index === 0 ? "a/b" : null,
      waitMs: 5,
    }));
    const { marks, counts } = read({
      retries,
      stalls: [{ at: 1, path: "p", bytes: 1, ms: 2 }],
      waits: [{ at: 0, host: "h", ms: 9 }],
      leftOut: [{ kind: "retry", lines: 1_000, bytes: 0, ms: 0 }],
    });
    expect(counts).toEqual({ retry: 1_150, stall: 1, wait: 1 });
    expect(marks).toHaveLength(102);
    expect(marks.slice(0, 3).map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      "retry a/b: reset",
      "wait h",
      "retry reset",
    ]);
  });

  it("says so where there is no record, or none that can be read", () => {
    expect(lastSyncOf({ kind: "none" })).toEqual({ kind: "none" });
    expect(lastSyncOf({ kind: "unreadable", why: "it is a folder" })).toEqual({
      kind: "unreadable",
      why: "it is a folder",
    });
  });
});
