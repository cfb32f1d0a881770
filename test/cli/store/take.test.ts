import { chmod, mkdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { inlineKeeper, type Keeper } from "../../../cli/store/keeper.ts";
import { threadedKeeper } from "../../../cli/store/keeper-thread.ts";
import type { ReceiveInput } from "../../../cli/store/receive.ts";
import { SEGMENT } from "../../../cli/store/segments.ts";
import { prepareStore, type ReadyBlob, readyFile, viewStore } from "../../../cli/store/store.ts";
import { BRIEF, type Take, takeFiles } from "../../../cli/store/take.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { census } from "../../support/foreign-folders.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";
import { temporaryFolder } from "../../support/trees.ts";

const THREAD = new URL("../../../dist/store-worker.js", import.meta.url);
const LARGE = Buffer.alloc(2 * SEGMENT + 12_345, "some content, ");
const SMALL = Buffer.from("small");

interface Stage {
  readonly keeper: Keeper;
  readonly from: string;
  readonly ready: string;
  put(name: string, bytes: Uint8Array): Promise<string>;
}

type Open = (input: ReceiveInput, signal: AbortSignal) => Keeper;

async function stage(
  open: Open,
  disk: Disk = nodeDisk(),
  signal = new AbortController().signal,
): Promise<Stage> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  const state = join(folder.path, "root", ".tritter");
  const from = join(folder.path, "from");
  await mkdir(state, { recursive: true });
  await mkdir(from);
  const view = await viewStore(disk, { state, owner: "me", signal });
  const readyFolder = await prepareStore(disk, view.layout);
  const keeper = open({ disk, view, readyFolder, writer: writerOf("w"), now: Date.now }, signal);
  onTestFinished(async () => void (await keeper.close()));
  const put = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(from, name), bytes);
    return join(from, name);
  };
  return { keeper, from, ready: readyFolder, put };
}

const STAGES: readonly (readonly [string, Open])[] = [
  ["in this thread", inlineKeeper],
  ["in a thread of its own", (input, signal) => threadedKeeper(THREAD, input, signal)],
];

const wanted = (file: string, bytes: Uint8Array, parts: Partial<Take> = {}): Take => {
  return { file, digest: sha256Of(bytes), size: bytes.length, link: false, ...parts };
};

