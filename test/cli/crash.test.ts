import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../cli/context.ts";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Disk } from "../../cli/disk/port.ts";
import { checkProject, syncProject, updateProject } from "../../cli/index.ts";
import { crashingDisk } from "../support/crashing-disk.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

// A folder Hub gives the bytes, so that a run makes the same changes each time and can be stopped at each of them.

type Files = Readonly<Record<string, string>>;

const BIG = "x".repeat(4 * 1024 * 1024 + 10);

const BEFORE: Files = {
  "keep.txt": "kept",
  "change.txt": "before",
  "gone.txt": "to be pruned",
  "old-name.txt": "the same bytes under a new name",
  "swap-a.txt": "A",
  "swap-b.txt": "B",
  data: "a file that becomes a folder",
  "folder/inner.txt": "a folder that becomes a file",
  "twin-1.txt": "twins",
  "large.bin": BIG,
};

const AFTER: Files = {
  "keep.txt": "kept",
  "change.txt": "after",
  "new-name.txt": "the same bytes under a new name",
  "swap-a.txt": "B",
  "swap-b.txt": "A",
  "data/inside.txt": "now a folder",
  folder: "now a file",
  "twin-1.txt": "twins",
  "deep/twin-2.txt": "twins",
  "large.bin": `${BIG}!`,
  "new.txt": "new",
};

let home: TemporaryFolder;

beforeEach(async () => {
  home = await temporaryFolder();
  await writeFile(
    join(home.path, "tritter.yaml"),
    "version: 1\nname: me\nroot: data\nendpoint: ./hub\nsources:\n  all: { repo: o/n, path: . }\n",
  );
});

afterEach(() => home.remove());

const commits = { before: "a".repeat(40), after: "b".repeat(40) };

async function publish(commit: string, files: Files): Promise<void> {
  const repo = join(home.path, "hub", "datasets--o--n");
  for (const [path, text] of Object.entries(files)) await put(join(repo, "snapshots", commit, path), text);
  const listing = Object.entries(files).map(([path, text]) => [
    path,
    { size: Buffer.byteLength(text), blob_id: gitId(text) },
  ]);
  await put(
    join(repo, "trees", `${commit}.json`),
    JSON.stringify({ format_version: 1, files: Object.fromEntries(listing) }),
  );
  await put(join(repo, "refs", "main"), commit);
}

function gitId(text: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0`)
    .update(text)
    .digest("hex");
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** Each run is another process, later: what an earlier one holds is found dead. */
let runs = 0;

function context(disk: Disk): Context {
  runs += 1;
  const offset = runs * 10 * 60_000;
  return {
    env: {},
    cwd: home.path,
    signal: new AbortController().signal,
    clock: { now: () => Date.now() + offset, sleep: async () => undefined },
    disk,
    emit: () => undefined,
    version: "0.0.0",
    pid: 4_000_000 + runs,
  };
}

const COMMON = { names: [], locked: false, dryRun: false, force: false, prune: true, jobs: 1 };

async function tree(): Promise<Record<string, string>> {
  const files = Object.entries(await readTree(join(home.path, "data")));
  return Object.fromEntries(
    files
      .filter(([path]) => !path.startsWith(".tritter/"))
      .map(([path, bytes]) => [path, bytes.toString("latin1")]),
  );
}

async function trash(): Promise<string[]> {
  const files = Object.entries(await readTree(join(home.path, "data", ".tritter")));
  return files
    .filter(([path]) => path.startsWith("trash/") && !path.endsWith(".ndjson"))
    .map(([, bytes]) => bytes.toString("latin1"));
}

async function toBefore(): Promise<void> {
  await publish(commits.before, BEFORE);
  await syncProject(context(nodeDisk()), COMMON);
}

async function upgrade(): Promise<void> {
  await publish(commits.after, AFTER);
  await updateProject(context(nodeDisk()), { names: [], dryRun: false });
}

/** The changes that the run would make, were it left alone. */
async function changesOf(prepare: () => Promise<void>): Promise<number> {
  await prepare();
  const disk = crashingDisk(nodeDisk(), Number.POSITIVE_INFINITY);
  await syncProject(context(disk), COMMON);
  return disk.changes();
}

async function startOver(): Promise<void> {
  for (const name of ["data", "hub", "tritter.lock"])
    await rm(join(home.path, name), { recursive: true, force: true });
}

async function everyCrash(prepare: () => Promise<void>, verify: () => Promise<void>): Promise<void> {
  const changes = await changesOf(prepare);
  expect(changes).toBeGreaterThan(20);
  for (let dieAt = 1; dieAt <= changes; dieAt++) {
    await startOver();
    await prepare();
    await expect(
      syncProject(context(crashingDisk(nodeDisk(), dieAt)), COMMON),
      `change ${dieAt}`,
    ).rejects.toThrow();
    const seen = await checkProject(context(nodeDisk()), { names: [], deep: false, upstream: false });
    expect(seen.plan?.conflicts ?? [], `after a crash before change ${dieAt}`).toEqual([]);
    const done = await syncProject(context(nodeDisk()), COMMON);
    expect(done.problems, `after a crash before change ${dieAt}`).toEqual([]);
    await verify();
    const again = await syncProject(context(nodeDisk()), COMMON);
    expect([again.plan.writes, again.plan.prunes, again.outcome?.received]).toEqual([[], [], 0]);
  }
}

describe("sync stopped before any one of its changes", () => {
  it("from nothing: the next ends at the lock", async () => {
    await everyCrash(
      () => publish(commits.before, BEFORE),
      async () => {
        expect(await tree()).toEqual(BEFORE);
        expect(await trash()).toEqual([]);
      },
    );
  }, 240_000);

  it("while changing, moving, swapping and pruning: the next ends at the lock, and only our bytes were in the trash", async () => {
    await everyCrash(
      async () => {
        await toBefore();
        await upgrade();
        await put(join(home.path, "data", "theirs.txt"), "theirs");
      },
      async () => {
        expect(await tree()).toEqual({ ...AFTER, "theirs.txt": "theirs" });
        for (const bytes of await trash()) expect(Object.values(BEFORE)).toContain(bytes);
      },
    );
  }, 240_000);

  it("while adopted and modified bytes are displaced: they are all in the trash", async () => {
    await everyCrash(
      async () => {
        await put(join(home.path, "data", "change.txt"), BEFORE["change.txt"] as string);
        await put(join(home.path, "data", "gone.txt"), BEFORE["gone.txt"] as string);
        await put(join(home.path, "data", "old-name.txt"), BEFORE["old-name.txt"] as string);
        await toBefore();
        await put(join(home.path, "data", "swap-a.txt"), "edited by hand");
        await upgrade();
      },
      async () => {
        expect(await tree()).toEqual(AFTER);
        const kept = await trash();
        for (const bytes of ["before", "to be pruned", "edited by hand"]) expect(kept).toContain(bytes);
        expect(await readdir(join(home.path, "data", ".tritter"))).not.toContain("store");
      },
    );
  }, 240_000);
});
