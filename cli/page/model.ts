import type { Facts } from "../../schema/facts.ts";
import type { LockedSource } from "../../schema/lock.ts";
import type { FlightReading } from "../flight/types.ts";
import { type Composition, compose, type KnownFile, type Said } from "./compose.ts";
import { type LastSync, lastSyncOf } from "./last-sync.ts";
import { type LockHistory, type PinTimeline, timelineOf } from "./pins.ts";
import { type Shards, shardsOf } from "./shards.ts";
import { type Branch, treeOf } from "./tree.ts";

/** All that a report shows, as values: made of lock, facts and what was found, by pure functions. */
export interface Report {
  /** Who owns the files: `name` of the manifest. */
  readonly name: string;
  /** Names of the documents, without their folders. */
  readonly manifest: string;
  readonly lock: string;
  /** `sha256:…` of the lock's bytes. */
  readonly lockDigest: string | undefined;
  /** ISO 8601. */
  readonly madeAt: string;
  /** Said above everything else; undefined: nothing is. */
  readonly note: string | undefined;
  readonly totals: {
    readonly files: number;
    readonly bytes: number;
    /** Of the files whose rows are known. */
    readonly rows: number;
    readonly countedFiles: number;
  };
  /** Sorted by name. */
  readonly sources: readonly ReportedSource[];
  /** Of sources that are in neither document any more, what still lies on disk. */
  readonly leftovers: readonly { readonly source: string; readonly what: string }[];
  /** How the index differs that stands beside all sources where the manifest asks for one; undefined: it does not, or there is none. */
  readonly index: string | undefined;
  readonly composition: {
    readonly source: Composition;
    readonly language: Composition;
    readonly license: Composition;
    readonly split: Composition;
  };
  readonly tree: Branch;
  readonly shards: readonly Shards[];
  readonly pins: PinTimeline;
  readonly lastSync: LastSync;
}

/** One source, and how it stands. */
export interface ReportedSource {
  readonly name: string;
  readonly type: string;
  readonly repo: string;
  readonly revision: string;
  readonly asOf: string | undefined;
  /** undefined: not in the lock. */
  readonly commit: string | undefined;
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  readonly groups: readonly string[];
  readonly licenses: readonly string[];
  /** As the lock has it. undefined: it tells of no gate. */
  readonly gated: "auto" | "manual" | undefined;
  /** What a person accepted it under, where `license` of the manifest says so. */
  readonly accepted: string | undefined;
  /** Whose place the fallback that carries it takes; undefined: it is no fallback. */
  readonly insteadOf: string | undefined;
  /** Its commit is gone, and its files are to be had elsewhere. */
  readonly rescued: boolean;
  /** Manifest against lock. */
  readonly pin: "locked" | "stale" | "unlocked" | "dropped";
  readonly disk: DiskState;
  readonly upstream: UpstreamState;
  /** Messages of all that is wrong besides: policy, expectations, what cannot be read. */
  readonly problems: readonly string[];
}

/** Lock against disk. */
export type DiskState =
  | { readonly kind: "in-sync" }
  /** `what`: `3 files missing, 1 file modified`. */
  | { readonly kind: "drift"; readonly what: string }
  /** Not looked at, not to be looked at, or not in the lock. */
  | { readonly kind: "unknown"; readonly why: string };

/** Lock against Hub. */
export type UpstreamState =
  | { readonly kind: "not-asked" }
  | { readonly kind: "current" }
  | { readonly kind: "outdated" | "gone" | "refused" | "other"; readonly what: string }
  | { readonly kind: "unknown"; readonly why: string };

export interface ReportInput
  extends Pick<
    Report,
    "name" | "manifest" | "lock" | "lockDigest" | "madeAt" | "note" | "sources" | "leftovers" | "index"
  > {
  /** Those the report is about. */
  readonly locked: readonly LockedSource[];
  readonly facts: Facts;
  readonly history: LockHistory;
  readonly flight: FlightReading;
}

/** Pure: equal input gives equal reports. */
export function reportOf({ locked, facts, history, flight, ...said }: ReportInput): Report {
  const files = locked.flatMap((source) => filesOf(source, facts));
  const groups = new Map(said.sources.map((source): [string, Said] => [source.name, source]));
  const { source, language, license, split } = {
    source: compose("source", files, groups),
    language: compose("language", files, groups),
    license: compose("license", files, groups),
    split: compose("split", files, groups),
  };
  const now = new Map(locked.map(({ name, repo, commit }) => [name, { repo, commit }]));
  const sum = (of: "bytes" | "rows" | "countedFiles") =>
    source.parts.reduce((total, part) => total + part[of], 0);
  return {
    ...said,
    totals: {
      files: files.length,
      bytes: sum("bytes"),
      rows: sum("rows"),
      countedFiles: sum("countedFiles"),
    },
    composition: { source, language, license, split },
    tree: treeOf(files),
    shards: shardsOf(files),
    pins: timelineOf(history, now),
    lastSync: lastSyncOf(flight),
  };
}

function filesOf({ name, strip, files }: LockedSource, facts: Facts): readonly KnownFile[] {
  const below = strip === "" ? 0 : strip.length + 1;
  return files.map(({ path, size, digest }) => ({
    source: name,
    path,
    shown: path.slice(below),
    size,
    facts: facts.files.get(digest),
  }));
}
