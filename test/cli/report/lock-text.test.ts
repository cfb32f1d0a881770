import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sameValue } from "../../../cli/lock/same.ts";
import { gitTextLines } from "../../../cli/report/lock-text.ts";
import { digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { locks } from "../lock/documents.ts";

const text = (lock: Parameters<typeof gitTextLines>[0] & { kind: "lock" }) => gitTextLines(lock).join("\n");

describe("gitTextLines()", () => {
  it("lays a lock out for a diff, its sources apart and all else indented", () => {
    const files = [
      fileOf("rust/a.parquet", { size: 320_000_000 }),
      fileOf("rust/b.md", { digest: digestOf("b", "git"), extra: { xet: "f" } }),
    ];
    const rust = entryOf(sourceOf("rust", { path: "code/rust", strip: "rust" }), files, {
      licenses: ["mit", "other"],
      gated: "auto",
      carrier: { fallback: 1, why: "gated", instead: "dataset o/n main" },
      extra: { later: { a: 1 } },
    });
    expect(gitTextLines({ kind: "lock", lock: { ...lockOf(rust), extra: { more: [1] } } })).toEqual([
      "version 1",
      '"more": [1]',
      "",
      "rust: dataset o/rust at main",
      `  commit ${"1".repeat(40)}`,
      "  2 files, 320000001 bytes",
      `  request ${rust.request}`,
      "  path code/rust",
      "  strip rust",
      '  licenses ["mit","other"]',
      "  gated auto",
      '  carrier {"fallback":1,"why":"gated","instead":"dataset o/n main"}',
      '  "later": {"a":1}',
      "  rust/a.parquet 320000000 sha256:aaaaaaaaaaaa",
      '  rust/b.md 1 git:bbbbbbbbbbbb "xet": "f"',
    ]);
  });

  it("tells locks apart that differ at all", () => {
    fc.assert(
      fc.property(locks, locks, (a, b) => {
        const same = text({ kind: "lock", lock: a }) === text({ kind: "lock", lock: b });
        expect(same).toBe(sameValue(a, b));
      }),
      { numRuns: 500 },
    );
  });

  it("hands on as it is what is no whole lock, but for what would move a cursor", () => {
    expect(gitTextLines({ kind: "text", text: "<<<<<<< ours\n{\u001b[2J\n" })).toEqual([
      "<<<<<<< ours",
      "{\\u001b[2J",
    ]);
  });
});
