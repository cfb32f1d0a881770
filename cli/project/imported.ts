import { basename } from "node:path";
import type { Manifest } from "../../schema/manifest.ts";
import { foldKey, judgeName, printable } from "../../schema/names.ts";
import { compilePattern, exactPattern } from "../../schema/patterns.ts";
import type { Problem } from "../errors.ts";
import type { Proved } from "../foreign/prove.ts";
import { sourceOf } from "../foreign/values.ts";
import type { Remark } from "../foreign/wanted.ts";
import type { NewSource } from "../manifest/edit.ts";
import { freeName, isSourceName, nameFor, takenKeys } from "../manifest/naming.ts";
import type { Stanza } from "../manifest/stanza.ts";
import type { Gathered, Settled } from "./settle.ts";

export interface ImportedSource extends NewSource {
  /** Of the document; 1-based. */
  readonly lines: readonly number[];
  readonly proof: Selection["proof"];
  /** Selected; undefined where no listing was needed or to be had. */
  readonly files: number | undefined;
}

type Selection = Extract<Proved, { kind: "ok" }>;

/** Where the files of each download go in the manifest. */
export interface Places {
  /** As the manifest has it. */
  readonly root: string;
  /** Below the root, by download; undefined: a folder of the source's name. */
  readonly paths: readonly (string | undefined)[];
  /** Downloads whose own folder is not below the root, by index. */
  readonly elsewhere: readonly number[];
}

export interface Named {
  readonly gathered: Gathered;
  readonly name: string;
  /** Below the root. */
  readonly folder: string;
  /** Another source has the same folder. */
  readonly shares: boolean;
  /** Set only if its files go elsewhere than the document had them: the manifest's root. */
  readonly movedBelow: string | undefined;
}

/** After the repository; several of one repository after their folders where these are names, else with numbers. */
export function nameAll(
  gathered: readonly Gathered[],
  { manifest, places }: { manifest: Manifest; places: Places },
): readonly Named[] {
  const taken = takenKeys(manifest);
  const bases = gathered.map(({ repo }) => nameFor(repo));
  const names = bases.map((base, index) => {
    const folder = basename(places.paths[index] ?? "");
    const isOne = bases.filter((other) => other === base).length === 1;
    const name = freeName(!isOne && isSourceName(folder) ? folder : base, taken);
    taken.add(foldKey(name));
    return name;
  });
  const folders = names.map((name, index) => usable(places.paths[index]) ?? name);
  return gathered.map((each, index) => ({
    gathered: each,
    name: names[index] as string,
    folder: folders[index] as string,
    shares: folders.filter((folder) => folder === folders[index]).length > 1,
    movedBelow: isMoved(places, index) ? places.root : undefined,
  }));
}

function isMoved({ paths, elsewhere }: Places, index: number): boolean {
  return elsewhere.includes(index) || (paths[index] !== undefined && usable(paths[index]) === undefined);
}

function usable(path: string | undefined): string | undefined {
  return path === "." || (path !== undefined && judgeName(path).kind === "ok") ? path : undefined;
}

export interface Made {
  readonly sources: readonly ImportedSource[];
  readonly refused: readonly Remark[];
  readonly notes: readonly Remark[];
  readonly problems: readonly Problem[];
}

type One = Partial<Made>;

/** What each download becomes: a source, a note that it is there already, or a refusal. `from`: the document's name. */
export function makeSources(
  named: readonly Named[],
  settled: readonly Settled[],
  { manifest, from }: { manifest: Manifest; from: string },
): Made {
  const all = named.map((one, index): One => {
    const { proved, problems } = settled[index] as Settled;
    const unproved = problems.map((problem) => unprovedProblem(one, problem));
    if (proved.kind === "refused")
      return { problems: unproved, refused: [{ line: lineOf(one), message: proved.why }] };
    const { given, notes } = givenWay(named, settled, index);
    const selection = without(proved, settled[index], given);
    const stanza = stanzaOf(one, selection);
    const twin = twinOf(manifest, one, stanza);
    if (twin !== undefined) {
      const message = `the manifest has it already, as "${twin}"`;
      return { problems: unproved, notes: [{ line: lineOf(one), message }] };
    }
    const { name, gathered } = one;
    const comment = commentOf(from, one, proved);
    const source = {
      name,
      stanza,
      comment,
      lines: gathered.lines,
      proof: proved.proof,
      files: selection.files,
    };
    return { sources: [source], problems: unproved, notes: [...notesOf(one, proved), ...notes] };
  });
  return {
    sources: all.flatMap(({ sources = [] }) => sources),
    refused: all.flatMap(({ refused = [] }) => refused),
    notes: all.flatMap(({ notes = [] }) => notes),
    problems: all.flatMap(({ problems = [] }) => problems),
  };
}

function lineOf({ gathered }: Named): number {
  return gathered.lines[0] ?? 1;
}

function unprovedProblem({ name }: Named, problem: Problem): Problem {
  return { ...problem, source: name, message: `cannot prove the patterns of "${name}": ${problem.message}` };
}

function stanzaOf(
  { gathered, folder, name }: Named,
  { include, exclude }: Pick<Selection, "include" | "exclude">,
): Stanza {
  const { repo, type, revision, strip } = gathered;
  return {
    repo,
    ...(type !== "dataset" && { type }),
    ...(revision !== undefined && revision !== "main" && { revision }),
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(folder !== name && { path: folder }),
    ...(strip !== undefined && { strip }),
  };
}

