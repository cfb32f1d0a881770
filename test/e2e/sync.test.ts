import { open, readFile, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";

const TREE = {
  "rust/a.parquet": { size: 300_000, seed: 1 },
  "rust/b.parquet": { size: 5_000, seed: 2 },
  "rust/notes.md": "plain git file\n",
  "go/c.parquet": { size: 7_000, seed: 3 },
  "README.md": "a card\n",
};

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  repo.commit(TREE);
  project = await makeProject(hub);
  await project.manifest('sources:\n  rust: { repo: o/code, include: ["rust/*"], strip: rust }');
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

async function synced(...args: string[]): Promise<void> {
  const ran = await project.run("sync", ...args);
  expect(ran).toMatchObject({ status: 0 });
}

/** Every sync ends with one that asks nothing, writes nothing (but packs the receipt, where that waited) and says so. */
async function noop(): Promise<void> {
  hub.clearLog();
  const state = async () => (await project.state()).filter((path) => !path.endsWith(".packed"));
  const before = [await state(), await project.tree(), await project.lock()];
  const ran = await project.run("sync");
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  expect(ran.stdout).toContain("nothing to do");
  expect(hub.log).toEqual([]);
  expect([await state(), await project.tree(), await project.lock()]).toEqual(before);
  expect(await project.run("check")).toMatchObject({ status: 0 });
}

describe("sync", () => {
  it("locks and fetches from nothing, each blob by the requests it needs", async () => {
    await synced();
    expect(asked(hub.log)).toEqual([
      "cdn",
      "cdn",
      "info",
      "resolve",
      "resolve",
      "resolve",
      "resolve-cache",
      "tree",
    ]);
    expect(Object.keys(await project.tree())).toEqual(["rust/a.parquet", "rust/b.parquet", "rust/notes.md"]);
    expect((await project.tree())["rust/notes.md"]).toBe("plain git file\n");
    await noop();
  });

  it("fetches again only what was deleted, cut or flipped", async () => {
    await synced();
    const good = await project.tree();
    await rm(join(project.root, "rust/notes.md"));
    await truncate(join(project.root, "rust/a.parquet"), 100);
    const bytes = await readFile(join(project.root, "rust/b.parquet"));
    bytes[17] = (bytes[17] ?? 0) ^ 1;
    await writeFile(join(project.root, "rust/b.parquet"), bytes);
    expect(await project.run("check")).toMatchObject({ status: 4 });
    hub.clearLog();
    await synced();
    expect(asked(hub.log)).toEqual(["cdn", "cdn", "resolve", "resolve", "resolve", "resolve-cache"]);
    expect(await project.tree()).toEqual(good);
    expect(await project.trash()).toHaveLength(2);
    await noop();
  });

  it("moves a file that was renamed upstream, and prunes what was removed, without fetching bytes", async () => {
    await synced();
    const { "rust/a.parquet": a, "rust/notes.md": notes, ...rest } = TREE;
    repo.commit({ ...rest, "rust/renamed.parquet": a });
    await project.run("update");
    hub.clearLog();
    await synced();
    expect(hub.log).toEqual([]);
    expect(Object.keys(await project.tree())).toEqual(["rust/b.parquet", "rust/renamed.parquet"]);
    expect(await project.trash()).toEqual([]);
    await noop();
  });

  it("never moves a pin by itself when the branch moves", async () => {
    await synced();
    repo.commit({ ...TREE, "rust/new.parquet": { size: 10, seed: 9 } });
    await noop();
    expect(await project.run("check", "--upstream")).toMatchObject({ status: 10 });
    await project.run("update", "rust");
    await synced();
    expect(Object.keys(await project.tree())).toContain("rust/new.parquet");
    await noop();
  });

  it("prints in a dry run the plan that the sync then carries out", async () => {
    const dry = JSON.parse((await project.run("sync", "--dry-run", "--json")).stdout);
    expect(await project.state()).toEqual([]);
    await expect(project.lock()).rejects.toThrow("ENOENT");
    const real = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(real.plan).toEqual(dry.plan);
  });

  it("fetches one blob for many paths, and copies the rest", async () => {
    repo.commit({
      "rust/one.parquet": { size: 9_000, seed: 5 },
      "rust/two.parquet": { size: 9_000, seed: 5 },
      "rust/three.parquet": { size: 9_000, seed: 5 },
    });
    await synced();
    expect(hub.log.filter((request) => request.kind === "cdn")).toHaveLength(1);
    const tree = await project.tree();
    expect(new Set(Object.values(tree)).size).toBe(1);
    expect(Object.keys(tree)).toHaveLength(3);
    await noop();
  });

  it("takes large files in ranges and keeps their bytes in order", async () => {
    repo.commit({
      "rust/large.parquet": { size: 90_000_001, seed: 7 },
      "rust/empty.parquet": { size: 0, seed: 1, lfs: true },
    });
    await synced();
    const ranges = hub.log.filter((request) => request.kind === "cdn");
    expect(ranges.length).toBeGreaterThan(1);
    expect(ranges.reduce((sum, request) => sum + request.bytes, 0)).toBe(90_000_001);
    await noop();
    expect(await project.run("check", "--deep")).toMatchObject({ status: 0 });
  });

  it("is told that nothing changed without reading what earlier syncs wrote", async () => {
    await synced();
    const journals = (await project.state()).filter((path) => /^receipt\/.*\.ndjson$/.test(path));
    expect(journals).toHaveLength(1);
    for (const path of journals) {
      const file = join(project.root, ".tritter", path);
      await writeFile(file, "x".repeat((await readFile(file)).length));
    }
    await noop();
    const check = JSON.parse((await project.run("check", "--json")).stdout);
    expect(check).toMatchObject({ exit: 0, hashed: { files: 0 }, plan: { totals: { keep: { files: 3 } } } });
    // Of a file that changed the receipt is read, and what it said is lost: nothing is taken for ours.
    await utimes(join(project.root, "rust/notes.md"), 1, 1);
    expect((await project.run("check", "--json")).stdout).toContain('"untracked": 3');
    await synced();
    await noop();
  });

  it("proves every byte on all cores, and finds the one that is wrong", async () => {
    repo.commit({
      "rust/x.parquet": { size: 70_000_000, seed: 1 },
      "rust/y.parquet": { size: 70_000_001, seed: 2 },
    });
    await synced();
    const check = async () => JSON.parse((await project.run("check", "--deep", "--json")).stdout);
    const hashed = { files: 2, bytes: 140_000_001, reasons: { deep: 2 } };
    expect(await check()).toMatchObject({
      exit: 0,
      hashed,
      plan: { writes: [], totals: { keep: { files: 2 } } },
    });
    const file = await open(join(project.root, "rust/x.parquet"), "r+");
    await file.write("!", 60_000_000);
    await file.close();
    const found = await check();
    expect(found).toMatchObject({ exit: 4, hashed, plan: { totals: { keep: { files: 1 } } } });
    expect(found.plan.writes).toMatchObject([{ path: "rust/x.parquet", why: "modified" }]);
    await synced();
    await noop();
    expect(await check()).toMatchObject({ exit: 0, hashed });
  }, 120_000);

  it("syncs and prunes only the sources named, and says that others are stale", async () => {
    await project.manifest(
      'sources:\n  rust: { repo: o/code, include: ["rust/*"] }\n  go: { repo: o/code, include: ["go/*"] }',
    );
    const ran = await project.run("sync", "rust");
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr).toContain("stale, and left as they are: go ");
    expect(Object.keys(await project.tree())).toEqual([
      "rust/rust/a.parquet",
      "rust/rust/b.parquet",
      "rust/rust/notes.md",
    ]);
    await synced("go");
    expect(Object.keys(await project.tree())).toContain("go/go/c.parquet");
    await noop();
  });
});

