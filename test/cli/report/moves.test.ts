import { describe, expect, it } from "vitest";
import { changeLines } from "../../../cli/report/changes.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import type { Layout } from "../../../cli/report/plan-lines.ts";
import type { SourceChange } from "../../../cli/resolve/changes.ts";
import type { History } from "../../../cli/resolve/history.ts";
import type { Commit } from "../../../schema/ids.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import { lockedOf } from "../../support/plans.ts";
import { changeOf } from "../../support/results.ts";

const layout: Layout = { paint: paintFor(false), width: Number.POSITIVE_INFINITY, verbose: false };
const later = "def5678000000000000000000000000000000000" as Commit;
const before = lockedOf("code", {
  "a.txt": [100, "a"],
  "b.txt": [200, "b"],
  "c.txt": [300, "c"],
  "d.txt": [4, "d"],
});
const after = lockedOf(
  "code",
  { "a.txt": [100, "a"], "b.txt": [500, "e"], "new.txt": [1000, "f"], "z.txt": [300, "c"] },
  { commit: later },
);
const dates = { from: undefined, to: undefined };
const commits = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    commit: String(at).padStart(40, "0").split("").reverse().join("") as Commit,
    title: `Title ${at}`,
    date: at === 1 ? undefined : `2026-03-0${(at % 9) + 1}T12:00:00.000Z`,
  }));

const moved = (history: History, to: LockedSource = after, from: LockedSource = before): SourceChange => ({
  ...changeOf(from, to),
  history,
});

const forward = (count: number): History => ({
  kind: "forward",
  count,
  commits: commits(Math.min(count, 100)),
  dates,
});

describe("changeLines() of a pin that moved", () => {
  it("tells commits, files by what became of them, and what is fetched and freed", () => {
    expect(changeLines([moved(forward(2))], layout)).toEqual([
      "code: pin moved 9fc30b5..def5678, 2 commits, files +1 -1 ~1 1 renamed, 1.9 kB (+1.3 kB)",
      "  2026-03-01  0000000  Title 0",
      "  unknown     1000000  Title 1",
      "  + new.txt  1.0 kB  added",
      "  ~ b.txt  500 B  changed, was 200 B",
      "  - d.txt  4 B  removed",
      "  = z.txt  300 B  renamed from c.txt",
      "  to fetch: 2 files, 1.5 kB; freed: 2 files, 204 B",
    ]);
  });

  it("counts what is more than ten of a kind, and lists all that is known when verbose", () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`f${String(at).padStart(2, "0")}`, [1, "9"] as const]),
    );
    const change = moved(forward(140), lockedOf("code", many, { commit: later }), lockedOf("code", {}));
    const lines = changeLines([change], layout);
    expect(lines[0]).toContain(", 140 commits, files +30,");
    expect(lines[11]).toBe("    and 130 more commits");
    expect(lines.filter((line) => line.startsWith("  + "))).toHaveLength(10);
    expect(lines).toContain("    and 20 more (--verbose lists all)");
    const verbose = changeLines([change], { ...layout, verbose: true });
    expect(verbose.filter((line) => line.startsWith("  + "))).toHaveLength(30);
    expect(verbose[101]).toBe("    and 40 more commits");
  });

  it.each<[string, History, string, readonly string[]]>([
    [
      "back",
      { kind: "back", count: 1, commits: commits(1), dates },
      "back 1 commit",
      ["  leaves behind", "  2026-03-01  0000000  Title 0"],
    ],
    [
      "far",
      { kind: "far", count: 1_000, commits: commits(100), dates },
      "more than 1,000 commits",
      [...commits(10).map(({ title }) => title), "    and more than 990 more commits"],
    ],
    [
      "to another history",
      { kind: "apart", gone: false, dates },
      "files",
      ["  history was rewritten, or is another branch's: 9fc30b5 is not part of it"],
    ],
    [
      "from a commit that is gone",
      { kind: "apart", gone: true, dates },
      "files",
      ["  history was rewritten: 9fc30b5 is gone upstream"],
    ],
    [
      "over commits that nobody tells of",
      { kind: "unknown", problem: { code: "NETWORK", message: "cut \u001b[31moff" } },
      "files",
      ["  the commits between are not known: cut \\u001b[31moff"],
    ],
  ])("says that it moved %s", (_, history, distance, expected) => {
    const lines = changeLines([moved(history)], layout);
    expect(lines[0]).toContain(`pin moved 9fc30b5..def5678, ${distance}`);
    const head = lines.slice(1, 1 + expected.length);
    for (const [at, line] of expected.entries()) expect(head[at]).toContain(line);
  });

  it("says so where no selected file changed, and nothing of what is not fetched", () => {
    const same = { ...before, commit: later };
    expect(changeLines([moved(forward(1), same)], layout)).toEqual([
      "code: pin moved 9fc30b5..def5678, 1 commit, same files",
      "  2026-03-01  0000000  Title 0",
    ]);
  });

  it.each<[Partial<LockedSource>, Partial<LockedSource>, string]>([
    [{ licenses: ["mit"] }, { licenses: ["other"] }, "licence mit → other"],
    [{ licenses: ["mit"] }, { licenses: [] }, "licence mit → unknown"],
    [{}, { gated: "auto" }, "gated open → auto"],
    [{ gated: "auto" }, { gated: "manual" }, "gated auto → manual"],
    [{ gated: "manual" }, { gated: false }, "gated manual → open"],
    [{}, { gated: false }, "same files"],
    [{ asOf: "2026-03-01" }, { asOf: "2026-04-01" }, "as of 2026-03-01 → as of 2026-04-01"],
    [{}, { minAge: "3d" }, "any time → at least 3d old"],
  ])("tells of terms and time: %o → %o", (was, is, text) => {
    const [line = ""] = changeLines(
      [moved(forward(1), { ...before, ...is, commit: later }, { ...before, ...was })],
      layout,
    );
    expect(line).toContain(text);
    expect(line.includes("gated")).toBe(text.includes("gated"));
  });

  it("cuts titles to the width, and escapes what a title may hold", () => {
    const history: History = {
      kind: "forward",
      count: 1,
      commits: [
        { commit: later, title: `a${"\u001b[2J"}${"b".repeat(100)}`, date: "2026-03-01T00:00:00.000Z" },
      ],
      dates,
    };
    const [, line = ""] = changeLines([moved(history)], { ...layout, width: 60 });
    expect(line).toHaveLength(60);
    expect(line).toMatch(/^ {2}2026-03-01 {2}def5678 {2}a\\u001b\[2Jb+…$/);
  });
});
