import { describe, expect, it } from "vitest";
import { readFooter } from "../../../cli/facts/footer.ts";
import type { FileFacts, ParquetFacts } from "../../../schema/facts.ts";
import { codeFile, footerOf, parquetOf, withFooter } from "../../support/parquet.ts";

interface Read {
  readonly facts: FileFacts;
  /** Half open. */
  readonly ranges: readonly (readonly [number, number])[];
}

async function read(file: Uint8Array, size = file.length): Promise<Read> {
  const ranges: [number, number][] = [];
  const facts = await readFooter(size, async (start, end) => {
    ranges.push([start, end]);
    const bytes = new Uint8Array(end - start);
    // A file of which only the end is there stands at its end.
    const shift = size - file.length;
    bytes.set(
      file.subarray(Math.max(0, start - shift), Math.max(0, end - shift)),
      Math.max(0, shift - start),
    );
    return bytes;
  });
  return { facts, ranges };
}

async function parquet(file: Uint8Array): Promise<ParquetFacts> {
  const { facts } = await read(file);
  if (facts.kind !== "parquet") throw new Error(JSON.stringify(facts));
  return facts;
}

describe("readFooter()", () => {
  it("tells rows, row groups, columns, bytes, least and greatest values", async () => {
    const facts = await parquet(codeFile(2_500));
    expect(facts).toMatchObject({ rows: 2_500, rowGroups: 3, writer: "hyparquet" });
    const [content, language, size] = facts.columns;
    expect([content?.name, content?.type, content?.values]).toEqual(["content", "string?", undefined]);
    expect(language).toMatchObject({ name: "language", type: "string?", range: ["Rust", "Rust"] });
    expect(language?.values).toEqual(new Map([["Rust", 2_500]]));
    expect(size).toMatchObject({ name: "size", type: "int64?", range: ["0", "2499"], values: undefined });
    for (const { compressed, plain } of facts.columns)
      expect([compressed > 0, plain > 0]).toEqual([true, true]);
  });

  it("counts values over row groups that hold one each, and not over one that holds two or nulls", async () => {
    const column = (data: (string | null)[]) => [
      { name: "lang", data, type: "STRING" as const, nullable: true },
    ];
    const values = async (data: (string | null)[]) =>
      (await parquet(parquetOf(column(data), 2))).columns[0]?.values;
    expect(await values(["Go", "Go", "Rust", "Rust", "Go"])).toEqual(
      new Map([
        ["Go", 3],
        ["Rust", 2],
      ]),
    );
    expect(await values(["Go", "Rust", "Rust", "Rust"])).toBeUndefined();
    expect(await values(["Go", null])).toBeUndefined();
    expect(await values([])).toBeUndefined();
  });

  it("compares texts by their bytes, and leaves out what was cut short or is long", async () => {
    const range = async (data: string[]) =>
      (await parquet(parquetOf([{ name: "t", data, type: "STRING" }]))).columns[0]?.range;
    expect(await range(["b", "a", "ä", "Z"])).toEqual(["Z", "ä"]);
    expect(await range(["a", "b".repeat(40)])).toBeUndefined();
  });

  it("knows the types that writers give", async () => {
    const facts = await parquet(
      parquetOf([
        { name: "b", data: [true], type: "BOOLEAN" },
        { name: "i", data: [1], type: "INT32" },
        { name: "f", data: [0.5], type: "FLOAT" },
        { name: "d", data: [0.25], type: "DOUBLE" },
        { name: "j", data: [{ a: 1 }], type: "JSON" },
        { name: "t", data: [new Date("2026-01-02T03:04:05.678Z")], type: "TIMESTAMP" },
        { name: "u", data: ["123e4567-e89b-12d3-a456-426614174000"], type: "UUID" },
        { name: "n", data: [1n], type: "INT64", nullable: false },
      ]),
    );
    expect(facts.columns.map(({ name, type, range }) => [name, type, range?.[0]])).toEqual([
      ["b", "bool?", "true"],
      ["i", "int32?", "1"],
      ["f", "float?", "0.5"],
      ["d", "double?", "0.25"],
      ["j", "json?", '{"a":1}'],
      ["t", "timestamp[ms]?", "2026-01-02T03:04:05.678Z"],
      ["u", "uuid?", undefined],
      ["n", "int64", "1"],
    ]);
  });

  it("reads once where the footer is small, and exactly the rest where it is not", async () => {
    const small = codeFile(10);
    expect((await read(small)).ranges).toEqual([[0, small.length]]);
    const wide = parquetOf(
      Array.from({ length: 3_000 }, (_, index) => ({
        name: `c${index}`,
        data: [index],
        type: "INT32" as const,
      })),
    );
    const footer = footerOf(wide).length;
    expect(footer).toBeGreaterThan(64 * 1024);
    const { facts, ranges } = await read(wide);
    expect(facts).toMatchObject({ kind: "parquet", rows: 1 });
    const tail = wide.length - 64 * 1024;
    expect(ranges).toEqual([
      [tail, wide.length],
      [wide.length - 8 - footer, tail],
    ]);
  });

  it("takes no rows, and no columns", async () => {
    expect(await parquet(parquetOf([{ name: "a", data: [], type: "STRING" }]))).toMatchObject({ rows: 0 });
  });

  const good = footerOf(codeFile(3));
  const varint = new Uint8Array(1_000_000).fill(0xff);
  const nested = new Uint8Array(100_000).fill(0x1c);
  it.each<[string, Uint8Array, string, number?]>([
    ["is empty", new Uint8Array(0), "it is too short to be Parquet"],
    [
      "is a pointer's worth of text",
      Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
      "it does not end as Parquet does",
    ],
    ["has an encrypted footer", withFooter(good, { magic: "PARE" }), "its footer is encrypted"],
    [
      "names a footer of 2 GiB",
      withFooter(good, { length: 2 ** 31 }),
      "its footer would be longer than the file",
    ],
    [
      "has a footer of 2 GiB",
      withFooter(good, { length: 2 ** 31 }),
      "its footer has 2147483648 bytes, more than the 33554432 that are read",
      2 ** 33,
    ],
    ["has an empty footer", withFooter(new Uint8Array(0)), "its footer is damaged"],
    ["has half a footer", withFooter(good.subarray(0, good.length / 2)), "its footer is damaged"],
    [
      "has a number without an end",
      withFooter(Buffer.concat([Buffer.from([0x16]), varint])),
      "its footer is damaged",
    ],
    ["nests without an end", withFooter(nested), "its footer is damaged"],
    [
      "has a list of more than there is",
      withFooter(Buffer.from([0x19, 0xfc, 0xff, 0xff, 0xff, 0x0f])),
      "its footer is damaged",
    ],
    ["is a struct of something else", withFooter(Buffer.from([0x15, 0x02, 0x00])), "its footer is damaged"],
  ])("says what is wrong with a file that %s", async (_, file, why, size = file.length) => {
    const { facts, ranges } = await read(file, size);
    expect(facts).toEqual({ kind: "unreadable", why });
    expect(ranges.length).toBeLessThanOrEqual(2);
    expect(ranges.reduce((sum, [start, end]) => sum + end - start, 0)).toBeLessThan(2 ** 25);
  });

  it("believes no rows that row groups do not add up to, and no columns larger than the file", async () => {
    const file = Buffer.from(codeFile(100));
    const footer = footerOf(file);
    const at = file.length - 8 - footer.length;
    let refused = 0;
    for (let index = 0; index < footer.length; index++) {
      const edited = Buffer.from(file);
      edited[at + index] = (edited[at + index] ?? 0) ^ 0x40;
      const { facts } = await read(edited);
      if (facts.kind === "unreadable") refused += 1;
      else if (facts.kind === "parquet") {
        const compressed = facts.columns.reduce((sum, column) => sum + column.compressed, 0);
        expect([facts.rows >= 0, compressed <= file.length]).toEqual([true, true]);
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
