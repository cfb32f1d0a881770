import type { Context } from "../context.ts";
import type { Problem } from "../errors.ts";
import { type Budget, isOffline } from "../hub/index.ts";
import { askAccess } from "./doctor/access.ts";
import { lookAtDocuments } from "./doctor/documents.ts";
import { type Finding, problemOf, TOPICS } from "./doctor/finding.ts";
import {
  accessLines,
  isFolder,
  isThere,
  lineLines,
  needOf,
  nodeLine,
  placeLines,
  requestLine,
} from "./doctor/judge.ts";
import { lookAtLine } from "./doctor/line.ts";
import { lookAtPlace } from "./doctor/place.ts";
import type { ProjectOptions } from "./load.ts";

export interface DoctorOptions extends ProjectOptions {
  /** A sync would refuse a stale lock, as it does in CI. */
  readonly locked: boolean;
}

export interface DoctorResult {
  /** In the order of TOPICS. */
  readonly findings: readonly Finding[];
  /** Those that would fail a sync. */
  readonly problems: readonly Problem[];
}

/**
 * What the next sync would meet: documents, the way to the Hub, access, the disk. Each question has its own deadline, and
 * none hides another. Leaves nothing behind. Throws USAGE where the command line itself is wrong.
 */
export async function doctorProject(context: Context, options: DoctorOptions): Promise<DoctorResult> {
  const offline = options.offline === true || isOffline(context.env);
  const documents = await lookAtDocuments(context, options);
  const { project, stale } = documents;
  const budgets = new Map<string, Budget>();
  const onBudget = (budget: Budget) => void budgets.set(budget.bucket, budget);
  const [line, place] = await Promise.all([
    lookAtLine(context, options, { project, offline, onBudget }),
    project === undefined ? undefined : lookAtPlace(context, project),
  ]);
  const isReached = isFolder(line) || line.knock?.kind === "got" || line.mirrors.some(isThere);
  const access =
    project === undefined || !isReached ? undefined : await askAccess(context, project, { stale, onBudget });
  const need = needOf({ project, stale, place });
  const now = context.clock.now();
  const findings = [
    nodeLine(context.runtime),
    ...documents.findings,
    ...lineLines(line, { need, offline, now }),
    ...accessLines(access, { need, offline, project }),
    ...requestLine({ place, budgets, line, offline }),
    ...placeLines(place, { project, platform: context.runtime?.platform }),
  ];
  const sorted = [...findings].sort((a, b) => TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic));
  return {
    findings: sorted,
    problems: sorted.filter(({ state }) => state === "fail").map(problemOf),
  };
}
