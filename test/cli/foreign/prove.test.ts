import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needsListing, proveChoices } from "../../../cli/foreign/prove.ts";
import type { Choice } from "../../../cli/foreign/wanted.ts";
import { compileFnmatch } from "../../../schema/fnmatch.ts";
import { judgeName } from "../../../schema/names.ts";
import { compilePattern } from "../../../schema/patterns.ts";

const PATHS = [
  ".gitattributes",
  "README.md",
  "config.json",
  "data/a.parquet",
  "data/x/b.parquet",
  "data/x/c.txt",
  "model-1.bin",
  "model-2.bin",
  "model-x/1.bin",
  "sub/config.json",
];

const patterns = (include: string[], exclude: string[] = []): Choice => ({
  kind: "patterns",
  include,
  exclude,
});
const OK = { kind: "ok", exclude: [], written: [], idle: [] };

describe("proveChoices()", () => {
  it("needs no listing for every file, or for files by name", () => {
    const files: Choice = { kind: "files", paths: ["config.json", "a[1].txt", "d/b.txt"] };
    expect([
      needsListing([files]),
      needsListing([{ kind: "all" }, patterns(["a"])]),
      needsListing([files, patterns(["a"])]),
    ]).toEqual([false, false, true]);
    expect(proveChoices([files], undefined)).toEqual({
      ...OK,
      include: ["/config.json", "/a\\[1\\].txt", "d/b.txt"],
      proof: "unneeded",
      files: 3,
    });
    expect(proveChoices([files, { kind: "all" }], PATHS)).toMatchObject({ include: [], proof: "unneeded" });
  });

  it.each<[string, string[], string[], string[], string[], number]>([
    ["a plain one", ["*.parquet"], [], ["*.parquet"], [], 2],
    ["a folder", ["data/*"], [], ["data/**"], [], 3],
    ["a folder's kind", ["data/*.parquet"], [], ["data/**/*.parquet"], [], 2],
    ["a name", ["config.json"], [], ["/config.json"], [], 1],
    ["one that stays in its folder", ["data/a*"], [], ["data/a*"], [], 1],
    ["one that crosses", ["model-*.bin"], [], ["/model-{*,*/**/*}.bin"], [], 3],
    ["excludes alone", [], ["*.parquet", "model-*"], [], ["*.parquet", "/model-{*,*/**}"], 5],
    ["both", ["data/*"], ["*.txt"], ["data/**"], ["*.txt"], 2],
    ["an idle exclude", ["*.md"], ["*.zip"], ["*.md"], ["*.zip"], 1],
  ])("translates %s, and proves it", (_, include, exclude, ours, out, files) => {
    expect(proveChoices([patterns(include, exclude)], PATHS)).toEqual({
      ...OK,
      include: ours,
      exclude: out,
      proof: "proved",
      files,
    });
  });

  it("writes the files out where no pattern says the same", () => {
    expect(proveChoices([patterns(["[!.]*.json"])], PATHS)).toEqual({
      ...OK,
      include: ["/config.json", "sub/config.json"],
      written: ["[!.]*.json"],
      proof: "proved",
      files: 2,
    });
    // Excluded files that nothing includes are not worth a line.
    expect(proveChoices([patterns(["data/*"], ["*[!t]"])], PATHS)).toEqual({
      ...OK,
      include: ["data/**"],
      proof: "proved",
      files: 3,
    });
    expect(proveChoices([patterns(["data/*"], ["*[!x]"])], PATHS)).toMatchObject({ kind: "refused" });
    expect(proveChoices([patterns(["data/*", "*[!t]"], ["*.bin"])], PATHS)).toMatchObject({
      include: ["data/**", ".gitattributes", "README.md", "config.json", "sub/config.json"].map((path) =>
        /[/*]/.test(path) ? path : `/${path}`,
      ),
      exclude: ["*.bin"],
    });
  });

  it("leaves out what selects nothing, and refuses where all of it does", () => {
    expect(proveChoices([patterns(["*.md", "*.zip"])], PATHS)).toMatchObject({
      include: ["*.md"],
      idle: ["*.zip"],
      files: 1,
    });
    expect(proveChoices([patterns(["*.md", "*.json"], ["*.json"])], PATHS)).toMatchObject({
      include: ["*.md"],
      exclude: ["*.json"],
      idle: ["*.json"],
    });
    expect(proveChoices([patterns(["*.zip"])], PATHS)).toEqual({
      kind: "refused",
      why: "it selects no file of the repository",
    });
    expect(proveChoices([patterns(["/x"])], PATHS)).toMatchObject({ kind: "refused" });
  });

  it("adds up several downloads into one folder", () => {
    expect(
      proveChoices([patterns(["*.md"]), { kind: "files", paths: ["config.json"] }], PATHS),
    ).toMatchObject({ include: ["*.md", "/config.json"], files: 2 });
    expect(proveChoices([patterns(["data/*"], ["*.txt"]), patterns(["*.txt"], ["x*"])], PATHS)).toMatchObject(
      {
        include: ["data/a.parquet", "data/x/b.parquet", "data/x/c.txt"],
        exclude: [],
        files: 3,
      },
    );
  });

  it("translates exactly where there is no listing, or not at all", () => {
    expect(proveChoices([patterns(["model-*.bin"], ["*.md"])], undefined)).toEqual({
      ...OK,
      include: ["/model-{*,*/**/*}.bin"],
      exclude: ["*.md"],
      proof: "unproved",
      files: undefined,
    });
    expect(proveChoices([patterns(["[!a]*"])], undefined)).toMatchObject({ kind: "refused" });
    expect(proveChoices([patterns(["a"], ["b"]), patterns(["b"])], undefined)).toMatchObject({
      kind: "refused",
    });
  });

  it("refuses a name that no pattern can hold", () => {
    expect(proveChoices([patterns(["[!.]*"])], ["a\nb"])).toEqual({
      kind: "refused",
      why: 'the pattern "/a\\u000ab" holds a control character',
    });
    expect(proveChoices([{ kind: "files", paths: ["x".repeat(1_001)] }], undefined)).toMatchObject({
      kind: "refused",
    });
  });

  it("takes thousands of names without comparing each with each", () => {
    const many = Array.from({ length: 9_000 }, (_, index) => `d/f${index}`);
    expect(proveChoices([patterns(many.slice(0, 8_000))], many)).toMatchObject({
      proof: "proved",
      files: 8_000,
    });
  });

  it("refuses a list longer than a manifest may have", () => {
    const many = Array.from({ length: 10_001 }, (_, index) => `f${index}`);
    const { kind, why } = proveChoices([patterns(["[!.]*"])], many) as { kind: string; why: string };
    expect([kind, why]).toEqual([
      "refused",
      "it takes a list of 10001 files, and a manifest holds 10000 patterns",
    ]);
  });

  const segment = fc.string({
    unit: fc.constantFrom("a", "b", "c", ".", "-", "1"),
    minLength: 1,
    maxLength: 3,
  });
  const path = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((segments) => segments.join("/"))
    .filter((one) => judgeName(one).kind !== "hostile");
  const listing = fc.uniqueArray(path, { minLength: 1, maxLength: 25 });
  const pattern = fc
    .array(fc.constantFrom("a", "b", "c", ".", "/", "*", "*", "?", "[ab]", "[!a]", "[!/]", "1", "-"), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join(""));
  const choice = fc.record({
    kind: fc.constant("patterns" as const),
    include: fc.array(pattern, { maxLength: 3 }),
    exclude: fc.array(pattern, { maxLength: 2 }),
  });

  it("selects the very files that hf does, on any listing", () => {
    let settled = 0;
    fc.assert(
      fc.property(listing, fc.array(choice, { minLength: 1, maxLength: 2 }), (paths, choices) => {
        const proved = proveChoices(choices, paths);
        const wanted = paths.filter((one) =>
          choices.some(
            ({ include, exclude }) =>
              (include.length === 0 || include.some((each) => compileFnmatch(each)(one))) &&
              !exclude.some((each) => compileFnmatch(each)(one)),
          ),
        );
        if (proved.kind === "refused") {
          expect(wanted).toEqual([]);
          return;
        }
        settled += 1;
        const matchers = (list: readonly string[]) =>
          list
            .map(compilePattern)
            .map((one) => (one.kind === "ok" ? one.matches : () => expect.fail(one.why)));
        const [include, exclude] = [matchers(proved.include), matchers(proved.exclude)];
        const ours = paths.filter(
          (one) =>
            (include.length === 0 || include.some((matches) => matches(one))) &&
            !exclude.some((matches) => matches(one)),
        );
        expect(ours).toEqual(wanted);
        // A lock would refuse an include that selects nothing.
        for (const matches of include) expect(ours.some((one) => matches(one))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    expect(settled).toBeGreaterThan(500);
  });
});
