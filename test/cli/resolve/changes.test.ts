import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesBetween, fileChanges, movesPin } from "../../../cli/resolve/changes.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

const base = entryOf(sourceOf("s"), [fileOf("a"), fileOf("b", { digest: digestOf("b") })]);

describe("changesBetween()", () => {
  it.each<[string, Partial<LockedSource>, string | undefined]>([
    ["nothing", {}, undefined],
    ["the commit", { commit: commitOf("2") }, "moved"],
    ["the selection", { request: "sha256:x", files: [fileOf("a")] }, "reselected"],
    ["the repository", { repo: "o/m" }, "replaced"],
    ["the type", { type: "model" }, "replaced"],
    ["the revision", { revision: "v1", commit: commitOf("2") }, "replaced"],
    ["the folder", { path: "p" }, "placed"],
    ["strip", { strip: "x" }, "placed"],
    ["licences", { licenses: ["mit"] }, "placed"],
    ["the name", { name: "t" }, "renamed"],
    ["the name and the folder", { name: "t", path: "t" }, "renamed"],
  ])("of %s", (_, parts, kind) => {
    const changes = changesBetween(lockOf(base), lockOf({ ...base, ...parts }));
    expect(changes.map((change) => change.kind)).toEqual(kind === undefined ? [] : [kind]);
    if (kind === "renamed") expect(changes[0]).toMatchObject({ source: "t", from: "s" });
    else for (const { from } of changes) expect(from).toBeUndefined();
  });

  it("tells of sources added and removed, sorted by name", () => {
    const [a, z] = [entryOf(sourceOf("a"), [fileOf("x")]), entryOf(sourceOf("z"), [])];
    const changes = changesBetween(lockOf(base, z), lockOf(a, base));
    expect(changes.map(({ source, kind }) => [source, kind])).toEqual([
      ["a", "added"],
      ["z", "removed"],
    ]);
    expect(changes[0]).toMatchObject({ before: undefined, after: a });
    expect(changes[0]?.files).toEqual({ added: a.files, removed: [], changed: [], renamed: [] });
    expect(changes[1]).toMatchObject({ before: z, after: undefined });
    expect(changes[1]?.files).toEqual({ added: [], removed: [], changed: [], renamed: [] });
  });

  it("pairs renamed sources of one pin one by one", () => {
    const names = (...list: string[]) => lockOf(...list.map((name) => ({ ...base, name })));
    const changes = changesBetween(names("a", "b", "c"), names("x", "y"));
    expect(changes.map(({ source, kind, from }) => [source, kind, from])).toEqual([
      ["c", "removed", undefined],
      ["x", "renamed", "a"],
      ["y", "renamed", "b"],
    ]);
  });
});

describe("movesPin()", () => {
  const other = commitOf("2");
  it.each<[string, LockedSource | undefined, LockedSource | undefined, boolean]>([
    ["another commit", base, { ...base, commit: other }, true],
    ["another revision and commit", base, { ...base, revision: "v1", commit: other }, true],
    ["the same commit", base, { ...base, path: "p" }, false],
    ["another repository", base, { ...base, repo: "o/m", commit: other }, false],
    ["another type", base, { ...base, type: "model", commit: other }, false],
    ["a new source", undefined, base, false],
    ["a removed one", base, undefined, false],
  ])("%s", (_, before, after, moves) => {
    expect(movesPin({ before, after })).toBe(moves);
  });
});

describe("fileChanges()", () => {
  it("tells added, removed, changed and renamed files apart", () => {
    const before = [
      fileOf("gone", { digest: digestOf("1") }),
      fileOf("kept"),
      fileOf("old/x", { digest: digestOf("2") }),
      fileOf("same-name", { digest: digestOf("3") }),
    ];
    const after = [
      fileOf("kept"),
      fileOf("new", { digest: digestOf("4") }),
      fileOf("new/x", { digest: digestOf("2") }),
      fileOf("same-name", { digest: digestOf("5") }),
    ];
    const { added, removed, changed, renamed } = fileChanges(before, after);
    expect(added.map(({ path }) => path)).toEqual(["new"]);
    expect(removed.map(({ path }) => path)).toEqual(["gone"]);
    expect(changed.map((pair) => pair.after.path)).toEqual(["same-name"]);
    expect(renamed.map((pair) => [pair.before.path, pair.after.path])).toEqual([["old/x", "new/x"]]);
  });

  it("takes another size for a change, and tells both sides of it", () => {
    const [before, after] = [fileOf("a"), fileOf("a", { size: 2 })];
    expect(fileChanges([before], [after]).changed).toEqual([{ before, after }]);
    expect(fileChanges([before], [before]).changed).toEqual([]);
  });

  it("pairs files of one content in their order", () => {
    const { renamed, removed } = fileChanges(
      [fileOf("a"), fileOf("b"), fileOf("c")],
      [fileOf("x"), fileOf("y")],
    );
    expect(renamed.map((pair) => [pair.before.path, pair.after.path])).toEqual([
      ["a", "x"],
      ["b", "y"],
    ]);
    expect(removed.map(({ path }) => path)).toEqual(["c"]);
  });

  it("accounts for every file once", () => {
    const files = fc
      .uniqueArray(
        fc.record({ path: fc.constantFrom("a", "b", "c", "d", "e"), digit: fc.constantFrom("1", "2") }),
        {
          selector: ({ path }) => path,
        },
      )
      .map((list) => list.map(({ path, digit }) => fileOf(path, { digest: digestOf(digit) })));
    fc.assert(
      fc.property(files, files, (before, after) => {
        const { added, removed, changed, renamed } = fileChanges(before, after);
        const kept = after.filter((file) =>
          before.some((old) => old.path === file.path && old.digest === file.digest),
        );
        const news = [
          ...added,
          ...changed.map((pair) => pair.after),
          ...renamed.map((pair) => pair.after),
          ...kept,
        ];
        const olds = [
          ...removed,
          ...changed.map((pair) => pair.before),
          ...renamed.map((pair) => pair.before),
          ...kept,
        ];
        expect(news.map(({ path }) => path).sort()).toEqual(after.map(({ path }) => path).sort());
        expect(olds.map(({ path }) => path).sort()).toEqual(before.map(({ path }) => path).sort());
      }),
    );
  });

  it("takes 50,000 files of one content without copying a list for each", () => {
    const files = (folder: string) =>
      Array.from({ length: 50_000 }, (_, index) => fileOf(`${folder}/${index}`));
    expect(fileChanges(files("a"), files("b")).renamed).toHaveLength(50_000);
    expect(fileChanges(files("a"), []).removed).toHaveLength(50_000);
  });
});
