import type { Extra, Lock, LockedFile, LockedSource } from "../../schema/lock.ts";
import type { Disk } from "../disk/port.ts";
import { writeDocument } from "../disk/replace.ts";
import { filePieces } from "./digests.ts";

/** Writes the lock beside, flushes and renames it; equal bytes leave the file untouched. Throws DISK_REFUSED, NO_SPACE. */
export function writeLock({
  file,
  disk,
  lock,
}: {
  file: string;
  disk: Disk;
  lock: Lock;
}): Promise<"written" | "unchanged"> {
  return writeDocument(disk, file, serialiseLock(lock));
}

/**
 * The lock's bytes: strict JSON laid out for diffs and merges. Sources sorted by name, files by the bytes of their path,
 * one file a line, members in a fixed order and unknown ones after them.
 */
export function serialiseLock(lock: Lock): string {
  const sources = [...lock.sources].sort((a, b) => compareBytes(a.name, b.name));
  return layOut(lock.version, sources.map(entryPart), memberParts(lock.extra));
}

/** A piece of the whole, given the comma that follows it, if one does. */
export type Part = (comma: string) => string;

/** The whole from its entries and from the members that are not known. */
export function layOut(version: number, entries: readonly Part[], rest: readonly Part[]): string {
  const end = rest.length === 0 ? "}}\n" : "},\n";
  const after = rest.length === 0 ? "" : `${joined(rest)}}\n`;
  return `{\n"version": ${version},\n"sources": {\n${joined(entries)}${end}${after}`;
}

function joined(parts: readonly Part[]): string {
  return parts.map((part, index) => `${part(index < parts.length - 1 ? "," : "")}\n`).join("");
}

export function entryPart(source: LockedSource): Part {
  const { pieces, listing } = filePieces(sortedFiles(source.files));
  const head = headLines(source, listing).join("\n");
  return (comma) => `${head}\n${fileBlock(pieces)}${comma}`;
}

export function memberParts(extra: Extra): Part[] {
  return memberLines(extra).map((line) => (comma) => `${line}${comma}`);
}

/** By UTF-8 bytes: the order of code points, which UTF-16 code units differ from beyond the basic plane. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** An entry up to its files: `"rust": {`, …, `"files": [`. */
export function headLines(source: LockedSource, listing: string): string[] {
  const heads = [
    [
      pair("repo", source.repo),
      ...optional("asked", source.asked),
      ...optional("id", source.id),
      pair("type", source.type),
      pair("revision", source.revision),
      ...optional("as-of", source.asOf),
      ...optional("min-age", source.minAge),
    ],
    // Side by side: git merges edits of lines that touch as one, so no request ever meets the commit of another branch.
    [pair("request", source.request)],
    [pair("commit", source.commit), pair("listing", listing)],
    [
      pair("path", source.path),
      ...(source.strip === "" ? [] : [pair("strip", source.strip)]),
      ...optional("license", licenseOf(source.licenses)),
      ...optional("gated", source.gated === false ? undefined : source.gated),
      ...optional("private", source.private === true ? true : undefined),
    ],
    [...optional("card", source.card), ...optional("gate", source.gate)],
    source.carrier === undefined ? [] : [`"carrier": ${JSON.stringify(source.carrier)}`],
    source.rescued === undefined ? [] : [`"rescued": ${JSON.stringify(source.rescued)}`],
    ...memberLines(source.extra).map((member) => [member]),
  ];
  const lines = heads.flatMap((head) => (head.length === 0 ? [] : [`${head.join(", ")},`]));
  return [`${JSON.stringify(source.name)}: {`, ...lines, '"files": ['];
}

/** The lines of the files, or pieces of several, and the end of their entry. */
export function fileBlock(pieces: readonly string[]): string {
  return `${pieces.join(",\n")}${pieces.length === 0 ? "" : "\n"}]}`;
}

export function sortedFiles(files: readonly LockedFile[]): readonly LockedFile[] {
  const isSorted = files.every(
    (file, index) => index === 0 || compareBytes((files[index - 1] as LockedFile).path, file.path) < 0,
  );
  return isSorted ? files : [...files].sort((a, b) => compareBytes(a.path, b.path));
}

function licenseOf(licenses: readonly string[]): string | readonly string[] | undefined {
  return licenses.length > 1 ? licenses : licenses[0];
}

function pair(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

function optional(key: string, value: unknown): string[] {
  return value === undefined ? [] : [pair(key, value)];
}

function memberLines(extra: Extra): string[] {
  return Object.keys(extra)
    .sort()
    .map((key) => pair(key, extra[key]));
}
