import { basename } from "node:path";
import type { Context } from "../context.ts";

/** Where ssh-keygen puts it. */
export function signatureFileOf(lockFile: string): string {
  return `${lockFile}.sig`;
}

/** Says that a signature which is there is of other bytes, once these are written. */
export function tellUnsigned({ disk, emit }: Context, lockFile: string): void {
  const file = signatureFileOf(lockFile);
  if (disk.lstat(file) === undefined) return;
  const message = `${basename(file)} no longer fits the lock: sign it again with tritter sign`;
  emit({ kind: "note", message });
}
