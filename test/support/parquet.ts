import { parquetWriteBuffer } from "hyparquet-writer";

// Parquet files as one of the writers in use makes them.

type Column = Parameters<typeof parquetWriteBuffer>[0]["columnData"][number];

/** `rowGroup`: rows of each group. */
export function parquetOf(columnData: readonly Column[], rowGroup = 1_000): Uint8Array {
  const bytes = parquetWriteBuffer({ columnData: [...columnData], rowGroupSize: rowGroup });
  return new Uint8Array(bytes);
}

/** Code in one language, as the corpora lay it out: text that differs, and a column that does not. */
export function codeFile(
  rows: number,
  { language = "Rust", columns = [] }: { language?: string; columns?: readonly Column[] } = {},
): Uint8Array {
  const each = <Value>(make: (row: number) => Value) => Array.from({ length: rows }, (_, row) => make(row));
  return parquetOf([
    { name: "content", data: each((row) => `fn f${row}() {} // ${language}`), type: "STRING" },
    { name: "language", data: each(() => language), type: "STRING" },
    { name: "size", data: each((row) => BigInt(row)), type: "INT64" },
    ...columns,
  ]);
}

/** A file with this footer, and so many bytes before it: what they are does not matter. */
export function withFooter(
  footer: Uint8Array,
  { length = footer.length, magic = "PAR1", body = 0 } = {},
): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(length);
  trailer.write(magic, 4, "latin1");
  return Buffer.concat([Buffer.from("PAR1"), Buffer.alloc(body), footer, trailer]);
}

/** The footer alone, of a file that is in order. */
export function footerOf(file: Uint8Array): Uint8Array {
  const view = Buffer.from(file);
  const length = view.readUInt32LE(view.length - 8);
  return view.subarray(view.length - 8 - length, view.length - 8);
}
