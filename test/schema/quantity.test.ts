import { describe, expect, it } from "vitest";
import { parseBytes } from "../../schema/quantity.ts";

describe("parseBytes()", () => {
  it.each<[string, number | undefined]>([
    ["1", 1],
    ["4096", 4096],
    ["4k", 4096],
    ["500M", 500 * 1024 ** 2],
    ["1.5G", 1.5 * 1024 ** 3],
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
