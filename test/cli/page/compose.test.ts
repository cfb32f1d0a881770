import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compose, type Dimension, type KnownFile, type Said, sharedOut } from "../../../cli/page/compose.ts";
import { languageInPath, languageNamed } from "../../../cli/page/languages.ts";
import { splitInPath } from "../../../cli/page/splits.ts";
import type { FileFacts } from "../../../schema/facts.ts";

function file(
  path: string,
  size: number,
  columns?: Readonly<Record<string, Readonly<Record<string, number>>>>,
): KnownFile {
  return { source: "code", path, shown: path, size, facts: columns && parquet(columns) };
}

function parquet(columns: Readonly<Record<string, Readonly<Record<string, number>>>>): FileFacts {
  const rows = Math.max(
    0,
    ...Object.values(columns).map((values) => Object.values(values).reduce((a, b) => a + b, 0)),
  );
  return {
    kind: "parquet",
    rows,
    rowGroups: 1,
    writer: undefined,
    columns: Object.entries(columns).map(([name, values]) => ({
      name,
      type: "string",
      compressed: 0,
      plain: 0,
      range: undefined,
      values: Object.keys(values).length === 0 ? undefined : new Map(Object.entries(values)),
    })),
  };
}

function parts(dimension: Dimension, files: readonly KnownFile[], said: Partial<Said> = {}) {
  const all = new Map([["code", { groups: [], licenses: [], ...said }]]);
  return compose(dimension, files, all).parts.map(({ name, bytes, told }) => [name, bytes, told]);
}

describe("compose() by language", () => {
  it("believes a column of the data before names, and names before groups", () => {
    const rows = file("rust/a.parquet", 10, { language: { GO: 3 } });
    const names = file("rust/b.parquet", 10);
    const group = file("data/c.parquet", 10);
    expect(parts("language", [rows, names, group], { groups: ["files", "typescript"] })).toEqual([
      ["Go", 10, { rows: 1 }],
      ["Rust", 10, { names: 1 }],
      ["TypeScript", 10, { group: 1 }],
    ]);
  });

  it("says nothing where nobody does: no name, no group, two groups of two languages, a footer that does not tell", () => {
    expect(parts("language", [file("data/a.parquet", 1)])).toEqual([[undefined, 1, {}]]);
    expect(parts("language", [file("data/a.parquet", 1)], { groups: ["go", "rust"] })).toEqual([
      [undefined, 1, {}],
    ]);
    expect(parts("language", [file("data/a.parquet", 1, { language: {} })])).toEqual([[undefined, 1, {}]]);
  });

  it("shares the bytes of a file out by its rows, and counts it as mixed", () => {
    const mixed = [file("a.parquet", 100, { lang: { Rust: 3, rs: 1, Klingon: 4 } })];
    expect(parts("language", mixed)).toEqual([
      ["Klingon", 50, { rows: 1 }],
      ["Rust", 50, { rows: 1 }],
    ]);
    expect(compose("language", mixed, new Map()).mixedFiles).toBe(1);
  });
});

describe("compose() by licence", () => {
  it("believes a column of the data before the card, and knows nothing without either", () => {
    const files = [file("a", 4, { license: { MIT: 1, "apache-2.0": 1 } }), file("b", 3)];
    expect(parts("license", files, { licenses: ["openrail", "cc0-1.0"] })).toEqual([
      ["cc0-1.0, openrail", 3, { card: 1 }],
      ["apache-2.0", 2, { rows: 1 }],
      ["mit", 2, { rows: 1 }],
    ]);
    expect(parts("license", [file("b", 3)])).toEqual([[undefined, 3, {}]]);
  });
});

describe("compose()", () => {
  it("keeps every byte and every row, whatever the files say", () => {
    const values = fc.dictionary(fc.constantFrom("Rust", "go", "x", "__proto__"), fc.nat(1_000), {
      maxKeys: 3,
    });
    const some = fc.record({
      path: fc.constantFrom("rust/train-0.parquet", "data/x.jsonl", "test/a.bin", "valid/go/b"),
      size: fc.nat(1_000_000_000),
      columns: fc.option(fc.record({ language: values, license: values }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(some), (made) => {
        const files = made.map(({ path, size, columns }) => file(path, size, columns));
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        for (const dimension of ["source", "language", "license", "split"] as const) {
          const { parts } = compose(dimension, files, new Map());
          expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes);
          expect(parts.every((part) => part.bytes >= 0 && Number.isInteger(part.bytes))).toBe(true);
          const rows = files.reduce(
            (sum, { facts }) => sum + (facts?.kind === "parquet" ? facts.rows : 0),
            0,
          );
          expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(rows);
          expect(parts.findIndex(({ name }) => name === undefined) % Math.max(1, parts.length)).toBe(
            parts.some(({ name }) => name === undefined) ? parts.length - 1 : -1 % Math.max(1, parts.length),
          );
        }
      }),
    );
  });

  it("shares out whole numbers that add up", () => {
    expect(
      sharedOut(10, [
        ["a", 1],
        ["b", 1],
        ["c", 1],
      ]),
    ).toEqual([3, 3, 4]);
    expect(
      sharedOut(7, [
        ["a", 0],
        ["b", 0],
      ]),
    ).toEqual([0, 7]);
    expect(sharedOut(0, [["a", 5]])).toEqual([0]);
  });
});

describe("languageInPath()", () => {
  it.each([
    ["rust/train-00000-of-00009.parquet", "Rust"],
    ["data/C++/x.parquet", "C++"],
    ["apr/test/C#.jsonl", "C#"],
    ["apr/test/Rust.jsonl", "Rust"],
    ["stage1/python/medium/train_0.jsonl", "Python"],
    ["go/rust/x.parquet", "Rust"],
    ["ts/x.parquet", "TypeScript"],
    ["data/train-00000.parquet", undefined],
    ["rusty/x", undefined],
    ["data/c.parquet", undefined],
    ["data/C.parquet", "C"],
    ["c/a.parquet", "C"],
    ["README.md", undefined],
  ])("%s: %s", (path, language) => {
    expect(languageInPath(path)).toBe(language);
  });

  it("knows names however they are written", () => {
    expect(["GO", "emacs-lisp", "Emacs Lisp", "golang", "constructor", ""].map(languageNamed)).toEqual([
      "Go",
      "Emacs Lisp",
      "Emacs Lisp",
      "Go",
      undefined,
      undefined,
    ]);
  });
});

describe("splitInPath()", () => {
  it.each([
    ["data/train-00000-of-00009.parquet", "train"],
    ["data/valid-00000-of-00002.parquet", "validation"],
    ["dev/a.jsonl", "validation"],
    ["test/training_set.jsonl", "train"],
    ["TEST/a.jsonl", "test"],
    ["evaluation.csv", "test"],
    ["data/constrain.parquet", undefined],
    ["latest/a.parquet", undefined],
    ["data/x.parquet", undefined],
  ])("%s: %s", (path, split) => {
    expect(splitInPath(path)).toBe(split);
  });
});
