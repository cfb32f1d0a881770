import { execFileSync } from "node:child_process";
import { link, lstat, mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blockingDisk } from "../../../cli/disk/blocking.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const DISKS = [
  ["nodeDisk()", nodeDisk()],
  ["blockingDisk()", blockingDisk()],
] as const;
let home: TemporaryFolder;
const at = (...names: string[]) => join(home.path, ...names);

beforeEach(async () => {
  home = await temporaryFolder();
  await writeFile(at("file"), "content");
  await mkdir(at("folder"));
  await symlink(at("file"), at("link"));
  await symlink(at("folder"), at("link-to-folder"));
  if (process.platform !== "win32") execFileSync("mkfifo", [at("pipe")]);
});

afterEach(() => home.remove());

describe.each(DISKS)("%s.lstat()", (_, disk) => {
  it.each([
    ["file", "file"],
    ["folder", "folder"],
    ["link", "symlink"],
    ["link-to-folder", "symlink"],
    ["pipe", "special"],
  ])("sees %s as %s, following nothing", (name, kind) => {
    expect(disk.lstat(at(name))?.kind).toBe(kind);
  });

  it("sees nothing where nothing can be", () => {
    for (const path of [at("none"), at("file", "below"), at("n".repeat(300)), `/${"d/".repeat(3_000)}x`])
      expect(disk.lstat(path)).toBeUndefined();
  });

  it("tells size, times in nanoseconds and inode", async () => {
    const stat = await lstat(at("file"), { bigint: true });
    expect(disk.lstat(at("file"))).toEqual({
      kind: "file",
      size: 7,
      mtimeNs: stat.mtimeNs,
      ctimeNs: stat.ctimeNs,
      inode: stat.ino,
      device: stat.dev,
    });
  });
});

describe.each(DISKS)("%s.open()", (_, disk) => {
  it.each(["r", "r+", "a", "wx"] as const)("opens no symlink, mode %s", async (mode) => {
    await expect(disk.open(at("link"), mode)).rejects.toMatchObject({
      code: mode === "wx" ? "EEXIST" : "ELOOP",
    });
    expect(await readFile(at("file"), "utf8")).toBe("content");
  });

  it.skipIf(process.platform === "win32")(
    "does not wait for a pipe that took the place of a file",
    async () => {
      const file = await disk.open(at("pipe"), "r");
      expect((await file.stat()).kind).toBe("special");
      await file.close();
    },
  );

  it("makes a file once", async () => {
    await (await disk.open(at("new"), "wx")).close();
    await expect(disk.open(at("new"), "wx")).rejects.toMatchObject({ code: "EEXIST" });
  });

  it("writes at positions, appends, cuts, and reads back", async () => {
    const file = await disk.open(at("new"), "wx");
    await file.writeAt(Buffer.from("world"), 6);
    await file.writeAt(Buffer.from("hello "), 0);
    await file.sync();
    const into = Buffer.alloc(20);
    expect(await file.readAt(into, 0)).toBe(11);
    expect(await file.readAt(into, 11)).toBe(0);
    await file.truncate(5);
    expect((await file.stat()).size).toBe(5);
    await file.close();
    const more = await disk.open(at("new"), "a");
    await more.append(Buffer.from("!"));
    await more.close();
    expect(await readFile(at("new"), "utf8")).toBe("hello!");
  });
});

describe.each(DISKS)("%s", (_, disk) => {
  it("reads a whole file, nothing where there is none, and throws what else is wrong", async () => {
    expect((await disk.read(at("file")))?.toString()).toBe("content");
    expect(await disk.read(at("none"))).toBeUndefined();
    await expect(disk.read(at("folder"))).rejects.toMatchObject({ code: "EISDIR" });
  });

  it("lists entries with their kinds, and nothing for what is no folder", async () => {
    const kinds = new Map((await disk.readdir(home.path))?.map(({ name, kind }) => [name, kind]));
    expect([kinds.get("file"), kinds.get("folder"), kinds.get("link-to-folder")]).toEqual([
      "file",
      "folder",
      "symlink",
    ]);
    expect([await disk.readdir(at("none")), await disk.readdir(at("file"))]).toEqual([undefined, undefined]);
  });

  it("links where nothing is, and removes only empty folders", async () => {
    await expect(disk.link(at("file"), at("link"))).rejects.toMatchObject({ code: "EEXIST" });
    await link(at("file"), at("folder", "inside"));
    await expect(disk.rmdir(at("folder"))).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTEMPTY|EEXIST/),
    });
  });

  it("shares blocks, or makes nothing", async () => {
    const shared = await disk.reflink(at("file"), at("copy"));
    expect(disk.lstat(at("copy"))?.kind).toBe(shared ? "file" : undefined);
    await expect(disk.reflink(at("none"), at("other"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("touches a symlink itself, never what it leads to", async () => {
    const before = disk.lstat(at("file"))?.mtimeNs;
    await disk.touch(at("link"));
    expect(disk.lstat(at("file"))?.mtimeNs).toBe(before);
    expect(await readlink(at("link"))).toBe(at("file"));
  });

  it("knows what is free, and flushes folders", async () => {
    expect((await disk.space(home.path)).bytes).toBeGreaterThan(0);
    await disk.syncFolder(home.path);
    await expect(disk.syncFolder(at("none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
