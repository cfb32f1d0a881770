import type { Problem } from "../errors.ts";
import type { Drift } from "../plan.ts";
import type { CheckResult } from "../project/check.ts";
import type { DiffResult } from "../project/diff.ts";
import type { LockResult } from "../project/lock.ts";
import type { SyncResult } from "../project/sync.ts";
import type { SourceChange } from "../resolve/changes.ts";
import { adoptLines } from "./adopt.ts";
import { appliedLines, bundleLines } from "./bundle.ts";
import { changeLines, patternLines } from "./changes.ts";
import { doctorLines } from "./doctor.ts";
import { editLines } from "./edit.ts";
import { explainLines } from "./explain.ts";
import { exportLine } from "./export.ts";
import { factsLines } from "./facts.ts";
import { formatDuration, formatFiles } from "./format.ts";
import { importLines } from "./import.ts";
import { initLines } from "./init.ts";
import { carriedText, listLines } from "./list.ts";
import { gitTextLines } from "./lock-text.ts";
import { mendLines } from "./mend.ts";
import { cleanLine, outcomeLine } from "./outcome.ts";
import { outdatedLines } from "./outdated.ts";
import { isIdle, type Layout, planLines, planTotals } from "./plan-lines.ts";
import { providedLines } from "./provided.ts";
import { reportLines } from "./report.ts";
import { rescueLines } from "./rescue.ts";
import type { Ending, Result } from "./result.ts";
import { safe } from "./safe.ts";
import { servedLine } from "./serve.ts";
import { signLine, verifyLine } from "./signature.ts";
import { staleLines } from "./stale.ts";
import { whyLines } from "./why.ts";

/** The answer of a command, as lines for standard output. */
export async function textLines(ending: Ending, layout: Layout): Promise<readonly string[]> {
  const { result } = ending;
  if (result === undefined) return [];
  switch (result.command) {
    case "init":
      return initLines(result);
    case "add":
    case "remove":
      return editLines(result, result.dryRun, layout);
    case "import":
      return importLines(result, result.dryRun, layout);
    case "resolve":
      return mendLines(result);
    case "git-merge":
      return [];
    case "git-textconv":
      return gitTextLines(result.read);
    case "lock":
    case "update":
      return lockLines(result, result.dryRun, layout);
    case "rescue":
      return rescueLines(result, result.dryRun, layout);
    case "sync":
      return syncLines(result, ending, layout);
    case "adopt":
      return adoptLines(result, ending, layout);
    case "bundle":
      if (result.action === "create") return bundleLines(result, ending.tookMs, layout);
      return [...appliedLines(result), ...syncLines({ ...result.sync, dryRun: false }, ending, layout)];
    case "check":
      return checkLines(result, ending, layout);
    case "list":
      return listLines(result, layout);
    case "facts":
      return factsLines(result, layout);
    case "export":
      return [exportLine(result, layout)];
    case "report":
      return reportLines(result, layout);
    case "outdated":
      return outdatedLines(result, layout);
    case "diff":
      return diffLines(result, result.patch, layout);
    case "why":
      return whyLines(result);
    case "explain":
      return explainLines(result, layout);
    case "doctor":
      return doctorLines(result, layout);
    case "clean":
      return [cleanLine(result, result.removed ? "removed" : "would remove")];
    case "sign":
      return [signLine(result, layout)];
    case "verify":
      return [verifyLine(result, layout)];
    case "serve":
      return [servedLine(result)];
    default:
      return result satisfies never;
  }
}

/** What was asked to be shown stays in quiet mode; news of what was done does not. */
export function isAskedFor(result: Result): boolean {
  switch (result.command) {
    case "list":
    case "facts":
    case "outdated":
    case "diff":
    case "why":
    case "git-textconv":
    case "explain":
      return true;
    case "add":
    case "remove":
    case "import":
    case "lock":
    case "update":
    case "rescue":
    case "sync":
    case "adopt":
    case "clean":
      return result.dryRun;
    case "report":
      return result.terminal;
    case "init":
    case "resolve":
    case "git-merge":
    case "bundle":
    case "check":
    case "export":
    case "doctor":
    case "sign":
    case "verify":
    case "serve":
      return false;
    default:
      return result satisfies never;
  }
}

/** What the answer, where it is shown, has not told already. */
export function untold({ result, problems }: Ending): readonly Problem[] {
  if (result?.command !== "doctor") return problems;
  const told = new Set(result.problems);
  return problems.filter((problem) => !told.has(problem));
}

async function lockLines(result: LockResult, dryRun: boolean, layout: Layout): Promise<readonly string[]> {
  const { changes, patterns } = result.locked.resolution;
  return [
    ...patternLines(patterns, layout.paint),
    ...changeLines(changes, layout),
    ...(layout.verbose
      ? await patchesOf(
          changes.filter(({ history }) => history === undefined),
          layout,
        )
      : []),
    lockedLine(result, { dryRun, changed: changes.length > 0 }),
  ];
}

