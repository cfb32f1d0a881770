import type { MendResult, Taken } from "../project/mend.ts";
import { formatCount, shortCommit } from "./format.ts";
import { safe } from "./safe.ts";

/** `rust: took theirs, commit def5678, 31 files (list from git)` */
export function mendLines({ file, side, wrote, taken }: MendResult): readonly string[] {
  if (taken.length === 0) {
    return [
      wrote
        ? `wrote ${safe(file)}: both sides merged, no conflict`
        : `nothing to resolve: ${safe(file)} is whole`,
    ];
  }
  return [
    ...taken.map((one) => takenLine(one, side)),
    `${wrote ? "wrote" : "left"} ${safe(file)}; next: git add it, then tritter lock follows what the manifest says now`,
  ];
}

function takenLine(taken: Taken, side: MendResult["side"]): string {
  const { source, member, commit, files, from } = taken;
  if (source === undefined) return `member ${safe(JSON.stringify(member))}: took ${side}`;
  if (commit === undefined) return `${safe(source)}: took ${side}, which removed it`;
  const pin = `commit ${safe(shortCommit(commit))}`;
  if (from === "nowhere")
    return `${safe(source)}: left out, since nothing here lists the files of ${pin} and the manifest names another source`;
  return `${safe(source)}: ${tookText(taken, side)}, ${pin}, ${formatCount(files, "file")}${FROM[from]}`;
}

function tookText({ why }: Taken, side: MendResult["side"]): string {
  switch (why) {
    case "conflict":
      return `took ${side}`;
    case "twice":
      return `stood there twice, took the ${side === "ours" ? "first" : "last"}`;
    case "mixed":
      return "held files that are not of its commit, took those that are";
    default:
      return why satisfies never;
  }
}

const FROM = { lock: "", git: " (list from git)", hub: " (listed anew by the Hub)" } as const;
