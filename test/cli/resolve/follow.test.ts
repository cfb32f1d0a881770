import { describe, expect, it } from "vitest";
import { TritterError } from "../../../cli/errors.ts";
import type { CommitInfo } from "../../../cli/hub/port.ts";
import { type Obligation, obligationOf } from "../../../cli/resolve/follow.ts";
import type { Commit } from "../../../schema/ids.ts";
import { commitOf, entryOf, sourceOf } from "../../support/documents.ts";
import { type FakeHub, fakeHub } from "../../support/fake-hub.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-03-31T12:00:00Z");
const day = (number: number) => `2026-03-${String(number).padStart(2, "0")}T12:00:00.000Z`;

/** Commits by digit, newest first, each made on that day of March. */
function hubOf(
  days: readonly (readonly [digit: string, day: number | undefined])[],
  tip = days[0]?.[0] ?? "",
): FakeHub {
  const history = days.map(
    ([digit, made]): CommitInfo => ({
      commit: commitOf(digit),
      title: `c${digit}`,
      date: made === undefined ? undefined : day(made),
    }),
  );
  const trees = Object.fromEntries(history.map(({ commit }) => [commit, []]));
  return fakeHub({ "o/s": { refs: { main: commitOf(tip) }, trees, history } });
}

async function follow(hub: FakeHub, pinned: string, grace = 10): Promise<Obligation> {
  const locked = entryOf(sourceOf("s"), [], { commit: commitOf(pinned) });
  const tip = await hub.resolve({ type: "dataset", repo: "o/s" }, "main");
  hub.clearCalls();
  const terms = { ref: "main", grace: `${grace}d`, graceMs: grace * DAY };
  return obligationOf({ hub, now: NOW }, locked, { follow: terms, tip });
}

const newer = (digit: string, made: number, grace = 10) => ({
  kind: "newer",
  due: Date.parse(day(made)) + grace * DAY,
  first: { commit: commitOf(digit) },
});

