import { formatBytes, formatCount } from "../../schema/format.ts";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import { type Lock, WHOLE } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { type Giver, mayGive, type Offer } from "../apply/give.ts";
import { type Limits, openDeadline, UNLIMITED } from "../apply/meter.ts";
import { apply, type Outcome } from "../apply.ts";
import type { Context } from "../context.ts";
import { makeOwnFolder, withState } from "../disk/own.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { thisWriter, type Writer } from "../disk/writer.ts";
import { type Problem, systemCode, TritterError, TritterErrors } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { ByteHub } from "../hub/port.ts";
import { bytesDigest } from "../lock/digests.ts";
import type { GeneratedWant } from "../lock/wants.ts";
import { serialiseLock } from "../lock/write.ts";
import { selectSources } from "../manifest/select.ts";
import type { Conflict, Count, Drift, Plan } from "../plan.ts";
import {
  type Provided,
  type ProvideInput,
  type Providing,
  planProviding,
  provide,
  spaceForProviding,
  wouldProvide,
} from "../provide.ts";
import { holdRoot } from "../receipt/hold.ts";
import { compactReceipt, openJournal, type Written } from "../receipt/journal.ts";
import { type Receipt, readReceipt } from "../receipt/receipt.ts";
import { judge } from "../resolve/judge.ts";
import { staleness } from "../resolve/stale.ts";
import { packReceipt } from "../status/pack.ts";
import { factsDigest } from "../status/place.ts";
import { resolveRoot, stateFolder } from "../status/root.ts";
import { type Survey, survey } from "../status.ts";
import { prepareStore } from "../store/store.ts";
import { carriedProblems, tellCarried } from "./carried.ts";
import { describedBy } from "./described.ts";
import { judgeKnownFacts, keptFacts, type Proved, proveFacts } from "./facts.ts";
import { type Recorded, recordFlight } from "./flight.ts";
import { type GiverOptions, namedGivers, ownGivers } from "./givers.ts";
import { sayingGone } from "./gone.ts";
import {
  assertSigned,
  lazyHub,
  loadProject,
  type Project,
  type ProjectOptions,
  requireLock,
} from "./load.ts";
import { type Locked, lockSources, staleInScope, staleProblem } from "./locking.ts";
import type { Trust } from "./signature.ts";

export interface SyncOptions extends ProjectOptions, GiverOptions {
  /** A stale lock is an error instead of being brought up to date. */
  readonly locked: boolean;
  /** May a source come from one of its fallbacks? */
  readonly fallback: boolean;
  readonly dryRun: boolean;
  /** Read every byte, whatever the stamps say. */
  readonly deep?: boolean;
  /** Overwrite untracked files; what was there goes to the trash. */
  readonly force: boolean;
  /** Release the prune brake. */
  readonly prune: boolean;
  /** Streams at once. */
  readonly jobs: number;
  /** undefined: none. */
  readonly limits?: SyncLimits;
  /** Who must have signed the lock, which is then taken as it is (`locked`). undefined: nobody. */
  readonly signature?: Trust;
  /** Asked in the place of the one that options, manifest and environment name. */
  readonly hub?: ByteHub;
}

export interface SyncLimits extends Omit<Limits, "rates"> {
  /** bytes a second of sources or of groups, for each of their sources; of several for one, the last counts */
  readonly rates: readonly { readonly name: string; readonly rate: number }[];
}

export interface SyncResult {
  /** Absolute. */
  readonly lockFile: string;
  /** Set only if the lock was stale and was (or, in a dry run, would be) written. */
  readonly locked: Locked | undefined;
  readonly root: string;
  /** undefined: the lock was stale, and what it would have become is refused. */
  readonly plan: Drift | undefined;
  /** In a dry run: what need perhaps not be fetched. */
  readonly offers: readonly Offer[];
  /** undefined: a dry run, or refused. */
  readonly outcome: Outcome | undefined;
  /** What the Hub's own clients find now, or, in a dry run, would; undefined: no source asks for it, or it did not come to that. */
  readonly provided: Provided | undefined;
  /** How it went, as the record in `file` says too; undefined: nothing was to be done, it was a dry run, or no record could be written. */
  readonly record: Recorded | undefined;
  readonly problems: readonly Problem[];
}

