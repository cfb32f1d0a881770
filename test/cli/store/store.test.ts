import { describe, expect, it } from "vitest";
import { partialName, readyName, storeLayout } from "../../../cli/store/layout.ts";
import { SEGMENT, segmentHeader, segmentLine } from "../../../cli/store/segments.ts";
import {
  lifeOfPartial,
  partialBytes,
  prepareStore,
  sweepStore,
  viewStore,
} from "../../../cli/store/store.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const LAYOUT = storeLayout(STATE, "me");
const THIS_BOOT = `${LAYOUT.ready}/00000001boot`;
const SELF = writerOf("self");
const HOURS = 3_600_000;

const view = (disk: MemoryDisk) =>
  viewStore(disk, { state: STATE, owner: "me", signal: new AbortController().signal });

function putPartial(disk: MemoryDisk, id: string, { writer = writerOf(id), segments = 1 } = {}): string {
  const folder = `${LAYOUT.partial}/${partialName(sha256Of("big"), id)}`;
  const lines = Array.from({ length: segments }, (_, index) => segmentLine(index, 1));
  disk.put(`${folder}/data`, "x");
  disk.put(`${folder}/segments`, segmentHeader(writer, 10 * SEGMENT) + lines.join(""));
  return folder;
}

describe("viewStore()", () => {
  it("is empty where there is none, and makes nothing", async () => {
    const disk = memoryDisk();
    expect(await view(disk)).toEqual({ layout: LAYOUT, ready: new Map(), partials: [], files: [] });
    expect(disk.folders("/")).toEqual([]);
  });

  it("believes names of this boot, and hashes those of another", async () => {
    const disk = memoryDisk();
    const digests = [sha256Of("good"), gitOf("good")];
    disk.put(`${THIS_BOOT}/${readyName([sha256Of("of this boot")])}`, "not read again");
    disk.put(`${LAYOUT.ready}/before/${readyName(digests)}`, "good");
    disk.put(`${LAYOUT.ready}/before/${readyName([sha256Of("lost")])}`, "\0\0\0\0");
    disk.put(`${LAYOUT.ready}/unknown/${readyName([sha256Of("torn")])}`, "");
    expect([...(await view(disk)).ready.keys()].sort()).toEqual(
      [...digests, sha256Of("of this boot")].sort(),
    );
  });

  it("believes nothing where no boot is known", async () => {
    const disk = memoryDisk();
    disk.put(`${LAYOUT.ready}/unknown/${readyName([sha256Of("good")])}`, "bad");
    const read = disk.read;
    disk.read = async (path) => (path.startsWith("/proc") ? undefined : read(path));
    expect((await view(disk)).ready.size).toBe(0);
  });

  it("does without a blob that cannot be read", async () => {
    const disk = memoryDisk();
    disk.put(`${LAYOUT.ready}/before/${readyName([sha256Of("good")])}`, "good");
    disk.before = (operation, path) => {
      if (operation === "readAt") throw systemError("EIO", path);
    };
    expect((await view(disk)).ready.size).toBe(0);
    expect(disk.opened).toEqual([]);
  });

  it("stops with the signal's reason, and takes no mistake of ours for a blob that is lost", async () => {
    const disk = memoryDisk();
    disk.put(`${LAYOUT.ready}/before/${readyName([sha256Of("good")])}`, "good");
    const reason = new Error("stopped");
    const stopped = viewStore(disk, { state: STATE, owner: "me", signal: AbortSignal.abort(reason) });
    await expect(stopped).rejects.toBe(reason);
    const bug = new TypeError("a bug");
    disk.before = (operation) => {
      if (operation === "readAt") throw bug;
    };
    await expect(view(disk)).rejects.toBe(bug);
    expect(disk.opened).toEqual([]);
  });

  it("says what it was about where the disk refuses", async () => {
    const disk = memoryDisk();
    disk.put(`${THIS_BOOT}/keep`, "");
    const seen = await view(disk);
    disk.before = (operation, path) => {
      if (["readdir", "mkdir", "unlink"].includes(operation)) throw systemError("EIO", path);
    };
    const told = (message: string) => ({ code: "DISK_REFUSED", message: expect.stringContaining(message) });
    await expect(view(disk)).rejects.toMatchObject(told("look for what an interrupted sync left"));
    await expect(prepareStore(disk, storeLayout(STATE, "you"))).rejects.toMatchObject(
      told("make room for blobs"),
    );
    const sweeping = sweepStore(disk, seen, { writer: SELF, now: () => disk.now });
    await expect(sweeping).rejects.toMatchObject(told("remove what an interrupted sync left"));
  });

  it("follows no link: not for a blob, not for a folder, not for the store", async () => {
    const disk = memoryDisk();
    disk.put(`/elsewhere/${readyName([sha256Of("a")])}`, "a");
    disk.put(`${THIS_BOOT}/keep`, "");
    disk.symlink(`${THIS_BOOT}/${readyName([sha256Of("a")])}`, `/elsewhere/${readyName([sha256Of("a")])}`);
    disk.symlink(`${LAYOUT.ready}/before`, "/elsewhere");
    expect((await view(disk)).ready.size).toBe(0);
    const linked = memoryDisk();
    linked.put(`${STATE}/keep`, "");
    linked.symlink(`${STATE}/store`, "/elsewhere");
    await expect(view(linked)).rejects.toMatchObject({ code: "DISK_REFUSED" });
    await expect(prepareStore(linked, LAYOUT)).rejects.toMatchObject({ code: "DISK_REFUSED" });
  });

  it("counts what partials hold, the largest of each digest", async () => {
    const disk = memoryDisk();
    putPartial(disk, "a", { segments: 2 });
    putPartial(disk, "b", { segments: 5 });
    disk.put(`${LAYOUT.partial}/stray`, "");
    disk.put(`${LAYOUT.partial}/of another program/data`, "");
    disk.put(`${LAYOUT.partial}/${partialName(sha256Of("torn"), "c")}/segments`, "garbled");
    expect(partialBytes(await view(disk))).toEqual(
      new Map([
        [sha256Of("big"), 5 * SEGMENT],
        [sha256Of("torn"), 0],
      ]),
    );
  });
});

