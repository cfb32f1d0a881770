import { basename } from "node:path";
import type { ImportedSource, ImportResult } from "../project/import.ts";
import { formatCount } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** The manifest's patch, then a line for each source: `download.sh:12 → rust: dataset o/n, 2 patterns, proved on 863 files` */
export async function importLines(
  result: ImportResult,
  dryRun: boolean,
  { paint }: Layout,
): Promise<readonly string[]> {
  const { before, after, from, file, sources } = result;
  const { textPatchLines } = await import("./patch.ts");
  const origin = safe(basename(from));
  return [
    ...textPatchLines(basename(file), { before, after }, paint),
    ...sources.map(
      (source) =>
        `${origin}:${source.lines.join(",")} → ${paint.name(safe(source.name))}: ${sourceText(source)}`,
    ),
    ...(sources.length === 0
      ? []
      : [`${dryRun ? "would write" : "wrote"} ${safe(file)}; run tritter lock next`]),
  ];
}

function sourceText({ stanza, proof, files }: ImportedSource): string {
  const { repo, type = "dataset", revision, include = [], exclude = [] } = stanza;
  const patterns = include.length + exclude.length;
  return [
    `${type} ${safe(repo)}${revision === undefined ? "" : ` at ${safe(revision)}`}`,
    patterns === 0 ? "every file" : formatCount(patterns, "pattern"),
    ...(proof === "proved" ? [`proved: the same ${formatCount(files ?? 0, "file")}`] : []),
    ...(proof === "unproved" ? ["not proved"] : []),
  ].join(", ");
}