/** Reads everything, locks where stale, then makes the disk equal the lock. The lock is written before the disk is touched, or neither is. */
export async function syncWhole(outer: Context, options: SyncOptions, signed?: string): Promise<SyncResult> {
  // What is written here would be signed by nobody.
  const proved = { ...options, signed, locked: options.locked || signed !== undefined };
  if (options.dryRun) return syncByDeadline(outer, proved, () => {});
  const { context, found, end } = recordFlight(outer);
  try {
    const result = await syncByDeadline(context, proved, found);
    return { ...result, record: await end({ result }) };
  } catch (error) {
    await end({ error });
    throw error;
  }
}

/** `found` hears of the root once it is known. */
async function syncByDeadline(
  context: Context,
  options: Omit<Syncing, "looking">,
  found: (root: string) => void,
): Promise<SyncResult> {
  const time = openDeadline(options.limits?.deadline, context);
  try {
    return await syncInTime(context, { ...options, looking: time.signal }, found);
  } finally {
    time.close();
  }
}

export interface Syncing extends SyncOptions {
  /** Ends the looking and asking at the deadline; of what is fetched by then, everything complete is placed. */
  readonly looking: AbortSignal;
  /** Digest of the lock whose signature was checked; undefined: none was asked for. */
  readonly signed: string | undefined;
}

async function syncInTime(
  outer: Context,
  options: Syncing,
  found: (root: string) => void,
): Promise<SyncResult> {
  const { context, spoke } = listening(outer);
  const inTime = { ...context, signal: options.looking };
  const project = await loadProject(context, options);
  assertSigned(project, options.signed);
  found(project.manifest.root);
  const named = await namedGivers(context, options, { jobs: options.jobs, offline: project.offline });
  const { lockFile } = project;
  const locked = await bringUpToDate(inTime, project, options);
  const lock = locked?.lock ?? requireLock(project);
  const refused = locked?.problems ?? [
    ...judge(project.manifest, lock, project.scope),
    ...(await judgeKnownFacts(inTime, project, {
      lock,
      ask: !options.locked && !options.dryRun,
      waits: true,
    })),
    ...(options.fallback ? [] : carriedProblems(lock, project.scope)),
  ];
  if (refused.length > 0 && locked !== undefined)
    return {
      lockFile,
      locked,
      root: project.manifest.root,
      plan: undefined,
      offers: [],
      outcome: undefined,
      provided: undefined,
      record: undefined,
      problems: refused,
    };
  if (refused.length > 0) throw new TritterErrors(refused);
  tellCarried(context.emit, lock, project.scope);
  tellStaleElsewhere(context, project, lock);
  const { owner } = project.manifest;
  const giversOf = (seen: Survey) => [...named, ...ownGivers(context, seen, { ...options, owner })];
  if (options.dryRun) {
    const facts = locked?.facts && keptFacts(project.manifest, lock, locked.facts);
    const { wants: described } = await describedBy(inTime, project, { lock, facts });
    const seen = await survey(inTime, surveyInput(project, { lock, described }, options));
    const { root, plan, inventory } = seen;
    const offers = await mayGive(giversOf(seen), plan.blobs, options.looking);
    const providing = await planProviding(inTime, provideInput(project, { lock, seen, options }));
    const provided = providing && (await wouldProvide(inTime, providing));
    const problems = [...inventory.unread.values(), ...problemsOfPlan(plan), ...(provided?.problems ?? [])];
    const none = { outcome: undefined, record: undefined };
    return { lockFile, locked, root, plan, offers, ...none, provided, problems };
  }
  const digest = locked === undefined ? project.lockDigest : bytesDigest(serialiseLock(lock));
  const done = await reconcile(context, project, { lock, digest, options, giversOf, fetch: true, spoke });
  return { lockFile, locked, offers: [], record: undefined, ...done };
}

/** Throws USAGE for a name that is no source and no group. */
function limitsOf({ manifest }: Project, { limits }: SyncOptions): Limits {
  if (limits === undefined) return UNLIMITED;
  const rates = limits.rates.flatMap(({ name, rate }) =>
    [...selectSources(manifest, [name])].map((source) => [source, rate] as const),
  );
  return { ...limits, rates: new Map(rates) };
}

