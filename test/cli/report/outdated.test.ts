import { describe, expect, it } from "vitest";
import type { OutdatedResult, OutdatedSource } from "../../../cli/project/outdated.ts";
import { outdatedLines } from "../../../cli/report/outdated.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import type { Layout } from "../../../cli/report/plan-lines.ts";
import type { History } from "../../../cli/resolve/history.ts";
import { commitOf } from "../../support/documents.ts";
import { lockedOf } from "../../support/plans.ts";
import { changeOf, projectOf } from "../../support/results.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const before = lockedOf("code", { a: [100, "a"], b: [1_200_000_000, "b"] });
const after = lockedOf(
  "code",
  { a: [100, "a"], c: [1_300_000_000, "c"] },
  { licenses: ["other"], commit: commitOf("d") },
);
const dates = { from: "2026-08-01T00:00:00.000Z", to: "2026-11-23T11:00:00.000Z" };

function row(parts: Partial<OutdatedSource> = {}): OutdatedSource {
  return {
    name: "code",
    type: "dataset",
    repo: "o/code",
    revision: "main",
    asOf: undefined,
    minAge: undefined,
    state: "outdated",
    pinned: { commit: commitOf("9"), date: dates.from },
    wanted: { commit: commitOf("d"), date: dates.to },
    history: { kind: "forward", count: 12, commits: [], dates },
    change: changeOf(before, after),
    ...parts,
  };
}

const current = row({
  name: "docs",
  state: "current",
  wanted: { commit: commitOf("9"), date: dates.from },
  history: { kind: "forward", count: 0, commits: [], dates: { from: dates.from, to: dates.from } },
  change: undefined,
});

function lines(sources: readonly OutdatedSource[], parts: Partial<Layout> = {}): readonly string[] {
  const layout = { paint: paintFor(false), width: 100, verbose: false, ...parts };
  const result: OutdatedResult = { project: projectOf([]), sources, now: NOW, problems: [] };
  return outdatedLines(result, layout);
}

describe("outdatedLines()", () => {
  it("shows what update would move, by how much, and what it would change", () => {
    expect(lines([row(), current])).toEqual([
      "SOURCE  PINNED         WANTED         BEHIND  FILES   FETCH",
      "code    9999999 (3mo)  ddddddd (25h)      12  +1 -1  1.3 GB",
      "code: licence mit → other",
      "1 of 2 sources outdated; to fetch: 1 file, 1.3 GB",
    ]);
  });

  it("shows all of them when verbose", () => {
    expect(lines([row(), current], { verbose: true })[2]).toBe(
      "docs    9999999 (3mo)  current             0",
    );
  });

  it("says only so where nothing is outdated", () => {
    expect(lines([current])).toEqual(["up to date: 1 source"]);
    expect(lines([])).toEqual(["up to date: 0 sources"]);
  });

  it.each<[number, string]>([
    [60, "SOURCE  PINNED         WANTED         BEHIND  FILES   FETCH"],
    [58, "SOURCE  PINNED         WANTED         BEHIND   FETCH"],
    [50, "SOURCE  PINNED         WANTED         BEHIND"],
    [40, "SOURCE  PINNED         WANTED"],
  ])("in %d columns leaves out what fits no more", (width, head) => {
    const found = lines([row()], { width });
    expect(found[0]).toBe(head);
    expect(found[1]?.length).toBeLessThanOrEqual(width);
  });

  it.each<[History | undefined, string]>([
    [{ kind: "far", count: 1_000, commits: [], dates }, ">1,000"],
    [{ kind: "back", count: 3, commits: [], dates }, "3 ahead"],
    [{ kind: "apart", gone: false, dates }, "apart"],
    [{ kind: "apart", gone: true, dates }, "gone"],
    [{ kind: "unknown", problem: { code: "NETWORK", message: "" } }, "?"],
    [undefined, "?"],
  ])("says of %o that it is %s behind", (history, text) => {
    expect(lines([row({ history })])[1]).toContain(` ${text}  +1 -1`);
  });

  it("says what it could not compare, and why", () => {
    const none = { pinned: undefined, wanted: undefined, history: undefined, change: undefined };
    const pinned = { commit: commitOf("9"), date: undefined };
    expect(
      lines([
        row({ name: "a", state: "unlocked", ...none }),
        row({ name: "b", state: "stale", ...none, pinned }),
        row({ name: "c", state: "unknown", ...none, pinned }),
        row({ name: "d", state: "fresh", minAge: "3d", change: undefined }),
      ]),
    ).toEqual([
      "SOURCE  PINNED         WANTED  BEHIND  FILES  FETCH",
      "c       9999999        ?            ?",
      "d       9999999 (3mo)  fresh       12",
      "a: not compared: not in the lock yet (tritter lock)",
      "b: not compared: the manifest names another repository or revision by now (tritter lock)",
      "d: stays: the pin is not 3d old yet, and what is older is older than the pin",
      "4 sources, 1 not known",
    ]);
  });
});
