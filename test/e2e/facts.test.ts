import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { isShownAs, readPage, stepsOf } from "../support/pages.ts";
import { codeFile, parquetOf, withFooter } from "../support/parquet.ts";
import { makeProject, type Project } from "../support/project.ts";
import { execute } from "../support/shell.ts";
import { zipOf } from "../support/zip.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

const FILES = {
  "data/a.parquet": codeFile(100),
  "data/b.parquet": codeFile(300),
  "data/c.parquet": codeFile(600, { language: "Go" }),
  "data/rows.jsonl": '{"a":1}\n',
};

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  repo.commit(FILES);
  project = await makeProject(hub);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const manifest = (expectation = "") =>
  project.manifest(
    `sources:\n  code: { repo: o/code, facts: parquet${expectation === "" ? "" : `, expect: ${expectation}`} }`,
  );
const factsFile = () => join(project.folder, "tritter.facts.json");
const json = async (...args: string[]) => JSON.parse((await project.run(...args, "--json")).stdout);
/** Requests for bytes, by file. */
const asked = () => {
  const counts = new Map<string, number>();
  for (const { kind, file = "" } of hub.log)
    if (kind === "resolve") counts.set(file, (counts.get(file) ?? 0) + 1);
  return Object.fromEntries(counts);
};

describe("facts: parquet", () => {
  it("reads each footer by a small range once, and keeps what it says beside the lock", async () => {
    await manifest();
    expect(await project.run("lock")).toMatchObject({ status: 0, stderr: "" });
    expect(asked()).toEqual({ "data/a.parquet": 1, "data/b.parquet": 1, "data/c.parquet": 1 });
    const first = await readFile(factsFile(), "utf8");
    hub.clearLog();
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    expect([asked(), await readFile(factsFile(), "utf8")]).toEqual([{}, first]);
    expect(await project.run("facts")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^code: 4 files, [\d.]+ kB, 1,000 rows in 3 of them, 3 row groups\n {2}parquet 3 files, .*; json lines 1 file, 8 B\n[\s\S]*\n {2}language: Go 60 %, Rust 40 %\n {2}rows of 1 file not counted: tritter facts --count\n$/,
      ),
    });
    const [source] = (await json("facts")).sources;
    expect(source).toMatchObject({
      name: "code",
      asked: true,
      rows: 1000,
      countedFiles: 3,
      missing: [],
      unreadable: [],
    });
    expect(source.columns.map(({ name, type }: { name: string; type: string }) => [name, type])).toEqual([
      ["content", "string?"],
      ["language", "string?"],
      ["size", "int64?"],
    ]);
  });

  it("is no reason for a stale lock, and keeps none where no source asks", async () => {
    await project.manifest("sources:\n  code: { repo: o/code }");
    await project.run("lock");
    expect(asked()).toEqual({});
    const lock = await project.lock();
    await manifest();
    expect(await project.run("check", "--no-disk")).toMatchObject({ status: 0 });
    expect(await project.run("sync", "--locked")).toMatchObject({ status: 0 });
    hub.clearLog();
    // From disk, without a request.
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect([hub.log, await project.lock()]).toEqual([[], lock]);
    expect((await json("facts")).sources[0]).toMatchObject({ rows: 1000 });
  });

  it("tells what an update does to the data, in text, JSON and Markdown", async () => {
    await manifest();
    await project.run("lock");
    const before = await project.lock();
    await writeFile(join(project.folder, "before.lock"), before);
    await writeFile(join(project.folder, "before.facts.json"), await readFile(factsFile()));
    repo.commit({
      ...FILES,
      "data/c.parquet": codeFile(400, {
        language: "Go",
        columns: [{ name: "stars", data: Array(400).fill(1), type: "INT32" }],
      }),
    });
    expect((await project.run("outdated")).stdout).toContain(
      "code: rows 1,000 → 800 (-20 %); columns + stars int32?; language Go 60 % → 50 %, Rust 40 % → 50 %\n",
    );
    hub.clearLog();
    const { status, stdout } = await project.run("update");
    expect([status, asked()]).toEqual([0, { "data/c.parquet": 1 }]);
    expect(stdout).toContain(
      "\n  rows 1,000 → 800 (-20 %)\n  columns + stars int32?\n  language Go 60 % → 50 %, Rust 40 % → 50 %\n",
    );
    const diff = await json("diff", "--from", "before.lock");
    expect(diff.changes[0].data).toMatchObject({
      rows: { before: 1000, after: 800 },
      added: [{ name: "stars", type: "int32?" }],
    });
    const { stdout: markdown } = await project.run("diff", "--from", "before.lock", "--format", "markdown");
    expect(markdown).toContain("<br>rows 1,000 → 800 (-20 %)<br>");
  });

  it("refuses with exit 9 what the manifest does not expect, and leaves the lock as it was", async () => {
    await manifest(
      "{ rows: { min: 900, dropAtMost: 1% }, schema: frozen, columns: [content], languages: [Rust, Go] }",
    );
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    const [lock, facts] = [await project.lock(), await readFile(factsFile(), "utf8")];
    repo.commit({
      ...FILES,
      "data/c.parquet": parquetOf([{ name: "content", data: ["x"], type: "STRING" }]),
    });
    const { status, stderr } = await project.run("update");
    expect(status).toBe(9);
    for (const rule of ["expect.rows.min", "expect.rows.dropAtMost", "expect.languages"])
      expect(stderr).toContain(`source "code" breaks ${rule}: `);
    expect([await project.lock(), await readFile(factsFile(), "utf8")]).toEqual([lock, facts]);
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await project.run("check")).toMatchObject({ status: 0 });
  });

  it("compares with the lock before though the facts of that one were lost", async () => {
    await manifest("{ rows: { dropAtMost: 1% } }");
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    const lock = await project.lock();
    await rm(factsFile());
    repo.commit({ ...FILES, "data/c.parquet": codeFile(1) });
    expect(await project.run("update")).toMatchObject({
      status: 9,
      stderr: expect.stringContaining("it has 401 rows, 60 % fewer than the 1000 before"),
    });
    expect(await project.lock()).toBe(lock);
  });

  it.each(["out.tar", "out"])("goes with a bundle (%s), where nobody can be asked for it", async (bundle) => {
    await manifest("{ rows: { min: 900 } }");
    await project.run("sync");
    expect(await project.run("bundle", "create", bundle)).toMatchObject({ status: 0 });
    const facts = await readFile(factsFile(), "utf8");
    const far = await makeProject(hub);
    try {
      hub.clearLog();
      const from = join(project.folder, bundle);
      expect(await far.run("bundle", "apply", from)).toMatchObject({ status: 0, stderr: "" });
      expect(await far.run("check", "--offline")).toMatchObject({ status: 0 });
      expect((await far.read("tritter.facts.json")).toString()).toBe(facts);
      expect(hub.log).toEqual([]);
    } finally {
      await far.remove();
    }
  });

  it("passes no gate without its facts: check and sync --locked fail, sync asks for them", async () => {
    await manifest("{ rows: { min: 1 } }");
    await project.run("sync");
    await rm(factsFile());
    for (const command of [["check"], ["sync", "--locked"], ["sync", "--dry-run"]])
      expect([command, (await project.run(...command)).status]).toEqual([command, 9]);
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await project.run("check")).toMatchObject({ status: 0 });
    expect(await project.run("sync")).toMatchObject({ stdout: expect.stringContaining("nothing to do") });
  });

  it("believes the file and not what was said of it: exit 5, then mended", async () => {
    await manifest();
    await project.run("sync");
    const right = await readFile(factsFile(), "utf8");
    const wrong = right.replace(/"rows":600/, '"rows":601');
    await writeFile(factsFile(), wrong);
    expect(await project.run("sync", "--locked")).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("FACTS_MISMATCH"),
    });
    expect(await readFile(factsFile(), "utf8")).toBe(wrong);
    expect(await project.run("sync")).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('"code/data/c.parquet"'),
    });
    expect(await readFile(factsFile(), "utf8")).toBe(right);
    expect(await project.run("sync")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("nothing to do"),
    });
  });

  it("notes what cannot be read, and goes on", async () => {
    repo.commit({
      ...FILES,
      "bad.parquet": "no Parquet at all",
      "locked.parquet": Buffer.from(withFooter(new Uint8Array(100), { magic: "PARE" })),
    });
    await manifest();
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    expect((await project.run("facts")).stdout).toMatch(
      /bad\.parquet: it does not end as Parquet does\n {2}locked\.parquet: its footer is encrypted\n/,
    );
    expect(await project.run("sync")).toMatchObject({ status: 0 });
  });

  it("warns where footers cannot be had, and locks all the same", async () => {
    await manifest();
    hub.faults.add({ match: /./, kind: "resolve", fault: { kind: "status", status: 404 } });
    const { status, stderr } = await project.run("lock");
    expect([status, stderr]).toEqual([0, expect.stringContaining("facts of code are missing: ")]);
  });

  it("asks again where a footer broke off", async () => {
    await manifest();
    hub.faults.add({ match: /a\.parquet|cdn/, times: 1, fault: { kind: "cut", after: 10 } });
    expect(await project.run("lock")).toMatchObject({ status: 0, stderr: "" });
    expect((await json("facts")).sources[0]).toMatchObject({ rows: 1000, missing: [] });
  });

  it("refuses a damaged facts file, and says how to get another", async () => {
    await manifest("{ rows: { min: 1 } }");
    await project.run("lock");
    await writeFile(factsFile(), "{");
    expect(await project.run("check")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/error\[FACTS_INVALID\][\s\S]*hint: remove it, then run tritter lock/),
    });
  });
});

