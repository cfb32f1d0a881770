import { basename } from "node:path";
import { type LockedSource, WHOLE } from "../../schema/lock.ts";
import type { Given } from "../apply/give.ts";
import type { Outcome } from "../apply/types.ts";
import { isGenerated } from "../lock/wants.ts";
import type { Conflict, Drift, Prune, Write } from "../plan.ts";
import type { Finding } from "../project/doctor/finding.ts";
import type { Edited } from "../project/editing.ts";
import type { FactualSource } from "../project/facts-shown.ts";
import type { ImportedSource } from "../project/import.ts";
import type { Locked } from "../project/locking.ts";
import type { OutdatedSource } from "../project/outdated.ts";
import type { Provided } from "../provide.ts";
import type { SourceChange } from "../resolve/changes.ts";
import type { History } from "../resolve/history.ts";
import type { Stale } from "../resolve/stale.ts";
import { bytesOf } from "./changes.ts";
import type { Ending, Result } from "./result.ts";

type Json = Readonly<Record<string, unknown>>;
type Of<Name extends Result["command"]> = Extract<Result, { readonly command: Name }>;

/**
 * The one object `--json` prints, described in docs/json.md. Bytes and ms are integers, paths are as they are on disk
 * or in the repository, and every control character is escaped.
 */
export async function jsonText(
  ending: Ending,
  { version, warnings }: { version: string; warnings: readonly string[] },
): Promise<string> {
  const { command, exit, problems, result, tookMs } = ending;
  const body = result === undefined ? {} : await bodyOf(result);
  const object = { tritter: version, command, exit, problems, warnings, tookMs: Math.round(tookMs), ...body };
  return `${JSON.stringify(object, undefined, 2).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)}\n`;
}

async function bodyOf(result: Result): Promise<Json> {
  switch (result.command) {
    case "init":
      return { file: result.file, wrote: result.wrote, git: result.git ?? null };
    case "add":
    case "remove":
      return { dryRun: result.dryRun, ...(await editBody(result)) };
    case "import":
      return importBody(result);
    case "resolve":
      return { file: result.file, side: result.side, wrote: result.wrote, taken: result.taken.map(orNull) };
    // Spoken to by git alone, which asks for no object.
    case "git-merge":
    case "git-textconv":
      return {};
    case "lock":
    case "update":
      return { dryRun: result.dryRun, ...lockBody(result.project.lockFile, result.locked) };
    case "rescue":
      return rescueBody(result);
    case "sync":
      return syncBody(result);
    case "adopt":
      return adoptBody(result);
    case "bundle":
      return result.action === "create" ? bundleBody(result) : appliedBody(result);
    case "check":
      return checkBody(result);
    case "list":
      return {
        root: result.project.manifest.root,
        index: result.index ?? null,
        sources: result.sources.map(orNull),
      };
    case "facts":
      return { sources: result.sources.map(factsBody) };
    case "export":
      return {
        format: result.format,
        to: result.to ?? null,
        sources: result.sources,
        files: result.files,
        digest: result.digest,
      };
    case "report":
      return reportBody(result);
    case "outdated":
      return { sources: result.sources.map(outdatedBody) };
    case "diff":
      return diffBody(result);
    case "why":
      return whyBody(result);
    case "explain":
      return { codes: result.codes };
    case "doctor":
      return { findings: result.findings.map(findingBody) };
    case "clean":
      return cleanBody(result);
    case "sign": {
      const { lockFile, signatureFile, wrote, signer } = result;
      return { lockFile, signatureFile, wrote, signer };
    }
    case "verify": {
      const { lockFile, signatureFile, digest, signer, principals } = result;
      return { lockFile, signatureFile, digest, signer, principals: principals ?? null };
    }
    case "serve":
      return { ...result.serving };
    default:
      return result satisfies never;
  }
}

async function editBody({ project, sources, wrote, before, after, locked }: Edited): Promise<Json> {
  const { textPatch } = await import("./patch.ts");
  const patch = textPatch(basename(project.manifest.file), { before, after });
  return {
    sources,
    file: project.manifest.file,
    wrote,
    patch,
    lock: locked === undefined ? null : lockBody(project.lockFile, locked),
  };
}

