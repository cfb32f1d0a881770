import type { Extra } from "../../schema/lock.ts";
import { linesDigest } from "./digests.ts";
import { firstFlaw } from "./flaws.ts";
import type { Side } from "./merge.ts";
import { own, sameValue } from "./same.ts";

// What is left of a lock that merges of text took apart. It is laid out in lines, so each line says where it belongs,
// and a file list is found by its `listing` wherever it may be. Nothing is judged here: whoever puts the parts together
// reads the result as the lock of a stranger.

/** A line that git sets where a merge was left to a person, of seven signs or, where one is told to, more. */
export const MARKER = /^(?:<{7,}|\|{7,}|={7,}|>{7,})(?: .*)?\r?$/m;

/** The lock that one side has, with what it takes to tell how it was found. */
export interface Choice {
  readonly version: unknown;
  readonly extra: Extra;
  /** Members of the whole lock that the sides give other values. */
  readonly disputed: readonly string[];
  readonly entries: readonly ChosenEntry[];
}

export interface ChosenEntry {
  readonly name: string;
  /** Members but `files`; undefined: the chosen side removed it. */
  readonly head: Extra | undefined;
  /** Lines of the files its `listing` stands for; undefined: they are not in this text. */
  readonly files: readonly string[] | undefined;
  /**
   * `conflict`: the sides differ; `twice`: it stood there twice, with other members; `mixed`: there were files that are
   * not of its listing; undefined: it is as it stood.
   */
  readonly why: "conflict" | "twice" | "mixed" | undefined;
}

/** Takes one side of every conflict in `text`; undefined where its lines are not those of a lock. */
export function chooseSide(text: string, side: Side): Choice | undefined {
  const sides = sidesOf(text);
  const ours = sides && remainsOf(sides.ours);
  const theirs = sides && (sides.ours === sides.theirs ? ours : remainsOf(sides.theirs));
  if (ours === undefined || theirs === undefined) return undefined;
  const [left, right] = [membersOf(ours.members, "ours"), membersOf(theirs.members, "theirs")];
  const { version, ...extra } = side === "ours" ? left : right;
  const disputed = Object.keys({ ...left, ...right }).filter(
    (member) => !sameValue(own(left, member), own(right, member)),
  );
  return { version, extra, disputed, entries: chosenEntries(ours.entries, theirs.entries, side) };
}

/** The lines of lists that fit one of `listings`, where `text` holds any. */
export function listsIn(text: string, listings: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const wanted = [...listings].filter((listing) => text.includes(listing));
  const remains = wanted.length === 0 ? undefined : remainsOf(text.split("\n"));
  return new Map(
    (remains?.entries ?? [])
      .filter(({ digest }) => listings.has(digest))
      .map(({ digest, files }) => [digest, files] as const),
  );
}

