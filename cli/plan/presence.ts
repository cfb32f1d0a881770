import { algorithmOf, type Digest, type TreePath } from "../../schema/ids.ts";
import { foldKey } from "../../schema/names.ts";
import type { Want } from "../lock/wants.ts";
import type { Decisions, View } from "../plan.ts";
import type { Origin, Placement } from "../receipt/placement.ts";
import type { Found } from "../scan.ts";
import type { Clear, Conflict, Keep, Write } from "./types.ts";

/** The table's upper half: the lock wants a file at this path. */
export function decidePresence(view: View, want: Want, into: Decisions): void {
  const found = view.foundAt(want.path);
  if (holds(found, want.digest)) {
    into.keeps.push(keep(view, want, found));
    return;
  }
  const rival = rivalOf(view, want);
  if (rival !== undefined) {
    into.conflicts.push(otherOwner(want, rival));
    return;
  }
  decideByFound(view, { want, found }, into);
}

function decideByFound(view: View, { want, found }: { want: Want; found: Found }, into: Decisions): void {
  switch (found.kind) {
    case "nothing":
      into.writes.push({ want, why: "missing", found: "nothing", stamp: undefined, clears: [] });
      return;
    case "file":
      decideOverFile(view, { want, found }, into);
      return;
    case "folder":
      decideOverFolder(view, { want, found }, into);
      return;
    case "symlink":
    case "special":
      decideOverOther(view, { want, at: want.path, what: found.kind }, into);
      return;
    case "blocked":
      decideBlocked(view, { want, found }, into);
      return;
    default:
      found satisfies never;
  }
}

function decideOverFile(
  view: View,
  { want, found }: { want: Want; found: FoundFile },
  into: Decisions,
): void {
  const placement = placementAt(view, want.path, found);
  const { stamp } = found;
  if (placement === undefined) {
    if (view.force) into.writes.push({ want, why: "untracked", found: "trash", stamp, clears: [] });
    else
      into.conflicts.push({
        path: want.path,
        source: want.source,
        why: "untracked",
        at: want.path,
        what: "file",
      });
    return;
  }
  const held = heldOrigin(placement, found);
  const why = held === undefined ? "modified" : "outdated";
  into.writes.push({ want, why, found: canBeHadAgain(held) ? "replace" : "trash", stamp, clears: [] });
}

/** A folder that is all ours goes aside, file by file; one with a stranger in it stays. */
function decideOverFolder(
  view: View,
  { want, found }: { want: Want; found: Extract<Found, { kind: "folder" }> },
  into: Decisions,
): void {
  const below = view.placedBelow(want.path);
  const shared = below.flatMap((placement) => view.others.get(placement.path) ?? [])[0];
  if (shared !== undefined) {
    into.conflicts.push(otherOwner(want, shared));
    return;
  }
  const inScope = below.every((placement) => view.scope?.has(placement.source) ?? true);
  if (found.stranger !== undefined || below.length === 0 || !inScope) {
    const at = found.stranger ?? want.path;
    into.conflicts.push({ path: want.path, source: want.source, why: "not-a-file", at, what: "folder" });
    return;
  }
  const clears = below.map((placement) => clear(view, placement)).filter((one) => one !== undefined);
  into.writes.push({ want, why: "missing", found: "nothing", stamp: undefined, clears });
}

function decideBlocked(
  view: View,
  { want, found }: { want: Want; found: Extract<Found, { kind: "blocked" }> },
  into: Decisions,
): void {
  const shared = view.others.get(found.at)?.[0];
  if (found.what === "file" && shared !== undefined) {
    into.conflicts.push(otherOwner(want, shared));
    return;
  }
  const placement = view.mine.get(found.at);
  const ours = placement === undefined ? undefined : clear(view, placement);
  if (ours !== undefined) {
    into.writes.push({ want, why: "missing", found: "nothing", stamp: undefined, clears: [ours] });
    return;
  }
  decideOverOther(view, { want, at: found.at, what: found.what }, into);
}

