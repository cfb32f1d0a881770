import { describe, expect, it } from "vitest";
import { judge } from "../../../cli/resolve/judge.ts";
import type { LockedFile, LockedSource } from "../../../schema/lock.ts";
import type { Expectation, LicenseRules, Manifest, Source } from "../../../schema/manifest.ts";
import { carrierOf, entryOf, fileOf, lockOf, manifestOf, sourceOf } from "../../support/documents.ts";

const one = sourceOf("one");

/** The codes of what is wrong with one source of these files. */
function codes(source: Source, files: readonly LockedFile[], parts: Partial<LockedSource> = {}): string[] {
  return judge(manifestOf(source), lockOf(entryOf(source, files, parts)), undefined).map(({ code }) => code);
}

describe("judge() of expectations", () => {
  const files = [fileOf("a", { size: 10 }), fileOf("b", { size: 5 })];

  it.each<[Expectation, string[]]>([
    [{}, []],
    [{ files: 2, minFiles: 2, maxBytes: 15 }, []],
    [{ files: 3 }, ["expect.files: it has 2 files, should be 3"]],
    [{ files: 0 }, ["expect.files: it has 2 files, should be 0"]],
    [{ minFiles: 3 }, ["expect.minFiles: it has 2 files, should be at least 3"]],
    [{ maxBytes: 14 }, ["expect.maxBytes: it has 15 bytes, should be at most 14"]],
    [
      { files: 1, minFiles: 3, maxBytes: 0 },
      [
        "expect.files: it has 2 files, should be 1",
        "expect.minFiles: it has 2 files, should be at least 3",
        "expect.maxBytes: it has 15 bytes, should be at most 0",
      ],
    ],
  ])("%j", (expected, broken) => {
    const source = sourceOf("one", { expect: expected });
    const found = judge(manifestOf(source), lockOf(entryOf(source, files)), undefined);
    expect(found.map(({ message }) => message)).toEqual(broken.map((line) => `source "one" breaks ${line}`));
    for (const problem of found) expect(problem).toMatchObject({ code: "EXPECTATION", source: "one" });
  });
});

describe("judge() of licences", () => {
  const rows: readonly (readonly [
    LicenseRules,
    named: readonly string[],
    accept: string | readonly string[] | undefined,
    refused: readonly string[],
  ])[] = [
    [{}, ["gpl"], undefined, []],
    [{}, [], undefined, []],
    [{ allow: ["mit"] }, ["mit"], undefined, []],
    [{ allow: ["MIT"] }, ["mit"], undefined, []],
    [{ allow: ["mit"] }, ["other"], undefined, ["other"]],
    [{ allow: ["mit"] }, ["mit", "gpl"], undefined, ["gpl"]],
    [{ allow: ["mit"] }, [], undefined, ["unknown"]],
    [{ allow: [] }, ["mit"], undefined, ["mit"]],
    [{ deny: ["gpl"] }, ["GPL"], undefined, ["GPL"]],
    [{ deny: ["gpl"] }, [], undefined, []],
    [{ deny: ["unknown"] }, [], undefined, ["unknown"]],
    [{ allow: ["gpl"], deny: ["gpl"] }, ["gpl"], undefined, ["gpl"]],
    [{ allow: ["mit"] }, ["other"], "Other", []],
    [{ allow: ["mit"] }, [], "unknown", []],
    [{ allow: ["mit"] }, ["gpl"], "other", ["gpl"]],
    [{ deny: ["gpl"] }, ["gpl"], "gpl", []],
    [{ allow: ["mit"] }, ["other", "gpl"], ["GPL", "other"], []],
  ];

  it.each(rows)("%j of %j, accepting %j, refuses %j", (licenses, named, accept, refused) => {
    const source = sourceOf("one", { license: accept === undefined ? undefined : { accept, reason: "r" } });
    const manifest: Manifest = { ...manifestOf(source), licenses };
    const found = judge(manifest, lockOf(entryOf(source, [], { licenses: named })), undefined);
    expect(found.map(({ code, hint }) => [code, /accept: "([^"]*)"/.exec(hint ?? "")?.[1]])).toEqual(
      refused.map((license) => ["LICENSE_REFUSED", license]),
    );
  });

  it("says of several refused ones how all are accepted at once, those accepted already too", () => {
    const license = { accept: "other", reason: "r" };
    const source = sourceOf("one", { license });
    const manifest: Manifest = { ...manifestOf(source), licenses: { allow: ["mit"] } };
    const found = judge(
      manifest,
      lockOf(entryOf(source, [], { licenses: ["mit", "gpl", "other"] })),
      undefined,
    );
    expect(found).toMatchObject([
      { code: "LICENSE_REFUSED", hint: expect.stringContaining('accept: ["gpl","other"],') },
    ]);
  });

  it("shows no control character of what a card says", () => {
    const manifest = { ...manifestOf(one), licenses: { allow: ["mit"] } };
    const found = judge(manifest, lockOf(entryOf(one, [], { licenses: ["a\u001b[2J\u009bb"] })), undefined);
    expect(JSON.stringify(found)).not.toMatch(/[\u001b\u009b]/);
    expect(found).toHaveLength(1);
  });
});

