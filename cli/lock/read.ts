import type { Commit, Digest, TreePath } from "../../schema/ids.ts";
import type { Extra, Lock, LockedFile, LockedSource, Whereabouts } from "../../schema/lock.ts";
import { hostilityOf, printable } from "../../schema/names.ts";
import { type SchemaError, validateLock } from "../../schema/validate.mjs";
import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { bytesDigest, listingDigest } from "./digests.ts";
import { firstFlaw, lineAt } from "./flaws.ts";
import { lineOf } from "./places.ts";
import { MARKER } from "./salvage.ts";
import { finalPath, isBelow } from "./wants.ts";
import { compareBytes } from "./write.ts";

export type ReadLock =
  | {
      readonly kind: "ok";
      readonly lock: Lock;
      /** `sha256:…` of its bytes */
      readonly digest: string;
      readonly warnings: readonly string[];
    }
  | { readonly kind: "missing" };

/** Reads and distrusts a lock. Throws LOCK_INVALID, LOCK_EDITED, LOCK_VERSION, DISK_REFUSED. */
export async function readLock(where: Where): Promise<ReadLock> {
  const found = await readDigested(where);
  if (found === undefined) return { kind: "missing" };
  return { kind: "ok", ...parseLock(found.text, where.file), digest: found.digest };
}

/** As it stands, however broken; undefined where there is none. Throws LOCK_INVALID for more than a string holds, DISK_REFUSED. */
export async function readLockText(where: Where): Promise<string | undefined> {
  return (await readBytes(where))?.toString("utf8");
}

interface Where {
  readonly file: string;
  readonly disk: Disk;
}

async function readDigested(where: Where): Promise<{ text: string; digest: string } | undefined> {
  const bytes = await readBytes(where);
  return bytes && { text: bytes.toString("utf8"), digest: bytesDigest(bytes) };
}

async function readBytes({ file, disk }: Where): Promise<Buffer | undefined> {
  const bytes = await onDisk(`read "${file}"`, () => disk.read(file));
  if (bytes !== undefined && bytes.length > LARGEST)
    throw invalid(file, [`it has ${bytes.length} bytes: should have at most ${LARGEST}`]);
  return bytes;
}

/** `file` is what messages call it. Throws LOCK_INVALID, LOCK_EDITED, LOCK_VERSION. */
export function parseLock(
  text: string,
  file: string,
): { readonly lock: Lock; readonly warnings: readonly string[] } {
  const { lock, listings } = shapeOf(text, file);
  const mistakes = namesOf(lock);
  if (mistakes.length > 0) throw invalid(file, mistakes);
  checkEdits({ file, text }, lock, listings);
  return { lock, warnings: unknownMembers(lock) };
}

interface Shaped {
  readonly lock: Lock;
  /** What each source says of its files. */
  readonly listings: ReadonlyMap<string, string>;
}

/** The document has as many objects as the lock: it is let go of before names and digests are looked at. */
function shapeOf(text: string, file: string): Shaped {
  const document = parse(file, text);
  checkVersion(file, document);
  const errors = validateLock(document);
  if (errors.length > 0) throw invalid(file, explain(errors, text));
  const { version, sources, ...extra } = document as LockDocument;
  const list = Object.entries(sources).map(([name, source]) => sourceOf(name, source));
  return {
    lock: { version, sources: list.sort((a, b) => compareBytes(a.name, b.name)), extra },
    listings: new Map(Object.entries(sources).map(([name, { listing }]) => [name, listing])),
  };
}

/** bytes: about 3,000,000 files, and below what one string holds. */
const LARGEST = 400 * 1024 * 1024;

function parse(file: string, text: string): unknown {
  const marker = MARKER.exec(text);
  if (marker !== null) {
    const line = lineAt(text, marker.index);
    throw edited(file, `it holds conflict markers of a merge (line ${line})`, line);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? printable(error.message) : "";
    throw invalid(file, [`not valid JSON: ${why}`], `if a merge left it so, ${RESOLVE}; or ${RESTORE}`);
  }
  const flaw = firstFlaw(text);
  if (flaw?.kind === "deep") throw invalid(file, [{ line: flaw.line, text: "nested too deep" }]);
  if (flaw !== undefined) {
    const what = `"${printable(flaw.key)}" stands twice (line ${flaw.line})`;
    throw edited(file, what, flaw.line);
  }
  return document;
}

