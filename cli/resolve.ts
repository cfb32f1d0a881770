import type { Lock, LockedSource } from "../schema/lock.ts";
import type { Source } from "../schema/manifest.ts";
import { type ErrorCode, type Problem, problemsOf, TritterErrors } from "./errors.ts";
import { compareBytes } from "./lock/write.ts";
import { pool } from "./pool.ts";
import { changesBetween, type SourceChange } from "./resolve/changes.ts";
import type { Pinned, ResolveInput, Resolving } from "./resolve/input.ts";
import { pinSource } from "./resolve/pin.ts";
import type { PatternCount } from "./resolve/select.ts";
import { askedIdentity, requestOf, sameIdentity } from "./resolve/stale.ts";

export type { SourceChange } from "./resolve/changes.ts";
export type { Mode, ResolveInput } from "./resolve/input.ts";
export type { PatternCount } from "./resolve/select.ts";

export interface Resolution {
  readonly lock: Lock;
  readonly changes: readonly SourceChange[];
  /** Of the sources that were selected anew. */
  readonly patterns: readonly PatternCount[];
  readonly warnings: readonly string[];
}

/** Manifest × Lock × Hub → Lock. All sources resolve, or it throws TritterErrors with the problems of every one. */
export async function resolve(input: ResolveInput): Promise<Resolution> {
  const { manifest, previous, only, signal } = input;
  const resolving: Resolving = { ...input, listings: new Map() };
  const pinned = new Map<string, Pinned>();
  const problems: Problem[] = [];
  const touched = manifest.sources.filter(({ name }) => only?.has(name) ?? true);
  await pool(touched, { width: SOURCES, signal }, async (source) => {
    try {
      pinned.set(source.name, await pinSource(resolving, source, entryFor(input, source)));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(
        ...problemsOf(error).map((problem) => ({ ...problem, source: problem.source ?? source.name })),
      );
    }
  });
  if (problems.length > 0) throw new TritterErrors(sorted(problems));
  const lock: Lock = { version: 1, sources: entries(input, pinned), extra: previous?.extra ?? {} };
  const results = touched.map((source) => pinned.get(source.name) as Pinned);
  return {
    lock,
    changes: changesBetween(previous ?? EMPTY, lock),
    patterns: results.flatMap((one) => one.patterns),
    warnings: results.flatMap((one) => one.warnings),
  };
}

/** Sources resolved at once. */
const SOURCES = 4;
const EMPTY: Lock = { version: 1, sources: [], extra: {} };

/** The entry a source goes on from: its own, or that of a dropped one with its identity, which keeps its commit under the new name. */
function entryFor({ manifest, previous, only }: ResolveInput, source: Source): LockedSource | undefined {
  const own = previous?.sources.find((entry) => entry.name === source.name);
  if (own !== undefined) return own;
  const names = new Set(manifest.sources.map(({ name }) => name));
  const dropped =
    previous?.sources.filter(
      (entry) => !names.has(entry.name) && (only === undefined || only.has(source.name)),
    ) ?? [];
  const request = requestOf(manifest, source);
  const from =
    dropped.find((entry) => entry.request === request) ??
    dropped.find((entry) => entry.carrier === undefined && sameIdentity(askedIdentity(entry), source));
  return from && { ...from, name: source.name };
}

/** Dropped sources go only where every source is resolved: a scoped lock leaves the rest alone. */
function entries(
  { manifest, previous, only }: ResolveInput,
  pinned: ReadonlyMap<string, Pinned>,
): LockedSource[] {
  const kept = only === undefined ? [] : (previous?.sources ?? []).filter(({ name }) => !pinned.has(name));
  const inManifest = manifest.sources
    .map(({ name }) => pinned.get(name)?.source)
    .filter((source) => source !== undefined);
  return [...kept, ...inManifest].sort((a, b) => compareBytes(a.name, b.name));
}

function sorted(problems: readonly Problem[]): Problem[] {
  const key = ({ source = "", code }: Problem): string => `${source} ${code satisfies ErrorCode}`;
  return [...problems].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
