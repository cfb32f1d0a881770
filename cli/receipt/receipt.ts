import { join } from "node:path";
import type { Digest, TreePath } from "../../schema/ids.ts";
import { readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { bootOf, parseWriter, type Writer } from "../disk/writer.ts";
import { TritterError } from "../errors.ts";
import { type Entry, parseEntry, type Sequenced } from "./entries.ts";
import { isJournal, JOURNALS } from "./layout.ts";
import type { Intent, Placement } from "./placement.ts";

/** What all journals of a root say together, at one moment. */
export interface Receipt {
  readonly owners: ReadonlyMap<string, ReadonlyMap<TreePath, Placement>>;
  readonly nextSeq: number;
  /** Journals read, for compaction. */
  readonly journals: readonly ReadJournal[];
  /** Lines in all. */
  readonly lines: number;
  /** Lines that could not be read, the torn last ones aside. */
  readonly unreadable: number;
}

export interface ReadJournal {
  /** File name. */
  readonly name: string;
  /** bytes, when it was read */
  readonly size: number;
  readonly writer: Writer | undefined;
}

/** First line of a journal. `covers`: older journals whose every fact stands in this one. */
export interface Header {
  readonly format: 1;
  readonly writer: Writer;
  readonly covers: readonly string[];
}

/** `state` is the folder `<root>/.tritter`; it need not exist. */
export function readReceipt(disk: Disk, state: string): Promise<Receipt> {
  return onDisk("read the receipt", async () => {
    const journals = await readJournals(disk, state);
    const covered = new Set(journals.flatMap((journal) => journal.header?.covers ?? []));
    const live = journals.filter((journal) => !covered.has(journal.name));
    const boot = await bootOf(disk);
    const entries = live
      .flatMap((journal) => judged(journal, boot))
      .sort((a, b) => a.entry.seq - b.entry.seq);
    return {
      owners: replay(entries),
      nextSeq: (entries.at(-1)?.entry.seq ?? 0) + 1,
      journals: journals.map(({ name, size, header }) => ({ name, size, writer: header?.writer })),
      lines: entries.length,
      unreadable: live.reduce((sum, journal) => sum + journal.unreadable, 0),
    };
  });
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
  readonly size: number;
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

/** A sync may put many journals into one while they are read: what was listed and is gone stands in the new one. */
async function readJournals(disk: Disk, state: string): Promise<Journal[]> {
  const folder = join(state, JOURNALS);
  for (let attempt = 0; ; attempt++) {
    const names = (await readOwnFolder(disk, state, folder))
      .filter(isJournal)
      .map((entry) => entry.name)
      .sort();
    const journals: Journal[] = [];
    for (const name of names) {
      const bytes = await disk.read(join(folder, name));
      if (bytes !== undefined) journals.push(parseJournal(name, bytes));
    }
    if (journals.length === names.length || attempt === 4) return journals;
  }
}

function parseJournal(name: string, bytes: Buffer): Journal {
  const lines = bytes.toString("utf8").split("\n");
  // Without its newline the last line is torn: the writer was killed in the middle of it.
  lines.pop();
  const parsed = lines.slice(1).map(parseEntry);
  const entries = parsed.filter((entry) => entry !== undefined);
  const header = parseHeader(name, lines[0] ?? "");
  return { name, size: bytes.length, header, entries, unreadable: parsed.length - entries.length };
}

function parseHeader(name: string, line: string): Header | undefined {
  const value = parseObject(line);
  const writer = parseWriter(value?.writer);
  if (value === undefined || writer === undefined || !Array.isArray(value.covers)) return undefined;
  if (value.format !== 1) throw newer(name, value.format);
  return { format: 1, writer, covers: value.covers.filter((other) => typeof other === "string") };
}

/** To go on would be to take files that a newer version placed for the user's. */
function newer(name: string, format: unknown): TritterError {
  return new TritterError({
    code: "DISK_REFUSED",
    message: `cannot read the receipt: "${name}" is of format ${JSON.stringify(format)}, and this version of tritter knows format 1`,
    hint: "run the version of tritter that synced this root last, or a newer one",
  });
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
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
  const owners = new Map<string, Map<TreePath, Unfolded>>();
  for (const judgedEntry of entries) {
    const { entry } = judgedEntry;
    if (entry.op === "flushed") continue;
    let placements = owners.get(entry.owner);
    if (placements === undefined) {
      placements = new Map();
      owners.set(entry.owner, placements);
    }
    if (entry.op === "gone") placements.delete(entry.path);
    else follow(placements, entry, judgedEntry);
  }
  return new Map([...owners].map(([owner, placements]) => [owner, fold(placements)]));
}

/** A placement while its lines are read. Intents by digest: syncs stopped again and again announce the same bytes. */
interface Unfolded {
  placement: Placement;
  readonly intents: Map<Digest, Intent>;
}

function fold(placements: ReadonlyMap<TreePath, Unfolded>): Map<TreePath, Placement> {
  const folded = new Map<TreePath, Placement>();
  for (const [path, { placement, intents }] of placements)
    folded.set(path, intents.size === 0 ? placement : { ...placement, intents: [...intents.values()] });
  return folded;
}

function follow(
  placements: Map<TreePath, Unfolded>,
  entry: Extract<Entry, { op: "intent" | "placed" }>,
  { flushed, beforeBoot }: Judged,
): void {
  const { path, owner, source, size, origin } = entry;
  const common = { path, owner, source, origin, flushed, intents: [] };
  if (entry.op === "placed") {
    const doubt = !flushed && beforeBoot ? "unflushed" : entry.racy ? "racy" : undefined;
    const { digests, stamp } = entry;
    placements.set(path, { placement: { ...common, size, digests, stamp, doubt }, intents: new Map() });
    return;
  }
  const intent = { digest: entry.digest, size, origin };
  const before = placements.get(path);
  if (before === undefined) {
    const unknown = { size: undefined, digests: [], stamp: undefined, doubt: undefined };
    placements.set(path, {
      placement: { ...common, ...unknown },
      intents: new Map([[entry.digest, intent]]),
    });
    return;
  }
  before.placement = { ...before.placement, source };
  before.intents.set(entry.digest, intent);
}
