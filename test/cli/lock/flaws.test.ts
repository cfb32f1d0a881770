import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstFlaw, lineAt } from "../../../cli/lock/flaws.ts";

describe("firstFlaw()", () => {
  it.each<[string, string, number]>([
    ['{"a":1,"a":2}', "a", 1],
    ['{"a":1,\n"b":{"c":1,\n"c":2}}', "c", 3],
    ['[{"a":1},{"a":1,"a":1}]', "a", 1],
    ['{"a":1,"\\u0061":2}', "a", 1],
    ['{"__proto__":1,"__proto__":2}', "__proto__", 1],
    ['{"":1,"":2}', "", 1],
    ['{"a\\"":1,"a\\"":2}', 'a"', 1],
    ['{"a\\\\":1,"a\\\\":2}', "a\\", 1],
    ['{"a":[{},[]],"a":1}', "a", 1],
  ])("of %j is the second %j", (text, key, line) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(firstFlaw(text)).toEqual({ kind: "duplicate", key, line });
  });

  it.each([
    "{}",
    "[]",
    '"a"',
    "1",
    '{"a":{"a":1},"b":{"a":1}}',
    '["a","a"]',
    '{"a":"b","b":"a"}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":",","b":"\\"","c":"\\\\"}',
    '{"a":["x","x",{"x":1}],"x":1}',
  ])("of %s is none", (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(firstFlaw(text)).toBeUndefined();
  });

  it("of any JSON without a duplicate is none", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(firstFlaw(text)).toBeUndefined();
      }),
    );
  });

  it("is what nests too deep to be walked", () => {
    const nested = (depth: number) => `\n${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(firstFlaw(nested(100))).toBeUndefined();
    expect(firstFlaw(nested(101))).toEqual({ kind: "deep", line: 2 });
    expect(firstFlaw('{"a":'.repeat(200) + 1 + "}".repeat(200))).toEqual({ kind: "deep", line: 1 });
  });

  it("is found in one pass over strings full of quotes and backslashes", () => {
    const text = JSON.stringify({ a: '\\"'.repeat(500_000), b: "\\".repeat(1_000_000), c: 1 });
    expect(firstFlaw(text)).toBeUndefined();
    expect(firstFlaw(`${text.slice(0, -1)},"c":2}`)).toMatchObject({ key: "c" });
  });
});

describe("lineAt()", () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
  ])("of offset %d is %d", (offset, line) => {
    expect(lineAt("a\n\nb", offset)).toBe(line);
  });
});
