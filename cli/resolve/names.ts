import type { Carrier } from "../../schema/manifest.ts";
import { judgeName, printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";

const MOST_SHOWN = 20;

/** NAME_REFUSED for paths that are hostile, or unportable where the carrier does not say `names: posix`. */
export function refusedNames(source: string, { names }: Carrier, paths: readonly string[]): Problem[] {
  const refused: { line: string; hostile: boolean }[] = [];
  for (const path of paths) {
    const judged = judgeName(path);
    if (judged.kind === "ok" || (judged.kind === "unportable" && names === "posix")) continue;
    refused.push({ line: `"${printable(path)}" ${judged.why}`, hostile: judged.kind === "hostile" });
  }
  if (refused.length === 0) return [];
  const hostile = refused.some((one) => one.hostile);
  const more = refused.length > MOST_SHOWN ? [`and ${refused.length - MOST_SHOWN} more`] : [];
  const what = hostile
    ? "names that could write outside their folder or into another tool's files"
    : "names that not every platform can hold";
  return [
    {
      code: "NAME_REFUSED",
      source,
      message: `source "${source}" selects ${what}`,
      details: [...refused.slice(0, MOST_SHOWN).map((one) => one.line), ...more],
      hint: hostile
        ? "exclude them, and tell the repository's owner"
        : "exclude them, or set names: posix on the source",
    },
  ];
}