describe("sync never destroys what is not its own", () => {
  it("leaves untracked files alone and reports what is in the way", async () => {
    await project.write("data/rust/a.parquet", "mine");
    await project.write("data/rust/unrelated.txt", "mine too");
    const ran = await project.run("sync");
    expect(ran).toMatchObject({ status: 4 });
    expect(ran.stderr).toContain("--force");
    expect(await project.tree()).toMatchObject({
      "rust/a.parquet": "mine",
      "rust/unrelated.txt": "mine too",
      "rust/notes.md": "plain git file\n",
    });
    await synced("--force");
    expect(await project.trash()).toEqual(["mine"]);
    expect((await project.tree())["rust/unrelated.txt"]).toBe("mine too");
    await noop();
  });

  it("suppresses prunes while there is a conflict", async () => {
    await synced();
    await project.manifest(
      'sources:\n  rust: { repo: o/code, include: ["rust/b.parquet"], strip: rust }\n  go: { repo: o/code, include: ["go/*"] }',
    );
    await project.write("data/go/go/c.parquet", "mine");
    expect(await project.run("sync")).toMatchObject({ status: 4 });
    expect(Object.keys(await project.tree())).toContain("rust/a.parquet");
    await rm(join(project.root, "go"), { recursive: true });
    await synced();
    expect(Object.keys(await project.tree())).toEqual(["go/go/c.parquet", "rust/b.parquet"]);
  });

  it("adopts equal files by their digest, and sends them to the trash when they are no longer wanted", async () => {
    await synced();
    const kept = await project.tree();
    await rename(join(project.root, ".tritter"), join(project.folder, "forgotten"));
    hub.clearLog();
    await synced();
    expect(hub.log).toEqual([]);
    const { "rust/a.parquet": _, ...rest } = TREE;
    repo.commit({ ...rest, "rust/b.parquet": { size: 6_000, seed: 99 } });
    await project.run("update");
    await synced();
    expect((await project.trash()).sort()).toEqual([kept["rust/a.parquet"], kept["rust/b.parquet"]].sort());
    await project.manifest("sources: {}");
    expect(await project.run("sync")).toMatchObject({ status: 9 });
    await synced("--prune");
    expect(await project.tree()).toEqual({});
    expect(await project.trash()).toContain(kept["rust/notes.md"]);
    await noop();
  });

  it("waits with a prune of a whole source until it is told", async () => {
    await synced();
    await project.manifest('sources:\n  go: { repo: o/code, include: ["go/*"] }');
    const ran = await project.run("sync");
    expect(ran).toMatchObject({ status: 9 });
    expect(ran.stderr).toContain('"rust"');
    expect(ran.stderr).toContain("--prune");
    expect(Object.keys(await project.tree())).toEqual([
      "go/go/c.parquet",
      "rust/a.parquet",
      "rust/b.parquet",
      "rust/notes.md",
    ]);
    await synced("--prune");
    expect(Object.keys(await project.tree())).toEqual(["go/go/c.parquet"]);
    await noop();
  });

  it("writes through no symlink below the root", async () => {
    await project.write("elsewhere/keep.txt", "theirs");
    await project.write("data/readme.txt", "x");
    await symlink(join(project.folder, "elsewhere"), join(project.root, "rust"));
    const ran = await project.run("sync");
    expect(ran).toMatchObject({ status: 4 });
    expect(ran.stderr).toContain("symlink");
    expect((await project.read("elsewhere/keep.txt")).toString()).toBe("theirs");
    await synced("--force");
    expect((await project.read("elsewhere/keep.txt")).toString()).toBe("theirs");
    expect((await project.tree())["rust/notes.md"]).toBe("plain git file\n");
    await noop();
  });

  it("turns a file into a folder and back", async () => {
    repo.commit({ data: "a file\n", "x.parquet": { size: 10, seed: 1 } });
    await project.manifest("sources:\n  all: { repo: o/code, path: . }");
    await synced();
    repo.commit({ "data/inner.txt": "now a folder\n", "x.parquet": { size: 10, seed: 1 } });
    await project.run("update");
    await synced();
    expect((await project.tree())["data/inner.txt"]).toBe("now a folder\n");
    await noop();
    repo.commit({ data: "a file again\n", "x.parquet": { size: 10, seed: 1 } });
    await project.run("update");
    await synced();
    expect((await project.tree()).data).toBe("a file again\n");
    expect(await project.trash()).toEqual([]);
    await noop();
  });

  it("shares a root with another manifest: same bytes are shared, others conflict, the last one prunes", async () => {
    await synced();
    const other = `version: 1\nname: second\nroot: data\nendpoint: ${hub.url}\nsources:\n  rust: { repo: o/code, include: ["rust/b.parquet"], strip: rust }\n`;
    await project.write("second.yaml", other);
    await synced("--manifest", "second.yaml");
    await project.manifest("sources: {}");
    await synced("--prune");
    expect(Object.keys(await project.tree())).toEqual(["rust/b.parquet"]);
    await project.write(
      "second.yaml",
      other.replace("sources:", "sources: {} #").replace(/\n {2}rust.*/, ""),
    );
    await synced("--manifest", "second.yaml", "--prune");
    expect(await project.tree()).toEqual({});
  });

  it("refuses a path where another manifest wants other bytes", async () => {
    await synced();
    repo.commit({ "rust/b.parquet": { size: 11, seed: 12 } });
    await project.write(
      "second.yaml",
      `version: 1\nname: second\nroot: data\nendpoint: ${hub.url}\nsources:\n  rust: { repo: o/code, strip: rust }\n`,
    );
    const ran = await project.run("sync", "--manifest", "second.yaml");
    expect(ran).toMatchObject({ status: 4 });
    expect(ran.stderr).toContain('"test"');
    await noop();
  });
});

