import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Requested, TritterEvent } from "../../../cli/events.ts";
import { openFlight } from "../../../cli/flight/fold.ts";
import { linesText, parseRecord } from "../../../cli/flight/lines.ts";
import type { FlightRecord } from "../../../cli/flight/types.ts";

const BEGAN = 1_000_000;

function recordOf(
  events: readonly (readonly [at: number, event: TritterEvent])[],
): FlightRecord & { text: string } {
  const flight = openFlight({ tritter: "0.1.0", began: BEGAN });
  for (const [at, event] of events) flight.see(event, BEGAN + at);
  const totals = flight.totals({ files: 0, bytes: 0 });
  const text = linesText(flight.lines({ tookMs: 9, exit: 0, problems: [], totals }));
  const record = parseRecord("/file", text);
  if ("why" in record) throw new Error(record.why);
  return { ...record, text };
}

function requested(at: number, parts: Partial<Requested> = {}): readonly [number, TritterEvent] {
  const whole: Requested = {
    at: BEGAN + at,
    method: "GET",
    host: "h.example",
    path: "/a",
    range: undefined,
    status: 200,
    bytes: 10,
    firstMs: 2,
    tookMs: 4,
    attempt: 1,
    end: "whole",
    why: undefined,
  };
  return [at + 4, { kind: "requested", ...whole, ...parts }];
}

