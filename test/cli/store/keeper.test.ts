import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { TritterError } from "../../../cli/errors.ts";
import { inlineKeeper, type Keeper, openKeeper, openKeepers } from "../../../cli/store/keeper.ts";
import { failureOf, Stopped, threadedKeeper } from "../../../cli/store/keeper-thread.ts";
import type { ReceiveInput, Reception, Run } from "../../../cli/store/receive.ts";
import { SEGMENT, segmentLength } from "../../../cli/store/segments.ts";
import type { SmallBlob } from "../../../cli/store/small.ts";
import { prepareStore, readyFile, viewStore } from "../../../cli/store/store.ts";
import type { Digest } from "../../../schema/ids.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { memoryDisk } from "../../support/memory-disk.ts";
import { temporaryFolder } from "../../support/trees.ts";

// What keeps bytes owes the same in this thread, on any disk, and in a thread of its own.

const THREAD = new URL("../../../dist/store-worker.js", import.meta.url);
const GOING = new AbortController().signal;

interface Stage {
  readonly disk: Disk;
  readonly state: string;
  open(id: string, signal?: AbortSignal): Promise<{ keeper: Keeper; input: ReceiveInput }>;
}

async function stageOn(disk: Disk, root: string, keep: (input: ReceiveInput, signal: AbortSignal) => Keeper) {
  const state = join(root, ".tritter");
  await disk.mkdir(state);
  return {
    disk,
    state,
    open: async (id: string, signal: AbortSignal = GOING) => {
      const view = await viewStore(disk, { state, owner: "me", signal: GOING });
      const readyFolder = await prepareStore(disk, view.layout);
      const input: ReceiveInput = { disk, view, readyFolder, writer: writerOf(id), now: () => Date.now() };
      const keeper = keep(input, signal);
      onTestFinished(async () => void (await keeper.close()));
      return { keeper, input };
    },
  };
}

async function stageInFolder(keep: (input: ReceiveInput, signal: AbortSignal) => Keeper): Promise<Stage> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  return stageOn(nodeDisk(), folder.path, keep);
}

const STAGES: readonly (readonly [string, () => Promise<Stage>])[] = [
  ["in this thread, on a disk in memory", () => stageOn(memoryDisk(), "/root", inlineKeeper)],
  ["in this thread", () => stageInFolder(inlineKeeper)],
  ["in a thread of its own", () => stageInFolder((input, signal) => threadedKeeper(THREAD, input, signal))],
];

/** In memory that threads share. */
function shared(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(content.length));
  bytes.set(content);
  return bytes;
}

/** One after the other. */
function sharedBlobs(texts: readonly string[]) {
  const all = shared(Buffer.from(texts.join("")));
  let end = 0;
  return texts.map((text) => {
    end += text.length;
    return { digest: gitOf(text), bytes: all.subarray(end - text.length, end) };
  });
}

const LARGE = shared(Buffer.alloc(3 * SEGMENT + 1_000_001, "some content, "));
const WANTED = { digest: sha256Of(LARGE), size: LARGE.length, afresh: false, signal: GOING };
const BLOCK = 300_000;

/** As blocks come from a stream: in order, none reaching into another segment. */
async function keepAll(reception: Reception, runs: readonly Run[] = reception.missing, content = LARGE) {
  const kept: Promise<void>[] = [];
  for (const { start, end } of runs) {
    for (let at = start; at < end; ) {
      const next = Math.min(end, at + BLOCK, (Math.floor(at / SEGMENT) + 1) * SEGMENT);
      kept.push(reception.keep(at, content.subarray(at, next)));
      at = next;
    }
  }
  await Promise.all(kept);
}

const segment = (index: number): Run => ({
  start: index * SEGMENT,
  end: index * SEGMENT + segmentLength(LARGE.length, index),
});

async function filesBelow({ disk, state }: Stage): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string) => {
    for (const { name, kind } of (await disk.readdir(folder)) ?? [])
      if (kind === "folder") await walk(join(folder, name));
      else found.push(join(folder, name));
  };
  await walk(join(state, "store"));
  return found;
}

async function holds({ disk }: Stage, file: string, content: Uint8Array): Promise<boolean> {
  return (await disk.read(file))?.equals(content) === true;
}

async function stoppedAfter(stage: Stage, segments: readonly number[]): Promise<void> {
  const { keeper } = await stage.open("dead");
  const reception = await keeper.receive(WANTED);
  await keepAll(reception, segments.map(segment));
  await reception.suspend();
}

