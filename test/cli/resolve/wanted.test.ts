import { describe, expect, it } from "vitest";
import { type Problem, problemsOf } from "../../../cli/errors.ts";
import { limitOf, wantedNow } from "../../../cli/resolve/wanted.ts";
import type { Commit } from "../../../schema/ids.ts";
import type { Carrier } from "../../../schema/manifest.ts";
import { carrierOf, commitOf } from "../../support/documents.ts";
import { type FakeHub, fakeHub } from "../../support/fake-hub.ts";

const NOW = Date.parse("2026-03-10T12:00:00Z");

/** Of commits 5 (the tip) to 1, on March 10, 9, 7, 5 and 1 at noon. */
function hubOf(dates: Readonly<Record<string, string | undefined>> = DATES): FakeHub {
  const commits = Object.keys(dates).reverse();
  const repo = {
    refs: { main: commitOf("5"), v1: commitOf("2") },
    trees: Object.fromEntries(commits.map((digit) => [commitOf(digit), []])),
    history: commits.map((digit) => ({ commit: commitOf(digit), title: `c${digit}`, date: dates[digit] })),
  };
  return fakeHub({ "o/n": repo, "o/old": { ...repo, name: "o/n" } });
}

const DATES = {
  1: "2026-03-01T12:00:00.000Z",
  2: "2026-03-05T12:00:00.000Z",
  3: "2026-03-07T12:00:00.000Z",
  4: "2026-03-09T12:00:00.000Z",
  5: "2026-03-10T12:00:00.000Z",
};

const wanted = (hub: FakeHub, parts: Partial<Carrier>, pinned?: Commit) =>
  wantedNow({ hub, now: NOW, pinned }, carrierOf("o/n", parts));

async function problem(hub: FakeHub, parts: Partial<Carrier>): Promise<Problem | undefined> {
  const error = await wanted(hub, parts).catch((thrown: unknown) => thrown);
  return problemsOf(error)[0];
}

describe("limitOf()", () => {
  it.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, undefined],
    ["2026-03-01", undefined, "2026-03-01T23:59:59.999Z"],
    ["2026-03-01T10:00:00Z", undefined, "2026-03-01T10:00:00.000Z"],
    [undefined, "3d", "2026-03-07T12:00:00.000Z"],
    ["2026-03-08", "3d", "2026-03-07T12:00:00.000Z"],
    ["2026-03-06", "3d", "2026-03-06T23:59:59.999Z"],
    ["2027-01-01", undefined, "2027-01-01T23:59:59.999Z"],
  ])("as of %s and %s old is %s: the older wins", (asOf, minAge, until) => {
    const limit = limitOf({ asOf, minAge }, NOW);
    expect(limit && new Date(limit.until).toISOString()).toBe(until);
  });
});

