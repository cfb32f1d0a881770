import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { TritterEvent } from "../../cli/events.ts";
import * as tritter from "../../cli/index.ts";
import { startHub } from "../support/hub/index.ts";
import { makeProject } from "../support/project.ts";

async function stage() {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  hub.repo("o/n").commit({ "a.txt": "one\n", "b.bin": { size: 200_000, seed: 1 } });
  const project = await makeProject(hub);
  onTestFinished(() => project.remove());
  await project.manifest("sources:\n  it: { repo: o/n }\n");
  return { hub, project, here: { cwd: project.folder, env: project.env } };
}

describe("the verbs of the library", () => {
  it("lock, sync, check and look as the commands do, with nothing but a folder, and print nothing", async () => {
    const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write"));
    onTestFinished(() => void vi.restoreAllMocks());
    const { here, project } = await stage();
    expect((await tritter.lock(here)).locked.wrote).toBe(true);
    expect((await tritter.diff(here)).plan?.writes).toHaveLength(2);
    expect((await tritter.sync({ ...here, locked: true })).outcome).toMatchObject({ placed: { files: 2 } });
    expect((await tritter.sync(here)).outcome).toMatchObject({ placed: { files: 0 } });
    expect((await tritter.check({ ...here, deep: true })).problems).toEqual([]);
    expect((await tritter.list(here)).sources).toMatchObject([{ name: "it", files: 2, state: "locked" }]);
    expect((await tritter.outdated(here)).sources).toMatchObject([{ state: "current" }]);
    expect((await tritter.update({ ...here, dryRun: true })).locked.wrote).toBe(false);
    expect(await tritter.why("data/it/a.txt", here)).toMatchObject({
      disk: "same",
      wanted: { source: "it" },
    });
    expect((await tritter.doctor(here)).problems).toEqual([]);
    await project.write("data/it/a.txt", "edited");
    const { problems } = await tritter.check(here);
    expect(tritter.exitStatusOf(problems)).toBe(4);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it("take members that are undefined for ones that are left out", async () => {
    const { here } = await stage();
    const ran = await tritter.sync({
      ...here,
      names: undefined,
      jobs: undefined,
      deep: undefined,
      signal: undefined,
    });
    expect(ran.outcome).toMatchObject({ placed: { files: 2 } });
  });

  it("refuse a stale lock where CI is set, unless told otherwise", async () => {
    const { here } = await stage();
    const ci = { ...here, env: { ...here.env, CI: "true" } };
    await expect(tritter.sync(ci)).rejects.toMatchObject({ code: "LOCK_MISSING" });
    expect((await tritter.sync({ ...ci, locked: false })).outcome).toMatchObject({ placed: { files: 2 } });
  });

  it("tell what happens as it happens", async () => {
    const { here } = await stage();
    const events: TritterEvent[] = [];
    await tritter.sync({ ...here, onEvent: (event) => void events.push(event) });
    expect(new Set(events.map(({ kind }) => kind))).toContain("file-done");
  });

  it("stop by a signal, with one kind of error whatever the reason, and go on from there", async () => {
    const { here, hub } = await stage();
    await expect(tritter.sync({ ...here, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(hub.log).toEqual([]);
    const stop = new AbortController();
    const onEvent = ({ kind }: TritterEvent) => {
      if (kind === "fetching") stop.abort(new Error("enough"));
    };
    const error = await tritter
      .sync({ ...here, signal: stop.signal, onEvent })
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "TritterError", code: "INTERRUPTED", cause: { message: "enough" } });
    expect(tritter.exitStatusOf(tritter.problemsOf(error))).toBe(130);
    expect((await tritter.sync(here)).outcome).toMatchObject({ kept: { files: 0 } });
    expect((await tritter.check({ ...here, deep: true })).problems).toEqual([]);
  });
});
