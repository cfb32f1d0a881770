import type { Lock, LockedSource } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import type { Count, Drift } from "../plan.ts";
import { judgeProviding, type ProvideInput, planProviding } from "../provide.ts";
import { judge } from "../resolve/judge.ts";
import type { Stale } from "../resolve/stale.ts";
import type { Hashed, Proof } from "../scan.ts";
import { survey } from "../status.ts";
import { type CarriedSource, carriedSources } from "./carried.ts";
import { describedBy } from "./described.ts";
import { bySource, type Changes, driftText } from "./drift.ts";
import { judgeKnownFacts } from "./facts.ts";
import { assertSigned, loadProject, type Project, type ProjectOptions } from "./load.ts";
import { staleInScope, staleProblem } from "./locking.ts";
import type { FoundObligation } from "./obligations.ts";
import { locate } from "./places.ts";
import type { Trust } from "./signature.ts";
import { askUpstream } from "./upstream.ts";

export interface CheckOptions extends ProjectOptions {
  /** Look at the disk. Without, lock and manifest are compared where the data is not, as in CI. */
  readonly disk: boolean;
  /** Read every byte. */
  readonly deep: boolean;
  /** Ask the Hub too: outdated, gone, access, licence. */
  readonly upstream: boolean;
  /** Who must have signed the lock; undefined: nobody. */
  readonly signature?: Trust;
}

/** Does the lock fit the manifest? Do both fit the policy? Does the disk fit the lock? Does the Hub still? */
export type Question = "lock" | "policy" | "disk" | "upstream";

export interface CheckResult {
  readonly root: string;
  /** Names of all that was asked about, sorted: in the manifest, or still in the lock. */
  readonly sources: readonly string[];
  /** What the lock holds of them. */
  readonly pinned: Count;
  readonly stale: readonly Stale[];
  /** What a sync would do; undefined where there is no lock, or where the disk was not or could not be looked at. */
  readonly plan: Drift | undefined;
  /** What it would change, by source. */
  readonly drift: ReadonlyMap<string, Changes>;
  readonly hashed: Hashed;
  /** Sources that a fallback stands in for. */
  readonly carried: readonly CarriedSource[];
  /** How pins stand to the releases that `follow` names; empty unless the Hub was asked. */
  readonly obligations: readonly FoundObligation[];
  /** What is wrong, by question; undefined: not asked, or not to be answered without a lock. */
  readonly answers: Readonly<Record<Question, readonly Problem[] | undefined>>;
  /** The same, in that order. */
  readonly problems: readonly Problem[];
}

/** Compares manifest, lock, disk and, if asked, the Hub; no answer hides another. Writes nothing. */
export async function checkWhole(
  context: Context,
  options: CheckOptions,
  { proof, signed }: { readonly proof?: Proof | undefined; readonly signed?: string | undefined } = {},
): Promise<CheckResult> {
  const project = await loadProject(context, options);
  assertSigned(project, signed);
  const stale = staleInScope(project);
  const found = staleProblem(project, stale);
  const staleness = found === undefined ? [] : problemsOf(found);
  const { manifest, lock, scope } = project;
  const policy = lock && [
    ...judge(manifest, lock, scope),
    ...(await judgeKnownFacts(context, project, { lock, ask: false })),
  ];
  const seen =
    lock && options.disk
      ? await lookAtDisk(context, project, { lock, deep: options.deep, proof })
      : undefined;
  const upstream =
    lock && options.upstream ? await askUpstream(context, project, asked(project, lock)) : undefined;
  const drift = seen?.plan === undefined ? new Map() : bySource(seen.plan);
  const answers = await locate(context, project, {
    stale,
    drift,
    answers: { lock: staleness, policy, disk: seen?.problems, upstream: upstream?.problems },
  });
  return {
    root: seen?.root ?? manifest.root,
    ...contentsOf(project),
    stale,
    plan: seen?.plan,
    drift,
    hashed: seen?.hashed ?? NONE,
    carried: lock === undefined ? [] : carriedSources(lock, scope),
    obligations: upstream?.obligations ?? [],
    answers,
    problems: Object.values(answers).flatMap((problems) => problems ?? []),
  };
}

function contentsOf({ manifest, lock, scope }: Project): Pick<CheckResult, "sources" | "pinned"> {
  const entries = (lock?.sources ?? []).filter(({ name }) => scope?.has(name) ?? true);
  const wanted = manifest.sources.filter(({ name }) => scope?.has(name) ?? true);
  return {
    sources: [...new Set([...wanted, ...entries].map(({ name }) => name))].sort(),
    pinned: entries.reduce(
      (sum, { files }) => ({
        files: sum.files + files.length,
        bytes: files.reduce((bytes, file) => bytes + file.size, sum.bytes),
      }),
      { files: 0, bytes: 0 },
    ),
  };
}

const NONE: Hashed = { files: 0, bytes: 0, reasons: {} };

interface Seen {
  readonly root: string;
  readonly plan: Drift | undefined;
  readonly hashed: Hashed;
  readonly problems: readonly Problem[];
}

/** A disk that cannot be looked at is an answer too: the Hub may still be asked. */
async function lookAtDisk(
  context: Context,
  project: Project,
  { lock, deep, proof }: { lock: Lock; deep: boolean; proof: Proof | undefined },
): Promise<Seen> {
  const { manifest, scope, endpoint } = project;
  try {
    const { wants: described } = await describedBy(context, project, { lock });
    const documents = { manifest, lock, described };
    const input = { ...documents, scope, deep, proof, force: false, prune: false, tolerant: true };
    const { plan, root, state, inventory } = await survey(context, input);
    const beside = { manifest, lock, scope, root, state, endpoint, deep };
    const problems = [
      ...driftProblems(plan, { root, deep }),
      ...inventory.unread.values(),
      ...(await besideProblems(context, beside)),
    ];
    return { root, plan, hashed: inventory.hashed, problems };
  } catch (error) {
    context.signal.throwIfAborted();
    return { root: manifest.root, plan: undefined, hashed: NONE, problems: problemsOf(error) };
  }
}

/** What the Hub's own clients would not find. That it cannot be told hides nothing else. */
async function besideProblems(context: Context, input: ProvideInput): Promise<readonly Problem[]> {
  try {
    const providing = await planProviding(context, input);
    return providing === undefined ? [] : await judgeProviding(context, providing);
  } catch (error) {
    context.signal.throwIfAborted();
    return problemsOf(error);
  }
}

/** A plan with nothing to change on disk means that disk and lock agree. */
function driftProblems(plan: Drift, { root, deep }: { root: string; deep: boolean }): readonly Problem[] {
  const drift = driftText(plan);
  if (drift === "") return [];
  return [
    {
      code: "DRIFT",
      message: `the disk is not what the lock says: ${drift} below "${root}"`,
      // Without it, sync would believe stamps that the reading has just shown to be wrong.
      hint: deep ? "run tritter sync --deep" : "run tritter sync",
    },
  ];
}

/** Pins of sources that left the manifest are dropped by the next lock: nobody asks what became of them. */
function asked({ manifest, scope }: Project, lock: Lock): readonly LockedSource[] {
  const names = new Set(manifest.sources.map((source) => source.name));
  return lock.sources.filter(({ name }) => names.has(name) && (scope?.has(name) ?? true));
}
