import { createTwoFilesPatch, FILE_HEADERS_ONLY, OMIT_HEADERS } from "diff";
import type { LockedSource } from "../../schema/lock.ts";
import type { SourceChange } from "../resolve/changes.ts";
import { fileText } from "./lock-text.ts";
import type { Paint } from "./paint.ts";
import { safe } from "./safe.ts";

/** Beyond this the search for the shortest patch takes minutes, and nobody reads the result line by line. */
const MOST_EDITS = 2000;

/**
 * The listings of a source in two locks as a unified diff, one line per file:
 *
 *   --- starcoder-rust 9fc30b578ced… bigcode/starcoderdata
 *   +++ starcoder-rust def567812345… bigcode/starcoderdata
 *   @@ -1,2 +1,2 @@
 *   -rust/a.parquet 320000000 sha256:aaaaaaaaaaaa
 *   +rust/a.parquet 321000000 sha256:bbbbbbbbbbbb
 */
export function patchLines(change: SourceChange, paint: Paint): readonly string[] {
  const before = listing(change.before);
  const after = listing(change.after);
  const body = createTwoFilesPatch("", "", before.join(""), after.join(""), "", "", {
    context: 1,
    headerOptions: OMIT_HEADERS,
    maxEditLength: MOST_EDITS,
  });
  const patch = body ?? wholesale(before, after);
  const lines = patch.split("\n").filter((line) => line !== "" && !line.startsWith("\\"));
  return [
    paint.bold(`--- ${titleOf(change.from ?? change.source, change.before)}`),
    paint.bold(`+++ ${titleOf(change.source, change.after)}`),
    ...lines.map((line) => coloured(line, paint)),
  ];
}

/** Two texts of one file as a unified diff; empty where they are equal. */
export function textPatch(name: string, { before, after }: { before: string; after: string }): string {
  if (before === after) return "";
  return createTwoFilesPatch(before === "" ? "/dev/null" : name, name, before, after, "", "", {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** The same as lines for a person. */
export function textPatchLines(
  name: string,
  texts: { before: string; after: string },
  paint: Paint,
): readonly string[] {
  const lines = textPatch(name, texts)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("\\"));
  return lines.map((line, index) => {
    const shown = safe(line.replace(/\r$/, ""));
    return index < 2 ? paint.bold(shown) : coloured(shown, paint);
  });
}

function listing(source: LockedSource | undefined): readonly string[] {
  return (source?.files ?? []).map((file) => `${fileText(file)}\n`);
}

/** One hunk without context: all lines that only one side has. */
function wholesale(before: readonly string[], after: readonly string[]): string {
  const old = new Set(before);
  const now = new Set(after);
  const removed = before.filter((line) => !now.has(line)).map((line) => `-${line}`);
  const added = after.filter((line) => !old.has(line)).map((line) => `+${line}`);
  return [`@@ -1,${before.length} +1,${after.length} @@\n`, ...removed, ...added].join("");
}

function titleOf(name: string, source: LockedSource | undefined): string {
  if (source === undefined) return "/dev/null";
  return `${safe(name)} ${source.commit} ${safe(source.repo)}`;
}

function coloured(line: string, paint: Paint): string {
  if (line.startsWith("+")) return paint.good(line);
  if (line.startsWith("-")) return paint.bad(line);
  return line.startsWith("@@") ? paint.name(line) : line;
}
