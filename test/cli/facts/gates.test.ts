import { describe, expect, it } from "vitest";
import { compareSums } from "../../../cli/facts/compare.ts";
import { judgeData, needsFacts } from "../../../cli/facts/gates.ts";
import { type Sum, sumUp } from "../../../cli/facts/sum.ts";
import type { ColumnFacts, FileFacts } from "../../../schema/facts.ts";
import type { Digest } from "../../../schema/ids.ts";
import type { LockedFile } from "../../../schema/lock.ts";
import type { DataExpectation } from "../../../schema/manifest.ts";
import { pathOf, sha256Of } from "../../support/engine.ts";

const column = (name: string, type = "string", values?: Record<string, number>): ColumnFacts => ({
  name,
  type,
  compressed: 10,
  plain: 20,
  range: undefined,
  values: values && new Map(Object.entries(values)),
});

const parquet = (rows: number, ...columns: ColumnFacts[]): FileFacts => ({
  kind: "parquet",
  rows,
  rowGroups: 1,
  writer: undefined,
  columns,
});

/** A source of these files; undefined: nothing is known of that one. */
function sumOf(...files: (FileFacts | undefined)[]): Sum {
  const named = files.map((facts, index): { file: LockedFile; facts: FileFacts | undefined } => ({
    file: { path: pathOf(`${index}.parquet`), size: 100, digest: sha256Of(String(index)), extra: {} },
    facts,
  }));
  const known = named.flatMap(({ file, facts }) =>
    facts === undefined ? [] : [[file.digest, facts] as [Digest, FileFacts]],
  );
  return sumUp(
    named.map(({ file }) => file),
    { version: 1, files: new Map(known) },
  );
}

const CODE = [column("content"), column("lang", "string", { Rust: 6, Go: 4 })];
const NOW = sumOf(parquet(10, ...CODE));

describe("judgeData()", () => {
  it.each<[string, DataExpectation, Sum | undefined, Sum, string[]]>([
    ["enough rows", { rows: { min: 10 } }, undefined, NOW, []],
    [
      "too few rows",
      { rows: { min: 11 } },
      undefined,
      NOW,
      ["expect.rows.min: it has 10 rows, should have at least 11"],
    ],
    [
      "too many rows",
      { rows: { max: 9 } },
      undefined,
      NOW,
      ["expect.rows.max: it has 10 rows, should have at most 9"],
    ],
    ["no lock before", { rows: { dropAtMost: "0%" } }, undefined, NOW, []],
    ["as many as before", { rows: { dropAtMost: "0%" } }, NOW, NOW, []],
    ["more than before", { rows: { dropAtMost: "0%" } }, sumOf(parquet(9, ...CODE)), NOW, []],
    ["a drop at the limit", { rows: { dropAtMost: "50%" } }, sumOf(parquet(20, ...CODE)), NOW, []],
    [
      "a drop beyond it",
      { rows: { dropAtMost: "1%" } },
      sumOf(parquet(11, ...CODE)),
      NOW,
      ["expect.rows.dropAtMost: it has 10 rows, 9.1 % fewer than the 11 before; should lose at most 1%"],
    ],
    [
      "a lock before of which facts are missing",
      { rows: { dropAtMost: "1%" }, schema: "frozen" },
      sumOf(parquet(1, ...CODE), undefined),
      NOW,
      [
        'expect.rows.dropAtMost: cannot be judged: the facts of 1 file ("1.parquet") of the lock before are missing',
        'expect.schema: cannot be judged: the facts of 1 file ("1.parquet") of the lock before are missing',
      ],
    ],
    ["the schema before", { schema: "frozen" }, NOW, sumOf(parquet(1, ...CODE), parquet(2, ...CODE)), []],
    [
      "another schema",
      { schema: "frozen" },
      NOW,
      sumOf(parquet(10, column("content", "binary"), column("new", "int64"))),
      [
        'expect.schema: column "new" (int64) is new; should stay as it was',
        'expect.schema: column "lang" is gone; should stay as it was',
        'expect.schema: column "content" is binary, was string; should stay as it was',
      ],
    ],
    ["its columns", { columns: ["content", "lang"] }, undefined, NOW, []],
    [
      "a column that one file lacks",
      { columns: ["content", "lang"] },
      undefined,
      sumOf(parquet(1, ...CODE), parquet(1, column("content"))),
      ['expect.columns: 1 of 2 Parquet files have a column "lang", should all'],
    ],
    [
      "no Parquet at all",
      { columns: ["x"] },
      undefined,
      sumOf(),
      ['expect.columns: 0 of 0 Parquet files have a column "x", should all'],
    ],
    ["its languages", { languages: ["Go", "Rust", "Zig"] }, undefined, NOW, []],
    [
      "another language",
      { languages: ["Rust"] },
      undefined,
      NOW,
      ['expect.languages: column "lang" holds "Go" (4 rows), should hold Rust only'],
    ],
    [
      "languages that are not told",
      { languages: ["Rust"] },
      undefined,
      sumOf(parquet(1, column("language"))),
      ['expect.languages: the footers do not tell which values column "language" holds'],
    ],
    [
      "no such column",
      { languages: ["Rust"] },
      undefined,
      sumOf(parquet(1, column("a"))),
      ["expect.languages: no column names a language"],
    ],
    [
      "facts that are missing",
      { rows: { min: 1 }, schema: "frozen" },
      undefined,
      sumOf(parquet(10, ...CODE), undefined),
      ['expect.rows.min, expect.schema: cannot be judged: the facts of 1 file ("1.parquet") are missing'],
    ],
    [
      "a file that cannot be read",
      { rows: { min: 1 } },
      undefined,
      sumOf(parquet(10, ...CODE), { kind: "unreadable", why: "its footer is damaged" }),
      ['expect.rows.min: cannot be judged: 1 file ("1.parquet") cannot be read'],
    ],
  ])("%s", (_, expectation, before, now, broken) => {
    const problems = judgeData(expectation, { source: "code", waits: false, before, now });
    expect(problems.map(({ message }) => message)).toEqual(
      broken.map((text) => `source "code" breaks ${text}`),
    );
    for (const problem of problems) expect(problem).toMatchObject({ code: "EXPECTATION", source: "code" });
    expect(needsFacts(expectation)).toBe(true);
  });

  it("has no say in what the lock alone answers", () => {
    expect(needsFacts({ files: 1, maxBytes: 1 })).toBe(false);
    expect(
      judgeData({ files: 1 }, { source: "code", waits: false, before: undefined, now: sumOf(undefined) }),
    ).toEqual([]);
  });
});