describe("prepareStore()", () => {
  it("makes a folder whose name survives a power loss", async () => {
    const disk = memoryDisk();
    disk.put("/root/keep", "");
    expect(await prepareStore(disk, LAYOUT)).toBe(THIS_BOOT);
    disk.losePower("lost");
    expect(disk.folders(LAYOUT.ready)).toEqual(["00000001boot"]);
  });
});

describe("sweepStore()", () => {
  const sweep = async (disk: MemoryDisk, later = 48 * HOURS) => {
    const seen = await view(disk);
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now + later });
  };

  it("takes away ready blobs, halves of them and dead partials, and the store with them", async () => {
    const disk = memoryDisk();
    disk.put(`${THIS_BOOT}/${readyName([sha256Of("a")])}`, "a");
    disk.put(`${LAYOUT.ready}/before/copy.w.new`, "half");
    putPartial(disk, "dead");
    await sweep(disk);
    expect([disk.tree(STATE), disk.folders(STATE)]).toEqual([{}, []]);
  });

  it("leaves what came since it was looked at", async () => {
    const disk = memoryDisk();
    const seen = await view(disk);
    disk.put(`${THIS_BOOT}/${readyName([sha256Of("a")])}`, "a");
    putPartial(disk, "new");
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now + 48 * HOURS });
    expect(Object.keys(disk.tree(STATE))).toHaveLength(3);
  });

  it("leaves the partial of a writer that may be at work, until nobody can think so", async () => {
    const disk = memoryDisk();
    const folder = putPartial(disk, "far", { writer: writerOf("far", { host: "there", boot: "other" }) });
    await sweep(disk, 2 * HOURS);
    expect(disk.lstat(folder)).toBeDefined();
    await sweep(disk, 48 * HOURS);
    expect(disk.lstat(folder)).toBeUndefined();
  });

  it("lets another sync take them away first", async () => {
    const disk = memoryDisk();
    disk.put(`${THIS_BOOT}/${readyName([sha256Of("a")])}`, "a");
    const seen = await view(disk);
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now });
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now });
    expect(disk.tree(STATE)).toEqual({});
  });

  it("takes away a partial without a list: its writer made no byte, and will make none", async () => {
    const disk = memoryDisk();
    const folder = `${LAYOUT.partial}/${partialName(sha256Of("big"), "far")}`;
    disk.put(`${folder}/data`, "");
    await sweep(disk, 0);
    expect(disk.folders(STATE)).toEqual([]);
  });

  it("passes over a file that another sync took away", async () => {
    const disk = memoryDisk();
    const [first, second] = ["a", "b"].map((text) => `${THIS_BOOT}/${readyName([sha256Of(text)])}`);
    for (const file of [first, second]) disk.put(file as string, "");
    const folder = putPartial(disk, "dead");
    const seen = await view(disk);
    await disk.unlink(first as string);
    const { unlink } = disk;
    disk.unlink = async (path) => {
      if (path === `${folder}/data`) await unlink(path);
      return unlink(path);
    };
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now });
    expect([disk.tree(STATE), disk.folders(STATE)]).toEqual([{}, []]);
  });

  it("removes nothing through a link that took the place of its folder", async () => {
    const disk = memoryDisk();
    const name = readyName([sha256Of("a")]);
    disk.put(`${THIS_BOOT}/${name}`, "a");
    const folder = putPartial(disk, "dead");
    const seen = await view(disk);
    for (const [place, file] of [
      [THIS_BOOT, name],
      [folder, "data"],
    ] as const) {
      disk.put(`/elsewhere/${file}`, "mine");
      for (const inside of (await disk.readdir(place)) ?? []) await disk.unlink(`${place}/${inside.name}`);
      await disk.rmdir(place);
      disk.symlink(place, "/elsewhere");
    }
    await sweepStore(disk, seen, { writer: SELF, now: () => disk.now }).catch((error: unknown) =>
      expect(error).toMatchObject({ code: "DISK_REFUSED" }),
    );
    expect(Object.keys(disk.tree("/elsewhere")).sort()).toEqual([name, "data"].sort());
  });

  it("leaves the stores of other owners", async () => {
    const disk = memoryDisk();
    const theirs = `${storeLayout(STATE, "you").ready}/00000001boot/${readyName([sha256Of("a")])}`;
    disk.put(theirs, "a");
    await sweep(disk);
    expect(disk.lstat(theirs)).toBeDefined();
  });
});

