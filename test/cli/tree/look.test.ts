import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { looker, parentOf } from "../../../cli/tree/look.ts";
import { pathOf } from "../../support/engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let home: TemporaryFolder;
let root: string;

beforeEach(async () => {
  home = await temporaryFolder();
  root = join(home.path, "root");
  await mkdir(join(root, "a", "b"), { recursive: true });
  await mkdir(join(home.path, "outside"));
  await writeFile(join(home.path, "outside", "x"), "outside");
  await writeFile(join(root, "a", "b", "file"), "inside");
  await symlink(join(home.path, "outside"), join(root, "link"));
  await symlink(join(root, "a", "b", "file"), join(root, "file-link"));
  await symlink(join(root, "nowhere"), join(root, "dangling"));
  execFileSync("mkfifo", [join(root, "pipe")]);
});

afterEach(() => home.remove());

const look = (path: string) => looker(nodeDisk(), root).look(pathOf(path));

describe("looker().look()", () => {
  it.each([
    ["none", { kind: "nothing" }],
    ["none/below", { kind: "nothing" }],
    ["a/b/file", { kind: "file", stat: { size: 6 } }],
    ["a/b", { kind: "other", what: "folder" }],
    ["pipe", { kind: "other", what: "special" }],
    ["link", { kind: "other", what: "symlink" }],
    ["file-link", { kind: "other", what: "symlink" }],
    ["dangling", { kind: "other", what: "symlink" }],
    ["link/x", { kind: "blocked", at: "link", what: "symlink" }],
    ["link/deep/er/x", { kind: "blocked", at: "link", what: "symlink" }],
    ["dangling/x", { kind: "blocked", at: "dangling", what: "symlink" }],
    ["a/b/file/x", { kind: "blocked", at: "a/b/file", what: "file" }],
    ["pipe/x", { kind: "blocked", at: "pipe", what: "special" }],
  ])("at %s", (path, sight) => {
    expect(look(path)).toMatchObject(sight);
  });

  it("is not misled by a path that ends like the folder before it", async () => {
    await symlink(join(home.path, "outside"), join(root, "l"));
    const eyes = looker(nodeDisk(), root);
    expect(eyes.look(pathOf("a/x")).kind).toBe("nothing");
    expect(eyes.look(pathOf("l/a"))).toMatchObject({ kind: "blocked", at: "l" });
  });

  it("looks at each folder once, however many files are in it", () => {
    const disk = nodeDisk();
    const looked: string[] = [];
    const lstat = (path: string) => {
      looked.push(path);
      return disk.lstat(path);
    };
    const counting = { ...disk, lstat };
    const eyes = looker(counting, root);
    for (let index = 0; index < 50; index++) eyes.look(pathOf(`a/b/${index}`));
    expect(looked).toHaveLength(52);
  });
});

describe("looker().reaches()", () => {
  it.each([
    ["top", true],
    ["a/b/file", true],
    ["a/b/none", true],
    ["none/x", false],
    ["link/x", false],
    ["link/deep/x", false],
    ["a/b/file/x", false],
  ])("%s: %s", (path, reached) => {
    expect(looker(nodeDisk(), root).reaches(pathOf(path))).toBe(reached);
  });
});

describe("looker().firstStranger()", () => {
  const stranger = (folder: string, known: readonly string[]) =>
    looker(nodeDisk(), root).firstStranger(pathOf(folder), (path) => known.includes(path));

  it("finds a file that is not known, in any depth, and no folder", async () => {
    expect(await stranger("a", [])).toBe("a/b/file");
    expect(await stranger("a", ["a/b/file"])).toBeUndefined();
  });

  it("finds one behind folders that have none, and none in what is no folder", async () => {
    for (const folder of ["a/a", "a/c"]) await mkdir(join(root, folder));
    for (const folder of ["a", "b", "c"]) await writeFile(join(root, "a", folder, "one"), "");
    const known = ["a/b/file", "a/a/one", "a/b/one"];
    expect(await stranger("a", known)).toBe("a/c/one");
    expect(await stranger("a/b/file", [])).toBeUndefined();
  });

  it("counts a link as one, and does not go through it", async () => {
    await symlink(join(home.path, "outside"), join(root, "a", "b", "way-out"));
    expect(await stranger("a", ["a/b/file"])).toBe("a/b/way-out");
  });
});

describe("parentOf()", () => {
  it.each([
    ["a", ""],
    ["a/b", "a"],
    ["a/b/c", "a/b"],
  ])("of %s is %j", (path, parent) => {
    expect(parentOf(path)).toBe(parent);
  });
});
