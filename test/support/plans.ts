import type { Outcome } from "../../cli/apply/types.ts";
import type { Conflict, Plan, Prune, Write } from "../../cli/plan.ts";
import type { Commit, Digest, Stamp, TreePath } from "../../schema/ids.ts";
import type { LockedFile, LockedSource } from "../../schema/lock.ts";

const NONE = { files: 0, bytes: 0 };

export function planOf(parts: Partial<Plan> = {}): Plan {
  const totals = { wanted: NONE, fetch: NONE, keep: NONE, prune: NONE };
  return {
    keeps: [],
    writes: [],
    prunes: [],
    forgets: [],
    conflicts: [],
    blobs: [],
    brake: undefined,
    totals,
    ...parts,
  };
}

export function writeOf(path: string, size: number, parts: Partial<Write> = {}): Write {
  const digest = `sha256:${"a".repeat(64)}` as Digest;
  const want = { path: path as TreePath, source: "code", size, digest } as unknown as Write["want"];
  return { want, why: "missing", found: "nothing", stamp: undefined, clears: [], ...parts };
}

export function pruneOf(path: string, size: number, parts: Partial<Prune> = {}): Prune {
  const stamp = {} as Stamp;
  return { path: path as TreePath, source: "code", size, why: "dropped", how: "unlink", stamp, ...parts };
}

export function conflictOf(path: string, parts: Partial<Conflict> = {}): Conflict {
  return {
    path: path as TreePath,
    source: "code",
    why: "untracked",
    at: path as TreePath,
    what: "file",
    ...parts,
  };
}

/** Files as `path: [size, digest letter]`. */
export function lockedOf(
  name: string,
  files: Readonly<Record<string, readonly [number, string]>>,
  parts: Partial<LockedSource> = {},
): LockedSource {
  return {
    name,
    request: "",
    repo: "owner/code",
    asked: undefined,
    id: undefined,
    type: "dataset",
    revision: "main",
    asOf: undefined,
    minAge: undefined,
    commit: "9fc30b578cedaec69e47302df72cf00feed7c8c4" as Commit,
    path: name,
    strip: "",
    licenses: ["mit"],
    gated: undefined,
    private: undefined,
    card: undefined,
    gate: undefined,
    carrier: undefined,
    rescued: undefined,
    files: Object.entries(files).map(([path, [size, letter]]) => lockedFile(path, size, letter)),
    extra: {},
    ...parts,
  };
}

export function outcomeOf(parts: Partial<Outcome> = {}): Outcome {
  const counts = { fetched: NONE, generated: NONE, placed: NONE, kept: NONE, pruned: NONE };
  const rest = {
    given: [],
    received: 0,
    adopted: 0,
    forgotten: 0,
    trashed: [],
    unpruned: undefined,
    problems: [],
  };
  return { ...counts, ...rest, ...parts };
}

function lockedFile(path: string, size: number, letter: string): LockedFile {
  return { path: path as TreePath, size, digest: `sha256:${letter.repeat(64)}` as Digest, extra: {} };
}
