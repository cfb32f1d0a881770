import type { Commit } from "../../schema/ids.ts";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Source } from "../../schema/manifest.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import type { Hub } from "../hub/port.ts";
import { pool } from "../pool.ts";
import { ask } from "../resolve/ask.ts";
import { changesBetween, type SourceChange } from "../resolve/changes.ts";
import { asGone, goneHint } from "../resolve/gone.ts";
import { type Histories, type History, histories } from "../resolve/history.ts";
import { type Resolving, startResolving } from "../resolve/input.ts";
import { pinAt } from "../resolve/pin.ts";
import { type Carried, carrierOf } from "../resolve/stale.ts";
import { factual, gatherFacts, knownFacts, tellMissing, unknownFiles, withData } from "./facts.ts";
import { lazyHub, loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";
import { deferred } from "./locking.ts";

export interface OutdatedSource {
  readonly name: string;
  readonly type: string;
  readonly repo: string;
  readonly revision: string;
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
  /**
   * `outdated`: update would move the pin; `fresh`: it would but for `min-age`; `stale`: the manifest names another repository
   * or revision by now, and `unlocked`: it is not in the lock, so that there is nothing to compare; `unknown`: a problem says why.
   */
  readonly state: "current" | "outdated" | "fresh" | "stale" | "unlocked" | "unknown";
  readonly pinned: DatedCommit | undefined;
  readonly wanted: DatedCommit | undefined;
  /** From the pinned commit to the wanted one, be they one and the same; undefined where they are not both known. */
  readonly history: History | undefined;
  /** What update would change; undefined where it would change nothing, or could not. */
  readonly change: SourceChange | undefined;
}

export interface DatedCommit {
  readonly commit: Commit;
  /** ISO 8601; undefined where unknown. */
  readonly date: string | undefined;
}

export interface OutdatedResult {
  readonly project: Project;
  /** Sorted by name. */
  readonly sources: readonly OutdatedSource[];
  /** ms since the epoch: what ages are counted to. */
  readonly now: number;
  readonly problems: readonly Problem[];
}

/** What `update` would move, and what that would change, of the sources of the lock. Writes nothing. Throws LOCK_MISSING. */
export async function outdatedProject(context: Context, options: ProjectOptions): Promise<OutdatedResult> {
  const project = await loadProject(context, options);
  const lock = requireLock(project);
  const sources = project.manifest.sources.filter(({ name }) => project.scope?.has(name) ?? true);
  const { hub, close } = lazyHub(context, project, 8);
  const now = context.clock.now();
  const resolving = startResolving({
    manifest: project.manifest,
    previous: lock,
    hub: deferred(hub),
    mode: { kind: "update", names: new Set(sources.map(({ name }) => name)), to: undefined },
    only: project.scope,
    fallback: false,
    now,
    signal: context.signal,
    emit: context.emit,
  });
  const entries = new Map(lock.sources.map((entry) => [entry.name, entry]));
  const looks = new Map<string, Look>();
  const looking = { resolving, historyOf: histories(resolving.hub, context.signal) };
  try {
    await pool(sources, { width: 4, signal: context.signal }, async (source) => {
      looks.set(source.name, await lookAt(looking, source, entries.get(source.name)));
    });
    const { sources: rows, problems } = answer(lock, sources, looks);
    return { project, now, sources: await withFacts(context, project, { hub, rows }), problems };
  } finally {
    await close();
  }
}

/** What update would do to the data of sources that ask for facts: footers of changed files are read, and not kept. */
async function withFacts(
  context: Context,
  project: Project,
  { hub, rows }: { hub: () => Hub; rows: readonly OutdatedSource[] },
): Promise<readonly OutdatedSource[]> {
  const changes = rows.flatMap(({ change }) => (change === undefined ? [] : [change]));
  const next = changes.flatMap(({ after }) => (after === undefined ? [] : [after]));
  const entries = factual(project.manifest, { version: 1, sources: next, extra: {} });
  if (entries.length === 0) return rows;
  const known = await knownFacts(context, project);
  const unknown = unknownFiles(entries, known);
  const { facts, problems } = await gatherFacts(context, hub, { facts: known, unknown });
  tellMissing(context.emit, problems);
  const told = new Map(withData(changes, { entries, facts }).map((change) => [change.source, change]));
  return rows.map((row) => ({ ...row, change: told.get(row.name) ?? row.change }));
}

/** What was found of one source. */
interface Look {
  readonly state: OutdatedSource["state"];
  readonly entry?: LockedSource;
  readonly wanted?: Commit;
  readonly history?: History;
  /** What update would make of the entry. */
  readonly next?: LockedSource;
  readonly problems: readonly Problem[];
}

interface Looking {
  readonly resolving: Resolving;
  readonly historyOf: Histories;
}

async function lookAt(looking: Looking, source: Source, entry: LockedSource | undefined): Promise<Look> {
  if (entry === undefined) return { state: "unlocked", problems: [] };
  const carried = carrierOf(source, entry);
  if (carried === undefined) return { state: "stale", entry, problems: [] };
  try {
    return await compare(looking, { source, entry, carried });
  } catch (error) {
    looking.resolving.signal.throwIfAborted();
    return { state: "unknown", entry, problems: problemsOf(error).map((problem) => asGone(problem, entry)) };
  }
}

interface Compared {
  readonly source: Source;
  readonly entry: LockedSource;
  readonly carried: Carried;
}

async function compare(
  { resolving, historyOf }: Looking,
  { source, entry, carried }: Compared,
): Promise<Look> {
  const { resolved, isFresh } = await ask(resolving, source.name, {
    carrier: carried.carrier,
    pinned: entry.commit,
  });
  const { commit, repo } = resolved;
  const history = await historyOf({ type: entry.type, repo }, { from: entry.commit, to: commit });
  const look = { entry, wanted: commit, history, problems: problemsIn(history, entry) };
  if (commit === entry.commit) return { ...look, state: isFresh ? "fresh" : "current" };
  try {
    const { source: next } = await pinAt(resolving, { source, resolved, carried, from: entry });
    return { ...look, state: "outdated", next };
  } catch (error) {
    resolving.signal.throwIfAborted();
    return { ...look, state: "outdated", problems: [...look.problems, ...problemsOf(error)] };
  }
}

/** A Hub that knows no history is no problem, only less to tell; nor is a pin that is gone and was rescued. */
function problemsIn(history: History, { name, repo, commit, rescued }: LockedSource): readonly Problem[] {
  if (history.kind === "unknown")
    return ["LISTING_INCOMPLETE", "OFFLINE"].includes(history.problem.code) ? [] : [history.problem];
  if (history.kind !== "apart" || !history.gone || rescued !== undefined) return [];
  const message = `cannot compare with commit ${commit} of ${repo}: it is gone upstream`;
  return [{ code: "PIN_GONE", message, hint: goneHint(name) }];
}

function answer(
  lock: Lock,
  sources: readonly Source[],
  looks: ReadonlyMap<string, Look>,
): Pick<OutdatedResult, "sources" | "problems"> {
  const after = { ...lock, sources: lock.sources.map((entry) => looks.get(entry.name)?.next ?? entry) };
  const changes = new Map(changesBetween(lock, after).map((change) => [change.source, change]));
  const told = sources.map((source) => {
    const look = looks.get(source.name) as Look;
    return { row: rowOf(source, look, changes.get(source.name)), look };
  });
  return {
    sources: told.map(({ row }) => row),
    problems: told.flatMap(({ row, look }) =>
      look.problems.map((problem) => ({ ...problem, source: problem.source ?? row.name })),
    ),
  };
}

function rowOf(
  source: Source,
  { state, entry, wanted, history }: Look,
  change: SourceChange | undefined,
): OutdatedSource {
  const { name, type, repo, revision, asOf, minAge } = entry ?? source;
  const dates = history !== undefined && history.kind !== "unknown" ? history.dates : undefined;
  return {
    name,
    type,
    repo,
    revision,
    asOf,
    minAge,
    state,
    pinned: entry && { commit: entry.commit, date: dates?.from },
    wanted: wanted === undefined ? undefined : { commit: wanted, date: dates?.to },
    history,
    change: change && { ...change, history },
  };
}
