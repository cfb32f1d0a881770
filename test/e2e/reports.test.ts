import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { isShownAs, readPage, stepsOf } from "../support/pages.ts";
import { codeFile } from "../support/parquet.ts";
import { makeProject, type Project } from "../support/project.ts";
import { execute, lacks, writeScript } from "../support/shell.ts";

// What stands beside sources and describes them, from the manifest's key to what CI sees of it.

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

const FILES = {
  "README.md": "# The card\n",
  "a.parquet": codeFile(100),
  "b.parquet": codeFile(300, { language: "Go" }),
};
const TEXTS = { "README.md": "# Another card\n", "rows.jsonl": '{"a":1}\n' };

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  repo.commit(FILES);
  hub.repo("o/texts").commit(TEXTS);
  project = await makeProject(hub);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const SOURCES = "  code: { repo: o/code, facts: parquet }\n  texts: { repo: o/texts, path: plain/texts }";
const manifest = (sources = SOURCES, head = "reports: beside") =>
  project.manifest(`${head}\nsources:\n${sources}`);
const json = async (...args: string[]) => JSON.parse((await project.run(...args, "--json")).stdout);
const paths = async () => Object.keys(await project.tree());
const metadata = async (name = "code") =>
  JSON.parse(await readFile(join(project.root, `${name}.metadata.json`), "utf8"));

const BESIDE = [
  "README.test.md",
  "code.README.md",
  "code.metadata.json",
  "plain/texts.README.md",
  "plain/texts.metadata.json",
];
const DATA = [
  "code/README.md",
  "code/a.parquet",
  "code/b.parquet",
  "plain/texts/README.md",
  "plain/texts/rows.jsonl",
];

/** In this process, which takes less time. */
async function synced(): Promise<void> {
  expect(await inProcess(project).sync()).toMatchObject({ exit: 0, problems: [] });
}

async function expectNothingToDo(): Promise<void> {
  hub.clearLog();
  expect((await project.run("sync")).stdout).toMatch(/^in sync: \d+ files, .*nothing to do/);
  expect(hub.log).toEqual([]);
}

