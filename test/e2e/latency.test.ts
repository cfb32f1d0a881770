import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import { syncProject } from "../../cli/index.ts";
import { type LoggedRequest, type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

const STREAMS = 16;
const ANSWER_MS = 50;
const FILES = 300;
const LARGE = 24 * 1024 ** 2;

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  const small = Array.from({ length: FILES }, (_, index) => [
    `small/${index}.png`,
    { size: 4096, seed: index },
  ]);
  hub.repo("o/far").commit({ ...Object.fromEntries(small), "large.parquet": { size: LARGE, seed: 7 } });
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/far }");
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const isForBytes = ({ kind }: LoggedRequest) => ["resolve", "resolve-cache", "cdn"].includes(kind);

/** No answer comes before all are asked for that will be without one; then all come, and as much time has passed as an answer takes. */
function farHub(): {
  readonly mostAtOnce: () => number;
  now(): number;
  answerUntil(end: Promise<unknown>): Promise<void>;
} {
  const held: (() => void)[] = [];
  let [most, now] = [0, 1_000_000];
  hub.faults.add({
    match: isForBytes,
    fault: { kind: "act", act: () => new Promise((answer) => held.push(answer)) },
  });
  const quiet = async () => {
    for (let [seen, rounds] = [-1, 0]; rounds < 5; rounds = held.length === seen ? rounds + 1 : 0) {
      seen = held.length;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  return {
    mostAtOnce: () => most,
    now: () => now,
    answerUntil: async (end) => {
      let ended = false;
      const over = end.finally(() => {
        ended = true;
      });
      while (!ended) {
        await quiet();
        most = Math.max(most, held.length);
        now += ANSWER_MS;
        for (const answer of held.splice(0)) answer();
      }
      await over;
    },
  };
}

describe("sync from a far Hub", () => {
  it("has as many requests under way as it may, at most two a file, and no other than GET", async () => {
    const far = farHub();
    const sync = syncProject(
      {
        env: project.env,
        cwd: project.folder,
        signal: new AbortController().signal,
        clock: { now: far.now, sleep: async () => {} },
        disk: nodeDisk(),
        emit: () => {},
        version: "0.0.0",
        pid: process.pid,
      },
      { names: [], locked: false, fallback: true, dryRun: false, force: false, prune: true, jobs: STREAMS },
    );
    await far.answerUntil(sync);
    expect((await sync).problems).toEqual([]);
    expect(far.mostAtOnce()).toBe(STREAMS);

    const asked = hub.log.filter(isForBytes);
    expect(new Set(hub.log.map(({ method }) => method))).toEqual(new Set(["GET"]));
    const redirected = new Map<string | undefined, number>();
    for (const { kind, file } of asked)
      if (kind === "resolve") redirected.set(file, (redirected.get(file) ?? 0) + 1);
    expect([...redirected.values()].every((times) => times === 1)).toBe(true);
    expect(redirected.size).toBe(FILES + 1);
    const spans = asked.filter(({ kind, range }) => kind === "cdn" && range !== undefined);
    expect(asked).toHaveLength(2 * FILES + 1 + spans.length);
    expect(spans.length).toBeLessThanOrEqual(LARGE / (8 * 1024 ** 2));
  });
});
