import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { FileStat } from "../../../cli/disk/port.ts";
import { stampOf } from "../../../cli/tree/stamp.ts";
import { emptyTrash, listTrash, openTrash, tidyTrash } from "../../../cli/tree/trash.ts";
import { pathOf } from "../../support/engine.ts";
import { memoryDisk } from "../../support/memory-disk.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let home: TemporaryFolder;
let state: string;
const disk = nodeDisk();
const about = (path: string) => ({ path: pathOf(path), why: "modified", size: 5 });

beforeEach(async () => {
  home = await temporaryFolder();
  state = join(home.path, ".tritter");
  await writeFile(join(home.path, "a.parquet"), "bytes");
});

afterEach(() => home.remove());

describe("openTrash()", () => {
  it("takes entries by rename, under names no glob for data finds, and tells what they were", async () => {
    const trash = openTrash(disk, state, "run-1");
    await symlink("/nowhere", join(home.path, "link"));
    expect((await trash.take(join(home.path, "a.parquet"), about("rust/a.parquet"))).place).toBe(
      "trash/run-1/1",
    );
    expect((await trash.take(join(home.path, "link"), about('q"uote'))).place).toBe("trash/run-1/2");
    expect(await readdir(home.path)).toEqual([".tritter"]);
    expect((await readdir(join(state, "trash", "run-1"))).sort()).toEqual(["1", "2", "index.ndjson"]);
    expect(await readFile(join(state, "trash", "run-1", "1"), "utf8")).toBe("bytes");
    expect((await listTrash(disk, state)).map(({ path }) => path).sort()).toEqual([
      'q"uote',
      "rust/a.parquet",
    ]);
  });

  it("flushes its folder where something came, and not again for nothing", async () => {
    const memory = memoryDisk();
    memory.put("/root/a", "a");
    memory.put("/root/b", "b");
    const trash = openTrash(memory, "/root/.tritter", "run");
    const flushes: string[] = [];
    const flushed = async () => {
      memory.before = (operation, path) => {
        if (operation === "syncFolder") flushes.push(path);
      };
      await trash.flush();
      memory.before = () => undefined;
      return flushes.splice(0).length;
    };
    expect(await flushed()).toBe(0);
    await trash.take("/root/a", about("a"));
    expect([await flushed(), await flushed()]).toEqual([1, 0]);
    await trash.take("/root/b", about("b"));
    expect([await flushed(), await flushed()]).toEqual([1, 0]);
    expect(memory.opened).toEqual([]);
  });

  it("has its folder survive a power loss before anything is moved there", async () => {
    const memory = memoryDisk();
    memory.put("/root/a", "the user's");
    const trash = openTrash(memory, "/root/.tritter", "run");
    await trash.take("/root/a", about("a"));
    await memory.syncFolder("/root");
    memory.losePower("lost");
    expect(Object.values(memory.tree("/root"))).toContain("the user's");
  });

  it("goes through no link", async () => {
    const outside = join(home.path, "outside");
    await mkdir(outside);
    await mkdir(state);
    await symlink(outside, join(state, "trash"));
    const trash = openTrash(disk, state, "run-1");
    await expect(trash.take(join(home.path, "a.parquet"), about("a"))).rejects.toMatchObject({
      code: "DISK_REFUSED",
    });
    expect([await readdir(outside), await readFile(join(home.path, "a.parquet"), "utf8")]).toEqual([
      [],
      "bytes",
    ]);
  });
});

describe("listTrash()", () => {
  it("tells of entries whose index is torn", async () => {
    const folder = join(state, "trash", "run");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "1"), "one");
    await writeFile(join(folder, "2"), "four");
    await writeFile(
      join(folder, "index.ndjson"),
      '{"name":"2","path":"b","why":"modified","size":4}\n{"name":"1","pa',
    );
    expect(await listTrash(disk, state)).toEqual([
      { place: "trash/run/1", path: undefined, size: 3 },
      { place: "trash/run/2", path: "b", size: 4 },
    ]);
  });
});

