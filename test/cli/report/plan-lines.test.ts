import { describe, expect, it } from "vitest";
import { paintFor } from "../../../cli/report/paint.ts";
import { isIdle, planLines, planTotals } from "../../../cli/report/plan-lines.ts";
import { widthOf } from "../../../cli/report/width.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { conflictOf, planOf, pruneOf, writeOf } from "../../support/plans.ts";

const layout = { paint: paintFor(false), width: Number.POSITIVE_INFINITY, verbose: false };

describe("planLines()", () => {
  it("lists conflicts, writes and prunes with their reasons", () => {
    const plan = planOf({
      conflicts: [
        conflictOf("x/e.txt"),
        conflictOf("x/f/g.txt", { why: "not-a-file", at: "x/f" as TreePath, what: "symlink" }),
        conflictOf("x/h.txt", { why: "other-owner", what: "team" }),
      ],
      writes: [
        writeOf("data/b.parquet", 320_000_000),
        writeOf("data/c.parquet", 2_100_000, { why: "modified", found: "trash" }),
        writeOf("d", 12, { why: "outdated", found: "replace" }),
      ],
      prunes: [pruneOf("old.txt", 1200), pruneOf("mine.txt", 5, { why: "modified", how: "trash" })],
    });
    expect(planLines(plan, layout)).toEqual([
      "  ! x/e.txt    in the way: not ours",
      "  ! x/f/g.txt  in the way: x/f is not a file but a symlink",
      '  ! x/h.txt    in the way: owned by "team"',
      "  + data/b.parquet  320 MB  missing",
      "  ~ data/c.parquet  2.1 MB  modified, what is there goes to the trash",
      "  ~ d                 12 B  outdated",
      "  - old.txt   1.2 kB  no longer wanted",
      "  - mine.txt     5 B  no longer wanted, modified, to the trash",
    ]);
  });

  it("counts what a long list leaves out, and lists all when verbose", () => {
    const plan = planOf({ writes: Array.from({ length: 1050 }, (_, index) => writeOf(`f${index}`, 1)) });
    const lines = planLines(plan, layout);
    expect(lines).toHaveLength(41);
    expect(lines.at(-1)).toBe("    and 1,010 more (--verbose lists all)");
    expect(planLines(plan, { ...layout, verbose: true })).toHaveLength(1050);
  });

  it("cuts paths, not sizes or reasons, to fit a narrow terminal", () => {
    const plan = planOf({ writes: [writeOf(`data/${"very-".repeat(30)}long.parquet`, 320_000_000)] });
    const [line = ""] = planLines(plan, { ...layout, width: 40 });
    expect(widthOf(line)).toBeLessThanOrEqual(40);
    expect(line).toContain("…");
    expect(line).toMatch(/g\.parquet {2}320 MB {2}missing$/);
  });

  it("prints no control character of a file's name", () => {
    const plan = planOf({ writes: [writeOf("a\u001b[2Jb", 1)] });
    expect(planLines(plan, layout).join()).not.toContain("\u001b");
  });
});

describe("planTotals()", () => {
  it("says what costs and what goes", () => {
    const totals = {
      wanted: { files: 58, bytes: 19 },
      fetch: { files: 12, bytes: 3_200_000_000 },
      keep: { files: 45, bytes: 15_700_000_000 },
      prune: { files: 2, bytes: 1_200_000 },
    };
    const writes = Array.from({ length: 13 }, (_, index) => writeOf(`f${index}`, 1));
    expect(planTotals(planOf({ totals, writes, conflicts: [conflictOf("x")] }))).toBe(
      "12 files, 3.2 GB to fetch; 1 file to place from what is here; 45 files, 15.7 GB in place; 2 files, 1.2 MB to prune; 1 conflict",
    );
  });

  it("is empty for an empty plan", () => {
    expect(planTotals(planOf())).toBe("");
  });
});

describe("isIdle()", () => {
  it("is false as soon as anything would be written, pruned or settled", () => {
    expect(isIdle(planOf())).toBe(true);
    expect(isIdle(planOf({ writes: [writeOf("a", 1)] }))).toBe(false);
    expect(isIdle(planOf({ prunes: [pruneOf("a", 1)] }))).toBe(false);
    expect(isIdle(planOf({ conflicts: [conflictOf("a")] }))).toBe(false);
  });
});
