import type { LockedSource } from "../../schema/lock.ts";
import type { Follow } from "../../schema/manifest.ts";
import { timeText } from "../../schema/time.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import type { Hub, Resolved } from "../hub/port.ts";
import { pool } from "../pool.ts";
import { disabledProblem } from "../resolve/ask.ts";
import { asGone } from "../resolve/gone.ts";
import { judgedBy } from "../resolve/judge.ts";
import { probePath } from "../resolve/pin.ts";
import { wantedNow } from "../resolve/wanted.ts";
import { lazyHub, type Project } from "./load.ts";
import { askObligation, type FoundObligation } from "./obligations.ts";
import { cardNote, termsProblems } from "./terms.ts";

/** Sources asked about at once. */
const WIDTH = 4;

/** What the Hub says of the pins. */
export interface Upstream {
  readonly problems: readonly Problem[];
  /** Of sources that have `follow`. */
  readonly obligations: readonly FoundObligation[];
}

/** Outdated, gone, access, terms, obligations: what is wrong upstream, source by source; the trouble of one hides no other. */
export async function askUpstream(
  context: Context,
  project: Project,
  sources: readonly LockedSource[],
): Promise<Upstream> {
  const { hub, close } = lazyHub(context, project, 2 * WIDTH);
  const wanted = new Map(project.manifest.sources.map((source) => [source.name, source]));
  const answers = new Map<string, Answer>();
  try {
    const opened = await attempt(context.signal, async () => hub());
    if (opened.kind === "refused") return { problems: opened.problems, obligations: [] };
    await pool(sources, { width: WIDTH, signal: context.signal }, async (entry) => {
      const source = wanted.get(entry.name);
      const follow = source && judgedBy(source, entry).follow;
      answers.set(entry.name, await askOne(context, opened.value, { entry, follow }));
    });
  } finally {
    await close();
  }
  const all = sources.map(({ name }) => ({ name, ...(answers.get(name) ?? NOTHING) }));
  for (const message of all.flatMap(({ notes }) => notes)) context.emit({ kind: "note", message });
  return {
    problems: all.flatMap(({ name, problems }) => problems.map((problem) => ({ ...problem, source: name }))),
    obligations: all.flatMap(({ obligations }) => obligations),
  };
}

interface Answer extends Upstream {
  readonly notes: readonly string[];
}

const NOTHING: Answer = { problems: [], notes: [], obligations: [] };

interface Asked {
  readonly entry: LockedSource;
  readonly follow: Follow | undefined;
}

async function askOne(context: Context, hub: Hub, { entry, follow }: Asked): Promise<Answer> {
  const { signal } = context;
  const repo = { type: entry.type, repo: entry.repo };
  const pin = await attempt(signal, () => hub.resolve(repo, entry.commit));
  const gone = refused(pin).map((problem) => asGone(problem, entry));
  // A commit that is gone says nothing of the revision; any other trouble is the repository's, and would be told twice.
  if (pin.kind === "refused" && pin.problems.some(({ code }) => code !== "PIN_GONE"))
    return withRefuges(signal, hub, { entry, gone });
  const asking = { hub, now: context.clock.now(), pinned: entry.commit };
  const now =
    entry.revision === entry.commit
      ? pin
      : await attempt(signal, async () => (await wantedNow(asking, entry)).resolved);
  const told = now.kind === "got" ? await termsOf(signal, hub, { entry, now: now.value }) : NOTHING;
  const held = await (pin.kind === "got"
    ? accessProblems(signal, hub, { entry, pin: pin.value })
    : withRefuges(signal, hub, { entry, gone }));
  const followed = follow === undefined ? NOTHING : await obligationsOf(signal, asking, { entry, follow });
  return joined([
    held,
    { ...NOTHING, problems: now === pin ? [] : refused(now) },
    { ...NOTHING, problems: now.kind === "got" ? outdated(entry, now.value) : [] },
    told,
    followed,
  ]);
}

function joined(answers: readonly Answer[]): Answer {
  return {
    problems: answers.flatMap(({ problems }) => problems),
    notes: answers.flatMap(({ notes }) => notes),
    obligations: answers.flatMap(({ obligations }) => obligations),
  };
}

async function termsOf(
  signal: AbortSignal,
  hub: Hub,
  { entry, now }: { entry: LockedSource; now: Resolved },
): Promise<Answer> {
  const problems = termsProblems(entry, now);
  if (problems.length > 0) return { ...NOTHING, problems };
  const card = await attempt(signal, () => cardNote(hub, entry, now));
  if (card.kind === "refused") return { ...NOTHING, problems: card.problems };
  return { ...NOTHING, notes: card.value === undefined ? [] : [card.value] };
}

async function obligationsOf(
  signal: AbortSignal,
  asking: { readonly hub: Hub; readonly now: number },
  { entry, follow }: { entry: LockedSource; follow: Follow },
): Promise<Answer> {
  const asked = await attempt(signal, () => askObligation(asking, entry, follow));
  if (asked.kind === "refused") return { ...NOTHING, problems: asked.problems };
  const { problems, notes, found } = asked.value;
  return { problems, notes, obligations: [found] };
}

/** What was rescued is as good as its refuges: then that the commit is gone is no news. */
async function withRefuges(
  signal: AbortSignal,
  hub: Hub,
  { entry, gone }: { entry: LockedSource; gone: readonly Problem[] },
): Promise<Answer> {
  const { name, rescued, files } = entry;
  const isForGood = gone.every(({ code, lasting }) => code === "PIN_GONE" || lasting === "disabled");
  if (rescued === undefined || !isForGood) return { ...NOTHING, problems: gone };
  const asked = await Promise.all(
    rescued.map(({ type, repo, commit }) => attempt(signal, () => hub.resolve({ type, repo }, commit))),
  );
  const lost = asked.flatMap((one) => refused(one)).map((problem) => asGone(problem, entry));
  const stranded = files.filter(({ from }) => from?.refuge === 0).length;
  if (stranded > 0) lost.push(...gone);
  if (lost.length > 0) return { ...NOTHING, problems: lost };
  const where = rescued.map(({ repo, commit }) => `${repo} at ${commit.slice(0, 7)}`).join(", ");
  return {
    ...NOTHING,
    notes: [`source "${name}": its commit is gone, and what was rescued is still in ${where}`],
  };
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

function outdated(source: LockedSource, now: Resolved): readonly Problem[] {
  const { name, repo, revision, commit } = source;
  if (now.commit === commit) return [];
  const message = `source "${name}" is outdated: "${revision}"${timeText(source)} of ${repo} is at ${now.commit.slice(0, 7)}, the lock has ${commit.slice(0, 7)}`;
  return [{ code: "OUTDATED", message, hint: `run tritter update ${name}` }];
}

/** A repository may be gated since it was locked, so the Hub's word of today counts beside the lock's. */
async function accessProblems(
  signal: AbortSignal,
  hub: Hub,
  { entry, pin }: { entry: LockedSource; pin: Resolved },
): Promise<Answer> {
  if (pin.disabled === true)
    return withRefuges(signal, hub, { entry, gone: [asGone(disabledProblem(entry.repo), entry)] });
  const path = probePath(entry.files);
  const isGated = entry.gated !== undefined || (pin.gated ?? false) !== false;
  if (path === undefined || !isGated) return NOTHING;
  const repo = { type: entry.type, repo: entry.repo };
  const access = await attempt(signal, () => hub.access(repo, entry.commit, path));
  if (access.kind === "refused") return { ...NOTHING, problems: access.problems };
  return access.value.kind === "granted" ? NOTHING : { ...NOTHING, problems: [access.value.problem] };
}
