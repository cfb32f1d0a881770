import { join } from "node:path";
import type { Facts, FileFacts } from "../../schema/facts.ts";
import type { Digest, Stamp, TreePath } from "../../schema/ids.ts";
import type { Lock } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, systemCode } from "../errors.ts";
import { type Counting, countingOf, countRows } from "../facts/count.ts";
import { type LockedWant, wantsOf } from "../lock/wants.ts";
import { pool } from "../pool.ts";
import { type Survey, survey } from "../status.ts";
import { looker } from "../tree/look.ts";
import { stampOf } from "../tree/stamp.ts";
import { keepFacts, knownFacts } from "./facts.ts";
import { type FactsResult, shownFacts } from "./facts-shown.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";

export interface CountResult extends FactsResult {
  readonly problems: readonly Problem[];
}

/** Files at once: while one is decompressed, another is read. */
const WIDTH = 4;
/** ms after which what was counted is written down, lest much of it be lost. */
const SAVE_MS = 60_000;

/**
 * Counts what files on disk hold that do not say it themselves, and keeps that beside the lock. Each digest is counted once, and only in a
 * file that was verified. An interruption keeps what was counted by then. Throws LOCK_MISSING, FACTS_INVALID, DISK_REFUSED, NO_SPACE.
 */
export async function countFacts(context: Context, options: ProjectOptions): Promise<CountResult> {
  const project = await loadProject(context, options);
  const lock = requireLock(project);
  const known = await knownFacts(context, project);
  const wanted = uncountedIn(lock, project, known);
  const { ready, absent, root } = await onDisk(context, project, { lock, wanted });
  const { facts, problems } = await countAll(context, project, { lock, ready, root });
  return {
    ...shownFacts(project, lock, facts),
    problems: [...absentProblems(absent, root), ...problems],
  };
}

interface Uncounted extends LockedWant {
  readonly counting: Counting;
}

/** Every place of those files in scope of which nothing is known. */
function uncountedIn(lock: Lock, { scope }: Project, known: Facts): readonly Uncounted[] {
  return wantsOf(lock).flatMap((want) => {
    const counting = countingOf(want.remote.path);
    const isOpen = (scope?.has(want.source) ?? true) && !known.files.has(want.digest);
    return counting === undefined || !isOpen ? [] : [{ ...want, counting }];
  });
}

interface Ready extends Uncounted {
  /** With which it holds what the lock says. */
  readonly stamp: Stamp;
}

/** One place for each digest, and those that are nowhere. */
async function onDisk(
  context: Context,
  { manifest, scope }: Project,
  { lock, wanted }: { readonly lock: Lock; readonly wanted: readonly Uncounted[] },
): Promise<{ ready: readonly Ready[]; absent: readonly Uncounted[]; root: string }> {
  if (wanted.length === 0) return { ready: [], absent: [], root: manifest.root };
  const how = { deep: false, force: false, prune: false, tolerant: true };
  const { plan, root } = await survey(context, { manifest, lock, described: [], scope, ...how });
  const stamps = stampsIn(plan);
  const ready = new Map<Digest, Ready>();
  for (const one of wanted) {
    const stamp = stamps.get(one.path);
    if (stamp !== undefined && !ready.has(one.digest)) ready.set(one.digest, { ...one, stamp });
  }
  const absent = wanted.filter(({ digest }) => !ready.has(digest));
  return { ready: [...ready.values()], absent, root };
}

function stampsIn({ keeps }: Survey["plan"]): ReadonlyMap<TreePath, Stamp> {
  return new Map(keeps.map(({ want, stamp }) => [want.path, stamp]));
}

async function countAll(
  context: Context,
  project: Project,
  { lock, ready, root }: { readonly lock: Lock; readonly ready: readonly Ready[]; readonly root: string },
): Promise<{ facts: Facts; problems: readonly Problem[] }> {
  const { clock, signal, emit } = context;
  const counted = new Map<Digest, FileFacts>();
  const problems: Problem[] = [];
  let savedAt = clock.now();
  let done = 0;
  let saving: Promise<Facts> | undefined;
  const save = () => keepCounted(context, project, { lock, counted });
  try {
    await pool(ready, { width: WIDTH, signal }, async (file) => {
      emit({ kind: "counting", path: file.path, done, files: ready.length });
      const found = await countOne(context, root, file);
      if ("code" in found) problems.push(found);
      else counted.set(file.digest, found);
      done += 1;
      if (clock.now() - savedAt < SAVE_MS || saving !== undefined) return;
      savedAt = clock.now();
      saving = save();
      await saving.finally(() => {
        saving = undefined;
      });
    });
  } catch (error) {
    if (counted.size > 0) await save();
    throw error;
  }
  const facts = await save();
  return { facts, problems: problems.sort((a, b) => ((a.path ?? "") < (b.path ?? "") ? -1 : 1)) };
}

/** Whoever wrote facts meanwhile wrote what is true too. */
async function keepCounted(
  context: Context,
  project: Project,
  { lock, counted }: { readonly lock: Lock; readonly counted: ReadonlyMap<Digest, FileFacts> },
): Promise<Facts> {
  const before = await knownFacts(context, project);
  if (counted.size === 0) return before;
  const facts: Facts = { version: 1, files: new Map([...before.files, ...counted]) };
  const kept = await keepFacts(context, project, { lock, facts });
  if (kept === "written" && project.manifest.reports !== undefined)
    context.emit({ kind: "note", message: "reports tell of it once you run tritter sync" });
  return facts;
}

async function countOne(
  { disk, signal }: Context,
  root: string,
  { path, source, size, stamp, counting }: Ready,
): Promise<FileFacts | Problem> {
  try {
    // Its parents are looked at too: a folder may have become a link since.
    if (looker(disk, root).look(path).kind !== "file") return changedProblem({ path, source });
    const file = await disk.open(join(root, path), "r");
    try {
      const isSame = async () => stampOf(await file.stat()) === stamp;
      if (!(await isSame())) return changedProblem({ path, source });
      const facts = await countRows(file, { counting, size, signal });
      return (await isSame()) ? facts : changedProblem({ path, source });
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (systemCode(error) === undefined) throw error;
    return { ...diskProblem(`count "${printable(path)}"`, error), path, source };
  }
}

function changedProblem({ path, source }: Pick<Ready, "path" | "source">): Problem {
  const message = `cannot count "${printable(path)}": it changed while it was read`;
  return { code: "DRIFT", message, hint: AGAIN, path, source };
}

const AGAIN = "run tritter sync, then tritter facts --count";
const MOST_NAMED = 10;

function absentProblems(absent: readonly Uncounted[], root: string): readonly Problem[] {
  if (absent.length === 0) return [];
  const files = absent.length === 1 ? "a file" : `${absent.length} files`;
  const named = absent.slice(0, MOST_NAMED).map(({ path }) => printable(path));
  const more = absent.length > MOST_NAMED ? [`and ${absent.length - MOST_NAMED} more`] : [];
  return [
    {
      code: "DRIFT",
      message: `cannot count ${files}: not there, or not what the lock says, below "${root}"`,
      details: [...named, ...more],
      hint: AGAIN,
    },
  ];
}
