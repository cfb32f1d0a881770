import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileLine, listingDigest, type Request, requestDigest } from "../../../cli/lock/digests.ts";
import { digestOf, fileOf } from "../../support/documents.ts";

const PLAIN: Request = {
  repo: "o/n",
  type: "dataset",
  revision: "main",
  asOf: undefined,
  minAge: undefined,
  include: [],
  exclude: [],
  deny: [],
};

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("requestDigest()", () => {
  // Literal texts: another one for the same request would make every lock there is stale.
  it.each<[string, Partial<Request>, string]>([
    ["defaults left out", {}, '{"repo":"o/n"}'],
    ["another type", { type: "model" }, '{"repo":"o/n","type":"model"}'],
    ["another revision", { revision: "v1" }, '{"repo":"o/n","revision":"v1"}'],
    ["a time", { asOf: "2026-03-01" }, '{"as-of":"2026-03-01","repo":"o/n"}'],
    ["an age", { minAge: "3d" }, '{"min-age":"3d","repo":"o/n"}'],
    ["lists sorted", { include: ["b", "a"] }, '{"include":["a","b"],"repo":"o/n"}'],
    ["lists deduplicated", { exclude: ["b", "a", "b"] }, '{"exclude":["a","b"],"repo":"o/n"}'],
    ["what is denied", { deny: ["*.py"] }, '{"deny":["*.py"],"repo":"o/n"}'],
    [
      "lists sorted by code units",
      { include: ["\u{1f600}", "\ufb33", "é"] },
      '{"include":["é","\u{1f600}","\ufb33"],"repo":"o/n"}',
    ],
    ["quotes and backslashes", { include: ['a"\\*'] }, '{"include":["a\\"\\\\*"],"repo":"o/n"}'],
    [
      "everything",
      {
        type: "space",
        revision: "refs/pr/1",
        asOf: "2026-03-01T12:00:00Z",
        minAge: "2w",
        include: ["x"],
        exclude: ["y"],
        deny: ["z"],
      },
      '{"as-of":"2026-03-01T12:00:00Z","deny":["z"],"exclude":["y"],"include":["x"],"min-age":"2w","repo":"o/n","revision":"refs/pr/1","type":"space"}',
    ],
  ])("is that of RFC 8785 JSON, %s", (_, parts, text) => {
    expect(requestDigest({ ...PLAIN, ...parts })).toBe(sha256(text));
  });

  it("is this for ever", () => {
    expect(requestDigest(PLAIN)).toBe(
      "sha256:f56bebfc1f911c0d17236d3a945afaa04ae5c927d09f31342af4b607f15c9752",
    );
    expect(
      requestDigest({
        ...PLAIN,
        repo: "bigcode/starcoderdata",
        include: ["rust/*.parquet"],
        deny: ["*.py", "*.pkl"],
      }),
    ).toBe("sha256:272e1693d8854ca24ffa6ba0d821a59277f390583611505408073039e270bc79");
  });

  it("looks at nothing else of what it is handed", () => {
    const more = {
      ...PLAIN,
      path: "p",
      strip: "s",
      groups: ["g"],
      names: "posix",
      license: {},
      expect: {},
      later: 1,
    };
    expect(requestDigest(more)).toBe(requestDigest(PLAIN));
  });

  it("differs where the request does, and not with the order of lists", () => {
    const lists = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
    const requests = fc.record({
      repo: fc.constantFrom("o/n", "o/m"),
      type: fc.constantFrom("dataset" as const, "model" as const),
      revision: fc.constantFrom("main", "v1"),
      asOf: fc.constantFrom(undefined, "2026-03-01"),
      minAge: fc.constantFrom(undefined, "3d"),
      include: lists,
      exclude: lists,
      deny: lists,
    });
    const asSets = ({ include, exclude, deny, ...rest }: Request) =>
      JSON.stringify([rest, ...[include, exclude, deny].map((list) => [...new Set(list)].sort())]);
    fc.assert(
      fc.property(requests, requests, (a, b) => {
        expect(requestDigest(a) === requestDigest(b)).toBe(asSets(a) === asSets(b));
      }),
      { numRuns: 500 },
    );
  });
});

describe("fileLine()", () => {
  it.each([
    [
      fileOf("a/b.txt", { size: 0, digest: digestOf("0", "git") }),
      `{"path":"a/b.txt","size":0,"git":"${"0".repeat(40)}"}`,
    ],
    [
      fileOf('q"\u2028é', { size: Number.MAX_SAFE_INTEGER, digest: digestOf("f") }),
      `{"path":"q\\"\u2028é","size":9007199254740991,"sha256":"${"f".repeat(64)}"}`,
    ],
    [
      fileOf("a", { extra: { z: [1, { y: null }], b: "x" } }),
      `{"path":"a","size":1,"sha256":"${"a".repeat(64)}","b":"x","z":[1,{"y":null}]}`,
    ],
  ])("of %j is %s", (file, line) => {
    expect(fileLine(file)).toBe(line);
  });
});

describe("listingDigest()", () => {
  it("is that of the lines, each ended by LF", () => {
    const files = [fileOf("a"), fileOf("b", { size: 2 })];
    expect(listingDigest(files)).toBe(sha256(files.map((file) => `${fileLine(file)}\n`).join("")));
    expect(listingDigest([])).toBe(sha256(""));
  });

  it("is the same however many lines are hashed at once", () => {
    const files = Array.from({ length: 10_000 }, (_, index) => fileOf(`f${index}`, { size: index }));
    expect(listingDigest(files)).toBe(sha256(files.map((file) => `${fileLine(file)}\n`).join("")));
  });
});
