import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileFnmatch, hfPattern } from "../../schema/fnmatch.ts";
import said from "./fnmatch.json" with { type: "json" };

// `fnmatch.json` is what Python's own fnmatch says; `python3 test/schema/fnmatch.py > test/schema/fnmatch.json` makes it.

const SCRIPT = fileURLToPath(new URL("fnmatch.py", import.meta.url));
const table: Readonly<Record<string, readonly string[]>> = said.table;
const run = promisify(execFile);

/** Older ones read a range that runs backwards in another way. */
async function hasPython(): Promise<boolean> {
  const works = run("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
  return works.then(
    () => true,
    () => false,
  );
}

describe("compileFnmatch()", () => {
  it.each(Object.entries(table))("%j matches what Python says", (pattern, paths) => {
    const matches = compileFnmatch(pattern);
    expect(said.paths.filter((path) => matches(path))).toEqual(paths);
  });

  it("has the table that this machine's Python makes", async ({ skip }) => {
    if (!(await hasPython())) skip();
    const { stdout } = await run("python3", [SCRIPT], { env: { ...process.env, PYTHONUTF8: "1" } });
    expect(JSON.parse(stdout)).toEqual(said);
  });

  it("agrees with Python on patterns made up", async ({ skip }) => {
    if (!(await hasPython())) skip();
    const text = (unit: string[]) => fc.string({ unit: fc.constantFrom(...unit), maxLength: 8 });
    const pairs = fc.sample(
      fc.tuple(
        text(["a", "b", "/", "*", "?", "[", "]", "!", "-", "c", "^"]),
        text(["a", "b", "/", "c", "-", "]"]),
      ),
      { numRuns: 5_000, seed: 1 },
    );
    const script =
      "import fnmatch, json, sys; print(json.dumps([fnmatch.fnmatchcase(path, pattern) for pattern, path in json.load(sys.stdin)]))";
    const child = run("python3", ["-c", script]);
    child.child.stdin?.end(JSON.stringify(pairs));
    const answers: boolean[] = JSON.parse((await child).stdout);
    const differing = pairs.filter(
      ([pattern, path], index) => compileFnmatch(pattern)(path) !== answers[index],
    );
    expect(answers.filter((answer) => answer).length).toBeGreaterThan(100);
    expect(differing).toEqual([]);
  });

  it("looks at no character more often than the pattern is long", () => {
    // As a backtracking expression this takes longer than anybody waits.
    const matches = compileFnmatch(`${"*a".repeat(20)}*b`);
    expect(matches("a".repeat(4_000))).toBe(false);
    expect(matches(`${"a".repeat(4_000)}b`)).toBe(true);
  });
});

describe("hfPattern()", () => {
  it.each([
    ["data/", "data/*"],
    ["data\\train\\", "data/train/*"],
    ["a\\b.txt", "a/b.txt"],
    ["*.json", "*.json"],
    ["", ""],
  ])("makes %j into %j", (written, pattern) => {
    expect(hfPattern(written)).toBe(pattern);
  });
});
