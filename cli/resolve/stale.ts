import type { RepoType } from "../../schema/ids.ts";
import type { Lock, LockedCarrier, LockedSource } from "../../schema/lock.ts";
import type { Carrier, Manifest, Source } from "../../schema/manifest.ts";
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
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
}

/** Compares offline. Judgement fields (expect, license, policy, groups) never make a lock stale, nor do fallbacks that are not in use. Sorted by source. */
export function staleness(manifest: Manifest, lock: Lock): readonly Stale[] {
  const locked = new Map(lock.sources.map((source) => [source.name, source]));
  const wanted = new Set(manifest.sources.map((source) => source.name));
  const removed = lock.sources
    .filter(({ name }) => !wanted.has(name))
    .map(({ name }): Stale => ({ source: name, why: "removed" }));
  const stale = manifest.sources.flatMap((source) => staleSource(manifest, source, locked.get(source.name)));
  return [...stale, ...removed].sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0));
}

/** Of whatever carries a source: its own fields, or its fallback's. */
export function requestOf(manifest: Manifest, carrier: Carrier): string {
  return requestDigest({ ...carrier, deny: manifest.deny });
}

/** What an entry goes on from in today's manifest; undefined: nothing there names what is locked any more. */
export function carrierOf(source: Source, entry: LockedSource): Carried | undefined {
  const locked = askedIdentity(entry);
  if (entry.carrier === undefined)
    return sameIdentity(locked, source) ? { carrier: source, as: undefined } : undefined;
  if (entry.carrier.instead !== keyOf(source)) return undefined;
  const at = source.fallbacks.findIndex((fallback) => sameIdentity(locked, fallback));
  const carrier = source.fallbacks[at];
  return carrier && { carrier, as: { ...entry.carrier, fallback: at + 1 } };
}

export interface Carried {
  readonly carrier: Carrier;
  /** Set only for a fallback: what the lock says of it, with its number of today. */
  readonly as: LockedCarrier | undefined;
}

/** The identity of the source an entry was locked for: its own, or that of which a fallback takes the place. */
export function identityKey(entry: LockedSource): string {
  return entry.carrier?.instead ?? keyOf(askedIdentity(entry));
}

/** What is not set is left out: entries of fallbacks hold such keys for good. */
export function keyOf({ type, repo, revision, asOf, minAge }: Identity): string {
  const time = [asOf && `as-of ${asOf}`, minAge && `min-age ${minAge}`].filter((part) => part !== undefined);
  return [type, repo, revision, ...time].join(" ");
}

export function identityOf({ type, repo, revision, asOf, minAge }: Identity): Identity {
  return { type, repo, revision, asOf, minAge };
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return keyOf(a) === keyOf(b);
}

/** As the manifest asked for it: the canonical name may differ, and a fallback's differs altogether. */
export function askedIdentity(locked: LockedSource): Identity {
  return { ...identityOf(locked), repo: locked.asked ?? locked.repo };
}

function staleSource(manifest: Manifest, source: Source, locked: LockedSource | undefined): Stale[] {
  const { name } = source;
  if (locked === undefined) return [{ source: name, why: "missing" }];
  const carried = carrierOf(source, locked);
  if (carried === undefined)
    return [{ source: name, why: "identity", before: askedIdentity(locked), after: identityOf(source) }];
  if (locked.request !== requestOf(manifest, carried.carrier)) return [{ source: name, why: "selection" }];
  const fields = [
    { field: "path" as const, before: locked.path, after: source.path },
    { field: "strip" as const, before: locked.strip, after: carried.carrier.strip },
  ];
  return fields
    .filter(({ before, after }) => before !== after)
    .map((field) => ({ source: name, why: "placement", ...field }));
}