function lockedLine({ project, locked }: LockResult, how: { dryRun: boolean; changed: boolean }): string {
  const file = safe(project.lockFile);
  if (locked.problems.length > 0) return `${file} ${how.dryRun ? "would stay" : "stays"} as it is`;
  if (how.dryRun) return how.changed ? `would write ${file}` : "nothing would change";
  return locked.wrote ? `wrote ${file}` : `${file} is up to date`;
}

function syncLines(
  result: SyncResult & { readonly dryRun: boolean },
  ending: Ending,
  layout: Layout,
): readonly string[] {
  const { plan, outcome, locked } = result;
  const { paint } = layout;
  const changes = locked === undefined ? [] : changeLines(locked.resolution.changes, layout);
  if (plan === undefined) return [...changes, "nothing was done"];
  const provided = result.provided === undefined ? [] : providedLines(result.provided, result.dryRun);
  if (outcome === undefined) {
    const dry = dryLine(plan, provided.length === 0, layout);
    return [...changes, ...planLines(plan, layout), ...provided, dry, ...offerLines(result)];
  }
  const how = { wanted: plan.totals.wanted, tookMs: ending.tookMs, whole: ending.exit === 0, paint };
  const listed = layout.verbose ? planLines(plan, layout) : trashLines(result);
  return [
    ...changes,
    ...listed,
    ...provided,
    outcomeLine(outcome, { ...how, provided: provided.length > 0 }),
  ];
}

/** Bytes of the user that gave way are named even where nobody asked for details. */
function trashLines({ outcome }: SyncResult): readonly string[] {
  return (outcome?.trashed ?? []).map(
    ({ path, place, why }) => `${safe(path)}: ${safe(why)}, what was there is now ${safe(place)}`,
  );
}

function dryLine(plan: Drift, idle: boolean, { paint }: Layout): string {
  if (isIdle(plan) && idle)
    return `${paint.good("in sync")}: ${formatFiles(plan.totals.wanted)}, nothing to do`;
  return `would sync: ${planTotals(plan)}`;
}

/** Sizes alone are known: what the bytes are is seen when they are taken. */
function offerLines({ offers }: SyncResult): readonly string[] {
  return offers.map(
    (offer) =>
      `of these, ${formatFiles(offer)} may be had from ${safe(offer.place)}: the size fits, the hash decides`,
  );
}

function checkLines(result: CheckResult, ending: Ending, layout: Layout): readonly string[] {
  const { plan, hashed, carried } = result;
  const { paint } = layout;
  const standIns = carried.map(
    (one) => `${paint.name(safe(one.source))}: ${paint.warn(safe(carriedText(one)))}`,
  );
  if (plan === undefined)
    return ending.exit === 0 ? [...standIns, lockOnlyLine(result, ending, layout)] : standIns;
  const reasons = Object.entries(hashed.reasons).map(([why, files]) => `${files} ${why}`);
  const read = hashed.files === 0 ? "" : `; read ${formatFiles(hashed)} to verify (${reasons.join(", ")})`;
  const rest = `${read}, in ${formatDuration(ending.tookMs)}`;
  const upstream = result.answers.upstream === undefined ? "" : ", with the Hub too";
  if (ending.exit === 0)
    return [...standIns, `${paint.good("in sync")}${upstream}: ${formatFiles(plan.totals.wanted)}${rest}`];
  const disk = isIdle(plan) ? `disk equals the lock: ${formatFiles(plan.totals.wanted)}` : planTotals(plan);
  return [...standIns, ...planLines(plan, layout), `${disk}${rest}`];
}

/** What was asked of a lock without its disk has been answered well. */
function lockOnlyLine({ pinned, answers }: CheckResult, { tookMs }: Ending, { paint }: Layout): string {
  const upstream = answers.upstream === undefined ? "" : " and the Hub";
  const rest = `${formatFiles(pinned)}, the disk left out, in ${formatDuration(tookMs)}`;
  return `${paint.good("lock fits")} the manifest${upstream}: ${rest}`;
}

async function diffLines(result: DiffResult, patch: boolean, layout: Layout): Promise<readonly string[]> {
  const { changes, locks, plan, stale } = result;
  if (locks !== undefined) {
    if (patch) return patchesOf(changes, layout);
    return changes.length === 0 ? ["no differences"] : changeLines(changes, layout);
  }
  const disk = plan === undefined || isIdle(plan) ? [] : [...planLines(plan, layout), planTotals(plan)];
  const lines = [...staleLines(stale, layout.paint), ...disk];
  return lines.length === 0 ? ["no differences"] : lines;
}

async function patchesOf(changes: readonly SourceChange[], { paint }: Layout): Promise<readonly string[]> {
  if (changes.length === 0) return [];
  const { patchLines } = await import("./patch.ts");
  return changes.flatMap((change) => patchLines(change, paint));
}