describe("reports: beside", () => {
  it("writes two files a source and an index, and the next sync has nothing to do", async () => {
    await manifest();
    const ran = await project.run("sync");
    expect(ran).toMatchObject({ status: 0, stderr: expect.not.stringContaining("warning") });
    expect(ran.stdout).toMatch(/synced 10 files, .*: 5 fetched \(.*\), 5 generated, in /);
    expect(await paths()).toEqual([...BESIDE, ...DATA].sort());
    await expectNothingToDo();
    for (const how of [[], ["--deep"], ["code", "--deep"]])
      expect(await project.run("check", ...how)).toMatchObject({ status: 0 });
  });

  it("tells where the data is from, what it is, and how to load it", async () => {
    hub.repo("o/mit", { license: "mit" }).commit(FILES);
    await manifest(
      SOURCES.replace(
        "o/code, facts: parquet }",
        "o/mit, facts: parquet, license: { accept: mit, reason: read | it } }",
      ),
    );
    await project.run("sync");
    const readme = (await project.tree())["code.README.md"] ?? "";
    const { commit } = await metadata();
    for (const line of [
      "# code",
      `| Commit | [${commit}](${hub.url}/datasets/o/mit/tree/${commit}) |`,
      "| Licence | mit |",
      "| Accepted | mit: read \\| it |",
      "| Rows | 400 in 2 of 3 files |",
      "| parquet | 2 | 4.5 kB |",
      "| language | string? | Go 75 %, Rust 25 % |",
      'rows = load_dataset("parquet", data_files=files, split="train")',
      `  note = {Hugging Face dataset o/mit, commit ${commit}}`,
      "| code/a.parquet | 1.4 kB | 100 |",
    ])
      expect(readme.split("\n")).toContain(line);
    expect(await metadata()).toMatchObject({
      version: 1,
      source: "code",
      folder: "code",
      repo: "o/mit",
      type: "dataset",
      revision: "main",
      licenses: ["mit"],
      accepted: { licenses: ["mit"], reason: "read | it" },
      totals: { files: 3, rows: 400, countedFiles: 2 },
      columns: [{ name: "content", type: "string?" }, { name: "language" }, { name: "size" }],
      files: [{ path: "code/README.md", format: "text", rows: null }, { rows: 100 }, { rows: 300 }],
    });
    const index = (await project.tree())["README.test.md"] ?? "";
    expect(index).toContain("| [texts](plain/texts.README.md) | plain/texts | ");
    expect(index).toMatch(/\n2 sources, 5 files, .* kB\n$/);
  });

  it("gives Python the very files, by what the page says", async (context) => {
    await manifest();
    await synced();
    const missing = await lacks("python3");
    if (missing !== undefined) context.skip(missing);
    for (const [name, files] of [
      ["code", ["code/a.parquet", "code/b.parquet"]],
      ["plain/texts", ["plain/texts/rows.jsonl"]],
    ] as const) {
      const readme = (await project.tree())[`${name}.README.md`] ?? "";
      const [code = ""] = (readme.split("```python\n")[1] ?? "").split("\n\nfrom datasets");
      const where = { cwd: project.root, env: project.env };
      const ran = await execute("python3", ["-c", `${code}\nprint("\\n".join(files))`], where);
      expect(ran).toMatchObject({ status: 0, stdout: `${files.join("\n")}\n` });
    }
  });

  it("is planned by a dry run as it is written then, from a lock and facts that are not there yet", async () => {
    await manifest();
    const planned = async (...args: string[]) => {
      const { plan } = await json("sync", ...args);
      return plan.writes.map(({ path, digest }: Record<string, unknown>) => [path, digest]);
    };
    const first = await planned("--dry-run");
    expect([first.length, await paths()]).toEqual([10, []]);
    expect(await planned()).toEqual(first);
  });

  it("has the same bytes wherever lock and facts are the same: no clock, zone, locale or folder is in them", async () => {
    await manifest();
    await synced();
    const first = await project.tree();
    const other = await makeProject(hub, { TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8", LANG: "de_DE.UTF-8" });
    try {
      for (const name of ["tritter.yaml", "tritter.lock", "tritter.facts.json"])
        await other.write(name, await project.read(name));
      expect(await other.run("sync", "--locked")).toMatchObject({ status: 0 });
      expect(await other.tree()).toEqual(first);
    } finally {
      await other.remove();
    }
  });

  it("tells within one sync what the files said of themselves only then", async () => {
    await manifest(SOURCES.replace(", facts: parquet", ""));
    await project.run("sync");
    expect(await metadata()).toMatchObject({ totals: { rows: null, countedFiles: 0 } });
    await manifest();
    hub.clearLog();
    const ran = await project.run("sync");
    expect([ran.status, hub.log]).toEqual([0, []]);
    expect(ran.stdout).toMatch(/: 3 generated, 7 unchanged, in /);
    expect(await metadata()).toMatchObject({ totals: { rows: 400, countedFiles: 2 } });
    await expectNothingToDo();
    expect(await project.trash()).toEqual([]);
  });

  it("follows a pin, without a trace in the trash", async () => {
    await manifest();
    await synced();
    repo.commit({ ...FILES, "b.parquet": codeFile(500, { language: "Go" }) });
    await project.run("update");
    const { plan } = await json("sync", "--dry-run");
    expect(
      plan.writes.map(({ path, why, found, source, generated }: Record<string, unknown>) => [
        path,
        source,
        why,
        found,
        generated,
      ]),
    ).toEqual([
      ["README.test.md", null, "outdated", "replace", true],
      ["code.README.md", "code", "outdated", "replace", true],
      ["code.metadata.json", "code", "outdated", "replace", true],
      ["code/b.parquet", "code", "outdated", "replace", false],
    ]);
    expect((await project.run("sync", "--dry-run")).stdout).toContain(
      "1 file, 4.9 kB to fetch; 3 files to generate; 6 files",
    );
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await metadata()).toMatchObject({ totals: { rows: 600 } });
    expect(await project.trash()).toEqual([]);
    await expectNothingToDo();
  });

  it("is drift where it was edited or removed, and is mended: an edit goes to the trash", async () => {
    await manifest();
    await synced();
    const before = await project.tree();
    await writeFile(join(project.root, "code.README.md"), "mine now\n");
    await rm(join(project.root, "README.test.md"));
    const check = await json("check", "--deep");
    expect([check.exit, check.problems.map(({ code }: { code: string }) => code)]).toEqual([4, ["DRIFT"]]);
    expect(check.problems[0].places).toMatchObject([
      { line: 5, message: expect.stringContaining("the index of the reports: 1 file missing") },
      { source: "code", message: expect.stringContaining("1 file modified") },
    ]);
    expect((await project.run("check", "--format", "github")).stdout).toMatch(/line=5.*\n.*line=/);
    expect(await project.run("check", "texts")).toMatchObject({ status: 0 });
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect([await project.tree(), await project.trash()]).toEqual([before, ["mine now\n"]]);
    await expectNothingToDo();
  });

  it("is drift where facts say something else than they did", async () => {
    await manifest();
    await synced();
    const file = "tritter.facts.json";
    const facts = (await project.read(file)).toString();
    await project.write(file, facts.replace('"rows":100', '"rows":101'));
    expect(await project.run("check")).toMatchObject({ status: 4 });
    await project.write(file, facts);
    await expectNothingToDo();
  });

  it("never takes the place of a file that is not ours, but by force", async () => {
    await project.write("data/code.README.md", "theirs\n");
    await manifest();
    const ran = await json("sync");
    expect([ran.exit, ran.problems[0]]).toMatchObject([4, { code: "CONFLICT", path: "code.README.md" }]);
    expect(await paths()).toEqual([...BESIDE, ...DATA].sort());
    expect((await project.tree())["code.README.md"]).toBe("theirs\n");
    expect(await project.run("sync", "--force")).toMatchObject({ status: 0 });
    expect(await project.trash()).toEqual(["theirs\n"]);
    await expectNothingToDo();
  });

  it("goes with its source, and with the key, which is no large prune", async () => {
    await manifest();
    await synced();
    expect(await project.run("remove", "texts")).toMatchObject({ status: 0 });
    expect((await project.read("tritter.yaml")).toString()).toContain("\nreports: beside\n");
    expect(await project.run("sync", "--prune")).toMatchObject({ status: 0 });
    expect(await paths()).toEqual([...BESIDE, ...DATA].filter((path) => !path.startsWith("plain")).sort());
    await manifest("  code: { repo: o/code, facts: parquet }", "");
    expect((await json("sync", "--dry-run")).plan.prunes).toEqual([
      { path: "README.test.md", source: null, size: expect.any(Number), why: "dropped", how: "unlink" },
      { path: "code.README.md", source: "code", size: expect.any(Number), why: "dropped", how: "unlink" },
      { path: "code.metadata.json", source: "code", size: expect.any(Number), why: "dropped", how: "unlink" },
    ]);
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await paths()).toEqual(DATA.filter((path) => path.startsWith("code")));
    expect(await project.trash()).toEqual([]);
    await expectNothingToDo();
  });

  it("is refused, before anything is written, where it would have the place of another file", async () => {
    hub.repo("o/sly").commit({ "code.README.md": "from the repository\n", "README.test.md": "this too\n" });
    await manifest(
      `${SOURCES}\n  sly: { repo: o/sly, path: . }\n  twin: { repo: o/texts, path: code, include: ["*.jsonl"] }`,
    );
    const { exit, problems } = await json("sync");
    expect([exit, problems[0].code]).toEqual([2, "PATH_COLLISION"]);
    expect(problems[0].details).toEqual([
      '"code.README.md" (sly) is also "code.README.md" (the report of code)',
      '"code.README.md" (sly) is also "code.README.md" (the report of twin)',
      '"code.metadata.json" (the report of code) is also "code.metadata.json" (the report of twin)',
      '"README.test.md" (sly) is also "README.test.md" (the index of the reports)',
    ]);
    expect([await paths(), await project.state()]).toEqual([[], []]);
  });

  it("is read by check --deep too, where threads read the rest", async () => {
    hub.repo("o/large").commit({ "large.bin": { size: 129 * 1024 * 1024, seed: 1 } });
    await manifest("  large: { repo: o/large }");
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    const { stdout } = await project.run("check", "--deep");
    expect(stdout).toMatch(/^in sync: 4 files, 135 MB; read 4 files, 135 MB to verify \(4 deep\)/);
    const file = join(project.root, "large.README.md");
    await writeFile(file, (await readFile(file, "utf8")).replace("# large", "# LARGE"));
    expect(await project.run("check", "--deep")).toMatchObject({ status: 4 });
  });

  it("leaves the index to a sync of everything", async () => {
    await manifest();
    await project.run("sync", "code");
    expect(await paths()).toEqual([...BESIDE, ...DATA].filter((path) => path.startsWith("code")).sort());
    expect(await project.run("check", "code")).toMatchObject({ status: 0 });
    expect(await project.run("check")).toMatchObject({ status: 4 });
    await project.run("sync");
    expect((await project.run("check", "code")).stdout).toMatch(/^in sync: 5 files/);
    await expectNothingToDo();
  });

  it("is told by why and list", async () => {
    await manifest();
    await synced();
    expect((await project.run("why", "code.README.md")).stdout).toMatch(
      /^path +code\.README\.md\ndescribes +source code\nmade from +lock and facts.*\nsize .*\ndigest .*\nplaced +written by tritter\ndisk +what the lock wants\n$/,
    );
    expect(await json("why", "README.test.md")).toMatchObject({
      wanted: null,
      generated: { source: null, size: expect.any(Number) },
      placed: { source: null, origin: "generated" },
      disk: "same",
    });
    expect(await json("list")).toMatchObject({
      index: "README.test.md",
      sources: [{ reports: ["code.README.md", "code.metadata.json"] }, { name: "texts" }],
    });
    expect((await project.run("list")).stdout).toContain(
      "described beside each folder, and in README.test.md\n",
    );
  });

  it("lets several manifests share a root: each has an index of its own", async () => {
    await manifest();
    await synced();
    await project.write(
      "other.yaml",
      `version: 1\nname: o/ther.yaml\nroot: data\nendpoint: ${hub.url}\nreports: beside\nsources:\n  more: { repo: o/texts }\n`,
    );
    const other = ["--manifest", "other.yaml"];
    expect(await project.run("sync", ...other)).toMatchObject({ status: 0 });
    expect(await paths()).toEqual(
      expect.arrayContaining(["README.test.md", "README.ther.md", "more.README.md"]),
    );
    await expectNothingToDo();
    expect((await project.run("sync", ...other)).stdout).toContain("nothing to do");
  });

  it("is made again where a bundle is applied, and is no part of the bundle or of what is served", async () => {
    await manifest();
    await synced();
    expect(await project.run("bundle", "create", "out")).toMatchObject({ status: 0 });
    const inside = await execute("find", ["out", "-type", "f"], { cwd: project.folder, env: project.env });
    expect(inside.stdout).not.toMatch(/code\.README|metadata\.json|README\.test/);
    const other = await makeProject(hub);
    try {
      hub.clearLog();
      expect(await other.run("bundle", "apply", join(project.folder, "out"))).toMatchObject({ status: 0 });
      expect([await other.tree(), hub.log]).toEqual([await project.tree(), []]);
      expect((await other.run("sync")).stdout).toContain("nothing to do");
      await other.wipe();
      expect(await other.run("adopt", project.root)).toMatchObject({ status: 0 });
      expect(await other.tree()).toEqual(await project.tree());
    } finally {
      await other.remove();
    }
  });

  it("docs/reports.md: every line does what the page says and prints what it shows, in the order of the page", async (context) => {
    const missing = await lacks("python3");
    if (missing !== undefined) context.skip(missing);
    hub
      .repo("acme/code")
      .commit({ "a.parquet": codeFile(600), "b.parquet": codeFile(400, { language: "Go" }) });
    hub.repo("acme/notes").commit({ "README.md": "# Notes\n" });
    await writeScript(
      join(project.folder, "bin/tritter"),
      `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`,
    );
    const PATH = `${join(project.folder, "bin")}:${process.env.PATH ?? ""}`;
    const where = { cwd: project.folder, env: { ...project.env, HF_ENDPOINT: hub.url, PATH } };
    for (const step of stepsOf(await readPage("docs/reports.md"))) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind !== "run") continue;
      const { status, stdout } = await execute("/bin/sh", ["-c", `{ ${step.line}\n} 2>&1`], where);
      expect([step.line, status]).toEqual([step.line, step.status]);
      if (step.output !== undefined)
        expect(isShownAs(stdout, step.output) ? step.output : stdout).toBe(step.output);
    }
  });

  it("says what the key may be", async () => {
    await manifest(SOURCES, "reports: true");
    expect((await project.run("check")).stderr).toContain('"reports" is true: should be beside');
    await manifest(SOURCES, "report: beside");
    expect((await project.run("check")).stderr).toContain('did you mean "reports"?');
  });
});
