/** How rows are stored, told by the name. */
export type DataFormat = "parquet" | "json lines" | "json" | "csv" | "arrow" | "archive" | "text" | "other";

const BY_ENDING: readonly (readonly [DataFormat, RegExp])[] = [
  ["parquet", /\.parquet$/],
  ["json lines", /\.(jsonl|ndjson)(\.(gz|zst|bz2|xz))?$/],
  // What the Hub's data sets call .json.gz are lines, too.
  ["json lines", /\.json\.(gz|zst|bz2|xz)$/],
  ["json", /\.json$/],
  ["csv", /\.(csv|tsv)(\.(gz|zst|bz2|xz))?$/],
  ["arrow", /\.(arrow|feather)$/],
  ["archive", /\.(zip|tar|tgz|tar\.(gz|zst|bz2|xz))$/],
  ["text", /\.(txt|md)(\.(gz|zst|bz2|xz))?$/],
];

/** Files of these have rows; of others, as text and images, nobody asks how many. */
const WITH_ROWS: ReadonlySet<string> = new Set<DataFormat>([
  "parquet",
  "json lines",
  "json",
  "csv",
  "arrow",
  "archive",
]);

export function hasRows(format: string): boolean {
  return WITH_ROWS.has(format);
}

/** One order for what is told by format. */
export function largestFirst<Told extends { readonly format: string; readonly bytes: number }>(
  formats: readonly Told[],
): readonly Told[] {
  return [...formats].sort((a, b) => b.bytes - a.bytes || (a.format < b.format ? -1 : 1));
}

export function formatOf(path: string): DataFormat {
  const name = path.toLowerCase();
  return BY_ENDING.find(([, ending]) => ending.test(name))?.[0] ?? "other";
}
