import { describe, expect, it } from "vitest";
import type { ListedSource, ListResult } from "../../../cli/project/list.ts";
import { listLines } from "../../../cli/report/list.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { widthOf } from "../../../cli/report/width.ts";

const rust: ListedSource = {
  name: "starcoder-rust",
  type: "dataset",
  repo: "bigcode/starcoderdata",
  revision: "main",
  asOf: undefined,
  minAge: undefined,
  commit: "9fc30b578cedaec69e47302df72cf00feed7c8c4",
  files: 9,
  bytes: 2_900_000_000,
  path: "starcoder/rust",
  groups: ["code", "rust"],
  reports: [],
  licenses: ["other"],
  gated: false,
  carrier: undefined,
  rescued: undefined,
  state: "locked",
};
const tokens: ListedSource = {
  ...rust,
  name: "tok",
  type: "model",
  repo: "bigcode/tokens",
  commit: undefined,
  files: 1200,
  bytes: 12,
  path: "",
  groups: [],
  state: "unlocked",
};
const list = { sources: [rust, tokens] } as unknown as ListResult;

function linesAt(width: number): readonly string[] {
  return listLines(list, { paint: paintFor(false), width, verbose: false });
}

describe("listLines()", () => {
  it("shows everything where there is room", () => {
    expect(linesAt(Number.POSITIVE_INFINITY)).toEqual([
      "SOURCE          REPOSITORY                  COMMIT   FILES    SIZE  STATE     GROUPS     PATH",
      "starcoder-rust  bigcode/starcoderdata@main  9fc30b5      9  2.9 GB  locked    code,rust  starcoder/rust",
      "tok             models/bigcode/tokens@main  -        1,200    12 B  unlocked             .",
      "2 sources, 1,209 files, 2.9 GB",
    ]);
  });

  it("says as of when a revision is followed, and how old a commit must be", () => {
    const timed = { ...list, sources: [{ ...rust, asOf: "2026-03-01", minAge: "3d" }] };
    const [, line] = listLines(timed, { paint: paintFor(false), width: 200, verbose: false });
    expect(line).toContain("bigcode/starcoderdata@main as of 2026-03-01, at least 3d old  9fc30b5");
  });

  it("drops columns, then cuts, at 40 columns", () => {
    expect(linesAt(40)).toEqual([
      "SOURCE          FILES    SIZE  STATE",
      "starcoder-rust      9  2.9 GB  locked",
      "tok             1,200    12 B  unlocked",
      "2 sources, 1,209 files, 2.9 GB",
    ]);
  });

  it.each([40, 50, 60, 80, 100, 160])("fits %d columns", (width) => {
    for (const line of linesAt(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  it("shows whole commits when verbose", () => {
    const lines = listLines(list, { paint: paintFor(false), width: 200, verbose: true });
    expect(lines[1]).toContain(rust.commit);
  });

  it("says so where there are none", () => {
    expect(
      listLines({ ...list, sources: [] }, { paint: paintFor(false), width: 80, verbose: false }),
    ).toEqual(["no sources"]);
  });
});
