import type { Context } from "../context.ts";
import { PROBE } from "../disk/abilities.ts";
import { readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { systemCode, TritterError } from "../errors.ts";
import { factsFileOf } from "../facts/place.ts";
import { RECORD } from "../flight/place.ts";
import { bytesDigest } from "../lock/digests.ts";
import { decode } from "../manifest/decode.ts";
import { expandVariables } from "../manifest/expand.ts";
import { peek } from "../manifest/peek.ts";
import { DEFAULT_ROOT, placeOf } from "../manifest/place.ts";
import type { Count } from "../plan/types.ts";
import type { PackedDescribed, PackedHead, PackedSource } from "../receipt/packed.ts";
import { storeFolder } from "../store/layout.ts";
import { resolveRoot, stateFolder } from "./root.ts";

export interface Documents {
  /** Absolute. */
  readonly manifestFile: string;
  readonly lockFile: string;
  /** Sources and groups; empty: all. */
  readonly names: readonly string[];
  /** Digest of the lock whose signature was checked: no other is meant. undefined: none was asked for. */
  readonly signed?: string | undefined;
}

/** Where a packed receipt would be. */
export interface Place {
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  readonly state: string;
  readonly owner: string;
  /** Digest of the manifest. */
  readonly manifest: string;
}

/** undefined where the manifest is not plain enough to tell, or somebody is at work there. */
export async function placeToLook(context: Context, { manifestFile }: Documents): Promise<Place | undefined> {
  const { disk, env } = context;
  const text = decode((await disk.read(manifestFile)) ?? Buffer.alloc(0)) ?? "";
  const seen = peek(text);
  if (seen === undefined) return undefined;
  const expanded = expandVariables(seen.root ?? DEFAULT_ROOT, env);
  if (expanded.kind === "mistake") return undefined;
  const { root: asked, owner } = placeOf(manifestFile, { name: seen.name, root: expanded.text });
  const root = await resolveRoot(context, asked);
  const state = stateFolder(context, root);
  return (await isTidy(context, state, owner))
    ? { root, state, owner, manifest: bytesDigest(text) }
    : undefined;
}

/** Nobody is at work there, and nothing of an interrupted sync waits to be used or swept. */
async function isTidy({ disk }: Context, state: string, owner: string): Promise<boolean> {
  const names = (await readOwnFolder(disk, state, state)).map(({ name }) => name);
  if (!names.includes(".gitignore") || !names.every((name) => SETTLED.has(name) || name.startsWith(PROBE)))
    return false;
  return !names.includes("store") || disk.lstat(storeFolder(state, owner)) === undefined;
}

/** Besides what a killed probe of the file system left, which means nothing. */
const SETTLED = new Set([".gitignore", "receipt", "store", "trash", RECORD]);

/** Of the facts beside the lock, as they are; "" where there are none. */
export async function factsDigest(disk: Disk, lockFile: string): Promise<string> {
  const bytes = await disk.read(factsFileOf(lockFile));
  return bytes === undefined ? "" : bytesDigest(bytes);
}

/** A source's rows of a packed receipt, or those of what describes it. */
export interface Range extends Count {
  readonly name: string;
  /** First row. */
  readonly from: number;
  readonly described: boolean;
}

/** Rows of the sources named, and of what describes those; undefined where one is not known. */
export function rangesOf(
  { sources, described = [] }: Pick<PackedHead, "sources" | "described">,
  names: readonly string[],
): readonly Range[] | undefined {
  let from = 0;
  const rangeOf = ({ name, files, bytes }: PackedDescribed, isDescribed: boolean): Range => {
    from += files;
    return { name, from: from - files, files, bytes, described: isDescribed };
  };
  const ranges = [
    ...sources.map((source) => rangeOf(source, false)),
    ...described.map((one) => rangeOf(one, true)),
  ];
  if (names.length === 0) return ranges;
  const isCalled = ({ name, groups }: PackedSource, by: string) => name === by || groups.includes(by);
  if (!names.every((name) => sources.some((source) => isCalled(source, name)))) return undefined;
  const called = sources.filter((source) => names.some((name) => isCalled(source, name)));
  const wanted = new Set(called.map(({ name }) => name));
  return ranges.filter(({ name }) => wanted.has(name));
}

export function namesOf(ranges: readonly Range[]): readonly string[] {
  return ranges.filter(({ described }) => !described).map(({ name }) => name);
}

export function countOf(ranges: readonly Range[]): Count {
  const sum = (member: "files" | "bytes") => ranges.reduce((all, range) => all + range[member], 0);
  return { files: sum("files"), bytes: sum("bytes") };
}

/** Whatever is in the way of a look, a survey meets it too, and tells: undefined. What else is thrown is thrown on. */
export async function ifNothingIsInTheWay<T>(signal: AbortSignal, look: () => Promise<T | undefined>) {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TritterError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
