import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeCache } from "../cli/hub/cache-folder.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;
let pinned: string;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  pinned = repo.commit({ "a.txt": "a\n" }, { date: "2026-01-01T00:00:00.000Z", title: "Begin" });
  hub.repo("o/docs").commit({ "x.md": "x\n" });
  project = await makeProject(hub);
  await project.manifest("sources:\n  code: { repo: o/code }\n  docs: { repo: o/docs }");
  expect(await project.run("lock")).toMatchObject({ status: 0 });
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const push = () => repo.commit({ "a.txt": "a\n", "b.txt": "bb\n" }, { title: "Add b" });

describe("outdated", () => {
  it("is exit 0 either way, and 10 for --exit-code alone; check --upstream agrees", async () => {
    expect(await project.run("outdated", "--exit-code")).toMatchObject({
      status: 0,
      stdout: "up to date: 2 sources\n",
      stderr: "",
    });
    push();
    const { status, stdout, stderr } = await project.run("outdated");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").slice(1)).toEqual([
      expect.stringMatching(/^code {4}\w{7} \(\d+mo\) {2}\w{7} \(\d+mo\) {7}1 {2}\+1 {7}3 B$/),
      "1 of 2 sources outdated; to fetch: 1 file, 3 B",
      "",
    ]);
    expect(await project.run("outdated", "--exit-code")).toMatchObject({ status: 10 });
    expect(await project.run("outdated", "docs", "--exit-code")).toMatchObject({ status: 0 });
    expect(await project.run("check", "--upstream")).toMatchObject({ status: 4 });
    await project.run("sync");
    expect(await project.run("check", "--upstream")).toMatchObject({ status: 10 });
    expect(await project.run("update")).toMatchObject({ status: 0 });
    expect(await project.run("outdated", "--exit-code")).toMatchObject({ status: 0 });
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect((await project.run("sync")).stdout).toContain("nothing to do");
  });

  it("writes nothing, where CI is set too", async () => {
    push();
    const before = await project.lock();
    expect(await project.runWith({ CI: "true" }, "outdated")).toMatchObject({ status: 0 });
    expect([await project.lock(), await project.state()]).toEqual([before, []]);
  });

  it.each<[string, number, string, () => unknown]>([
    ["gone upstream", 11, "PIN_GONE", () => repo.forget(pinned)],
    ["of a repository that is gone", 11, "PIN_GONE", () => repo.remove()],
    ["of a branch that is gone", 2, "REVISION_NOT_FOUND", () => repo.deleteRef("main")],
    ["behind a gate", 6, "ACCESS_NO_TOKEN", () => repo.update({ gated: "manual" })],
    [
      "in trouble",
      7,
      "HUB",
      () => hub.faults.add({ match: /o\/code/, fault: { kind: "status", status: 418 } }),
    ],
  ])("tells of a pin %s by exit %i, and of the others all the same", async (_, exit, code, act) => {
    push();
    act();
    const { status, stdout } = await project.run("outdated", "--json", "--exit-code");
    const object = JSON.parse(stdout);
    expect([status, object.exit]).toEqual([exit, exit]);
    expect(object.problems).toContainEqual(expect.objectContaining({ code, source: "code" }));
    expect(object.sources[1]).toMatchObject({ name: "docs", state: "current", behind: 0 });
  });

  it("of a folder tells what it can: not when, nor how many commits", async () => {
    const folder = join(project.folder, "hub");
    const commit = "b".repeat(40);
    await writeCache(folder, "datasets--o--code", { commit, files: { "a.txt": "a\n", "new.txt": "n\n" } });
    const ran = await project.run("outdated", "code", "--endpoint", "hub");
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/^code {4}\w{7} {2}bbbbbbb {7}\? {2}\+1 {7}2 B$/m);
    expect(ran.status).toBe(0);
    const updated = await project.run("update", "code", "--endpoint", "hub");
    expect(updated.status).toBe(0);
    expect(updated.stdout).toContain("the commits between are not known: cannot read dataset");
    await rm(folder, { recursive: true });
  });
});