/** `spoke`: something was said that is no progress, and that the next run may have to say again. */
function listening(context: Context): { context: Context; spoke: () => boolean } {
  let spoke = false;
  const emit: Emit = (event) => {
    spoke ||= ["note", "warning", "problem"].includes(event.kind);
    context.emit(event);
  };
  return { context: { ...context, emit }, spoke: () => spoke };
}

async function bringUpToDate(
  context: Context,
  project: Project,
  options: SyncOptions,
): Promise<Locked | undefined> {
  const stale = staleInScope(project);
  if (options.locked) {
    const problem = staleProblem(project, stale);
    if (problem !== undefined) throw problem;
    return undefined;
  }
  if (stale.length === 0 && project.lock !== undefined) return undefined;
  const { fallback, dryRun } = options;
  return lockSources(context, project, { mode: { kind: "lock" }, fallback, dryRun });
}

/** A sync of some sources leaves the others as they are, and says so. */
function tellStaleElsewhere({ emit }: Context, { manifest, scope }: Project, lock: Lock): void {
  if (scope === undefined) return;
  const elsewhere = staleness(manifest, lock).filter(({ source }) => !scope.has(source));
  if (elsewhere.length === 0) return;
  const names = [...new Set(elsewhere.map(({ source }) => printable(source)))];
  const message = `stale, and left as they are: ${names.join(", ")} (tritter sync follows up all)`;
  emit({ kind: "note", message });
}

export function surveyInput(
  { manifest, scope }: Project,
  documents: { readonly lock: Lock; readonly described: readonly GeneratedWant[] },
  options: SyncOptions,
) {
  const { deep = false, force, prune } = options;
  return { manifest, ...documents, scope, deep, force, prune, tolerant: true };
}

export interface Done {
  readonly root: string;
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly provided: Provided | undefined;
  readonly problems: readonly Problem[];
}

interface Reconciling {
  readonly lock: Lock;
  /** Of the lock's bytes; undefined: the receipt is not packed. */
  readonly digest: string | undefined;
  readonly options: Syncing;
  /** Who is asked before the Hub. */
  readonly giversOf: (seen: Survey) => readonly Giver[];
  /** False: what they do not give stays where it is. */
  readonly fetch: boolean;
  readonly spoke: () => boolean;
}

/** Makes the disk equal the lock, as far as that goes, while nobody else does. */
export async function reconcile(context: Context, project: Project, reconciling: Reconciling): Promise<Done> {
  const { disk, clock } = context;
  const writer = await thisWriter(disk, context.pid);
  const state = await makeRoot(context, project.manifest.root);
  const release = await holdRoot(disk, state, { writer, now: clock.now });
  try {
    const before = await readReceipt(disk, state);
    const compacted = await compactReceipt(disk, state, { writer, receipt: before, now: clock.now });
    const receipt = compacted ? await readReceipt(disk, state) : before;
    const first = await pass(context, project, { ...reconciling, state, writer, receipt, proved: undefined });
    const { proved } = first;
    if (proved?.wrote !== true || proved.problems.length > 0 || project.manifest.reports === undefined)
      return first.done;
    // What the files say of themselves became known only now, and is told beside them.
    const anew = { writer: await thisWriter(disk, context.pid), receipt: await readReceipt(disk, state) };
    const second = await pass(context, project, { ...reconciling, state, ...anew, proved });
    return together(first.done, second.done);
  } finally {
    await release();
  }
}

interface Passing extends Reconciling {
  readonly state: string;
  readonly writer: Writer;
  readonly receipt: Receipt;
  /** By a pass before this one; undefined: there was none. */
  readonly proved: Proved | undefined;
}

