import { describe, expect, it } from "vitest";
import { finalPath, isBelow, wantsOf } from "../../../cli/lock/wants.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

describe("wantsOf()", () => {
  it("puts each file below its source's folder, without what is stripped", () => {
    const rust = entryOf(sourceOf("rust", { path: "code/rust", strip: "data/rust" }), [
      fileOf("data/rust/a.parquet", { size: 7 }),
      fileOf("data/rust/x/data/rust", { digest: digestOf("b", "git") }),
    ]);
    const all = entryOf(sourceOf("all", { path: "", type: "model" }), [fileOf("a")], {
      commit: commitOf("2"),
    });
    expect(wantsOf(lockOf(all, rust))).toEqual([
      want("a", "all", { repo: { type: "model", repo: "o/all" }, commit: commitOf("2"), path: "a", size: 1 }),
      want("code/rust/a.parquet", "rust", remote("data/rust/a.parquet", 7)),
      {
        ...want("code/rust/x/data/rust", "rust", remote("data/rust/x/data/rust", 1)),
        digest: digestOf("b", "git"),
      },
    ]);
  });

  const remote = (path: string, size: number) => ({
    repo: { type: "dataset", repo: "o/rust" },
    commit: commitOf("1"),
    path,
    size,
  });

  function want(
    path: string,
    source: string,
    from: { size: number; path: string; repo: object; commit: string },
  ) {
    return { path, source, digest: digestOf("a"), size: from.size, remote: from };
  }
});

describe("wantsOf() of a rescued source", () => {
  it("asks each refuge under the path that the file has there, and the pin for what none has", () => {
    const rescued = [
      { repo: "o/mirror", type: "model", commit: commitOf("e") },
      { repo: "o/other", type: "dataset", commit: commitOf("f") },
    ] as const;
    const files = [
      fileOf("data/a"),
      fileOf("data/b", { from: { path: "x/y" as TreePath } }),
      fileOf("data/c", { from: { refuge: 2 } }),
      fileOf("data/d", { from: { refuge: 0 } }),
    ];
    const lock = lockOf(entryOf(sourceOf("s", { strip: "data" }), files, { rescued }));
    expect(
      wantsOf(lock).map(({ path, remote }) => [
        path,
        remote.repo.type,
        remote.repo.repo,
        remote.commit[0],
        remote.path,
      ]),
    ).toEqual([
      ["s/a", "model", "o/mirror", "e", "data/a"],
      ["s/b", "model", "o/mirror", "e", "x/y"],
      ["s/c", "dataset", "o/other", "f", "data/c"],
      ["s/d", "dataset", "o/s", "1", "data/d"],
    ]);
  });
});

describe("finalPath()", () => {
  it.each([
    ["", "", "a/b", "a/b"],
    ["x", "", "a/b", "x/a/b"],
    ["", "a", "a/b", "b"],
    ["x/y", "a", "a/b", "x/y/b"],
    ["x", "a/b", "a/b/c/d", "x/c/d"],
  ])("below %j without %j of %j is %j", (path, strip, file, final) => {
    expect(finalPath({ path, strip }, file)).toBe(final);
  });
});

describe("isBelow()", () => {
  it.each([
    ["", "a", true],
    ["a", "a/b", true],
    ["a", "a", false],
    ["a", "ab/c", false],
    ["a/b", "a/b/c", true],
    ["A", "a/b", false],
  ])("%j, %j is %s", (folder, path, below) => {
    expect(isBelow(folder, path)).toBe(below);
  });
});
