import { describe, expect, it } from "vitest";
import type { TritterEvent } from "../../../cli/events.ts";
import { count, newProgress, type Progress, rateOf, timeLeft } from "../../../cli/report/progress.ts";
import { progressLine, progressLines } from "../../../cli/report/progress-lines.ts";
import { widthOf } from "../../../cli/report/width.ts";

const MB = 1_000_000;

/** Events with the ms they are seen at. */
function progressOf(events: readonly (readonly [number, TritterEvent])[]): Progress {
  const progress = newProgress();
  for (const [at, event] of events) count(progress, event, at);
  return progress;
}

function started(key: string, size: number, have = 0): TritterEvent {
  return { kind: "file-started", key, path: `data/${key}.parquet`, size, have };
}

function bytes(key: string, bytes: number): TritterEvent {
  return { kind: "file-bytes", key, bytes };
}

const FETCHING: TritterEvent = { kind: "fetching", files: 2, bytes: 300 * MB };

describe("count()", () => {
  it("adds bytes as they come and files as they end", () => {
    const progress = progressOf([
      [0, FETCHING],
      [0, started("a", 100 * MB)],
      [10, bytes("a", 40 * MB)],
      [20, bytes("a", 60 * MB)],
      [30, { kind: "file-done", key: "a", ok: true }],
    ]);
    expect(progress.done).toEqual({ files: 1, bytes: 100 * MB });
    expect(progress.flying.size).toBe(0);
  });

  it("counts bytes of an interrupted run as done but not as received", () => {
    const progress = progressOf([
      [0, FETCHING],
      [0, started("a", 100 * MB, 30 * MB)],
      [10, bytes("a", 10 * MB)],
    ]);
    expect(progress.done.bytes).toBe(40 * MB);
    expect(progress.received).toBe(10 * MB);
  });

  it("takes back bytes lost to a retry", () => {
    const progress = progressOf([
      [0, FETCHING],
      [0, started("a", 100 * MB)],
      [10, bytes("a", 50 * MB)],
      [
        20,
        { kind: "file-retry", key: "a", path: "data/a.parquet", why: "reset", waitMs: 2000, lost: 20 * MB },
      ],
    ]);
    expect(progress.done.bytes).toBe(30 * MB);
  });

  it("takes back everything where a file starts again", () => {
    const progress = progressOf([
      [0, FETCHING],
      [0, started("a", 100 * MB)],
      [10, bytes("a", 100 * MB)],
      [20, started("a", 100 * MB)],
    ]);
    expect(progress.done).toEqual({ files: 0, bytes: 0 });
    expect(progress.received).toBe(100 * MB);
  });

  it("counts a failed file apart, and a file placed whole as its size", () => {
    const progress = progressOf([
      [0, FETCHING],
      [0, started("a", 100 * MB)],
      [0, started("b", 200 * MB)],
      [1, { kind: "file-done", key: "a", ok: false }],
      [1, { kind: "file-done", key: "b", ok: true }],
    ]);
    expect(progress).toMatchObject({ failed: 1, done: { files: 1, bytes: 200 * MB } });
  });

  it("ignores files that never started", () => {
    expect(progressOf([[0, bytes("x", 5)]]).done.bytes).toBe(0);
  });
});

describe("rateOf()", () => {
  const steady = (seconds: number, perSecond: number) =>
    progressOf([
      [0, { kind: "fetching", files: 1, bytes: 1000 * MB }],
      [0, started("a", 1000 * MB)],
      ...Array.from({ length: seconds * 4 }, (_, step) => {
        const event: readonly [number, TritterEvent] = [(step + 1) * 250, bytes("a", perSecond / 4)];
        return event;
      }),
    ]);

  it("is unknown in the first second", () => {
    expect(rateOf(steady(0, 0), 900)).toBeUndefined();
  });

  it("is that of the last five seconds", () => {
    const progress = steady(10, 20 * MB);
    expect(rateOf(progress, 10_000)).toBeCloseTo(20 * MB, -6);
    expect(timeLeft(progress, 10_000)).toBeCloseTo(40_000, -4);
  });

  it("sinks to nothing when nothing comes, and then no time is promised", () => {
    const progress = steady(10, 20 * MB);
    expect(rateOf(progress, 60_000)).toBeLessThan(2 * MB);
    expect(timeLeft(progressOf([[0, FETCHING]]), 5000)).toBeUndefined();
  });

  it("keeps few samples, however many events come", () => {
    expect(steady(600, MB).samples.length).toBeLessThan(30);
  });
});