describe.each(STAGES)("keeper %s", (_, make) => {
  it("tells at the end how many bytes were hashed, large and small", async () => {
    const { keeper } = await (await make()).open("w");
    await keeper.put(sharedBlobs(["one", "three"]));
    const reception = await keeper.receive(WANTED);
    await keepAll(reception);
    await reception.finish();
    const { bytes, ms } = await keeper.close();
    expect(bytes).toBe("onethree".length + LARGE.length);
    expect(ms).toBeGreaterThan(0);
  });

  it("makes a blob ready whose segments come in any order, and knows the checksum of each", async () => {
    const stage = await make();
    const { keeper } = await stage.open("w");
    const reception = await keeper.receive({ ...WANTED, digest: gitOf(LARGE) });
    expect([reception.have, reception.missing]).toEqual([0, [{ start: 0, end: LARGE.length }]]);
    await Promise.all([2, 0, 3, 1].map((index) => keepAll(reception, [segment(index)])));
    const kept = await reception.finish();
    if (kept.kind === "mismatch") expect.fail(`mismatch: ${kept.digest}`);
    expect(kept.blob).toMatchObject({ digests: [WANTED.digest, gitOf(LARGE)], size: LARGE.length });
    expect(kept.blob.segments).toHaveLength(4);
    expect(kept.blob.segments?.[3]).toBe(crc32(LARGE.subarray(3 * SEGMENT)));
    expect(await holds(stage, readyFile(kept.blob), LARGE)).toBe(true);
    expect(await filesBelow(stage)).toEqual([readyFile(kept.blob)]);
  });

  it.each([1, 300_000, 300_001, SEGMENT])(
    "makes a blob of %d bytes ready, which is no more than a segment",
    async (size) => {
      const stage = await make();
      const { keeper } = await stage.open("w");
      const content = LARGE.subarray(0, size);
      const wanted = { ...WANTED, size, digest: sha256Of(content) };
      const stopped = await keeper.receive(wanted);
      await stopped.suspend();
      expect(await filesBelow(stage)).toEqual([]);
      const reception = await keeper.receive(wanted);
      await keepAll(reception);
      const kept = await reception.finish();
      if (kept.kind === "mismatch") expect.fail(`mismatch: ${kept.digest}`);
      expect(await holds(stage, readyFile(kept.blob), content)).toBe(true);
      expect(await filesBelow(stage)).toEqual([readyFile(kept.blob)]);
    },
  );

  it.each([LARGE.length, 1000])("keeps nothing of other bytes, and names their digest (%d)", async (size) => {
    const stage = await make();
    const { keeper } = await stage.open("w");
    const content = LARGE.subarray(0, size);
    const reception = await keeper.receive({ ...WANTED, size, digest: sha256Of("other") });
    await keepAll(reception, reception.missing, content);
    expect(await reception.finish()).toEqual({ kind: "mismatch", digest: sha256Of(content) });
    expect(await filesBelow(stage)).toEqual([]);
  });

  it("goes on from what a dead writer left, segment by segment", async () => {
    const stage = await make();
    await stoppedAfter(stage, [0, 3]);
    const { keeper } = await stage.open("next");
    const reception = await keeper.receive(WANTED);
    expect([reception.have, reception.missing]).toEqual([
      LARGE.length - 2 * SEGMENT,
      [{ start: SEGMENT, end: 3 * SEGMENT }],
    ]);
    await keepAll(reception);
    const kept = await reception.finish();
    expect(kept).toMatchObject({ kind: "ready", blob: { digests: [WANTED.digest] } });
    expect(kept.kind === "ready" && kept.blob.segments).toHaveLength(4);
  });

  it("receives several blobs side by side", async () => {
    const stage = await make();
    const { keeper } = await stage.open("w");
    const sizes = [2 * SEGMENT, 2 * SEGMENT + 7, 5_000, SEGMENT + 1];
    const kept = await Promise.all(
      sizes.map(async (size) => {
        const content = LARGE.subarray(0, size);
        const reception = await keeper.receive({ ...WANTED, size, digest: sha256Of(content) });
        await keepAll(reception, reception.missing, content);
        return reception.finish();
      }),
    );
    expect(kept.map((one) => (one.kind === "ready" ? one.blob.size : one.digest))).toEqual(sizes);
  });

  it("puts small blobs together, each for itself", async () => {
    const stage = await make();
    const { keeper } = await stage.open("w");
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
    const blobs = sharedBlobs(texts).map((blob, index) =>
      index === 7
        ? { ...blob, digest: gitOf("other") }
        : index % 2 === 0
          ? { ...blob, digest: sha256Of(blob.bytes) }
          : blob,
    );
    const kept = await keeper.put(blobs);
    expect(kept.map(({ kind }) => kind)).toEqual(
      texts.map((_, index) => (index === 7 ? "mismatch" : "ready")),
    );
    expect(kept[7]).toEqual({ kind: "mismatch", digest: gitOf("text 7") });
    for (const [index, one] of kept.entries())
      if (one.kind === "ready")
        expect((await stage.disk.read(readyFile(one.blob)))?.toString()).toBe(texts[index]);
    expect(await filesBelow(stage)).toHaveLength(39);
    const { input } = await stage.open("again");
    const { ready } = await viewStore(stage.disk, { state: stage.state, owner: "me", signal: GOING });
    for (const { digest } of blobs) expect(ready.has(digest)).toBe(digest !== gitOf("other"));
    expect(input.view.partials).toEqual([]);
  });

  it("says with the system's own code what the file system refuses, of that blob alone", async () => {
    const stage = await make();
    const { keeper, input } = await stage.open("w");
    const [good, bad] = sharedBlobs(["good", "bad"]);
    // A folder stands where the file would be written.
    const beside = `${createHash("sha256").update("bad").digest("hex")}.${gitOf("bad").slice(4)}.w.new`;
    await stage.disk.mkdir(join(input.readyFolder, beside));
    const kept = await keeper.put([good!, bad!]);
    expect(kept).toMatchObject([
      { kind: "ready" },
      { kind: "failed", error: { code: expect.stringMatching(/^E(EXIST|ISDIR)$/) } },
    ]);
    const brief = { ...WANTED, size: 10, digest: sha256Of("brief") };
    await stage.disk.mkdir(join(input.readyFolder, `${brief.digest.replace(":", "-")}.w.new`));
    await expect(keeper.receive(brief)).rejects.toMatchObject({
      code: expect.stringMatching(/^E(EXIST|ISDIR)$/),
    });
  });

  it("says what stands in the way of its own folders", async () => {
    const stage = await make();
    const { keeper, input } = await stage.open("w");
    const { partial } = input.view.layout;
    const file = await stage.disk.open(partial, "wx");
    await file.close();
    const refused = await keeper.receive(WANTED).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TritterError);
    expect(refused).toMatchObject({
      code: "DISK_REFUSED",
      message: expect.stringContaining(dirname(partial)),
    });
  });

  it("stops with the signal's reason while it checks, and while it proves, and leaves all to the next", async () => {
    const stage = await make();
    await stoppedAfter(stage, [0, 1, 2, 3]);
    const reason = new Error("stopped");
    const stopped = AbortSignal.abort(reason);
    const { keeper: checking } = await stage.open("checking", stopped);
    await expect(checking.receive({ ...WANTED, signal: stopped })).rejects.toBe(reason);
    const stop = new AbortController();
    const { keeper: proving } = await stage.open("proving", stop.signal);
    const reception = await proving.receive({ ...WANTED, signal: stop.signal });
    stop.abort(reason);
    await expect(reception.finish()).rejects.toBe(reason);
    const { keeper: last } = await stage.open("last");
    const again = await last.receive(WANTED);
    expect(again.missing).toEqual([]);
    expect(await again.finish()).toMatchObject({ kind: "ready" });
  });
});

