import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { translateFnmatch } from "../../schema/dialects.ts";
import { compileFnmatch } from "../../schema/fnmatch.ts";
import { judgeName } from "../../schema/names.ts";
import { compilePattern } from "../../schema/patterns.ts";

function matcher(pattern: string): (path: string) => boolean {
  const compiled = compilePattern(pattern);
  if (compiled.kind === "mistake") throw new Error(`${pattern} ${compiled.why}`);
  return compiled.matches;
}

describe("translateFnmatch()", () => {
  it.each([
    ["*", ["**"]],
    ["*.parquet", ["*.parquet"]],
    ["data/*", ["data/**"]],
    ["data/*.parquet", ["data/**/*.parquet"]],
    ["data/**", ["data/**"]],
    ["data/**/*.parquet", ["data/*/**/*.parquet"]],
    ["**/*.json", ["*/**/*.json"]],
    ["*/*", ["*/**"]],
    ["*/x.json", ["*/**/x.json"]],
    ["config.json", ["/config.json"]],
    ["a/b.json", ["a/b.json"]],
    ["model-*.safetensors", ["/model-*.safetensors", "/model-{*,*/**/*}.safetensors"]],
    ["*rust*", ["*rust*", "**/*rust{*,*/**}"]],
    ["data*/x*", ["data*/x*", "data*/**/x{*,*/**}"]],
    ["train-0000?.parquet", ["/train-0000?.parquet"]],
    ["[0-9]x", ["/[0-9]x"]],
    ["[]x]y", ["/{\\],x}y"]],
    ["[,a]", ["/{\\,,a}"]],
    ["[a/]", ["/a"]],
    ["[0-9a]", ["/[0-9a]"]],
    ["[A-C_]", ["/[A-C_]"]],
    ["[a-c]", ["/[a-c]"]],
    ["[a-a]", ["/[a]"]],
    ["[+]", ["/+"]],
    ["[+-.]", ["/{+,\\,,-,.}"]],
    ["[--1]", ["/{-,.,0,1}"]],
    ["[9-:]", ["/{9,:}"]],
    ["[Y-b]", ["/{Y,Z,\\[,\\\\,\\],^,_,`,a,b}"]],
    ["[é-ë]", ["/{é,ê,ë}"]],
    ["a[b", ["/a\\[b"]],
    ["x{y},*z", ["/x\\{y\\},*z", "/x\\{y\\},{*,*/**/*}z"]],
    // Nothing of ours says these.
    ["[\u0100-\u0164]", []],
    ["[!a]*", []],
    ["[c-a]", []],
    ["/x", []],
    ["a/", []],
    ["", []],
    ["a//b", []],
    ["./a", []],
    [`${"a*".repeat(12)}b`, [`/${"a*".repeat(12)}b`]],
  ])("%j → %j", (pattern, wanted) => {
    expect(translateFnmatch(pattern)).toEqual(wanted);
  });

  it("lists a hundred characters, and no more", () => {
    const [most] = translateFnmatch("[\u0100-\u0163]");
    expect(matcher(most ?? "")("\u0163")).toBe(true);
  });

  const segment = fc.string({
    unit: fc.constantFrom("a", "b", ".", "-", "{", ",", "}", "]", "é"),
    minLength: 1,
    maxLength: 4,
  });
  const path = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"))
    .filter((one) => judgeName(one).kind !== "hostile");
  /** A `?` is meant within a name; only the proof on a listing knows whether that holds. */
  const pattern = fc
    .array(
      fc.constantFrom("a", "b", ".", "-", "{", ",", "}", "/", "*", "*", "*", "[ab]", "[a-c]", "a/", "é"),
      { maxLength: 7 },
    )
    .map((parts) => parts.join(""));

  it("ends with one that takes the very files, whatever the names are", () => {
    fc.assert(
      fc.property(pattern, fc.array(path, { maxLength: 20 }), (given, paths) => {
        const exact = translateFnmatch(given).at(-1);
        fc.pre(exact !== undefined);
        expect(paths.filter(matcher(exact as string))).toEqual(paths.filter(compileFnmatch(given)));
      }),
      { numRuns: 3_000 },
    );
  });

  it("begins with one that takes no file which the pattern leaves", () => {
    fc.assert(
      fc.property(pattern, fc.array(path, { maxLength: 20 }), (given, paths) => {
        const [plain] = translateFnmatch(given);
        fc.pre(plain !== undefined);
        const wanted = compileFnmatch(given);
        expect(paths.filter(matcher(plain as string)).filter((one) => !wanted(one))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