describe("lifeOfPartial()", () => {
  const MINUTE = 60_000;
  const FAR = writerOf("far", { host: "there", boot: "other", machine: "n" });

  async function life(disk: MemoryDisk, folder: string, writer = FAR) {
    const partial = { digest: sha256Of("big"), folder, writer, have: 0 };
    return lifeOfPartial(disk, partial, { writer: SELF, now: () => disk.now });
  }

  it.each([
    [0, "alive"],
    [MINUTE, "alive"],
    [MINUTE + 1, "silent"],
    [24 * HOURS, "silent"],
    [24 * HOURS + 1, "dead"],
  ])("of a writer elsewhere whose list did not grow for %d ms: %s", async (silence, wanted) => {
    const disk = memoryDisk();
    const folder = putPartial(disk, "far", { writer: FAR });
    disk.now += silence;
    // The folder is as old as what was made in it last; the list is what grows.
    await disk.touch(folder);
    expect(await life(disk, folder)).toBe(wanted);
  });

  it("goes by the folder where there is no list any more, and is alive where there is neither", async () => {
    const disk = memoryDisk();
    const folder = putPartial(disk, "far", { writer: FAR });
    await disk.unlink(`${folder}/segments`);
    disk.now += 2 * MINUTE;
    expect(await life(disk, folder)).toBe("silent");
    expect(await life(disk, `${folder}-gone`)).toBe("alive");
  });

  it("of a writer of this machine is what the machine says, however silent it is", async () => {
    const disk = memoryDisk();
    const folder = putPartial(disk, "dead");
    expect(await life(disk, folder, writerOf("dead"))).toBe("dead");
  });
});
