import { describe, expect, it } from "vitest";
import { parseBytes, parsePercent } from "../../schema/quantity.ts";

describe("parseBytes()", () => {
  it.each<[string, number | undefined]>([
    ["1", 1],
    ["4096", 4096],
    ["4k", 4096],
    ["500M", 500 * 1024 ** 2],
    ["1.5G", 1.5 * 1024 ** 3],
    ["1.25K", 1280],
    ["20MiB", 20 * 1024 ** 2],
    ["2T", 2 * 1024 ** 4],
    ["0.5", 1],
    ["0", undefined],
    ["0.0001", undefined],
    ["", undefined],
    ["M", undefined],
    ["-1M", undefined],
    ["1e9", undefined],
    ["10MB", undefined],
    ["10 M", undefined],
    ["999999999999T", undefined],
    ["NaN", undefined],
  ])("of %j is %j", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });
});

describe("parsePercent()", () => {
  it.each<[string, number | undefined]>([
    ["0%", 0],
    ["1%", 0.01],
    ["0.5%", 0.005],
    ["12.25 %", 0.1225],
    ["100%", 1],
    ["100.5%", undefined],
    ["101%", undefined],
    ["1000%", undefined],
    ["", undefined],
    ["%", undefined],
    ["1", undefined],
    ["-1%", undefined],
    ["x1%", undefined],
    ["1%x", undefined],
    ["1x%", undefined],
    ["1.%", undefined],
    ["1  %", undefined],
  ])("of %j is %j", (text, share) => {
    expect(parsePercent(text)).toBe(share);
  });
});