describe("keeper in a thread of its own", () => {
  it.each([
    ["ends", "process.exit(3)", "status 3"],
    ["throws", "setTimeout(() => { throw new Error('broken') })", "broken"],
  ])("that %s is a bug to whoever waits, and to whoever asks later", async (_, script, what) => {
    const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const stage = await stageInFolder((input, signal) => threadedKeeper(url, input, signal));
    const { keeper } = await stage.open("w");
    const failures = await Promise.all([
      keeper.receive(WANTED).catch((error: unknown) => error),
      keeper.put([]).catch((error: unknown) => error),
    ]);
    failures.push(await keeper.receive(WANTED).catch((error: unknown) => error));
    for (const error of failures) {
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toHaveProperty("code");
      expect(String(error)).toContain(what);
    }
  });

  it.each([
    [
      "system",
      { kind: "system", code: "ENOSPC", message: "full" },
      Object.assign(new Error("full"), { code: "ENOSPC" }),
    ],
    [
      "told",
      { kind: "told", problem: { code: "DISK_REFUSED", message: "no" } },
      new TritterError({ code: "DISK_REFUSED", message: "no" }),
    ],
    ["bug", { kind: "bug", text: "a stack" }, new Error("the thread that stores failed: a stack")],
  ])("throws what was thrown there: %s", async (_, failure, thrown) => {
    const script = `
      import { parentPort } from "node:worker_threads";
      const failure = ${JSON.stringify(failure)};
      parentPort.on("message", ({ call }) => parentPort.postMessage({ call, kind: "failed", failure }));`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const stage = await stageInFolder((input, signal) => threadedKeeper(url, input, signal));
    const { keeper } = await stage.open("w");
    const error = await keeper.receive(WANTED).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ ...thrown, message: thrown.message });
    expect(await keeper.close()).toEqual({ bytes: 0, ms: 0 });
  });

  it("puts blobs from anywhere in shared memory, of which it knows the size, if they lie together", async () => {
    const stage = await stageInFolder((input, signal) => threadedKeeper(THREAD, input, signal));
    const { keeper } = await stage.open("w");
    const all = sharedBlobs(["before", "one", "three", "behind"]);
    const kept = await keeper.put(all.slice(1, 3));
    expect(kept).toMatchObject([
      { kind: "ready", blob: { size: 3 } },
      { kind: "ready", blob: { size: 5 } },
    ]);
    for (const [index, one] of kept.entries())
      expect(one.kind === "ready" && one.blob.digests.includes(all[index + 1]?.digest as Digest)).toBe(true);
    const [first, , third] = all as [SmallBlob, SmallBlob, SmallBlob];
    const [elsewhere] = sharedBlobs(["one"]) as [SmallBlob];
    for (const apart of [
      [first, third],
      [first, { ...elsewhere, bytes: shared(Buffer.from("......one")).subarray(6) }],
      [third, first],
    ])
      await expect(keeper.put(apart)).rejects.toThrow("blobs for a thread lie one after the other");
  });

  it("takes no bytes that only this thread sees", async () => {
    const stage = await stageInFolder((input, signal) => threadedKeeper(THREAD, input, signal));
    const { keeper } = await stage.open("w");
    await expect(keeper.put([{ digest: gitOf("a"), bytes: Buffer.from("a") }])).rejects.toThrow(
      "shared memory",
    );
  });
});

