import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Disk } from "../../cli/disk/port.ts";
import type { HashReason, TritterEvent } from "../../cli/events.ts";
import type { Want } from "../../cli/lock/wants.ts";
import type { Placement } from "../../cli/receipt/placement.ts";
import { type Inventory, type ScanInput, scan } from "../../cli/scan.ts";
import { stampOf } from "../../cli/tree/stamp.ts";
import type { Commit, Digest } from "../../schema/ids.ts";
import { gitOf, pathOf, sha256Of } from "../support/engine.ts";
import { systemError } from "../support/memory-disk.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

let home: TemporaryFolder;
let root: string;

beforeEach(async () => {
  home = await temporaryFolder();
  root = join(home.path, "root");
  await mkdir(root);
});

afterEach(() => home.remove());

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

function want(path: string, content: string, digest: Digest = sha256Of(content)): Want {
  const commit = "0".repeat(40) as Commit;
  const remote = { repo: { type: "dataset" as const, repo: "o/n" }, commit, path, size: content.length };
  return { path: pathOf(path), source: "s", digest, size: content.length, remote };
}

/** As a sync left it that placed this content; the file's stamp is the one of now. */
function placed(path: string, content: string, parts: Partial<Placement> = {}): Placement {
  const stat = nodeDisk().lstat(join(root, path));
  return {
    path: pathOf(path),
    source: "s",
    owner: "me",
    digests: [sha256Of(content)],
    size: content.length,
    origin: "fetched",
    stamp: stat && stampOf(stat),
    doubt: undefined,
    flushed: true,
    segments: undefined,
    intents: [],
    ...parts,
  };
}

interface Situation {
  readonly wants?: readonly Want[];
  readonly placements?: readonly Placement[];
  readonly parts?: Partial<ScanInput>;
}

async function scanned({ wants = [], placements = [], parts = {} }: Situation) {
  const events: TritterEvent[] = [];
  const inventory = await scan({
    disk: nodeDisk(),
    root,
    wants,
    placements: new Map(placements.map((placement) => [placement.path, placement])),
    scope: undefined,
    deep: false,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    now: () => Date.now(),
    ...parts,
  });
  return { inventory, events };
}

const at = ({ found }: Inventory, path: string) => found.get(pathOf(path));

async function reasons(situation: Situation): Promise<Partial<Record<HashReason, number>>> {
  return (await scanned(situation)).inventory.hashed.reasons;
}

describe("scan() of many files", () => {
  it("stops between them when it is told to", async () => {
    const stop = new AbortController();
    let looks = 0;
    const disk: Disk = {
      ...nodeDisk(),
      lstat: () => {
        looks += 1;
        return undefined;
      },
    };
    const wants = Array.from({ length: 20_000 }, (_, index) => want(`${index}`, ""));
    setImmediate(() => stop.abort(new Error("stopped")));
    await expect(scanned({ wants, parts: { disk, signal: stop.signal } })).rejects.toThrow("stopped");
    expect(looks).toBeLessThan(wants.length);
  });
});

