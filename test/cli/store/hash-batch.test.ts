import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packAnswers, packTasks, unpackAnswers, unpackTasks } from "../../../cli/store/hash-batch.ts";
import type { HashAnswer, HashTask } from "../../../cli/store/hashers.ts";
import type { Algorithm } from "../../../schema/ids.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";

describe("what goes between threads that hash", () => {
  const algorithms = fc.constantFrom<readonly Algorithm[]>(["sha256"], ["git"], ["sha256", "git"]);

  it("is the tasks that were packed", () => {
    const path = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));
    const task = fc
      .record({ path, size: fc.maxSafeNat(), algorithms })
      .map((parts): HashTask => ({ ...parts, algorithms: new Set(parts.algorithms) }));
    fc.assert(
      fc.property(fc.array(task, { minLength: 1 }), (tasks) => {
        expect(unpackTasks(packTasks(tasks))).toEqual(tasks);
      }),
    );
  });

  it("is the answers that were packed", () => {
    const time = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const stat = fc.record({
      kind: fc.constantFrom("file", "folder", "symlink", "special"),
      size: fc.maxSafeNat(),
      mtimeNs: time,
      ctimeNs: time,
      inode: number,
      device: number,
    });
    const known = fc
      .tuple(algorithms, fc.string())
      .map(([list, text]) => list.map((one) => (one === "git" ? gitOf(text) : sha256Of(text))));
    const answer = fc.oneof(
      fc.record({ kind: fc.constant("hashed"), digests: fc.option(known, { nil: undefined }), stat }),
      fc.record({ kind: fc.constant("failed"), code: fc.string(), message: fc.string() }),
    ) as fc.Arbitrary<HashAnswer>;
    fc.assert(
      fc.property(fc.array(answer), (answers) => {
        expect(unpackAnswers(packAnswers(answers))).toEqual(answers);
      }),
    );
  });
});
