import { parseEntry, type Sequenced } from "./entries.ts";

/** A journal's entries one after the other: all of them at once take several times the room of its bytes. */
export interface Cursor {
  /** The entry it stands at; undefined behind the last. */
  readonly entry: Sequenced | undefined;
  /** A later line says that this entry would survive a power loss. */
  readonly flushed: boolean;
  /** Written before a boot, so a power loss may have struck since. */
  readonly beforeBoot: boolean;
  /** Complete lines so far that could not be read. */
  readonly unreadable: number;
  /** Some line has a lower number than the one before it, which no writer writes. */
  readonly disordered: boolean;
  next(): void;
}

/** `bytes` begin with the header's line, and what follows the last newline is torn: its writer was killed. */
export function cursorOf(bytes: Buffer, beforeBoot: boolean): Cursor {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  let at = bytes.indexOf(NEWLINE) + 1;
  const flushes = lastFlush(bytes, at);
  const cursor = {
    entry: undefined as Sequenced | undefined,
    flushed: false,
    beforeBoot,
    unreadable: 0,
    disordered: false,
    next: () => {
      const before = cursor.entry?.seq ?? 0;
      cursor.entry = undefined;
      while (at < end && cursor.entry === undefined) {
        const from = at;
        at = bytes.indexOf(NEWLINE, from) + 1;
        cursor.entry = parseEntry(bytes.toString("utf8", from, at - 1));
        cursor.flushed = from < flushes;
        if (cursor.entry === undefined) cursor.unreadable += 1;
        else cursor.disordered ||= cursor.entry.seq < before;
      }
    },
  };
  cursor.next();
  return cursor;
}

const NEWLINE = 0x0a;
const FLUSHED = '\n{"op":"flushed"';

/** Where the last line begins that says so; 0 where none does. */
function lastFlush(bytes: Buffer, start: number): number {
  for (
    let at = bytes.lastIndexOf(FLUSHED);
    at >= start - 1 && at >= 0;
    at = bytes.lastIndexOf(FLUSHED, at - 1)
  ) {
    const end = bytes.indexOf(NEWLINE, at + 1);
    if (end >= 0 && parseEntry(bytes.toString("utf8", at + 1, end)) !== undefined) return at + 1;
    if (at === 0) break;
  }
  return 0;
}

type Visit = (entry: Sequenced, cursor: Cursor) => void;

/** Entries of all journals as they were written: by their number, and of equal ones in the order of the journals. */
export function visitInOrder(cursors: readonly Cursor[], visit: Visit): readonly Cursor[] {
  for (let next = lowest(cursors); next !== undefined; next = lowest(cursors)) {
    // Journals seldom take turns line by line.
    const limit = lowest(cursors.filter((cursor) => cursor !== next))?.entry?.seq ?? Number.POSITIVE_INFINITY;
    do {
      visit(next.entry as Sequenced, next);
      next.next();
    } while (next.entry !== undefined && next.entry.seq < limit);
  }
  return cursors;
}

function lowest(cursors: readonly Cursor[]): Cursor | undefined {
  let found: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.entry !== undefined && (found?.entry === undefined || cursor.entry.seq < found.entry.seq))
      found = cursor;
  }
  return found;
}
