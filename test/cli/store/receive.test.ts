import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Writer } from "../../../cli/disk/writer.ts";
import { blocksFor } from "../../../cli/store/blocks.ts";
import { intakeOf, type Receiver } from "../../../cli/store/intake.ts";
import { inlineKeeper } from "../../../cli/store/keeper.ts";
import type { ReceiveInput, Wanted } from "../../../cli/store/receive.ts";
import { SEGMENT } from "../../../cli/store/segments.ts";
import { prepareStore, readyFile, viewStore } from "../../../cli/store/store.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const CONTENT = Buffer.alloc(2 * SEGMENT + 17, "some content, ");
const DIGEST = sha256Of(CONTENT);
const GOING = new AbortController().signal;
/** A writer on another machine: nobody here can say whether it lives. */
const far = (id: string): Writer => writerOf(id, { host: "there", boot: "other", machine: "n" });

async function inputOf(disk: MemoryDisk, writer: Writer): Promise<ReceiveInput> {
  const view = await viewStore(disk, { state: STATE, owner: "me", signal: GOING });
  return { disk, view, readyFolder: await prepareStore(disk, view.layout), writer, now: () => disk.now };
}

const WANTED = { digest: DIGEST, size: CONTENT.length, afresh: false, signal: GOING };

function receive(input: ReceiveInput, wanted: Wanted): Promise<Receiver> {
  return intakeOf(inlineKeeper(input, GOING), {
    blocks: blocksFor(3, { shared: false }),
    gatherMs: 0,
    now: () => 0,
  }).receive(wanted);
}

async function begin(disk: MemoryDisk, id: string, parts: Partial<typeof WANTED> & { writer?: Writer } = {}) {
  const { writer = writerOf(id), ...wanted } = parts;
  return receive(await inputOf(disk, writer), { ...WANTED, ...wanted });
}

async function fill(
  receiver: Receiver,
  range = { start: 0, end: CONTENT.length },
  content = CONTENT,
): Promise<void> {
  const span = receiver.span(range);
  for (let at = range.start; at < range.end; at += 1_000_003)
    await span.write(content.subarray(at, Math.min(range.end, at + 1_000_003)));
  await span.end();
}

async function fillMissing(receiver: Receiver): Promise<void> {
  for (const range of receiver.missing) await fill(receiver, range);
}

/** What a run leaves that was stopped after these segments. */
async function stoppedAfter(
  disk: MemoryDisk,
  id: string,
  segments: readonly number[],
  writer = writerOf(id),
) {
  const receiver = await begin(disk, id, { writer, afresh: true });
  for (const index of segments)
    await fill(receiver, { start: index * SEGMENT, end: Math.min(CONTENT.length, (index + 1) * SEGMENT) });
  await receiver.suspend();
}

const partialOf = (disk: MemoryDisk, id: string) =>
  Object.keys(disk.tree(STATE)).filter((path) => path.includes(`.${id}/`));

async function expectReady(disk: MemoryDisk, receiver: Receiver): Promise<void> {
  const result = await receiver.finish();
  if (result.kind === "mismatch") expect.fail(`mismatch: ${result.digest}`);
  expect((await disk.read(readyFile(result.blob)))?.equals(CONTENT)).toBe(true);
  expect(disk.lstat(readyFile(result.blob))?.size).toBe(CONTENT.length);
  expect(disk.opened).toEqual([]);
}

