import { appendFile, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { croissantProblems, spdxProblems, statementProblems } from "../support/exported.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { isShownAs, readPage, stepsOf } from "../support/pages.ts";
import { codeFile } from "../support/parquet.ts";
import { makeProject, type Project } from "../support/project.ts";
import { bash, execute, lacks, writeTritter } from "../support/shell.ts";

const noSums = await lacks("sha256sum");

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

const CARD = "# the card\n";
const ALL = ["sha256sums", "cyclonedx", "croissant", "spdx", "in-toto", "hermeto"];

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code", { license: "apache-2.0" });
  repo.commit({
    "data/a.parquet": codeFile(20),
    "data/b.parquet": codeFile(30),
    "README.md": CARD,
    " it's «odd».txt": "odd",
    "empty.txt": "",
  });
  hub.repo("o/words", { license: "openrail" }).commit({ "lists/-x.txt": "words" });
  project = await makeProject(hub);
  await project.manifest(`sources:
  code: { repo: o/code, facts: parquet, groups: [all] }
  words: { repo: o/words, path: more/words, strip: lists }`);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const exported = (format: string, ...args: string[]) => project.run("export", "--format", format, ...args);

describe("tritter export", () => {
  it("writes documents that keep the rules of their forms, the same bytes each time, and asks nobody", async () => {
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    hub.clearLog();
    const texts: Record<string, string> = {};
    for (const format of ALL) {
      const first = await exported(format);
      expect([format, first.status]).toEqual([format, 0]);
      texts[format] = first.stdout;
      expect(await exported(format, "--output", "again")).toMatchObject({
        status: 0,
        stderr: expect.any(String),
      });
      expect((await project.read("again")).toString()).toBe(first.stdout);
    }
    for (const format of ["cyclonedx", "croissant"]) {
      expect(await exported(format, "--output", "again")).toMatchObject({ status: 0 });
      expect((await project.read("again")).toString()).toBe(texts[format]);
    }
    expect(hub.log).toEqual([]);
    const { cyclonedx = "", spdx = "", croissant = "" } = texts;
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(cyclonedx)).toBeNull();
    expect(spdxProblems(JSON.parse(spdx))).toEqual([]);
    expect(croissantProblems(JSON.parse(croissant), ["datePublished"])).toEqual([]);
    expect(statementProblems(JSON.parse(texts["in-toto"] ?? ""))).toEqual([]);
    expect(JSON.parse(croissant).recordSet[0].field).toHaveLength(3);
    const dated = await project.runWith(
      { SOURCE_DATE_EPOCH: "1772344800" },
      "export",
      "--format",
      "croissant",
      "-q",
    );
    expect([dated.stderr, croissantProblems(JSON.parse(dated.stdout))]).toEqual(["", []]);
  });

  it.skipIf(noSums !== undefined)("gives checksums that sha256sum finds right below the root", async () => {
    await project.run("sync");
    await exported("sha256sums", "--output", "SHA256SUMS");
    const where = { cwd: project.root, env: { PATH: process.env.PATH ?? "" } };
    const check = () => execute("sha256sum", ["--check", "--strict", "--quiet", "../SHA256SUMS"], where);
    expect(await check()).toEqual({ status: 0, stdout: "", stderr: "" });
    await appendFile(join(project.root, "code", "data", "a.parquet"), "x");
    expect(await check()).toMatchObject({ status: 1 });
  });

  it("needs no disk where the lock has every hash, and says once what is to be synced where it has not", async () => {
    await project.run("lock");
    const ran = await exported("spdx");
    expect(ran).toMatchObject({ status: 4, stdout: "" });
    expect(ran.stderr).toBe(
      "error[DRIFT]: cannot export: of 4 files the lock knows the git hash alone, and the disk does not hold them as the lock says\n  code: 3 files\n  words: 1 file\n  hint: run tritter sync code words, then export again\n",
    );
    await project.manifest("sources:\n  code: { repo: o/code, include: [data/*.parquet] }");
    await project.run("lock");
    expect(await exported("spdx")).toMatchObject({ status: 0 });
    expect(await stat(project.root).catch(() => "none")).toBe("none");
  });

  it("believes the receipt only where the stamp fits, and hashes what it does not vouch for", async () => {
    await project.run("sync");
    const before = (await exported("sha256sums")).stdout;
    const card = join(project.root, "code", "README.md");
    await utimes(card, 1, 1);
    expect((await exported("sha256sums")).stdout).toBe(before);
    await rm(join(project.root, ".tritter"), { recursive: true });
    expect((await exported("sha256sums")).stdout).toBe(before);
    await writeFile(card, CARD.replace("the", "The"));
    const changed = await exported("sha256sums");
    expect(changed).toMatchObject({
      status: 4,
      stdout: "",
      stderr: expect.stringContaining("code: 1 file\n"),
    });
    expect(await exported("sha256sums", "words")).toMatchObject({ status: 0 });
  });

  it("comes back from Hermeto's form as sources of the same files at the same places", async () => {
    await project.run("sync");
    await exported("hermeto", "--output", "artifacts.lock.yaml");
    const lines = async () => {
      const { stdout } = await project.run("export", "--format", "sha256sums", "-q");
      return stdout.split("\n").sort();
    };
    const before = await lines();
    await rm(join(project.folder, "tritter.yaml"));
    await rm(project.lockFile);
    const imported = await project.run("import", "artifacts.lock.yaml", "--endpoint", hub.url);
    expect(imported).toMatchObject({ status: 0 });
    const text = (await readFile(join(project.folder, "tritter.yaml"), "utf8")).replace(
      /^version: 1$/m,
      `version: 1\nendpoint: ${hub.url}`,
    );
    expect(text).toContain("strip: lists");
    await project.write(
      "tritter.yaml",
      text.replace(/^root: .*$/m, "root: elsewhere/data").replace(/^name: .*$/m, "name: other"),
    );
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await lines()).toEqual(before);
  });

  it("tells that whoever read it has stopped, and leaves a file that it cannot finish as it was", async () => {
    await project.manifest("sources:\n  code: { repo: o/code, include: [data/*.parquet] }");
    await project.run("lock");
    const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    const { exit, problems } = await inProcess(project).exported("spdx", () => Promise.reject(broken));
    expect([exit, problems[0]?.message]).toEqual([
      12,
      'cannot write "-": whoever read it has stopped (EPIPE)',
    ]);
    await project.write("bom.json/x", "a folder is in the way");
    expect(await exported("spdx", "--output", "bom.json")).toMatchObject({ status: 12 });
    expect((await project.read("bom.json/x")).toString()).toBe("a folder is in the way");
  });

  it("answers as JSON beside the document, and refuses what it cannot write", async () => {
    await project.run("sync");
    const json = await exported("in-toto", "--output", "x.json", "--json", "code");
    expect(JSON.parse(json.stdout)).toMatchObject({
      command: "export",
      exit: 0,
      format: "in-toto",
      to: join(project.folder, "x.json"),
      sources: ["code"],
      files: { files: 5 },
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const piped = await exported("in-toto", "--json", "code");
    expect([JSON.parse(piped.stderr).to, piped.stdout]).toEqual([
      null,
      (await project.read("x.json")).toString(),
    ]);
    expect(await exported("cyclondx")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("did you mean cyclonedx?"),
    });
    expect(await exported("json")).toMatchObject({ status: 2, stdout: "" });
    expect(await project.run("export")).toMatchObject({ status: 2 });
    expect(await exported("spdx", "--output", "no/such/folder")).toMatchObject({ status: 12 });
    expect(await exported("spdx", "nothing")).toMatchObject({ status: 2 });
    const when = await project.runWith({ SOURCE_DATE_EPOCH: "yesterday" }, "export", "--format", "spdx");
    expect(when).toMatchObject({ status: 2, stderr: expect.stringContaining("SOURCE_DATE_EPOCH") });
    await project.manifest("sources:\n  code: { repo: o/code, revision: v2 }");
    expect(await exported("spdx")).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("LOCK_STALE"),
    });
  });
});

describe("docs/export.md", () => {
  it.skipIf(noSums !== undefined)(
    "does what it says, line by line",
    async () => {
      const bin = join(project.folder, "bin");
      await writeTritter(join(bin, "tritter"));
      const env = { ...project.env, PATH: `${bin}:${process.env.PATH}`, HF_ENDPOINT: hub.url };
      let ran = 0;
      for (const step of stepsOf(await readPage("docs/export.md"))) {
        if (step.kind === "write") await project.write(step.file, step.text);
        if (step.kind !== "run") continue;
        const { status, stdout, stderr } = await bash(step.line, { cwd: project.folder, env });
        expect([step.line, status, stderr]).toEqual([step.line, step.status, expect.any(String)]);
        if (step.output !== undefined) expect(isShownAs(stdout + stderr, step.output)).toBe(true);
        ran += 1;
      }
      expect(ran).toBe(9);
      expect(JSON.parse((await project.read("croissant.json")).toString()).datePublished).toBe("2026-03-01");
    },
    30_000,
  );
});
