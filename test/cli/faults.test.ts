import { describe, expect, it } from "vitest";
import { type Problem, problemsOf, TritterError, TritterErrors } from "../../cli/errors.ts";
import { CHANGES, type Operation, systemError } from "../support/memory-disk.ts";
import { isOurs, type MemoryProject } from "../support/memory-project.ts";
import { expectEndsAtLock, expectSound, SCENARIOS, type Scenario } from "../support/scenarios.ts";

// A sync on a disk that fails, or that is told to stop, at each of its operations below the root, or on the lock, in turn.

/** Operations that an undisturbed sync makes. */
async function operationsOf(scenario: Scenario, counts: (operation: Operation) => boolean): Promise<number> {
  const project = await scenario.prepare();
  let operations = 0;
  project.disk.before = (operation, path) => {
    if (isOurs(path) && counts(operation)) operations += 1;
  };
  expect((await project.sync()).problems).toEqual([]);
  return operations;
}

/** What a run told of, and no bug: those are thrown on. */
async function problemsOfRun(project: MemoryProject, signal?: AbortSignal): Promise<readonly Problem[]> {
  try {
    return (await project.sync({}, signal)).problems;
  } catch (error) {
    if (error instanceof TritterError || error instanceof TritterErrors) return problemsOf(error);
    throw error;
  }
}

const FAULTS: readonly [code: string, told: string][] = [
  ["ENOSPC", "NO_SPACE"],
  ["EIO", "DISK_REFUSED"],
];

describe.each(SCENARIOS)("sync on a failing disk, $name:", (scenario) => {
  it.each(FAULTS)(
    "%s once, at any operation, is told as %s, and the next ends at the lock",
    async (code, told) => {
      const counts = (operation: Operation) => code !== "ENOSPC" || CHANGES.has(operation);
      const operations = await operationsOf(scenario, counts);
      expect(operations).toBeGreaterThan(9);
      for (let failAt = 1; failAt <= operations; failAt++) {
        const project = await scenario.prepare();
        let count = 0;
        let what = "";
        project.disk.before = (operation, path) => {
          if (!isOurs(path) || !counts(operation)) return;
          count += 1;
          if (count !== failAt) return;
          what = `operation ${failAt}: ${operation} ${path}`;
          throw systemError(code, path);
        };
        const problems = await problemsOfRun(project).catch((error: unknown) => {
          throw new Error(`${what}: ${error}`, { cause: error });
        });
        expect(new Set([told, ...problems.map((problem) => problem.code)]), what).toEqual(new Set([told]));
        expect(project.disk.opened, what).toEqual([]);
        expectSound(project, scenario);
        project.disk.before = () => undefined;
        await expectEndsAtLock(project, scenario).catch((error: unknown) => {
          throw new Error(`after ${what}: ${error}`, { cause: error });
        });
      }
    },
    120_000,
  );

  it("stops at any operation, leaves nothing open and nobody holding the root, and the next ends at the lock", async () => {
    const operations = await operationsOf(scenario, () => true);
    for (let stopAt = 1; stopAt <= operations; stopAt++) {
      const project = await scenario.prepare();
      const stop = new AbortController();
      let count = 0;
      let what = "";
      project.disk.before = (operation, path) => {
        if (!isOurs(path)) return;
        count += 1;
        if (count !== stopAt) return;
        what = `operation ${stopAt}: ${operation} ${path}`;
        stop.abort(new TritterError({ code: "INTERRUPTED", message: "stopped" }));
      };
      const problems = await problemsOfRun(project, stop.signal);
      expect(new Set(["INTERRUPTED", ...problems.map((problem) => problem.code)]), what).toEqual(
        new Set(["INTERRUPTED"]),
      );
      expect(project.disk.opened, what).toEqual([]);
      expect(Object.keys(project.state()), what).not.toContain("holder");
      expectSound(project, scenario);
      project.disk.before = () => undefined;
      await expectEndsAtLock(project, scenario);
    }
  }, 120_000);
});
