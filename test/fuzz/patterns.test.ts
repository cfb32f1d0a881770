import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, exactPattern, nearMisses } from "../../schema/patterns.ts";
import { bounded, CASES, expectSafe, LONG, nearly } from "../support/fuzz.ts";

const patterns = nearly(
  ["*.parquet", "data/**/*.json", "/a/{b,c}/[xyz]?", "dir/", "\\*x", "**/a**b/**", "{a,{b,c}}{d,e}"],
  [
    "*",
    "**",
    "?",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\\",
    "!",
    "/",
    "//",
    "../",
    "[!a]",
    "[^a]",
    "[[:alpha:]]",
    "{1..9}",
    "{,}",
    "+(a)",
    "@(a|b)",
    "*a*a*a*a*a*a*a*a*b",
    "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
  ],
);
const LONG_NAME = `${"a".repeat(2_000)}c`;

describe("compilePattern() of anything", () => {
  it("matches in bounded time, or says in plain words what is wrong", { timeout: LONG }, async () => {
    let compiled = 0;
    await fc.assert(
      fc.asyncProperty(patterns, fc.string({ unit: "binary", maxLength: 60 }), async (pattern, path) => {
        const made = await bounded(() => compilePattern(pattern));
        if (made.kind === "mistake") return expectSafe(made.why);
        compiled += 1;
        await bounded(() => [path, LONG_NAME, `${"a/".repeat(400)}b`].map(made.matches));
        await bounded(() => nearMisses(pattern, [path, "data/train.parquet"]));
      }),
      { numRuns: CASES },
    );
    expect(compiled).toBeGreaterThan(CASES / 100);
  });
});

describe("exactPattern() of any path", () => {
  it("matches that path and no other", { timeout: LONG }, async () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "*", "?", "[", "]", "{", "}", ",", "\\", "!", ".", " "), {
        minLength: 1,
        maxLength: 8,
      })
      .map((parts) => parts.join(""))
      .filter((name) => name !== "." && name !== "..");
    const two = fc.tuple(path, path).map((parts) => parts.join("/"));
    const any = fc.oneof(path, two);
    await fc.assert(
      fc.asyncProperty(any, any, async (one, other) => {
        const made = compilePattern(exactPattern(one));
        if (made.kind === "mistake") throw new Error(made.why);
        expect(made.matches(one)).toBe(true);
        expect(made.matches(other)).toBe(one === other);
      }),
      { numRuns: CASES },
    );
  });
});
