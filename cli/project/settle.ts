import type { Context } from "../context.ts";
import { type Problem, problemsOf } from "../errors.ts";
import { needsListing, type Proved, proveChoices } from "../foreign/prove.ts";
import { sourceOf } from "../foreign/values.ts";
import type { Choice, Wanted } from "../foreign/wanted.ts";
import type { Hub } from "../hub/port.ts";
import { pool } from "../pool.ts";
import { lazyHub, type Project } from "./load.ts";

/** Downloads of one revision into one folder: one source. */
export interface Gathered extends Pick<Wanted, "type" | "repo" | "revision" | "folder" | "strip"> {
  /** Of the document, 1-based, each once. */
  readonly lines: readonly number[];
  readonly choices: readonly Choice[];
}

export interface Settled {
  readonly proved: Proved;
  /** Every path of the repository; undefined where it was not needed or not to be had. */
  readonly listing: readonly string[] | undefined;
  /** Why there is no listing. */
  readonly problems: readonly Problem[];
}

/** In the order in which the document first names them. */
export function gather(wanted: readonly Wanted[]): readonly Gathered[] {
  const found = new Map<string, Gathered>();
  for (const { line, type, repo, revision, choice, folder, strip } of wanted) {
    const key = JSON.stringify([type, repo, revision, folder && sourceOf(folder), strip]);
    const before = found.get(key);
    const isKnown = before?.choices.some((one) => JSON.stringify(one) === JSON.stringify(choice));
    const choices = isKnown ? (before?.choices ?? []) : [...(before?.choices ?? []), choice];
    const lines = [...new Set([...(before?.lines ?? []), line])];
    found.set(key, { type, repo, revision, folder, strip, lines, choices });
  }
  return [...found.values()];
}

/** Translates what each source takes, proved on a listing where it takes patterns. `shares`: a folder with another source. */
export async function settle(
  context: Context,
  project: Project,
  sources: readonly { readonly gathered: Gathered; readonly shares: boolean; readonly name: string }[],
): Promise<readonly Settled[]> {
  const { hub, close } = lazyHub(context, project, 8);
  const settled = new Map<number, Settled>();
  const listings = new Map<string, Promise<readonly string[]>>();
  const { signal } = context;
  try {
    await pool([...sources.entries()], { width: 4, signal }, async ([index, { gathered, shares, name }]) => {
      if (!shares && !needsListing(gathered.choices)) {
        settled.set(index, {
          proved: proveChoices(gathered.choices, undefined),
          listing: undefined,
          problems: [],
        });
        return;
      }
      const key = JSON.stringify([gathered.type, gathered.repo, gathered.revision]);
      const listed = listings.get(key) ?? listPaths(context, hub, { gathered, name });
      listings.set(key, listed);
      settled.set(index, await settleOne(context, gathered, listed));
    });
  } finally {
    await close();
  }
  return sources.map((_, index) => settled.get(index) as Settled);
}

async function settleOne(
  { signal }: Context,
  { choices }: Gathered,
  listed: Promise<readonly string[]>,
): Promise<Settled> {
  try {
    const listing = await listed;
    return { proved: proveChoices(choices, listing), listing, problems: [] };
  } catch (error) {
    signal.throwIfAborted();
    const problems = needsListing(choices) ? problemsOf(error) : [];
    return { proved: proveChoices(choices, undefined), listing: undefined, problems };
  }
}

async function listPaths(
  { emit, signal }: Context,
  hub: () => Hub,
  { gathered: { type, repo, revision = "main" }, name }: { gathered: Gathered; name: string },
): Promise<readonly string[]> {
  emit({ kind: "resolving", source: name, repo, revision });
  const resolved = await hub().resolve({ type, repo }, revision);
  const paths: string[] = [];
  for await (const page of hub().list({ type, repo: resolved.repo }, resolved.commit)) {
    signal.throwIfAborted();
    for (const { path } of page) paths.push(path);
    emit({ kind: "listing", source: name, files: paths.length });
  }
  return paths;
}
