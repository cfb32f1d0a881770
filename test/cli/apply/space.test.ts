import { describe, expect, it } from "vitest";
import { spaceProblem } from "../../../cli/apply/space.ts";
import { plan } from "../../../cli/plan.ts";
import { memoryDisk } from "../../support/memory-disk.ts";
import { file, placed, planInput, type Situation, want } from "../../support/plan-input.ts";

// Every file of these plans has 100 bytes.

async function fits(situation: Situation, free: { bytes?: number; inodes?: number }): Promise<boolean> {
  const disk = memoryDisk();
  disk.free = { bytes: free.bytes, inodes: free.inodes };
  return (
    (await spaceProblem(disk, "/root", { plan: plan(planInput(situation)), beside: undefined })) === undefined
  );
}

describe("spaceProblem()", () => {
  it.each<[string, Situation, number]>([
    ["nothing to do", { wants: [want("a", "a")], mine: [placed("a", "a")], disk: { a: file("a") } }, 0],
    ["a fetch", { wants: [want("a", "a")] }, 100],
    ["a fetch that goes on", { wants: [want("a", "a")], partial: { a: 60 } }, 40],
    ["a blob that is ready", { wants: [want("a", "a")], ready: ["a"] }, 0],
    ["one blob at three paths", { wants: [want("a", "a"), want("b", "a"), want("c", "a")] }, 300],
    [
      "a file that moves",
      { wants: [want("new", "a")], mine: [placed("old", "a")], disk: { old: file("a") } },
      0,
    ],
    [
      "a file that is copied",
      { wants: [want("a", "a"), want("b", "a")], mine: [placed("a", "a")], disk: { a: file("a") } },
      100,
    ],
    [
      "a file over one that goes to the trash, which frees nothing",
      { wants: [want("a", "a")], disk: { a: file("b") }, force: true },
      100,
    ],
    [
      "prunes, which come last",
      { wants: [want("a", "a")], mine: [placed("b", "b")], disk: { b: file("b") } },
      100,
    ],
  ])("%s needs what it needs, to the byte", async (_, situation, bytes) => {
    expect(await fits(situation, { bytes })).toBe(true);
    if (bytes > 0) expect(await fits(situation, { bytes: bytes - 1 })).toBe(false);
  });

  it("counts inodes too, those of new folders and of our own with them, and does without what the file system does not say", async () => {
    const wants = [want("a", "a"), want("new/er/b", "b"), want("new/er/c", "c")];
    const ours = 16;
    expect(await fits({ wants }, { bytes: 1_000, inodes: 3 + 2 + ours - 1 })).toBe(false);
    expect(await fits({ wants }, { bytes: 1_000, inodes: 3 + 2 + ours })).toBe(true);
    expect(await fits({ wants }, {})).toBe(true);
  });

  it("says what is needed and what there is", async () => {
    const disk = memoryDisk();
    disk.free = { bytes: 7, inodes: undefined };
    expect(
      await spaceProblem(disk, "/root", {
        plan: plan(planInput({ wants: [want("a", "a")] })),
        beside: undefined,
      }),
    ).toMatchObject({
      code: "NO_SPACE",
      message: 'cannot begin: 100 bytes are needed in "/root" and 7 are free',
    });
  });
});
