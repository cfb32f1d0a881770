import { describe, expect, it } from "vitest";
import { claimsOf, type WalkInput, walk } from "../../../cli/nearby/walk.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const SHA = sha256Of("abc");
const GIT = gitOf("abc");
const [sha, git] = [SHA.slice(7), GIT.slice(4)];

const everything = (disk: MemoryDisk, parts: Partial<WalkInput> = {}) =>
  walk(disk, {
    folder: "/place",
    sizes: new Set([3]),
    sizeOf: (digest) => (digest === SHA ? 3 : undefined),
    links: true,
    skip: () => false,
    most: 1_000,
    signal: new AbortController().signal,
    ...parts,
  });

const filesOf = async (...given: Parameters<typeof everything>) =>
  ((await everything(...given)).candidates.get(3) ?? []).map(({ file }) => file);

describe("claimsOf()", () => {
  it.each([
    [sha, [SHA]],
    [git, [GIT]],
    [`${sha}.${git}`, [SHA, GIT]],
    [`${sha}.incomplete`, []],
    [`${sha}.${git}.new`, []],
    [`${git}.${sha}`, []],
    [sha.toUpperCase(), []],
    [sha.slice(1), []],
    ["train.parquet", []],
    ["", []],
  ])("%j", (name, claims) => {
    expect(claimsOf(name)).toEqual(claims);
  });
});

describe("walk()", () => {
  it("finds files of the sizes that are wanted, at any depth, and what their names claim", async () => {
    const disk = memoryDisk();
    disk.put("/place/b/c/d.bin", "xyz");
    disk.put(`/place/objects/${sha}`, "abc");
    disk.put("/place/b/long", "four");
    disk.put("/else", "abc");
    const { candidates, cut } = await everything(disk);
    expect([...candidates]).toEqual([
      [
        3,
        [
          { file: "/place/b/c/d.bin", size: 3, claims: [] },
          { file: `/place/objects/${sha}`, size: 3, claims: [SHA] },
        ],
      ],
    ]);
    expect(cut).toBe(false);
  });

  it("lets a link say what its file is, where both are in the folder, and follows no other", async () => {
    const disk = memoryDisk();
    disk.put("/place/blobs/payload", "abc");
    disk.put("/else", "abc");
    disk.symlink(`/place/a/${sha}`, "/place/blobs/payload");
    disk.symlink(`/place/b/${git}`, "/else");
    disk.symlink("/place/folder", "/");
    const payload = { file: "/place/blobs/payload", size: 3 };
    expect((await everything(disk)).candidates.get(3)).toEqual([{ ...payload, claims: [SHA] }]);
    expect((await everything(disk, { links: false })).candidates.get(3)).toEqual([
      { ...payload, claims: [] },
    ]);
  });

  it("names a file that is called like what is wanted and has another size", async () => {
    const disk = memoryDisk();
    disk.put(`/place/a/${sha}`, "abc");
    disk.put(`/place/b/${git}`, "of any size");
    expect((await everything(disk)).odd).toBeUndefined();
    disk.put(`/place/c/${sha}`, "ab");
    const { odd, candidates } = await everything(disk);
    expect([odd, candidates.get(3)?.length]).toEqual([{ file: `/place/c/${sha}`, digest: SHA }, 1]);
  });

  it("leaves out what is to be left out, and all below it", async () => {
    const disk = memoryDisk();
    for (const path of ["a/x", "b/y", "b/c/z"]) disk.put(`/place/${path}`, "abc");
    expect(await filesOf(disk, { skip: (path) => path === "b" })).toEqual(["/place/a/x"]);
    expect(await filesOf(disk, { skip: (path) => path === "b/c" })).toEqual(["/place/a/x", "/place/b/y"]);
  });

  it("goes no further than it may, and says so", async () => {
    const disk = memoryDisk();
    for (let index = 0; index < 10; index++) disk.put(`/place/${index}`, "abc");
    expect((await everything(disk, { most: 10 })).cut).toBe(false);
    const some = await everything(disk, { most: 4 });
    expect([some.candidates.get(3)?.length, some.cut]).toEqual([4, true]);
  });

  it("passes by what it cannot look at", async () => {
    const disk = memoryDisk();
    for (const path of ["locked/x", "gone", "fine"]) disk.put(`/place/${path}`, "abc");
    disk.before = (operation, path) => {
      if (operation === "readdir" && path === "/place/locked") throw systemError("EACCES", path);
      if (operation === "lstat" && path === "/place/gone") throw systemError("EIO", path);
    };
    expect(await filesOf(disk)).toEqual(["/place/fine"]);
    expect(await filesOf(disk, { folder: "/nowhere" })).toEqual([]);
  });

  it("stops when told, however much there is", async () => {
    const disk = memoryDisk();
    for (let index = 0; index < 600; index++) disk.put(`/place/${index}`, "abc");
    const stop = new AbortController();
    let looked = 0;
    disk.before = (operation) => {
      if (operation === "lstat" && ++looked === 10) stop.abort(new Error("stopped"));
    };
    const walking = everything(disk, { most: Number.POSITIVE_INFINITY, signal: stop.signal });
    await expect(walking).rejects.toThrow("stopped");
    expect(looked).toBeLessThan(600);
  });
});
