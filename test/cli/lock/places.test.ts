import { describe, expect, it } from "vitest";
import { lineOf } from "../../../cli/lock/places.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

const text = serialiseLock(
  lockOf(
    entryOf(sourceOf("code"), [fileOf("a"), fileOf("b"), fileOf("c")]),
    entryOf(sourceOf("docs"), [fileOf("x"), fileOf("y")]),
  ),
);
const lines = text.split("\n");

describe("lineOf()", () => {
  it("finds the line of a source, and of each of its files", () => {
    for (const [source, paths] of [
      ["code", ["a", "b", "c"]],
      ["docs", ["x", "y"]],
    ] as const) {
      expect(lines[(lineOf(text, source) ?? 0) - 1]).toBe(`"${source}": {`);
      for (const [index, path] of paths.entries())
        expect(lines[(lineOf(text, source, index) ?? 0) - 1]).toContain(`"path":"${path}"`);
    }
  });

  it("knows no line of a source that is not there, or of a lock on one line", () => {
    expect(lineOf(text, "other")).toBeUndefined();
    expect(lineOf(text, "other", 1)).toBeUndefined();
    expect(lineOf(JSON.stringify(JSON.parse(text)), "code", 0)).toBeUndefined();
  });

  it("falls back on the source where its list has no line of its own", () => {
    const cut = lines.filter((line) => line !== '"files": [').join("\n");
    expect(lineOf(cut, "docs", 1)).toBe(lineOf(cut, "docs"));
  });
});
