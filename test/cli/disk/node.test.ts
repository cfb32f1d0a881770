import { stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let folder: TemporaryFolder;
const disk = nodeDisk();

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

describe("mkdir()", () => {
  it("makes parents, and is content with what is there, a link to a folder included", async () => {
    const deep = join(folder.path, "a/b/c");
    await disk.mkdir(deep);
    await disk.mkdir(deep);
    expect((await stat(deep)).isDirectory()).toBe(true);
    await symlink(join(folder.path, "a"), join(folder.path, "link"));
    await disk.mkdir(join(folder.path, "link"));
    await Promise.all(Array.from({ length: 8 }, (_, index) => disk.mkdir(join(folder.path, `x/y/${index}`))));
    expect((await stat(join(folder.path, "x/y/7"))).isDirectory()).toBe(true);
  });

  it("refuses a file in the way with the system's code", async () => {
    await writeFile(join(folder.path, "file"), "");
    await expect(disk.mkdir(join(folder.path, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(disk.mkdir(join(folder.path, "file/below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("ends where no folder can be made", async (context) => {
    if (disk.lstat("/proc/self") === undefined) context.skip("there is no /proc");
    await expect(disk.mkdir("/proc/tritter/x")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
