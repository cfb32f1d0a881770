import { type CanonicalValue, canonicalJson } from "../../schema/canonical.ts";
import type { Extra, LockedFile, LockedSource } from "../../schema/lock.ts";

/** Whether two entries are written as the same lines. */
export function sameEntry(a: LockedSource, b: LockedSource): boolean {
  return a === b || (sameValue(headOf(a), headOf(b)) && sameFiles(a.files, b.files));
}

export function sameFiles(a: readonly LockedFile[], b: readonly LockedFile[]): boolean {
  return (
    a === b || (a.length === b.length && a.every((file, index) => sameFile(file, b[index] as LockedFile)))
  );
}

/** As JSON, whatever the order of members; undefined is a member that is not there. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || textOf(a) === textOf(b);
}

/** A member of an object that any text may name: `__proto__` is one like any other. */
export function own(extra: Extra, name: string): unknown {
  return Object.hasOwn(extra, name) ? extra[name] : undefined;
}

function sameFile(a: LockedFile, b: LockedFile): boolean {
  return (
    a.path === b.path &&
    a.digest === b.digest &&
    a.size === b.size &&
    (a.from === b.from || sameValue(a.from, b.from)) &&
    (a.extra === b.extra || sameValue(a.extra, b.extra))
  );
}

function headOf(entry: LockedSource): LockedSource {
  return { ...entry, files: [] };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value as CanonicalValue);
}
