import type { Context } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import { bytesDigest } from "../lock/digests.ts";
import type { Count } from "../plan/types.ts";
import { isFor, type Packed, packedRows, readPacked, unpackNames } from "../receipt/packed.ts";
import { PACKED_STAMP } from "../tree/stamp.ts";
import {
  countOf,
  type Documents,
  factsDigest,
  ifNothingIsInTheWay,
  namesOf,
  type Place,
  placeToLook,
  type Range,
  rangesOf,
} from "./place.ts";
import { areProvided } from "./provided.ts";
import { alone, type Helpers, type Rows, WORTH_HELP } from "./rows.ts";

/** All is as the lock wants it, and was when it was last recorded. */
export interface InSync {
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  /** Names of those in scope. */
  readonly sources: readonly string[];
  /** Files in scope. */
  readonly wanted: Count;
}

/**
 * Says that there is nothing to do without reading lock or receipt: from a packed receipt that was written when there
 * was nothing left to do, and from looking at every file. What manifest and lock say, and whether the one fits the other,
 * is a function of their bytes, which the packed receipt names. undefined where that is not enough to tell: a survey does.
 */
export function quickLook(context: Context, documents: Documents): Promise<InSync | undefined> {
  return ifNothingIsInTheWay(context.signal, async () => {
    const place = await placeToLook(context, documents);
    return place && lookThere(context, place, documents);
  });
}

async function lookThere(
  context: Context,
  { root, state, owner, manifest }: Place,
  { lockFile, names, signed }: Documents,
): Promise<InSync | undefined> {
  const { disk, version, signal } = context;
  const helpers = await helpersFor(disk, packedRows(disk, state, owner));
  try {
    const lock = await disk.read(lockFile);
    const packed = await readPacked(disk, state, { owner, width: PACKED_STAMP });
    if (lock === undefined || packed === undefined) return undefined;
    const facts = await factsDigest(disk, lockFile);
    const digest = bytesDigest(lock);
    if (signed !== undefined && signed !== digest) return undefined;
    if (!isFor(packed, { tritter: version, owner, manifest, lock: digest, facts })) return undefined;
    const ranges = rangesOf(packed.head, names);
    if (ranges === undefined) return undefined;
    const wanted = countOf(ranges);
    context.emit({ kind: "scanning", files: wanted.files });
    const rows = rowsIn(ranges, root, packed);
    if (rows.paths.length !== wanted.files || !(await helpers.areUnchanged(rows, signal))) return undefined;
    const sources = new Set(namesOf(ranges));
    if (!(await areProvided(context, packed.head, { root, state, sources }))) return undefined;
    return { root, sources: [...sources], wanted };
  } finally {
    helpers.close();
  }
}

async function helpersFor(disk: Disk, files: number): Promise<Helpers> {
  return files < WORTH_HELP ? alone(disk) : (await import("./helpers.ts")).startHelpers(disk, files);
}

function rowsIn(ranges: readonly Range[], root: string, { names, stamps }: Packed): Rows {
  const paths = unpackNames(names);
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