describe.each(STAGES)("take %s", (_, open) => {
  it("makes blobs ready, large and small, by either digest, and changes nothing where they were", async () => {
    const { keeper, from, ready, put } = await stage(open);
    const large = await put("large", LARGE);
    const small = await put("small", SMALL);
    const empty = await put("empty", Buffer.alloc(0));
    const before = await census(from);
    const taken = await keeper.take([
      wanted(large, LARGE),
      wanted(small, SMALL, { digest: gitOf(SMALL) }),
      wanted(empty, Buffer.alloc(0)),
    ]);
    const blobs = taken.map((one) => (one.kind === "ready" ? one.blob : undefined));
    expect(blobs.map((blob) => blob?.digests)).toEqual([
      [sha256Of(LARGE)],
      [sha256Of(SMALL), gitOf(SMALL)],
      [sha256Of("")],
    ]);
    expect(blobs[0]?.segments).toEqual(
      [0, 1, 2].map((index) => crc32(LARGE.subarray(index * SEGMENT, (index + 1) * SEGMENT))),
    );
    const held = await Promise.all(blobs.map((blob) => readFile(readyFile(blob as ReadyBlob))));
    expect([held[0]?.equals(LARGE), held[1]?.toString(), held[2]?.length]).toEqual([true, "small", 0]);
    expect(blobs.every((blob) => dirname(readyFile(blob as ReadyBlob)) === ready)).toBe(true);
    expect(await census(from)).toEqual(before);
  });

  it.each([LARGE.length, BRIEF, 5])(
    "keeps nothing of other bytes, and names their digest (%d)",
    async (size) => {
      const { keeper, ready, put } = await stage(open);
      const bytes = LARGE.subarray(0, size);
      const take = wanted(await put("x", bytes), bytes, { digest: gitOf("other") });
      expect(await keeper.take([take])).toEqual([{ kind: "mismatch", digest: gitOf(bytes) }]);
      expect(Object.keys(await census(ready))).toEqual([""]);
    },
  );

  it("takes nothing of another size, no link, no folder, and nothing that is not there", async () => {
    const { keeper, from, ready, put } = await stage(open);
    const short = await put("short", LARGE);
    await truncate(short, LARGE.length - 1);
    const long = await put("long", Buffer.concat([LARGE, SMALL]));
    const brief = await put("brief", Buffer.concat([SMALL, SMALL]));
    await put("file", LARGE);
    await symlink(join(from, "file"), join(from, "link"));
    await mkdir(join(from, "folder"));
    const files = [short, long, ...["link", "folder", "gone"].map((name) => join(from, name))];
    const taken = await keeper.take([...files.map((file) => wanted(file, LARGE)), wanted(brief, SMALL)]);
    expect(taken.map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => "unread"));
    expect(Object.keys(await census(ready))).toEqual([""]);
  });

  it("says with the system's own code what the store refuses, of that file alone", async () => {
    const { keeper, ready, put } = await stage(open);
    const [large, small] = [await put("large", LARGE), await put("small", SMALL)];
    // A folder stands where the file would be written.
    await mkdir(join(ready, `${sha256Of(LARGE).replace(":", "-")}.w.new`, "x"), { recursive: true });
    const taken = await keeper.take([wanted(large, LARGE), wanted(small, SMALL)]);
    expect(taken).toMatchObject([
      { kind: "failed", error: { code: expect.stringMatching(/^E(EXIST|ISDIR)$/) } },
      { kind: "ready" },
    ]);
  });

  it("tells how far it is with a large file", async () => {
    const { keeper, put } = await stage(open);
    const bytes = Buffer.alloc(34 * 1024 * 1024, "x");
    let told = 0;
    const [taken] = await keeper.take([wanted(await put("x", bytes), bytes)], (more) => {
      told += more;
    });
    expect(taken?.kind).toBe("ready");
    expect(told).toBeGreaterThanOrEqual(32 * 1024 * 1024);
    expect(told).toBeLessThanOrEqual(bytes.length);
  });

  it("stops with the signal's reason, and leaves nothing of what it had begun", async () => {
    const reason = new Error("stopped");
    const { keeper, ready, put } = await stage(open, nodeDisk(), AbortSignal.abort(reason));
    await expect(keeper.take([wanted(await put("large", LARGE), LARGE)])).rejects.toBe(reason);
    expect(Object.keys(await census(ready))).toEqual([""]);
  });

  it("links to a file only where that was asked for and nobody may write to it", async () => {
    const { keeper, put } = await stage(open, withoutReflinks());
    const bytes = [1, 2, 3].map((seed) => Buffer.alloc(100_000, String(seed)));
    const files = await Promise.all(bytes.map((content, index) => put(String(index), content)));
    await chmod(files[0] as string, 0o444);
    await chmod(files[1] as string, 0o444);
    const takes = bytes.map((content, index) => wanted(files[index] as string, content, { link: index > 0 }));
    const taken = await keeper.take(takes);
    const hows = taken.map((one) => (one.kind === "ready" ? one.how : one.kind));
    // A thread has a disk of its own, which may be one that shares blocks.
    expect(hows.map((how) => (how === "reflink" ? "copy" : how))).toEqual(
      hows.includes("reflink") ? ["copy", "copy", "copy"] : ["copy", "link", "copy"],
    );
    const link = taken[1];
    if (link?.kind !== "ready" || link.how !== "link") return;
    expect((await stat(readyFile(link.blob))).ino).toBe((await stat(files[1] as string)).ino);
  });
});

function withoutReflinks(): Disk {
  return { ...nodeDisk(), reflink: async () => false };
}

describe("take on a disk that shares blocks", () => {
  /** As a clone: all at once, without reading. */
  const sharing = (spoil = false): Disk => {
    const disk = nodeDisk();
    const reflink = async (from: string, to: string) => {
      const bytes = await readFile(from);
      if (spoil) bytes[7] = (bytes[7] as number) ^ 1;
      await writeFile(to, bytes);
      return true;
    };
    return { ...disk, reflink };
  };

  it("copies nothing, and proves the clone", async () => {
    const { keeper, put } = await stage(inlineKeeper, sharing());
    const [taken] = await keeper.take([wanted(await put("large", LARGE), LARGE, { link: true })]);
    expect(taken).toMatchObject({ kind: "ready", how: "reflink", blob: { digests: [sha256Of(LARGE)] } });
  });

  it("believes no clone that holds other bytes by then", async () => {
    const { keeper, ready, put } = await stage(inlineKeeper, sharing(true));
    const [taken] = await keeper.take([wanted(await put("large", LARGE), LARGE)]);
    expect(taken).toMatchObject({ kind: "mismatch" });
    expect(Object.keys(await census(ready))).toEqual([""]);
  });
});

