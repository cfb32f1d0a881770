import type { LockedSource } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import type { Hub, Resolved } from "../hub/port.ts";
import { pool } from "../pool.ts";
import { disabledProblem } from "../resolve/ask.ts";
import { probePath } from "../resolve/pin.ts";
import { wantedNow } from "../resolve/wanted.ts";
import { lazyHub, type Project } from "./load.ts";

/** Sources asked about at once. */
const WIDTH = 4;

/** Outdated, gone, access, licence: what is wrong upstream, source by source; the trouble of one hides no other. */
export async function askUpstream(
  context: Context,
  project: Project,
  sources: readonly LockedSource[],
): Promise<readonly Problem[]> {
  const { hub, close } = lazyHub(context, project, 2 * WIDTH);
  const answers = new Map<string, readonly Problem[]>();
  try {
    const opened = await attempt(context.signal, async () => hub());
    if (opened.kind === "refused") return opened.problems;
    await pool(sources, { width: WIDTH, signal: context.signal }, async (source) => {
      const problems = await askOne(context, opened.value, source);
      answers.set(
        source.name,
        problems.map((problem) => ({ ...problem, source: source.name })),
      );
    });
  } finally {
    await close();
  }
  return sources.flatMap((source) => answers.get(source.name) ?? []);
}

async function askOne(
  { signal, clock }: Context,
  hub: Hub,
  source: LockedSource,
): Promise<readonly Problem[]> {
  const repo = { type: source.type, repo: source.repo };
  const pin = await attempt(signal, () => hub.resolve(repo, source.commit));
  // A pin that is gone says nothing of the revision; any other trouble is the repository's, and would be told twice.
  if (pin.kind === "refused" && pin.problems.some(({ code }) => code !== "PIN_GONE")) return pin.problems;
  const asking = { hub, now: clock.now(), pinned: source.commit };
  const now =
    source.revision === source.commit
      ? pin
      : await attempt(signal, async () => (await wantedNow(asking, source)).resolved);
  return [
    ...refused(pin),
    ...(now === pin ? [] : refused(now)),
    ...(now.kind === "got" ? [...outdated(source, now.value), ...licenseChanged(source, now.value)] : []),
    ...(pin.kind === "got" ? await accessProblems(signal, hub, { source, pin: pin.value }) : []),
  ];
}

type Attempt<T> =
  | { readonly kind: "got"; readonly value: T }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/** What is thrown becomes an answer, but for a stop. */
async function attempt<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { kind: "got", value: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "refused", problems: problemsOf(error) };
  }
}

function refused(attempted: Attempt<unknown>): readonly Problem[] {
  return attempted.kind === "refused" ? attempted.problems : [];
}

function outdated({ name, repo, revision, commit }: LockedSource, now: Resolved): readonly Problem[] {
  if (now.commit === commit) return [];
  const message = `source "${name}" is outdated: "${revision}" of ${repo} is at ${now.commit.slice(0, 7)}, the lock has ${commit.slice(0, 7)}`;
  return [{ code: "OUTDATED", message, hint: `run tritter update ${name}` }];
}

function licenseChanged({ name, repo, licenses }: LockedSource, now: Resolved): readonly Problem[] {
  if (now.licenses === undefined) return [];
  if ([...now.licenses].sort().join() === [...licenses].sort().join()) return [];
  const [before, after] = [licenses, now.licenses].map((list) =>
    list.length === 0 ? "none" : list.join(", "),
  );
  const message = `source "${name}" changed its licence: ${repo} now says ${after}, the lock has ${before}`;
  return [{ code: "LICENSE_REFUSED", message, hint: `read its terms, then run tritter update ${name}` }];
}

/** A repository may be gated since it was locked, so the Hub's word of today counts beside the lock's. */
async function accessProblems(
  signal: AbortSignal,
  hub: Hub,
  { source, pin }: { source: LockedSource; pin: Resolved },
): Promise<readonly Problem[]> {
  if (pin.disabled === true) return [disabledProblem(source.repo)];
  const path = probePath(source.files);
  const isGated = source.gated !== undefined || (pin.gated ?? false) !== false;
  if (path === undefined || !isGated) return [];
  const repo = { type: source.type, repo: source.repo };
  const access = await attempt(signal, () => hub.access(repo, source.commit, path));
  if (access.kind === "refused") return access.problems;
  return access.value.kind === "granted" ? [] : [access.value.problem];
}