function rescueBody({ dryRun, lockFile, root, differs, wrote, sources }: Of<"rescue">): Json {
  const told = sources.map(({ refuges, here, ...source }) => ({
    ...source,
    refuges: refuges.map(({ refuge, ...held }) => ({ ...refuge, ...held })),
    here: here.map(orNull),
  }));
  return { dryRun, file: lockFile, root, differs, wrote, sources: told };
}

async function importBody(result: Of<"import">): Promise<Json> {
  const { dryRun, from, format, file, wrote, before, after, sources, notes } = result;
  const { textPatch } = await import("./patch.ts");
  return {
    dryRun,
    from,
    format,
    file,
    wrote,
    patch: textPatch(basename(file), { before, after }),
    sources: sources.map(importedBody),
    notes,
  };
}

function importedBody({ name, lines, stanza, proof, files }: ImportedSource): Json {
  const { repo, type = "dataset", revision = "main", include = [], exclude = [], path = name } = stanza;
  return { name, lines, repo, type, revision, include, exclude, path, proof, files: files ?? null };
}

function syncBody({
  dryRun,
  root,
  lockFile,
  locked,
  plan,
  offers,
  outcome,
  provided,
  record,
}: Of<"sync">): Json {
  const lock = locked === undefined ? null : lockBody(lockFile, locked);
  return {
    dryRun,
    root,
    lock,
    plan: planBody(plan),
    offers,
    outcome: outcome === undefined ? null : outcomeBody(outcome),
    provided: provided === undefined ? null : providedBody(provided),
    record: record ?? null,
  };
}

function providedBody({ cache, metadata }: Provided): Json {
  const refs = (cache?.refs ?? []).map(orNull);
  return { hubCache: cache === undefined ? null : { ...cache, refs }, localDir: metadata };
}

function adoptBody({ dryRun, root, folder, found, lacking, outcome }: Of<"adopt">): Json {
  const done = outcome === undefined ? null : outcomeBody(outcome);
  return { dryRun, root, folder, found, lacking, outcome: done };
}

type Bundled<Action extends string> = Extract<Of<"bundle">, { readonly action: Action }>;

function bundleBody({ action, to, form, blobs, there, left, digest }: Bundled<"create">): Json {
  return { action, to: to ?? null, form, blobs, there, left, digest: digest ?? null };
}

function appliedBody({ action, from, manifest, lock, missing, sync }: Bundled<"apply">): Json {
  const { root, plan, outcome } = sync;
  const done = outcome === undefined ? null : outcomeBody(outcome);
  return { action, from, root, manifest, lock, missing, plan: planBody(plan), outcome: done };
}

function checkBody({ root, stale, plan, hashed, carried, obligations }: Of<"check">): Json {
  const found = { stale: stale.map(staleBody), plan: planBody(plan), hashed };
  return { root, ...found, carried, obligations: obligations.map(orNull) };
}

function diffBody({ stale, changes, plan }: Of<"diff">): Json {
  return { stale: stale.map(staleBody), changes: changes.map(changeBody), plan: planBody(plan) };
}

function whyBody({ path, file, wanted, generated, placed, others, disk }: Of<"why">): Json {
  return {
    path,
    file,
    wanted: wanted === undefined ? null : orNull(wanted),
    generated: generated === undefined ? null : orNull(generated),
    placed: placed === undefined ? null : { ...placed, source: nameOf(placed.source) },
    others,
    disk,
  };
}

function findingBody({ topic, state, message, hint, source, code, details, facts }: Finding): Json {
  const known = { hint: hint ?? null, source: source ?? null, code: code ?? null };
  return { topic, state, message, ...known, details: details ?? [], facts };
}

function cleanBody({ dryRun, root, trash, trashed, partials, removed }: Of<"clean">): Json {
  return { dryRun, root, trash, trashed, partials, removed };
}

function lockBody(file: string, { resolution, wrote }: Locked): Json {
  const { changes, patterns } = resolution;
  return { file, wrote, changes: changes.map(changeBody), patterns };
}

/** Problems stand at the top of the object, once. */
function outcomeBody({ problems: _, unpruned, given, ...outcome }: Outcome): Json {
  return { ...outcome, given: given.map(givenBody), unpruned: unpruned ?? null };
}

