import type { RepoType } from "../../schema/ids.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Manifest, Source } from "../../schema/manifest.ts";
import { requestDigest } from "../lock/digests.ts";

/** Why the lock no longer says what the manifest asks for; both sides, where there are two. */
export type Stale =
  | { readonly source: string; readonly why: "missing" }
  | { readonly source: string; readonly why: "removed" }
  | { readonly source: string; readonly why: "identity"; readonly before: Identity; readonly after: Identity }
  | { readonly source: string; readonly why: "selection" }
  | {
      readonly source: string;
      readonly why: "placement";
      readonly field: "path" | "strip";
      readonly before: string;
      readonly after: string;
    };

export interface Identity {
  readonly type: RepoType;
  readonly repo: string;
  readonly revision: string;
}

/** Compares offline. Judgement fields (expect, license, policy, groups, fallbacks) never make a lock stale. Sorted by source. */
export function staleness(manifest: Manifest, lock: Lock): readonly Stale[] {
  const locked = new Map(lock.sources.map((source) => [source.name, source]));
  const wanted = new Set(manifest.sources.map((source) => source.name));
  const removed = lock.sources
    .filter(({ name }) => !wanted.has(name))
    .map(({ name }): Stale => ({ source: name, why: "removed" }));
  const stale = manifest.sources.flatMap((source) => staleSource(manifest, source, locked.get(source.name)));
  return [...stale, ...removed].sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0));
}

/** A source's own request, also where a fallback carries it: editing fallbacks changes nothing that is locked. */
export function requestOf(manifest: Manifest, source: Source): string {
  return requestDigest({ ...source, deny: manifest.deny });
}

export function identityOf({ type, repo, revision }: Identity): Identity {
  return { type, repo, revision };
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.type === b.type && a.repo === b.repo && a.revision === b.revision;
}

/** As the manifest asked for it: the canonical name may differ, and a fallback's differs altogether. */
export function askedIdentity(locked: LockedSource): Identity {
  return { type: locked.type, repo: locked.asked ?? locked.repo, revision: locked.revision };
}

function staleSource(manifest: Manifest, source: Source, locked: LockedSource | undefined): Stale[] {
  const { name } = source;
  if (locked === undefined) return [{ source: name, why: "missing" }];
  if (locked.request !== requestOf(manifest, source)) {
    const [before, after] = [askedIdentity(locked), identityOf(source)];
    // Carried by a fallback, the lock names only the fallback: the source's own fields tell which class changed no more.
    if (locked.carrier !== undefined || !sameIdentity(before, after))
      return [{ source: name, why: "identity", before, after }];
    return [{ source: name, why: "selection" }];
  }
  return placement(source, locked);
}

function placement(source: Source, locked: LockedSource): Stale[] {
  const strip =
    locked.carrier === undefined
      ? source.strip
      : (source.fallbacks[locked.carrier.fallback - 1]?.strip ?? locked.strip);
  const fields = [
    { field: "path" as const, before: locked.path, after: source.path },
    { field: "strip" as const, before: locked.strip, after: strip },
  ];
  return fields
    .filter(({ before, after }) => before !== after)
    .map((field) => ({ source: source.name, why: "placement", ...field }));
}
