import type { Provided } from "../provide.ts";
import { formatBytes, formatCount } from "./format.ts";
import { safe } from "./safe.ts";

/**
 * What a sync added for the Hub's own clients, or would; no line where that is nothing:
 *
 *     Hub cache /home/u/.cache/huggingface/hub: 12 files added (3.2 GB copied)
 *     Hub cache /home/u/.cache/huggingface/hub: refs/main is now the pinned commit (was 1a2b3c4d5e6f)
 *     hf download: 57 files made known
 */
export function providedLines({ cache, metadata }: Provided, dryRun: boolean): readonly string[] {
  const lines: string[] = [];
  if (cache !== undefined) {
    const place = `Hub cache ${safe(cache.folder)}`;
    if (cache.files > 0)
      lines.push(
        `${place}: ${formatCount(cache.files, "file")} ${dryRun ? "to add" : "added"}${bytesOf(cache, dryRun)}`,
      );
    for (const { path, before } of cache.refs)
      if (before !== undefined) {
        const ref = safe(path.split("/").slice(1).join("/"));
        lines.push(
          `${place}: ${ref} ${dryRun ? "would become" : "is now"} the pinned commit (was ${safe(before.slice(0, 12))})`,
        );
      }
  }
  const { written, removed } = metadata;
  if (written > 0)
    lines.push(`hf download: ${formatCount(written, "file")} ${dryRun ? "to make" : "made"} known`);
  if (removed > 0) lines.push(`hf download: ${formatCount(removed, "file")} forgotten`);
  return lines;
}

function bytesOf({ blobs }: NonNullable<Provided["cache"]>, dryRun: boolean): string {
  if (dryRun) return blobs.copy.bytes === 0 ? "" : ` (${formatBytes(blobs.copy.bytes)})`;
  const parts = (["copy", "link", "reflink"] as const)
    .filter((how) => blobs[how].files > 0)
    .map((how) => `${formatBytes(blobs[how].bytes)} ${HOW[how]}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

const HOW = { copy: "copied", link: "hard-linked", reflink: "shared with the tree" } as const;
