import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { fileOid, folderOid, listEntries } from "../../../cli/serve/folders.ts";
import { temporaryFolder } from "../trees.ts";
import { bytesContent, generatedContent } from "./content.ts";
import { addCommit, fileOf, findCommit, history, type Repo, type Tree } from "./store.ts";

const run = promisify(execFile);

describe("generatedContent()", () => {
  it("gives the same bytes for any way of cutting the ranges", () => {
    const content = generatedContent(1000, 3);
    const whole = content.read(0, 1000);
    const cuts = [0, 1, 15, 16, 17, 500, 999, 1000];
    const pieces = cuts.slice(1).map((end, index) => content.read(cuts[index]!, end));
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    expect(content.sha256()).toBe(createHash("sha256").update(whole).digest("hex"));
    expect(generatedContent(1000, 4).sha256()).not.toBe(content.sha256());
  });
});

describe("folderOid()", () => {
  const files = { a: "1", "a.txt": "2", "a/b": "3", "dir/sub/x": "4", "dir-x": "5", "dir/é": "6" };
  const { a: _file, ...clean } = files;

  it("is what git says of the same tree", async (context) => {
    const ours = folderOid(commitOf(clean).root());
    const folder = await temporaryFolder();
    try {
      for (const [path, text] of Object.entries(clean)) {
        await mkdir(dirname(join(folder.path, path)), { recursive: true });
        await writeFile(join(folder.path, path), text);
      }
      const git = (...args: string[]): Promise<{ stdout: string }> =>
        run("git", ["-c", "core.autocrlf=false", ...args], { cwd: folder.path });
      await git("init", "-q").catch(() => context.skip("there is no git command"));
      await git("add", "-A");
      expect((await git("write-tree")).stdout.trim()).toBe(ours);
    } finally {
      await folder.remove();
    }
  });
});

describe("listEntries()", () => {
  it("keeps hostile names as they are", () => {
    const names = ["../evil", "/etc/x", "a\\b", "n\0ul", ".git/hooks/x", "Dup", "dup", "x//y", "f", "f/g"];
    const commit = commitOf(Object.fromEntries(names.map((name) => [name, name])));
    const files = listEntries(commit.root(), true).filter(({ kind }) => kind === "file");
    expect(files.map(({ path }) => path).sort()).toEqual([...names].sort());
  });
});

describe("fileOid()", () => {
  it("is the git id of the content, or of the pointer that stands for it", () => {
    const content = bytesContent(Buffer.from("hi\n"));
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${content.sha256()}\nsize 3\n`;
    expect(fileOid(fileOf("x.bin", content, false))).toBe("45b983be36b73c0788dc9cbcb76cbb80fc7bb057");
    expect(fileOid(fileOf("x.bin", content, true))).toBe(bytesContent(Buffer.from(pointer)).gitOid());
  });
});

describe("addCommit()", () => {
  it("makes the same ids from the same content and parent", () => {
    const [one, two] = [emptyRepo(), emptyRepo()];
    const first = addCommit(one, { a: "1" }, {});
    expect(addCommit(two, { a: "1" }, {})).toBe(first);
    expect(addCommit(one, { a: "1" }, {})).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{40}$/);
  });

  it("replaces the tree, or lays files over it when told to", () => {
    const repo = emptyRepo();
    addCommit(repo, { a: "1", b: "2" }, {});
    addCommit(repo, { b: "3" }, { replace: false });
    expect([...findCommit(repo, "main")!.files.keys()]).toEqual(["a", "b"]);
    addCommit(repo, { c: "4" }, {});
    expect([...findCommit(repo, "main")!.files.keys()]).toEqual(["c"]);
    expect(history(repo, findCommit(repo, "main")!)).toHaveLength(3);
  });

  it("takes files for LFS by name, by size, and as told", () => {
    const tree = {
      "a.parquet": "x",
      "a.txt": "x",
      big: { size: 10 * 1024 * 1024 + 1 },
      "told.txt": { bytes: "x", lfs: true },
      "not.bin": { size: 5, lfs: false },
    };
    const lfs = [...commitOf(tree).files.values()].filter((file) => file.lfs).map(({ path }) => path);
    expect(lfs).toEqual(["a.parquet", "big", "told.txt"]);
  });
});

function emptyRepo(): Repo {
  return { name: "o/n", kind: "dataset", options: {}, id: "", commits: new Map(), refs: new Map() };
}

function commitOf(tree: Tree) {
  const repo = emptyRepo();
  return repo.commits.get(addCommit(repo, tree, {}))!;
}
