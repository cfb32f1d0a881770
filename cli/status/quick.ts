import type { TreePath } from "../../schema/ids.ts";
import type { Context } from "../context.ts";
import { readOwnFolder } from "../disk/own.ts";
import { systemCode, TritterError } from "../errors.ts";
import { bytesDigest } from "../lock/digests.ts";
import { decode } from "../manifest/decode.ts";
import { expandVariables } from "../manifest/expand.ts";
import { peek } from "../manifest/peek.ts";
import { DEFAULT_ROOT, placeOf } from "../manifest/place.ts";
import type { Count } from "../plan/types.ts";
import { type Packed, type PackedSource, readPacked } from "../receipt/packed.ts";
import { storeFolder } from "../store/layout.ts";
import { PACKED_STAMP } from "../tree/stamp.ts";
import { resolveRoot, stateFolder } from "./root.ts";
import { areUnchanged, type Rows } from "./rows.ts";

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
    const found = await findPacked(context, documents);
    const ranges = found && rangesOf(found.packed.head.sources, documents.names);
    if (found === undefined || ranges === undefined) return undefined;
    const files = ranges.reduce((sum, range) => sum + range.files, 0);
    context.emit({ kind: "scanning", files });
    for (const range of ranges) {
      if (!(await areUnchanged(context.disk, rowsOf(found, range), context.signal))) return undefined;
    }
    const bytes = ranges.reduce((sum, range) => sum + range.bytes, 0);
    return { root: found.root, sources: ranges.map(({ name }) => name), wanted: { files, bytes } };
  } catch (error) {
    context.signal.throwIfAborted();
    // Whatever is in the way, the survey meets it too, and tells.
    if (error instanceof TritterError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

interface Found {
  readonly root: string;
  readonly packed: Packed;
}

async function findPacked(
  context: Context,
  { manifestFile, lockFile }: Documents,
): Promise<Found | undefined> {
  const { disk, env, version } = context;
  const text = decode((await disk.read(manifestFile)) ?? Buffer.alloc(0)) ?? "";
  const seen = peek(text);
  if (seen === undefined) return undefined;
  const expanded = expandVariables(seen.root ?? DEFAULT_ROOT, env);
  if (expanded.kind === "mistake") return undefined;
  const { root: asked, owner } = placeOf(manifestFile, { name: seen.name, root: expanded.text });
  const root = await resolveRoot(context, asked);
  const state = stateFolder(context, root);
  if (!(await isTidy(context, state, owner))) return undefined;
  const lock = await disk.read(lockFile);
  if (lock === undefined) return undefined;
  const key = { tritter: version, owner, manifest: bytesDigest(text), lock: bytesDigest(lock) };
  const packed = await readPacked(disk, state, { key, width: PACKED_STAMP });
  return packed && { root, packed };
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

function rowsOf({ root, packed: { paths, stamps } }: Found, { from, files }: Range): Rows {
  const to = from + files;
  return {
    root,
    paths: paths.slice(from, to) as TreePath[],
    stamps: stamps.subarray(from * PACKED_STAMP, to * PACKED_STAMP),
  };
}
