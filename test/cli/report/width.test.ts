import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutEnd, cutMiddle, padEnd, padStart, widthOf } from "../../../cli/report/width.ts";

describe("widthOf()", () => {
  it.each([
    ["abc", 3],
    ["데이터", 6],
    ["e\u0301", 1],
    ["📦", 2],
  ])("counts the columns of %s", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe("cutMiddle()", () => {
  it("keeps the end of a path, which says most", () => {
    expect(cutMiddle("starcoder/rust/train-00001.parquet", 20)).toBe("starco…00001.parquet");
    expect(cutMiddle("short.txt", 20)).toBe("short.txt");
  });

  it("and cutEnd() never exceed the width, whatever the letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 40 }), (text, width) => {
        expect(widthOf(cutMiddle(text, width))).toBeLessThanOrEqual(width);
        expect(widthOf(cutEnd(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("padEnd()", () => {
  it("and padStart() fill by columns, not by letters", () => {
    expect(padEnd("데", 4)).toBe("데  ");
    expect(padStart("데", 4)).toBe("  데");
  });
});