/** As the text of a lock, to be read as one; a list that is not there is empty. */
export function choiceText({ version, extra, entries }: Choice): string {
  const sources = entries.flatMap(({ name, head, files }) =>
    head === undefined ? [] : [`${JSON.stringify(name)}:${entryText(head, files)}`],
  );
  const rest = Object.entries(extra).map(
    ([key, value]) => `,\n${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  return `{"version":${JSON.stringify(version)},"sources":{${sources.join(",\n")}}${rest.join("")}}`;
}

function entryText(head: Extra, files: readonly string[] | undefined): string {
  const own = files === undefined ? { ...head, listing: linesDigest([]) } : head;
  return `${JSON.stringify(own).slice(0, -1)},"files":[${(files ?? []).join(",\n")}]}`;
}

function chosenEntries(ours: readonly Entry[], theirs: readonly Entry[], side: Side): ChosenEntry[] {
  const [left, right] = [byName(ours), byName(theirs)];
  const lists = new Map([...theirs, ...ours].map(({ digest, files }) => [digest, files]));
  return [...new Set([...left.keys(), ...right.keys()])].map((name) =>
    chosenEntry(name, { ours: left.get(name) ?? [], theirs: right.get(name) ?? [], side, lists }),
  );
}

function byName(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const named = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = named.get(entry.name) ?? [];
    list.push(entry);
    named.set(entry.name, list);
  }
  return named;
}

interface Variants {
  /** One, unless it stands there twice. */
  readonly ours: readonly Entry[];
  readonly theirs: readonly Entry[];
  readonly side: Side;
  /** All that this text has, by what they come to. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

function chosenEntry(name: string, { ours, theirs, side, lists }: Variants): ChosenEntry {
  const variants = side === "ours" ? ours : theirs;
  const entry = side === "ours" ? ours[0] : theirs.at(-1);
  if (entry === undefined) return { name, head: undefined, files: undefined, why: "conflict" };
  const head = membersOf(entry.members, side);
  const fits = entry.digest === head.listing;
  const twice = variants.length > 1 || Object.keys(head).length < entry.members.length;
  const differ = headText(ours[0], "ours") !== headText(theirs.at(-1), "theirs");
  return {
    name,
    head,
    files: fits ? entry.files : lists.get(String(head.listing)),
    why: twice ? "twice" : differ ? "conflict" : fits ? undefined : "mixed",
  };
}

function headText(entry: Entry | undefined, side: Side): string | undefined {
  return entry && JSON.stringify(membersOf(entry.members, side));
}

/** Of a member that stands twice, ours is the first and theirs the last: so a merge that keeps both lines sets them. */
function membersOf(members: readonly Member[], side: Side): Extra {
  const chosen = new Map<string, unknown>();
  for (const [name, value] of members) if (side === "theirs" || !chosen.has(name)) chosen.set(name, value);
  return Object.fromEntries(chosen);
}

/** Both texts, each by its lines; undefined where the markers do not close. A base shown between them is left out. */
function sidesOf(text: string): { ours: readonly string[]; theirs: readonly string[] } | undefined {
  const lines = text.split("\n");
  if (!MARKER.test(text)) return { ours: lines, theirs: lines };
  const ours: string[] = [];
  const theirs: string[] = [];
  let part: Place = "both";
  // Markers of a conflict within the base are longer, and belong to it.
  let size = 0;
  for (const line of lines) {
    const run = MARKER.test(line) ? (/^(.)\1*/.exec(line)?.[0] ?? "") : "";
    const sign: string | undefined = part === "both" || run.length === size ? run[0] : undefined;
    if (sign === undefined) {
      if (part === "both" || part === "ours") ours.push(line);
      if (part === "both" || part === "theirs") theirs.push(line);
    } else {
      const next: Place | undefined = NEXT[part][sign];
      if (next === undefined) return undefined;
      part = next;
      size = run.length;
    }
  }
  return part === "both" ? { ours, theirs } : undefined;
}

type Place = "both" | "ours" | "base" | "theirs";

const NEXT: Readonly<Record<Place, Readonly<Record<string, Place>>>> = {
  both: { "<": "ours" },
  ours: { "|": "base", "=": "theirs" },
  base: { "=": "theirs" },
  theirs: { ">": "both" },
};

type Member = readonly [name: string, value: unknown];

interface Entry {
  readonly name: string;
  /** But `files`, in the order of the text; what stands twice stands here twice. */
  readonly members: readonly Member[];
  /** Lines without the comma between them. */
  readonly files: readonly string[];
  /** Of those lines: what `listing` should be. */
  readonly digest: string;
}

interface Remains {
  readonly members: readonly Member[];
  readonly entries: readonly Entry[];
}

/** Reads lines as `write.ts` lays them out, but for commas and ends that a merge or an editor lost. */
function remainsOf(lines: readonly string[]): Remains | undefined {
  const members: Member[] = [];
  const entries: { name: string; members: Member[]; files: string[] }[] = [];
  let place: "top" | "sources" | "head" | "files" = "top";
  for (const raw of lines) {
    const line = raw.trimEnd();
    const entry = entries.at(-1);
    if (line === "" || line === "{") continue;
    if (place === "top" && line === '"sources": {') place = "sources";
    else if (/^[\]}]+,?$/.test(line)) place = line.startsWith("]") ? "sources" : "top";
    else if (place === "files" && entry !== undefined && line.startsWith('{"path":'))
      entry.files.push(line.endsWith(",") ? line.slice(0, -1) : line);
    else if (place === "head" && line === '"files": [') place = "files";
    else if (place !== "top" && line.endsWith('": {')) {
      const name = parsed(line.slice(0, -3));
      if (typeof name !== "string") return undefined;
      entries.push({ name, members: [], files: [] });
      place = "head";
    } else {
      const object = parsed(`{${line.replace(/,$/, "")}}`);
      const list = place === "top" ? members : place === "head" ? entry?.members : undefined;
      if (typeof object !== "object" || object === null || list === undefined) return undefined;
      list.push(...Object.entries(object));
    }
  }
  if (entries.length === 0 && members.length === 0) return undefined;
  return { members, entries: entries.map((entry) => ({ ...entry, digest: linesDigest(entry.files) })) };
}

/** A member that stands twice in one line is no work of a merge. */
function parsed(text: string): unknown {
  try {
    return firstFlaw(text) === undefined ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
