import type { AdoptResult } from "../project/adopt.ts";
import { formatCount, formatDuration, formatFiles } from "./format.ts";
import { givenText } from "./outcome.ts";
import type { Layout } from "./plan-lines.ts";
import type { Ending } from "./result.ts";
import { safe } from "./safe.ts";

/** `adopted 45 files, 15.7 GB: 45 taken from /mnt/old (15.7 GB, reflinked), in 3.2s`, then what sync would still fetch. */
export function adoptLines(
  { outcome, folder, found, lacking }: AdoptResult,
  { tookMs }: Ending,
  { paint }: Layout,
): readonly string[] {
  const left = lacking.files === 0 ? [] : [`still to be fetched: ${formatFiles(lacking)} (tritter sync)`];
  if (outcome === undefined) {
    const none = `nothing that would be fetched is in ${safe(folder)}`;
    return [found.files === 0 ? none : `would adopt ${formatFiles(found)} from ${safe(folder)}`, ...left];
  }
  const here = outcome.adopted === 0 ? [] : [`${formatCount(outcome.adopted, "file")} in place already`];
  if (found.files + lacking.files + outcome.adopted === 0)
    return ["nothing to adopt: all that is wanted is here"];
  const parts = [...outcome.given.map(givenText), ...here, `in ${formatDuration(tookMs)}`];
  return [`${paint.good("adopted")} ${formatFiles(found)}: ${parts.join(", ")}`, ...left];
}