function decideOverOther(
  view: View,
  { want, at, what }: { want: Want; at: TreePath; what: "file" | "symlink" | "special" },
  into: Decisions,
): void {
  if (!view.force || what === "special") {
    const why = what === "file" ? "untracked" : "not-a-file";
    into.conflicts.push({ path: want.path, source: want.source, why, at, what });
    return;
  }
  const clears: Clear[] = at === want.path ? [] : [{ path: at, stamp: undefined, disposable: false }];
  const found = at === want.path ? "trash" : "nothing";
  into.writes.push({
    want,
    why: what === "file" ? "untracked" : "not-a-file",
    found,
    stamp: undefined,
    clears,
  } satisfies Write);
}

/** undefined where nothing of ours stands there. */
function clear(view: View, placement: Placement): Clear | undefined {
  const found = view.foundAt(placement.path);
  if (found.kind !== "file") return undefined;
  return {
    path: placement.path,
    stamp: found.stamp,
    disposable: canBeHadAgain(heldOrigin(placement, found)),
  };
}

function keep(view: View, want: Want, found: FoundFile): Keep {
  const placement = placementAt(view, want.path, found);
  const { stamp, digests } = found;
  const held = placement === undefined ? undefined : heldOrigin(placement, found);
  if (placement === undefined || held === undefined) {
    const shared = view.others.get(want.path)?.find((other) => other.digests.includes(want.digest));
    if (shared !== undefined)
      return {
        want,
        stamp,
        digests,
        record: "share",
        origin: shared.origin,
        segments: segmentsOf(shared, digests),
      };
    return { want, stamp, digests, record: "adopt", origin: "adopted", segments: undefined };
  }
  const upToDate = found.recorded && placement.source === want.source && placement.path === want.path;
  return {
    want,
    stamp,
    digests,
    record: upToDate ? "none" : "restamp",
    origin: held,
    segments: segmentsOf(placement, digests),
  };
}

/** Does the file hold these bytes? A digest of another algorithm is unknown, so false: scan hashes with the wanted one. */
export function holds(found: Found, digest: Digest): found is FoundFile {
  return found.kind === "file" && found.digests.includes(digest);
}

/** Where the bytes found came from, or undefined where they are neither what was placed nor what was announced. */
export function heldOrigin(placement: Placement, found: FoundFile): Origin | undefined {
  if (placement.digests.some((digest) => found.digests.includes(digest))) return placement.origin;
  return placement.intents.find((intent) => found.digests.includes(intent.digest))?.origin;
}

/** False for the user's bytes, and for those that nobody knows. */
export function canBeHadAgain(origin: Origin | undefined): boolean {
  return origin === "fetched" || origin === "generated";
}

/** Checksums that a placement has of the bytes of one of these digests: those announced over it have none yet. */
export function segmentsOf(placement: Placement, digests: readonly Digest[]): string | undefined {
  return placement.digests.some((digest) => digests.includes(digest)) ? placement.segments : undefined;
}

export type FoundFile = Extract<Found, { kind: "file" }>;

/** On a case-insensitive disk our `A.txt` is what stands at a wanted `a.txt`. */
function placementAt(view: View, path: TreePath, found: FoundFile): Placement | undefined {
  const placement = view.mine.get(path);
  if (placement !== undefined || view.folded.size === 0) return placement;
  const alias = view.folded.get(foldKey(path));
  if (alias === undefined) return undefined;
  return isSameEntry(view.foundAt(alias.path), found) ? alias : undefined;
}

/** Two spellings of one file, on a case-insensitive disk. */
export function isSameEntry(a: Found, b: Found): boolean {
  return a.kind === "file" && b.kind === "file" && a.entry === b.entry;
}

/** Another owner who wants other bytes at this path. Of digests of different algorithms only the sizes can tell. */
function rivalOf(view: View, want: Want): Placement | undefined {
  return view.others.get(want.path)?.find((other) => {
    const known = [...other.digests, ...other.intents.map((intent) => intent.digest)];
    if (known.includes(want.digest)) return false;
    const comparable = known.some((digest) => algorithmOf(digest) === algorithmOf(want.digest));
    return comparable || ![other, ...other.intents].some(({ size }) => size === want.size);
  });
}

function otherOwner({ path, source }: Want, { owner, path: at }: Placement): Conflict {
  return { path, source, why: "other-owner", at, what: owner };
}
