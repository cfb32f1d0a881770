import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { codeFile } from "../support/parquet.ts";
import { makeProject, type Project } from "../support/project.ts";
import { zipOf } from "../support/zip.ts";

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

const FILES = {
  "a.jsonl.gz": gzipSync('{"a":1}\n{"a":2}\n'),
  "b.csv": 'a,b\n1,"x\ny"\n2,z\n',
  "c.zip": zipOf({ "in.jsonl": { content: '{"a":1}\n' }, "notes.md": { content: "#\n" } }),
  "README.md": "# Read me\n",
};

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/text");
  repo.commit(FILES);
  project = await makeProject(hub);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const manifest = (fields = "", head = "") =>
  project.manifest(`${head}\nsources:\n  text: { repo: o/text${fields} }`);
const json = async (...args: string[]) => JSON.parse((await project.run(...args, "--json")).stdout);
const synced = async () => expect(await inProcess(project).sync()).toMatchObject({ exit: 0, problems: [] });
const factsFile = async () => (await project.read("tritter.facts.json")).toString();

describe("tritter facts --count", () => {
  it("counts what is on disk once, keeps it by digest, and changes nothing else", async () => {
    await manifest();
    await synced();
    expect((await project.run("facts")).stdout).toMatch(
      /^text: 4 files, .*\n.*\n {2}rows of 3 files not counted: tritter facts --count\n$/,
    );
    const [tree, lock] = [await project.tree(), await project.lock()];
    hub.clearLog();
    const ran = await project.run("facts", "--count");
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(ran.stdout).toMatch(
      /^text: 4 files, \d+ B, 5 rows in 3 of them\n {2}archive 1 file, .*\n {2}in 1 archive: json lines 1 file, 8 B; text 1 file, 2 B\n$/,
    );
    const first = await factsFile();
    expect(first.match(/"(?:counted|archive)": ?/g)).toHaveLength(3);
    expect(await json("facts", "--count")).toMatchObject({
      exit: 0,
      sources: [
        { rows: 5, countedFiles: 3, parquetRows: 0, uncounted: [], uncountable: [], archives: { files: 1 } },
      ],
    });
    expect([await factsFile(), hub.log]).toEqual([first, []]);
    expect([await project.tree(), await project.lock()]).toEqual([tree, lock]);
    await project.run("lock");
    expect(await factsFile()).toBe(first);
    expect((await project.run("sync")).stdout).toContain("nothing to do");
  });

  it("tells of a damaged file by name, and goes on", async () => {
    repo.commit({
      ...FILES,
      "bad.jsonl.gz": gzipSync("{}\n".repeat(1_000)).subarray(0, -4),
      "bad.csv": "a\n\0\n",
      "empty.jsonl": "",
    });
    await manifest();
    await synced();
    const ran = await project.run("facts", "--count");
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(ran.stdout).toContain(
      "\n  bad.csv: it is no text in UTF-8: byte 2 is 0\n  bad.jsonl.gz: its gzip is cut short\n",
    );
    expect(ran.stdout).toContain("5 rows in 4 of them");
  });

  it("counts no file that is not what the lock says", async () => {
    await manifest();
    await synced();
    await writeFile(join(project.root, "text/b.csv"), "a,b\n");
    const { exit, problems, sources } = await json("facts", "--count");
    expect([exit, problems]).toMatchObject([4, [{ code: "DRIFT", details: ["text/b.csv"] }]]);
    expect(sources).toMatchObject([{ rows: 3, countedFiles: 2, uncounted: ["b.csv"] }]);
    expect(await factsFile()).not.toContain("unreadable");
    await project.wipe();
    expect(await project.run("facts", "--count")).toMatchObject({
      status: 4,
      stderr: expect.stringContaining("hint: run tritter sync, then tritter facts --count"),
    });
  });

  it("tells between two locks what became of the rows, once both are counted", async () => {
    await manifest(", facts: rows");
    await synced();
    await project.run("facts", "--count");
    for (const name of ["lock", "facts.json"])
      await project.write(`before.${name}`, await project.read(`tritter.${name}`));
    repo.commit({ ...FILES, "b.csv": "a,b\n1,2\n" });
    expect((await project.run("update")).stdout).not.toContain("rows");
    await synced();
    const diff = async () => (await project.run("diff", "--from", "before.lock")).stdout;
    expect(await diff()).not.toContain("rows");
    await project.run("facts", "--count");
    expect(await diff()).toContain("\n  rows 5 → 4 (-20 %)\n");
    const { "a.jsonl.gz": _, ...rest } = FILES;
    repo.commit({ ...rest, "b.csv": "a,b\n1,2\n" });
    expect((await project.run("outdated")).stdout).toContain("text: rows 4 → 2 (-50 %)");
  });

  it("says that reports tell of it after a sync, and they do", async () => {
    await manifest("", "reports: beside");
    await synced();
    expect((await project.run("facts", "--count")).stderr).toBe(
      "note: reports tell of it once you run tritter sync\n",
    );
    expect(await project.run("check")).toMatchObject({ status: 4 });
    await project.run("sync");
    expect((await project.tree())["text.README.md"]).toContain("| Rows | 5 in 3 of 4 files |");
    expect(await project.run("bundle", "create", "out")).toMatchObject({ status: 0 });
    const other = await makeProject(hub);
    try {
      expect(await other.run("bundle", "apply", join(project.folder, "out"))).toMatchObject({ status: 0 });
      expect(await other.tree()).toEqual(await project.tree());
    } finally {
      await other.remove();
    }
  });
});

