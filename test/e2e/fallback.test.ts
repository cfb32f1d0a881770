import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../support/here.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";

let hub: LoopbackHub;
let project: Project;

const MANIFEST = [
  "sources:",
  "  code:",
  "    repo: o/gated",
  "    include: [rust/*.parquet]",
  "    strip: rust",
  "    fallbacks: [{ repo: o/open, include: [data/*.parquet], strip: data }]",
].join("\n");
const WARNING =
  'warning: source "code" is carried by its fallback 1, o/open: o/gated was gated. Its contents differ\n';

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/gated", { gated: "auto" }).commit({ "rust/a.parquet": { size: 100, seed: 1 } });
  hub.repo("o/open").commit({
    "data/a.parquet": { size: 200, seed: 2 },
    "data/b.parquet": { size: 300, seed: 3 },
  });
  hub.token("hf_colleague", { grants: ["o/gated"] });
  project = await makeProject(hub);
  await project.manifest(MANIFEST);
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await project.remove();
  await hub.close();
});

const withToken = (...args: string[]) => runHere(project, args, { env: { HF_TOKEN: "hf_colleague" } });

async function ok(...args: string[]) {
  const ran = await runHere(project, args);
  expect(ran, `tritter ${args.join(" ")}\n${ran.stdout}${ran.stderr}`).toMatchObject({ status: 0 });
  return ran;
}

async function nothingToDo(): Promise<void> {
  hub.clearLog();
  const before = await project.lock();
  expect((await ok("sync")).stdout).toContain("nothing to do");
  expect([asked(hub.log), await project.lock()]).toEqual([[], before]);
}

describe("a fallback", () => {
  it("is said loudly by lock and sync, and shown by check and list", async () => {
    expect((await ok("lock", "--quiet")).stderr).toBe(WARNING);
    expect((await ok("lock", "--quiet")).stderr).toBe(WARNING);
    expect((await ok("sync", "--quiet")).stderr).toBe(WARNING);
    expect(Object.keys(await project.tree())).toEqual(["code/a.parquet", "code/b.parquet"]);
    expect(JSON.parse((await ok("sync", "--json")).stdout).warnings).toEqual([WARNING.slice(9, -1)]);
    const shown = "code: from its fallback 1, instead of dataset o/gated main, which was gated";
    expect((await ok("check")).stdout).toContain(shown);
    expect((await ok("list")).stdout).toContain(shown);
    const carrier = { fallback: 1, why: "gated", instead: "dataset o/gated main" };
    expect(JSON.parse((await ok("check", "--json")).stdout).carried).toEqual([
      { source: "code", repo: "o/open", ...carrier },
    ]);
    expect(JSON.parse((await ok("list", "--json")).stdout).sources[0]).toMatchObject({
      repo: "o/open",
      revision: "main",
      carrier,
    });
    await nothingToDo();
  });

  it("is refused by --no-fallback, before it is taken and while it is in use", async () => {
    const refused = await runHere(project, ["lock", "--no-fallback"]);
    expect(refused.status).toBe(6);
    expect(refused.stderr).toContain("tritter update --allow-fallback code");
    expect((await runHere(project, ["sync", "--no-fallback"])).status).toBe(6);
    await ok("lock");
    const before = await project.lock();
    for (const command of ["lock", "sync"]) {
      const ran = await runHere(project, [command, "--no-fallback"]);
      expect(ran.status).toBe(9);
      expect(ran.stderr).toContain("error[FALLBACK_REFUSED]");
      expect(await project.lock()).toBe(before);
    }
  });

  it("never replaces a pin because one colleague lacks the token", async () => {
    expect((await withToken("sync")).status).toBe(0);
    const before = [await project.lock(), await project.tree()];
    // All is in place: no access is needed.
    await ok("sync");
    await project.manifest(MANIFEST.replace("rust/*.parquet", "rust/**"));
    for (const args of [["lock"], ["sync"], ["update"], ["check", "--upstream"]])
      expect((await runHere(project, args)).status, args.join(" ")).toBe(6);
    expect([await project.lock(), await project.tree()]).toEqual(before);
    await project.manifest(MANIFEST);
    await nothingToDo();
  });

  it("is switched to, and back from, by update --allow-fallback alone, each time loudly", async () => {
    await withToken("sync");
    hub.repo("o/gated").remove();
    const plain = await runHere(project, ["update"]);
    expect(plain.status).not.toBe(0);
    expect(plain.stderr).toContain("tritter update --allow-fallback code");
    const before = await project.lock();
    const dry = await ok("update", "--allow-fallback", "--dry-run");
    expect(dry.stdout).toContain("now dataset o/open instead of dataset o/gated");
    expect(await project.lock()).toBe(before);
    const switched = await ok("update", "--allow-fallback", "code");
    expect(switched.stdout).toContain("from fallback 1 (missing), ");
    expect(switched.stderr).toContain("o/gated was missing. Its contents differ");
    await ok("sync", "--prune");
    expect(Object.keys(await project.tree())).toEqual(["code/a.parquet", "code/b.parquet"]);

    hub.repo("o/gated").commit({ "rust/a.parquet": { size: 100, seed: 1 } });
    const stays = await ok("update");
    expect(stays.stdout).toContain("is up to date");
    const back = await ok("update", "--allow-fallback", "--quiet");
    expect(back.stderr).toBe(
      'warning: source "code" comes from o/gated again, no longer from its fallback 1, o/open. Its contents differ\n',
    );
    await ok("sync", "--prune");
    expect(Object.keys(await project.tree())).toEqual(["code/a.parquet"]);
    await nothingToDo();
  });

  it.each([
    ["is disabled", "disabled", () => hub.repo("o/gated", { disabled: true, gated: false })],
    [
      "was withdrawn (451)",
      "disabled",
      () => hub.faults.add({ match: /o\/gated/, fault: { kind: "status", status: 451 } }),
    ],
    ["is gone", "missing", () => hub.repo("o/gated").remove()],
    ["is private", "missing", () => hub.repo("o/gated", { private: true })],
  ] as const)("is taken for a repository that %s", async (_, why, happen) => {
    happen();
    await ok("sync");
    expect(await project.lock()).toContain(
      `"carrier": {"fallback":1,"why":"${why}","instead":"dataset o/gated main"}`,
    );
    await nothingToDo();
  });
});
