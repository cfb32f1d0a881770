import type { LockedCarrier, LockedSource, Refuge } from "../../schema/lock.ts";
import type { Reports, Source } from "../../schema/manifest.ts";
import type { Context } from "../context.ts";
import { besidePaths, indexPath } from "../lock/wants.ts";
import { loadProject, type Project, type ProjectOptions } from "./load.ts";
import { staleInScope } from "./locking.ts";

export interface ListedSource {
  readonly name: string;
  readonly type: string;
  readonly repo: string;
  readonly revision: string;
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
  /** undefined: not locked yet. */
  readonly commit: string | undefined;
  readonly files: number;
  /** bytes */
  readonly bytes: number;
  /** Below the root. */
  readonly path: string;
  readonly groups: readonly string[];
  /** Below the root: what stands beside its folder and describes it. */
  readonly reports: readonly string[];
  readonly licenses: readonly string[];
  readonly gated: boolean;
  /** Set only if a fallback stands in: `repo`, `type` and `revision` are that one's. */
  readonly carrier: LockedCarrier | undefined;
  /** Where its files are to be had; set only if its commit is gone. */
  readonly rescued: readonly Refuge[] | undefined;
  /** `unlocked`: not in the lock yet; `dropped`: in the lock and no longer in the manifest. */
  readonly state: "locked" | "stale" | "unlocked" | "dropped";
}

export interface ListResult {
  readonly project: Project;
  /** Sorted by name. */
  readonly sources: readonly ListedSource[];
  /** Below the root: what describes them all; undefined: nothing does. */
  readonly index: string | undefined;
}

/** The sources of manifest and lock, side by side. Reads neither disk nor network. */
export async function listProject(context: Context, options: ProjectOptions): Promise<ListResult> {
  const project = await loadProject(context, options);
  const stale = new Set(staleInScope(project).map(({ source }) => source));
  const locked = new Map((project.lock?.sources ?? []).map((source) => [source.name, source]));
  const wanted = new Map(project.manifest.sources.map((source) => [source.name, source]));
  const names = [...new Set([...wanted.keys(), ...locked.keys()])].sort();
  const sources = names
    .filter((name) => project.scope?.has(name) ?? true)
    .map((name) =>
      listed(name, {
        source: wanted.get(name),
        locked: locked.get(name),
        stale: stale.has(name),
        reports: project.manifest.reports,
      }),
    );
  const { reports, owner } = project.manifest;
  return { project, sources, index: reports === undefined ? undefined : indexPath(owner) };
}

function listed(
  name: string,
  {
    source,
    locked,
    stale,
    reports,
  }: {
    source: Source | undefined;
    locked: LockedSource | undefined;
    stale: boolean;
    reports: Reports | undefined;
  },
): ListedSource {
  const told = source ?? (locked as LockedSource);
  const carrier = locked?.carrier;
  const { type, revision, asOf, minAge } = locked !== undefined && carrier !== undefined ? locked : told;
  return {
    name,
    type,
    repo: locked?.repo ?? told.repo,
    revision,
    asOf,
    minAge,
    commit: locked?.commit,
    files: locked?.files.length ?? 0,
    bytes: locked?.files.reduce((sum, file) => sum + file.size, 0) ?? 0,
    path: told.path,
    groups: source?.groups ?? [],
    reports: reports === undefined ? [] : Object.values(besidePaths(told)),
    licenses: locked?.licenses ?? [],
    gated: locked?.gated === "auto" || locked?.gated === "manual",
    carrier,
    rescued: locked?.rescued,
    state: stateOf(source, locked, stale),
  };
}

function stateOf(
  source: Source | undefined,
  locked: LockedSource | undefined,
  stale: boolean,
): ListedSource["state"] {
  if (source === undefined) return "dropped";
  if (locked === undefined) return "unlocked";
  return stale ? "stale" : "locked";
}