function checkVersion(file: string, document: unknown): void {
  const version =
    typeof document === "object" && document !== null && "version" in document ? document.version : undefined;
  if (typeof version !== "number" || version === 1) return;
  throw new TritterError({
    code: "LOCK_VERSION",
    message: `cannot read "${file}": it has version ${version}, this tritter reads version 1`,
    hint: "install a newer tritter",
  });
}

interface LockDocument {
  readonly version: 1;
  readonly sources: Readonly<Record<string, SourceDocument>>;
}

interface SourceDocument {
  readonly listing: string;
  readonly files: readonly FileDocument[];
  readonly license?: string | readonly string[];
}

interface FileDocument {
  readonly path: string;
  readonly size: number;
  readonly sha256?: string;
  readonly git?: string;
  readonly from?: Whereabouts;
}

const NO_EXTRA: Extra = {};

function sourceOf(name: string, source: SourceDocument): LockedSource {
  const { listing: _, license, files, ...members } = source;
  const { "as-of": asOf, "min-age": minAge, ...plain } = members as Record<string, unknown>;
  const known = plain as unknown as Omit<
    LockedSource,
    "name" | "asOf" | "minAge" | "licenses" | "files" | "extra"
  >;
  const { request, repo, asked, id, type, revision, commit, path, strip, ...rest } = known;
  const { gated, private: hidden, card, gate, carrier, rescued, ...extra } = rest;
  return {
    name,
    request,
    repo,
    asked,
    id,
    type,
    revision,
    asOf: asOf as string | undefined,
    minAge: minAge as string | undefined,
    commit: commit as Commit,
    path,
    strip: strip ?? "",
    licenses: license === undefined ? [] : typeof license === "string" ? [license] : license,
    gated,
    private: hidden,
    card,
    gate,
    carrier,
    rescued,
    files: files.map(fileOf),
    extra,
  };
}

/** The schema lets only files with one digest through. A literal, not a spread: of that, 100,000 take a third more memory. */
function fileOf(document: FileDocument): LockedFile {
  const { path, size, sha256, git } = document;
  const digest = (sha256 === undefined ? `git:${git}` : `sha256:${sha256}`) as Digest;
  const file = { path: path as TreePath, size, digest, extra: NO_EXTRA };
  return hasMore(document) ? { ...file, ...moreOf(document) } : file;
}

const KNOWN_MEMBERS = 3;

function hasMore(document: FileDocument): boolean {
  let members = 0;
  for (const _ in document) members += 1;
  return members > KNOWN_MEMBERS;
}

function moreOf(document: FileDocument): Pick<LockedFile, "from" | "extra"> {
  const { path: _, size: __, sha256: ___, git: ____, from, ...rest } = document;
  const extra = Object.keys(rest).length === 0 ? NO_EXTRA : rest;
  return from === undefined ? { extra } : { from, extra };
}

/** Names come from a file that anybody may have edited: judged before anything is done with them. */
function namesOf(lock: Lock): string[] {
  const mistakes: string[] = [];
  for (const source of lock.sources) {
    for (const folder of [source.path, source.strip]) {
      const why = folder === "" ? undefined : hostilityOf(folder);
      if (why !== undefined) mistakes.push(`source "${source.name}": path "${printable(folder)}" ${why}`);
    }
    for (const { path, from } of source.files) {
      const why = refusal(source, path) ?? (from && astray(source, from));
      if (why !== undefined) mistakes.push(`source "${source.name}": file "${printable(path)}" ${why}`);
    }
  }
  return mistakes;
}

/** Of a rescued file, which may go by another name there. */
function astray({ rescued }: LockedSource, { refuge = 1, path }: Whereabouts): string | undefined {
  if (refuge > (rescued?.length ?? 0)) return `is said to be in "rescued" ${refuge}, which is not there`;
  const why = path === undefined ? undefined : hostilityOf(path);
  return why === undefined ? undefined : `has "${printable(path ?? "")}" as its "from", which ${why}`;
}