async function pass(context: Context, project: Project, passing: Passing) {
  const { disk } = context;
  const { lock, options, giversOf, fetch, state, writer, receipt } = passing;
  const inTime = { ...context, signal: options.looking };
  const described = await describedBy(inTime, project, { lock });
  const input = surveyInput(project, { lock, described: described.wants }, options);
  const seen = await survey(inTime, { ...input, receipt });
  const givers = giversOf(seen);
  const providing = await planProviding(inTime, provideInput(project, { lock, seen, options }));
  const carrying = { lock, seen, options, writer, givers, fetch, providing };
  const { outcome, written, provided } = await carryOut(context, project, carrying);
  const plain = [...outcome.problems, ...problemsOfPlan(seen.plan), ...(provided?.problems ?? [])];
  // Only where every file is what the lock says do footers prove anything.
  const proved =
    plain.length > 0 || !fetch
      ? undefined
      : (passing.proved ??
        (await proveFacts(context, project, { lock, root: seen.root, write: !options.locked })));
  // Now that files are here, none is met for want of a count.
  const uncounted =
    proved?.problems.length === 0 ? await judgeKnownFacts(context, project, { lock, ask: false }) : [];
  const problems = [...(proved?.problems ?? plain), ...uncounted];
  const record = provided?.record ?? "none";
  const facts = await factsDigest(disk, project.lockFile);
  const isDescribed = project.manifest.reports === undefined || facts === described.facts;
  const isWhole = record !== "lost" && proved?.whole === true && isDescribed;
  const { digest, spoke } = passing;
  if (problems.length === 0 && isWhole && !spoke() && digest !== undefined && isPackable(project, lock)) {
    const { manifest, manifestText } = project;
    const documents = { manifest: bytesDigest(manifestText), lock: digest, facts };
    const key = { tritter: context.version, owner: manifest.owner, ...documents };
    const { wants } = seen;
    const found = record === "none" ? undefined : record;
    await packReceipt(disk, state, {
      key,
      manifest,
      lock,
      wants,
      receipt,
      written,
      writer,
      provided: found,
    });
  }
  const done: Done = { root: seen.root, plan: seen.plan, outcome, provided, problems };
  return { done, proved };
}

/** Of two passes, the second of which did no more than write some files anew: each is told of once. */
function together(first: Done, second: Done): Done {
  const { generated, placed, kept, trashed, problems } = first.outcome;
  const keeps = new Set(first.plan.keeps.map(({ want }) => want.path));
  const whole = second.outcome.problems.length === 0;
  const anew = second.plan.writes.map(({ want }) => want).filter(({ path }) => whole && keeps.has(path));
  const add = ({ files, bytes }: Count, sign: 1 | -1) => ({
    files: files + sign * anew.length,
    bytes: bytes + sign * anew.reduce((sum, { size }) => sum + size, 0),
  });
  const outcome = {
    ...first.outcome,
    generated: add(generated, 1),
    placed: add(placed, 1),
    kept: add(kept, -1),
    trashed: [...trashed, ...second.outcome.trashed],
    problems: [...problems, ...second.outcome.problems],
  };
  return { ...first, outcome, provided: first.provided ?? second.provided, problems: second.problems };
}

/** What a fallback stands in for is told each time. */
function isPackable({ peekable, scope }: Project, lock: Lock): boolean {
  return peekable && scope === undefined && lock.sources.every(({ carrier }) => carrier === undefined);
}

function provideInput(
  { manifest, scope, endpoint }: Project,
  { lock, seen: { root, state }, options }: { lock: Lock; seen: Survey; options: SyncOptions },
): ProvideInput {
  return { manifest, lock, scope, root, state, endpoint, deep: options.deep === true };
}

interface Carrying {
  readonly lock: Lock;
  readonly seen: Survey;
  readonly options: Syncing;
  readonly writer: Writer;
  readonly givers: readonly Giver[];
  readonly fetch: boolean;
  readonly providing: Providing | undefined;
}