describe("judgeData() of files that are counted", () => {
  const counted = (rows: number): FileFacts => ({ kind: "counted", rows });
  /** By name; undefined: nothing is known of that one. */
  const sumBy = (files: Readonly<Record<string, FileFacts | undefined>>): Sum => {
    const listed = Object.keys(files).map(
      (path): LockedFile => ({ path: pathOf(path), size: 1, digest: sha256Of(path), extra: {} }),
    );
    const known = Object.entries(files).flatMap(([path, facts]) =>
      facts === undefined ? [] : [[sha256Of(path), facts] as [Digest, FileFacts]],
    );
    return sumUp(listed, { version: 1, files: new Map(known) });
  };
  const OPEN = sumBy({ "a.jsonl": counted(10), "b.csv": undefined });
  const DAMAGED = sumBy({ "a.jsonl": counted(10), "b.csv": { kind: "unreadable", why: "?" } });
  const [NOT_COUNTED, NEVER] = ["are not counted", "cannot be counted"];

  it.each<[string, DataExpectation, Sum, boolean, string[]]>([
    ["all counted: judged", { rows: { min: 11 } }, sumBy({ "a.jsonl": counted(10) }), false, ["at least 11"]],
    [
      "with files that have no rows",
      { rows: { min: 10 } },
      sumBy({ "a.csv": counted(10), "b.md": undefined }),
      false,
      [],
    ],
    ["one is not counted", { rows: { min: 1, max: 99 } }, OPEN, false, [NOT_COUNTED, NOT_COUNTED]],
    ["one is not counted, and may come", { rows: { min: 1, max: 99 } }, OPEN, true, []],
    [
      "one is not counted, and what is lost is asked",
      { rows: { dropAtMost: "1%" } },
      OPEN,
      true,
      [NOT_COUNTED],
    ],
    ["one is damaged", { rows: { min: 1 } }, DAMAGED, true, [NEVER]],
    [
      "one never will be",
      { rows: { min: 1 } },
      sumBy({ "a.csv": counted(1), "b.json": undefined }),
      true,
      [NEVER],
    ],
    [
      "an archive does not tell",
      { rows: { max: 9 } },
      sumBy({ "a.zip": { kind: "archive", files: 1, bytes: 1, formats: [], rows: undefined } }),
      true,
      [NEVER],
    ],
  ])("%s", (_, expectation, now, waits, broken) => {
    const problems = judgeData(expectation, { source: "text", waits, before: now, now });
    expect(problems.map(({ message }) => message)).toEqual(
      broken.map((text) => expect.stringContaining(text)),
    );
  });
});

describe("compareSums()", () => {
  it("tells rows, bytes, columns and how the mixture moved, most first", () => {
    const after = sumOf(parquet(20, column("content"), column("lang", "string", { Rust: 15, Zig: 5 })));
    expect(compareSums(NOW, after)).toEqual({
      rows: { before: 10, after: 20 },
      bytes: { before: 100, after: 100 },
      added: [],
      dropped: [],
      retyped: [],
      shifts: [
        { column: "lang", value: "Go", before: 4, after: 0, shareBefore: 0.4, shareAfter: 0 },
        { column: "lang", value: "Zig", before: 0, after: 5, shareBefore: 0, shareAfter: 0.25 },
        { column: "lang", value: "Rust", before: 6, after: 15, shareBefore: 0.6, shareAfter: 0.75 },
      ],
    });
  });

  it("says nothing of rows where one of the two is not known", () => {
    expect(compareSums(sumOf(undefined), NOW)).toMatchObject({ rows: undefined, shifts: [] });
    expect(compareSums(NOW, sumOf({ kind: "unreadable", why: "x" }))).toMatchObject({ rows: undefined });
  });
});
