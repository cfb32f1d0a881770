import { describe, expect, it } from "vitest";
import { type Copy, copyVerified } from "../../../cli/store/copy.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const CONTENT = "x".repeat(2_500_000);
const GOING = new AbortController().signal;

function diskWith(content: string): MemoryDisk {
  const disk = memoryDisk();
  disk.put("/from", content);
  return disk;
}

const copy = (disk: MemoryDisk, parts: Partial<Copy> = {}) =>
  copyVerified(disk, {
    from: "/from",
    to: "/to",
    digests: [sha256Of(CONTENT), gitOf(CONTENT)],
    size: CONTENT.length,
    signal: GOING,
    ...parts,
  });

/** As on a file system that can share blocks. */
function sharing(content: string): MemoryDisk {
  const disk = diskWith(content);
  disk.reflink = async (from, to) => {
    const file = await disk.open(to, "wx");
    await file.append((await disk.read(from)) ?? Buffer.alloc(0));
    await file.close();
    return true;
  };
  return disk;
}

describe("copyVerified()", () => {
  it.each([
    ["copied", diskWith],
    ["shared", sharing],
  ])("makes a second file that survives a power loss, %s", async (_, disk) => {
    const made = disk(CONTENT);
    expect(await copy(made)).toBe(true);
    await made.syncFolder("/");
    made.losePower("zeros");
    expect(made.tree("/").to === CONTENT).toBe(true);
    expect(made.opened).toEqual([]);
  });

  it("tells of bytes that are copied, and of none where blocks are shared", async () => {
    for (const [disk, size] of [
      [diskWith(CONTENT), CONTENT.length],
      [sharing(CONTENT), 0],
    ] as const) {
      let told = 0;
      const passed = (bytes: number) => {
        told += bytes;
      };
      expect(await copy(disk, { passed })).toBe(true);
      expect(told).toBe(size);
    }
  });

  it("makes none that has not every digest", async () => {
    const disk = diskWith(CONTENT);
    expect(await copy(disk, { digests: [sha256Of(CONTENT), gitOf("other")] })).toBe(false);
    expect([Object.keys(disk.tree("/")), disk.opened]).toEqual([["from"], []]);
  });

  it("makes none of a file that is not there, and tells so", async () => {
    const disk = memoryDisk();
    await expect(copy(disk)).rejects.toMatchObject({ code: "ENOENT" });
    expect([disk.tree("/"), disk.opened]).toEqual([{}, []]);
  });

  it("makes none of other bytes", async () => {
    const disk = diskWith(`${CONTENT.slice(1)}y`);
    expect(await copy(disk)).toBe(false);
    expect([Object.keys(disk.tree("/")), disk.opened]).toEqual([["from"], []]);
  });

  it.each(["open", "writeAt", "sync", "readAt", "close"] as const)(
    "leaves nothing where %s fails",
    async (failing) => {
      for (const disk of [diskWith(CONTENT), sharing(CONTENT)]) {
        disk.before = (operation, path) => {
          if (operation === failing) throw systemError("ENOSPC", path);
        };
        const made = await copy(disk).catch((error: unknown) =>
          expect(error).toMatchObject({ code: "ENOSPC" }),
        );
        if (made !== true) expect(Object.keys(disk.tree("/"))).toEqual(["from"]);
        expect(disk.opened).toEqual([]);
      }
    },
  );

  it("stops when told, in the middle", async () => {
    const disk = diskWith(CONTENT);
    const stop = new AbortController();
    disk.before = (operation) => {
      if (operation === "writeAt") stop.abort(new Error("stopped"));
    };
    await expect(copy(disk, { signal: stop.signal })).rejects.toThrow("stopped");
    expect([Object.keys(disk.tree("/")), disk.opened]).toEqual([["from"], []]);
  });
});
