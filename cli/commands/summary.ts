import { resolve } from "node:path";
import type { Disk } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, problemsOf } from "../errors.ts";

/** At the end of the file, which others may write to as well, as to that of a job's summary. What the disk refuses is returned. */
export async function appendSummary(
  name: string,
  text: string,
  { cwd, disk }: { readonly cwd: string; readonly disk: Disk },
): Promise<readonly Problem[]> {
  try {
    await onDisk(`write the summary to "${name}"`, async () => {
      const file = await disk.open(resolve(cwd, name), "a");
      await file.append(Buffer.from(text)).finally(() => file.close());
    });
    return [];
  } catch (error) {
    return problemsOf(error);
  }
}
