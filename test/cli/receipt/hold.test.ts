import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { thisWriter, type Writer } from "../../../cli/disk/writer.ts";
import { holdRoot } from "../../../cli/receipt/hold.ts";
import { writerOf } from "../../support/engine.ts";
import { systemError } from "../../support/memory-disk.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let home: TemporaryFolder;
let state: string;
let self: Writer;

beforeEach(async () => {
  home = await temporaryFolder();
  state = join(home.path, ".tritter");
  self = await thisWriter(nodeDisk(), process.pid);
});

afterEach(() => home.remove());

const names = () => readdir(state);
const hold = (writer: Writer, disk: Disk = nodeDisk(), now = Date.now) =>
  holdRoot(disk, state, { writer, now });

/** Another run of this same process: alive as long as we are. */
const other = (id = "other"): Writer => ({ ...self, id });
/** A run whose process ended, on this machine. */
const dead = (id = "dead"): Writer => ({ ...self, id, pid: 4_194_304, start: "1" });
const elsewhere = (id = "far"): Writer => writerOf(id, { host: "far-away", boot: "another", machine: "n" });

async function heldBy(writer: Writer | string, ageMs = 0): Promise<void> {
  await mkdir(state, { recursive: true });
  const file = join(state, "holder");
  await writeFile(file, typeof writer === "string" ? writer : JSON.stringify(writer));
  const then = new Date(Date.now() - ageMs);
  await utimes(file, then, then);
}

const HELD = { code: "ROOT_HELD", hint: expect.stringContaining("run the same command again") };

