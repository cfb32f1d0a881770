import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitWorld, hasGit } from "../support/git.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { isShownAs, readPage, stepsOf } from "../support/pages.ts";
import { codeFile } from "../support/parquet.ts";
import { makeProject, type Project } from "../support/project.ts";
import { execute, writeTritter } from "../support/shell.ts";

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

const FILES = {
  "data/train-a.parquet": codeFile(100),
  "data/train-b.parquet": codeFile(300, { language: "Go" }),
  "data/test-c.parquet": codeFile(50),
};

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code", { license: "mit" });
  repo.commit(FILES);
  hub
    .repo("o/gated", { gated: "auto" })
    .commit({ "rust/x.bin": "x".repeat(4_000), "README.md": "# words\n" });
  hub.token("hf_one", { grants: ["o/gated"] });
  project = await makeProject(hub, { HF_TOKEN: "hf_one", SOURCE_DATE_EPOCH: "1795586400" });
  await project.manifest(
    "sources:\n  code: { repo: o/code, facts: parquet, strip: data, include: ['data/*'] }\n  words: { repo: o/gated, groups: [prose] }",
  );
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const page = async (name = "tritter-report.html") => (await project.read(name)).toString("utf8");
const data = async (...args: string[]) => JSON.parse((await project.run("report", "--json", ...args)).stdout);