async function carryOut(
  context: Context,
  project: Project,
  { lock, seen, options, writer, givers, fetch, providing }: Carrying,
): Promise<{ outcome: Outcome; written: Written; provided: Provided | undefined }> {
  const { clock, signal, emit } = context;
  const disk = withState(context.disk, seen.state);
  const within = { ...context, disk };
  const beside = providing && (await spaceForProviding(within, providing, writer));
  const { hub, close } = lazyHub(context, project, options.jobs);
  const journal = openJournal(disk, seen.state, { writer, receipt: seen.receipt });
  try {
    const readyFolder = seen.plan.blobs.length > 0 ? await prepareStore(disk, seen.store.layout) : "";
    const outcome = await apply({
      plan: seen.plan,
      unread: [...seen.inventory.unread.values()],
      disk,
      root: seen.root,
      state: seen.state,
      owner: project.manifest.owner,
      givers,
      hub: fetch ? () => sayingGone(options.hub ?? hub(), lock) : undefined,
      journal,
      store: { disk, view: seen.store, readyFolder, writer, now: clock.now },
      leftReady: seen.store.ready,
      digestsAt: seen.digestsAt,
      scannedAt: seen.scannedAt,
      whole: project.scope === undefined,
      jobs: options.jobs,
      beside,
      limits: limitsOf(project, options),
      clock,
      signal,
      emit,
    });
    const done = outcome.problems.length === 0 && problemsOfPlan(seen.plan).length === 0;
    const { receipt } = seen;
    const stampAt = stampsOf(seen.plan, journal.written());
    const provided =
      done && providing
        ? await provide(within, providing, { stampAt, writer, receipt, journal, looking: options.looking })
        : undefined;
    return { outcome, written: journal.written(), provided };
  } finally {
    await journal.close().finally(close);
  }
}

/** Stamps of files that hold what the lock wants: as scan found them, or as they were placed. */
function stampsOf({ keeps }: Plan, { last }: Written): (path: TreePath) => Stamp | undefined {
  const kept = new Map(keeps.map(({ want, stamp }) => [want.path, stamp]));
  return (path) => {
    const entry = last.get(path);
    return entry?.op === "placed" ? entry.stamp : kept.get(path);
  };
}

/** Resolves to the state folder, which exists afterwards and hides itself from git. */
export async function makeRoot(context: Context, asked: string): Promise<string> {
  const { disk } = context;
  try {
    if (disk.lstat(asked) === undefined) await disk.mkdir(asked);
    const state = stateFolder(context, await resolveRoot(context, asked));
    await makeOwnFolder(disk, state, state);
    const ignore = `${state}/.gitignore`;
    if (disk.lstat(ignore) === undefined) {
      // Another sync may make it first.
      await passing(["EEXIST"], async () => {
        const file = await disk.open(ignore, "wx");
        await file.append(Buffer.from("*\n")).finally(() => file.close());
      });
    }
    return state;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`make the root "${asked}"`, error), error);
  }
}

/** What keeps a plan from ending at the lock. */
export function problemsOfPlan(plan: Drift): readonly Problem[] {
  return [...plan.conflicts.map(conflictProblem), ...brakeProblem(plan)];
}

function conflictProblem(conflict: Conflict): Problem {
  const { path } = conflict;
  const source = conflict.source === WHOLE ? undefined : conflict.source;
  return {
    code: "CONFLICT",
    message: `cannot write "${printable(path)}": ${reason(conflict)}`,
    hint: hintFor(conflict),
    path,
    source,
  };
}

function reason({ why, at, what, path }: Conflict): string {
  const there = at === path ? "there" : `at "${printable(at)}"`;
  switch (why) {
    case "untracked":
      return `a file that tritter did not place is ${there}, with other content`;
    case "not-a-file":
      return `a ${what} is ${there}`;
    case "other-owner":
      return `the manifest "${printable(what)}" wants other content there`;
    default:
      return why satisfies never;
  }
}

function hintFor({ why, what, source }: Conflict): string {
  if (why === "other-owner" && source === WHOLE) return 'give one of the two manifests another "name"';
  if (why === "other-owner") return 'give one of the two sources another "path"';
  if (why === "not-a-file" && what !== "symlink") return "move it away, then run tritter sync";
  return "move it away, or run tritter sync --force: what is there then goes to the trash";
}

function brakeProblem({ brake }: Drift): readonly Problem[] {
  if (brake === undefined) return [];
  const all =
    brake.sources.length === 0
      ? ""
      : `, every file of ${brake.sources.map((name) => `"${name}"`).join(", ")}`;
  const share = `${Math.round(brake.share * 100)} % of what is placed`;
  return [
    {
      code: "PRUNE_BRAKE",
      message: `will not prune ${formatCount(brake.files, "file")}, ${formatBytes(brake.bytes)} (${share})${all}: so much at once needs a word`,
      hint: "run tritter sync --prune if that is meant",
    },
  ];
}