describe("listTrash()", () => {
  it("tells of more than ten entries, and of those without any index", async () => {
    const trash = openTrash(disk, state, "run-1");
    for (let index = 1; index <= 11; index++) {
      await writeFile(join(home.path, "x"), "x");
      await trash.take(join(home.path, "x"), about(`x${index}`));
    }
    await mkdir(join(state, "trash", "run-2"));
    await writeFile(join(state, "trash", "run-2", "1"), "one");
    const listed = await listTrash(disk, state);
    expect(listed).toContainEqual({ place: "trash/run-1/11", path: "x11", size: 1 });
    expect(listed).toContainEqual({ place: "trash/run-2/1", path: undefined, size: 3 });
  });
});

describe("tidyTrash()", () => {
  const ours = () => stampOf(disk.lstat(join(home.path, "a.parquet")) as FileStat);

  it("destroys what is ours, whichever run put it there, and goes with the last entry of each", async () => {
    const about = { path: pathOf("a"), why: "in the way", size: 5, ours: ours() };
    await openTrash(disk, state, "killed").take(join(home.path, "a.parquet"), about);
    await tidyTrash(disk, state);
    expect(await readdir(state)).toEqual([]);
  });

  it("leaves what is not what it was taken for, what is the user's, and what is there without a word", async () => {
    const stamp = ours();
    const trash = openTrash(disk, state, "run-1");
    await writeFile(join(home.path, "a.parquet"), "edited since");
    await trash.take(join(home.path, "a.parquet"), {
      path: pathOf("a"),
      why: "in the way",
      size: 5,
      ours: stamp,
    });
    await writeFile(join(home.path, "b"), "theirs");
    await trash.take(join(home.path, "b"), about('b","ours":"1"}'));
    await mkdir(join(state, "trash", "run-2"));
    await writeFile(join(state, "trash", "run-2", "1"), "one");
    await tidyTrash(disk, state);
    const left = await readTree(join(state, "trash"));
    expect([left["run-1/1"], left["run-1/2"], left["run-2/1"]].map(String)).toEqual([
      "edited since",
      "theirs",
      "one",
    ]);
  });

  it("leaves what still holds something, and the runs of others", async () => {
    const trash = openTrash(disk, state, "run-1");
    await trash.take(join(home.path, "a.parquet"), about("a"));
    await mkdir(join(state, "trash", "run-2"));
    await tidyTrash(disk, state);
    expect(await readdir(join(state, "trash"))).toEqual(["run-1", "run-2"]);
  });
});

describe("emptyTrash()", () => {
  it("destroys everything in it", async () => {
    await openTrash(disk, state, "run-1").take(join(home.path, "a.parquet"), about("a"));
    await emptyTrash(disk, state);
    expect(await readTree(home.path)).toEqual({});
  });

  it("has nothing to do where there is none", async () => {
    await emptyTrash(disk, state);
    expect(disk.lstat(state)).toBeUndefined();
  });

  it.each([
    ["the trash", ["trash"]],
    ["a run", ["trash", "run"]],
    ["an entry", ["trash", "run", "1"]],
  ])("destroys nothing outside, where %s is a link", async (_, at) => {
    const outside = join(home.path, "outside");
    await mkdir(join(outside, "run"), { recursive: true });
    await writeFile(join(outside, "precious"), "p");
    await writeFile(join(outside, "run", "precious"), "p");
    await mkdir(join(state, ...at, ".."), { recursive: true });
    await symlink(outside, join(state, ...at));
    await emptyTrash(disk, state).catch((error: unknown) =>
      expect(error).toMatchObject({ code: "DISK_REFUSED" }),
    );
    expect(Object.keys(await readTree(outside)).sort()).toEqual(["precious", "run/precious"]);
  });

  it("leaves what nobody put there by a sync: files beside the runs, folders within", async () => {
    await mkdir(join(state, "trash", "run", "folder"), { recursive: true });
    await writeFile(join(state, "trash", "stray"), "");
    await writeFile(join(state, "trash", "run", "folder", "x"), "");
    await emptyTrash(disk, state);
    expect(Object.keys(await readTree(join(state, "trash"))).sort()).toEqual(["run/folder/x", "stray"]);
  });
});