describe("tritter report", () => {
  it("writes a page beside the manifest from what is here, opens no socket, and writes equal bytes once", async () => {
    await project.run("sync");
    hub.clearLog();
    const { status, stdout, stderr } = await project.run("report");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^wrote .*\/tritter-report\.html \([\d.]+ kB\)\n$/);
    const first = await page();
    expect(first).toMatch(/^<!doctype html>\n/);
    expect(first).toContain('Made <time datetime="2026-11-25T06:00:00Z">');
    for (const text of ["code", "words", "in sync", "gated (auto)", "The Hub was not asked"])
      expect(first).toContain(text);
    // It tells of the corpus, and not of the machine.
    expect(first).not.toContain(project.folder);
    expect((await project.run("report")).stdout).toContain("tritter-report.html is up to date");
    expect(await page()).toBe(first);
    expect(hub.log).toEqual([]);
  });

  it("is the same on standard output, and there alone", async () => {
    await project.run("sync");
    const { status, stdout, stderr } = await project.run("report", "--output", "-");
    expect([status, stderr]).toEqual([0, ""]);
    await project.run("report", "-o", "deep.html");
    expect(stdout).toBe(await page("deep.html"));
    await expect(page()).rejects.toThrow("ENOENT");
  });

  it("has as JSON what is behind the plots, and writes no page unless asked", async () => {
    await project.run("sync");
    const all = await data();
    await expect(page()).rejects.toThrow("ENOENT");
    expect(all).toMatchObject({
      page: null,
      name: "test",
      totals: { files: 5, rows: 450, countedFiles: 3 },
      leftovers: [],
      composition: {
        language: {
          parts: [
            { name: "Rust", files: 3, rows: 150, told: { rows: 2, names: 1 } },
            { name: "Go", rows: 300, told: { rows: 1 } },
            { name: null, files: 1 },
          ],
        },
        license: { parts: [{ name: "mit", told: { card: 3 } }, { name: null }] },
        split: { parts: [{ name: "train", files: 2 }, { name: "test" }, { name: null }] },
      },
      shards: [
        { source: "code", split: "test", files: 1 },
        { source: "code", split: "train", files: 2 },
      ],
      pins: { kind: "none", why: expect.stringMatching(/^no-(git|repository)$/) },
    });
    expect(
      all.sources.map(({ name, disk, gated, upstream }: Source) => [name, disk.kind, gated, upstream.kind]),
    ).toEqual([
      ["code", "in-sync", null, "not-asked"],
      ["words", "in-sync", "auto", "not-asked"],
    ]);
    expect((await data("--output", "x.html")).page).toMatchObject({
      file: join(project.folder, "x.html"),
      wrote: true,
    });
  });

  it("tells of the last sync by its record", async () => {
    await project.run("sync");
    await project.write("data/.tritter/last-sync.ndjson", "");
    expect((await data()).lastSync).toMatchObject({ kind: "unreadable" });
    const record = [
      { kind: "head", format: 1, tritter: "0.1.0", began: 1_795_000_000_000 },
      { kind: "sample", at: 0, ms: 500, bytes: 5_000 },
      { kind: "retry", at: 200, why: "reset", path: "a", waitMs: 100 },
    ];
    await project.write(
      "data/.tritter/last-sync.ndjson",
      record.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    expect((await data()).lastSync).toMatchObject({
      kind: "read",
      tookMs: null,
      counts: { retry: 1, stall: 0, wait: 0 },
    });
    await rm(join(project.root, ".tritter"), { recursive: true });
    expect((await data()).lastSync).toEqual({ kind: "none" });
  });

  it("tells drift, what is stale, dropped or not locked, and what is left on disk, and ends with 0 all the same", async () => {
    await project.run("sync");
    await project.write("data/code/train-a.parquet", "edited");
    await project.manifest(
      "sources:\n  code: { repo: o/code, facts: parquet, strip: data, include: ['data/train*'] }\n  new: { repo: o/code }",
    );
    const all = await data();
    expect(all.exit).toBe(0);
    expect(all.sources.map(({ name, pin, disk }: Source) => [name, pin, disk.kind, disk.what])).toEqual([
      ["code", "stale", "drift", "1 file modified"],
      ["new", "unlocked", "unknown", undefined],
      ["words", "dropped", "in-sync", undefined],
    ]);
    await project.run("report");
    expect(await page()).toContain("lock is stale");
    await project.run("lock");
    expect((await data()).leftovers).toEqual([{ source: "words", what: "2 files no longer wanted" }]);
  });

  it("keeps the index beside all sources apart from sources", async () => {
    await project.manifest("reports: beside\nsources:\n  code: { repo: o/code }");
    await project.run("lock");
    expect(await data()).toMatchObject({ leftovers: [], index: "1 file missing" });
    await project.run("report");
    expect(await page()).toContain("<p>The index beside all sources: 1 file missing.</p>");
    await project.run("sync");
    expect(await data()).toMatchObject({
      leftovers: [],
      index: null,
      sources: [{ disk: { kind: "in-sync" } }],
    });
  });

  it("asks the Hub only with --upstream, and says what it would not tell", async () => {
    await project.run("sync");
    repo.commit({ ...FILES, "data/train-d.parquet": codeFile(9) });
    hub.clearLog();
    const states = async (env: Record<string, string>, ...args: string[]) => {
      const { status, stdout } = await project.runWith(env, "report", "--json", "--upstream", ...args);
      expect(status).toBe(0);
      return JSON.parse(stdout).sources.map(({ upstream }: Source) => upstream.kind);
    };
    expect(await states({})).toEqual(["outdated", "current"]);
    expect(hub.log.length).toBeGreaterThan(0);
    expect(await states({ HF_TOKEN: "", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" })).toEqual([
      "outdated",
      "refused",
    ]);
    expect(await states({}, "--offline")).toEqual(["unknown", "unknown"]);
    repo.remove();
    expect(await states({}, "code")).toEqual(["gone"]);
  });

  it("leaves the disk out with --no-disk, and says that it is not known", async () => {
    await project.run("lock");
    expect((await data("--no-disk")).sources.map(({ disk }: Source) => disk)).toEqual(
      Array(2).fill({ kind: "unknown", why: "not looked at" }),
    );
    expect((await data()).sources.map(({ disk }: Source) => disk.kind)).toEqual(["drift", "drift"]);
  });

  it("draws bars in the terminal, as wide as it is, of letters that its locale has", async () => {
    await project.run("sync");
    const run = async (env: Record<string, string>) =>
      (await project.runWith(env, "report", "--terminal", "-q")).stdout;
    const unicode = await run({ LC_ALL: "", LANG: "en_GB.utf8" });
    expect(unicode).toMatch(
      /^test: 2 sources, 5 files, [\d.]+ kB, 450 rows in 3 of the files\n\nby source\n {2}code +█/,
    );
    expect(unicode).toMatch(/\n {2}not known +[█▏▎▍▌▋▊▉]/);
    expect(unicode).not.toContain("\u001b");
    for (const env of [
      { LANG: "C" },
      { LC_ALL: "POSIX", LANG: "C.UTF-8" },
      { LC_CTYPE: "en_US.ISO-8859-1", LANG: "C.UTF-8" },
      {},
    ]) {
      const ascii = await run(env as Record<string, string>);
      expect(ascii).toMatch(/\n {2}code +#+ /);
      expect(ascii).toMatch(/^[\n -~]*$/);
    }
    for (const line of unicode.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
    await expect(page()).rejects.toThrow("ENOENT");
  });

  it("says each warning of the documents once", async () => {
    await project.run("sync");
    await project.write(
      "tritter.lock",
      (await project.lock()).replace('"version": 1', '"version": 1,\n"newer": 1'),
    );
    const { status, stderr } = await project.run("report");
    expect([status, stderr.match(/^warning: /gm)?.length]).toEqual([0, 1]);
  });

  it("says a note at the top", async () => {
    await project.run("lock");
    await project.run("report", "--note", "Not <b>for</b> sale");
    expect(await page()).toContain('<p class="note" role="note">Not &lt;b&gt;for&lt;/b&gt; sale</p>');
  });

  it("refuses what it cannot do, and touches nothing then", async () => {
    expect(await project.run("report")).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("LOCK_MISSING"),
    });
    await project.run("lock");
    const lock = await project.lock();
    for (const output of ["tritter.lock", "tritter.yaml"])
      expect(await project.run("report", "--output", output)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("--output"),
      });
    expect(await project.lock()).toBe(lock);
    expect(await project.runWith({ SOURCE_DATE_EPOCH: "soon" }, "report")).toMatchObject({ status: 2 });
    expect(await project.run("report", "--output", "no/such/folder.html")).toMatchObject({ status: 12 });
    expect(await project.run("report", "none")).toMatchObject({ status: 2 });
  });
});