/** A source that was there before and is the same but for its name, as when a script is imported twice. */
function twinOf(
  { sources }: Manifest,
  { gathered, folder, name }: Named,
  stanza: Stanza,
): string | undefined {
  const key = (include: readonly string[] = [], exclude: readonly string[] = []) =>
    JSON.stringify([[...include].sort(), [...exclude].sort()]);
  const wanted = key(stanza.include, stanza.exclude);
  // A folder of the name it would have, were that not taken: by its twin.
  const folders =
    folder === name
      ? [nameFor(gathered.repo), ...sources.map((source) => source.name)]
      : [folder === "." ? "" : folder];
  return sources.find(
    (source) =>
      source.repo === gathered.repo &&
      source.type === gathered.type &&
      source.revision === (gathered.revision ?? "main") &&
      source.strip === (gathered.strip ?? "") &&
      key(source.include, source.exclude) === wanted &&
      folders.includes(source.path),
  )?.name;
}

function commentOf(
  from: string,
  { gathered: { lines } }: Named,
  { written, proof }: Selection,
): readonly string[] {
  const patterns = written.slice(0, 5).map((pattern) => `"${printable(pattern)}"`);
  const all = [...patterns, ...(written.length > 5 ? [`and ${written.length - 5} more`] : [])].join(", ");
  return [
    `${printable(from)}:${lines.join(", ")}`,
    ...(written.length > 0 ? [`No pattern here says what hf's ${all} does: the files are written out.`] : []),
    ...(proof === "unproved" ? ["Translated from hf's patterns, and not proved: there was no listing."] : []),
  ];
}

function notesOf(one: Named, { idle }: Selection): readonly Remark[] {
  const line = lineOf(one);
  const left = idle.map((pattern) => ({
    line,
    message: `"${printable(pattern)}" selects no file, and is left out`,
  }));
  const { gathered, folder, movedBelow } = one;
  if (movedBelow === undefined) return left;
  const was = printable(sourceOf(gathered.folder ?? []));
  const to = printable(`${movedBelow}/${folder}`);
  const message = `--local-dir ${was} is not below the root "${printable(movedBelow)}": its files go to "${to}"`;
  return [...left, { line, message }];
}

/** Beyond it, excluding them one by one would hide what is wrong. */
const MOST_GIVEN = 20;

interface Given {
  /** Paths in the repository. */
  readonly given: readonly string[];
  readonly notes: readonly Remark[];
}

/** Files that a later download put over this one's, in the folder they share: here they would collide, so they are left to the later. */
function givenWay(named: readonly Named[], settled: readonly Settled[], index: number): Given {
  const one = named[index] as Named;
  const rivals = [...named.entries()].filter(([other, { folder }]) => other > index && folder === one.folder);
  const names = rivals.map(([, { name }]) => name).join(", ");
  const told = (given: readonly string[], message: string): Given => ({
    given,
    notes: [{ line: lineOf(one), message }],
  });
  if (rivals.length === 0) return { given: [], notes: [] };
  const own = selectedOf(settled[index]);
  const theirs = rivals.map(([other]) => selectedOf(settled[other]));
  if (own === undefined || theirs.includes(undefined))
    return told(
      [],
      `it shares its folder with ${names}: where both have a file of one name, exclude it in one of them`,
    );
  const taken = new Set(theirs.flatMap((paths) => paths ?? []));
  const given = own.filter((path) => taken.has(path));
  if (given.length === 0) return { given, notes: [] };
  if (given.length > MOST_GIVEN || given.length === own.length)
    return told(
      [],
      `${given.length} of its files have names of files of ${names} in the same folder: give one of them another path`,
    );
  return told(
    given,
    `${given.map(printable).join(", ")}: ${names} put its own over it in the same folder, so it is left out here`,
  );
}

/** The selection less some files; a pattern that had no other is dropped, since a lock would refuse it. */
function without(
  { include, exclude, files }: Selection,
  settled: Settled | undefined,
  given: readonly string[],
): Pick<Selection, "include" | "exclude" | "files"> {
  if (given.length === 0) return { include, exclude, files };
  const gone = new Set(given);
  const left = selectedOf(settled)?.filter((path) => !gone.has(path)) ?? [];
  const kept = include.filter((pattern) => left.some(matcherOf([pattern])));
  const isStillIn = kept.length === 0 ? () => true : matcherOf(kept);
  return {
    include: kept,
    exclude: [...exclude, ...given.filter(isStillIn).map(exactPattern)],
    files: left.length,
  };
}

function selectedOf(settled: Settled | undefined): readonly string[] | undefined {
  if (settled?.listing === undefined || settled.proved.kind === "refused") return undefined;
  const { include, exclude } = settled.proved;
  const [isIn, isOut] = [include.length === 0 ? () => true : matcherOf(include), matcherOf(exclude)];
  return settled.listing.filter((path) => isIn(path) && !isOut(path));
}

function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const compiled = patterns.map(compilePattern).filter((one) => one.kind === "ok");
  return (path) => compiled.some((one) => one.matches(path));
}