describe("docs/facts.md", () => {
  it("every line does what the page says and prints what it shows, in the order of the page", async () => {
    const story = hub.repo("acme/code");
    const shards = (rust: number, go: number) =>
      void story.commit({
        "rust/a.parquet": codeFile(rust),
        "go/a.parquet": codeFile(go, { language: "Go" }),
      });
    const events: Readonly<Record<string, () => void>> = {
      "acme/code gains rows": () => shards(700, 400),
      "acme/code loses rows": () => shards(200, 400),
    };
    shards(600, 400);
    hub.repo("acme/text").commit({
      "a.jsonl.gz": gzipSync('{"a":1}\n{"a":2}\n{"a":3}\n'),
      "b.csv": 'a,b\n1,"x\ny"\n2,z\n',
      "c.zip": zipOf({ "in.jsonl": { content: '{"a":1}\n' }, "notes.md": { content: "#\n" } }),
      "README.md": "# Text\n",
    });
    await project.write("bin/tritter", `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(join(project.folder, "bin/tritter"), 0o755);
    const PATH = `${join(project.folder, "bin")}:${process.env.PATH ?? ""}`;
    const env = { ...project.env, HF_ENDPOINT: hub.url, PATH };
    for (const step of stepsOf(await readPage("docs/facts.md"))) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind === "event") (events[step.name] as () => void)();
      if (step.kind !== "run") continue;
      const { status, stdout } = await execute("/bin/sh", ["-c", `{ ${step.line}\n} 2>&1`], {
        cwd: project.folder,
        env,
      });
      expect([step.line, status]).toEqual([step.line, step.status]);
      if (step.output !== undefined)
        expect(isShownAs(stdout, step.output) ? step.output : stdout).toBe(step.output);
    }
  });
});