describe("holdRoot()", () => {
  it("has one holder at a time, and leaves nothing behind", async () => {
    const release = await hold(self);
    expect(await names()).toEqual(["holder"]);
    await expect(hold(other())).rejects.toMatchObject(HELD);
    expect(await names()).toEqual(["holder"]);
    await release();
    expect(await names()).toEqual([]);
    await (await hold(other()))();
  });

  it("lets one of many that come at once", async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => hold(other(`w${index}`))),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of tries) if (one.status === "rejected") expect(one.reason).toMatchObject(HELD);
    expect(await names()).toEqual(["holder"]);
  });

  it("lets one of many that find a dead one, at once", async () => {
    for (let round = 0; round < 10; round++) {
      await heldBy(dead());
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) => hold(other(`w${index}`))),
      );
      const winners = tries.filter((one) => one.status === "fulfilled");
      expect(winners).toHaveLength(1);
      await winners[0]?.value();
      expect(await names()).toEqual([]);
    }
  });

  it("names who holds it", async () => {
    await heldBy(elsewhere());
    await expect(hold(self)).rejects.toMatchObject({
      message: 'cannot take the root: another sync holds it (process 4194000 on "far-away")',
    });
  });

  it.each([
    ["the process is gone", dead],
    ["the process id was given again", () => ({ ...self, id: "reused", start: "1" })],
    ["this machine booted since", () => ({ ...self, id: "booted", boot: "before" })],
  ])("never waits for a dead one: %s", async (_, writer) => {
    await heldBy(writer());
    await (await hold(self))();
  });

  it.each([
    ["another host", elsewhere],
    ["a host of this name, another machine", () => ({ ...self, id: "twin", boot: "another", machine: "n" })],
    ["another container", () => ({ ...self, id: "pod", pids: "pid:[1]" })],
    ["a system without /proc", () => writerOf("mac", { start: undefined, boot: undefined, pids: undefined })],
  ])("takes one that it cannot look at for dead only once it is silent: %s", async (_, writer) => {
    await heldBy(writer(), 30_000);
    await expect(hold(self)).rejects.toMatchObject(HELD);
    await heldBy(writer(), 61_000);
    await (await hold(self))();
  });

  it("takes garbage for a holder that is being written, for some seconds", async () => {
    await heldBy('{"id":');
    await expect(hold(self)).rejects.toMatchObject({ message: expect.stringContaining("is just taking it") });
    await heldBy('{"id":', 6_000);
    await (await hold(self))();
  });

  it("waits for none from before a clock was set back, and for one whose clock goes a little ahead", async () => {
    for (const holder of [elsewhere(), '{"id":']) {
      await heldBy(holder, -30 * 60_000);
      await expect(hold(self)).rejects.toMatchObject(HELD);
      await heldBy(holder, -2 * 3_600_000);
      await (await hold(self))();
    }
  });

  it("leaves alone a holder that took the place of the dead one it found", async () => {
    await heldBy(dead());
    const disk = nodeDisk();
    const racing: Disk = {
      ...disk,
      link: async (from, to) => {
        await heldBy(other());
        await disk.link(from, to);
      },
    };
    await expect(hold(self, racing)).rejects.toMatchObject(HELD);
    expect(JSON.parse(await readFile(join(state, "holder"), "utf8"))).toEqual(other());
    expect(await names()).toEqual(["holder"]);
  });

  it("takes over from one that died while it took over", async () => {
    await heldBy(dead());
    await writeFile(join(state, "holder.after.dead"), JSON.stringify(dead("next")));
    const release = await hold(self);
    expect(await names()).toEqual(["holder"]);
    await release();
    expect(await names()).toEqual([]);
  });

  it("sweeps what runs left that died while they took it, and nothing of one that lives or may live", async () => {
    const left: [string, string, number][] = [
      ["holder.dead", JSON.stringify(dead()), 0],
      ["holder.after.gone", JSON.stringify(dead("taker")), 0],
      ["holder.torn", "", 0],
      ["holder.silent", JSON.stringify(elsewhere()), 61_000],
      ["holder.other", JSON.stringify(other()), 0],
      ["holder.far", JSON.stringify(elsewhere()), 0],
    ];
    await mkdir(state, { recursive: true });
    for (const [name, text, ageMs] of left) {
      await writeFile(join(state, name), text);
      const then = new Date(Date.now() - ageMs);
      await utimes(join(state, name), then, then);
    }
    await (await hold(self))();
    expect((await names()).sort()).toEqual(["holder.far", "holder.other"]);
  });

  it("does without its own file where another, who holds the root, swept it", async () => {
    const disk = nodeDisk();
    let release: (() => Promise<void>) | undefined;
    const overtaken: Disk = {
      ...disk,
      link: async (from, to) => {
        release ??= await hold(other());
        await disk.unlink(from);
        await disk.link(from, to);
      },
    };
    await expect(hold(self, overtaken)).rejects.toMatchObject(HELD);
    await release?.();
    expect(await names()).toEqual([]);
  });

  it("takes no path from a holder's id", async () => {
    await heldBy({ ...dead(), id: "../../evil" });
    await (await hold(self))();
    expect(await readdir(home.path)).toEqual([".tritter"]);
    expect(await names()).toEqual([]);
  });

  it("is not taken for another by a link that was made but denied", async () => {
    const disk = nodeDisk();
    const lying: Disk = {
      ...disk,
      link: async (from, to) => {
        await disk.link(from, to);
        throw systemError("EEXIST", to);
      },
    };
    await (await hold(self, lying))();
    expect(await names()).toEqual([]);
  });

  it.each(["EPERM", "ENOTSUP", "ENOSYS", "EACCES"])(
    "has one holder where links are refused (%s)",
    async (code) => {
      const disk: Disk = { ...nodeDisk(), link: (_, to) => Promise.reject(systemError(code, to)) };
      const release = await hold(self, disk);
      await expect(hold(other(), disk)).rejects.toMatchObject(HELD);
      await release();
      expect(await names()).toEqual([]);
    },
  );

  it("does not end the hold of another that took over while it slept", async () => {
    const release = await hold(self);
    await heldBy(other());
    await release();
    expect(JSON.parse(await readFile(join(state, "holder"), "utf8"))).toEqual(other());
  });

  it.each([
    ["ENOSPC", "NO_SPACE"],
    ["EROFS", "DISK_REFUSED"],
    ["EACCES", "DISK_REFUSED"],
  ])("tells %s as %s and leaves nothing open or behind", async (failure, code) => {
    const disk = nodeDisk();
    const full: Disk = {
      ...disk,
      open: async (path, mode) => {
        const file = await disk.open(path, mode);
        return { ...file, append: () => Promise.reject(systemError(failure, path)) };
      },
    };
    await expect(hold(self, full)).rejects.toMatchObject({ code });
    expect(await names()).toEqual([]);
  });
});
