import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { wantsOfFile, wrongFiles } from "../support/locked-tree.ts";
import { cannotMount, mountOver, mountReadOnly, mountTmpfs, unmount, unmountAll } from "../support/mounts.ts";
import { makeProject, type Project, type Ran } from "../support/project.ts";

// Real file systems that are full, read-only, another's, or gone, under the program as it is shipped.

const TREE = {
  "a.md": "a\n",
  "b.md": "b\n",
  "d/c.md": "c\n",
  "d/e.parquet": { size: 300_000, seed: 1 },
  "f.parquet": { size: 700_000, seed: 2 },
};
const FILES = Object.keys(TREE).sort();
const BYTES = 1_000_006;

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/n");
  repo.commit(TREE);
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/n, path: . }");
});

afterEach(async () => {
  unmountAll();
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

/** A lock, and a root that is there; what the Hub is asked from now on is for files. */
async function locked(): Promise<void> {
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  await mkdir(project.root);
  hub.clearLog();
}

/** Errors by code and what they are about, each with what to do next. */
function errorsOf({ stderr }: Ran): string[] {
  const lines = stderr.split("\n");
  const errors = lines.filter((line) => line.includes("error["));
  expect(lines.filter((line) => line.includes("hint:"))).toHaveLength(errors.length);
  return errors.map((line) => {
    const [, code, what = "begin"] = /error\[(\w+)\]: cannot (?:[^"]*"([^"]+)"|begin)/.exec(line) ?? [];
    return `${code} ${what.replace(project.root, "ROOT")}`;
  });
}

async function expectHeals(run = () => project.run("sync", "--prune")): Promise<void> {
  hub.faults.clear();
  expect(await run()).toMatchObject({ status: 0, stderr: "" });
  const wants = await wantsOfFile(project.lockFile);
  expect(await wrongFiles(project.root, wants)).toEqual([]);
  expect((await project.state()).filter((path) => path.startsWith("store/"))).toEqual([]);
  hub.clearLog();
  expect((await run()).stdout).toContain("nothing to do");
  expect(hub.log).toEqual([]);
}

/** Something happens before the address of the last file is told; small files came by then. */
function meanwhile(act: () => Promise<void>): void {
  hub.faults.add({ match: /f\.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act } });
}

const NO_MOUNTS = cannotMount();

describe.skipIf(NO_MOUNTS !== undefined)("a small file system", () => {
  it("is refused before the first byte where the plan does not fit, with 8", async () => {
    await locked();
    mountTmpfs(project.root, "size=900k");
    const ran = await project.run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([8, [expect.stringMatching("NO_SPACE")]]);
    expect(ran.stderr).toMatch(new RegExp(`${BYTES} bytes are needed in ".*" and \\d+ are free`));
    expect([hub.log, await project.tree(), await project.state()]).toEqual([[], {}, [".gitignore"]]);
    unmountAll();
    await expectHeals();
  });

  it("is refused likewise where it lacks the inodes", async () => {
    await locked();
    mountTmpfs(project.root, "size=64m,nr_inodes=20");
    const ran = await project.run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([8, [expect.stringMatching("NO_SPACE")]]);
    expect(ran.stderr).toMatch(
      /\d+ files and folders are to be made in ".*" and the file system has room for \d+/,
    );
    expect([hub.log, await project.tree(), await project.state()]).toEqual([[], {}, [".gitignore"]]);
    unmountAll();
    await expectHeals();
  });

  it("that fills up meanwhile places what is complete, and ends with 8; the next fetches the rest", async () => {
    await locked();
    mountTmpfs(project.root, "size=2m");
    const filler = join(project.root, "filler");
    meanwhile(() => writeFile(filler, Buffer.alloc(1_300_000)));
    const ran = await project.run("sync", "--jobs", "1");
    expect(ran.status).toBe(8);
    expect(errorsOf(ran)).toContain("NO_SPACE f.parquet");
    const kept = Object.keys(await project.tree()).filter((path) => path !== "filler");
    const lacking = FILES.filter((path) => !kept.includes(path));
    expect(kept.length).toBeGreaterThan(1);
    expect((await wrongFiles(project.root, await wantsOfFile(project.lockFile))).sort()).toEqual(lacking);
    await rm(filler);
    const next = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(next).toMatchObject({ exit: 0, outcome: { fetched: { files: lacking.length } } });
    await expectHeals();
  });

  it("that fills up to the last byte keeps what is complete, and ends with 8", async () => {
    await locked();
    mountTmpfs(project.root, "size=2m");
    const filler = join(project.root, "filler");
    meanwhile(() => writeFile(filler, Buffer.alloc(4_000_000)).catch(() => undefined));
    const ran = await project.run("sync", "--jobs", "1");
    expect([ran.status, ran.stderr.includes("error[NO_SPACE]")]).toEqual([8, true]);
    await rm(filler);
    const next = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(next.exit).toBe(0);
    expect(next.outcome.fetched.files).toBeLessThan(FILES.length);
    await expectHeals();
  });

  it("whose inodes run out meanwhile keeps what is complete, and ends with 8", async () => {
    await locked();
    mountTmpfs(project.root, "size=64m,nr_inodes=60");
    const folder = join(project.root, "filler");
    meanwhile(async () => {
      await mkdir(folder);
      for (let file = 0; file < 60; file++)
        await writeFile(join(folder, String(file)), "").catch(() => undefined);
    });
    const ran = await project.run("sync", "--jobs", "1");
    expect(ran.status).toBe(8);
    expect(ran.stderr).toContain("error[NO_SPACE]");
    await rm(folder, { recursive: true });
    hub.clearLog();
    const next = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(next.exit).toBe(0);
    expect(next.outcome.fetched.files).toBeLessThan(FILES.length);
    await expectHeals();
  });

  it("that is full still lets go of what is pruned, and of files that move", async () => {
    await locked();
    mountTmpfs(project.root, "size=2m");
    await expectHeals();
    const { "b.md": _, "f.parquet": moved, ...rest } = TREE;
    repo.commit({ ...rest, "moved/f.parquet": moved });
    expect(await project.run("update")).toMatchObject({ status: 0 });
    await writeFile(join(project.root, "filler"), Buffer.alloc(4_000_000)).catch(() => undefined);
    const ran = await project.run("sync", "--prune");
    expect([ran.status === 0 || ran.status === 8, ran.stderr.includes("INTERNAL")]).toEqual([true, false]);
    await rm(join(project.root, "filler"));
    await expectHeals();
    expect(Object.keys(await project.tree())).toEqual(["a.md", "d/c.md", "d/e.parquet", "moved/f.parquet"]);
  });

  it("for the lock keeps the old one, with 8", async () => {
    const small = join(project.folder, "small");
    await mkdir(small);
    mountTmpfs(small, "size=16k");
    const lock = join(small, "tritter.lock");
    expect(await project.run("lock", "--lock", lock)).toMatchObject({ status: 0 });
    const before = await readFile(lock, "utf8");
    await writeFile(join(small, "filler"), Buffer.alloc(64_000)).catch(() => undefined);
    repo.commit({ ...TREE, "a.md": "another\n" });
    const ran = await project.run("update", "--lock", lock);
    expect([ran.status, errorsOf(ran)]).toEqual([8, [`NO_SPACE ${lock}`]]);
    expect([await readFile(lock, "utf8"), (await readdir(small)).sort()]).toEqual([
      before,
      ["filler", "tritter.lock"],
    ]);
    await rm(join(small, "filler"));
    expect(await project.run("update", "--lock", lock)).toMatchObject({ status: 0 });
  });
});

describe.skipIf(NO_MOUNTS !== undefined)("what is mounted read-only", () => {
  it("as the root: one error and 12, and what needs no writing still works", async () => {
    await locked();
    mountReadOnly(project.root);
    const first = await project.run("sync");
    expect([first.status, errorsOf(first)]).toEqual([12, ["DISK_REFUSED ROOT"]]);
    expect(hub.log).toEqual([]);
    unmountAll();
    await expectHeals();
    mountReadOnly(project.root);
    expect(await project.run("sync")).toMatchObject({ status: 0, stderr: "" });
    expect(await project.run("check", "--deep")).toMatchObject({ status: 0, stderr: "" });
    expect(await project.run("sync", "--dry-run")).toMatchObject({ status: 0, stderr: "" });
    repo.commit({ ...TREE, "a.md": "another\n" });
    expect(await project.run("update")).toMatchObject({ status: 0 });
    const later = await project.run("sync");
    expect([later.status, later.stderr.match(/error\[/g)?.length]).toEqual([12, 1]);
    expect(later.stderr).toMatch(/DISK_REFUSED.*read-only.*\n.*hint:/);
    unmountAll();
    await expectHeals();
  });

  it("as a folder: one error a file in it, and the rest is done", async () => {
    await locked();
    await mkdir(join(project.root, "d"));
    mountReadOnly(join(project.root, "d"));
    const ran = await project.run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([12, ["DISK_REFUSED d/c.md", "DISK_REFUSED d/e.parquet"]]);
    expect(Object.keys(await project.tree())).toEqual(["a.md", "b.md", "f.parquet"]);
    unmountAll();
    await expectHeals();
  });

  it("as the folder of manifest and lock: one error and 12, and a lock that is right still serves", async () => {
    await locked();
    await expectHeals();
    const lock = await project.lock();
    repo.commit({ ...TREE, "a.md": "another\n" });
    mountReadOnly(project.folder);
    const ran = await project.run("update");
    expect([ran.status, errorsOf(ran)]).toEqual([12, [`DISK_REFUSED ${project.lockFile}`]]);
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    unmountAll();
    expect(await project.lock()).toBe(lock);
    expect(await project.run("update")).toMatchObject({ status: 0 });
    await expectHeals();
  });
});

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const NOBODY = { uid: 65_534, gid: 65_534 };
/** Root is refused nothing, and the program must be readable by another. */
const CANNOT_BE_NOBODY =
  process.getuid?.() !== 0 || spawnSync(process.execPath, [MAIN, "--version"], NOBODY).status !== 0;

describe.skipIf(CANNOT_BE_NOBODY)("what belongs to another", () => {
  const mine = async (...paths: string[]) => {
    for (const path of paths) await chown(path, NOBODY.uid, NOBODY.gid);
  };
  const run = (...args: string[]) => project.runAs(NOBODY, ...args);
  const heals = () => expectHeals(() => run("sync", "--prune"));

  beforeEach(async () => {
    await chmod(project.folder, 0o755);
    await mkdir(project.root);
    await mine(project.folder, project.root);
    expect(await run("lock")).toMatchObject({ status: 0 });
    hub.clearLog();
  });

  it("a folder that cannot be written to: one error a file in it, and the rest is done", async () => {
    await mkdir(join(project.root, "d"));
    const ran = await run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([12, ["DISK_REFUSED d/c.md", "DISK_REFUSED d/e.parquet"]]);
    expect(ran.stderr).toContain("permission denied");
    expect(Object.keys(await project.tree())).toEqual(["a.md", "b.md", "f.parquet"]);
    await mine(join(project.root, "d"));
    hub.clearLog();
    await heals();
  });

  it("a folder that cannot be looked into: the same, also of files that were placed there", async () => {
    const dark = join(project.root, "d");
    const refused = ["DISK_REFUSED d/c.md", "DISK_REFUSED d/e.parquet"];
    await mkdir(dark, { mode: 0o700 });
    const ran = await run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([12, refused]);
    expect(Object.keys(await project.tree())).toEqual(["a.md", "b.md", "f.parquet"]);
    await mine(dark);
    await heals();
    await chown(dark, 0, 0);
    repo.commit({ ...TREE, "a.md": "another\n", "b.md": "another\n" });
    expect(await run("update")).toMatchObject({ status: 0 });
    const later = await run("sync");
    expect([later.status, errorsOf(later)]).toEqual([12, refused]);
    expect((await project.tree())["a.md"]).toBe("another\n");
    expect(await run("check")).toMatchObject({ status: 12 });
    await mine(dark);
    await heals();
  });

  it("a file that cannot be read: one error, the rest is done, and nothing is pruned", async () => {
    await heals();
    const file = join(project.root, "d/e.parquet");
    await chown(file, 0, 0);
    await chmod(file, 0o600);
    const { "b.md": _, ...rest } = TREE;
    repo.commit({ ...rest, "a.md": "another\n" });
    expect(await run("update")).toMatchObject({ status: 0 });
    const ran = await run("sync", "--prune");
    expect([ran.status, errorsOf(ran)]).toEqual([12, ["DISK_REFUSED d/e.parquet"]]);
    expect(await project.tree()).toMatchObject({ "a.md": "another\n", "b.md": "b\n" });
    await mine(file);
    await heals();
    expect(Object.keys(await project.tree())).not.toContain("b.md");
  });

  it("a file at a wanted path: a conflict like any other, and --force moves it to the trash unread", async () => {
    const file = join(project.root, "a.md");
    await writeFile(file, "another's, and of another size");
    await chmod(file, 0o600);
    const ran = await run("sync");
    expect([ran.status, errorsOf(ran)]).toEqual([4, ["CONFLICT a.md"]]);
    expect(Object.keys(await project.tree())).toEqual(FILES);
    expect(await run("sync", "--force")).toMatchObject({ status: 0, stderr: "" });
    expect([(await project.tree())["a.md"], await project.trash()]).toEqual([
      "a\n",
      ["another's, and of another size"],
    ]);
    await heals();
  });

  it("a folder that something shall be pruned from: one error a file, the rest is pruned", async () => {
    await heals();
    await chown(join(project.root, "d"), 0, 0);
    repo.commit({ "a.md": "a\n", "new.md": "new\n" });
    expect(await run("update")).toMatchObject({ status: 0 });
    const ran = await run("sync", "--prune");
    expect([ran.status, errorsOf(ran)]).toEqual([12, ["DISK_REFUSED d/c.md", "DISK_REFUSED d/e.parquet"]]);
    expect(Object.keys(await project.tree())).toEqual(["a.md", "d/c.md", "d/e.parquet", "new.md"]);
    await mine(join(project.root, "d"));
    await heals();
    expect(Object.keys(await project.tree())).toEqual(["a.md", "new.md"]);
  });

  it("the root, or a folder of ours in it: one error and 12", async () => {
    const state = join(project.root, ".tritter");
    await chown(project.root, 0, 0);
    const foreign = await run("sync");
    expect([foreign.status, errorsOf(foreign)]).toEqual([12, ["DISK_REFUSED ROOT"]]);
    await chmod(project.root, 0o700);
    const dark = await run("sync");
    expect([dark.status, errorsOf(dark)]).toEqual([12, ["DISK_REFUSED ROOT/.tritter"]]);
    await chmod(project.root, 0o755);
    await mine(project.root);
    await heals();
    repo.commit({ ...TREE, "a.md": "another\n" });
    expect(await run("update")).toMatchObject({ status: 0 });
    for (const folder of [state, join(state, "receipt")]) {
      await chown(folder, 0, 0);
      const ran = await run("sync");
      expect([ran.status, ran.stderr.match(/error\[DISK_REFUSED\]/g)?.length]).toEqual([12, 1]);
      expect(ran.stderr).toMatch(/permission denied.*\n.*hint:/);
      await mine(folder);
    }
    await heals();
  });

  it("the folder of the lock: one error and 12, and the old lock stays", async () => {
    const lock = await project.lock();
    repo.commit({ ...TREE, "a.md": "another\n" });
    await chown(project.folder, 0, 0);
    const ran = await run("update");
    expect([ran.status, errorsOf(ran)]).toEqual([12, [`DISK_REFUSED ${project.lockFile}`]]);
    expect(await project.lock()).toBe(lock);
    await heals();
  });
});

describe("a root that disappears in the middle", () => {
  /** One error for all of it; nothing of ours is anywhere. */
  async function expectGone(ran: Ran, below: string): Promise<void> {
    expect([ran.status, errorsOf(ran)]).toEqual([12, ["DISK_REFUSED ROOT"]]);
    expect(ran.stderr).toContain("removed, replaced or unmounted");
    expect(await readdir(below).catch(() => [])).toEqual([]);
  }

  it("by removal: one error, and it is not made again by that run", async () => {
    await locked();
    meanwhile(() => rm(project.root, { recursive: true }));
    await expectGone(await project.run("sync", "--jobs", "1"), project.root);
    await expect(readdir(project.root)).rejects.toThrow("ENOENT");
    await expectHeals();
  });

  it("by being moved: one error, and what is there by then is used where it went", async () => {
    await locked();
    const elsewhere = join(project.folder, "elsewhere");
    meanwhile(() => rename(project.root, elsewhere));
    await expectGone(await project.run("sync", "--jobs", "1"), project.root);
    await rename(elsewhere, project.root);
    hub.clearLog();
    const next = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(next.exit).toBe(0);
    expect(next.outcome.fetched.files).toBeLessThan(FILES.length);
    await expectHeals();
  });

  it("by another folder in its place: nothing is written there", async () => {
    await locked();
    meanwhile(async () => {
      await rename(project.root, join(project.folder, "elsewhere"));
      await mkdir(project.root);
    });
    await expectGone(await project.run("sync", "--jobs", "1"), project.root);
    await expectHeals();
  });

  it.skipIf(NO_MOUNTS !== undefined)("by unmounting: nothing is written below it", async () => {
    await locked();
    mountTmpfs(project.root, "size=8m");
    meanwhile(async () => unmount(project.root));
    await expectGone(await project.run("sync", "--jobs", "1"), project.root);
    await expectHeals();
  });

  it.skipIf(NO_MOUNTS !== undefined)("by a mount over it: nothing is written there", async () => {
    await locked();
    const other = join(project.folder, "other");
    await mkdir(other);
    meanwhile(async () => mountOver(other, project.root));
    await expectGone(await project.run("sync", "--jobs", "1"), other);
    unmountAll();
    await expectHeals();
  });

  it("while files that were fetched before are placed and pruned: nothing is forgotten", async () => {
    await locked();
    await expectHeals();
    const { "b.md": _, ...rest } = TREE;
    repo.commit({ ...rest, "new/file.md": "new\n", "f.parquet": { size: 800_000, seed: 9 } });
    expect(await project.run("update")).toMatchObject({ status: 0 });
    const elsewhere = join(project.folder, "elsewhere");
    meanwhile(() => rename(project.root, elsewhere));
    await expectGone(await project.run("sync", "--prune"), project.root);
    await rename(elsewhere, project.root);
    await expectHeals();
    expect(Object.keys(await project.tree())).toEqual([
      "a.md",
      "d/c.md",
      "d/e.parquet",
      "f.parquet",
      "new/file.md",
    ]);
  });
});

it.runIf(NO_MOUNTS !== undefined || CANNOT_BE_NOBODY)(
  "some of these need root on Linux, and were skipped",
  (context) => {
    context.skip(NO_MOUNTS ?? "root is refused nothing, and nobody else could be had");
  },
);
