import { describe, expect, it } from "vitest";
import { CHANGES, type Operation, type PowerLoss, systemError } from "../support/memory-disk.ts";
import { isOurs, type MemoryProject } from "../support/memory-project.ts";
import { seeded, seedOfRun } from "../support/random.ts";
import { expectEndsAtLock, SCENARIOS, type Scenario } from "../support/scenarios.ts";

// Power is lost before each change and each flush, and after the last: the disk forgets what no flush made durable.

const SEED = seedOfRun();
/** Draws of what a power loss leaves, at each moment. */
const DRAWS = Number(process.env.TRITTER_DRAWS ?? 2);

const isStep = (operation: Operation, path: string) =>
  isOurs(path) && (CHANGES.has(operation) || operation === "sync" || operation === "syncFolder");

async function stepsOf(scenario: Scenario): Promise<number> {
  const project = await scenario.prepare();
  let steps = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) steps += 1;
  };
  expect((await project.sync()).problems).toEqual([]);
  return steps;
}

async function lostAt(scenario: Scenario, { step, loss }: { step: number; loss: PowerLoss }) {
  const project = await scenario.prepare();
  let count = 0;
  project.disk.before = (operation, path) => {
    if (isStep(operation, path)) count += 1;
    if (count >= step) throw systemError("EIO", path);
  };
  await project.sync().catch(() => undefined);
  project.disk.before = () => undefined;
  project.disk.losePower(loss);
  return project;
}

/** Losses, by how they are called in a message. */
function losses({ slow }: Scenario, step: number): (readonly [string, PowerLoss])[] {
  const drawn = Array.from({ length: slow ? 1 : DRAWS }, (_, draw) => {
    const seed = SEED + 1_000 * step + draw;
    return [`drawn from ${seed}`, seeded(seed)] as const;
  });
  const whole = ["zeros", ...(slow ? [] : (["lost", "names"] as const))] as const;
  return [...whole.map((loss) => [loss, loss] as const), ...drawn];
}

describe.each(SCENARIOS)(`sync that loses power, $name (TRITTER_SEED=${SEED}):`, (scenario) => {
  it("the next ends at the lock, and no wrong byte is believed", async () => {
    const steps = await stepsOf(scenario);
    for (let step = 1; step <= steps + 1; step++) {
      for (const [called, loss] of losses(scenario, step)) {
        const project = await lostAt(scenario, { step, loss });
        try {
          if (typeof loss !== "string") await twiceIfTold(project);
          await expectEndsAtLock(project, scenario);
          const deep = await project.check(true);
          expect(deep.problems).toEqual([]);
        } catch (error) {
          throw new Error(`power lost before step ${step} of ${steps}, ${called}: ${error}`, {
            cause: error,
          });
        }
      }
    }
  }, 180_000);

  it("forgets none of the files it fetched itself: when they leave the lock, they leave the disk", async () => {
    const steps = await stepsOf(scenario);
    for (let step = 1; step <= steps + 1; step++) {
      for (const [called, loss] of [["zeros", "zeros"] as const, ...losses(scenario, step).slice(-1)]) {
        const project = await lostAt(scenario, { step, loss });
        await project.sync();
        project.publish({ "other.txt": "other" });
        await project.update();
        const what = `power lost before step ${step} of ${steps}, ${called}`;
        expect(await twiceIfTold(project), what).toEqual([]);
        expect(project.tree(), what).toEqual({ "other.txt": "other", ...scenario.stays });
        if (loss !== "zeros") continue;
        const kept = project.trash().filter((content) => content.replaceAll("\0", "") !== "");
        expect([...scenario.theirs, ...scenario.inTheWay], what).toEqual(expect.arrayContaining(kept));
      }
    }
  }, 180_000);
});

/** One file under two names changes under one when the other goes: told as a change of others', and to be run again. */
async function twiceIfTold(project: MemoryProject) {
  const { problems } = await project.sync();
  const isTold = problems.every(
    ({ code, hint }) => code === "CONFLICT" && hint === "run the same command again",
  );
  return isTold && problems.length > 0 ? (await project.sync()).problems : problems;
}
