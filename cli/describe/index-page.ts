import { formatBytes, formatCount, formatFiles, formatNumber, shortCommit } from "../../schema/format.ts";
import { besidePaths } from "../lock/wants.ts";
import { link, linked, md, tableOf } from "./markdown.ts";
import { rowsText } from "./readme.ts";
import type { Subject } from "./subject.ts";

/** The page that tells of all sources, at the root. */
export function indexText(subjects: readonly Subject[]): string {
  const total = subjects.reduce(
    (sum, { sum: { files, bytes } }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }),
    { files: 0, bytes: 0 },
  );
  const rows = subjects.map(({ locked, sum, page }) => [
    link(locked.name, besidePaths(locked).readme),
    locked.path === "" ? "." : md(locked.path),
    linked(`${locked.repo} at ${shortCommit(locked.commit)}`, page),
    locked.licenses.length === 0 ? "none named" : locked.licenses.map(md).join(", "),
    formatNumber(sum.files),
    formatBytes(sum.bytes),
    rowsText(sum),
  ]);
  const head = ["Source", "Folder", "Repository", "Licence", "Files", "Size", "Rows"];
  const lines = [
    "# The data below this folder",
    "",
    "Written by tritter from what it pinned; a change made here gives way at the next sync.",
    "",
    ...(rows.length === 0 ? ["No sources."] : tableOf(head, rows, [4, 5, 6])),
    "",
    `${formatCount(subjects.length, "source")}, ${formatFiles(total)}`,
  ];
  return `${lines.join("\n")}\n`;
}
