import { once } from "node:events";
import { mkdir, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { helpersOf, startHelpers, startThreads } from "../../../cli/status/helpers.ts";
import type { Rows } from "../../../cli/status/rows.ts";
import { PACKED_STAMP, packStat } from "../../../cli/tree/stamp.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const THREAD = new URL("../../../dist/rows-worker.js", import.meta.url);
const COUNT = 3_000;

let folder: TemporaryFolder;
let rows: Rows;
let threads: readonly Worker[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  rows = await makeRows(COUNT);
});

afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()));
  threads = [];
});

afterAll(() => folder.remove());

/** As many files as several steps take. */
async function makeRows(count: number): Promise<Rows> {
  const paths = Array.from({ length: count }, (_, index) => `d${index % 7}/é ${index}` as TreePath);
  for (const path of paths) {
    const file = join(folder.path, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, path);
  }
  const stamps = new BigInt64Array((count * PACKED_STAMP) / 8);
  for (const [row, path] of paths.entries()) {
    const stat = nodeDisk().lstat(join(folder.path, path));
    if (stat !== undefined) packStat(stat, stamps, row);
  }
  return { root: folder.path, paths, stamps: new Uint8Array(stamps.buffer) };
}

function first(count: number): Rows {
  return { ...rows, paths: rows.paths.slice(0, count), stamps: rows.stamps.slice(0, count * PACKED_STAMP) };
}

function withOneChanged(row: number): Rows {
  const stamps = Uint8Array.from(rows.stamps);
  stamps[row * PACKED_STAMP + 9] = (stamps[row * PACKED_STAMP + 9] ?? 0) ^ 1;
  return { ...rows, stamps };
}

const never = new AbortController().signal;

/** Leaves all of the looking to threads. */
function idleDisk(): Disk {
  const disk = nodeDisk();
  let waited = false;
  return {
    ...disk,
    lstat: (path) => {
      // Long enough for the others to take everything else.
      if (!waited) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      waited = true;
      return disk.lstat(path);
    },
  };
}

describe.each([0, 1, 2])("with %i threads to help, looking at many files", (count) => {
  const look = (rows: Rows, disk = nodeDisk(), signal = never) => {
    threads = startThreads(THREAD, count);
    return helpersOf(disk, threads).areUnchanged(rows, signal);
  };

  it("finds them as they were", async () => {
    expect(await look(rows)).toBe(true);
    expect(await look(first(1))).toBe(true);
    expect(await look(first(0))).toBe(true);
  });

  it.each([0, 1_024, 2_047, COUNT - 1])("finds the one that changed, number %i", async (row) => {
    expect(await look(withOneChanged(row))).toBe(false);
    expect(await look(withOneChanged(row), idleDisk())).toBe(false);
  });

  it("follows no link", async () => {
    const link = join(folder.path, "d3");
    await rename(link, join(folder.path, "moved"));
    await symlink("moved", link);
    expect(await look(rows)).toBe(false);
    expect(await look(rows, idleDisk())).toBe(false);
    await unlink(link);
    await rename(join(folder.path, "moved"), link);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const looking = look(rows, nodeDisk(), stop.signal);
    stop.abort(new Error("stopped"));
    await expect(looking).rejects.toThrow("stopped");
  });

  it("throws what the file system refuses", async () => {
    const refusing: Disk = {
      ...nodeDisk(),
      lstat: () => {
        throw Object.assign(new Error("EIO"), { code: "EIO" });
      },
    };
    await expect(look(rows, refusing)).rejects.toThrow("EIO");
  });
});

describe("threads that help", () => {
  it("are not needed where they cannot be started", async () => {
    threads = startThreads(new URL("file:///nowhere.js"), 1);
    const helpers = helpersOf(nodeDisk(), threads);
    await expect(once(threads[0] as Worker, "exit")).rejects.toThrow("nowhere");
    expect(await helpers.areUnchanged(rows, never)).toBe(true);
  });

  it("take nothing with them unseen when they die", async () => {
    const dying = `
      import { parentPort } from "node:worker_threads";
      parentPort.once("message", ({ tally }) => {
        Atomics.add(new Int32Array(tally), 0, 1);
        throw new Error("dying");
      });`;
    threads = startThreads(new URL(`data:text/javascript,${encodeURIComponent(dying)}`), 1);
    expect(await helpersOf(idleDisk(), threads).areUnchanged(rows, never)).toBe(false);
  });

  it("are not started for few files, nor where the program was not built", async () => {
    const helpers = startHelpers(nodeDisk(), 1_000_000);
    expect(await helpers.areUnchanged(first(3), never)).toBe(true);
    helpers.close();
  });
});
