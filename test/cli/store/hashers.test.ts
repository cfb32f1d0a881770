import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type FileHash, type Hashers, openHashers, threadedHashers } from "../../../cli/store/hashers.ts";
import { memoryDisk, systemError } from "../../support/memory-disk.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const THREAD = new URL("../../../dist/hash-worker.js", import.meta.url);
const BOTH = new Set(["sha256", "git"] as const);

let folder: TemporaryFolder;
let stop: AbortController;
let hashers: Hashers;

beforeEach(async () => {
  folder = await temporaryFolder();
  stop = new AbortController();
});

afterEach(async () => {
  await hashers.close();
  await folder.remove();
});

const opened: readonly (readonly [string, () => Hashers])[] = [
  ["in this thread", () => openHashers(nodeDisk(), { files: 1, bytes: 1, signal: stop.signal })],
  ["in threads", () => threadedHashers(THREAD, { threads: 2, signal: stop.signal })],
];

async function write(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, bytes);
  return path;
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function git(bytes: Buffer): string {
  return `git:${createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")}`;
}

describe.each(opened)("hashers %s", (_, open) => {
  beforeEach(() => {
    hashers = open();
  });

  it("give each of many files its own digests and stat", async () => {
    const sizes = Array.from({ length: 700 }, (_, index) => (index % 100 === 7 ? 3_000_000 + index : index));
    const bodies = sizes.map((size, index) => Buffer.alloc(size, `${index};`));
    const paths = await Promise.all(bodies.map((bytes, index) => write(`${index}`, bytes)));
    const answers = await Promise.all(
      paths.map((path, index) => hashers.hash({ path, size: sizes[index] ?? 0, algorithms: BOTH })),
    );
    const wanted = bodies.map((bytes) => [sha256(bytes), git(bytes)]);
    expect(answers.map(({ digests }) => digests)).toEqual(wanted);
    expect(answers.map(({ stat }) => stat)).toEqual(paths.map((path) => nodeDisk().lstat(path)));
  });

  it("have no digest for a file that is shorter or longer than its size", async () => {
    const path = await write("a", Buffer.from("12345"));
    for (const size of [0, 4, 6]) {
      const { digests, stat } = await hashers.hash({ path, size, algorithms: BOTH });
      expect(digests).toBeUndefined();
      expect(stat.size).toBe(5);
    }
  });

  it("fail with the system's code for what is no file, and answer the others", async () => {
    const path = await write("a", Buffer.from("12345"));
    await symlink(path, join(folder.path, "link"));
    await mkdir(join(folder.path, "folder"));
    const answers = await Promise.allSettled(
      ["missing", "link", "folder", "a"].map((name) =>
        hashers.hash({ path: join(folder.path, name), size: 5, algorithms: BOTH }),
      ),
    );
    expect(answers.map((answer) => (answer.status === "rejected" ? answer.reason.code : "hashed"))).toEqual([
      "ENOENT",
      "ELOOP",
      "EISDIR",
      "hashed",
    ]);
  });

  it("stop with the signal's reason", async () => {
    const path = await write("a", Buffer.alloc(50_000_000));
    const reason = new Error("enough");
    const answers = Array.from({ length: 8 }, () =>
      hashers.hash({ path, size: 50_000_000, algorithms: BOTH }).catch((error: unknown) => error),
    );
    stop.abort(reason);
    for (const answer of await Promise.all(answers)) expect(answer).toBe(reason);
    await expect(hashers.hash({ path, size: 50_000_000, algorithms: BOTH })).rejects.toBe(reason);
  });
});

/** A thread that hashes nothing: of each file it tells as `mtimeNs` which batch it came in, as `ctimeNs` with how many, as `inode` in which thread. */
const TELLING = `
import { parentPort, threadId } from "node:worker_threads";
let batch = 0n;
parentPort.on("message", ({ sizes }) => {
  batch += 1n;
  const stats = new BigInt64Array(5 * sizes.length);
  sizes.forEach((size, index) =>
    stats.set([BigInt(size), batch, BigInt(sizes.length), BigInt(threadId), 0n], 5 * index),
  );
  const digests = " ".repeat(104 * sizes.length);
  parentPort.postMessage({ digests, stats, kinds: new Uint8Array(sizes.length), failures: [] });
});`;

const moduleOf = (script: string) => new URL(`data:text/javascript,${encodeURIComponent(script)}`);
const MIB = 1024 * 1024;