describe("wantedNow()", () => {
  it.each<[string, Partial<Carrier>, string, readonly string[]]>([
    ["without a time, what the revision names", {}, "5", ["resolve o/n main"]],
    [
      "as of today, the tip, whose terms are known already",
      { asOf: "2026-03-10" },
      "5",
      ["resolve o/n main", "commits o/n 5"],
    ],
    [
      "as of a day, the newest commit to its end",
      { asOf: "2026-03-09" },
      "4",
      ["resolve o/n main", "commits o/n 5", `resolve o/n ${commitOf("4")}`],
    ],
    [
      "as of a moment before the day's commit, the one before",
      { asOf: "2026-03-09T11:59:59Z" },
      "3",
      ["resolve o/n main", "commits o/n 5", "more o/n", `resolve o/n ${commitOf("3")}`],
    ],
    [
      "at least 24 hours old, one that is just that",
      { minAge: "1d" },
      "4",
      ["resolve o/n main", "commits o/n 5", `resolve o/n ${commitOf("4")}`],
    ],
    [
      "of a tag, from its history",
      { revision: "v1", asOf: "2026-03-04" },
      "1",
      ["resolve o/n v1", "commits o/n 2", `resolve o/n ${commitOf("1")}`],
    ],
    [
      "of both, the older",
      { asOf: "2026-03-09", minAge: "4d" },
      "2",
      ["resolve o/n main", "commits o/n 5", "more o/n", `resolve o/n ${commitOf("2")}`],
    ],
  ])("%s", async (_, parts, digit, calls) => {
    const hub = hubOf();
    const { resolved, isFresh } = await wanted(hub, parts);
    expect([resolved.commit, isFresh]).toEqual([commitOf(digit), false]);
    expect(hub.calls).toEqual(calls);
  });

  it("asks by the canonical name once it is known", async () => {
    const hub = hubOf();
    const carrier = carrierOf("o/old", { minAge: "1d" });
    expect((await wantedNow({ hub, now: NOW, pinned: undefined }, carrier)).resolved.repo).toBe("o/n");
    expect(hub.calls).toEqual(["resolve o/old main", "commits o/n 5", `resolve o/n ${commitOf("4")}`]);
  });

  it.each<[string, Partial<Carrier>, pinned: string, commit: string, isFresh: boolean]>([
    ["an older pin moves on", { minAge: "1d" }, "1", "4", false],
    ["a pin that is just old enough is what is wanted", { minAge: "1d" }, "4", "4", false],
    ["a pin that is too young stays, and is not moved back", { minAge: "1d" }, "5", "5", true],
    ["also one between the tip and what is old enough", { minAge: "3d" }, "4", "4", true],
    ["also where nothing at all is old enough", { minAge: "2w" }, "3", "3", true],
    ["a pin after as-of is moved back", { asOf: "2026-03-05" }, "4", "2", false],
    ["a pin after as-of is moved back, young or not", { asOf: "2026-03-08", minAge: "4d" }, "4", "2", false],
    [
      "a pin of just as-of that is too young stays",
      { asOf: "2026-03-07T12:00:00Z", minAge: "4d" },
      "3",
      "3",
      true,
    ],
    ["a pin before as-of that is too young stays", { asOf: "2026-03-08", minAge: "4d" }, "3", "3", true],
    ["a pin of another history moves", { minAge: "1d" }, "9", "4", false],
  ])("with a pin: %s", async (_, parts, pinned, commit, isFresh) => {
    const answer = await wanted(hubOf(), parts, commitOf(pinned));
    expect([answer.resolved.commit, answer.isFresh]).toEqual([commitOf(commit), isFresh]);
  });

  it("says from when the oldest is where none is old enough", async () => {
    expect(await problem(hubOf(), { asOf: "2020-01-01" })).toMatchObject({
      code: "REVISION_NOT_FOUND",
      message:
        'cannot resolve dataset "o/n" at "main" as of 2020-01-01: its oldest commit is of 2026-03-01T12:00:00.000Z, and should be of 2020-01-01T23:59:59.999Z or before',
      hint: "correct as-of",
    });
    expect(await problem(hubOf(), { minAge: "2w" })).toMatchObject({
      code: "REVISION_NOT_FOUND",
      message:
        'cannot resolve dataset "o/n" at "main" at least 2w old: its oldest commit is of 2026-03-01T12:00:00.000Z, and should be of 2026-02-24T12:00:00.000Z or before',
      hint: "try again later, or correct min-age",
    });
    expect(await problem(hubOf(), { asOf: "2020-01-01", minAge: "2w" })).toMatchObject({
      hint: "correct as-of or min-age",
    });
    const empty = { ...hubOf(), commits: async function* () {} } as FakeHub;
    expect((await problem(empty, { minAge: "2w" }))?.message).toContain("it has no commit, and should be of");
  });

  it("does not guess how old a commit is", async () => {
    expect(await problem(hubOf({ ...DATES, 4: undefined }), { minAge: "1h" })).toMatchObject({
      code: "HUB",
      message: `cannot tell how old commit ${commitOf("4")} is: "fake" does not say when it was made`,
      hint: "use another endpoint, or drop as-of and min-age",
    });
  });

  it("gives up after 10,000 commits, and says so", async () => {
    const hub = hubOf();
    const page = Array.from({ length: 100 }, () => ({ commit: commitOf("a"), title: "", date: DATES[5] }));
    let asked = 0;
    const endless = {
      ...hub,
      commits: async function* () {
        for (;;) {
          asked += 1;
          yield page;
        }
      },
    };
    const error = await wantedNow(
      { hub: endless, now: NOW, pinned: undefined },
      carrierOf("o/n", { minAge: "1d" }),
    ).catch((thrown: unknown) => thrown);
    expect(problemsOf(error)).toMatchObject([
      {
        code: "REVISION_NOT_FOUND",
        message:
          'cannot resolve dataset "o/n" at "main" at least 1d old: its newest 10000 commits are all younger',
        hint: 'name the commit itself as "revision"',
      },
    ]);
    expect(asked).toBe(100);
  });
});