describe("receive()", () => {
  it("takes ranges in any order, and makes the blob ready under its digests", async () => {
    const disk = memoryDisk();
    const receiver = await begin(disk, "w", { digest: gitOf(CONTENT) });
    expect([receiver.have, receiver.missing]).toEqual([0, [{ start: 0, end: CONTENT.length }]]);
    await fill(receiver, { start: 2 * SEGMENT, end: CONTENT.length });
    await fill(receiver, { start: SEGMENT, end: 2 * SEGMENT });
    await fill(receiver, { start: 0, end: SEGMENT });
    expect(await receiver.finish()).toMatchObject({
      kind: "ready",
      blob: { digests: [DIGEST, gitOf(CONTENT)] },
    });
    expect([disk.opened, partialOf(disk, "w")]).toEqual([[], []]);
  });

  it("takes spans that are filled side by side", async () => {
    const disk = memoryDisk();
    const receiver = await begin(disk, "w");
    await Promise.all([
      fill(receiver, { start: 0, end: SEGMENT }),
      fill(receiver, { start: SEGMENT, end: 2 * SEGMENT }),
      fill(receiver, { start: 2 * SEGMENT, end: CONTENT.length }),
    ]);
    await expectReady(disk, receiver);
  });

  it("keeps nothing of other bytes, and names their digest", async () => {
    const disk = memoryDisk();
    const other = Buffer.from(CONTENT);
    other[SEGMENT + 5] = 0;
    const receiver = await begin(disk, "w");
    await fill(receiver, undefined, other);
    expect(await receiver.finish()).toEqual({ kind: "mismatch", digest: sha256Of(other) });
    expect([disk.opened, disk.tree(`${STATE}/store`)]).toEqual([[], {}]);
    expect(disk.folders(STATE).filter((folder) => folder.includes("sha256-"))).toEqual([]);
  });

  it("goes on from what a dead writer left, and asks for the rest only", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 2]);
    const receiver = await begin(disk, "next");
    expect([receiver.have, receiver.missing]).toEqual([SEGMENT + 17, [{ start: SEGMENT, end: 2 * SEGMENT }]]);
    expect(partialOf(disk, "dead")).toEqual([]);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
  });

  it("finishes what only lacked its proof", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1, 2]);
    const receiver = await begin(disk, "next");
    expect(receiver.missing).toEqual([]);
    await expectReady(disk, receiver);
  });

  it("begins anew where that is asked for", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1, 2]);
    const receiver = await begin(disk, "next", { afresh: true });
    expect(receiver.have).toBe(0);
    await receiver.suspend();
    expect(partialOf(disk, "dead")).toHaveLength(2);
  });

  it("checks each segment it finds, and fetches a bad one again", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1]);
    const [data] = partialOf(disk, "dead");
    const file = await disk.open(`${STATE}/${data}`, "r+");
    await file.writeAt(Buffer.alloc(9), SEGMENT + 100);
    await file.close();
    const receiver = await begin(disk, "next");
    expect(receiver.missing).toEqual([{ start: SEGMENT, end: CONTENT.length }]);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
  });

  it.each(["lost", "zeros"] as const)("believes no segment that a power loss took (%s)", async (mode) => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1, 2]);
    disk.losePower(mode);
    disk.now += 48 * 3_600_000;
    const receiver = await begin(disk, "next");
    expect(receiver.have).toBe(0);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
  });

  it("cuts off what a list of another size left behind the end", async () => {
    const disk = memoryDisk();
    const longer = await begin(disk, "dead", { size: CONTENT.length + 2 * SEGMENT });
    await fill(longer, { start: 3 * SEGMENT, end: 4 * SEGMENT }, Buffer.alloc(4 * SEGMENT, "x"));
    await longer.suspend();
    const receiver = await begin(disk, "next");
    expect(receiver.have).toBe(0);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
  });

  it.each([
    ["no list", (folder: string, disk: MemoryDisk) => disk.unlink(`${folder}/segments`)],
    ["no data", (folder: string, disk: MemoryDisk) => disk.unlink(`${folder}/data`)],
    [
      "a garbled list",
      async (folder: string, disk: MemoryDisk) => disk.put(`${folder}/segments`, "\0\0\0\n0 00\n"),
    ],
  ])("begins anew from a partial with %s", async (_, spoil) => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0]);
    const [file] = partialOf(disk, "dead");
    await spoil(`${STATE}/${file?.slice(0, file.lastIndexOf("/"))}`, disk);
    const receiver = await begin(disk, "next");
    expect(receiver.have).toBe(0);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
  });

  it("lets another claim a partial first", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0]);
    const [first, second] = [await inputOf(disk, writerOf("a")), await inputOf(disk, writerOf("b"))];
    const [a, b] = [await receive(first, WANTED), await receive(second, WANTED)];
    expect([a.have, b.have]).toEqual([SEGMENT, 0]);
    await a.suspend();
    await fillMissing(b);
    await expectReady(disk, b);
  });

  it("leaves alone what a writer at work has", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "far", [0, 1], far("far"));
    const receiver = await begin(disk, "next");
    expect(receiver.have).toBe(0);
    await receiver.suspend();
    expect(partialOf(disk, "far")).toHaveLength(2);
  });

  it("copies from a writer that is only silent, so that none of its late bytes can reach a placed file", async () => {
    const disk = memoryDisk();
    const slow = await begin(disk, "far", { writer: far("far") });
    await fill(slow, { start: 0, end: SEGMENT });
    disk.now += 3_600_000;
    const receiver = await begin(disk, "next");
    expect(receiver.have).toBe(SEGMENT);
    await fillMissing(receiver);
    await fill(slow, { start: SEGMENT, end: 2 * SEGMENT }, Buffer.alloc(CONTENT.length, "garbage"));
    await slow.suspend();
    await expectReady(disk, receiver);
  });

  it("waits for what is being written, keeps it, and closes, when suspended in the middle", async () => {
    const disk = memoryDisk();
    const { open } = disk;
    disk.open = async (path, mode) => {
      const file = await open(path, mode);
      const writeAt: typeof file.writeAt = async (bytes, position) => {
        await new Promise((resolve) => setImmediate(resolve));
        await file.writeAt(bytes, position);
      };
      return { ...file, writeAt };
    };
    const receiver = await begin(disk, "w");
    void receiver.span({ start: 0, end: CONTENT.length }).write(CONTENT.subarray(0, SEGMENT));
    await receiver.suspend();
    expect(disk.opened).toEqual([]);
    const next = await begin(disk, "next");
    expect(next.have).toBe(SEGMENT);
    await next.suspend();
  });

  it.each(["readAt", "writeAt", "append", "rename", "mkdir", "sync", "open"] as const)(
    "leaves no handle open where %s fails, at any time",
    async (failing) => {
      for (let failAt = 1; failAt < 5; failAt++) {
        const disk = memoryDisk();
        await stoppedAfter(disk, "dead", [1]);
        let count = 0;
        disk.before = (operation, path) => {
          if (operation === failing && ++count === failAt) throw systemError("EIO", path);
        };
        const run = async () => {
          const receiver = await begin(disk, "next");
          try {
            await fillMissing(receiver);
          } catch (error) {
            await receiver.suspend();
            throw error;
          }
          await receiver.finish();
        };
        await run().catch((error: unknown) => {
          if (!String(error).includes("EIO")) throw error;
        });
        expect(disk.opened, `${failing} ${failAt}`).toEqual([]);
      }
    },
  );

  it("stops while it checks, and while it proves, what an interrupted run left", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1, 2]);
    const reason = new Error("stopped");
    await expect(begin(disk, "next", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const receiver = await begin(disk, "after", { signal: stop.signal });
    stop.abort(reason);
    await expect(receiver.finish()).rejects.toBe(reason);
    expect(disk.opened).toEqual([]);
  });

  it("goes on from the dead writer that has most, and from none of another blob", async () => {
    const disk = memoryDisk();
    const other = Buffer.alloc(CONTENT.length, "other");
    const foreign = await begin(disk, "other", { digest: sha256Of(other) });
    await fill(foreign, undefined, other);
    await foreign.suspend();
    await stoppedAfter(disk, "little", [2]);
    await stoppedAfter(disk, "much", [0, 1]);
    await stoppedAfter(disk, "middle", [1]);
    const receiver = await begin(disk, "next");
    expect(receiver.missing).toEqual([{ start: 2 * SEGMENT, end: CONTENT.length }]);
    expect([partialOf(disk, "much"), partialOf(disk, "other").length]).toEqual([[], 2]);
    await receiver.suspend();
  });

  it("fails with the system's own code where what is left cannot be claimed", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0]);
    disk.before = (operation, path) => {
      if (operation === "rename" && path.endsWith(".dead")) throw systemError("EACCES", path);
    };
    await expect(begin(disk, "next")).rejects.toMatchObject({ code: "EACCES" });
    expect(disk.opened).toEqual([]);
  });

  it("copies from a silent writer each segment to its place, and a list of another size counts for nothing", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "far", [1, 2], far("far"));
    disk.now += 3_600_000;
    const receiver = await begin(disk, "next");
    expect(receiver.missing).toEqual([{ start: 0, end: SEGMENT }]);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
    const again = await begin(disk, "shorter", { size: CONTENT.length - 1 });
    expect(again.have).toBe(0);
    await again.suspend();
  });

  it("passes over lines of segments that the blob does not have, and over a list that was being written", async () => {
    const disk = memoryDisk();
    await stoppedAfter(disk, "dead", [0, 1, 2]);
    const folder = `${STATE}/${partialOf(disk, "dead")[0]}`.replace(/\/[^/]*$/, "");
    const list = await disk.read(`${folder}/segments`);
    // The checksum of no bytes.
    disk.put(`${folder}/segments`, `${list}3 0\n4 0\n`);
    disk.put(`${folder}/segments.new`, "half");
    const receiver = await begin(disk, "next");
    const result = await receiver.finish();
    expect(result).toMatchObject({ kind: "ready" });
    expect(result.kind === "ready" && result.blob.segments).toHaveLength(3);
  });

  it.each([CONTENT.length, 100])(
    "keeps what is here of a blob that cannot be made ready for the next, if it has a list (%d)",
    async (size) => {
      const disk = memoryDisk();
      const content = CONTENT.subarray(0, size);
      const receiver = await begin(disk, "dead", { size, digest: sha256Of(content) });
      await fill(receiver, { start: 0, end: size }, content);
      disk.before = (operation, path) => {
        if (operation === "sync") throw systemError("EIO", path);
      };
      await expect(receiver.finish()).rejects.toMatchObject({ code: "EIO" });
      disk.before = () => undefined;
      expect(disk.opened).toEqual([]);
      expect(Object.keys(disk.tree(`${STATE}/store`))).toHaveLength(size > SEGMENT ? 2 : 0);
      const next = await begin(disk, "next", { size, digest: sha256Of(content) });
      expect(next.have).toBe(size > SEGMENT ? size : 0);
      await next.suspend();
    },
  );

  it("is not finished before all came, and not where what was written is not there any more", async () => {
    const disk = memoryDisk();
    const early = await begin(disk, "early");
    await fill(early, { start: 0, end: SEGMENT });
    await expect(early.finish()).rejects.toThrow(`only ${SEGMENT} bytes of ${CONTENT.length} were kept`);
    const { open } = disk;
    disk.open = async (path, mode) => ({ ...(await open(path, mode)), readAt: async () => 0 });
    const torn = await begin(disk, "torn", { afresh: true });
    for (const start of [2 * SEGMENT, SEGMENT, 0])
      await fill(torn, { start, end: Math.min(CONTENT.length, start + SEGMENT) });
    await expect(torn.finish()).rejects.toThrow("segment 1 is shorter than it was written");
    expect(disk.opened).toEqual([]);
  });

  describe("hashes", () => {
    async function readsOf(order: readonly number[]) {
      const disk = memoryDisk();
      let reads = 0;
      disk.before = (operation) => {
        if (operation === "readAt") reads += 1;
      };
      const receiver = await begin(disk, "w");
      const counts: number[] = [];
      for (const index of order) {
        const range = { start: index * SEGMENT, end: Math.min(CONTENT.length, (index + 1) * SEGMENT) };
        await fill(receiver, range);
        await new Promise((resolve) => setImmediate(resolve));
        counts.push(reads);
      }
      await expectReady(disk, receiver);
      return [...counts, reads];
    }
    /** A segment, as it is read. */
    const SEGMENT_READS = SEGMENT / (256 * 1024);

    it("what comes in order as it comes, without reading it again", async () => {
      expect(await readsOf([0, 1, 2])).toEqual([0, 0, 0, 0]);
    });

    it("what came early once it is its turn, and goes on with what comes then", async () => {
      expect(await readsOf([1, 0, 2])).toEqual([0, SEGMENT_READS, SEGMENT_READS, SEGMENT_READS]);
    });
  });
});

