import { open, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

const MIB = 1024 ** 2;
const SEGMENT = 4 * MIB;
const SIZE = 34 * MIB + 5;

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/large").commit({ "a.bin": { size: SIZE, seed: 1 }, "b.txt": "small\n" });
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/large, path: x }");
  expect(await project.run("sync")).toMatchObject({ status: 0 });
  hub.clearLog();
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
  await project.remove();
});

async function flip(path: string, ...offsets: number[]): Promise<void> {
  const file = await open(join(project.root, path), "r+");
  const byte = Buffer.alloc(1);
  for (const at of offsets) {
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 0x10;
    await file.write(byte, 0, 1, at);
  }
  await file.close();
}

/** Ranges of the large file that were asked for, in order, as the CDN saw them. */
function ranges(): string[] {
  const asked = hub.log.filter(({ listener, status }) => listener === "cdn" && status === 206);
  return asked.map(({ range }) => range ?? "whole").sort();
}

function rangeOf(segment: number, count = 1): string {
  return `bytes=${segment * SEGMENT}-${Math.min(SIZE, (segment + count) * SEGMENT) - 1}`;
}

async function mend(): Promise<{ received: number }> {
  const ran = await project.run("sync", "--json");
  expect(ran.status).toBe(0);
  expect((await project.run("check", "--deep")).status).toBe(0);
  return JSON.parse(ran.stdout).outcome;
}

async function expectNothingToDo(): Promise<void> {
  hub.clearLog();
  expect(await project.run("sync")).toMatchObject({ status: 0 });
  expect(hub.log).toEqual([]);
}

describe("a large file that was damaged", () => {
  it("in some bytes is mended by fetching the segments they are in, and no others", async () => {
    await flip("x/a.bin", 5, SEGMENT + 1, 7 * SEGMENT);
    expect((await mend()).received).toBe(3 * SEGMENT);
    expect(ranges()).toEqual([rangeOf(0, 2), rangeOf(7)].sort());
    // What somebody wrote there is kept, as ever.
    expect((await project.trash()).map(({ length }) => length)).toEqual([SIZE]);
    await expectNothingToDo();
  });

  it("by a cut tail is mended by fetching the tail", async () => {
    await truncate(join(project.root, "x/a.bin"), 6 * SEGMENT - 1);
    expect((await mend()).received).toBe(SIZE - 5 * SEGMENT);
    await expectNothingToDo();
  });

  it("by something at its end is mended without fetching a byte", async () => {
    const file = join(project.root, "x/a.bin");
    await truncate(file, SIZE + 3);
    expect((await mend()).received).toBe(0);
    expect((await stat(file)).size).toBe(SIZE);
    await expectNothingToDo();
  });

  it("after it moved, and after a mend, is mended again", async () => {
    await project.manifest("sources:\n  all: { repo: o/large, path: y }");
    expect((await mend()).received).toBe(0);
    await flip("y/a.bin", 3 * SEGMENT);
    expect((await mend()).received).toBe(SEGMENT);
    await flip("y/a.bin", 4 * SEGMENT);
    expect((await mend()).received).toBe(SEGMENT);
    await expectNothingToDo();
  });

  it("beyond use is fetched anew", async () => {
    await writeFile(join(project.root, "x/a.bin"), Buffer.alloc(SIZE, 7));
    expect((await mend()).received).toBe(SIZE);
    await expectNothingToDo();
  });

  it("is mended from a site named by --from: its damaged segments come from there, and nothing from the Hub", async () => {
    const site = await startHub();
    try {
      site.repo("o/large").commit({ "a.bin": { size: SIZE, seed: 1 }, "b.txt": "small\n" });
      await flip("x/a.bin", 100, 5 * SEGMENT + 1, SIZE - 1);
      const ran = JSON.parse((await project.run("sync", "--json", "--from", site.url)).stdout);
      expect(ran).toMatchObject({ exit: 0, outcome: { given: [{ place: site.url, files: 1 }] } });
      const asked = site.log.filter(({ listener, status }) => listener === "cdn" && status === 206);
      expect(asked.map(({ range }) => range).sort()).toEqual([rangeOf(0), rangeOf(5), rangeOf(8)].sort());
      expect(ran.outcome.received).toBe(2 * SEGMENT + (SIZE % SEGMENT));
      expect(hub.log).toEqual([]);
      expect((await project.run("check", "--deep")).status).toBe(0);
      expect(site.violations).toEqual([]);
    } finally {
      await site.close();
    }
    await expectNothingToDo();
  });

  it("and whose checksums in the receipt lie is fetched anew", async () => {
    const [journal = ""] = (await project.state()).filter((path) => /^receipt\/.*\.ndjson$/.test(path));
    const path = `data/.tritter/${journal}`;
    const text = (await project.read(path)).toString();
    expect(text).toMatch(/"segments":"[0-9a-f]{72}"/);
    await flip("x/a.bin", 100, 2 * SEGMENT);
    const { crc32 } = await import("node:zlib");
    const damaged = (await project.read("data/x/a.bin")).subarray(0, SEGMENT);
    const lie = crc32(damaged).toString(16).padStart(8, "0");
    await project.write(path, text.replace(/"segments":"[0-9a-f]{8}/, `"segments":"${lie}`));
    // Once from what looked right, which the digest of the whole refutes; then all of it.
    expect((await mend()).received).toBe(SEGMENT + SIZE);
    await expectNothingToDo();
  });

  it("is not read through a folder that became a link", async () => {
    await rename(join(project.root, "x"), join(project.folder, "elsewhere"));
    const { symlink } = await import("node:fs/promises");
    await symlink(join(project.folder, "elsewhere"), join(project.root, "x"));
    const ran = await project.run("sync", "--json");
    expect(ran.status).toBe(4);
    expect(hub.log).toEqual([]);
  });
});