function refusal(source: LockedSource, path: TreePath): string | undefined {
  const why = hostilityOf(path);
  if (why !== undefined) return why;
  if (!isBelow(source.strip, path)) return `is outside "${printable(source.strip)}"`;
  // Each part may be fine and the whole not: .cache with huggingface/x below it.
  const final = hostilityOf(finalPath(source, path));
  return final === undefined ? undefined : `would be written to a place that ${final}`;
}

function checkEdits(
  { file, text }: { file: string; text: string },
  lock: Lock,
  listings: ReadonlyMap<string, string>,
): void {
  for (const source of lock.sources) {
    const unsorted = source.files.findIndex(
      (one, index) => index > 0 && compareBytes((source.files[index - 1] as LockedFile).path, one.path) >= 0,
    );
    if (unsorted > 0) {
      const what = `source "${source.name}": "${printable((source.files[unsorted] as LockedFile).path)}" is out of order or stands twice`;
      throw edited(file, what, lineOf(text, source.name, unsorted));
    }
    if (listingDigest(source.files) !== listings.get(source.name)) {
      const what = `source "${source.name}": its files do not match its "listing"`;
      throw edited(file, what, lineOf(text, source.name));
    }
  }
}

const MOST_LINES = 20;

/** What is wrong with the lock, and where; no line where that is not known. */
interface Mistake {
  readonly line: number | undefined;
  readonly text: string;
}

/** Finding a line costs a walk through the text: only those that are shown have one. */
function explain(errors: readonly SchemaError[], text: string): Mistake[] {
  return errors.map(({ path, message }, index) => ({
    line: index > MOST_LINES ? undefined : lineOfPointer(path, text),
    text: path === "" ? message : `${printable(path)} ${message}`,
  }));
}

function lineOfPointer(path: string, text: string): number | undefined {
  const match = /^\/sources\/([^/]+)(?:\/files\/(\d+))?/.exec(path);
  const name = match?.[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
  if (name === undefined) return undefined;
  return lineOf(text, name, match?.[2] === undefined ? undefined : Number(match[2]));
}

function unknownMembers(lock: Lock): string[] {
  const names = new Set(Object.keys(lock.extra));
  for (const source of lock.sources) {
    for (const name of Object.keys(source.extra)) names.add(name);
    for (const one of source.files)
      if (one.extra !== NO_EXTRA) for (const name of Object.keys(one.extra)) names.add(name);
  }
  if (names.size === 0) return [];
  const list = [...names]
    .sort()
    .map((name) => `"${printable(name)}"`)
    .join(", ");
  return [`the lock holds members that this version does not know and keeps as they are: ${list}`];
}

const RESOLVE = "run tritter lock --resolve ours, or theirs";
const RESTORE = "restore it from version control";

function invalid(
  file: string,
  found: readonly (Mistake | string)[],
  hint = `${RESTORE}, or delete it and run tritter lock`,
): TritterError {
  const mistakes = found.map((one) => (typeof one === "string" ? { line: undefined, text: one } : one));
  const lines = mistakes.map(({ line, text }) => (line === undefined ? text : `line ${line}: ${text}`));
  const shown =
    lines.length > MOST_LINES + 1
      ? [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more`]
      : lines;
  return new TritterError({
    code: "LOCK_INVALID",
    message: `cannot use "${file}": it is not a lock that tritter wrote`,
    details: shown,
    hint,
    places: mistakes.slice(0, MOST_LINES).map(({ line = 1, text }) => ({
      file,
      line,
      column: 1,
      message: `not a lock that tritter wrote: ${text}`,
    })),
  });
}

function edited(file: string, what: string, line = 1): TritterError {
  return new TritterError({
    code: "LOCK_EDITED",
    message: `cannot use "${file}": edited by hand or badly merged: ${what}`,
    hint: `${RESOLVE}: it puts the lock of that side together again; or ${RESTORE}`,
    places: [{ file, line, column: 1 }],
  });
}