describe("takeFiles()", () => {
  const FILE = "/from/file";
  const READY = "/root/ready";
  const GOING = new AbortController().signal;
  const TWO = Buffer.alloc(SEGMENT + 12_345, "some content, ");

  function diskWith(bytes: Uint8Array): MemoryDisk {
    const disk = memoryDisk();
    disk.put(FILE, bytes);
    disk.put(`${READY}/keep`, "");
    return disk;
  }
  /** As on a file system that can share blocks. */
  function sharing(disk: MemoryDisk): MemoryDisk {
    disk.reflink = async (from, to) => {
      disk.before("reflink", from);
      const file = await disk.open(to, "wx");
      await file.append((await disk.read(from)) as Buffer);
      await file.close();
      return true;
    };
    return disk;
  }
  const take = async (disk: MemoryDisk, bytes: Uint8Array, parts: Partial<Take> = {}) => {
    const [taken] = await takeFiles(
      { disk, readyFolder: READY, writer: writerOf("w") },
      [wanted(FILE, bytes, parts)],
      { signal: GOING },
    );
    return taken;
  };
  const left = (disk: MemoryDisk) => Object.keys(disk.tree(READY)).filter((name) => name !== "keep");

  it.each([
    ["copied", (disk: MemoryDisk) => disk, TWO],
    ["shared", sharing, TWO],
    ["brief", (disk: MemoryDisk) => disk, SMALL],
  ] as const)("makes ready what survives a power loss: %s", async (how, prepare, bytes) => {
    const disk = prepare(diskWith(bytes));
    const taken = await take(disk, bytes);
    expect(taken).toMatchObject({ kind: "ready", how: how === "shared" ? "reflink" : "copy" });
    await disk.syncFolder(READY);
    disk.losePower("zeros");
    if (taken?.kind !== "ready") return;
    expect((await disk.read(readyFile(taken.blob)))?.equals(bytes)).toBe(true);
    expect(disk.opened).toEqual([]);
  });

  it.each([
    ["writeAt", "failed"],
    ["sync", "failed"],
    ["rename", "failed"],
    ["open", "unread"],
    ["stat", "unread"],
    ["readAt", "unread"],
  ] as const)("tells what the store refuses from what cannot be read: %s is %s", async (failing, kind) => {
    for (const bytes of [TWO, SMALL]) {
      if (failing === "stat" && bytes === SMALL) continue;
      const disk = diskWith(bytes);
      const error = systemError("EIO", FILE);
      disk.before = (operation, path) => {
        if (operation === failing && (kind === "failed" || path === FILE)) throw error;
      };
      expect(await take(disk, bytes)).toEqual(kind === "failed" ? { kind, error } : { kind });
      expect([left(disk), disk.opened]).toEqual([[], []]);
    }
  });

  it("tells what the store refuses of a clone, too", async () => {
    const disk = sharing(diskWith(TWO));
    const error = systemError("EIO", READY);
    disk.before = (operation) => {
      if (operation === "sync") throw error;
    };
    expect(await take(disk, TWO)).toEqual({ kind: "failed", error });
    expect([left(disk), disk.opened]).toEqual([[], []]);
  });

  it("copies where a clone or a link fails half way, and takes away what that left", async () => {
    const disk = diskWith(TWO);
    disk.reflink = async (_, to) => {
      const file = await disk.open(to, "wx");
      await file.close();
      throw systemError("EXDEV", to);
    };
    disk.isReadOnly = () => true;
    disk.link = async (from) => {
      throw systemError("EMLINK", from);
    };
    expect(await take(disk, TWO, { link: true })).toMatchObject({ kind: "ready", how: "copy" });
    expect(left(disk)).toHaveLength(1);
  });

  it("takes no mistake of ours for a file that cannot be read", async () => {
    for (const [operation, prepare] of [
      ["readAt", (disk: MemoryDisk) => disk],
      ["writeAt", (disk: MemoryDisk) => disk],
      ["reflink", sharing],
    ] as const) {
      const disk = prepare(diskWith(TWO));
      const bug = new TypeError("a bug");
      disk.before = (one) => {
        if (one === operation) throw bug;
      };
      await expect(take(disk, TWO)).rejects.toBe(bug);
      expect([left(disk), disk.opened]).toEqual([[], []]);
    }
  });

  it.each([1, 1024 * 1024, SEGMENT])(
    "reads a file that grew by %d bytes no further than it must",
    async (more) => {
      const disk = diskWith(Buffer.concat([TWO, Buffer.alloc(more)]));
      let read = 0;
      const { open } = disk;
      disk.open = async (path, mode) => {
        const file = await open(path, mode);
        const readAt: typeof file.readAt = async (into, position) => {
          const count = await file.readAt(into, position);
          read += count;
          return count;
        };
        return { ...file, readAt };
      };
      expect(await take(disk, TWO)).toEqual({ kind: "unread" });
      expect(read).toBeLessThanOrEqual(TWO.length + 1024 * 1024);
      expect([left(disk), disk.opened]).toEqual([[], []]);
    },
  );

  it.each([SEGMENT, 2 * SEGMENT])(
    "knows the checksums of a file that ends with a segment (%d)",
    async (size) => {
      const bytes = Buffer.alloc(size, "x");
      const taken = await take(diskWith(bytes), bytes);
      expect(taken?.kind === "ready" && taken.blob.segments).toEqual(
        Array.from({ length: size / SEGMENT }, () => crc32(bytes.subarray(0, SEGMENT))),
      );
    },
  );
});
