import { basename, dirname, extname, join, resolve } from "node:path";
import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Source } from "../../schema/manifest.ts";
import type { Context } from "../context.ts";
import { writeDocument } from "../disk/replace.ts";
import { CODES, EXIT, type Problem, TritterError } from "../errors.ts";
import { readFlight } from "../flight/file.ts";
import { historyOf } from "../git/history.ts";
import { pinsIn } from "../lock/pins.ts";
import {
  type DiskState,
  type Report,
  type ReportedSource,
  reportOf,
  type UpstreamState,
} from "../page/model.ts";
import type { LockHistory } from "../page/pins.ts";
import { judgedBy } from "../resolve/judge.ts";
import type { CheckResult } from "./check.ts";
import { driftText } from "./drift.ts";
import { knownFacts } from "./facts.ts";
import { type ListedSource, listProject } from "./list.ts";
import { type Project, type ProjectOptions, requireLock } from "./load.ts";
import { checkProject } from "./quick.ts";
import { sourceDate } from "./source-date.ts";

export interface ReportOptions extends ProjectOptions {
  /** Look at the disk. Without, its state is told as not known. */
  readonly disk: boolean;
  /** Ask the Hub too; nothing else here opens a socket. */
  readonly upstream: boolean;
  /** Said at the top of the page. */
  readonly note: string | undefined;
  /** Where the page goes; undefined: none is made. */
  readonly output: PageOutput | undefined;
}

export type PageOutput =
  /** `NAME-report.html` beside the manifest `NAME.yaml`. */
  | { readonly kind: "beside" }
  /** Relative to where the command runs. */
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "stream"; readonly write: (bytes: Uint8Array) => Promise<void> };

export interface ReportResult {
  readonly report: Report;
  /** undefined: none was made. */
  readonly page: MadePage | undefined;
}

export interface MadePage {
  /** Absolute; undefined: it went to standard output. */
  readonly file: string | undefined;
  /** bytes */
  readonly size: number;
  /** False where the file had these very bytes. */
  readonly wrote: boolean;
}

/**
 * What the lock holds, how it stands and how it came to be, and a page of it. What is wrong is told in it and stops nothing.
 * Throws LOCK_MISSING, FACTS_INVALID, USAGE (SOURCE_DATE_EPOCH), DISK_REFUSED, NO_SPACE.
 */
export async function reportProject(given: Context, options: ReportOptions): Promise<ReportResult> {
  const context = sayingOnce(given);
  const madeAt = sourceDate(context.env) ?? seconds(context.clock.now());
  const { upstream, disk, names, manifest, endpoint, offline } = options;
  const asked = { names, manifest, lock: options.lock, endpoint, offline };
  const checked = await checkProject(context, { ...asked, disk, deep: false, upstream });
  const { project, sources } = await listProject(context, options);
  const lock = requireLock(project);
  const rows = sources.map((listed) => rowOf(listed, { project, lock, checked, options }));
  const known = new Set(rows.map(({ name }) => name));
  const drift = [...checked.drift].map(([source, changes]) => ({ source, what: driftText(changes) }));
  const report = reportOf({
    name: project.manifest.owner,
    manifest: basename(project.manifest.file),
    lock: basename(project.lockFile),
    lockDigest: project.lockDigest,
    madeAt,
    note: options.note,
    sources: rows,
    leftovers: drift.filter(({ source }) => source !== INDEX && !known.has(source)),
    index: drift.find(({ source }) => source === INDEX)?.what,
    locked: lock.sources.filter(({ name }) => project.scope?.has(name) ?? true),
    facts: await knownFacts(context, project),
    history: await lockHistory(context, project),
    flight: await readFlight(context.disk, checked.root),
  });
  const page = options.output && (await written(context, report, { project, output: options.output }));
  return { report, page };
}

/** What belongs to no source, since it tells of all. */
const INDEX = "";

/** The documents are read by `check` and again here: their warnings are said once. */
function sayingOnce(context: Context): Context {
  const said = new Set<string>();
  return {
    ...context,
    emit: (event) => {
      if (event.kind === "warning" && said.has(event.message)) return;
      if (event.kind === "warning") said.add(event.message);
      context.emit(event);
    },
  };
}

function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

