import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { bootOf, parseWriter, type Writer } from "../disk/writer.ts";
import { type Entry, parseEntry, type Sequenced } from "./entries.ts";
import type { Placement } from "./placement.ts";

/** What all journals of a root say together, at one moment. */
export interface Receipt {
  readonly owners: ReadonlyMap<string, ReadonlyMap<TreePath, Placement>>;
  readonly nextSeq: number;
  /** Journals read, for compaction: file names and lines in all. */
  readonly journals: readonly string[];
  readonly lines: number;
  /** Lines that could not be read, the torn last ones aside. */
  readonly unreadable: number;
}

/** First line of a journal. `covers`: older journals whose every fact stands in this one. */
export interface Header {
  readonly format: 1;
  readonly writer: Writer;
  readonly covers: readonly string[];
}

export const JOURNALS = "receipt";

/** `state` is the folder `<root>/.tritter`; it need not exist. */
export async function readReceipt(disk: Disk, state: string): Promise<Receipt> {
  const journals = await readJournals(disk, join(state, JOURNALS));
  const covered = new Set(journals.flatMap((journal) => journal.header?.covers ?? []));
  const live = journals.filter((journal) => !covered.has(journal.name));
  const boot = await bootOf(disk);
  const entries = live.flatMap((journal) => judged(journal, boot)).sort((a, b) => a.entry.seq - b.entry.seq);
  return {
    owners: replay(entries),
    nextSeq: (entries.at(-1)?.entry.seq ?? 0) + 1,
    journals: journals.map((journal) => journal.name),
    lines: entries.length,
    unreadable: live.reduce((sum, journal) => sum + journal.unreadable, 0),
  };
}

export function placementsOf(receipt: Receipt, owner: string): ReadonlyMap<TreePath, Placement> {
  return receipt.owners.get(owner) ?? new Map();
}

/** Placements of every owner but this one, by path. */
export function placementsOfOthers(
  receipt: Receipt,
  owner: string,
): ReadonlyMap<TreePath, readonly Placement[]> {
  const others = new Map<TreePath, Placement[]>();
  for (const [name, placements] of receipt.owners) {
    if (name === owner) continue;
    for (const placement of placements.values()) {
      const list = others.get(placement.path);
      if (list === undefined) others.set(placement.path, [placement]);
      else list.push(placement);
    }
  }
  return others;
}

interface Journal {
  readonly name: string;
  readonly header: Header | undefined;
  readonly entries: readonly Sequenced[];
  readonly unreadable: number;
}

interface Judged {
  readonly entry: Sequenced;
  readonly flushed: boolean;
  /** Written before a boot, so a power loss may have struck since. */
  readonly beforeBoot: boolean;
}

async function readJournals(disk: Disk, folder: string): Promise<Journal[]> {
  const names = ((await disk.readdir(folder)) ?? [])
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".ndjson"))
    .map((entry) => entry.name)
    .sort();
  return Promise.all(names.map((name) => readJournal(disk, folder, name)));
}

async function readJournal(disk: Disk, folder: string, name: string): Promise<Journal> {
  const text = (await disk.read(join(folder, name)))?.toString("utf8") ?? "";
  const lines = text.split("\n");
  // Without its newline the last line is torn: the writer was killed in the middle of it.
  lines.pop();
  const parsed = lines.slice(1).map(parseEntry);
  const entries = parsed.filter((entry) => entry !== undefined);
  return { name, header: parseHeader(lines[0]), entries, unreadable: parsed.length - entries.length };
}

function parseHeader(line: string | undefined): Header | undefined {
  try {
    const value = JSON.parse(line ?? "") as Partial<Record<keyof Header, unknown>>;
    const writer = parseWriter(value.writer);
    if (writer === undefined || !Array.isArray(value.covers)) return undefined;
    return { format: 1, writer, covers: value.covers.filter((name) => typeof name === "string") };
  } catch {
    return undefined;
  }
}

function judged(journal: Journal, boot: string | undefined): Judged[] {
  const sameBoot = boot !== undefined && journal.header?.writer.boot === boot;
  const flushed = journal.entries.findLastIndex((entry) => entry.op === "flushed");
  return journal.entries.map((entry, index) => ({ entry, flushed: index < flushed, beforeBoot: !sameBoot }));
}

function replay(entries: readonly Judged[]): Map<string, Map<TreePath, Placement>> {
  const owners = new Map<string, Map<TreePath, Placement>>();
  for (const judgedEntry of entries) {
    const { entry } = judgedEntry;
    if (entry.op === "flushed") continue;
    let placements = owners.get(entry.owner);
    if (placements === undefined) {
      placements = new Map();
      owners.set(entry.owner, placements);
    }
    if (entry.op === "gone") placements.delete(entry.path);
    else placements.set(entry.path, follow(placements.get(entry.path), entry, judgedEntry));
  }
  return owners;
}

function follow(
  before: Placement | undefined,
  entry: Extract<Entry, { op: "intent" | "placed" }>,
  { flushed, beforeBoot }: Judged,
): Placement {
  const { path, owner, source, size, origin } = entry;
  if (entry.op === "placed") {
    const doubt = !flushed && beforeBoot ? "unflushed" : entry.racy ? "racy" : undefined;
    return {
      path,
      owner,
      source,
      size,
      origin,
      digests: entry.digests,
      stamp: entry.stamp,
      doubt,
      flushed,
      intents: [],
    };
  }
  const intents = [...(before?.intents ?? []), { digest: entry.digest, size, origin }];
  if (before !== undefined) return { ...before, source, intents };
  return {
    path,
    owner,
    source,
    size: undefined,
    origin,
    digests: [],
    stamp: undefined,
    doubt: undefined,
    flushed,
    intents,
  };
}