describe("openFlight()", () => {
  it("makes lines of events, in the order in which things began, and sums", () => {
    const record = recordOf([
      [1, { kind: "fetching", files: 1, bytes: 10 }],
      [1, { kind: "file-started", key: "k", path: "a", size: 10, have: 0 }],
      [1, { kind: "file-started", key: "t", path: "b", size: 20, have: 0, from: "/elsewhere" }],
      [3, { kind: "waiting", why: "it limits", waitMs: 2_000, host: "h.example" }],
      [4, { kind: "waiting", why: "no answer; trying again", waitMs: 500 }],
      [5, { kind: "file-retry", key: "k", path: "a", why: "it broke", waitMs: 30, lost: 0 }],
      [6, { kind: "stalled", path: "a", bytes: 5, ms: 30_000 }],
      [7, { kind: "width", host: "h.example", from: 4, to: 8 }],
      requested(9, { range: { start: 0, end: 8 }, status: 206, bytes: 8 }),
      requested(2, { status: 503, attempt: 2 }),
      requested(8, { status: undefined, firstMs: undefined, bytes: 0, end: "broken", why: "reset" }),
      [20, { kind: "file-bytes", key: "k", bytes: 4 }],
      [250, { kind: "file-bytes", key: "k", bytes: 6 }],
      [260, { kind: "file-done", key: "k", ok: true }],
      [260, { kind: "file-done", key: "t", ok: true }],
      [260, { kind: "file-done", key: "gone", ok: false }],
      [270, { kind: "verified", what: "fetched", bytes: 10, ms: 1.6 }],
      [270, { kind: "verified", what: "fetched", bytes: 5, ms: 1 }],
      [280, { kind: "placed", how: "store", files: 2, bytes: 30 }],
    ]);
    expect(record).toMatchObject({
      began: BEGAN,
      requests: [
        { at: 2, status: 503, attempt: 2, end: "whole", range: null },
        { at: 8, status: null, firstMs: null, end: "broken", why: "reset" },
        { at: 9, status: 206, range: [0, 8] },
      ],
      retries: [
        { at: 4, why: "no answer; trying again", path: null, waitMs: 500 },
        { at: 5, why: "it broke", path: "a", waitMs: 30 },
      ],
      waits: [{ at: 3, host: "h.example", ms: 2_000 }],
      stalls: [{ at: 6, path: "a", bytes: 5, ms: 30_000 }],
      widths: [{ at: 7, from: 4, to: 8 }],
      samples: [
        { at: 0, ms: 100, bytes: 4 },
        { at: 200, ms: 100, bytes: 6 },
      ],
      hosts: [
        {
          host: "h.example",
          requests: 3,
          failed: 2,
          bytes: 18,
          firstMs: { sum: 4, most: 2 },
          tookMs: { sum: 12, most: 4 },
          statuses: { "206": 1, "503": 1 },
        },
      ],
      verified: [{ what: "fetched", bytes: 15, ms: 3 }],
      placed: [{ how: "store", files: 2, bytes: 30 }],
      leftOut: [],
      unread: 0,
      end: {
        totals: {
          requests: 3,
          failed: 2,
          again: 1,
          received: 18,
          stalls: 1,
          waitedMs: 2_000,
          fetched: { files: 1, bytes: 10 },
          taken: { files: 1, bytes: 20 },
          verified: 15,
          placed: { files: 2, bytes: 30 },
        },
      },
    });
    const times = record.text.match(/"at":\d+/g)?.map((at) => Number(at.slice(5))) ?? [];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("keeps of 100,000 requests the first, the last, the slow and the failed, sums up the rest, and stays below 1 MiB", () => {
    const slow = new Set([40_000, 50_000]);
    const failed = new Set([30_000, 60_000]);
    const record = recordOf(
      Array.from({ length: 100_000 }, (_, index) =>
        requested(index, {
          path: `/datasets/o/n/resolve/main/${"folder/".repeat(8)}${index}.txt`,
          ...(slow.has(index) && { tookMs: 9_000 }),
          ...(failed.has(index) && { status: 500 }),
        }),
      ),
    );
    const kept = new Set(record.requests.map(({ at }) => at));
    for (const at of [0, 99, 99_900, 99_999, ...slow, ...failed]) expect(kept).toContain(at);
    expect(record.requests).toHaveLength(kept.size);
    const [left] = record.leftOut;
    expect(left).toMatchObject({ kind: "request", lines: 100_000 - kept.size });
    expect(left?.bytes).toBe(10 * (100_000 - kept.size));
    const ms = record.requests.reduce((sum, { tookMs }) => sum + tookMs, 0);
    expect(ms + (left?.ms ?? 0)).toBe(99_998 * 4 + 2 * 9_000);
    expect(record.end?.totals).toMatchObject({ requests: 100_000, received: 1_000_000, failed: 2 });
    expect(record.text.length).toBeLessThan(500_000);
  });

  it("stays below 1 MiB whatever is told", () => {
    const worst = "\u{10ffff}\u0000\u2028\ud800";
    const events: (readonly [number, TritterEvent])[] = [];
    for (let index = 0; index < 3_000; index++) {
      const big = 10 ** 12 + index;
      const long = `${index}${"é".repeat(1_000)}${worst.repeat(300)}`;
      const host = `${index}.${"h".repeat(2_000)}`;
      const range = { start: big, end: big };
      const [path, why] = [`/${"p".repeat(3_000)}`, long];
      events.push(
        requested(big, {
          host,
          path,
          range,
          bytes: big,
          tookMs: big,
          firstMs: big,
          status: index,
          why,
          end: "broken",
        }),
        [big, { kind: "file-retry", key: "k", path: long, why: long, waitMs: big, lost: 0 }],
        [big, { kind: "waiting", why: long, waitMs: big, host }],
        [big, { kind: "stalled", path: long, bytes: big, ms: big }],
        [big, { kind: "width", host, from: big, to: big }],
        [index * 50, { kind: "file-bytes", key: "k", bytes: big }],
      );
    }
    const { text, unread, end } = recordOf(events);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(unread).toBe(0);
    expect(end?.totals.requests).toBe(3_000);
  });

  it("coarsens its samples as the run grows, and loses no byte of them", () => {
    const chunks = fc.array(fc.tuple(fc.nat(10_000_000), fc.nat(1_000_000)), { maxLength: 300 });
    fc.assert(
      fc.property(chunks, (all) => {
        const { samples } = recordOf(
          all.map(([at, bytes]): [number, TritterEvent] => [at, { kind: "file-bytes", key: "k", bytes }]),
        );
        expect(samples.length).toBeLessThanOrEqual(256);
        const sum = all.reduce((total, [, bytes]) => total + bytes, 0);
        expect(samples.reduce((total, { bytes }) => total + bytes, 0)).toBe(sum);
        for (const { at, ms, bytes } of samples) {
          const within = all.filter(([when]) => when >= at && when < at + ms);
          expect(within.reduce((total, [, some]) => total + some, 0)).toBe(bytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("takes no secret out of a message", () => {
    const why =
      'cannot fetch: "https://me:pass@proxy.example:3128/x?sig=SECRET&a=1" said Authorization: Bearer hf_abcdefghijklmnopqrstuv';
    const { text } = recordOf([requested(1, { why, end: "broken" })]);
    expect(text).not.toMatch(/SECRET|me:pass|hf_abc/);
    expect(text).toContain("https://proxy.example:3128/x");
    const retried = recordOf([[1, { kind: "waiting", why: `${why}; trying again`, waitMs: 1 }]]);
    expect(retried.text).not.toMatch(/SECRET|me:pass|hf_abc/);
  });

  it("bears a clock that is set back, and no event at all", () => {
    const { requests, samples } = recordOf([
      requested(-5_000, { tookMs: -3 }),
      [-4_000, { kind: "file-bytes", key: "k", bytes: 1 }],
    ]);
    expect(requests).toMatchObject([{ at: 0, tookMs: 0 }]);
    expect(samples).toMatchObject([{ at: 0, bytes: 1 }]);
    expect(recordOf([])).toMatchObject({ requests: [], hosts: [], end: { totals: { requests: 0 } } });
  });
});
