import type { LockedSource } from "../../schema/lock.ts";
import { fileLine, listingDigest } from "./digests.ts";
import type { Conflict, Merged } from "./merge.ts";
import { compareBytes, entryPart, fileBlock, headLines, layOut, memberParts, type Part } from "./write.ts";

/**
 * A merge as the text of a lock, with git's markers around what is in conflict and nothing else. A source shows as two
 * heads over the files of ours: thousands of lines would say no more than the two commits do. With ours' head chosen by
 * hand the entry is whole; the files of theirs are found by their `listing` (`salvage.ts`).
 *
 *   "rust": {
 *   "repo": "o/rust", "type": "dataset", "revision": "main",
 *   "request": "sha256:…",
 *   <<<<<<< ours: 28 files, 2900000000 bytes
 *   "commit": "9fc30b57…", "listing": "sha256:…",
 *   =======
 *   "commit": "def56781…", "listing": "sha256:…",
 *   >>>>>>> theirs: 31 files, 3100000000 bytes
 *   "path": "rust",
 *   "files": [
 */
export function serialiseMerged({ agreed, conflicts }: Merged): string {
  const entries = [
    ...agreed.sources.map((source) => ({ name: source.name, part: entryPart(source) })),
    ...conflicts.flatMap((one) =>
      one.kind === "source" ? [{ name: one.name, part: dividedEntry(one) }] : [],
    ),
  ].sort((a, b) => compareBytes(a.name, b.name));
  const members = conflicts.flatMap((one) => (one.kind === "member" ? [dividedMember(one)] : []));
  return layOut(
    agreed.version,
    entries.map(({ part }) => part),
    [...memberParts(agreed.extra), ...members],
  );
}

function dividedEntry({ ours, theirs }: Extract<Conflict, { kind: "source" }>): Part {
  if (ours === undefined || theirs === undefined) return oneSided(ours, theirs);
  const [left, right] = [headOf(ours), headOf(theirs)];
  const before = commonLength(left, right);
  const after = commonLength(left.slice(before).reverse(), right.slice(before).reverse());
  const lines = [
    ...left.slice(0, before),
    opening(ours),
    ...left.slice(before, left.length - after),
    BETWEEN,
    ...right.slice(before, right.length - after),
    closing(theirs),
    ...left.slice(left.length - after),
  ];
  const files = fileBlock(ours.files.map(fileLine));
  return (comma) => `${lines.join("\n")}\n${files}${comma}`;
}

/** One side removed it; of the other the head is shown. */
function oneSided(ours: LockedSource | undefined, theirs: LockedSource | undefined): Part {
  const shown = (entry: LockedSource | undefined, comma: string) =>
    entry === undefined ? [] : [...headOf(entry), `${fileBlock([])}${comma}`];
  return (comma) =>
    [opening(ours), ...shown(ours, comma), BETWEEN, ...shown(theirs, comma), closing(theirs)].join("\n");
}

function dividedMember({ name, ours, theirs }: Extract<Conflict, { kind: "member" }>): Part {
  const shown = (value: unknown, comma: string) =>
    value === undefined ? [] : memberParts({ [name]: value }).map((part) => part(comma));
  return (comma) =>
    ["<<<<<<< ours", ...shown(ours, comma), BETWEEN, ...shown(theirs, comma), ">>>>>>> theirs"].join("\n");
}

const BETWEEN = "=======";

function opening(entry: LockedSource | undefined): string {
  return `<<<<<<< ours: ${sizeOf(entry)}`;
}

function closing(entry: LockedSource | undefined): string {
  return `>>>>>>> theirs: ${sizeOf(entry)}`;
}

function sizeOf(entry: LockedSource | undefined): string {
  if (entry === undefined) return "removed";
  const bytes = entry.files.reduce((sum, file) => sum + file.size, 0);
  return `${count(entry.files.length, "file")}, ${count(bytes, "byte")}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function headOf(entry: LockedSource): string[] {
  return headLines(entry, listingDigest(entry.files));
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((line, index) => line !== b[index]);
  return at < 0 ? a.length : at;
}
