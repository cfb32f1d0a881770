import type { Extra, Lock, LockedSource } from "../../schema/lock.ts";
import { own, sameEntry, sameValue } from "./same.ts";
import { isBelow } from "./wants.ts";
import { compareBytes } from "./write.ts";

/** What two branches made of one lock: all they agree on, and what only a person can decide. */
export interface Merged {
  /** Without what is in conflict. */
  readonly agreed: Lock;
  /** Sources sorted by name, then members of the lock. */
  readonly conflicts: readonly Conflict[];
}

export type Conflict =
  | {
      readonly kind: "source";
      readonly name: string;
      /** undefined: that side removed it; never on both. */
      readonly ours: LockedSource | undefined;
      readonly theirs: LockedSource | undefined;
    }
  /** A member of the whole lock that this version does not know; undefined as above. */
  | { readonly kind: "member"; readonly name: string; readonly ours: unknown; readonly theirs: unknown };

export type Side = "ours" | "theirs";

/**
 * Merges by source and, within one, by class of field. Different sources never conflict; what only one side changed is
 * that side's; what both changed alike is as both have it. Pure, and the same with the sides exchanged.
 */
export function mergeLocks(base: Lock, ours: Lock, theirs: Lock): Merged {
  const conflicts: Conflict[] = [];
  const sources: LockedSource[] = [];
  for (const three of triples(base, ours, theirs)) {
    const merged = mergeEntry(three);
    if (merged === CONFLICT) {
      const { name, ours, theirs } = three;
      conflicts.push({ kind: "source", name, ours, theirs });
    } else if (merged !== undefined) sources.push(merged);
  }
  const { extra, clashes } = mergeExtra(base.extra, ours.extra, theirs.extra);
  conflicts.push(...clashes.map((clash) => ({ kind: "member" as const, ...clash })));
  return { agreed: { version: 1, sources, extra }, conflicts };
}

/** The lock as one side would have it where the two cannot be merged. */
export function choose({ agreed, conflicts }: Merged, side: Side): Lock {
  const sources = [...agreed.sources];
  const extra: [string, unknown][] = Object.entries(agreed.extra);
  for (const conflict of conflicts) {
    if (conflict.kind === "member") extra.push([conflict.name, conflict[side]]);
    else if (conflict[side] !== undefined) sources.push(conflict[side]);
  }
  return { ...agreed, sources: sources.sort(byName), extra: members(extra) };
}

interface Three {
  readonly name: string;
  readonly base: LockedSource | undefined;
  readonly ours: LockedSource | undefined;
  readonly theirs: LockedSource | undefined;
}

/** The three entries of every source, under the name it has after a side renamed it; sorted by name. */
function triples(base: Lock, ours: Lock, theirs: Lock): readonly Three[] {
  const [inBase, inOurs, inTheirs] = [base, ours, theirs].map(byNameIn) as [Entries, Entries, Entries];
  const renamed = [...renames(inBase, inOurs, inTheirs), ...renames(inBase, inTheirs, inOurs)];
  // What one side renamed, the other still has under its old name.
  for (const { from, to } of renamed) {
    for (const entries of [inBase, inOurs, inTheirs]) {
      const entry = entries.get(from);
      entries.delete(from);
      if (entry !== undefined) entries.set(to, { ...entry, name: to });
    }
  }
  const names = [...new Set([...inOurs.keys(), ...inTheirs.keys()])].sort(compareBytes);
  return names.map((name) => ({
    name,
    base: inBase.get(name),
    ours: inOurs.get(name),
    theirs: inTheirs.get(name),
  }));
}

type Entries = Map<string, LockedSource>;

function byNameIn({ sources }: Lock): Entries {
  return new Map(sources.map((source) => [source.name, source]));
}

/** Sources that `side` has under a name nobody else knows, with the pin they had before, and that `other` did not rename. */
function renames(base: Entries, side: Entries, other: Entries): { from: string; to: string }[] {
  const dropped = [...base.values()].filter(({ name }) => !side.has(name) && other.has(name));
  const fresh = [...side.values()].filter(({ name }) => !base.has(name) && !other.has(name));
  return dropped.flatMap((old) => {
    const at = fresh.findIndex((source) => samePin(old, source));
    return at < 0 ? [] : fresh.splice(at, 1).map(({ name }) => ({ from: old.name, to: name }));
  });
}

const CONFLICT = Symbol("conflict");

function mergeEntry({ name, base, ours, theirs }: Three): LockedSource | undefined | typeof CONFLICT {
  const whole = pick({ base, ours, theirs }, sameEntryOrNone);
  if (whole !== CONFLICT) return whole;
  if (base === undefined || ours === undefined || theirs === undefined) return CONFLICT;
  const pin = pick({ base, ours, theirs }, samePin);
  const path = pick({ base: base.path, ours: ours.path, theirs: theirs.path }, Object.is);
  const strip = pick({ base: base.strip, ours: ours.strip, theirs: theirs.strip }, Object.is);
  const { extra, clashes } = mergeExtra(base.extra, ours.extra, theirs.extra);
  if (pin === CONFLICT || path === CONFLICT || strip === CONFLICT || clashes.length > 0) return CONFLICT;
  // One side dropped a folder that files of the other are not in.
  if (!pin.files.every((file) => isBelow(strip, file.path))) return CONFLICT;
  return { ...pin, name, path, strip, extra };
}

function sameEntryOrNone(a: LockedSource | undefined, b: LockedSource | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameEntry(a, b));
}

/** Identity, selection and files belong together: all of an entry but its name, where it is placed, and what is not known. */
function samePin(a: LockedSource, b: LockedSource): boolean {
  return sameEntry(pinOf(a), pinOf(b));
}

function pinOf(entry: LockedSource): LockedSource {
  return { ...entry, name: "", path: "", strip: "", extra: {} };
}

function mergeExtra(
  base: Extra,
  ours: Extra,
  theirs: Extra,
): { extra: Extra; clashes: { name: string; ours: unknown; theirs: unknown }[] } {
  const clashes: { name: string; ours: unknown; theirs: unknown }[] = [];
  const merged: [string, unknown][] = [];
  for (const name of [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort()) {
    const three = { base: own(base, name), ours: own(ours, name), theirs: own(theirs, name) };
    const picked = pick(three, sameValue);
    if (picked === CONFLICT) clashes.push({ name, ours: three.ours, theirs: three.theirs });
    else merged.push([name, picked]);
  }
  return { extra: members(merged), clashes };
}

function members(list: readonly [string, unknown][]): Extra {
  return Object.fromEntries(list.filter(([, value]) => value !== undefined));
}

/** The rule of every three-way merge. */
function pick<T>(
  { base, ours, theirs }: { base: T; ours: T; theirs: T },
  same: (a: T, b: T) => boolean,
): T | typeof CONFLICT {
  if (same(ours, theirs)) return ours;
  if (same(base, ours)) return theirs;
  return same(base, theirs) ? ours : CONFLICT;
}

function byName(a: LockedSource, b: LockedSource): number {
  return compareBytes(a.name, b.name);
}
