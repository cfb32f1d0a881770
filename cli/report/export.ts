import type { ExportResult } from "../project/export.ts";
import { formatCount, formatFiles } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `wrote bom.json: cyclonedx of 3 sources, 57 files, 18.9 GB` */
export function exportLine({ to, format, sources, files }: ExportResult, { paint }: Layout): string {
  const place = to === undefined ? "to standard output" : safe(to);
  return `${paint.good("wrote")} ${place}: ${format} of ${formatCount(sources.length, "source")}, ${formatFiles(files)}`;
}