describe("scan() of a file that did not change", () => {
  it("does not read it, and takes the receipt's word", async () => {
    await put("a", "content");
    const disk: Disk = { ...nodeDisk(), open: () => expect.fail("opened") };
    const { inventory } = await scanned({
      wants: [want("a", "content")],
      placements: [placed("a", "content")],
      parts: { disk },
    });
    expect(at(inventory, "a")).toMatchObject({
      kind: "file",
      digests: [sha256Of("content")],
      recorded: true,
    });
    expect(inventory.hashed).toEqual({ files: 0, bytes: 0, reasons: {} });
  });

  it.each<[HashReason, Partial<Placement>, Partial<ScanInput>]>([
    ["racy", { doubt: "racy" }, {}],
    ["unflushed", { doubt: "unflushed" }, {}],
    ["deep", {}, { deep: true }],
    ["changed", { stamp: "7:1:1:1" as Placement["stamp"] }, {}],
    ["changed", { stamp: undefined, digests: [], size: undefined }, {}],
    ["changed", { intents: [{ digest: sha256Of("other"), size: 7, origin: "fetched" }] }, {}],
  ])("reads it where there is doubt: %s", async (why, doubt, parts) => {
    await put("a", "content");
    const situation = { wants: [want("a", "content")], placements: [placed("a", "content", doubt)], parts };
    const { inventory, events } = await scanned(situation);
    expect(inventory.hashed).toEqual({ files: 1, bytes: 7, reasons: { [why]: 1 } });
    expect(events).toContainEqual({ kind: "hashing", path: "a", size: 7, why });
    expect(at(inventory, "a")).toMatchObject({ digests: [sha256Of("content")], recorded: why === "deep" });
  });

  it("reads nothing again that was proved and did not change since, and counts it all the same", async () => {
    for (const path of ["a", "b", "c", "gone"]) await put(path, "content");
    const wants = ["a", "b", "c", "gone"].map((path) => want(path, "content"));
    const placements = wants.map(({ path }) => placed(path, "content"));
    const opened: string[] = [];
    const disk: Disk = {
      ...nodeDisk(),
      open: (path, mode) => {
        opened.push(path.slice(root.length + 1));
        return nodeDisk().open(path, mode);
      },
    };
    await utimes(join(root, "c"), new Date(), new Date(Date.now() + 60_000));
    await rm(join(root, "gone"));
    const proof = { except: new Set([pathOf("b")]), since: Date.now() + 5_000 };
    const { inventory } = await scanned({ wants, placements, parts: { disk, deep: true, proof } });
    expect(opened).toEqual(["b", "c"]);
    expect(inventory.hashed).toEqual({ files: 3, bytes: 21, reasons: { deep: 3 } });
    expect(at(inventory, "a")).toMatchObject({ digests: [sha256Of("content")], recorded: true });
    expect(at(inventory, "gone")).toEqual({ kind: "nothing" });
  });

  it("reads it where the lock wants another algorithm: unknown is not different", async () => {
    await put("a", "content");
    const situation = {
      wants: [want("a", "content", gitOf("content"))],
      placements: [placed("a", "content")],
    };
    const { inventory } = await scanned(situation);
    expect(inventory.hashed.reasons).toEqual({ algorithm: 1 });
    expect(at(inventory, "a")).toMatchObject({ digests: [sha256Of("content"), gitOf("content")] });
  });
});

describe("scan() of what changed", () => {
  it("reads a file with another stamp, and finds it the same", async () => {
    await put("a", "content");
    const before = placed("a", "content");
    await utimes(join(root, "a"), 1, 1);
    const { inventory } = await scanned({ wants: [want("a", "content")], placements: [before] });
    expect(at(inventory, "a")).toMatchObject({ digests: [sha256Of("content")], recorded: false });
    expect(inventory.hashed.reasons).toEqual({ changed: 1 });
  });

  it("meets an edit that keeps size and mtime, by its ctime", async () => {
    await put("a", "content");
    const before = placed("a", "content");
    await writeFile(join(root, "a"), "CONTENT");
    const { mtimeNs } = nodeDisk().lstat(join(root, "a")) ?? { mtimeNs: 0n };
    await utimes(join(root, "a"), Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9);
    const { inventory } = await scanned({ wants: [want("a", "content")], placements: [before] });
    expect(at(inventory, "a")).toMatchObject({ digests: [sha256Of("CONTENT")] });
  });

  it("does not read one whose size says enough", async () => {
    await put("a", "much longer than what is wanted");
    expect(await reasons({ wants: [want("a", "content")] })).toEqual({});
    expect(await reasons({ wants: [want("a", "content")], placements: [placed("a", "placed")] })).toEqual({});
  });

  it("knows the empty file, wanted and not", async () => {
    await put("a", "");
    await put("b", "");
    const { inventory } = await scanned({ wants: [want("a", ""), want("b", "content")] });
    expect([at(inventory, "a"), at(inventory, "b")]).toMatchObject([
      { digests: [sha256Of("")] },
      { digests: [] },
    ]);
  });

  it("takes a file that is written to while it is read for neither content", async () => {
    await put("a", "content");
    const disk = nodeDisk();
    const racing: Disk = {
      ...disk,
      open: async (path, mode) => {
        const file = await disk.open(path, mode);
        return {
          ...file,
          readAt: async (into, position) => {
            const count = await file.readAt(into, position);
            if (count > 0) await writeFile(path, "CONTENT");
            return count;
          },
        };
      },
    };
    const { inventory } = await scanned({ wants: [want("a", "content")], parts: { disk: racing } });
    expect(at(inventory, "a")).toMatchObject({ kind: "file", digests: [] });
  });

  it("takes one that was replaced between look and open for neither content", async () => {
    await put("a", "content");
    await put("b", "content");
    const disk = nodeDisk();
    const racing: Disk = {
      ...disk,
      open: async (path, mode) => {
        await rename(join(root, "b"), join(root, "a")).catch(() => undefined);
        return disk.open(path, mode);
      },
    };
    const { inventory } = await scanned({ wants: [want("a", "content")], parts: { disk: racing } });
    expect(at(inventory, "a")).toMatchObject({ kind: "file", digests: [] });
  });
});