describe.skipIf(!hasGit)("tritter report in git", () => {
  it("tells when pins moved on the line of first parents, and what is in no commit yet", async () => {
    const world = await gitWorld();
    const git = (...args: string[]) => execute("git", args, { cwd: project.folder, env: world.env });
    const commit = async (subject: string) => {
      await git("add", "tritter.lock");
      expect(await git("commit", "--quiet", "-m", subject)).toMatchObject({ status: 0 });
    };
    try {
      await git("init", "--quiet", "--initial-branch", "main");
      await project.run("lock");
      expect((await data()).pins).toEqual({ kind: "none", why: "untracked" });
      await commit("first");
      await git("checkout", "--quiet", "-b", "side");
      repo.commit({ ...FILES, "data/train-d.parquet": codeFile(9) });
      await project.run("update");
      await commit("on the side");
      await git("checkout", "--quiet", "main");
      await git("merge", "--quiet", "--no-ff", "-m", "merged", "side");
      await project.write("tritter.lock", "<<<<<<< in pieces\n");
      await commit("broken");
      await git("checkout", "--quiet", "HEAD~1", "--", "tritter.lock");
      await project.manifest(
        "sources:\n  code: { repo: o/code, facts: parquet, strip: data, include: ['data/*'] }",
      );
      await project.run("lock");
      const { pins } = await data();
      expect(pins).toMatchObject({ kind: "known", more: false, unreadable: 1 });
      expect(pins.events.map(({ source, kind, by }: Event) => [source, kind, by?.subject])).toEqual([
        ["code", "pinned", "first"],
        ["words", "pinned", "first"],
        ["code", "moved", "merged"],
        ["words", "dropped", undefined],
      ]);
    } finally {
      await world.remove();
    }
  });
});

describe("docs/report.md", () => {
  it("shows what its lines print", async () => {
    const document = await readPage("docs/report.md");
    await writeTritter(join(project.folder, "bin", "tritter"));
    const env = {
      ...project.env,
      PATH: `${join(project.folder, "bin")}:${process.env.PATH}`,
      LANG: "C.UTF-8",
      HF_ENDPOINT: hub.url,
    };
    hub.repo("acme/code", { license: "mit" }).commit(FILES);
    for (const step of stepsOf(document)) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind !== "run") continue;
      const { line, status, output } = step;
      const ran = await execute("/bin/sh", ["-c", line], { cwd: project.folder, env });
      expect({ line, status: ran.status, stderr: ran.stderr }).toEqual({ line, status, stderr: "" });
      if (output !== undefined) expect(isShownAs(ran.stdout, output), `${line}\n${ran.stdout}`).toBe(true);
    }
  });
});

interface Source {
  readonly name: string;
  readonly pin: string;
  readonly disk: { readonly kind: string; readonly what?: string };
  readonly gated: string | null;
  readonly upstream: { readonly kind: string };
}

interface Event {
  readonly source: string;
  readonly kind: string;
  readonly by: { readonly subject: string } | null;
}
