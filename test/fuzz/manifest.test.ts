import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Disk } from "../../cli/disk/port.ts";
import { readManifest } from "../../cli/manifest/read.ts";
import { renderIssues } from "../../cli/manifest/render.ts";
import { CASES, expectSafe, LONG, nearly, orProblems } from "../support/fuzz.ts";

const SEEDS = [
  ...["tritter.yaml", "manifests/balanced.yaml", "manifests/maximum-coverage.yaml"].map((file) =>
    readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"),
  ),
  `version: 1
root: \${DATA:-data}
policy: { licenses: { allow: [mit, "apache-2.0"] }, deny: ["*.py"] }
sources:
  rust:
    repo: o/n
    revision: "1234567"
    as-of: 2026-03-01
    min-age: 3d
    include: ["data/**/*.parquet", 'a\\*b', "{a,b}/[abc]?"]
    expect: { files: 1, minFiles: 1, maxBytes: 9 }
    license: { accept: other, reason: "…" }
    fallbacks:
      - { repo: p/q, type: model, strip: data }
`,
];

const DICTIONARY = [
  "version: 2",
  "sources:",
  "- ",
  ": ",
  "? ",
  "!!binary ",
  "!!js/function ",
  "&a [*a]",
  "*a",
  "<<: *a",
  "%YAML 1.1\n---\n",
  "---\n",
  "|\n  ",
  ">-\n",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  "#",
  "  ",
  "\t",
  "revision: 12e4567",
  "type: kernel",
  "include: []",
  "path: ../..",
  ["root: $", "{HOME:-$", "{X}}"].join(""),
];

function readBytes(bytes: Buffer): ReturnType<typeof readManifest> {
  const disk = { read: async () => bytes } as unknown as Disk;
  return readManifest({ file: "/project/tritter.yaml", disk, env: {} });
}

describe("a manifest from a stranger", () => {
  it("is read or refused with all its mistakes, each with a place and safe to print", {
    timeout: LONG,
  }, async () => {
    let read = 0;
    const printed = vi.spyOn(process, "emitWarning");
    onTestFinished(() => printed.mockRestore());
    await fc.assert(
      fc.asyncProperty(
        nearly(SEEDS, DICTIONARY),
        fc.constantFrom("utf8", "latin1"),
        async (text, encoding) => {
          const bytes = Buffer.from(text, encoding);
          const got = await orProblems(() => readBytes(bytes));
          if (!("value" in got)) throw new Error("mistakes are values here");
          if (got.value.kind === "ok") {
            read += 1;
            return;
          }
          if (got.value.kind === "missing") throw new Error("it is there");
          expect(got.value.issues.length).toBeGreaterThan(0);
          expectSafe(...renderIssues("tritter.yaml", got.value.issues));
        },
      ),
      { numRuns: CASES },
    );
    expect(printed).not.toHaveBeenCalled();
    // Else the mistakes above are of one early kind only.
    expect(read).toBeGreaterThan(CASES / 100);
  });
});
