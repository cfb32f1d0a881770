import { describe, expect, it } from "vitest";
import { catalogOf, findCommit } from "../../../cli/serve/catalog.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

const [ONE, TWO] = [commitOf("1"), commitOf("2")];

function source(name: string, files: readonly string[], more: Partial<LockedSource> = {}): LockedSource {
  const entry = entryOf(
    sourceOf(name),
    files.map((path) => fileOf(path)),
  );
  return { ...entry, repo: "o/n", ...more };
}

describe("catalogOf()", () => {
  it("serves what all sources of a commit take, under the repository's paths", () => {
    const lock = lockOf(
      source("a", ["rust/x", "rust/y"], { path: "code", strip: "rust" }),
      source("b", ["rust/x", "notes.md"], { path: "other" }),
    );
    const { repos, warnings } = catalogOf(lock);
    expect(warnings).toEqual([]);
    expect(repos).toHaveLength(1);
    const commit = findCommit(repos[0]!, "main")!;
    expect([...commit.files.keys()].sort()).toEqual(["notes.md", "rust/x", "rust/y"]);
    expect(commit.files.get("rust/x")?.places.map(({ path }) => path)).toEqual(["code/x", "other/rust/x"]);
  });

  it("tells files of large-file storage from those that git holds", () => {
    const files = [
      fileOf("big", { digest: digestOf("a") }),
      fileOf("small", { digest: digestOf("b", "git") }),
    ];
    const [repo] = catalogOf(lockOf({ ...source("a", []), files })).repos;
    const { files: served } = findCommit(repo!, "main")!;
    expect([...served.values()].map(({ path, lfs, digest }) => [path, lfs, digest().length])).toEqual([
      ["big", true, 64],
      ["small", false, 40],
    ]);
  });

  it.each([
    ["main", ONE],
    ["HEAD", ONE],
    ["refs/heads/main", ONE],
    [ONE, ONE],
    ["v1", TWO],
    ["refs/convert/parquet", TWO],
    [TWO, TWO],
    ["v2", undefined],
    ["refs/heads/refs/convert/parquet", undefined],
    [commitOf("3"), undefined],
    ["", undefined],
  ])("resolves %s", (revision, commit) => {
    const lock = lockOf(
      source("a", ["x"], { commit: ONE }),
      source("b", ["y"], { commit: TWO, revision: "v1" }),
      source("c", ["z"], { commit: TWO, revision: "refs/convert/parquet" }),
    );
    const { repos, warnings } = catalogOf(lock);
    expect(warnings).toEqual([]);
    expect(findCommit(repos[0]!, revision)?.id).toBe(commit);
  });

  it("gives a revision that two sources pin apart to the first by name, and says so", () => {
    const lock = lockOf(source("a", ["x"], { commit: TWO }), source("b", ["y"], { commit: ONE }));
    const { repos, warnings } = catalogOf(lock);
    expect(findCommit(repos[0]!, "main")?.id).toBe(TWO);
    expect([...findCommit(repos[0]!, ONE)!.files.keys()]).toEqual(["y"]);
    expect(warnings).toEqual([
      `dataset o/n: "main" means commit ${TWO} of source "a"; source "b" pins it to ${ONE}, which is served by that id alone`,
    ]);
  });

  it("takes the first source's commit for main where no source names it", () => {
    const [a, b] = [
      { commit: ONE, revision: "v1" },
      { commit: TWO, revision: ONE },
    ];
    expect(findCommit(catalogOf(lockOf(source("a", [], a))).repos[0]!, "main")?.id).toBe(ONE);
    const { repos, warnings } = catalogOf(lockOf(source("a", [], a), source("b", [], b)));
    expect(findCommit(repos[0]!, "main")?.id).toBe(ONE);
    expect(warnings).toEqual([
      `dataset o/n: no source takes "main", so it means the first one's commit ${ONE}`,
    ]);
  });

  it("finds a repository by its name, by a former one and in another case, of its own type alone", () => {
    const { find } = catalogOf(lockOf(source("a", ["x"], { repo: "Own/New", asked: "own/old" })));
    expect(find("dataset", "Own/New")?.kind).toBe("here");
    expect(find("dataset", "own/old")?.kind).toBe("moved");
    expect(find("dataset", "OWN/NEW")?.repo.name).toBe("Own/New");
    expect(find("model", "Own/New")).toBeUndefined();
    expect(find("dataset", "__proto__")).toBeUndefined();
  });
});
