import { basename } from "node:path";
import type { Context } from "../context.ts";
import { onDisk } from "../disk/trouble.ts";

/** Where ssh-keygen puts it. */
export function signatureFileOf(lockFile: string): string {
  return `${lockFile}.sig`;
}

/** Says that a signature which is there is of other bytes, once these are written. Throws DISK_REFUSED. */
export async function tellUnsigned({ disk, emit }: Context, lockFile: string): Promise<void> {
  const file = signatureFileOf(lockFile);
  const isThere = await onDisk(`look at "${file}"`, async () => disk.lstat(file) !== undefined);
  if (!isThere) return;
  const message = `${basename(file)} no longer fits the lock: sign it again with tritter sign`;
  emit({ kind: "note", message });
}
