import { describe, expect, it } from "vitest";
import type { RescuedSource, RescueResult } from "../../../cli/project/rescue.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { rescueLines } from "../../../cli/report/rescue.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { commitOf } from "../../support/documents.ts";

const pin = { repo: "o/code", type: "dataset", commit: commitOf("1") } as const;
const mirror = {
  refuge: { repo: "o/mirror", type: "model", commit: commitOf("e") },
  files: 2,
  bytes: 3_000,
} as const;

function lines(
  parts: Partial<RescuedSource>,
  how: { dryRun?: boolean; differs?: boolean; wrote?: boolean; verbose?: boolean } = {},
) {
  const source: RescuedSource = {
    source: "code",
    state: "standing",
    pin,
    refuges: [],
    here: [],
    lost: [],
    looked: ["there: nothing"],
    ...parts,
  };
  const result: RescueResult = {
    lockFile: "/p/tritter.lock",
    root: "/p/data",
    sources: [source],
    differs: how.differs ?? false,
    wrote: how.wrote ?? false,
    problems: [],
  };
  const layout = { paint: paintFor(false), width: 80, verbose: how.verbose ?? false };
  return rescueLines(result, how.dryRun ?? false, layout);
}

describe("rescueLines()", () => {
  const here = [{ path: "a" as TreePath, at: undefined }];
  const lost = ["b" as TreePath];

  it.each<[string, Parameters<typeof lines>, readonly string[]]>([
    [
      "what stands",
      [{}],
      ["code: commit 1111111 can be had, nothing to rescue", "/p/tritter.lock stays as it is"],
    ],
    [
      "what is back",
      [{ state: "back" }, { wrote: true }],
      ["code: commit 1111111 can be had again, and is locked as before", "wrote /p/tritter.lock"],
    ],
    [
      "what was rescued before",
      [{ state: "kept" }],
      ["code: rescued already, and still to be had", "/p/tritter.lock stays as it is"],
    ],
    [
      "what is rescued, and where it looked",
      [
        { state: "rescued", refuges: [mirror] },
        { dryRun: true, differs: true, verbose: true },
      ],
      [
        "code: rescued, 2 files, 3.0 kB from model o/mirror at eeeeeee",
        "  looked in there: nothing",
        "would write /p/tritter.lock",
      ],
    ],
    [
      "what is rescued in part",
      [{ state: "stranded", refuges: [mirror], here }, { wrote: true }],
      [
        "code: rescued in part:",
        "  2 files, 3.0 kB from model o/mirror at eeeeeee",
        "  1 on this disk only",
        "wrote /p/tritter.lock",
      ],
    ],
    [
      "what is lost",
      [{ state: "stranded", refuges: [mirror], here, lost }, { dryRun: true }],
      [
        "code: not rescued:",
        "  2 files, 3.0 kB from model o/mirror at eeeeeee",
        "  1 on this disk only",
        "  1 nowhere",
        "/p/tritter.lock stays as it is",
      ],
    ],
    ["nothing of what a problem tells", [{ state: "unknown" }], ["/p/tritter.lock stays as it is"]],
  ])("tells %s", (_, given, expected) => {
    expect(lines(...given)).toEqual(expected);
  });
});
