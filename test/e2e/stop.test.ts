import type { ChildProcess } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

const SIZE = 40_000_000;
/** bytes; what a stop may cost each stream that was open, after a clean one: less than a segment. */
const PER_STREAM = 4 * 1024 * 1024;
const JOBS = 3;

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/large").commit({ "a.bin": { size: SIZE, seed: 1 }, "b.txt": "small\n" });
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/large, path: . }");
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  hub.clearLog();
});

afterEach(async () => {
  await hub.close();
  await project.remove();
});

function ended(child: ChildProcess): Promise<{ status: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once("exit", (status, signal) => resolve({ status, signal })));
}

function sent(): number {
  return hub.log.reduce((sum, request) => sum + request.bytes, 0);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Slow enough that the signal always comes in the middle. */
function slowly() {
  return hub.faults.add({ match: /./, fault: { kind: "drip", bytes: 256 * 1024, everyMs: 5 } });
}

describe("a sync that is told to stop", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s ends with status %i, and the next goes on from there", async (signal, status) => {
    const slow = slowly();
    const child = project.start("sync", "--jobs", String(JOBS));
    const end = ended(child);
    await until(() => sent() > SIZE / 3);
    child.kill(signal);
    expect(await end).toEqual({ status, signal: null });
    slow.remove();
    expect(Object.keys(await project.tree())).toEqual([]);
    const before = sent();
    const ran = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(ran).toMatchObject({ exit: 0, problems: [], outcome: { placed: { files: 2 } } });
    // What the server's connections had taken in but the stopped run had not read is not of its doing.
    const BUFFERED = 2 * 1024 * 1024;
    expect(ran.outcome.received).toBeLessThan(SIZE - before + JOBS * (PER_STREAM + BUFFERED) + 100);
    expect(await project.run("check", "--deep")).toMatchObject({ status: 0 });
    expect((await project.state()).filter((path) => path.includes("partial"))).toEqual([]);
  });

  it("says so, with the hint that goes on, also as JSON", async () => {
    slowly();
    const child = project.start("sync", "--json");
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
    });
    const end = ended(child);
    await until(() => sent() > 1_000_000);
    child.kill("SIGINT");
    expect(await end).toMatchObject({ status: 130 });
    expect(JSON.parse(out)).toMatchObject({ exit: 130, problems: [{ code: "INTERRUPTED" }] });
  });
});

describe("two syncs of one root at once", () => {
  it("refuses the second with the holder's name, and a dead holder blocks nobody", async () => {
    const stalled = hub.faults.add({ match: /./, fault: { kind: "stall", after: 300_000 } });
    const first = project.start("sync");
    const end = ended(first);
    await until(() => sent() > 300_000);
    const second = await project.run("sync");
    expect(second).toMatchObject({ status: 12 });
    expect(second.stderr).toContain("ROOT_HELD");
    expect(second.stderr).toContain(String(first.pid));
    expect(await project.run("check")).toMatchObject({ status: 4 });
    first.kill("SIGKILL");
    expect(await end).toMatchObject({ signal: "SIGKILL" });
    stalled.remove();
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(await project.run("check", "--deep")).toMatchObject({ status: 0 });
  });
});