describe("obligationOf()", () => {
  const LINE = [
    ["5", 30],
    ["4", 25],
    ["3", 20],
    ["2", 10],
    ["1", 1],
  ] as const;

  it("is met by the tip, and asks nothing more then", async () => {
    const hub = hubOf(LINE);
    expect(await follow(hub, "5")).toEqual({ kind: "met", apart: false });
    expect(hub.calls).toEqual([]);
  });

  it("counts from the first commit that is newer than the pin, not from the tip", async () => {
    expect(await follow(hubOf(LINE), "4")).toMatchObject({ ...newer("5", 30), owed: false, apart: false });
    expect(await follow(hubOf(LINE), "3")).toMatchObject({ ...newer("4", 25), owed: false });
    expect(await follow(hubOf(LINE), "2")).toMatchObject({ ...newer("3", 20), owed: true });
    expect(await follow(hubOf(LINE), "1")).toMatchObject({ ...newer("2", 10), owed: true });
  });

  it("is owed once it is older than the grace, to the millisecond", async () => {
    expect(await follow(hubOf(LINE), "2", 11)).toMatchObject({ owed: false, due: NOW });
    const hub = hubOf([
      ["2", 20],
      ["1", 1],
    ]);
    const locked = entryOf(sourceOf("s"), [], { commit: commitOf("1") });
    const tip = await hub.resolve({ type: "dataset", repo: "o/s" }, "main");
    const terms = { ref: "main", grace: "11d", graceMs: 11 * DAY };
    const at = (now: number) => obligationOf({ hub, now }, locked, { follow: terms, tip });
    expect([await at(NOW), await at(NOW + 1)]).toMatchObject([{ owed: false }, { owed: true }]);
  });

  it("reads no further than the pin", async () => {
    const hub = hubOf(LINE);
    await follow(hub, "4");
    expect(hub.calls).toEqual(["commits o/s 5"]);
    hub.clearCalls();
    await follow(hub, "3");
    expect(hub.calls).toEqual(["commits o/s 5", "more o/s"]);
  });

  describe("of a history that was rewritten, which the pin is not in,", () => {
    /** The pin 9 still stands beside main. */
    const beside = (made: number | undefined, line: Parameters<typeof hubOf>[0] = LINE) => {
      const hub = hubOf(line);
      const pin: CommitInfo = {
        commit: commitOf("9"),
        title: "c9",
        date: made === undefined ? undefined : day(made),
      };
      const { commits } = hub;
      const pages = async function* () {
        yield [pin];
      };
      hub.commits = (repo, revision: string | Commit) =>
        revision === commitOf("9") ? pages() : commits(repo, revision);
      return hub;
    };

    it("counts from the first commit with a later date", async () => {
      expect(await follow(beside(15), "9")).toMatchObject({ ...newer("3", 20), owed: true, apart: true });
      expect(await follow(beside(22), "9")).toMatchObject({ ...newer("4", 25), owed: false, apart: true });
      const unsorted = [
        ["5", 26],
        ["4", 18],
        ["3", 29],
      ] as const;
      expect(await follow(beside(17, unsorted), "9")).toMatchObject(newer("4", 18));
    });

    it("is met where nothing is newer, and says that it is beside", async () => {
      expect(await follow(beside(30), "9")).toEqual({ kind: "met", apart: true });
    });

    it("is unknown where the pin is gone, or a date is", async () => {
      expect(await follow(hubOf(LINE), "9")).toEqual({
        kind: "unknown",
        why: "the pinned commit is not in its history, and its date is not known",
      });
      expect(await follow(beside(undefined), "9")).toMatchObject({ kind: "unknown" });
      const undated = [
        ["5", 30],
        ["4", undefined],
      ] as const;
      expect(await follow(beside(15, undated), "9")).toEqual({
        kind: "unknown",
        why: "the pinned commit is not in its history, which tells no dates",
      });
    });
  });

  it("is unknown where the date of the newer commit is", async () => {
    const hub = hubOf([
      ["2", undefined],
      ["1", 1],
    ]);
    expect(await follow(hub, "1")).toEqual({
      kind: "unknown",
      why: "it does not tell how old a newer commit is",
    });
  });

  it("fails with what the Hub says of the pin, unless that is gone", async () => {
    const hub = hubOf(LINE);
    const { commits } = hub;
    const said = new TritterError({ code: "NETWORK", message: "no answer" });
    for (const error of [said, Object.assign(new Error("a bug"), { code: "PIN_GONE" })]) {
      hub.commits = (repo, revision: string | Commit) => {
        if (revision === commitOf("9")) throw error;
        return commits(repo, revision);
      };
      await expect(follow(hub, "9")).rejects.toBe(error);
    }
  });

  it("is unknown where the Hub tells of no commit, or of none before the pin", async () => {
    const hub = hubOf(LINE);
    const { commits } = hub;
    const answering = (page: readonly CommitInfo[]) =>
      async function* () {
        yield page;
      };
    hub.commits = (repo, revision: string | Commit) =>
      revision === commitOf("9") ? answering([])() : commits(repo, revision);
    expect(await follow(hub, "9")).toMatchObject({ kind: "unknown" });
    hub.commits = answering([{ commit: commitOf("1"), title: "", date: day(1) }]);
    expect(await follow(hub, "1")).toMatchObject({ kind: "unknown" });
  });

  it("gives up after 10,000 commits, and does not take that for none", async () => {
    const hub = hubOf(LINE);
    let pages = 0;
    hub.commits = async function* () {
      for (;;) {
        pages += 1;
        yield Array.from({ length: 100 }, () => ({ commit: commitOf("a"), title: "", date: day(30) }));
      }
    };
    expect(await follow(hub, "1")).toEqual({
      kind: "unknown",
      why: "its newest 10000 commits do not reach the pinned one",
    });
    expect(pages).toBe(100);
  });
});
