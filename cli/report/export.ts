import type { ExportResult } from "../project/export.ts";
import { formatCount, formatFiles } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `wrote cyclonedx of 3 sources, 57 files, 18.9 GB to bom.json` */
export function exportLine({ to, format, sources, files }: ExportResult, { paint }: Layout): string {
  const place = to === undefined ? "standard output" : safe(to);
  const what = `${format} of ${formatCount(sources.length, "source")}, ${formatFiles(files)}`;
  return `${paint.good("wrote")} ${what} to ${place}`;
}