describe("sync of what the Hub refuses", () => {
  it("asks no more for a repository that is shut, names it once, and fetches the rest", async () => {
    hub.token("hf_granted000", { grants: ["o/gated"] });
    const files = Array.from({ length: 200 }, (_, index) => [`${index}.bin`, { size: 100, seed: index }]);
    hub.repo("o/gated", { gated: "auto" }).commit(Object.fromEntries(files));
    await project.manifest("sources:\n  code: { repo: o/code }\n  gated: { repo: o/gated }");
    expect(await project.runWith({ HF_TOKEN: "hf_granted000" }, "lock")).toMatchObject({ status: 0 });
    hub.clearLog();
    const ran = await project.run("sync", "--jobs", "4");
    expect(ran).toMatchObject({ status: 6 });
    expect(ran.stderr.match(/ACCESS_NO_TOKEN/g)).toHaveLength(1);
    expect(ran.stderr).toContain("199 more files of it are kept away by this");
    const refused = hub.log.filter(({ path, status }) => path.includes("o/gated") && status === 401);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(12);
    expect(Object.keys(await project.tree())).toHaveLength(5);
  });
});

describe("sync with wrong bytes", () => {
  it("places nothing for a flipped byte, names both digests, and finishes the others", async () => {
    hub.faults.add({ match: /b\.parquet/, kind: "cdn", fault: { kind: "corrupt", at: 100 } });
    const ran = await project.run("sync");
    expect(ran.status).toBe(5);
    const wanted =
      /b\.parquet","size":5000,"sha256":"([0-9a-f]{64})"/.exec(await project.lock())?.[1] ?? "none";
    expect(ran.stderr).toContain(wanted);
    expect(ran.stderr.match(/[0-9a-f]{64}/g)?.some((digest) => digest !== wanted)).toBe(true);
    expect(Object.keys(await project.tree())).toEqual(["rust/a.parquet", "rust/notes.md"]);
    hub.faults.clear();
    await synced();
    await noop();
  });

  it("heals a byte that was flipped once, by one clean retry", async () => {
    hub.faults.add({ match: /b\.parquet/, kind: "cdn", times: 1, fault: { kind: "corrupt", at: 100 } });
    await synced();
    await noop();
  });

  it("does the same for a large file in ranges", async () => {
    repo.commit({ "rust/large.parquet": { size: 40_000_000, seed: 3 } });
    hub.faults.add({ match: /large/, kind: "cdn", times: 1, fault: { kind: "corrupt", at: 5_000 } });
    await synced();
    await noop();
    repo.commit({ "rust/large.parquet": { size: 40_000_000, seed: 4 } });
    await project.run("update");
    hub.faults.add({ match: /large/, kind: "cdn", fault: { kind: "corrupt", at: 5_000 } });
    expect(await project.run("sync")).toMatchObject({ status: 5 });
    expect((await project.run("check")).status).toBe(4);
  });

  it("goes on where a body broke off", async () => {
    repo.commit({ "rust/large.parquet": { size: 30_000_000, seed: 3 } });
    hub.faults.add({ match: /large/, kind: "cdn", times: 2, fault: { kind: "cut", after: 6_000_000 } });
    await synced();
    const bytes = hub.log
      .filter((request) => request.kind === "cdn")
      .reduce((sum, request) => sum + request.bytes, 0);
    expect(bytes).toBeLessThan(30_000_000 + 2_000_000);
    await noop();
  });
});

describe("check --deep of many files", () => {
  it("finds the one whose bytes changed, on all cores", async () => {
    const files = Array.from({ length: 4_200 }, (_, index) => [`${index}.txt`, `file ${index}\n`]);
    hub.repo("o/many").commit(Object.fromEntries(files));
    await project.manifest("sources:\n  many: { repo: o/many }");
    await synced();
    expect(await project.run("check", "--deep")).toMatchObject({ status: 0 });
    await writeFile(join(project.root, "many/77.txt"), "file 7x\n");
    const found = JSON.parse((await project.run("check", "--deep", "--json")).stdout);
    expect(found).toMatchObject({ exit: 4, hashed: { files: 4_200 } });
    expect(found.plan.writes).toMatchObject([{ path: "many/77.txt", why: "modified" }]);
  });
});
