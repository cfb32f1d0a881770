import { describe, expect, it } from "vitest";
import { quantile, shardsOf } from "../../../cli/page/shards.ts";

function known(path: string, rows: number | undefined, source = "code") {
  const facts = rows === undefined ? undefined : ({ kind: "counted", rows } as const);
  return { source, path, shown: path, size: 1, facts };
}

describe("shardsOf()", () => {
  it("marks what is far from the quartiles, the farthest first", () => {
    const rows = [100, 101, 99, 102, 98, 100, 55, 160];
    const [one] = shardsOf(rows.map((count, index) => known(`train-${index}`, count)));
    expect(one).toMatchObject({
      source: "code",
      split: "train",
      files: 8,
      unknown: 0,
      least: 55,
      most: 160,
      median: 100,
      outlierFiles: 2,
    });
    expect(one?.outliers).toEqual([
      { path: "train-7", rows: 160 },
      { path: "train-6", rows: 55 },
    ]);
    expect(one?.classes.reduce((sum, { files }) => sum + files, 0)).toBe(6);
  });

  it("calls nothing an outlier for a few rows where all others are equal, nor where there are too few to tell", () => {
    const even = [1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 951, 949];
    expect(shardsOf(even.map((count, index) => known(`a${index}`, count)))[0]).toMatchObject({
      fences: [950, 1_050],
      outliers: [{ rows: 949 }],
    });
    expect(shardsOf([1, 1, 1, 900].map((count, index) => known(`a${index}`, count)))[0]).toMatchObject({
      fences: undefined,
      outlierFiles: 0,
    });
  });

  it("keeps sources and splits apart, and leaves out those of which nothing is known", () => {
    const all = shardsOf([
      known("train-0", 5),
      known("test-0", 1),
      known("train-1", undefined),
      known("x", undefined, "other"),
      known("train-0", 7, "third"),
    ]);
    expect(all.map(({ source, split, files, unknown }) => [source, split, files, unknown])).toEqual([
      ["code", "train", 1, 1],
      ["code", "test", 1, 0],
      ["third", "train", 1, 0],
    ]);
  });

  it("draws empty shards too", () => {
    expect(shardsOf(Array.from({ length: 6 }, (_, index) => known(`a${index}`, 0)))[0]).toMatchObject({
      median: 0,
      classes: [{ at: 0, files: 6 }],
      outlierFiles: 0,
    });
  });
});

describe("quantile()", () => {
  it.each([
    [[1], 0.5, 1],
    [[1, 2], 0.5, 1.5],
    [[1, 2, 3, 4], 0.25, 1.75],
    [[1, 2, 3, 4, 5], 0.75, 4],
  ])("%j at %d: %d", (sorted, share, value) => {
    expect(quantile(sorted, share)).toBe(value);
  });
});
