import { join } from "node:path";
import { isOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { readFully } from "../disk/read-fully.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { parseRecord } from "./lines.ts";
import type { FlightReading } from "./types.ts";

/** Below `<root>/.tritter`; of the last sync that did something. */
export const RECORD = "last-sync.ndjson";

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
