import type { Context } from "../context.ts";
import { readOwnFolder } from "../disk/own.ts";
import { systemCode, TritterError } from "../errors.ts";
import { bytesDigest } from "../lock/digests.ts";
import { decode } from "../manifest/decode.ts";
import { expandVariables } from "../manifest/expand.ts";
import { peek } from "../manifest/peek.ts";
import { DEFAULT_ROOT, placeOf } from "../manifest/place.ts";
import type { Count } from "../plan/types.ts";
import { type Packed, type PackedSource, packedRows, readPacked } from "../receipt/packed.ts";
import { storeFolder } from "../store/layout.ts";
import { PACKED_STAMP } from "../tree/stamp.ts";
import { startHelpers } from "./helpers.ts";
import { resolveRoot, stateFolder } from "./root.ts";
import type { Rows } from "./rows.ts";

export interface Documents {
  /** Absolute. */
  readonly manifestFile: string;
  readonly lockFile: string;
  /** Sources and groups; empty: all. */
  readonly names: readonly string[];
}

/** All is as the lock wants it, and was when it was last recorded. */
export interface InSync {
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  /** Names of those in scope, sorted. */
  readonly sources: readonly string[];
  /** Files in scope. */
  readonly wanted: Count;
}

/**
 * Says that there is nothing to do without reading lock or receipt: from a packed receipt that was written when there
 * was nothing left to do, and from looking at every file. What manifest and lock say, and whether the one fits the other,
 * is a function of their bytes, which the packed receipt names. undefined where that is not enough to tell: a survey does.
 */
export async function quickLook(context: Context, documents: Documents): Promise<InSync | undefined> {
  try {
    const place = await placeToLook(context, documents);
    return place && (await lookThere(context, place, documents));
  } catch (error) {
    context.signal.throwIfAborted();
    // Whatever is in the way, the survey meets it too, and tells.
    if (error instanceof TritterError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

interface Place {
  readonly root: string;
  readonly state: string;
  readonly owner: string;
  /** Digest of the manifest. */
  readonly manifest: string;
}

/** Where the receipt is, if the manifest is plain enough and nobody is at work there. */
async function placeToLook(context: Context, { manifestFile }: Documents): Promise<Place | undefined> {
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

async function lookThere(
  context: Context,
  { root, state, owner, manifest }: Place,
  { lockFile, names }: Documents,
): Promise<InSync | undefined> {
  const { disk, version, signal } = context;
  const helpers = startHelpers(disk, packedRows(disk, state, owner));
  try {
    const lock = await disk.read(lockFile);
    if (lock === undefined) return undefined;
    const key = { tritter: version, owner, manifest, lock: bytesDigest(lock) };
    const packed = await readPacked(disk, state, { key, width: PACKED_STAMP });
    const ranges = packed && rangesOf(packed.head.sources, names);
    if (packed === undefined || ranges === undefined) return undefined;
    const wanted = { files: sumOf(ranges, "files"), bytes: sumOf(ranges, "bytes") };
    context.emit({ kind: "scanning", files: wanted.files });
    const rows = rowsIn(ranges, root, packed);
    return (await helpers.areUnchanged(rows, signal))
      ? { root, sources: ranges.map(({ name }) => name), wanted }
      : undefined;
  } finally {
    helpers.close();
  }
}

function sumOf(ranges: readonly Range[], member: "files" | "bytes"): number {
  return ranges.reduce((sum, range) => sum + range[member], 0);
}

/** Nobody is at work there, and nothing of an interrupted sync waits to be used or swept. */
async function isTidy({ disk }: Context, state: string, owner: string): Promise<boolean> {
  const names = (await readOwnFolder(disk, state, state)).map(({ name }) => name);
  if (!names.includes(".gitignore") || !names.every((name) => SETTLED.has(name))) return false;
  return !names.includes("store") || disk.lstat(storeFolder(state, owner)) === undefined;
}

const SETTLED = new Set([".gitignore", "receipt", "store", "trash"]);

interface Range extends Count {
  readonly name: string;
  /** First row. */
  readonly from: number;
}

/** Rows of the sources named; undefined where one is not known. */
function rangesOf(sources: readonly PackedSource[], names: readonly string[]): readonly Range[] | undefined {
  let from = 0;
  const ranges = sources.map(({ name, groups, files, bytes }) => {
    from += files;
    return { name, called: [name, ...groups], from: from - files, files, bytes };
  });
  if (names.length === 0) return ranges;
  if (!names.every((name) => ranges.some(({ called }) => called.includes(name)))) return undefined;
  return ranges.filter(({ called }) => called.some((name) => names.includes(name)));
}

function rowsIn(ranges: readonly Range[], root: string, { paths, stamps }: Packed): Rows {
  const parts = ranges.map(({ from, files }) => ({
    paths: paths.slice(from, from + files),
    stamps: stamps.subarray(from * PACKED_STAMP, (from + files) * PACKED_STAMP),
  }));
  return {
    root,
    paths: parts.flatMap((part) => part.paths),
    stamps: Buffer.concat(parts.map((part) => part.stamps)),
  };
}
