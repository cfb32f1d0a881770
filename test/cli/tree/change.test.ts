import { symlinkSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { type TreeChange, treeChange } from "../../../cli/tree/change.ts";
import { stampOf } from "../../../cli/tree/stamp.ts";
import { openTrash } from "../../../cli/tree/trash.ts";
import type { Stamp } from "../../../schema/ids.ts";
import { pathOf } from "../../support/engine.ts";
import { memoryDisk, systemError } from "../../support/memory-disk.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let home: TemporaryFolder;
let root: string;
let outside: string;
let change: TreeChange;

beforeEach(async () => {
  home = await temporaryFolder();
  root = join(home.path, "root");
  outside = join(home.path, "outside");
  await mkdir(root);
  await mkdir(outside);
  change = changeOn(nodeDisk());
});

afterEach(() => home.remove());

function changeOn(disk: Disk): TreeChange {
  return treeChange(disk, root, openTrash(disk, join(root, ".tritter"), "run"));
}

async function put(path: string, content: string): Promise<Stamp> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
  return stampNow(path);
}

function stampNow(path: string): Stamp {
  const stat = nodeDisk().lstat(join(root, path));
  if (stat === undefined) throw new Error(`nothing at ${path}`);
  return stampOf(stat);
}

async function tree(): Promise<Record<string, string>> {
  const files = Object.entries(await readTree(root)).filter(([path]) => !path.endsWith(".ndjson"));
  return Object.fromEntries(files.map(([path, bytes]) => [path, bytes.toString()]));
}

