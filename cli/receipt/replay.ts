import type { TreePath } from "../../schema/ids.ts";
import type { Cursor } from "./cursor.ts";
import type { Entry, Sequenced } from "./entries.ts";
import type { Intent, Placement } from "./placement.ts";

/** What is known of each path once all entries so far were followed. */
export interface Replay {
  follow(entry: Sequenced, cursor: Pick<Cursor, "flushed" | "beforeBoot">): void;
  owners(): ReadonlyMap<string, ReadonlyMap<TreePath, Placement>>;
}

export function newReplay(): Replay {
  const owners = new Map<string, Owned>();
  const ownedBy = (owner: string): Owned => {
    const known = owners.get(owner);
    if (known !== undefined) return known;
    const owned: Owned = { owner, sources: new Map(), placements: new Map(), announced: new Map() };
    owners.set(owner, owned);
    return owned;
  };
  return {
    follow: (entry, cursor) => {
      if (entry.op !== "flushed") follow(ownedBy(entry.owner), entry, cursor);
    },
    owners: () => new Map([...owners].map(([owner, owned]) => [owner, settled(owned)])),
  };
}

interface Owned {
  readonly owner: string;
  /** Each text once: every line brings its own copies. */
  readonly sources: Map<string, string>;
  readonly placements: Map<TreePath, Placement>;
  /** Since they were placed last. */
  readonly announced: Map<TreePath, Announced>;
}

interface Announced {
  readonly first: Entry & { readonly op: "intent" };
  readonly flushed: boolean;
  source: string;
  readonly intents: Intent[];
}

function follow(
  owned: Owned,
  entry: Exclude<Sequenced, { op: "flushed" }>,
  { flushed, beforeBoot }: Pick<Cursor, "flushed" | "beforeBoot">,
): void {
  const { path } = entry;
  switch (entry.op) {
    case "gone":
      owned.placements.delete(path);
      owned.announced.delete(path);
      return;
    case "placed":
      owned.announced.delete(path);
      owned.placements.set(path, {
        path,
        source: sourceOf(owned, entry.source),
        owner: owned.owner,
        digests: entry.digests,
        size: entry.size,
        origin: entry.origin,
        segments: entry.segments,
        stamp: entry.stamp,
        doubt: !flushed && beforeBoot ? "unflushed" : entry.racy ? "racy" : undefined,
        flushed,
        intents: NONE,
      });
      return;
    case "intent": {
      const { digest, size, origin } = entry;
      const source = sourceOf(owned, entry.source);
      const announced = owned.announced.get(path);
      if (announced === undefined) {
        owned.announced.set(path, { first: entry, flushed, source, intents: [{ digest, size, origin }] });
      } else {
        announced.intents.push({ digest, size, origin });
        announced.source = source;
      }
      return;
    }
    default:
      entry satisfies never;
  }
}

const NONE: readonly Intent[] = [];

function sourceOf({ sources }: Owned, source: string): string {
  const known = sources.get(source);
  if (known !== undefined) return known;
  sources.set(source, source);
  return source;
}

/** A path that was announced counts as placed with either bytes. */
function settled({ owner, placements, announced }: Owned): ReadonlyMap<TreePath, Placement> {
  for (const [path, { first, flushed, source, intents }] of announced) {
    const before: Placement = placements.get(path) ?? {
      path,
      source,
      owner,
      digests: [],
      size: undefined,
      origin: first.origin,
      segments: undefined,
      stamp: undefined,
      doubt: undefined,
      flushed,
      intents: NONE,
    };
    placements.set(path, { ...before, source, intents: distinct(intents) });
  }
  announced.clear();
  return placements;
}

/** One a digest: syncs that are stopped again and again announce the same bytes. Of equal ones the last. */
function distinct(intents: readonly Intent[]): readonly Intent[] {
  return intents.length === 1
    ? intents
    : [...new Map(intents.map((intent) => [intent.digest, intent])).values()];
}