describe("hashers in threads, each with its batches,", () => {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const hashAll = (sizes: readonly number[]) =>
    sizes.map((size) => hashers.hash({ path: "x", size, algorithms: BOTH }));
  const told = async (hashes: readonly Promise<FileHash>[]) =>
    (await Promise.all(hashes)).map(({ stat }) => ({
      size: stat.size,
      batch: Number(stat.mtimeNs),
      count: Number(stat.ctimeNs),
      thread: stat.inode,
    }));
  const open = (threads: number) => {
    hashers = threadedHashers(moduleOf(TELLING), { threads, signal: stop.signal });
  };
  const ones = (count: number) => Array.from({ length: count }, () => 1);

  it.each<[string, readonly number[], readonly number[]]>([
    ["64 small files", ones(65), [...Array.from({ length: 64 }, () => 64), 1]],
    ["4 MiB", [2 * MIB, 2 * MIB, 1], [2, 2, 1]],
    ["a large file alone", [1, 5 * MIB, 1, 1], [1, 1, 2, 2]],
    ["of two that are too much together, each alone", [3 * MIB, 3 * MIB], [1, 1]],
  ])("get at once no more than %s", async (_, sizes, counts) => {
    open(1);
    expect((await told(hashAll(sizes))).map(({ count }) => count)).toEqual(counts);
  });

  it("get something each, before any gets more", async () => {
    open(2);
    const files = await told(hashAll(ones(4 * 64)));
    const threads = files.map(({ thread }) => thread);
    const parts = [0, 64, 128, 192].map((from) => new Set(threads.slice(from, from + 64)));
    expect(parts.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(parts[1]).not.toEqual(parts[0]);
    expect([parts[2], parts[3]]).toEqual([parts[0], parts[1]]);
  });

  it("get a second batch while they are at a small first, so that none waits, and no third", async () => {
    open(1);
    const first = hashAll([...ones(64), 1]);
    await turn();
    // No thread is up by then: what is sent, was sent without an answer.
    const later = hashAll([1]);
    await turn();
    const files = await told([...first, ...later, ...hashAll([1])]);
    expect(files.slice(64).map(({ batch, count }) => [batch, count])).toEqual([
      [2, 1],
      [3, 2],
      [3, 2],
    ]);
  });

  it("get nothing more behind a large file, which another may take sooner", async () => {
    open(1);
    const first = hashAll([5 * MIB, 1]);
    await turn();
    const files = await told([...first, ...hashAll([1])]);
    expect(files.map(({ batch, count }) => [batch, count])).toEqual([
      [1, 1],
      [2, 2],
      [2, 2],
    ]);
  });

  it("get no empty batch", async () => {
    open(2);
    const [one] = await told(hashAll([1]));
    const files = await told(hashAll([5 * MIB, 5 * MIB]));
    for (const { batch, thread } of files) expect(batch).toBe(thread === one?.thread ? 2 : 1);
  });

  it("are told to take as much as keeps all of them busy", () => {
    open(2);
    expect(hashers.width).toBe(6 * 64);
  });
});

describe("hashers in threads", () => {
  const task = { path: "/x", size: 1, algorithms: BOTH };

  it("fail with what ended a thread, at once and later", async () => {
    hashers = threadedHashers(moduleOf("throw new Error('broken')"), { threads: 1, signal: stop.signal });
    await expect(hashers.hash(task)).rejects.toThrow("broken");
    await expect(hashers.hash(task)).rejects.toThrow("broken");
  });

  it("fail for what a thread gives no answer to", async () => {
    const mute = `
      import { parentPort } from "node:worker_threads";
      const none = { digests: "", stats: new BigInt64Array(0), kinds: new Uint8Array(0), failures: [] };
      parentPort.on("message", () => parentPort.postMessage(none));`;
    hashers = threadedHashers(moduleOf(mute), { threads: 1, signal: stop.signal });
    await expect(hashers.hash(task)).rejects.toThrow('no answer for "/x"');
  });
});

describe("hashers in this thread", () => {
  it("leave no file open", async () => {
    const disk = memoryDisk();
    disk.put("/a", "12345");
    hashers = openHashers(disk, { files: 1, bytes: 5, signal: stop.signal });
    await hashers.hash({ path: "/a", size: 5, algorithms: BOTH });
    disk.before = (operation) => {
      if (operation === "readAt") throw systemError("EIO", "/a");
    };
    await expect(hashers.hash({ path: "/a", size: 5, algorithms: BOTH })).rejects.toMatchObject({
      code: "EIO",
    });
    expect(disk.opened).toEqual([]);
  });
});
