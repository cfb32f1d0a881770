import { describe, expect, it } from "vitest";
import { changeLines, patternLines } from "../../../cli/report/changes.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { patchLines } from "../../../cli/report/patch.ts";
import type { Layout } from "../../../cli/report/plan-lines.ts";
import type { PatternCount } from "../../../cli/resolve/select.ts";
import type { Commit } from "../../../schema/ids.ts";
import { digestOf } from "../../support/documents.ts";
import { lockedOf } from "../../support/plans.ts";
import { changeOf } from "../../support/results.ts";

const plain = paintFor(false);
const later = "def5678000000000000000000000000000000000" as Commit;
const before = lockedOf("code", { "a.txt": [100, "a"], "b.txt": [200, "b"], "c.txt": [300, "c"] });
const after = lockedOf(
  "code",
  { "a.txt": [100, "a"], "b.txt": [500, "e"], "d.txt": [1000, "d"] },
  { commit: later },
);

const layout: Layout = { paint: plain, width: 80, verbose: false };

function lineOf(from: typeof before | undefined, to: typeof before | undefined): string {
  return changeLines([changeOf(from, to)], layout)[0] ?? "";
}

describe("changeLines()", () => {
  it("says how a pin moved and what that changes", () => {
    expect(lineOf(before, after)).toBe("code: pin moved 9fc30b5..def5678, files +1 -1 ~1, 1.6 kB (+1.0 kB)");
  });

  it("says that a source or files of it were only renamed", () => {
    const renamed = lockedOf("rust", { "a.txt": [100, "a"], "b.txt": [200, "b"], "new.txt": [300, "c"] });
    expect(changeLines([changeOf(before, { ...renamed, path: "code" })], layout)[0]).toBe(
      "rust: renamed from code, files 1 renamed, 600 B",
    );
  });

  it("says where a new source is pinned, and how much a dropped one held", () => {
    expect(lineOf(undefined, before)).toBe("code: added at 9fc30b5 (owner/code at main), 3 files, 600 B");
    expect(lineOf(before, undefined)).toBe("code: dropped, 3 files, 600 B");
  });

  it("says that a placement changed nothing but the place", () => {
    expect(lineOf(before, { ...before, path: "x/y", strip: "data" })).toBe(
      'code: moved from "code" to "x/y", strips "data" instead of "", same files',
    );
  });

  it("says that repository, revision, licence or carrier changed", () => {
    const carrier = { fallback: 1, why: "gated", instead: "dataset owner/code main" };
    const other = { ...before, repo: "other/code", revision: "v2", licenses: ["apache-2.0"], carrier };
    expect(lineOf(before, other)).toBe(
      "code: now dataset other/code instead of dataset owner/code, revision main → v2, from fallback 1 (gated), licence mit → apache-2.0, same files",
    );
  });
});

describe("changeLines() of terms", () => {
  it.each([
    [{}, { gated: "auto" }, "gated open → auto"],
    [{ gated: "auto" }, {}, "gated auto → open"],
    [{ gated: "auto", gate: "1" }, { gated: "auto", gate: "2" }, "another text at the gate"],
    [{ gated: "auto" }, { gated: "auto", gate: "2" }, ""],
    [{ card: digestOf("a") }, { card: digestOf("b") }, ""],
  ] as const)("from %o to %o says %j", (old, now, text) => {
    const expected = ["code:", text === "" ? "same files" : `${text}, same files`].join(" ");
    expect(lineOf({ ...before, ...old }, { ...before, ...now })).toBe(expected);
  });
});

describe("patternLines()", () => {
  it("groups patterns below their source", () => {
    const patterns: readonly PatternCount[] = [
      { source: "code", kind: "include", pattern: "rust/*.parquet", files: 9, bytes: 2_900_000_000 },
      { source: "code", kind: "exclude", pattern: "*.md", files: 1, bytes: 120 },
      { source: "web", kind: "include", pattern: "**", files: 0, bytes: 0 },
    ];
    expect(patternLines(patterns, plain)).toEqual([
      "code selects",
      "  + rust/*.parquet: 9 files, 2.9 GB",
      "  - *.md: 1 file, 120 B",
      "web selects",
      "  + **: 0 files, 0 B",
    ]);
  });
});

describe("patchLines()", () => {
  it("shows the listings as a unified diff", () => {
    expect(patchLines(changeOf(before, after), plain)).toEqual([
      "--- code 9fc30b578cedaec69e47302df72cf00feed7c8c4 owner/code",
      "+++ code def5678000000000000000000000000000000000 owner/code",
      "@@ -1,3 +1,3 @@",
      " a.txt 100 sha256:aaaaaaaaaaaa",
      "-b.txt 200 sha256:bbbbbbbbbbbb",
      "-c.txt 300 sha256:cccccccccccc",
      "+b.txt 500 sha256:eeeeeeeeeeee",
      "+d.txt 1000 sha256:dddddddddddd",
    ]);
  });

  it("shows a new source as one that came from nowhere", () => {
    expect(patchLines(changeOf(undefined, before), plain).slice(0, 3)).toEqual([
      "--- /dev/null",
      "+++ code 9fc30b578cedaec69e47302df72cf00feed7c8c4 owner/code",
      "@@ -0,0 +1,3 @@",
    ]);
  });

  it("stays whole where the listings have almost nothing in common", () => {
    const files = (letter: string) =>
      Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, [index, letter] as const]));
    const lines = patchLines(changeOf(lockedOf("x", files("a")), lockedOf("x", files("b"))), plain);
    expect(lines.filter((line) => /^-f/.test(line))).toHaveLength(3000);
    expect(lines.filter((line) => /^\+f/.test(line))).toHaveLength(3000);
  });
});
