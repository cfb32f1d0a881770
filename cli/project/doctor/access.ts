import type { Gated, LockedSource } from "../../../schema/lock.ts";
import type { Source } from "../../../schema/manifest.ts";
import type { Context } from "../../context.ts";
import { type ErrorCode, type Problem, problemsOf, TritterError } from "../../errors.ts";
import type { Budget } from "../../hub/index.ts";
import type { Hub, RepoRef } from "../../hub/port.ts";
import { isAbsent } from "../../hub/refusals.ts";
import { pool } from "../../pool.ts";
import { disabledProblem } from "../../resolve/ask.ts";
import { asGone } from "../../resolve/gone.ts";
import { probePath } from "../../resolve/pin.ts";
import { lazyHub, type Project } from "../load.ts";
import { NETWORK_MS } from "./line.ts";
import { probe } from "./probe.ts";

export type AccessOutcome = "granted" | "login" | "terms" | "pending" | "refused" | "unknown";

export interface SourceAccess {
  readonly source: string;
  readonly repo: string;
  /** undefined: not known. */
  readonly gated: Gated | undefined;
  readonly outcome: AccessOutcome;
  /** What kept us out, or from knowing. */
  readonly problem: Problem | undefined;
}

const WIDTH = 4;

/**
 * Whether each source can be had now, as its pin or, where it is not locked, as its revision. Costs a request a source, and
 * another one where it is gated, and for the first, so that what is left of the budget for files is known.
 */
export async function askAccess(
  context: Context,
  project: Project,
  { stale, onBudget }: { stale: ReadonlySet<string>; onBudget: (budget: Budget) => void },
): Promise<readonly SourceAccess[]> {
  const sources = project.manifest.sources.filter(({ name }) => project.scope?.has(name) ?? true);
  const locked = new Map(project.lock?.sources.map((entry) => [entry.name, entry]));
  const answers = new Map<string, SourceAccess>();
  await probe(context, NETWORK_MS, async (signal) => {
    const { hub, close } = lazyHub({ ...context, signal }, project, 2 * WIDTH, onBudget);
    try {
      await pool([...sources.entries()], { width: WIDTH, signal }, async ([index, source]) => {
        const entry = stale.has(source.name) ? undefined : locked.get(source.name);
        answers.set(source.name, await askOne(hub(), { source, entry, isFirst: index === 0, signal }));
      });
    } finally {
      await close();
    }
  });
  return sources.map((source) => answers.get(source.name) ?? { ...placeOf(source), ...UNKNOWN });
}

const UNKNOWN = { gated: undefined, outcome: "unknown", problem: undefined } as const;

interface Asked {
  readonly source: Source;
  /** Set where its pin is what a sync would fetch. */
  readonly entry: LockedSource | undefined;
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
}

async function askOne(hub: Hub, { source, entry, isFirst, signal }: Asked): Promise<SourceAccess> {
  const place = placeOf(entry === undefined ? source : { ...entry, name: source.name });
  let gated: Gated | undefined;
  try {
    const { repo, commit, path } = await placeToAsk(hub, { source, entry });
    const resolved = await hub.resolve(repo, commit);
    if (resolved.disabled === true) throw new TritterError(disabledProblem(repo.repo));
    gated = entry?.gated ?? resolved.gated;
    if (isFirst || (gated ?? false) !== false) {
      const access = await accessTo(hub, repo, { commit: resolved.commit, path });
      if (access !== undefined) return { ...place, gated, outcome: outcomeOf(access), problem: access };
    }
    return { ...place, gated, outcome: "granted", problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const [first] = problemsOf(error);
    const problem = first && entry ? asGone(first, entry) : first;
    return { ...place, gated, outcome: outcomeOf(problem), problem };
  }
}

/** The pin, or where it was rescued to. */
async function placeToAsk(
  hub: Hub,
  { source, entry }: Pick<Asked, "source" | "entry">,
): Promise<{ repo: RepoRef; commit: string; path: string }> {
  if (entry === undefined)
    return { repo: { type: source.type, repo: source.repo }, commit: source.revision, path: GUARDED };
  const pin = { repo: { type: entry.type, repo: entry.repo }, commit: entry.commit };
  const path = probePath(entry.files) ?? GUARDED;
  const [refuge] = entry.rescued ?? [];
  if (refuge === undefined) return { ...pin, path };
  const isStanding = await hub.resolve(pin.repo, pin.commit).then(
    () => true,
    () => false,
  );
  const { type, repo, commit } = refuge;
  return isStanding ? { ...pin, path } : { repo: { type, repo }, commit, path: GUARDED };
}

/** A gate is asked before whether there is such a file, so any name that it guards will do; nearly every repository has this one. */
const GUARDED = ".gitattributes";

async function accessTo(
  hub: Hub,
  repo: RepoRef,
  { commit, path }: { commit: Parameters<Hub["access"]>[1]; path: string },
): Promise<Problem | undefined> {
  try {
    const access = await hub.access(repo, commit, path);
    if (access.kind === "granted") return undefined;
    const { code, message } = access.problem;
    // A folder has no gate, and says of a file only whether it is there.
    if (path === GUARDED && code === "HUB") return undefined;
    return { ...access.problem, message: message.replace(`"${GUARDED}" of`, "files of") };
  } catch (error) {
    // Past the gate, and no such file.
    if (path === GUARDED && isAbsent(error)) return undefined;
    throw error;
  }
}

function placeOf({ name, repo }: { name: string; repo: string }) {
  return { source: name, repo };
}

function outcomeOf(problem: Problem | undefined): AccessOutcome {
  return (problem && OUTCOMES[problem.code]) ?? "unknown";
}

const OUTCOMES: Readonly<Partial<Record<ErrorCode, AccessOutcome>>> = {
  ACCESS_NO_TOKEN: "login",
  ACCESS_TERMS: "terms",
  ACCESS_PENDING: "pending",
  ACCESS_BAD_TOKEN: "refused",
  ACCESS_SCOPE: "refused",
  ACCESS_DISABLED: "refused",
  REPO_NOT_FOUND: "refused",
  REVISION_NOT_FOUND: "refused",
  PIN_GONE: "refused",
};
