import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { makeProject, type Project } from "../support/project.ts";

const MIB = 1024 ** 2;
const LARGE = 24 * MIB;
const ALL = 6 + 36 * MIB;

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/mixed").commit({
    "a.txt": "small\n",
    "b.bin": { size: LARGE, seed: 1 },
    "c.bin": { size: 9 * MIB, seed: 2 },
  });
  hub.repo("o/other").commit({ "d.bin": { size: 3 * MIB, seed: 3 } });
  project = await makeProject(hub);
  await project.manifest(
    "sources:\n  mixed: { repo: o/mixed, path: ., groups: [code] }\n  other: { repo: o/other, path: x }",
  );
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  hub.clearLog();
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
  await project.remove();
});

const files = async () => Object.keys(await project.tree()).sort();
const sent = () => hub.log.reduce((sum, { bytes }) => sum + bytes, 0);

async function expectInSync(): Promise<void> {
  expect(await project.run("sync")).toMatchObject({ status: 0 });
  expect(await files()).toEqual(["a.txt", "b.bin", "c.bin", "x/d.bin"]);
  hub.clearLog();
  expect(await project.run("sync")).toMatchObject({ status: 0 });
  expect(hub.log).toEqual([]);
  expect((await project.run("check", "--deep")).status).toBe(0);
}

describe("sync --max-bytes", () => {
  it("stops with status 8 once so much has come, keeps what is complete, and the next goes on", async () => {
    const ran = await project.run("sync", "--max-bytes", "12M", "--jobs", "1", "--json");
    expect(ran.status).toBe(8);
    const { problems, outcome } = JSON.parse(ran.stdout);
    expect(problems).toMatchObject([{ code: "BUDGET", message: expect.stringContaining("--max-bytes") }]);
    expect(outcome.received).toBeGreaterThanOrEqual(12 * MIB);
    // A piece that was under way for the one stream.
    expect(outcome.received).toBeLessThan(12 * MIB + MIB);
    expect(await files()).toContain("a.txt");
    expect(await files()).not.toContain("b.bin");
    hub.clearLog();
    await project.run("sync");
    // Less than a segment of the one stream comes again.
    expect(sent()).toBeLessThan(ALL - 12 * MIB + 4 * MIB);
    await expectInSync();
  });

  it("is no problem where everything came within it", async () => {
    expect((await project.run("sync", "--max-bytes", "36M")).status).toBe(0);
    await expectInSync();
  });
});

describe("sync --deadline", () => {
  it("in the past looks at nothing and fetches nothing", async () => {
    const ran = await project.run("sync", "--deadline", "2026-01-01T00:00:00Z");
    expect(ran).toMatchObject({ status: 8, stdout: "" });
    expect(ran.stderr).toContain("error[BUDGET]");
    expect(hub.log).toEqual([]);
    await expectInSync();
  });

  it("ends what is being fetched, and the next goes on", async () => {
    const slow = hub.faults.add({ match: /b\.bin/, fault: { kind: "drip", bytes: 64 * 1024, everyMs: 100 } });
    const ran = await project.run("sync", "--deadline", "5s", "--json");
    slow.remove();
    expect(ran.status).toBe(8);
    expect(JSON.parse(ran.stdout).problems).toMatchObject([{ code: "BUDGET" }]);
    expect(await files()).not.toContain("b.bin");
    await expectInSync();
  });
});

describe("sync --limit-rate", () => {
  const rated = async (limits: { rate?: number; rates?: { name: string; rate: number }[] }) => {
    const program = inProcess(project);
    const before = program.now();
    const { deadline, maxBytes } = { deadline: undefined, maxBytes: undefined };
    const ended = await program.sync({
      jobs: 16,
      limits: { rate: undefined, rates: [], deadline, maxBytes, ...limits },
    });
    expect(ended.problems).toEqual([]);
    // A run of this harness begins days after the last.
    return program.now() - before - 3 * 86_400_000;
  };

  it("holds all streams together to it, and calls none of them slow", async () => {
    const tookMs = await rated({ rate: MIB });
    expect(tookMs).toBeGreaterThan(35_000);
    expect(hub.log.filter(({ kind }) => kind === "resolve").length).toBeLessThan(12);
    await expectInSync();
  });

  it("holds one source or group, and not the others", async () => {
    const tookMs = await rated({
      rates: [
        { name: "code", rate: 100 * MIB },
        { name: "other", rate: MIB },
      ],
    });
    expect(tookMs).toBeGreaterThan(2_800);
    expect(tookMs).toBeLessThan(30_000);
    await expectInSync();
  });

  it("of a name that the manifest does not have is a mistake", async () => {
    const ran = await project.run("sync", "--limit-rate", "othre=1M");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('did you mean "other"?');
    expect(await files()).toEqual([]);
  });
});

describe("limits that cannot be read", () => {
  it.each([
    ["--limit-rate", "fast"],
    ["--limit-rate", "rust="],
    ["--limit-rate", "0"],
    ["--max-bytes", "10MB"],
    ["--max-bytes", "-1"],
    ["--deadline", "yesterday"],
    ["--deadline", "2026-03-01"],
    ["--deadline", "06:00"],
  ])("%s %s are mistakes that say what should be", async (flag, value) => {
    const ran = await project.run("sync", flag, value);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/It must be a (?:number|whole number) and/);
  });
});
