import { describe, expect, it } from "vitest";
import type { Problem } from "../../../cli/errors.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { distinct, problemLines } from "../../../cli/report/problems.ts";

const plain = paintFor(false);

describe("problemLines()", () => {
  it("shows code, message, details as they are indented, and the next step", () => {
    const problem: Problem = {
      code: "MANIFEST_INVALID",
      message: 'read manifest: "repo" is missing',
      details: ["3 |   path: x", "  |   ^"],
      hint: 'add "repo: owner/name"',
      source: "code",
    };
    expect(problemLines([problem], plain)).toEqual([
      'error[MANIFEST_INVALID]: read manifest: "repo" is missing (source "code")',
      "  3 |   path: x",
      "    |   ^",
      '  hint: add "repo: owner/name"',
    ]);
  });

  it("indents the further lines of a message", () => {
    expect(problemLines([{ code: "INTERNAL", message: "Error: x\n    at y" }], plain)).toEqual([
      "error[INTERNAL]: Error: x",
      "      at y",
    ]);
  });

  it("strips control characters from everything", () => {
    const problem: Problem = { code: "HUB", message: "a\u001b[31m", details: ["b\u0007"], hint: "c\u009b" };
    expect(problemLines([problem], plain).join("\n")).not.toMatch(/[\u0007\u001b\u009b]/);
  });

  it("counts what is more than twenty of a kind, and shows other kinds whole", () => {
    const many = Array.from(
      { length: 1234 },
      (_, index): Problem => ({ code: "CONFLICT", message: `file ${index}` }),
    );
    const lines = problemLines([...many, { code: "NO_SPACE", message: "disk is full" }], plain);
    expect(lines).toHaveLength(22);
    expect(lines.at(-2)).toBe("error[NO_SPACE]: disk is full");
    expect(lines.at(-1)).toBe("error[CONFLICT]: and 1,214 more like these (--json lists all)");
  });
});

describe("distinct()", () => {
  it("keeps one of equal problems and all that differ in source or path", () => {
    const problem: Problem = { code: "HUB", message: "x" };
    const other: Problem = { ...problem, path: "a" };
    expect(distinct([problem, other, { ...problem }])).toEqual([problem, other]);
  });
});
