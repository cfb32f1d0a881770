import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { makeOwnFolder, readOwnFolder } from "../../../cli/disk/own.ts";
import { memoryDisk } from "../../support/memory-disk.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let home: TemporaryFolder;
let state: string;

beforeEach(async () => {
  home = await temporaryFolder();
  state = join(home.path, "root", ".tritter");
  await mkdir(join(home.path, "root"));
});

afterEach(() => home.remove());

const REFUSED = { code: "DISK_REFUSED", message: expect.stringContaining("a folder of tritter's own") };

describe("makeOwnFolder()", () => {
  it("makes what lacks on the way, and is content with what is there", async () => {
    for (let time = 0; time < 2; time++) await makeOwnFolder(nodeDisk(), state, join(state, "store", "a"));
    expect(await readdir(join(state, "store"))).toEqual(["a"]);
  });

  it("makes names that survive a power loss", async () => {
    const disk = memoryDisk();
    disk.put("/root/keep", "");
    await makeOwnFolder(disk, "/root/.tritter", "/root/.tritter/a/b");
    disk.losePower("lost");
    expect(disk.folders("/root")).toEqual([".tritter", ".tritter/a", ".tritter/a/b"]);
  });

  it.each([[".tritter"], [".tritter/store"], [".tritter/store/a"]])(
    "makes nothing through a link at %s",
    async (at) => {
      const outside = join(home.path, "outside");
      await mkdir(outside);
      await mkdir(join(home.path, "root", at, ".."), { recursive: true });
      await symlink(outside, join(home.path, "root", at));
      await expect(makeOwnFolder(nodeDisk(), state, join(state, "store", "a"))).rejects.toMatchObject(
        REFUSED,
      );
      expect(await readdir(outside)).toEqual([]);
    },
  );
});

describe("readOwnFolder()", () => {
  it("has nothing where there is no folder", async () => {
    expect(await readOwnFolder(nodeDisk(), state, join(state, "trash", "run"))).toEqual([]);
  });

  it("reads through no link, and takes no file for a folder", async () => {
    const outside = join(home.path, "outside");
    await mkdir(state);
    await mkdir(outside);
    await writeFile(join(outside, "theirs"), "");
    await symlink(outside, join(state, "trash"));
    await writeFile(join(state, "store"), "");
    for (const folder of ["trash", "store"])
      await expect(readOwnFolder(nodeDisk(), state, join(state, folder))).rejects.toMatchObject(REFUSED);
  });
});
