import { describe, expect, it } from "vitest";
import type { Taken } from "../../../cli/project/mend.ts";
import { mendLines } from "../../../cli/report/mend.ts";

const file = "/project/tritter.lock";
const commit = "def5678000000000000000000000000000000000";
const took = (parts: Partial<Taken>): Taken => ({
  source: "rust",
  member: undefined,
  why: "conflict",
  commit,
  files: 31,
  from: "lock",
  ...parts,
});

describe("mendLines()", () => {
  it.each<[string, Partial<Taken>, string]>([
    ["a side", {}, "rust: took theirs, commit def5678, 31 files"],
    ["a list of git's", { from: "git" }, "rust: took theirs, commit def5678, 31 files (list from git)"],
    [
      "a list of the Hub's",
      { from: "hub", files: 1 },
      "rust: took theirs, commit def5678, 1 file (listed anew by the Hub)",
    ],
    ["a removal", { commit: undefined, files: 0 }, "rust: took theirs, which removed it"],
    [
      "what stood there twice",
      { why: "twice" },
      "rust: stood there twice, took the last, commit def5678, 31 files",
    ],
    [
      "mixed files",
      { why: "mixed", from: "git" },
      "rust: held files that are not of its commit, took those that are, commit def5678, 31 files (list from git)",
    ],
    [
      "nothing",
      { from: "nowhere", files: 0 },
      "rust: left out, since nothing here lists the files of commit def5678 and the manifest names another source",
    ],
    ["a member", { source: undefined, member: "la\u001bter" }, 'member "la\\u001bter": took theirs'],
  ])("tells of %s", (_, parts, line) => {
    expect(mendLines({ file, side: "theirs", wrote: true, taken: [took(parts)] })).toEqual([
      line,
      "wrote /project/tritter.lock; next: git add it, then tritter lock follows what the manifest says now",
    ]);
  });

  it("says that there was nothing to resolve, or no conflict", () => {
    expect(mendLines({ file, side: "ours", wrote: false, taken: [] })).toEqual([
      "nothing to resolve: /project/tritter.lock is whole",
    ]);
    expect(mendLines({ file, side: "ours", wrote: true, taken: [] })).toEqual([
      "wrote /project/tritter.lock: both sides merged, no conflict",
    ]);
  });
});