function givenBody({ by, blame, ...given }: Given): Json {
  const ways = Object.fromEntries(
    (["reflink", "link", "copy", "fetch"] as const).map((how) => [how, by[how] ?? NONE]),
  );
  return { ...given, by: ways, blame: blame === undefined ? null : orNull(blame) };
}

const NONE = { files: 0, bytes: 0 };

function staleBody(stale: Stale): Json {
  if (stale.why !== "identity") return { ...stale };
  return { ...stale, before: orNull(stale.before), after: orNull(stale.after) };
}

/** Members that may be unknown are there all the same, as null. */
function orNull(value: object): Json {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member ?? null]));
}

function changeBody(change: SourceChange): Json {
  const { added, removed, changed, renamed } = change.files;
  return {
    source: change.source,
    kind: change.kind,
    from: change.from ?? null,
    before: pinBody(change.before),
    after: pinBody(change.after),
    added: added.map((file) => file.path),
    removed: removed.map((file) => file.path),
    changed: changed.map((pair) => pair.after.path),
    renamed: renamed.map((pair) => ({ from: pair.before.path, to: pair.after.path })),
    fetch: change.transfer.fetch,
    freed: change.transfer.freed,
    history: historyBody(change.history),
    data: change.data === undefined ? null : orNull(change.data),
  };
}

function factsBody({ name, asked, sum: { columns, ...sum } }: FactualSource): Json {
  const told = columns.map(({ values, ...column }) => ({ ...column, values: values ?? null }));
  return { name, asked, ...sum, columns: told };
}

function reportBody({ report, page }: Of<"report">): Json {
  const { sources, ...told } = report;
  return {
    page: page === undefined ? null : orNull(page),
    ...(everyNull(told) as Json),
    sources: everyNull(sources),
  };
}

/** The same however deep. */
function everyNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(everyNull);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, everyNull(member)]));
}

function outdatedBody({ history, change, pinned, wanted, ...source }: OutdatedSource): Json {
  return {
    ...orNull(source),
    pinned: pinned === undefined ? null : orNull(pinned),
    wanted: wanted === undefined ? null : orNull(wanted),
    behind: history?.kind === "forward" ? history.count : null,
    change: change === undefined ? null : changeBody(change),
  };
}

function historyBody(history: History | undefined): Json | null {
  if (history === undefined) return null;
  if (history.kind === "unknown") return { kind: history.kind, problem: history.problem };
  const { dates, ...told } = history;
  const commits = "commits" in told ? { commits: told.commits.map(orNull) } : {};
  return { ...told, ...commits, fromDate: dates.from ?? null, toDate: dates.to ?? null };
}

function pinBody(source: LockedSource | undefined): Json | null {
  if (source === undefined) return null;
  const { repo, type, revision, asOf, minAge, commit, path, strip, licenses, carrier } = source;
  const terms = {
    licenses,
    gated: source.gated || null,
    card: source.card ?? null,
    gate: source.gate ?? null,
  };
  const time = { asOf: asOf ?? null, minAge: minAge ?? null };
  const counts = { files: source.files.length, bytes: bytesOf(source) };
  return {
    repo,
    type,
    revision,
    ...time,
    commit,
    path,
    strip,
    ...terms,
    carrier: carrier ?? null,
    rescued: source.rescued ?? null,
    ...counts,
  };
}

function planBody(plan: Drift | undefined): Json | null {
  if (plan === undefined) return null;
  return {
    totals: plan.totals,
    writes: plan.writes.map(writeBody),
    prunes: plan.prunes.map(pruneBody),
    conflicts: plan.conflicts.map(conflictBody),
    forgets: plan.forgets.map(({ path, source, why }) => ({ path, source: nameOf(source), why })),
    brake: plan.brake ?? null,
  };
}

function writeBody({ want, why, found }: Write): Json {
  const { path, source, size, digest } = want;
  return { path, source: nameOf(source), size, digest, why, found, generated: isGenerated(want) };
}

function pruneBody({ path, source, size, why, how }: Prune): Json {
  return { path, source: nameOf(source), size, why, how };
}

function conflictBody({ path, source, why, at, what }: Conflict): Json {
  return { path, source: nameOf(source), why, at, what };
}

/** null for what is about all sources. */
function nameOf(source: string): string | null {
  return source === WHOLE ? null : source;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