async function written(
  { cwd, disk }: Context,
  report: Report,
  { project, output }: { readonly project: Project; readonly output: PageOutput },
): Promise<MadePage> {
  const { pageOf } = await import("../page/html.ts");
  const text = pageOf(report);
  const size = Buffer.byteLength(text);
  if (output.kind === "stream") {
    await output.write(Buffer.from(text));
    return { file: undefined, size, wrote: true };
  }
  const file = output.kind === "file" ? resolve(cwd, output.file) : pageBeside(project.manifest.file);
  if (file === project.manifest.file || file === project.lockFile) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot write the report to "${file}": that is the ${file === project.lockFile ? "lock" : "manifest"}`,
      hint: "name another file with --output",
    });
  }
  return { file, size, wrote: (await writeDocument(disk, file, text)) === "written" };
}

function pageBeside(manifest: string): string {
  return join(dirname(manifest), `${basename(manifest, extname(manifest))}-report.html`);
}

/** Versions of the lock that are read, and bytes of them. */
const HISTORY = { versions: 100, bytes: 128 * 1024 * 1024 };

async function lockHistory({ env, signal }: Context, { lockFile }: Project): Promise<LockHistory> {
  const tell = (text: string | undefined) => (text === undefined ? new Map() : pinsIn(text));
  const found = await historyOf({ cwd: dirname(lockFile), env, signal }, lockFile, { most: HISTORY, tell });
  if (found.kind === "none") return found;
  return { ...found, versions: found.versions.map(({ told: pins, ...version }) => ({ ...version, pins })) };
}

interface Seen {
  readonly project: Project;
  readonly lock: Lock;
  readonly checked: CheckResult;
  readonly options: ReportOptions;
}

function rowOf(listed: ListedSource, { project, lock, checked, options }: Seen): ReportedSource {
  const { name, type, repo, revision, asOf, commit, files, bytes, groups, licenses } = listed;
  const entry = lock.sources.find((one) => one.name === name);
  const source = project.manifest.sources.find((one) => one.name === name);
  const { policy, disk, upstream } = checked.answers;
  const own = (problems: readonly Problem[] | undefined) =>
    (problems ?? []).filter((problem) => problem.source === name);
  return {
    name,
    type,
    repo,
    revision,
    asOf,
    commit,
    files,
    bytes,
    groups,
    licenses,
    gated: entry?.gated || undefined,
    accepted: acceptedUnder(source, entry),
    insteadOf: listed.carrier?.instead,
    rescued: listed.rescued !== undefined,
    pin: listed.state,
    disk: diskState(entry, checked, options.disk),
    upstream: upstreamState(
      // That no Hub could be asked at all is said of none, and holds for each.
      (upstream ?? []).filter((problem) => problem.source === undefined || problem.source === name),
      { asked: options.upstream && entry !== undefined && source !== undefined },
    ),
    problems: [...own(policy), ...own(disk)].map(({ message }) => message),
  };
}

function acceptedUnder(source: Source | undefined, entry: LockedSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  return (entry === undefined ? source : judgedBy(source, entry)).license?.reason;
}

function diskState(
  entry: LockedSource | undefined,
  { plan, drift, answers }: CheckResult,
  asked: boolean,
): DiskState {
  if (entry === undefined) return { kind: "unknown", why: "not in the lock yet" };
  if (!asked) return { kind: "unknown", why: "not looked at" };
  if (plan === undefined)
    return { kind: "unknown", why: answers.disk?.[0]?.message ?? "the disk could not be looked at" };
  const changes = drift.get(entry.name);
  if (changes !== undefined) return { kind: "drift", what: driftText(changes) };
  const unread = answers.disk?.find(({ source, code }) => source === entry.name && CODES[code] === EXIT.disk);
  return unread === undefined ? { kind: "in-sync" } : { kind: "unknown", why: unread.message };
}

/** What weighs most first. */
const KINDS = [
  ["gone", EXIT.gone],
  ["refused", EXIT.access],
  ["outdated", EXIT.outdated],
] as const;

function upstreamState(problems: readonly Problem[], { asked }: { readonly asked: boolean }): UpstreamState {
  if (!asked) return { kind: "not-asked" };
  for (const [kind, status] of KINDS) {
    const found = problems.find(({ code }) => CODES[code] === status);
    if (found !== undefined) return { kind, what: found.message };
  }
  const [first] = problems;
  if (first === undefined) return { kind: "current" };
  return CODES[first.code] === EXIT.network
    ? { kind: "unknown", why: first.message }
    : { kind: "other", what: first.message };
}
