import type { Digest } from "../../schema/ids.ts";
import type { Lock, LockedFile, LockedSource } from "../../schema/lock.ts";

/** What the way from one lock to another costs, as far as locks can tell: the disk may lack more, or hold some already. */
export interface Transfer {
  /** Content that no source had before. */
  readonly fetch: Amount;
  /** Content that no source has any more. */
  readonly freed: Amount;
}

export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** A source before and after; at least one of the two is set. */
interface Pair {
  readonly before: LockedSource | undefined;
  readonly after: LockedSource | undefined;
}

/**
 * One for each pair, in order. Content counts by its digest: once, at the first pair that has it, and not at all where it is
 * in the other lock, under whatever name. Pure.
 */
export function transfersOf(pairs: readonly Pair[], before: Lock, after: Lock): readonly Transfer[] {
  if (pairs.length === 0) return [];
  const held = digestsIn(before);
  const kept = digestsIn(after);
  return pairs.map((pair) => ({
    fetch: take(pair.after?.files ?? [], held),
    freed: take(pair.before?.files ?? [], kept),
  }));
}

/** What is not in `known`, which learns it. */
function take(files: readonly LockedFile[], known: Set<Digest>): Amount {
  let count = 0;
  let bytes = 0;
  for (const { digest, size } of files) {
    if (known.has(digest)) continue;
    known.add(digest);
    count += 1;
    bytes += size;
  }
  return { files: count, bytes };
}

function digestsIn({ sources }: Lock): Set<Digest> {
  const digests = new Set<Digest>();
  for (const { files } of sources) for (const { digest } of files) digests.add(digest);
  return digests;
}
