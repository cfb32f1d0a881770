import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../support/here.ts";
import { type LoopbackHub, type RepoHandle, startHub, type Tree } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";

let hub: LoopbackHub;
let project: Project;
let repo: RepoHandle;
let pinned: string;

const A = { "rust/a.parquet": { size: 5_000, seed: 1 } } as const;
const B = { "rust/b.parquet": { size: 6_000, seed: 2 } } as const;
const NOTES = { "rust/notes.txt": "notes\n" } as const;
const TREE: Tree = { ...A, ...B, ...NOTES };
const MANIFEST =
  "sources:\n  code: { repo: o/code, include: [rust/*], strip: rust, fallbacks: [{ repo: o/other }] }";

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  pinned = repo.commit(TREE);
  project = await makeProject(hub);
  await project.manifest(MANIFEST);
  await ok("sync");
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await project.remove();
  await hub.close();
});

async function run(...args: string[]) {
  hub.clearLog();
  return runHere(project, args);
}

const withToken = (...args: string[]) => runHere(project, args, { env: { HF_TOKEN: "hf_mine" } });

async function ok(...args: string[]) {
  const ran = await run(...args);
  expect(ran, `tritter ${args.join(" ")}\n${ran.stdout}${ran.stderr}`).toMatchObject({ status: 0 });
  return ran;
}

/** History is squashed to one commit that holds these files. */
function squash(tree: Tree): string {
  const commit = repo.commit(tree, { title: "Squash" });
  repo.forget(pinned);
  return commit;
}

const member = async (name: string) => JSON.parse(await project.lock()).sources.code[name];

/** A sync from the lock alone into an empty root, and a second one that does nothing. */
async function syncsByteIdentical(): Promise<void> {
  const before = [await project.tree(), await project.lock()];
  await rm(join(project.folder, "data"), { recursive: true });
  await ok("sync", "--locked");
  expect([await project.tree(), await project.lock()]).toEqual(before);
  expect((await ok("sync")).stdout).toContain("nothing to do");
  expect(asked(hub.log)).toEqual([]);
}

describe("a pin that is gone", () => {
  it.each([
    ["whose history was squashed", () => void squash({ "rust/a.parquet": "other" }), "commit"],
    ["whose repository was deleted", () => repo.remove(), "with its repository"],
    ["whose repository was hidden", () => repo.update({ private: true }), "with its repository"],
  ])("%s is said plainly wherever it is met, and what is on disk stays", async (_, happen, words) => {
    const before = [await project.tree(), await project.lock()];
    happen();
    await ok("sync");
    await ok("check");
    await rm(join(project.root, "code/b.parquet"));
    for (const args of [["check", "--upstream"], ["sync"]]) {
      const ran = await run(...args);
      expect(ran.stderr, args.join(" ")).toMatch(/error\[PIN_GONE\]/);
      expect(ran.stderr).toContain(words);
      expect(ran.stderr).toContain("run tritter rescue code");
      expect(ran.status).toBe(11);
    }
    await project.write(
      "data/code/b.parquet",
      Buffer.from(before[0]?.["code/b.parquet" as never] ?? "", "latin1"),
    );
    expect([await project.tree(), await project.lock()]).toEqual(before);
    await project.manifest(MANIFEST.replace("rust/*", "rust/*.parquet"));
    const selected = await run("lock");
    expect([selected.status, selected.stderr]).toEqual([
      11,
      expect.stringContaining("run tritter rescue code"),
    ]);
  });

  it("that a manifest names as its revision stops an update with the same words", async () => {
    await project.manifest(MANIFEST.replace("repo: o/code", `repo: o/code, revision: "${pinned}"`));
    await ok("lock");
    squash({});
    const ran = await run("update");
    expect([ran.status, ran.stderr]).toEqual([11, expect.stringContaining("run tritter rescue code")]);
  });

  it("of a private repository is a matter of access to whom it is hidden from", async () => {
    hub.token("hf_mine", { grants: ["o/code"] });
    repo.update({ private: true });
    await project.write("tritter.lock", "");
    await rm(join(project.folder, "tritter.lock"));
    expect((await withToken("lock")).status).toBe(0);
    expect(await member("private")).toBe(true);
    await rm(project.root, { recursive: true });
    const ran = await run("sync");
    expect([ran.status, ran.stderr]).toEqual([6, expect.stringContaining("error[REPO_NOT_FOUND]")]);
    expect((await run("rescue")).status).toBe(6);
  });
});

