import { describe, expect, it } from "vitest";
import { finalPath, isBelow, wantsOf } from "../../../cli/lock/wants.ts";
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