describe("judge() of a carried source", () => {
  const fallback = carrierOf("o/f", { expect: { files: 2 }, license: { accept: "other", reason: "r" } });
  const source = sourceOf("one", { expect: { files: 1 }, fallbacks: [carrierOf("o/g"), fallback] });
  const carried = {
    repo: "o/f",
    licenses: ["other"],
    carrier: { fallback: 1, why: "gated", instead: "dataset o/one main" },
  };

  it("takes the expectations and the acceptance of its fallback, found by what it names", () => {
    const manifest = { ...manifestOf(source), licenses: { allow: ["mit"] } };
    expect(judge(manifest, lockOf(entryOf(source, [fileOf("a"), fileOf("b")], carried)), undefined)).toEqual(
      [],
    );
    expect(codes(source, [fileOf("a")], carried)).toEqual(["EXPECTATION"]);
  });

  it("takes the source's own where nothing names that fallback any more", () => {
    expect(codes({ ...source, fallbacks: [] }, [fileOf("a")], carried)).toEqual([]);
    expect(codes({ ...source, fallbacks: [] }, [fileOf("a"), fileOf("b")], carried)).toEqual(["EXPECTATION"]);
  });
});

describe("judge() of names", () => {
  it.each<[string, string, Partial<Source>, string[]]>([
    ["x", "a/b", {}, []],
    ["x", "con", {}, ["NAME_REFUSED"]],
    ["x", "con", { names: "posix" }, []],
    ["aux", "a", {}, ["NAME_REFUSED"]],
    ["x/.cache", "huggingface/a", { names: "posix" }, ["NAME_REFUSED"]],
    [`${"d/".repeat(1_500)}d`, `${"f/".repeat(1_000)}f`, { names: "posix" }, ["NAME_REFUSED"]],
  ])("below %j of %j with %j is %j", (path, file, parts, expected) => {
    expect(codes(sourceOf("one", { path, ...parts }), [fileOf(file)])).toEqual(expected);
  });
});