describe("failureOf()", () => {
  const problem = { code: "DISK_REFUSED", message: "no" } as const;
  it.each<[string, unknown, object]>([
    ["a stop", new Stopped(), { kind: "stopped" }],
    ["what a person is told", new TritterError(problem), { kind: "told", problem }],
    [
      "what the system says",
      Object.assign(new Error("full"), { code: "ENOSPC" }),
      { kind: "system", code: "ENOSPC", message: "full" },
    ],
    ["a mistake of ours, with where it was", new TypeError("a bug"), { kind: "bug" }],
    [
      "one without a stack",
      Object.assign(new Error("a bug"), { stack: undefined }),
      { kind: "bug", text: "a bug" },
    ],
    ["one that is no error", "thrown", { kind: "bug", text: "thrown" }],
  ])("keeps of %s what is told apart by", (_, error, failure) => {
    expect(failureOf(error)).toMatchObject(failure);
    if (error instanceof TypeError) expect(failureOf(error)).toHaveProperty("text", error.stack);
  });
});

describe("openKeeper()", () => {
  it("keeps little in this thread, and what is on a disk that no thread sees", async () => {
    const { input } = await (await stageOn(memoryDisk(), "/root", inlineKeeper)).open("w");
    for (const [files, bytes] of [
      [1, 1],
      [100_000, 2 ** 40],
    ] as const) {
      const opened = openKeeper(input, { files, bytes, signal: GOING });
      expect(opened.threaded).toBe(false);
      expect(await opened.keeper.close()).toEqual({ bytes: 0, ms: 0 });
      const several = openKeepers(input, { files, bytes, signal: GOING });
      expect(several).toHaveLength(1);
      await several[0]?.close();
    }
  });
});
