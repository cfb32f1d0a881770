import { dirname, join } from "node:path";
import type { TreePath } from "../../schema/ids.ts";
import { makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { onDisk, passing } from "../disk/trouble.ts";
import { lifeOf, type Writer } from "../disk/writer.ts";
import { systemCode } from "../errors.ts";
import { type Entry, formatEntry } from "./entries.ts";
import { JOURNALS, journalName } from "./layout.ts";
import type { Placement } from "./placement.ts";
import type { Header, ReadJournal, Receipt } from "./receipt.ts";

/** One writer's journal. Made at the first entry, so a sync that changes nothing writes nothing. */
export interface Journal {
  /** Resolves once the entries would survive a power loss. */
  durable(entries: readonly Entry[]): Promise<void>;
  /** Resolves once the entries would survive the death of this process. */
  append(entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
  /** What was appended. */
  written(): Written;
}

export interface Written {
  /** The last entry about each path. */
  readonly last: ReadonlyMap<TreePath, Exclude<Entry, { op: "flushed" }>>;
  /** All of it would survive a power loss. */
  readonly flushed: boolean;
  /** The journal's file name; undefined: nothing was appended. */
  readonly name: string | undefined;
}

export function openJournal(
  disk: Disk,
  state: string,
  { writer, receipt }: { writer: Writer; receipt: Receipt },
): Journal {
  const folder = join(state, JOURNALS);
  let seq = receipt.nextSeq;
  let opened: DiskFile | undefined;
  const name = journalName(writer);
  const last = new Map<TreePath, Exclude<Entry, { op: "flushed" }>>();
  let flushed = true;
  let named = false;
  let torn = false;
  const append = async (entries: readonly Entry[]) => {
    if (entries.length === 0) return;
    opened ??= await createJournal(disk, state, {
      path: join(folder, name),
      header: { format: 1, writer, covers: [] },
    });
    const text = entries.map((entry) => formatEntry(entry, seq++)).join("");
    // What a full disk cut off must not take the next line with it.
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    torn = true;
    await opened.append(bytes);
    torn = false;
    for (const entry of entries) {
      flushed = entry.op === "flushed";
      if (entry.op !== "flushed") last.set(entry.path, entry);
    }
  };
  const flush = async () => {
    await opened?.sync();
    if (named) return;
    for (const above of [folder, dirname(state)]) await disk.syncFolder(above);
    named = true;
  };
  const writing = <T>(work: () => Promise<T>) => onDisk("write the receipt", work);
  return {
    append: (entries) => writing(() => append(entries)),
    durable: (entries) =>
      writing(async () => {
        await append(entries);
        if (entries.length > 0) await flush();
      }),
    close: () => writing(async () => opened?.close()),
    written: () => ({ last, flushed, name: opened === undefined ? undefined : name }),
  };
}

/**
 * Rewrites the journals as one once they have grown well beyond what they say. The new journal names those it
 * covers before any of them is removed, so stopping anywhere leaves the same facts. Not while another writer may
 * still add to one of them. False where it was left for another time, as on a full disk: nothing needs it now.
 */
export async function compactReceipt(
  disk: Disk,
  state: string,
  { writer, receipt, now }: { writer: Writer; receipt: Receipt; now: () => number },
): Promise<boolean> {
  const placements = [...receipt.owners.values()].flatMap((owned) => [...owned.values()]);
  if (!isWorthCompacting(receipt, placements.length)) return false;
  const folder = join(state, JOURNALS);
  const path = join(folder, `${writer.id}-compacted.ndjson`);
  try {
    for (const journal of receipt.journals)
      if (!(await isSettled(disk, folder, { journal, writer, now }))) return false;
    await sweepUnfinished(disk, state, folder);
    await writeCompacted(disk, state, { path, receipt, placements, writer });
    for (const { name } of receipt.journals) await passing(["ENOENT"], () => disk.unlink(join(folder, name)));
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

const MANY_JOURNALS = 16;
const FEW_LINES = 2_000;

function isWorthCompacting(receipt: Receipt, placements: number): boolean {
  if (receipt.journals.length > MANY_JOURNALS) return true;
  return receipt.journals.length > 0 && receipt.lines > FEW_LINES && receipt.lines > 2.5 * placements + 10;
}

/** Of a writer that we cannot look at: as long as any one sync may go without a word in its journal. */
const SILENCE_MS = 24 * 3_600_000;

async function isSettled(
  disk: Disk,
  folder: string,
  { journal, writer, now }: { journal: ReadJournal; writer: Writer; now: () => number },
): Promise<boolean> {
  const life = journal.writer === undefined ? "unknown" : await lifeOf(disk, journal.writer, writer);
  const stat = disk.lstat(join(folder, journal.name));
  if (stat === undefined || stat.size !== journal.size) return false;
  return life === "dead" || (life === "unknown" && now() - Number(stat.mtimeNs / 1_000_000n) > SILENCE_MS);
}

/** What a compaction that was stopped left: no journal yet. */
async function sweepUnfinished(disk: Disk, state: string, folder: string): Promise<void> {
  for (const { name } of await readOwnFolder(disk, state, folder))
    if (name.endsWith(".new")) await passing(["ENOENT"], () => disk.unlink(join(folder, name)));
}

async function writeCompacted(
  disk: Disk,
  state: string,
  {
    path,
    receipt,
    placements,
    writer,
  }: { path: string; receipt: Receipt; placements: readonly Placement[]; writer: Writer },
): Promise<void> {
  const beside = `${path}.new`;
  const covers = receipt.journals.map(({ name }) => name);
  const file = await createJournal(disk, state, { path: beside, header: { format: 1, writer, covers } });
  try {
    let seq = receipt.nextSeq;
    for (const entries of compactEntries(placements))
      await file.append(Buffer.from(entries.map((one) => formatEntry(one, seq++)).join("")));
    await file.sync();
    await disk.rename(beside, path);
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(beside));
    throw error;
  } finally {
    await file.close();
  }
  await disk.syncFolder(dirname(path));
}

/** In groups, so that memory does not grow with the receipt a second time. */
function* compactEntries(placements: readonly Placement[]): Generator<Entry[]> {
  yield* inGroups(placements.filter((placement) => placement.flushed));
  yield [{ op: "flushed" }];
  yield* inGroups(placements.filter((placement) => !placement.flushed));
}

function* inGroups(placements: readonly Placement[]): Generator<Entry[]> {
  for (let index = 0; index < placements.length; index += 1_000) {
    yield placements.slice(index, index + 1_000).flatMap(entriesOf);
  }
}

function entriesOf(placement: Placement): Entry[] {
  const { path, owner, source, origin, digests, size, segments, stamp, doubt } = placement;
  const entries: Entry[] = [];
  if (size !== undefined && stamp !== undefined) {
    // This journal is of this boot, which would make a placement of an earlier one look sure: racy means "hash".
    const racy = doubt !== undefined && { racy: true as const };
    const checked = segments !== undefined && { segments };
    entries.push({ op: "placed", owner, source, path, digests, size, origin, ...checked, stamp, ...racy });
  }
  for (const intent of placement.intents) entries.push({ op: "intent", owner, source, path, ...intent });
  return entries;
}

async function createJournal(
  disk: Disk,
  state: string,
  { path, header }: { path: string; header: Header },
): Promise<DiskFile> {
  await makeOwnFolder(disk, state, dirname(path));
  const file = await disk.open(path, "wx");
  try {
    await file.append(Buffer.from(`${JSON.stringify(header)}\n`));
    return file;
  } catch (error) {
    await file.close();
    await passing(["ENOENT"], () => disk.unlink(path));
    throw error;
  }
}
