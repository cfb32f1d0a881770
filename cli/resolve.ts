import type { Lock, LockedSource } from "../schema/lock.ts";
import type { Source } from "../schema/manifest.ts";
import { type ErrorCode, type Problem, problemsOf, TritterErrors } from "./errors.ts";
import { compareBytes } from "./lock/write.ts";
import { pool } from "./pool.ts";
import { changesBetween, type SourceChange } from "./resolve/changes.ts";
import { type Pinned, type ResolveInput, startResolving } from "./resolve/input.ts";
import { pinSource } from "./resolve/pin.ts";
import type { PatternCount } from "./resolve/select.ts";
import { identityKey, keyOf, requestOf } from "./resolve/stale.ts";

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
  const resolving = startResolving(input);
  const pinned = new Map<string, Pinned>();
  const problems: Problem[] = [];
  const touched = manifest.sources.filter(({ name }) => only?.has(name) ?? true);
  const follow = entriesToFollow(input, touched);
  await pool(touched, { width: SOURCES, signal }, async (source) => {
    try {
      const entry = follow.get(source.name);
      const renamed = entry && (entry.name === source.name ? entry : { ...entry, name: source.name });
      pinned.set(source.name, await pinSource(resolving, source, renamed));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(
        ...problemsOf(error).map((problem) => ({ ...problem, source: problem.source ?? source.name })),
      );
    }
  });
  if (problems.length > 0) throw new TritterErrors(sorted(problems));
  const lock: Lock = {
    version: 1,
    sources: entries(input, { pinned, follow }),
    extra: previous?.extra ?? {},
  };
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

/**
 * The entries sources go on from: a source's own, or one with its identity that the source of its name left, by name or
 * by an edit, and that keeps its commit here. So two sources may also swap their names.
 */
function entriesToFollow(
  { manifest, previous }: ResolveInput,
  touched: readonly Source[],
): ReadonlyMap<string, LockedSource> {
  const wanted = new Map(manifest.sources.map((source) => [source.name, keyOf(source)]));
  const own = new Map((previous?.sources ?? []).map((entry) => [entry.name, entry]));
  const left = new Map<string, LockedSource>();
  for (const entry of [...own.values()].reverse()) {
    const identity = identityKey(entry);
    if (wanted.get(entry.name) === identity) continue;
    left.set(identity, entry);
    // Of several with one identity, the one that selects the same; a carried one has its fallback's request.
    if (entry.carrier === undefined) left.set(entry.request, entry);
  }
  const follow = new Map<string, LockedSource>();
  for (const source of touched) {
    const identity = keyOf(source);
    const kept = own.get(source.name);
    const entry =
      kept !== undefined && identityKey(kept) === identity
        ? kept
        : (left.get(requestOf(manifest, source)) ?? left.get(identity) ?? kept);
    if (entry !== undefined) follow.set(source.name, entry);
  }
  return follow;
}

/** Dropped sources go only where every source is resolved: a scoped lock leaves the rest alone, but for what it renamed. */
function entries(
  { manifest, previous, only }: ResolveInput,
  { pinned, follow }: { pinned: ReadonlyMap<string, Pinned>; follow: ReadonlyMap<string, LockedSource> },
): LockedSource[] {
  const names = new Set(manifest.sources.map(({ name }) => name));
  const followed = new Set([...follow.values()].map(({ name }) => name).filter((name) => !names.has(name)));
  const rest = (previous?.sources ?? []).filter(({ name }) => !pinned.has(name) && !followed.has(name));
  const inManifest = manifest.sources
    .map(({ name }) => pinned.get(name)?.source)
    .filter((source) => source !== undefined);
  return [...(only === undefined ? [] : rest), ...inManifest].sort((a, b) => compareBytes(a.name, b.name));
}

function sorted(problems: readonly Problem[]): Problem[] {
  const key = ({ source = "", code }: Problem): string => `${source} ${code satisfies ErrorCode}`;
  return [...problems].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
