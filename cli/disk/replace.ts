import { dirname } from "node:path";
import type { Disk } from "./port.ts";
import { onDisk } from "./trouble.ts";

/** Replaces a document by this text; equal bytes leave the file untouched. Throws DISK_REFUSED, NO_SPACE. */
export function writeDocument(disk: Disk, file: string, text: string): Promise<"written" | "unchanged"> {
  return onDisk(`write "${file}"`, async () => {
    const bytes = Buffer.from(text);
    if ((await disk.read(file))?.equals(bytes)) return "unchanged";
    await replaceFile(disk, file, bytes);
    return "written";
  });
}

/** Writes beside, flushes and renames: the file is the old one or the new one, never half. A symlink stays one: what it points to is replaced. */
export function replaceFile(disk: Disk, file: string, bytes: Uint8Array): Promise<void> {
  return replaceFrom(disk, file, [bytes]);
}

/** The same with what is made while it is written. */
export async function replaceFrom(
  disk: Disk,
  file: string,
  blocks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = disk.lstat(file)?.kind === "symlink" ? await disk.realpath(file) : file;
  const beside = `${target}.new`;
  // Left by a run that was killed.
  if (disk.lstat(beside) !== undefined) await disk.unlink(beside);
  const handle = await disk.open(beside, "wx");
  try {
    try {
      for await (const block of blocks) await handle.append(block);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(beside, target);
  } catch (error) {
    await disk.unlink(beside).catch(() => undefined);
    throw error;
  }
  await disk.syncFolder(dirname(target));
}
