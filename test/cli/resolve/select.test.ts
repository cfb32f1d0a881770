import { describe, expect, it } from "vitest";
import { select } from "../../../cli/resolve/select.ts";
import type { Carrier } from "../../../schema/manifest.ts";
import { carrierOf } from "../../support/documents.ts";
import { listed } from "../../support/fake-hub.ts";

const LISTING = [
  listed("README.md", { size: 1 }),
  listed("data/train-0.parquet", { size: 100 }),
  listed("data/train-1.parquet", { size: 200 }),
  listed("data/test.parquet", { size: 30 }),
  listed("script.py", { size: 5 }),
];

function selected(parts: Partial<Carrier>, deny: readonly string[] = [], listing = LISTING) {
  return select("s", carrierOf("o/n", parts), { listing, complete: true, deny });
}

const pathsOf = ({ files }: ReturnType<typeof select>) => files.map(({ path }) => path as string);

describe("select()", () => {
  it.each<[Partial<Carrier>, string[], string[]]>([
    [{}, [], ["README.md", "data/train-0.parquet", "data/train-1.parquet", "data/test.parquet", "script.py"]],
    [{ include: ["*.parquet"] }, [], ["data/train-0.parquet", "data/train-1.parquet", "data/test.parquet"]],
    [{ include: ["data/"], exclude: ["test*"] }, [], ["data/train-0.parquet", "data/train-1.parquet"]],
    [{ include: ["README.md", "*.md"] }, [], ["README.md"]],
    [{ exclude: ["data/"] }, ["*.py"], ["README.md"]],
    [{ include: ["*"] }, ["*.py", "data/**"], ["README.md"]],
  ])("of %j, denied %j, is %j", (parts, deny, paths) => {
    const selection = selected(parts, deny);
    expect(selection.problems).toEqual([]);
    expect(pathsOf(selection)).toEqual(paths);
  });

  it("counts what each pattern takes: include after exclude and deny, exclude of everything", () => {
    const { patterns } = selected({ include: ["*.parquet", "*"], exclude: ["test*", "*.md"] }, ["*.py"]);
    expect(patterns).toEqual([
      { source: "s", pattern: "*.parquet", kind: "include", files: 2, bytes: 300 },
      { source: "s", pattern: "*", kind: "include", files: 2, bytes: 300 },
      { source: "s", pattern: "test*", kind: "exclude", files: 1, bytes: 30 },
      { source: "s", pattern: "*.md", kind: "exclude", files: 1, bytes: 1 },
    ]);
  });

  it("warns of an exclude that is idle, and is silent about deny", () => {
    expect(selected({ exclude: ["*.zip", "*.md"] }, ["*.exe"]).warnings).toEqual([
      'source "s": exclude "*.zip" matches nothing',
    ]);
  });

  it("refuses an include that matches nothing, and names what is near", () => {
    expect(selected({ include: ["*.parquet", "Data/*.parquet"] }).problems).toEqual([
      {
        code: "PATTERN_NO_MATCH",
        source: "s",
        message: 'source "s": include "Data/*.parquet" matches none of the 5 files of the repository',
        details: ["near: data/test.parquet", "near: data/train-0.parquet", "near: data/train-1.parquet"],
        hint: "mend the pattern: * stays within one folder, and case counts",
      },
    ]);
  });

  it.each<[Partial<Carrier>, string[]]>([
    [{ include: ["*.md", "*.py"] }, ["*.py"]],
    [{ include: ["*.md", "*.py"], exclude: ["script.*"] }, []],
  ])("refuses an include all of whose matches were removed: %j, denied %j", (parts, deny) => {
    expect(selected(parts, deny).problems).toMatchObject([
      {
        code: "PATTERN_NO_MATCH",
        message:
          'source "s": include "*.py" selects nothing: exclude or policy.deny removed all 1 files it matches',
        details: ["script.py"],
      },
    ]);
  });

  it("refuses exclude and deny that leave nothing of everything, and takes a repository without files", () => {
    expect(selected({ exclude: ["*.parquet", "*.py"] }, ["*.md"]).problems).toMatchObject([
      {
        code: "PATTERN_NO_MATCH",
        message: 'source "s" selects nothing: exclude or policy.deny removed all 5 files of the repository',
      },
    ]);
    expect(selected({}, ["*"], [])).toMatchObject({ files: [], problems: [] });
  });

  it("refuses files outside strip", () => {
    expect(selected({ strip: "data" }).problems).toMatchObject([
      { code: "STRIP_OUTSIDE", details: ["README.md", "script.py"] },
    ]);
    expect(selected({ strip: "data", include: ["data/"] }).problems).toEqual([]);
    expect(selected({ strip: "dat", include: ["data/"] }).problems).toMatchObject([
      { details: ["data/train-0.parquet", "data/train-1.parquet", "data/test.parquet"] },
    ]);
  });

  it("tells of everything that is wrong at once", () => {
    const listing = [...LISTING, listed("../x"), listed("what?")];
    expect(
      selected({ include: ["*", "zzz"], strip: "data" }, [], listing).problems.map(({ code }) => code),
    ).toEqual(["PATTERN_NO_MATCH", "NAME_REFUSED", "STRIP_OUTSIDE"]);
  });

  it("says which selected file is masked, and leaves it out of what may be locked", () => {
    const listing = [...LISTING, listed("z.bin", { digest: undefined })];
    expect(selected({}, [], listing).masked?.path).toBe("z.bin");
    expect(pathsOf(selected({}, [], listing))).not.toContain("z.bin");
    expect(selected({ include: ["*.md"] }, [], listing).masked).toBeUndefined();
  });

  it("shows no control character of a name or a pattern", () => {
    const listing = [listed("near\u001b[2J.txt")];
    const { problems } = selected({ include: ["near\u202e*"] }, [], listing);
    expect(JSON.stringify(problems)).not.toMatch(/[\u001b\u202e]/);
    expect(problems).toHaveLength(1);
  });

  it("tells of twenty of 100 patterns that match none", () => {
    const listing = Array.from({ length: 1_000 }, (_, index) => listed(`data/${index}.parquet`));
    const include = Array.from({ length: 100 }, (_, index) => `absent-${index}`);
    expect(selected({ include }, [], listing).problems).toHaveLength(20);
  });
});
