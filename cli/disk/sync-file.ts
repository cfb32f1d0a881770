import type { Disk } from "./port.ts";

/** Makes the bytes of a file durable that was not written, or not flushed, by us. */
export async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "r");
  await file.sync().finally(() => file.close());
}
