import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serialiseMerged } from "../../cli/lock/conflict.ts";
import { mergeLocks } from "../../cli/lock/merge.ts";
import { parseLock } from "../../cli/lock/read.ts";
import { choiceText, chooseSide } from "../../cli/lock/salvage.ts";
import { serialiseLock } from "../../cli/lock/write.ts";
import { histories } from "../cli/lock/documents.ts";
import { CASES, expectRefusedLocks, expectSafe, LONG, nearly, orProblems } from "../support/fuzz.ts";

const DICTIONARY = [
  "<<<<<<< ours\n",
  "<<<<<<<<< ours\n",
  "||||||| base\n",
  "=======\n",
  ">>>>>>> theirs\n",
  '"files": [\n',
  "]},\n",
  "]}\n",
  "}}\n",
  '"a": {\n',
  '"sources": {\n',
  '"version": 1,\n',
  '"listing": "sha256:',
  '{"path":"x","size":1,"git":"',
  '"commit": 1,\n',
  '"__proto__": {},\n',
];

describe("a lock in conflict from a stranger", () => {
  it("is put together as a lock that reads back, or refused, safe to print", { timeout: LONG }, async () => {
    let mended = 0;
    const conflicts = histories.map(({ base, ours, theirs }) =>
      serialiseMerged(mergeLocks(base, ours, theirs)),
    );
    const text = conflicts.chain((one) => nearly([one], DICTIONARY));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom("ours" as const, "theirs" as const), async (given, side) => {
        const choice = chooseSide(given, side);
        if (choice === undefined) return;
        const got = await orProblems(() => parseLock(choiceText(choice), "x.lock"));
        if (!("value" in got)) return;
        mended += 1;
        expectSafe(...got.value.warnings);
        expect(parseLock(serialiseLock(got.value.lock), "x.lock").lock).toEqual(got.value.lock);
      }),
      { numRuns: CASES },
    );
    expect(mended).toBeGreaterThan(CASES / 100);
  });

  it(
    "is refused within 256 MB where it nests, repeats or conflicts without end",
    {
      timeout: LONG,
    },
    () => expectRefusedLocks(BOMBS, "lock", "--resolve", "ours"),
  );
});

const HEAD = '{\n"version": 1,\n"sources": {\n';

const BOMBS = [
  "<<<<<<< a\n".repeat(100_000),
  "<<<<<<< a\n=======\n>>>>>>> b\n".repeat(100_000),
  `${HEAD}${'"s": {\n'.repeat(100_000)}`,
  `${HEAD}${Array.from({ length: 50_000 }, (_, n) => `"s${n}": {\n"listing": "sha256:${n}",\n`).join("")}`,
  `${HEAD}"s": {\n${'"a": 1,\n'.repeat(300_000)}`,
  `${HEAD}"s": {\n"a": ${"[".repeat(1_000_000)},\n`,
];
