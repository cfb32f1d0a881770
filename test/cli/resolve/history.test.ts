import { describe, expect, it } from "vitest";
import { TritterError } from "../../../cli/errors.ts";
import type { CommitInfo, Hub } from "../../../cli/hub/port.ts";
import { histories, historyBetween } from "../../../cli/resolve/history.ts";
import type { Commit } from "../../../schema/ids.ts";
import { commitOf } from "../../support/documents.ts";
import { fakeHub } from "../../support/fake-hub.ts";

const repo = { type: "dataset", repo: "o/n" } as const;
const { signal } = new AbortController();

const info = (digit: string): CommitInfo => ({
  commit: commitOf(digit),
  title: `c${digit}`,
  date: `2026-03-0${digit}T00:00:00.000Z`,
});
/** Newest first: 5 4 3 2 1. */
const line = ["5", "4", "3", "2", "1"].map(info);

function hubOf(history: readonly CommitInfo[], over: Partial<Hub> = {}) {
  return { ...fakeHub({ "o/n": { refs: {}, trees: {}, history } }), ...over };
}

const between = (hub: Hub, from: string, to: string) =>
  historyBetween(hub, repo, { from: commitOf(from), to: commitOf(to), signal });

describe("historyBetween()", () => {
  it.each<[string, string, string, object, readonly string[]]>([
    [
      "the same commit has nothing between, and a date",
      "5",
      "5",
      { kind: "forward", count: 0, commits: [], dates: { from: info("5").date, to: info("5").date } },
      ["commits o/n 5"],
    ],
    [
      "a newer one has what came, and asks for no page behind the old one",
      "4",
      "5",
      {
        kind: "forward",
        count: 1,
        commits: [info("5")],
        dates: { from: info("4").date, to: info("5").date },
      },
      ["commits o/n 5"],
    ],
    [
      "one much newer, over pages",
      "1",
      "5",
      { kind: "forward", count: 4, commits: line.slice(0, 4) },
      ["commits o/n 5", "more o/n", "more o/n"],
    ],
    [
      "an older one has what is left behind",
      "4",
      "2",
      {
        kind: "back",
        count: 2,
        commits: line.slice(1, 3),
        dates: { from: info("4").date, to: info("2").date },
      },
      ["commits o/n 2", "commits o/n 4", "more o/n"],
    ],
    [
      "one that is gone is in no history",
      "9",
      "2",
      { kind: "apart", gone: true, dates: { from: undefined, to: info("2").date } },
      ["commits o/n 2", "commits o/n 9"],
    ],
  ])("%s", async (_, from, to, told, calls) => {
    const hub = hubOf(line);
    expect(await between(hub, from, to)).toMatchObject(told);
    expect(hub.calls).toEqual(calls);
  });

  it("a rewritten history is apart from the old one, which the Hub still has", async () => {
    const lines: Record<string, readonly CommitInfo[]> = {
      [commitOf("5")]: [info("5"), info("4")],
      [commitOf("3")]: [info("3"), info("2")],
    };
    const hub = hubOf(line, {
      commits: async function* (_, revision) {
        yield lines[revision] ?? [];
      },
    });
    expect(await between(hub, "3", "5")).toEqual({
      kind: "apart",
      gone: false,
      dates: { from: info("3").date, to: info("5").date },
    });
  });

  it("looks at 1,000 commits each way, and tells the newest hundred", async () => {
    let pages = 0;
    const hub = hubOf(line, {
      commits: async function* (_, revision) {
        for (let page = 0; ; page++) {
          pages += 1;
          yield Array.from({ length: 100 }, (_, at) => ({
            commit: `${revision[0]}${page * 100 + at}`.padEnd(40, "0") as Commit,
            title: "",
            date: undefined,
          }));
        }
      },
    });
    const history = await between(hub, "1", "5");
    expect(history).toMatchObject({ kind: "far", count: 1_000 });
    expect(history.kind === "far" && history.commits).toHaveLength(100);
    expect(pages).toBe(20);
  });

  it.each([
    ["cannot be had", new TritterError({ code: "NETWORK", message: "cut off" }), "NETWORK"],
    [
      "is not known",
      new TritterError({ code: "LISTING_INCOMPLETE", message: "a folder" }),
      "LISTING_INCOMPLETE",
    ],
  ])("a history that %s is unknown, and no failure", async (_, error, code) => {
    const hub = hubOf(line, {
      // biome-ignore lint/correctness/useYield: it fails before
      commits: async function* () {
        throw error;
      },
    });
    expect(await between(hub, "1", "5")).toMatchObject({ kind: "unknown", problem: { code } });
  });

  it("is far where one of the two ends and the other has more commits than are looked at", async () => {
    const endless = async function* () {
      for (let page = 0; page < 100; page++)
        yield Array.from({ length: 100 }, () => ({ commit: commitOf("7"), title: "", date: undefined }));
    };
    const short = async function* () {
      yield [info("3")];
    };
    for (const long of ["1", "5"]) {
      const hub = hubOf(line, {
        commits: (_, revision) => (revision === commitOf(long) ? endless() : short()),
      });
      expect(await between(hub, "1", "5")).toMatchObject({ kind: "far" });
    }
  });

  it("has no dates where the Hub tells of no commits", async () => {
    const none = async function* () {
      yield [];
    };
    const told = { kind: "apart", gone: false, dates: { from: undefined, to: undefined } };
    expect(await between(hubOf(line, { commits: none }), "1", "5")).toEqual(told);
  });

  it.each([
    ["NETWORK", new TritterError({ code: "NETWORK", message: "cut off" })],
    ["BUG", Object.assign(new Error("no PIN_GONE of ours"), { code: "PIN_GONE" })],
  ])("does not take the old commit for gone where asking for it fails: %s", async (_, error) => {
    const { commits } = hubOf(line);
    const hub = hubOf(line, {
      commits: (ref, revision: string) => {
        if (revision === commitOf("4")) throw error;
        return commits(ref, revision as Commit);
      },
    });
    expect(await between(hub, "4", "2")).toMatchObject({ kind: "unknown" });
  });

  it("an abort is an abort", async () => {
    const controller = new AbortController();
    const hub = hubOf(line, {
      // biome-ignore lint/correctness/useYield: it fails before
      commits: async function* () {
        controller.abort(new Error("stopped"));
        throw new Error("the request was cut");
      },
    });
    const asked = historyBetween(hub, repo, {
      from: commitOf("1"),
      to: commitOf("5"),
      signal: controller.signal,
    });
    await expect(asked).rejects.toThrow("stopped");
  });
});

