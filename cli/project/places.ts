import { WHOLE } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import type { ErrorCode, Place, Problem } from "../errors.ts";
import { lineOf } from "../lock/places.ts";
import { manifestPlaces } from "../manifest/places.ts";
import type { Stale } from "../resolve/stale.ts";
import { type Changes, driftText } from "./drift.ts";
import type { Project } from "./load.ts";
import { staleLine } from "./locking.ts";

type Answers<Name extends string> = Readonly<Record<Name, readonly Problem[] | undefined>>;

interface Found<Name extends string> {
  readonly answers: Answers<Name>;
  readonly stale: readonly Stale[];
  readonly drift: ReadonlyMap<string, Changes>;
}

/** The answers again, each problem with the places in manifest and lock that it is about, where there are any. */
export async function locate<Name extends string>(
  context: Context,
  project: Project,
  { answers, stale, drift }: Found<Name>,
): Promise<Answers<Name>> {
  const all = Object.entries(answers) as [Name, readonly Problem[] | undefined][];
  if (all.every(([, problems]) => (problems ?? []).length === 0)) return answers;
  const finder = await finderOf(context, project);
  const placesOf = (problem: Problem): readonly Place[] => {
    if (problem.code === "LOCK_MISSING") return [finder.sources];
    if (problem.code === "LOCK_STALE") return stale.map((one) => stalePlace(finder, one));
    if (problem.code === "DRIFT") return driftPlaces(finder, drift);
    return problem.source === undefined ? [] : [finder.at(problem.source, FIELDS[problem.code])];
  };
  const located = all.map(([name, problems]) => [
    name,
    problems?.map((problem) => ({ ...problem, places: placesOf(problem) })),
  ]);
  return Object.fromEntries(located);
}

/** The field to look at; for any other code, the source. */
const FIELDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  LICENSE_REFUSED: "license",
  OBLIGATION: "follow",
  EXPECTATION: "expect",
  OUTDATED: "revision",
  PIN_GONE: "revision",
  REVISION_NOT_FOUND: "revision",
  REPO_NOT_FOUND: "repo",
};

interface Finder {
  /** The field of a source, else its name, in the manifest; in the lock where the manifest has it no longer. */
  at(source: string, field: string | undefined): Place;
  /** The keys `sources` and `reports` of the manifest. */
  readonly sources: Place;
  readonly reports: Place;
}

async function finderOf(
  { disk }: Context,
  { manifest, manifestText, lock, lockFile }: Project,
): Promise<Finder> {
  const places = await manifestPlaces(manifestText);
  const isWanted = (name: string) => places.ofSource(name, undefined) !== undefined;
  const isWhole = lock?.sources.every(({ name }) => isWanted(name)) ?? true;
  const lockText = isWhole ? "" : ((await disk.read(lockFile))?.toString("utf8") ?? "");
  // What stands beside a fallback's name is the source's own.
  const carried = new Set(
    lock?.sources.filter((source) => source.carrier !== undefined).map(({ name }) => name),
  );
  return {
    at(source, field) {
      const position = places.ofSource(source, carried.has(source) ? undefined : field);
      if (position !== undefined) return { file: manifest.file, ...position };
      return { file: lockFile, line: lineOf(lockText, source) ?? 1, column: 1 };
    },
    sources: { file: manifest.file, ...places.sources },
    reports: { file: manifest.file, ...places.reports },
  };
}

function stalePlace(finder: Finder, stale: Stale): Place {
  const message = `the manifest changed since the lock was written: ${staleLine(stale)}`;
  return { ...finder.at(stale.source, editedField(stale)), message, source: stale.source };
}

/** Members, and the fields that they come from. */
const IDENTITY = [
  ["repo", "repo"],
  ["type", "type"],
  ["revision", "revision"],
  ["asOf", "as-of"],
  ["minAge", "min-age"],
] as const;

function editedField(stale: Stale): string | undefined {
  switch (stale.why) {
    case "identity":
      return IDENTITY.find(([member]) => stale.before[member] !== stale.after[member])?.[1];
    case "selection":
      return "include";
    case "placement":
      return stale.field;
    default:
      return undefined;
  }
}

function driftPlaces(finder: Finder, drift: ReadonlyMap<string, Changes>): readonly Place[] {
  return [...drift].map(([source, changes]): Place => {
    if (source !== WHOLE) return drifted(finder, source, changes);
    const message = `the disk is not what the lock says: the index of the reports: ${driftText(changes)}`;
    return { ...finder.reports, message };
  });
}

function drifted(finder: Finder, source: string, changes: Changes): Place {
  return {
    ...finder.at(source, undefined),
    message: `the disk is not what the lock says: source "${source}": ${driftText(changes)}`,
    source,
  };
}
