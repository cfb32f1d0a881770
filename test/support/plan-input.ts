import type { GeneratedWant, LockedWant, Want } from "../../cli/lock/wants.ts";
import type { PlanInput } from "../../cli/plan.ts";
import type { Origin, Placement } from "../../cli/receipt/placement.ts";
import type { Found } from "../../cli/scan.ts";
import type { Commit, Digest, Stamp, TreePath } from "../../schema/ids.ts";

/** A digest for a letter, so that tables read "the lock wants A, the disk holds B". */
export function digest(letter: string): Digest {
  return `sha256:${letter.toLowerCase().repeat(64).slice(0, 64)}` as Digest;
}

export const SIZE = 100;

export function want(path: string, letter: string, source = "s"): LockedWant {
  const commit = "0".repeat(40) as Commit;
  const remote = { repo: { type: "dataset" as const, repo: "o/n" }, commit, path, size: SIZE };
  return { path: path as TreePath, source, digest: digest(letter), size: SIZE, remote };
}

/** What describes data: it brings its bytes. */
export function generated(path: string, letter: string, source = "s"): GeneratedWant {
  const bytes = Buffer.alloc(SIZE, letter);
  return { path: path as TreePath, source, digest: digest(letter), size: SIZE, generated: bytes };
}

export interface PlacedOptions {
  readonly source?: string;
  readonly owner?: string;
  readonly origin?: Origin;
  readonly size?: number;
  /** Letters of further digests of the same bytes. */
  readonly also?: readonly string[];
  readonly segments?: string;
  /** Announced and not confirmed. */
  readonly intent?: string;
}

/** `letter` undefined: only an intent is known. */
export function placed(path: string, letter: string | undefined, options: PlacedOptions = {}): Placement {
  const {
    source = "s",
    owner = "me",
    origin = "fetched",
    size = SIZE,
    intent,
    also = [],
    segments,
  } = options;
  return {
    path: path as TreePath,
    source,
    owner,
    origin,
    segments,
    digests: letter === undefined ? [] : [letter, ...also].map(digest),
    size: letter === undefined ? undefined : size,
    stamp: letter === undefined ? undefined : stampFor(letter),
    doubt: undefined,
    flushed: true,
    intents: intent === undefined ? [] : [{ digest: digest(intent), size, origin: "fetched" }],
  };
}

export function file(
  letter: string,
  options: { recorded?: boolean; entry?: string; size?: number; also?: readonly string[] } = {},
): Found {
  const { recorded = true, entry = `1:${letter}${Math.random()}`, size = SIZE, also = [] } = options;
  return {
    kind: "file",
    size,
    stamp: stampFor(letter),
    digests: [letter, ...also].map(digest),
    recorded,
    entry,
  };
}

export function stampFor(letter: string): Stamp {
  return `${SIZE}:${letter}:1:1` as Stamp;
}

export interface Situation {
  readonly wants?: readonly Want[];
  readonly mine?: readonly Placement[];
  readonly others?: readonly Placement[];
  readonly disk?: Readonly<Record<string, Found>>;
  readonly ready?: readonly string[];
  readonly partial?: Readonly<Record<string, number>>;
  readonly scope?: readonly string[];
  readonly force?: boolean;
  readonly prune?: boolean;
}

export function planInput(situation: Situation): PlanInput {
  const { wants = [], mine = [], others = [], disk = {}, ready = [], partial = {}, scope } = situation;
  const othersByPath = new Map<TreePath, Placement[]>();
  for (const one of others) othersByPath.set(one.path, [...(othersByPath.get(one.path) ?? []), one]);
  return {
    wants,
    scope: scope && new Set(scope),
    mine: new Map(mine.map((one) => [one.path, one])),
    others: othersByPath,
    inventory: {
      found: new Map(Object.entries(disk) as [TreePath, Found][]),
      hashed: { files: 0, bytes: 0, reasons: {} },
      unread: new Map(),
    },
    ready: new Set(ready.map(digest)),
    partial: new Map(Object.entries(partial).map(([letter, bytes]) => [digest(letter), bytes])),
    force: situation.force ?? false,
    prune: situation.prune ?? true,
  };
}
