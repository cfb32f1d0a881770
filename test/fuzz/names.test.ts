import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findCollisions, foldKey, judgeName } from "../../schema/names.ts";
import { bounded, CASES, expectSafe, LONG, nearly } from "../support/fuzz.ts";

const paths = nearly(
  [
    "data/train-00000.parquet",
    "a/b/c.txt",
    ".gitattributes",
    "日本/é.json",
    "con.txt",
    ".cache/huggingface/x",
    "x/.git/config",
  ],
  [
    "/",
    "//",
    ".",
    "..",
    "../",
    "\\",
    "..\\",
    ":",
    "::$INDEX_ALLOCATION",
    " ",
    ". ",
    "~1",
    "GIT~1",
    ".GIT",
    "NUL",
    "COM¹",
    "\u200b",
    "ı",
    "ſ",
    "K",
    "\u0301",
    "%2e%2e%2f",
    "file://",
    "\\\\?\\",
  ],
);

describe("judgeName() of anything", () => {
  it("lets through only what stays below the root and out of other tools' folders", {
    timeout: LONG,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const judged = await bounded(() => judgeName(path));
        if (judged.kind !== "ok") {
          expectSafe(judged.why);
          if (judged.kind === "hostile") return;
        }
        expect(posix.resolve("/root", path)).toBe(`/root/${path}`);
        expect(path.split("/").map(foldKey)).not.toContain(".git");
        expect(path.split("/").map(foldKey)).not.toContain(".tritter");
        if (judged.kind === "unportable") return;
        expect(win32.resolve("C:\\root", path)).toBe(`C:\\root\\${path.replaceAll("/", "\\")}`);
      }),
      { numRuns: CASES },
    );
  });
});

describe("findCollisions() of anything", () => {
  it("finds every pair that is one file after folding", { timeout: LONG }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(paths, { maxLength: 8 }), async (list) => {
        const found = await bounded(() => findCollisions(list.map((path) => ({ path, source: "s" }))));
        const keys = list.map(foldKey);
        expect(found.some(({ kind }) => kind === "equal" || kind === "folded")).toBe(
          new Set(keys).size < keys.length,
        );
      }),
      { numRuns: CASES },
    );
  });
});
