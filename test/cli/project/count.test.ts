import { describe, expect, it } from "vitest";
import type { TritterEvent } from "../../../cli/events.ts";
import { countFacts } from "../../../cli/project/count.ts";
import { systemError } from "../../support/memory-disk.ts";
import { HOME, memoryProject, ROOT } from "../../support/memory-project.ts";

const FILES = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`${at}.jsonl`, `{"a":${at}}\n`]));

async function synced() {
  const project = memoryProject();
  project.publish(FILES);
  expect((await project.sync()).problems).toEqual([]);
  return project;
}

const keptIn = async (project: Awaited<ReturnType<typeof synced>>) =>
  (await project.disk.read(`${HOME}/tritter.facts.json`))?.toString().match(/"counted":1/g)?.length ?? 0;

describe("countFacts()", () => {
  it("keeps what it counted where it is stopped, and goes on from there", async () => {
    const project = await synced();
    const controller = new AbortController();
    const emit = (event: TritterEvent) => {
      if (event.kind === "counting" && event.done >= 3) controller.abort(new Error("stopped"));
    };
    const context = { ...project.context(controller.signal), emit };
    await expect(countFacts(context, { names: [] })).rejects.toThrow("stopped");
    const kept = await keptIn(project);
    expect(kept).toBeGreaterThanOrEqual(3);
    expect(kept).toBeLessThan(8);
    const opened: string[] = [];
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.startsWith(ROOT)) opened.push(path);
    };
    expect((await countFacts(project.context(), { names: [] })).problems).toEqual([]);
    expect([await keptIn(project), opened.length]).toEqual([8, 8 - kept]);
  });

  it("writes down what it has after a minute, and not at the end alone", async () => {
    const project = await synced();
    const saved: number[] = [];
    const emit = ({ kind }: TritterEvent) => {
      if (kind === "counting") project.disk.now += 40_000;
    };
    project.disk.before = (operation, path) => {
      if (operation === "rename" && path.includes("facts.json")) saved.push(project.disk.now);
    };
    await countFacts({ ...project.context(), emit }, { names: [] });
    expect(saved.length).toBeGreaterThan(1);
  });

  it("tells of a file that cannot be read, and counts the others", async () => {
    const project = await synced();
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.endsWith("3.jsonl")) throw systemError("EACCES", path);
    };
    const { problems } = await countFacts(project.context(), { names: [] });
    expect(problems).toMatchObject([{ path: "3.jsonl", source: "all" }]);
    expect(await keptIn(project)).toBe(7);
  });

  it("counts nothing in a file that became another one since it was proved", async () => {
    const project = await synced();
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.endsWith("5.jsonl")) project.disk.put(path, '{"b":5}\n');
    };
    const { problems } = await countFacts(project.context(), { names: [] });
    expect(problems).toMatchObject([{ code: "DRIFT", path: "5.jsonl" }]);
    expect(await keptIn(project)).toBe(7);
  });
});
