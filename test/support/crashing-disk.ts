import type { Disk, DiskFile } from "../../cli/disk/port.ts";

/** What a test of crashes learns of a run. */
export interface CrashingDisk extends Disk {
  /** Changes made so far: writes, renames, new names, removals. */
  changes(): number;
}

export class Crash extends Error {
  override readonly name = "Crash";
}

/** A disk that dies before its nth change: from then on nothing reaches it, as after SIGKILL. */
export function crashingDisk(disk: Disk, dieAt: number): CrashingDisk {
  let changes = 0;
  const step = () => {
    changes += 1;
    if (changes >= dieAt) throw new Crash(`change ${dieAt}`);
  };
  const change =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      step();
      return act(...args);
    };
  const file = (opened: DiskFile): DiskFile => ({
    ...opened,
    writeAt: change(opened.writeAt),
    append: change(opened.append),
    truncate: change(opened.truncate),
  });
  return {
    ...disk,
    changes: () => changes,
    open: async (path, mode) => {
      if (mode === "wx") step();
      return file(await disk.open(path, mode));
    },
    mkdir: change(disk.mkdir),
    rename: change(disk.rename),
    link: change(disk.link),
    reflink: change(disk.reflink),
    unlink: change(disk.unlink),
    rmdir: change(disk.rmdir),
  };
}
