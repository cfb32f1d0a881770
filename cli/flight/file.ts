import { join } from "node:path";
import { isOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { readFully } from "../disk/read-fully.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { type Line, linesText, parseRecord } from "./lines.ts";
import { RECORD } from "./place.ts";
import type { FlightReading } from "./types.ts";

/** bytes; what is written is at most a quarter of it */
const LARGEST = 4 * 1024 * 1024;

/**
 * The record of the last sync of a root that did something. Anyone may have written what is there, so all of it is looked at before it
 * is believed, and no link is followed below the root. Throws nothing but bugs.
 */
export async function readFlight(disk: Disk, root: string): Promise<FlightReading> {
  const state = join(root, ".tritter");
  const file = join(state, RECORD);
  try {
    isOwnFolder(disk, state, state);
    const stat = disk.lstat(file);
    if (stat === undefined) return { kind: "none" };
    if (stat.kind !== "file") return { kind: "unreadable", why: `it is a ${stat.kind}` };
    if (stat.size > LARGEST) return { kind: "unreadable", why: `it has ${stat.size} bytes` };
    const record = parseRecord(file, await textOf(disk, file, stat.size));
    return "why" in record ? { kind: "unreadable", why: record.why } : { kind: "read", record };
  } catch (error) {
    if (!(error instanceof TritterError) && systemCode(error) === undefined) throw error;
    return { kind: "unreadable", why: diskProblem(`read "${file}"`, error).message };
  }
}

/**
 * Writes beside and renames: of two syncs at once, each leaves its own whole, and the later one stays. Nothing rests on the record, so it is
 * not flushed: after a power loss there may be none to read. Throws the system's errors, and DISK_REFUSED where `state` is no folder any more.
 */
export async function writeFlight(
  disk: Disk,
  state: string,
  { id, lines }: { id: string; lines: readonly Line[] },
): Promise<string> {
  const file = join(state, RECORD);
  const beside = `${file}.${id}.new`;
  isOwnFolder(disk, state, state);
  const handle = await disk.open(beside, "wx");
  try {
    await handle.append(Buffer.from(linesText(lines))).finally(() => handle.close());
    // In one turn: whatever becomes of the folder later, this went where it was looked.
    isOwnFolder(disk, state, state);
    disk.renameNow(beside, file);
    return file;
  } catch (error) {
    await disk.unlink(beside).catch(() => undefined);
    throw error;
  }
}

/** What syncs left that were killed while they wrote. One that is just writing does without its record. */
export async function sweepFlights(disk: Disk, state: string): Promise<void> {
  for (const { name, kind } of await readOwnFolder(disk, state, state))
    if (kind === "file" && name.startsWith(`${RECORD}.`) && name.endsWith(".new"))
      await passing(["ENOENT"], () => disk.unlink(join(state, name)));
}

/** By a handle, which is no link's. */
async function textOf(disk: Disk, path: string, size: number): Promise<string> {
  const file = await disk.open(path, "r");
  try {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, await readFully(file, bytes, 0)).toString("utf8");
  } finally {
    await file.close();
  }
}
