import { describe, expect, it } from "vitest";
import { CHANGES, type Operation, systemError } from "../support/memory-disk.ts";
import { ROOT } from "../support/memory-project.ts";
import { expectEndsAtLock, SCENARIOS, type Scenario } from "../support/scenarios.ts";

// Power is lost before each change, and after the last: the disk forgets what no flush made durable.

const isStep = (operation: Operation, path: string) => CHANGES.has(operation) && path.startsWith(ROOT);

async function stepsOf(scenario: Scenario): Promise<number> {
  const project = await scenario.prepare();
  let steps = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) steps += 1;
  };
  await project.sync();
  return steps;
}

async function lostAt(
  scenario: Scenario,
  { step, unflushed }: { step: number; unflushed: "lost" | "zeros" },
) {
  const project = await scenario.prepare();
  let count = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) count += 1;
    if (count >= step) throw systemError("EIO", path);
  };
  await project.sync().catch(() => undefined);
  project.disk.before = () => undefined;
  project.disk.losePower(unflushed);
  return project;
}

describe.each(SCENARIOS)("sync that loses power, $name:", (scenario) => {
  it.each(["lost", "zeros"] as const)(
    "what was not flushed is %s: the next ends at the lock, and no wrong byte is believed",
    async (unflushed) => {
      const steps = await stepsOf(scenario);
      for (let step = 1; step <= steps + 1; step++) {
        const project = await lostAt(scenario, { step, unflushed });
        try {
          await expectEndsAtLock(project, scenario);
          const deep = await project.check(true);
          expect(deep.problems).toEqual([]);
        } catch (error) {
          throw new Error(`power lost before step ${step} of ${steps}: ${error}`, { cause: error });
        }
      }
    },
    120_000,
  );

  it("forgets none of the files it fetched itself: when they leave the lock, they leave the disk", async () => {
    const steps = await stepsOf(scenario);
    for (let step = 1; step <= steps + 1; step++) {
      const project = await lostAt(scenario, { step, unflushed: "zeros" });
      await project.sync();
      project.publish({ "other.txt": "other" });
      await project.update();
      expect((await project.sync()).problems).toEqual([]);
      const what = `power lost before step ${step} of ${steps}`;
      expect(project.tree(), what).toEqual({ "other.txt": "other", ...scenario.stays });
      const kept = project.trash().filter((content) => content.replaceAll("\0", "") !== "");
      expect([...scenario.theirs, ...scenario.inTheWay], what).toEqual(expect.arrayContaining(kept));
    }
  }, 120_000);
});