describe("receive() of a file that was whole once", () => {
  const checksums = [0, 1, 2].map((index) => crc32(CONTENT.subarray(index * SEGMENT, (index + 1) * SEGMENT)));
  const damaged = { file: "/root/data/big", checksums };

  function diskWithDamage(): MemoryDisk {
    const disk = memoryDisk();
    disk.put(damaged.file, CONTENT);
    disk.rot(damaged.file, SEGMENT + 5);
    return disk;
  }
  const mend = async (disk: MemoryDisk, parts: Partial<Wanted> = {}) =>
    receive(await inputOf(disk, writerOf("w")), { ...WANTED, damaged, ...parts });

  it("asks for its damaged segments alone, and changes nothing of it", async () => {
    const disk = diskWithDamage();
    const before = await disk.read(damaged.file);
    const receiver = await mend(disk);
    expect([receiver.have, receiver.missing]).toEqual([SEGMENT + 17, [{ start: SEGMENT, end: 2 * SEGMENT }]]);
    await fillMissing(receiver);
    await expectReady(disk, receiver);
    expect((await disk.read(damaged.file))?.equals(before as Buffer)).toBe(true);
  });

  it("takes nothing of it where all is wanted afresh: it may be what was wrong", async () => {
    const disk = diskWithDamage();
    const receiver = await mend(disk, { afresh: true });
    expect(receiver.have).toBe(0);
    await receiver.suspend();
    expect(disk.opened).toEqual([]);
  });

  it("prefers what an interrupted run left", async () => {
    const disk = diskWithDamage();
    await stoppedAfter(disk, "dead", [1, 2]);
    const receiver = await mend(disk);
    expect(receiver.missing).toEqual([{ start: 0, end: SEGMENT }]);
    await receiver.suspend();
  });

  it.each(["ENOENT", "EACCES", "EPERM", "EIO", "ELOOP", "ENOTDIR", "EISDIR"])(
    "does without it where it cannot be read (%s)",
    async (code) => {
      for (const failing of ["open", "readAt"]) {
        const disk = diskWithDamage();
        disk.before = (operation, path) => {
          if (operation === failing && path === damaged.file) throw systemError(code, path);
        };
        const receiver = await mend(disk);
        expect(receiver.have).toBe(0);
        await fillMissing(receiver);
        await expectReady(disk, receiver);
      }
    },
  );

  it("fails with what the store's own disk refuses, and with a mistake of ours", async () => {
    for (const error of [systemError("ENOSPC", "/"), new TypeError("a bug")]) {
      const disk = diskWithDamage();
      disk.before = (operation) => {
        if (operation === "writeAt") throw error;
      };
      await expect(mend(disk)).rejects.toBe(error);
      expect(disk.opened).toEqual([]);
    }
  });
});
