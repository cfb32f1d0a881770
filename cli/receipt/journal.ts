import { join } from "node:path";
import type { Disk, DiskFile } from "../disk/port.ts";
import type { Writer } from "../disk/writer.ts";
import { type Entry, formatEntry } from "./entries.ts";
import type { Placement } from "./placement.ts";
import { type Header, JOURNALS, type Receipt } from "./receipt.ts";

/** One writer's journal. Made at the first entry, so a sync that changes nothing writes nothing. */
export interface Journal {
  /** Resolves once the entries would survive a power loss. */
  durable(entries: readonly Entry[]): Promise<void>;
  /** Resolves once the entries would survive the death of this process. */
  append(entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
}

export function openJournal(
  disk: Disk,
  state: string,
  { writer, receipt }: { writer: Writer; receipt: Receipt },
): Journal {
  const folder = join(state, JOURNALS);
  let seq = receipt.nextSeq;
  let opened: Promise<DiskFile> | undefined;
  const file = () => {
    opened ??= createJournal(disk, join(folder, `${writer.id}.ndjson`), { format: 1, writer, covers: [] });
    return opened;
  };
  const append = async (entries: readonly Entry[]) => {
    if (entries.length === 0) return;
    const text = entries.map((entry) => formatEntry({ ...entry, seq: seq++ })).join("");
    await (await file()).append(Buffer.from(text));
  };
  return {
    append,
    durable: async (entries) => {
      await append(entries);
      if (entries.length > 0) await (await file()).sync();
    },
    close: async () => {
      await (await opened)?.close();
    },
  };
}

/**
 * Rewrites the journals as one once they have grown well beyond what they say. The new journal names those it
 * covers before any of them is removed, so stopping anywhere leaves the same facts. Only the holder of the root
 * may call this: another writer's journal must not grow meanwhile.
 */
export async function compactReceipt(
  disk: Disk,
  state: string,
  { writer, receipt }: { writer: Writer; receipt: Receipt },
): Promise<boolean> {
  const placements = [...receipt.owners.values()].flatMap((owned) => [...owned.values()]);
  if (!isWorthCompacting(receipt, placements.length)) return false;
  const folder = join(state, JOURNALS);
  const name = `${writer.id}-compacted.ndjson`;
  const beside = join(folder, `${name}.new`);
  const file = await createJournal(disk, beside, { format: 1, writer, covers: receipt.journals });
  try {
    let seq = receipt.nextSeq;
    for (const entry of compactEntries(placements))
      await file.append(Buffer.from(entry.map((one) => formatEntry({ ...one, seq: seq++ })).join("")));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(beside, join(folder, name));
  await disk.syncFolder(folder);
  for (const old of receipt.journals) await disk.unlink(join(folder, old));
  return true;
}

const MANY_JOURNALS = 16;
const FEW_LINES = 2_000;

function isWorthCompacting(receipt: Receipt, placements: number): boolean {
  if (receipt.journals.length > MANY_JOURNALS) return true;
  return receipt.journals.length > 0 && receipt.lines > FEW_LINES && receipt.lines > 2.5 * placements + 10;
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
  const { path, owner, source, origin, digests, size, stamp, doubt } = placement;
  const entries: Entry[] = [];
  if (size !== undefined && stamp !== undefined) {
    // This journal is of this boot, which would make a placement of an earlier one look sure: racy means "hash".
    const racy = doubt !== undefined && { racy: true as const };
    entries.push({ op: "placed", owner, source, path, digests, size, origin, stamp, ...racy });
  }
  for (const intent of placement.intents) entries.push({ op: "intent", owner, source, path, ...intent });
  return entries;
}

async function createJournal(disk: Disk, path: string, header: Header): Promise<DiskFile> {
  await disk.mkdir(join(path, ".."));
  const file = await disk.open(path, "wx");
  try {
    await file.append(Buffer.from(`${JSON.stringify(header)}\n`));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
