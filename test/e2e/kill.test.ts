import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

/** bytes; what design promises a kill can cost each stream that was open. */
const PER_STREAM = 8 * 1024 * 1024;
const JOBS = 6;
const KILLS = 20;

const MIXED: Record<string, string | { size: number; seed: number }> = {
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [
      `small/${index}.parquet`,
      { size: 2_000 + index, seed: index },
    ]),
  ),
  ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`text/${index}.md`, `note ${index}\n`])),
  "large/a.parquet": { size: 40_000_000, seed: 101 },
  "large/b.parquet": { size: 25_000_003, seed: 102 },
  "large/c.parquet": { size: 12_000_000, seed: 103 },
};
const TOTAL = 77_000_003 + 60 * 2_000 + (59 * 60) / 2;

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/mixed");
  repo.commit(MIXED);
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/mixed, path: . }");
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  // Generated content is hashed once, so that the first run is no slower than the others.
  expect(await project.run("sync", "--jobs", String(JOBS))).toMatchObject({ status: 0 });
  await project.manifest("sources: {}");
  expect(await project.run("sync", "--prune")).toMatchObject({ status: 0 });
  await project.manifest("sources:\n  all: { repo: o/mixed, path: . }");
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  hub.clearLog();
});

afterEach(async () => {
  await hub.close();
  await project.remove();
});

/** Kills once so many bytes left the Hub, or so many ms after that; resolves to the streams that were open. */
async function killedSync({ bytes, delayMs }: { bytes: number; delayMs: number }): Promise<number> {
  const sent = () => hub.log.reduce((sum, request) => sum + request.bytes, 0);
  const before = sent();
  const child = project.start("sync", "--jobs", String(JOBS));
  let ended = false;
  const end = new Promise<void>((resolve) =>
    child.once("exit", () => {
      ended = true;
      resolve();
    }),
  );
  while (!ended && sent() - before < bytes) await pause(1);
  await pause(delayMs);
  child.kill("SIGKILL");
  await end;
  return JOBS;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function endsAtTheLock(): Promise<void> {
  const check = JSON.parse((await project.run("check", "--deep", "--json")).stdout);
  expect(check.problems).toEqual([]);
}

describe("kill -9", () => {
  it("at twenty moments of one sync: the next ends at the lock, and little is fetched twice", async () => {
    let open = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      open += await killedSync({
        bytes: Math.floor(Math.random() * 9_000_000),
        delayMs: Math.floor(Math.random() * 25),
      });
      const seen = JSON.parse((await project.run("check", "--json")).stdout);
      expect(JSON.stringify(seen)).not.toContain('"untracked"');
      expect(JSON.stringify(seen)).not.toContain('"modified"');
    }
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    const sent = hub.log
      .filter((request) => request.kind === "cdn")
      .reduce((sum, request) => sum + request.bytes, 0);
    expect(sent).toBeLessThan(TOTAL + open * PER_STREAM);
    await endsAtTheLock();
    expect(
      (await project.state()).filter((path) => path.startsWith("store/") || path.startsWith("trash/")),
    ).toEqual([]);
    hub.clearLog();
    expect((await project.run("sync")).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
  }, 180_000);

  it("while updating and pruning: nothing of ours reads as untracked, whatever lock comes next", async () => {
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    const first = await project.lock();
    const { "large/a.parquet": a = "", "small/1.parquet": _, ...rest } = MIXED;
    repo.commit({
      ...rest,
      "moved/a.parquet": a,
      "large/b.parquet": { size: 20_000_000, seed: 202 },
      "small/2.parquet": { size: 900, seed: 203 },
      "text/3.md": "other\n",
    });
    await project.run("update");
    const second = await project.lock();
    expect(second).not.toBe(first);
    for (let kill = 0; kill < 8; kill++) {
      await project.write("tritter.lock", kill % 2 === 0 ? second : first);
      await killedSync({
        bytes: Math.floor(Math.random() * 3_000_000),
        delayMs: Math.floor(Math.random() * 40),
      });
      await project.write("tritter.lock", kill % 3 === 0 ? first : second);
      const seen = (await project.run("check", "--json")).stdout;
      expect(seen).not.toContain('"untracked"');
    }
    for (const lock of [first, second]) {
      await project.write("tritter.lock", lock);
      expect(await project.run("sync", "--locked", "--prune")).toMatchObject({ status: 0 });
      await endsAtTheLock();
      expect(await project.trash()).toEqual([]);
    }
  }, 180_000);
});
