import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, suggest } from "../../../cli/manifest/suggest.ts";

describe("suggest()", () => {
  const known = ["repo", "revision", "include", "exclude", "type", "path"];

  it.each<[string, string | undefined]>([
    ["repo", "repo"],
    ["Repo", "repo"],
    ["reop", "repo"],
    ["revison", "revision"],
    ["includes", "include"],
    ["exlcude", "exclude"],
    ["typ", "type"],
    ["paht", "path"],
    ["x", undefined],
    ["", undefined],
    ["something", undefined],
    ["__proto__", undefined],
  ])("for %j is %j", (word, near) => {
    expect(suggest(word, known)).toBe(near);
  });

  it("takes the nearest, and the first of two as near", () => {
    expect(suggest("abcd", ["abxx", "abcx"])).toBe("abcx");
    expect(suggest("abcd", ["abcy", "abcx"])).toBe("abcy");
  });
});

describe("editDistance()", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ])("of %j and %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is a distance, bounded by the longer word", () => {
    const words = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it("compares words without end by their beginning", () => {
    expect(editDistance("a".repeat(1_000_000), "b".repeat(1_000_000))).toBe(100);
  });
});