describe("rescue", () => {
  it("finds every digest in the newest commit of the same repository, and changes nothing else", async () => {
    const before = JSON.parse(await project.lock()).sources.code;
    const tip = squash({ ...TREE, "rust/c.parquet": { size: 9, seed: 9 }, "README.md": "new" });
    const dry = await ok("rescue", "--dry-run");
    expect(dry.stdout).toContain("code: rescued, 3 files, 11.0 kB from dataset o/code at ");
    expect(dry.stdout).toContain("would write");
    expect(JSON.parse(await project.lock()).sources.code).toEqual(before);
    await ok("rescue");
    expect(JSON.parse(await project.lock()).sources.code).toEqual({
      ...before,
      rescued: [{ repo: "o/code", type: "dataset", commit: tip }],
    });
    // On the disk as it is there is nothing to do, and nothing to ask.
    expect((await ok("sync")).stdout).toContain("nothing to do");
    expect(asked(hub.log)).toEqual([]);
    await ok("check");
    await syncsByteIdentical();
  });

  it("takes files from where they moved, from several repositories where no one has all", async () => {
    squash({ "data/moved.parquet": A["rust/a.parquet"], "rust/b.parquet": { size: 6_000, seed: 99 } });
    const other = hub.repo("o/other").commit({ "x/b.parquet": B["rust/b.parquet"], ...NOTES });
    await ok("rescue");
    expect(
      (await member("rescued")).map(({ repo: name, commit }: { repo: string; commit: string }) => [
        name,
        commit,
      ]),
    ).toEqual([
      ["o/other", other],
      ["o/code", expect.any(String)],
    ]);
    expect(await project.lock()).toContain('"from":{"refuge":2,"path":"data/moved.parquet"}');
    expect(await project.lock()).toContain('"from":{"path":"x/b.parquet"}');
    await syncsByteIdentical();
    const why = await ok("why", "data/code/a.parquet");
    expect(why.stdout).toMatch(/file there +rust\/a\.parquet/);
    expect(why.stdout).toMatch(/rescued to +data\/moved\.parquet of dataset o\/code at/);
  });

  it("looks in what --from names, of another type too, and says what is no repository", async () => {
    repo.remove();
    hub.repo("me/copy", { type: "model" }).commit(TREE, { branch: "kept" });
    expect((await run("rescue")).status).toBe(11);
    await ok("rescue", "code", "--from", "models/me/copy@kept");
    expect(await member("rescued")).toMatchObject([{ repo: "me/copy", type: "model" }]);
    await syncsByteIdentical();
    for (const from of ["nonsense here", "https://huggingface.co/datasets/o/n/tree/main/data"])
      expect((await run("rescue", "--from", from)).status).toBe(2);
  });

  it("is not undone by lock, is not stale, follows placement, and update moves on from it", async () => {
    squash({ ...TREE, "rust/c.parquet": { size: 9, seed: 9 } });
    await ok("rescue");
    const rescued = await project.lock();
    await ok("lock");
    await ok("sync", "--locked");
    expect(await project.lock()).toBe(rescued);
    await project.manifest(MANIFEST.replace("repo:", "path: moved, repo:"));
    await ok("sync");
    expect(await member("rescued")).toHaveLength(1);
    await project.manifest(MANIFEST);
    await ok("sync");
    expect(await project.lock()).toBe(rescued);
    // Bytes that were found elsewhere do not tell what else the commit held.
    await project.manifest(MANIFEST.replace("rust/*", "rust/*.parquet"));
    const selected = await run("lock");
    expect([selected.status, selected.stderr]).toEqual([11, expect.stringContaining("tritter update code")]);
    await project.manifest(MANIFEST);
    await ok("update");
    expect(await project.lock()).not.toContain("rescued");
    await ok("sync");
    expect(Object.keys(await project.tree())).toContain("code/c.parquet");
    expect((await ok("sync")).stdout).toContain("nothing to do");
  });

  it("says what is on this disk only and where, keeps the entry, and takes a copy that was made of it", async () => {
    repo.remove();
    const before = await project.lock();
    const ran = await run("rescue");
    expect(ran.status).toBe(11);
    expect(ran.stderr).toContain("3 files of it are on this disk only");
    expect(ran.stderr).toContain('only here: rust/a.parquet, as "code/a.parquet" below');
    expect(await project.lock()).toBe(before);
    const { sources } = JSON.parse((await run("rescue", "--json")).stdout);
    expect(sources).toMatchObject([
      {
        source: "code",
        state: "stranded",
        refuges: [],
        lost: [],
        here: [{ path: "rust/a.parquet", at: "code/a.parquet" }, {}, {}],
      },
    ]);
    hub.repo("me/copy").commit(TREE);
    await ok("rescue", "code", "--from", "me/copy");
    await syncsByteIdentical();
  });

  it("locks what repositories have even where some of it is on this disk only", async () => {
    squash({ ...A, ...B, "rust/notes.txt": "other notes\n" });
    const ran = await run("rescue");
    expect([ran.status, ran.stderr]).toEqual([
      11,
      expect.stringContaining("the other files are rescued, but 1 file of it is on this disk only"),
    ]);
    expect(await project.lock()).toContain('"from":{"refuge":0}');
    await ok("sync");
    await rm(project.root, { recursive: true });
    const cold = await run("sync");
    expect(cold.status).toBe(11);
    expect(Object.keys(await project.tree())).toEqual(["code/a.parquet", "code/b.parquet"]);
  });

  it("locks nothing where a digest is nowhere, and names it", async () => {
    squash({ ...A, ...B });
    await rm(join(project.root, "code/notes.txt"));
    const before = await project.lock();
    const ran = await run("rescue");
    expect([ran.status, ran.stderr]).toEqual([11, expect.stringContaining("nowhere: rust/notes.txt")]);
    expect(ran.stderr).toContain("looked in dataset o/code at main: 2 of 3 files");
    expect(await project.lock()).toBe(before);
  });

  it("does not trust a file on disk that was changed", async () => {
    repo.remove();
    await project.write("data/code/a.parquet", "x".repeat(5_000));
    const ran = await run("rescue");
    expect([ran.status, ran.stderr]).toEqual([11, expect.stringContaining("nowhere: rust/a.parquet")]);
  });

  it("leaves alone what can be had, and goes back to a commit that can be had again", async () => {
    expect((await ok("rescue")).stdout).toContain("nothing to rescue");
    expect(asked(hub.log)).toEqual(["info"]);
    const before = await project.lock();
    repo.remove();
    hub.repo("o/other").commit(TREE);
    await ok("rescue");
    expect((await ok("rescue")).stdout).toContain("rescued already");
    repo = hub.repo("o/code");
    repo.commit(TREE, { id: pinned });
    expect((await ok("rescue")).stdout).toContain("can be had again");
    expect(await project.lock()).toBe(before);
  });

  it("looks again where a refuge is gone too", async () => {
    repo.remove();
    hub.repo("o/other").commit(TREE);
    await ok("rescue");
    hub.repo("o/other").remove();
    await rm(project.root, { recursive: true });
    const ran = await run("sync");
    expect([ran.status, ran.stderr]).toEqual([11, expect.stringContaining("run tritter rescue code")]);
    hub.repo("me/copy").commit(TREE);
    await ok("rescue", "--from", "me/copy");
    expect(await member("rescued")).toMatchObject([{ repo: "me/copy" }]);
    await ok("sync");
  });

  it("believes no masked digest, except by its pointer and with access", async () => {
    repo.remove();
    hub.repo("me/gated", { gated: "auto" }).commit({ ...TREE, "rust/b.parquet": { size: 6_000, seed: 7 } });
    const half = await run("rescue", "--from", "me/gated");
    expect(half.stderr).toContain("looked in dataset me/gated at main: 2 of 3 files, but");
    hub.repo("me/gated").commit(TREE);
    const shut = await run("rescue", "--from", "me/gated");
    expect(shut.stderr).toContain("looked in dataset me/gated at main: 3 of 3 files, but");
    expect(shut.status).toBe(11);
    hub.token("hf_mine", { grants: ["me/gated"] });
    expect((await withToken("rescue", "--from", "me/gated")).status).toBe(0);
    await rm(project.root, { recursive: true });
    expect((await withToken("sync")).status).toBe(0);
    expect((await run("sync")).status).toBe(0);
    await rm(project.root, { recursive: true });
    expect((await run("sync")).status).toBe(6);
  });

  it.each([
    ["disabled", () => repo.update({ disabled: true })],
    [
      "withdrawn (451)",
      () => void hub.faults.add({ match: /o\/code/, fault: { kind: "status", status: 451 } }),
    ],
  ])("takes a repository that is %s for gone", async (_, happen) => {
    happen();
    hub.repo("o/other").commit(TREE);
    await ok("rescue");
    await syncsByteIdentical();
  });

  it("keeps one source's trouble apart from another's rescue", async () => {
    hub.repo("o/shaky").commit({ "s.txt": "s" });
    await project.manifest(`${MANIFEST}\n  shaky: { repo: o/shaky }`);
    await ok("sync");
    repo.remove();
    hub.repo("o/other").commit(TREE);
    hub.faults.add({ match: /o\/shaky/, fault: { kind: "status", status: 400 } });
    const ran = await run("rescue");
    expect([ran.status, ran.stdout]).toEqual([7, expect.stringContaining("code: rescued")]);
    expect(await member("rescued")).toHaveLength(1);
  });
});