describe("histories()", () => {
  it("asks for each pair of commits of a repository once", async () => {
    const hub = fakeHub({
      "o/n": { refs: {}, trees: {}, history: line },
      "o/m": { refs: {}, trees: {}, history: line },
    });
    const ask = histories(hub, signal);
    const range = (from: string, to: string) => ({ from: commitOf(from), to: commitOf(to) });
    const first = await ask(repo, range("4", "5"));
    expect(await ask({ ...repo }, range("4", "5"))).toBe(first);
    expect(hub.calls).toEqual(["commits o/n 5"]);
    expect(await ask(repo, range("3", "5"))).toMatchObject({ kind: "forward", count: 2 });
    expect(await ask(repo, range("4", "4"))).toMatchObject({ kind: "forward", count: 0 });
    await ask({ ...repo, repo: "o/m" }, range("4", "5"));
    expect(hub.calls.filter((call) => !call.startsWith("more"))).toEqual([
      "commits o/n 5",
      "commits o/n 5",
      "commits o/n 4",
      "commits o/m 5",
    ]);
    expect(await ask({ ...repo, type: "model" }, range("4", "5"))).toMatchObject({ kind: "unknown" });
  });

  it("stops with the signal", async () => {
    const stopped = AbortSignal.abort(new Error("stopped"));
    const hub = fakeHub({});
    const asked = histories(hub, stopped)(repo, { from: commitOf("1"), to: commitOf("2") });
    await expect(asked).rejects.toThrow("stopped");
  });
});
