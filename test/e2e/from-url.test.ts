import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../support/here.ts";
import { type Fault, type LoopbackHub, startHub, type Tree } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

const FILES: Tree = {
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`a/${index}.bin`, { size: 3_000, seed: index }]),
  ),
  "c/notes.txt": "notes\n",
  "b/large.bin": { size: 1024 * 1024, seed: 99 },
};
const COUNT = Object.keys(FILES).length;
/** bytes of all */
const ALL = 20 * 3_000 + 6 + 1024 * 1024;

let hub: LoopbackHub;
let site: LoopbackHub;
let project: Project;

beforeEach(async () => {
  [hub, site] = [await startHub(), await startHub()];
  for (const one of [hub, site]) {
    one.repo("o/code").commit(FILES);
    one.token("hf_mine");
  }
  project = await makeProject(hub);
  await project.manifest("sources:\n  code: { repo: o/code }");
  expect(await runHere(project, ["lock"])).toMatchObject({ status: 0 });
  hub.clearLog();
});

afterEach(async () => {
  for (const one of [hub, site]) {
    expect(one.violations).toEqual([]);
    await one.close();
  }
  await project.remove();
});

async function sync(...args: string[]) {
  const ran = await runHere(project, ["sync", "--json", ...args]);
  return { status: ran.status, ...JSON.parse(ran.stdout) };
}

/** bytes that each gave */
const gave = (one: LoopbackHub) =>
  one.log.reduce((sum, { file, bytes }) => sum + (file === undefined ? 0 : bytes), 0);
const fault = (it: Fault, match = /./) => site.faults.add({ match, fault: it });

async function expectWhole(): Promise<void> {
  expect(Object.keys(await project.tree())).toHaveLength(COUNT);
  expect((await runHere(project, ["check", "--deep"])).status).toBe(0);
}

describe("sync --from an URL", () => {
  it("has the files from there, asks it for nothing else, and the Hub for nothing at all", async () => {
    const { status, outcome } = await sync("--from", `${site.url}/`);
    expect(status).toBe(0);
    await expectWhole();
    expect(hub.log).toEqual([]);
    expect([...new Set(site.log.map(({ kind }) => kind))].sort()).toEqual([
      "cdn",
      "resolve",
      "resolve-cache",
    ]);
    expect(outcome.given).toEqual([
      expect.objectContaining({
        place: site.url,
        files: COUNT,
        bytes: ALL,
        blame: null,
        by: expect.objectContaining({ fetch: { files: COUNT, bytes: ALL } }),
      }),
    ]);
    expect([outcome.fetched.files, outcome.received]).toEqual([0, ALL]);
    expect((await runHere(project, ["sync"])).stdout).toContain("nothing to do");
  });

  it("has from the Hub what is not there", async () => {
    site.repo("o/code").forget(site.repo("o/code").commit({ other: "x" }));
    fault({ kind: "status", status: 404 }, /large|notes/);
    const { status, outcome } = await sync("--from", site.url);
    expect([status, outcome.given[0].files, outcome.fetched.files]).toEqual([0, COUNT - 2, 2]);
    await expectWhole();
  });

  it.each<[string, Fault]>([
    ["resets every connection", { kind: "reset" }],
    ["is in trouble", { kind: "status", status: 503 }],
    ["has no such repository", { kind: "status", status: 404 }],
  ])("goes on without one that %s", async (_, trouble) => {
    fault(trouble);
    const { status, outcome } = await sync("--from", site.url);
    expect([status, outcome.given[0].files, outcome.fetched.files]).toEqual([0, 0, COUNT]);
    await expectWhole();
  });

  it("goes on without one where nobody listens, and says so once", async () => {
    await site.close();
    const ran = await runHere(project, ["sync", "--from", site.url]);
    expect(ran.status).toBe(0);
    expect(ran.stderr.match(/^warning: .*did not give all/gm)).toHaveLength(1);
    await expectWhole();
    site = await startHub();
  });

  it("blames one that serves wrong bytes, and asks it no more", async () => {
    fault({ kind: "corrupt", at: 1 });
    const { status, outcome, warnings } = await sync("--from", site.url, "--jobs", "1");
    expect(status).toBe(0);
    expect(outcome.given[0]).toMatchObject({ files: 0, blame: { dropped: true } });
    expect(warnings.filter((text: string) => text.includes("is damaged"))).toHaveLength(1);
    expect(site.log.filter(({ kind }) => kind === "resolve").length).toBeLessThan(COUNT);
    await expectWhole();
  });

  it("counts what came from there, where bytes are limited", async () => {
    const { status, outcome } = await sync("--from", site.url, "--max-bytes", "30000");
    expect(status).toBe(8);
    expect(outcome.received).toBeLessThan(ALL);
    expect(gave(hub)).toBeLessThan(30_000);
    expect((await sync("--from", site.url)).status).toBe(0);
    await expectWhole();
  });

  it("is asked before a folder that is named after it, and tells both", async () => {
    fault({ kind: "status", status: 404 }, /large/);
    await project.write("stick/x", Buffer.from(""));
    const { outcome } = await sync("--from", site.url, "--from", "stick");
    expect(outcome.given.map(({ files }: { files: number }) => files)).toEqual([COUNT - 1, 0]);
  });

  it.each([
    [["--from", "https://user:secret@example.org"], 2, "USAGE"],
    [["--from", "http://"], 2, "USAGE"],
    [["--from", "http://127.0.0.1:1", "--offline"], 7, "OFFLINE"],
  ])("refuses %j", async (args, status, code) => {
    const refused = await sync(...args);
    expect([refused.status, refused.problems[0].code]).toEqual([status, code]);
    expect(JSON.stringify(refused)).not.toContain("secret");
  });
});
