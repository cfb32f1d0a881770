import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from "../../../cli/report/format.ts";

describe("formatBytes()", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1234, "1.2 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [320_000_000, "320 MB"],
    [18_900_000_000, "18.9 GB"],
    [4_200_000_000_000, "4.2 TB"],
    [1.5e18, "1500 PB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatBytesOf()", () => {
  it("writes both in the unit of the total", () => {
    expect(formatBytesOf(3_200_000_000, 18_900_000_000)).toBe("3.2/18.9 GB");
    expect(formatBytesOf(0, 500)).toBe("0/500 B");
  });
});

describe("formatRate()", () => {
  it("writes bytes a second", () => {
    expect(formatRate(104_900_000.4)).toBe("105 MB/s");
    expect(formatRate(12.3)).toBe("12 B/s");
  });
});

describe("formatDuration()", () => {
  it.each([
    [-5, "0.0s"],
    [240, "0.2s"],
    [9_949, "9.9s"],
    [9_960, "10s"],
    [59_400, "59s"],
    [59_600, "1m 0s"],
    [192_000, "3m 12s"],
    [3_900_000, "1h 5m"],
    [86_400_000 * 2 + 3_600_000 * 3, "2d 3h"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("formatAge()", () => {
  const HOUR = 3_600_000;
  it.each([
    [-1, "0m"],
    [HOUR - 1, "59m"],
    [HOUR, "1h"],
    [48 * HOUR - 1, "47h"],
    [48 * HOUR, "2d"],
    [60 * 24 * HOUR - 1, "59d"],
    [60 * 24 * HOUR, "2mo"],
    [729 * 24 * HOUR, "24mo"],
    [730 * 24 * HOUR, "2y"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});

describe("formatNumber()", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1_234_567, "1,234,567"],
  ])("groups %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe("formatCount()", () => {
  it("uses the singular for one only", () => {
    expect(formatCount(1, "file")).toBe("1 file");
    expect(formatCount(0, "file")).toBe("0 files");
    expect(formatCount(2, "entry", "entries")).toBe("2 entries");
  });
});