async function index(): Promise<unknown[]> {
  const text = await readFile(join(root, ".tritter", "trash", "run", "index.ndjson"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

async function blob(content: string): Promise<string> {
  const file = join(home.path, "blob");
  await writeFile(file, content);
  return file;
}

/** Does this in the instant before the operation. */
function before(
  operation: "rename" | "unlink" | "mkdir" | "rmdir",
  act: () => void | Promise<void>,
): TreeChange {
  const disk = nodeDisk();
  let done = false;
  const atOnce = (what: typeof operation) => {
    if (operation !== what || done) return;
    done = true;
    void act();
  };
  return changeOn({
    ...disk,
    // What blocks has no time for an act that waits: those who race it act at once.
    renameNow: (from, to) => {
      atOnce("rename");
      disk.renameNow(from, to);
    },
    mkdirNow: (path) => {
      atOnce("mkdir");
      disk.mkdirNow(path);
    },
    [operation]: async (...args: [string, string]) => {
      if (!done) {
        done = true;
        await act();
      }
      await (disk[operation] as (...args: [string, string]) => Promise<void>)(...args);
    },
  });
}

const CONFLICT = { code: "CONFLICT", message: expect.stringContaining("a symlink is there") };

describe("treeChange() below a link", () => {
  beforeEach(async () => {
    await writeFile(join(outside, "x"), "theirs");
    await symlink(outside, join(root, "link"));
  });

  it.each<[string, () => Promise<unknown> | unknown]>([
    ["place", async () => change.place(await blob("b"), pathOf("link/x"))],
    ["place deeper", async () => change.place(await blob("b"), pathOf("link/new/x"))],
    ["remove", () => change.remove(pathOf("link/x"), stampNow("link/x"))],
    ["discard", () => change.discard(pathOf("link/x"), "why")],
    ["takeOut", () => change.takeOut(pathOf("link/x"), join(home.path, "taken"), stampNow("link/x"))],
    ["move", () => change.move(pathOf("link/x"), pathOf("y"), stampNow("link/x"))],
    ["removeHollow", () => change.removeHollow(pathOf("link/x"))],
    ["stat", () => change.stat(pathOf("link/x"))],
  ])("does not %s", async (_, act) => {
    await expect((async () => act())()).rejects.toMatchObject(CONFLICT);
    expect(Object.keys(await readTree(outside))).toEqual(["x"]);
  });

  it("does not move a file to there", async () => {
    const stamp = await put("y", "y");
    await expect(change.move(pathOf("y"), pathOf("link/y"), stamp)).rejects.toMatchObject(CONFLICT);
    expect(await tree()).toEqual({ y: "y" });
  });

  it("removes no empty folder there", async () => {
    await mkdir(join(outside, "empty"));
    await change.removeEmptied([pathOf("link/empty/x")]);
    expect(await readdir(outside)).toEqual(["empty", "x"]);
  });

  it("meets one that took the place of a folder, once told to look again", async () => {
    const stamp = await put("folder/x", "x");
    expect(change.isStill(pathOf("folder/x"), stamp)).toBe(true);
    await rename(join(root, "folder"), join(outside, "moved"));
    await symlink(join(outside, "moved"), join(root, "folder"));
    change.lookAgain();
    expect(() => change.isStill(pathOf("folder/x"), stamp)).toThrow("a symlink is there");
    await expect(change.remove(pathOf("folder/x"), stamp)).rejects.toMatchObject(CONFLICT);
    expect(await readFile(join(outside, "moved", "x"), "utf8")).toBe("x");
  });

  it("meets one that came while its folder was being made", async () => {
    const racing = before("mkdir", () => symlinkSync(outside, join(root, "new")));
    await expect(racing.place(await blob("b"), pathOf("new/y"))).rejects.toMatchObject(CONFLICT);
    expect(Object.keys(await readTree(outside))).toEqual(["x"]);
  });
});

describe("treeChange().place()", () => {
  it("makes folders, and puts the file over what is there", async () => {
    await change.place(await blob("one"), pathOf("a/b/c"));
    await change.place(await blob("two"), pathOf("a/b/c"));
    expect(await tree()).toEqual({ "a/b/c": "two" });
  });

  it("replaces a link that came in between, not what it leads to", async () => {
    await writeFile(join(outside, "x"), "theirs");
    await symlink(join(outside, "x"), join(root, "x"));
    await change.place(await blob("ours"), pathOf("x"));
    expect([await tree(), await readFile(join(outside, "x"), "utf8")]).toEqual([{ x: "ours" }, "theirs"]);
  });

  it("goes over no folder", async () => {
    await put("x/inside", "theirs");
    await expect(change.place(await blob("b"), pathOf("x"))).rejects.toMatchObject({ code: "EISDIR" });
  });
});

describe("treeChange().remove()", () => {
  it("removes the file it was told of, and no other", async () => {
    const stamp = await put("x", "x");
    await put("y", "y");
    expect(await change.remove(pathOf("x"), stamp)).toBe(true);
    expect(await change.remove(pathOf("x"), stamp)).toBe(false);
    expect(await change.remove(pathOf("y"), stamp)).toBe(false);
    expect(await tree()).toEqual({ y: "y" });
  });

  it.each<[string, () => Promise<unknown>]>([
    ["written to", () => writeFile(join(root, "x"), "other")],
    ["touched", () => utimes(join(root, "x"), 1, 1)],
    [
      "replaced by one of the same size and times",
      async () => {
        const { mtimeNs } = nodeDisk().lstat(join(root, "x")) ?? { mtimeNs: 0n };
        await rm(join(root, "x"));
        await writeFile(join(root, "x"), "y");
        await utimes(join(root, "x"), Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9);
      },
    ],
    ["a link now", () => rm(join(root, "x")).then(() => symlink(outside, join(root, "x")))],
    ["a folder now", () => rm(join(root, "x")).then(() => mkdir(join(root, "x")))],
  ])("leaves one that was %s", async (_, act) => {
    const stamp = await put("x", "x");
    await act();
    expect(await change.remove(pathOf("x"), stamp)).toBe(false);
    expect(await readdir(root)).toEqual(["x"]);
  });
});

describe("treeChange().takeOut() and move()", () => {
  it("move the file they were told of", async () => {
    const [x, y] = [await put("x", "x"), await put("y", "y")];
    expect(await change.takeOut(pathOf("x"), join(home.path, "taken"), x)).toBe(true);
    expect(await change.move(pathOf("y"), pathOf("deep/y"), y)).toBe(true);
    expect([await tree(), await readFile(join(home.path, "taken"), "utf8")]).toEqual([
      { "deep/y": "y" },
      "x",
    ]);
  });

  it("leave one that changed", async () => {
    const stamp = await put("x", "x");
    await writeFile(join(root, "x"), "changed");
    expect(await change.takeOut(pathOf("x"), join(home.path, "taken"), stamp)).toBe(false);
    expect(await change.move(pathOf("x"), pathOf("y"), stamp)).toBe(false);
    expect(await tree()).toEqual({ x: "changed" });
  });

  it("send one to the trash that changed in the last instant, and give it for nothing else", async () => {
    const racing = () => before("rename", () => writeFileSync(join(root, "x"), "changed"));
    expect(await racing().takeOut(pathOf("x"), join(home.path, "taken"), await put("x", "x"))).toBe(false);
    expect(nodeDisk().lstat(join(home.path, "taken"))).toBeUndefined();
    expect(await tree()).toEqual({ ".tritter/trash/run/1": "changed" });
    expect(await index()).toEqual([{ name: "1", path: "x", why: "modified", size: 7 }]);
    await rm(join(root, ".tritter"), { recursive: true });
    expect(await racing().move(pathOf("x"), pathOf("y"), await put("x", "x"))).toBe(false);
    expect(await tree()).toEqual({ ".tritter/trash/run/1": "changed" });
  });
});

describe("treeChange().discard()", () => {
  it("moves a file or a link to the trash, and tells how it was", async () => {
    const stamp = await put("x", "x");
    await symlink(outside, join(root, "link"));
    const discarded = await change.discard(pathOf("x"), "modified");
    expect(discarded?.place).toBe("trash/run/1");
    expect(discarded?.stamp.split(":")[3]).toBe(stamp.split(":")[3]);
    expect((await change.discard(pathOf("link"), "in the way"))?.place).toBe("trash/run/2");
    expect(await readdir(root)).toEqual([".tritter"]);
    expect(await index()).toMatchObject([
      { path: "x", why: "modified", size: 1 },
      { path: "link", why: "in the way" },
    ]);
  });

  it("is durable once that is asked for, whatever takes the name", async () => {
    const disk = memoryDisk();
    disk.put("/root/x", "the user's");
    disk.put("/blob", "placed");
    const memory = treeChange(disk, "/root", openTrash(disk, "/root/.tritter", "run"));
    await memory.discard(pathOf("x"), "modified");
    const flushed: string[] = [];
    disk.before = (operation, path) => void (operation === "syncFolder" && flushed.push(path));
    await memory.flushDiscarded();
    expect(flushed).toEqual(["/root/.tritter/trash/run"]);
    await memory.place("/blob", pathOf("x"));
    await memory.flushFolders([pathOf("x")]);
    disk.losePower("lost");
    expect(disk.tree("/root")).toMatchObject({ x: "placed", ".tritter/trash/run/1": "the user's" });
  });

  it("has nothing to do where there is nothing, and takes no folder", async () => {
    await put("folder/x", "x");
    expect(await change.discard(pathOf("none"), "why")).toBeUndefined();
    expect(await change.discard(pathOf("folder"), "why")).toBeUndefined();
    expect(await tree()).toEqual({ "folder/x": "x" });
  });
});

describe("treeChange().removeEmptied()", () => {
  it("removes empty folders above, up to one with something in it, never the root", async () => {
    await mkdir(join(root, "a", "b", "c"), { recursive: true });
    await mkdir(join(root, "d", "e"), { recursive: true });
    await put("a/theirs", "theirs");
    await change.removeEmptied([pathOf("a/b/c/x"), pathOf("d/e/y"), pathOf("gone/z"), pathOf("top")]);
    expect(await readdir(root)).toEqual(["a"]);
    expect(await readdir(join(root, "a"))).toEqual(["theirs"]);
  });

  it("takes the deepest first, whatever the order of the paths, and leaves the root with nothing in it", async () => {
    await mkdir(join(root, "a", "b", "c"), { recursive: true });
    await change.removeEmptied([pathOf("a/x"), pathOf("a/b/y"), pathOf("a/b/c/z")]);
    expect(await readdir(root)).toEqual([]);
  });

  it("leaves what a link leads to, and does not take a failing disk for one", async () => {
    await mkdir(join(outside, "empty"));
    await symlink(outside, join(root, "link"));
    await change.removeEmptied([pathOf("link/empty/x")]);
    expect([await readdir(root), await readdir(outside)]).toEqual([["link"], ["empty"]]);
    const disk = nodeDisk();
    const failing = changeOn({
      ...disk,
      lstat: (path) => {
        if (path.endsWith("bad")) throw systemError("EIO", path);
        return disk.lstat(path);
      },
    });
    await expect(failing.removeEmptied([pathOf("bad/x")])).rejects.toMatchObject({ code: "EIO" });
  });

  it("leaves empty folders that were never above a path of ours", async () => {
    await mkdir(join(root, "a", "theirs"), { recursive: true });
    await change.removeEmptied([pathOf("a/x")]);
    expect(await readdir(join(root, "a"))).toEqual(["theirs"]);
  });
});

describe("treeChange().removeHollow()", () => {
  it("removes a folder of nothing but folders, and leaves one with a file or a link in it", async () => {
    await mkdir(join(root, "hollow", "a", "b"), { recursive: true });
    await mkdir(join(root, "full", "a"), { recursive: true });
    await symlink(outside, join(root, "full", "a", "link"));
    await mkdir(join(outside, "empty"));
    await symlink(outside, join(root, "link"));
    for (const path of ["hollow", "full", "none", "link"]) await change.removeHollow(pathOf(path));
    expect((await readdir(root)).sort()).toEqual(["full", "link"]);
    expect(await readdir(join(root, "full", "a"))).toEqual(["link"]);
    expect(await readdir(outside)).toEqual(["empty"]);
  });
});

describe("treeChange().flushFolders()", () => {
  it("has placed files survive a power loss, made folders and all", async () => {
    const disk = memoryDisk();
    disk.put("/root/keep", "");
    disk.put("/blob", "placed");
    const memory = treeChange(disk, "/root", openTrash(disk, "/root/.tritter", "run"));
    await memory.place("/blob", pathOf("a/b/c"));
    await memory.flushFolders([pathOf("a/b/c")]);
    disk.losePower("lost");
    expect(disk.tree("/root")).toEqual({ keep: "", "a/b/c": "placed" });
  });

  it("is content where a folder went meanwhile", async () => {
    await change.flushFolders([pathOf("gone/x"), pathOf("x")]);
  });

  it("is content where a folder turned into a file or a link", async () => {
    await put("file", "");
    await symlink(outside, join(root, "link"));
    await change.flushFolders([pathOf("file/below/x"), pathOf("link/x")]);
  });
});

describe("treeChange() looks", () => {
  it("whether a path is free, and takes a link for something", async () => {
    await put("x", "x");
    await mkdir(join(root, "folder"));
    await symlink("/nowhere", join(root, "link"));
    const free = ["none", "none/below", "x", "folder", "link"].filter((path) => change.isFree(pathOf(path)));
    expect(free).toEqual(["none", "none/below"]);
    expect(() => change.isFree(pathOf("link/x"))).toThrow(expect.objectContaining(CONFLICT));
  });

  it("for a plain file, and nothing else", async () => {
    await put("x", "x");
    await mkdir(join(root, "folder"));
    await symlink("x", join(root, "link"));
    expect(change.stat(pathOf("x"))).toMatchObject({ kind: "file", size: 1 });
    for (const path of ["none", "folder", "link"]) {
      expect(change.stat(pathOf(path))).toBeUndefined();
      if (path !== "none") expect(change.isStill(pathOf(path), stampNow(path))).toBe(false);
    }
  });

  it("whether bytes are the same, which a rename leaves them and an edit does not", async () => {
    const stamp = await put("x", "x");
    await rename(join(root, "x"), join(root, "y"));
    expect(change.isSameBytes(pathOf("y"), stamp)).toBe(true);
    expect(change.isSameBytes(pathOf("x"), stamp)).toBe(false);
    await put("y", "edited");
    expect(change.isSameBytes(pathOf("y"), stamp)).toBe(false);
  });
});

describe("treeChange() in a root that is no longer there", () => {
  const GONE = { code: "DISK_REFUSED", message: expect.stringContaining("removed, replaced or unmounted") };

  /** As after an unmount: the folder below shows, on another device. */
  function unmounting(): { change: TreeChange; unmount: () => void } {
    const disk = nodeDisk();
    let isMounted = true;
    const lstat: Disk["lstat"] = (path) => {
      const stat = disk.lstat(path);
      return stat === undefined || path !== root || isMounted ? stat : { ...stat, device: stat.device + 1n };
    };
    const unmount = () => {
      isMounted = false;
    };
    return { change: changeOn({ ...disk, lstat }), unmount };
  }

  it("goes on while it is there", () => {
    expect(() => change.lookAgain()).not.toThrow();
  });

  it.each<[string, () => Promise<unknown>]>([
    ["removed", async () => undefined],
    ["a file now", async () => writeFile(root, "")],
    ["a link now", async () => symlink(outside, root)],
  ])("looks no further where it is %s", async (_, put) => {
    await rm(root, { recursive: true });
    await put();
    expect(() => change.lookAgain()).toThrow(expect.objectContaining(GONE));
  });

  it("makes no folders where something was unmounted", async () => {
    const { change, unmount } = unmounting();
    await change.place(await blob("b"), pathOf("before/x"));
    unmount();
    expect(() => change.lookAgain()).toThrow(expect.objectContaining(GONE));
    await expect(change.place(await blob("b"), pathOf("new/deep/x"))).rejects.toMatchObject(GONE);
    expect(await tree()).toEqual({ "before/x": "b" });
  });

  it("is told where there never was one, or it cannot be looked at", async () => {
    await rm(root, { recursive: true });
    expect(() => changeOn(nodeDisk()).lookAgain()).toThrow(expect.objectContaining(GONE));
    const lstat = (path: string) => {
      throw systemError("EIO", path);
    };
    const message = expect.stringContaining(`look at "${root}"`);
    expect(() => changeOn({ ...nodeDisk(), lstat })).toThrow(
      expect.objectContaining({ code: "DISK_REFUSED", message }),
    );
  });
});