describe("facts: rows", () => {
  it("holds expect.rows to all rows, and lets none pass for want of a count", async () => {
    await manifest(", facts: rows, expect: { rows: { min: 4, max: 5 } }");
    expect(await project.run("lock")).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('source "text": expect.rows waits until 3 files can be counted'),
    });
    const [sync, check] = [await json("sync"), await json("check")];
    for (const { exit, problems } of [sync, check])
      expect([exit, problems]).toMatchObject([
        9,
        [
          {
            code: "EXPECTATION",
            message: expect.stringMatching(
              /expect.rows.min: cannot be judged: the rows of 3 files \(.*\) are not counted$/,
            ),
          },
          { hint: "run tritter sync, then tritter facts --count" },
        ],
      ]);
    expect(Object.keys(await project.tree())).toHaveLength(4);
    expect(await project.run("facts", "--count")).toMatchObject({ status: 0 });
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect((await project.run("sync")).stdout).toContain("nothing to do");
    await manifest(", facts: rows, expect: { rows: { max: 4 } }");
    expect(await project.run("check")).toMatchObject({
      status: 9,
      stderr: expect.stringContaining("expect.rows.max: it has 5 rows, should have at most 4"),
    });
  });

  it("refuses at once what can never be counted", async () => {
    repo.commit({ ...FILES, "old.jsonl.zst": "?", "info.json": "{}" });
    await manifest(", facts: rows, expect: { rows: { min: 1 } }");
    expect(await json("lock")).toMatchObject({
      exit: 9,
      problems: [
        {
          message: expect.stringContaining('2 files ("info.json", "old.jsonl.zst") cannot be counted'),
          hint: "exclude it, or drop the expectation",
        },
      ],
    });
    await manifest(', facts: rows, exclude: ["*.zst", "*.json"], expect: { rows: { min: 1 } }');
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    await manifest(', facts: rows, exclude: ["*.zst", "*.json"], expect: { rows: { dropAtMost: 1% } }');
    await project.unlock();
    expect(await project.run("lock")).toMatchObject({
      status: 9,
      stderr: expect.stringContaining("are not counted"),
    });
  });

  it("leaves expectations of sources with facts: parquet to Parquet files, whatever was counted", async () => {
    repo.commit({ ...FILES, "d.parquet": codeFile(10) });
    await manifest(", facts: parquet, expect: { rows: { min: 10, max: 10 }, languages: [Rust] }");
    await synced();
    expect(await project.run("facts", "--count")).toMatchObject({ status: 0 });
    const { stdout } = await project.run("facts");
    expect(stdout).toContain("15 rows in 4 of them, 1 row group");
    expect(stdout).toContain("\n  language: Rust 100 %\n");
    expect(await project.run("check")).toMatchObject({ status: 0 });
  });
});
