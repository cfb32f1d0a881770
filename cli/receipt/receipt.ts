import { join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import { readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { bootOf, parseWriter, type Writer } from "../disk/writer.ts";
import { TritterError } from "../errors.ts";
import { type Cursor, cursorOf, visitInOrder } from "./cursor.ts";
import type { Sequenced } from "./entries.ts";
import { isJournal, JOURNALS, journalName } from "./layout.ts";
import type { Placement } from "./placement.ts";
import { newReplay, type Replay } from "./replay.ts";

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

/** `state` is the folder `<root>/.tritter`; it need not exist. `except`: a writer of whom the journal is left out, and not what it compacted. */
export function readReceipt(disk: Disk, state: string, except?: Writer): Promise<Receipt> {
  return onDisk("read the receipt", async () => {
    const own = except && journalName(except);
    const journals = (await readJournals(disk, state)).filter(({ name }) => name !== own);
    const covered = new Set(journals.flatMap((journal) => journal.header?.covers ?? []));
    const live = journals.filter((journal) => !covered.has(journal.name));
    const boot = await bootOf(disk);
    const open = () => live.map(({ bytes, header }) => cursorOf(bytes, !isOfBoot(header, boot)));
    return {
      ...replayed(open),
      journals: journals.map(({ name, bytes, header }) => ({
        name,
        size: bytes.length,
        writer: header?.writer,
      })),
    };
  });
}

function replayed(open: () => readonly Cursor[]): Omit<Receipt, "journals"> {
  const [replay, last] = [newReplay(), { lines: 0, seq: 0 }];
  const cursors = visitInOrder(open(), (entry, cursor) => {
    last.lines += 1;
    last.seq = Math.max(last.seq, entry.seq);
    replay.follow(entry, cursor);
  });
  const unreadable = cursors.reduce((sum, cursor) => sum + cursor.unreadable, 0);
  const { owners } = cursors.some((cursor) => cursor.disordered) ? replaySorted(open()) : replay;
  return { owners: owners(), nextSeq: last.seq + 1, lines: last.lines, unreadable };
}

/** For journals that somebody edited. */
function replaySorted(cursors: readonly Cursor[]): Replay {
  const all: { entry: Sequenced; flushed: boolean; beforeBoot: boolean }[] = [];
  visitInOrder(cursors, (entry, { flushed, beforeBoot }) => all.push({ entry, flushed, beforeBoot }));
  const replay = newReplay();
  for (const one of all.sort((a, b) => a.entry.seq - b.entry.seq)) replay.follow(one.entry, one);
  return replay;
}

function isOfBoot(header: Header | undefined, boot: string | undefined): boolean {
  return boot !== undefined && header?.writer.boot === boot;
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
  readonly bytes: Buffer;
  readonly header: Header | undefined;
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
      if (bytes !== undefined) journals.push({ name, bytes, header: parseHeader(name, firstLine(bytes)) });
    }
    if (journals.length === names.length || attempt === 4) return journals;
  }
}

/** Without its newline it is torn: the writer was killed in the middle of it. */
function firstLine(bytes: Buffer): string {
  return bytes.toString("utf8", 0, Math.max(0, bytes.indexOf("\n")));
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
