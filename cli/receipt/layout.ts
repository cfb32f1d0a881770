import { createHash } from "node:crypto";
import type { DirEntry } from "../disk/port.ts";
import type { Writer } from "../disk/writer.ts";

/** Below `.tritter`. */
export const JOURNALS = "receipt";

export function isJournal({ name, kind }: DirEntry): boolean {
  return kind === "file" && name.endsWith(".ndjson");
}

/** What a writer appends to. */
export function journalName({ id }: Writer): string {
  return `${id}.ndjson`;
}

/** One an owner. */
export function packedName(owner: string): string {
  return `${tagOf(owner)}.packed`;
}

/** One an owner. */
export function providedName(owner: string): string {
  return `${tagOf(owner)}.provided`;
}

function tagOf(owner: string): string {
  return createHash("sha256").update(owner).digest("hex").slice(0, 8);
}