describe("scan() of what is no file", () => {
  it("tells what stands there, through no link", async () => {
    await put("folder/theirs", "x");
    await put("file", "x");
    await mkdir(join(home.path, "outside"));
    await writeFile(join(home.path, "outside", "a"), "content");
    await symlink(join(home.path, "outside"), join(root, "link"));
    await symlink(join(home.path, "outside", "a"), join(root, "alias"));
    const paths = ["none", "folder", "file/below", "link", "link/a", "alias"];
    const { inventory } = await scanned({ wants: paths.map((path) => want(path, "content")) });
    expect(paths.map((path) => at(inventory, path))).toMatchObject([
      { kind: "nothing" },
      { kind: "folder", stranger: "folder/theirs" },
      { kind: "blocked", at: "file", what: "file" },
      { kind: "symlink" },
      { kind: "blocked", at: "link", what: "symlink" },
      { kind: "symlink" },
    ]);
    expect(inventory.hashed.files).toBe(0);
  });

  it("knows a folder that is all ours", async () => {
    await put("folder/deep/ours", "x");
    const placements = [placed("folder/deep/ours", "x")];
    const { inventory } = await scanned({ wants: [want("folder", "content")], placements });
    expect(at(inventory, "folder")).toEqual({ kind: "folder", stranger: undefined });
  });

  it("takes a name that no file system can hold for nothing", async () => {
    const name = "n".repeat(300);
    expect(at((await scanned({ wants: [want(name, "content")] })).inventory, name)).toEqual({
      kind: "nothing",
    });
  });
});

describe("scan()", () => {
  it("looks at nothing that other sources placed and nobody wants", async () => {
    await put("s", "s");
    await put("t", "t");
    const placements = [placed("s", "s"), placed("t", "t", { source: "t" })];
    const { inventory } = await scanned({ placements, parts: { scope: new Set(["s"]) } });
    expect([...inventory.found.keys()]).toEqual(["s"]);
  });

  it("tells two names of one file by its entry", async () => {
    await put("a", "content");
    await nodeDisk().link(join(root, "a"), join(root, "b"));
    const { inventory } = await scanned({ wants: [want("a", "content"), want("b", "content")] });
    const entries = ["a", "b"]
      .map((path) => at(inventory, path))
      .map((found) => found?.kind === "file" && found.entry);
    expect(entries[0]).toBe(entries[1]);
  });

  it.each([
    ["lstat", 'look at "a"'],
    ["open", 'read "a"'],
  ] as const)("tells what the file system refused: %s", async (operation, what) => {
    await put("a", "content");
    const refuse = (path: string) => {
      throw systemError("EACCES", path);
    };
    const disk = { ...nodeDisk(), [operation]: refuse } as Disk;
    await expect(scanned({ wants: [want("a", "content")], parts: { disk } })).rejects.toMatchObject({
      code: "DISK_REFUSED",
      message: expect.stringContaining(what),
    });
  });

  it("stops when told", async () => {
    await put("a", "content");
    const reason = new Error("stopped");
    await expect(
      scanned({ wants: [want("a", "content")], parts: { signal: AbortSignal.abort(reason) } }),
    ).rejects.toBe(reason);
  });

  it("writes nothing", async () => {
    await rm(root, { recursive: true });
    await scanned({ wants: [want("a", "content")] });
    expect(nodeDisk().lstat(root)).toBeUndefined();
  });
});
