import type { BundleResult } from "../project/bundle.ts";
import type { ApplyResult } from "../project/bundle-apply.ts";
import { formatBytes, formatDuration, formatFiles, formatNumber } from "./format.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `bundled 57 files, 18.9 GB into /media/stick/corpus: 45 there already, 30 left out (9 GB), in 3m 12s`, and what it is told by. */
export function bundleLines(result: BundleResult, tookMs: number, { paint }: Layout): readonly string[] {
  const { to, blobs, there, left, digest } = result;
  const place = to === undefined ? "standard output" : safe(to);
  if (digest === undefined) return [`${paint.bad("not bundled")}: ${place} is not whole`];
  const parts = [
    ...(there.files > 0 ? [`${formatNumber(there.files)} there already`] : []),
    ...(left.files > 0 ? [`${formatNumber(left.files)} left out (${formatBytes(left.bytes)})`] : []),
  ];
  const told = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return [
    `${paint.good("bundled")} ${formatFiles(blobs)} into ${place}${told}, in ${formatDuration(tookMs)}`,
    `it is ${digest}`,
  ];
}

/** What became of the documents; the lines of the sync follow. */
export function appliedLines({ manifest, lock }: ApplyResult): readonly string[] {
  return [manifest, lock].map(({ file, wrote }) =>
    wrote ? `wrote ${safe(file)}` : `${safe(file)} stays as it is`,
  );
}
