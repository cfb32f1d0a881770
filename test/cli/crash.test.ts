import { describe, expect, it } from "vitest";
import { CHANGES, type Operation } from "../support/memory-disk.ts";
import { isOurs, type MemoryProject } from "../support/memory-project.ts";
import { expectEndsAtLock, expectSound, SCENARIOS, type Scenario } from "../support/scenarios.ts";

// As after SIGKILL: from one change on, none reaches the disk, and nothing is cleaned up.

const isStep = (operation: Operation, path: string) => CHANGES.has(operation) && isOurs(path);

async function stepsOf(scenario: Scenario): Promise<number> {
  const project = await scenario.prepare();
  let steps = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) steps += 1;
  };
  expect((await project.sync()).problems).toEqual([]);
  return steps;
}

class Killed extends Error {}

async function killedAt(scenario: Scenario, step: number): Promise<MemoryProject> {
  const project = await scenario.prepare();
  let count = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) count += 1;
    if (count >= step) throw new Killed(`before change ${step}`);
  };
  await expect(project.sync()).rejects.toThrow(Killed);
  project.disk.before = () => undefined;
  return project;
}

describe.each(SCENARIOS)("sync killed before any one of its changes, $name:", (scenario) => {
  it("nothing reads as untracked, and the next ends at the lock", async () => {
    const steps = await stepsOf(scenario);
    expect(steps).toBeGreaterThan(20);
    for (let step = 1; step <= steps; step++) {
      const project = await killedAt(scenario, step);
      const what = `killed before change ${step} of ${steps}`;
      expectSound(project, scenario);
      expect((await project.check()).plan?.conflicts ?? [], what).toEqual([]);
      await expectEndsAtLock(project, scenario).catch((error: unknown) => {
        throw new Error(`${what}: ${error}`, { cause: error });
      });
      // Of what we fetched ourselves, no more is kept than what was in the way.
      const kept = [...scenario.theirs, ...scenario.inTheWay];
      for (const content of project.trash()) expect(kept, what).toContain(content);
    }
  }, 120_000);
});
