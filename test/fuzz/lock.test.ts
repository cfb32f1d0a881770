import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listingDigest } from "../../cli/lock/digests.ts";
import { wantsOf } from "../../cli/lock/wants.ts";
import { serialiseLock } from "../../cli/lock/write.ts";
import { locks, readBytes } from "../cli/lock/documents.ts";
import { CASES, expectRefusedLocks, expectSafe, LONG, nearly, orProblems } from "../support/fuzz.ts";

const DICTIONARY = [
  '"path":"',
  '"size":-1',
  '"size":1e400',
  '"sha256":"',
  '"git":"',
  '"files": [',
  '"sources": {',
  '"version": 2',
  '"listing": "sha256:',
  ',"path":"../../etc/passwd"',
  '"path":".git/config"',
  '"strip": "..",',
  "{",
  "}",
  "[",
  "]",
  ",",
  '"',
  "<<<<<<< ours\n",
  "=======\n",
  ">>>>>>> theirs\n",
  "0".repeat(64),
];

/** Locks whose names a stranger chose, with digests that fit: nothing but the names is wrong with them. */
const renamed = fc
  .tuple(
    locks,
    fc.array(fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), hostileName()), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([lock, names]) => {
    const sources = lock.sources.map((source) => {
      const files = source.files.map((file, index) => ({
        ...file,
        path: (names[index % names.length] ?? "") as typeof file.path,
      }));
      return { ...source, files, listing: listingDigest(files) };
    });
    return serialiseLock({ ...lock, sources });
  });

function hostileName(): fc.Arbitrary<string> {
  const part = fc.constantFrom(
    "..",
    ".",
    "",
    "a",
    ".git",
    ".GIT",
    "git~1",
    ".tritter",
    ".cache",
    "huggingface",
    "con",
    "C:",
    "\\",
    "~",
    "a:b",
    "\u200b.git",
    "..\u0000",
    "%2e%2e",
  );
  return fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
}

describe("a lock from a stranger", () => {
  it("is read or refused, safe to print, and never leads out of the root", { timeout: LONG }, async () => {
    let read = 0;
    const text = fc.oneof(
      { weight: 3, arbitrary: locks.chain((lock) => nearly([serialiseLock(lock)], DICTIONARY)) },
      { weight: 1, arbitrary: renamed },
    );
    await fc.assert(
      fc.asyncProperty(text, async (bytes) => {
        const got = await orProblems(() => readBytes(bytes));
        if (!("value" in got) || got.value.kind !== "ok") return;
        read += 1;
        expectSafe(...got.value.warnings);
        for (const { path } of wantsOf(got.value.lock)) expectBelow(path);
      }),
      { numRuns: CASES },
    );
    expect(read).toBeGreaterThan(CASES / 100);
  });

  it(
    "is refused within 256 MB where it nests, repeats or counts without end",
    {
      timeout: LONG,
    },
    () => expectRefusedLocks(BOMBS, "check"),
  );
});

const BOMBS = [
  "[".repeat(3_000_000),
  '{"a":'.repeat(500_000),
  `{${'"a":1,'.repeat(500_000)}"b":2}`,
  `"${"\\u0000".repeat(500_000)}"`,
  `{"version":1,"sources":{${Array.from({ length: 20_000 }, (_, n) => `"s${n}":{}`).join()}}}`,
  `{"version":${"9".repeat(1_000_000)}}`,
  "<<<<<<< a\n".repeat(100_000),
];

/** As the two families of platforms read it. */
function expectBelow(path: string): void {
  expect(posix.join("/root", path).startsWith("/root/")).toBe(true);
  expect(win32.join("C:\\root", path).startsWith("C:\\root\\")).toBe(true);
  expect(win32.resolve("C:\\root", path).startsWith("C:\\root\\")).toBe(true);
}