describe("judge() of final paths", () => {
  const two = sourceOf("two");

  function collisions(
    a: Partial<Source>,
    b: Partial<Source>,
    files: readonly [string[], string[]],
  ): readonly string[] {
    const [first, second] = [sourceOf("one", a), sourceOf("two", b)];
    const lock = lockOf(
      entryOf(
        first,
        files[0].map((path) => fileOf(path)),
      ),
      entryOf(
        second,
        files[1].map((path) => fileOf(path)),
      ),
    );
    return judge(manifestOf(first, second), lock, undefined).flatMap(({ code, details }) => [
      code,
      ...(details ?? []),
    ]);
  }

  const POSIX = { names: "posix" } as const;

  it.each<[string, Partial<Source>, Partial<Source>, [string[], string[]], string[]]>([
    ["apart", {}, {}, [["a"], ["a"]], []],
    [
      "equal",
      { path: "x" },
      { path: "x" },
      [["a"], ["a"]],
      ["PATH_COLLISION", '"x/a" (one) is also "x/a" (two)'],
    ],
    [
      "equal after strip",
      { path: "", strip: "d" },
      { path: "" },
      [["d/a"], ["a"]],
      ["PATH_COLLISION", '"a" (one) is also "a" (two)'],
    ],
    [
      "equal under names: posix",
      { path: "x", ...POSIX },
      { path: "x", ...POSIX },
      [["a"], ["a"]],
      ["PATH_COLLISION", '"x/a" (one) is also "x/a" (two)'],
    ],
    [
      "folded",
      { path: "x" },
      { path: "X" },
      [["a"], ["A"]],
      ["PATH_COLLISION", '"x/a" (one) differs only in case or normalisation from "X/A" (two)'],
    ],
    [
      "folded, by one source that allows it",
      { path: "x", ...POSIX },
      { path: "X" },
      [["a"], ["A"]],
      ["PATH_COLLISION", '"x/a" (one) differs only in case or normalisation from "X/A" (two)'],
    ],
    [
      "folded, by two sources that allow it",
      { path: "x", ...POSIX },
      { path: "X", ...POSIX },
      [["a"], ["A"]],
      [],
    ],
    [
      "normalised",
      { path: "" },
      { path: "" },
      [["é"], ["e\u0301"]],
      ["PATH_COLLISION", '"é" (one) differs only in case or normalisation from "e\u0301" (two)'],
    ],
    [
      "parent and child",
      { path: "", ...POSIX },
      { path: "a", ...POSIX },
      [["a"], ["b"]],
      ["PATH_COLLISION", '"a" (one) is a folder above "a/b" (two)'],
    ],
    [
      "parent and child, folded",
      { path: "" },
      { path: "a" },
      [["A"], ["b"]],
      ["PATH_COLLISION", '"A" (one) is, but for case or normalisation, a folder above "a/b" (two)'],
    ],
    [
      "parent and child, folded and allowed",
      { path: "", ...POSIX },
      { path: "a", ...POSIX },
      [["A"], ["b"]],
      [],
    ],
    [
      "equal behind a pair that is allowed",
      { path: "", ...POSIX },
      { path: "", ...POSIX },
      [["A", "a"], ["a"]],
      ["PATH_COLLISION", '"a" (one) is also "a" (two)'],
    ],
  ])("%s", (_, a, b, files, expected) => {
    expect(collisions(a, b, files)).toEqual(expected);
  });

  it("looks at every source of the lock, whatever is asked for", () => {
    const lock = lockOf(
      entryOf(sourceOf("one", { path: "x" }), [fileOf("a")]),
      entryOf(sourceOf("two", { path: "x" }), [fileOf("a")]),
    );
    expect(judge(manifestOf(one, two), lock, new Set(["one"])).map(({ code }) => code)).toEqual([
      "PATH_COLLISION",
    ]);
  });

  it("tells of ten pairs, and how many more there are", () => {
    const files = Array.from({ length: 50 }, (_, index) => `f${index}`);
    const lines = collisions({ path: "x" }, { path: "x" }, [files, files]);
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("and 40 more");
  });

  it("finds 50,000 collisions of 5,000 sources without comparing each with every other", () => {
    const sources = Array.from({ length: 5_000 }, (_, index) => sourceOf(`s${index}`, { path: "x" }));
    const files = Array.from({ length: 10 }, (_, index) => fileOf(`f${index}`));
    const found = judge(
      manifestOf(...sources),
      lockOf(...sources.map((source) => entryOf(source, files))),
      undefined,
    );
    expect(found.map(({ message }) => message)).toEqual([
      "49990 pairs of files would have one place on disk",
    ]);
  });
});

describe("judge()", () => {
  it("judges the sources in scope, and none that the manifest dropped", () => {
    const strict = { expect: { files: 9 } };
    const [a, b, gone] = [sourceOf("a", strict), sourceOf("b", strict), sourceOf("gone", strict)];
    const lock = lockOf(entryOf(a, []), entryOf(b, []), entryOf(gone, []));
    const judged = (scope?: string[]) =>
      judge(manifestOf(a, b), lock, scope && new Set(scope)).map(({ source }) => source);
    expect(judged()).toEqual(["a", "b"]);
    expect(judged(["b"])).toEqual(["b"]);
    expect(judged([])).toEqual([]);
  });
});