describe("progressLine()", () => {
  it.each<[string, readonly (readonly [number, TritterEvent])[], string]>([
    ["nothing yet", [], ""],
    [
      "resolving",
      [[0, { kind: "resolving", source: "code", repo: "owner/code", revision: "main" }]],
      "resolving code (owner/code)",
    ],
    ["listing", [[0, { kind: "listing", source: "code", files: 12_000 }]], "listing code: 12,000 files"],
    ["scanning", [[0, { kind: "scanning", files: 1 }]], "scanning: 1 file"],
    [
      "hashing",
      [
        [0, { kind: "hashing", path: "a", size: 3 * MB, why: "changed" }],
        [0, { kind: "hashing", path: "b", size: 4 * MB, why: "deep" }],
      ],
      "reading to verify: 2 files, 7.0 MB",
    ],
    ["placing", [[0, { kind: "placing", files: 3 }]], "placing: 3 files"],
    [
      "adding to a cache",
      [[0, { kind: "providing", place: "/home/u/hub", files: 2, bytes: 3 * MB }]],
      "adding to /home/u/hub: 0/2 files, 0.0/3.0 MB",
    ],
    ["fetching before the first byte", [[0, FETCHING]], "fetching: 0/2 files, 0.0/300 MB"],
    [
      "a wait for everybody",
      [
        [0, FETCHING],
        [0, { kind: "waiting", why: "the Hub's rate limit", waitMs: 44_000 }],
      ],
      "fetching: 0/2 files, 0.0/300 MB; waiting 42s: the Hub's rate limit",
    ],
    [
      "a failed file",
      [
        [0, FETCHING],
        [0, started("a", 100 * MB)],
        [0, { kind: "file-done", key: "a", ok: false }],
      ],
      "fetching: 0/2 files, 0.0/300 MB, 0 B/s, 1 failed",
    ],
  ])("tells of %s", (_, events, line) => {
    expect(progressLine(progressOf(events), 2000)).toBe(line);
  });

  it("tells files, bytes, rate and time left", () => {
    const progress = progressOf([
      [0, { kind: "fetching", files: 57, bytes: 18_900 * MB }],
      [0, started("a", 18_900 * MB, 3_000 * MB)],
      [2000, bytes("a", 210 * MB)],
    ]);
    expect(progressLine(progress, 2000)).toBe("fetching: 0/57 files, 3.2/18.9 GB, 105 MB/s, 2m 29s left");
  });

  it("strips control characters from names", () => {
    const progress = progressOf([[0, { kind: "listing", source: "co\u001b[31mde", files: 1 }]]);
    expect(progressLine(progress, 0)).not.toContain("\u001b");
  });
});

describe("progressLines()", () => {
  const busy = progressOf([
    [0, { kind: "fetching", files: 9, bytes: 900 * MB }],
    ...["first", "second", "third", "fourth"].map((key): readonly [number, TritterEvent] => [
      0,
      started(key, 100 * MB),
    ]),
    [5, bytes("second", 45 * MB)],
    [
      6,
      { kind: "file-retry", key: "third", path: "data/third.parquet", why: "reset", waitMs: 8000, lost: 0 },
    ],
  ]);

  it("names the files longest under way, with what each waits for", () => {
    expect(progressLines(busy, 1000, 90)).toEqual([
      "fetching: 0/9 files, 45.0/900 MB, 45.0 MB/s, 19s left",
      `  ${"data/first.parquet".padEnd(80)} 0%`,
      `  ${"data/second.parquet".padEnd(80)} 45%`,
      `  ${"data/third.parquet".padEnd(76)} again in 8s`,
    ]);
  });

  it("breaks its first line where the terminal is narrow", () => {
    expect(progressLines(busy, 1000, 37).slice(0, 2)).toEqual([
      "fetching: 0/9 files, 45.0/900 MB,",
      "  45.0 MB/s, 19s left",
    ]);
  });

  it.each([10, 20, 40, 160])("fits %d columns", (width) => {
    for (const line of progressLines(busy, 1000, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });
});
