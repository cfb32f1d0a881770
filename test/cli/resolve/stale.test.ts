import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { staleness } from "../../../cli/resolve/stale.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import type { Carrier, Manifest, Source } from "../../../schema/manifest.ts";
import { carrierOf, entryOf, fileOf, lockOf, manifestOf, sourceOf } from "../../support/documents.ts";

const source = sourceOf("s");
const entry = entryOf(source, [fileOf("a")]);
const identity = { type: "dataset", repo: "o/s", revision: "main" };

describe("staleness()", () => {
  it.each<[string, Partial<Source>, Partial<Manifest>, object[]]>([
    ["nothing", {}, {}, []],
    [
      "revision",
      { revision: "v1" },
      {},
      [{ source: "s", why: "identity", before: identity, after: { ...identity, revision: "v1" } }],
    ],
    [
      "repo",
      { repo: "o/t" },
      {},
      [{ source: "s", why: "identity", before: identity, after: { ...identity, repo: "o/t" } }],
    ],
    [
      "type",
      { type: "space" },
      {},
      [{ source: "s", why: "identity", before: identity, after: { ...identity, type: "space" } }],
    ],
    [
      "as-of",
      { asOf: "2026-03-01" },
      {},
      [{ source: "s", why: "identity", before: identity, after: { ...identity, asOf: "2026-03-01" } }],
    ],
    [
      "min-age",
      { minAge: "3d" },
      {},
      [{ source: "s", why: "identity", before: identity, after: { ...identity, minAge: "3d" } }],
    ],
    ["include", { include: ["a"] }, {}, [{ source: "s", why: "selection" }]],
    ["exclude", { exclude: ["a"] }, {}, [{ source: "s", why: "selection" }]],
    ["policy.deny", {}, { deny: ["a"] }, [{ source: "s", why: "selection" }]],
    ["path", { path: "p" }, {}, [{ source: "s", why: "placement", field: "path", before: "s", after: "p" }]],
    [
      "strip",
      { strip: "x" },
      {},
      [{ source: "s", why: "placement", field: "strip", before: "", after: "x" }],
    ],
    [
      "path and strip",
      { path: "p", strip: "x" },
      {},
      [
        { source: "s", why: "placement", field: "path", before: "s", after: "p" },
        { source: "s", why: "placement", field: "strip", before: "", after: "x" },
      ],
    ],
    ["expect", { expect: { files: 9 } }, {}, []],
    ["license", { license: { accept: "x", reason: "y" } }, {}, []],
    ["groups", { groups: ["g"] }, {}, []],
    ["names", { names: "posix" }, {}, []],
    ["fallbacks", { fallbacks: [carrierOf("o/f")] }, {}, []],
    ["policy.licenses", {}, { licenses: { allow: [] } }, []],
    ["root, name and endpoint", {}, { root: "/r", owner: "o", endpoint: "/e" }, []],
  ])("after an edit of %s", (_, parts, more, stale) => {
    expect(staleness({ ...manifestOf({ ...source, ...parts }), ...more }, lockOf(entry))).toEqual(stale);
  });

  it("tells of sources missing and removed, sorted by name", () => {
    expect(staleness(manifestOf(sourceOf("a"), sourceOf("z")), lockOf(entry))).toEqual([
      { source: "a", why: "missing" },
      { source: "s", why: "removed" },
      { source: "z", why: "missing" },
    ]);
  });

  it("takes the name the manifest uses for a repository that has another by now", () => {
    const renamed: LockedSource = { ...entry, repo: "o/new", asked: "o/s" };
    expect(staleness(manifestOf(source), lockOf(renamed))).toEqual([]);
    const followed = staleness(manifestOf({ ...source, repo: "o/new" }), lockOf(renamed));
    expect(followed).toMatchObject([{ why: "identity", before: { repo: "o/s" }, after: { repo: "o/new" } }]);
  });
});

describe("fallbacks", () => {
  const words = fc.constantFrom("a", "b", "c");
  const carriers: fc.Arbitrary<Carrier> = fc
    .record({
      repo: words.map((word) => `o/${word}`),
      type: fc.constantFrom("dataset" as const, "model" as const),
      revision: fc.constantFrom("main", "v1"),
      include: fc.array(words, { maxLength: 2 }),
      strip: fc.constantFrom("", "data"),
    })
    .map(({ repo, ...parts }) => carrierOf(repo, parts));

  it("that are added anywhere never make a lock stale, whatever carries the source", () => {
    const inUse = carrierOf("o/used", { include: ["a"] });
    const carried = entryOf({ ...source, ...inUse }, [fileOf("a")], {
      carrier: { fallback: 1, why: "gated", instead: "dataset o/s main" },
    });
    fc.assert(
      fc.property(
        fc.array(carriers, { maxLength: 4 }),
        fc.array(carriers, { maxLength: 4 }),
        (front, back) => {
          const own = { ...source, fallbacks: [...front, ...back] };
          expect(staleness(manifestOf(own), lockOf(entry))).toEqual([]);
          const others = { ...source, fallbacks: [...front, inUse, ...back] };
          expect(staleness(manifestOf(others), lockOf(carried))).toEqual([]);
        },
      ),
    );
  });
});
