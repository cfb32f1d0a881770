import type { RescuedSource, RescueResult } from "../project/rescue.ts";
import { formatFiles, shortCommit } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `code: rescued, 9 files, 2.9 GB from dataset o/mirror at abc1234`, one line or more a source; what is lost, a problem says. */
export function rescueLines(result: RescueResult, dryRun: boolean, layout: Layout): readonly string[] {
  const { sources, lockFile, differs, wrote } = result;
  const file = safe(lockFile);
  const last = wrote ? `wrote ${file}` : dryRun && differs ? `would write ${file}` : `${file} stays as it is`;
  return [...sources.flatMap((source) => linesOf(source, layout)), last];
}

function linesOf(source: RescuedSource, { paint, verbose }: Layout): readonly string[] {
  const name = paint.name(safe(source.source));
  const looked = verbose ? source.looked.map((line) => `  looked in ${safe(line)}`) : [];
  switch (source.state) {
    case "standing":
      return [`${name}: commit ${shortCommit(source.pin.commit)} can be had, nothing to rescue`];
    case "back":
      return [`${name}: commit ${shortCommit(source.pin.commit)} can be had again, and is locked as before`];
    case "kept":
      return [`${name}: rescued already, and still to be had`, ...looked];
    case "rescued":
      return [...heldLines(source, `${name}: ${paint.good("rescued")}`), ...looked];
    case "stranded":
      return [...heldLines(source, `${name}: ${strandedText(source, paint)}`), ...looked];
    case "unknown":
      return [];
    default:
      return source.state satisfies never;
  }
}

/** What repositories have is locked only where nothing of the rest is lost. */
function strandedText({ refuges, lost }: RescuedSource, paint: Paint): string {
  return refuges.length > 0 && lost.length === 0 ? paint.warn("rescued in part") : paint.bad("not rescued");
}

function heldLines({ refuges, here, lost }: RescuedSource, head: string): readonly string[] {
  const parts = [
    ...refuges.map(
      ({ refuge, files, bytes }) =>
        `${formatFiles({ files, bytes })} from ${refuge.type} ${safe(refuge.repo)} at ${shortCommit(refuge.commit)}`,
    ),
    ...(here.length > 0 ? [`${here.length} on this disk only`] : []),
    ...(lost.length > 0 ? [`${lost.length} nowhere`] : []),
  ];
  return parts.length === 1 ? [`${head}, ${parts[0]}`] : [`${head}:`, ...parts.map((part) => `  ${part}`)];
}
