import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import type { Disk } from "./port.ts";

/** What the file system of a folder can do, found out by trying. */
export interface Abilities {
  readonly reflink: boolean;
  readonly hardLink: boolean;
  readonly symlink: boolean;
  /** `A` and `a` are one file. */
  readonly foldsCase: boolean;
  /** What becomes of the two ways to write é: two files; one, as it was written; one, written another way. */
  readonly unicode: "kept" | "folded" | "changed";
}

/** Of the folder a probe works in: what a killed one leaves is told by it, and by nothing else. */
export const PROBE = "probe-";

/** Works in a folder of its own in `folder`, which it removes again. Throws the system's error where it cannot be made. */
export async function abilitiesOf(disk: Disk, folder: string, prefix: string): Promise<Abilities> {
  const place = join(folder, `${prefix}${randomBytes(6).toString("hex")}`);
  await disk.mkdir(place);
  try {
    return await tryAll(disk, place);
  } finally {
    await removeProbe(disk, place);
  }
}

/** Removes what a probe made: links and files in one folder. */
export async function removeProbe(disk: Disk, place: string): Promise<void> {
  for (const { name } of (await disk.readdir(place)) ?? []) await disk.unlink(join(place, name));
  await disk.rmdir(place);
}

async function tryAll(disk: Disk, place: string): Promise<Abilities> {
  const at = (name: string) => join(place, name);
  const file = await disk.open(at("a"), "wx");
  // A whole block, since some file systems share nothing smaller.
  await file.append(new Uint8Array(4096)).finally(() => file.close());
  const composed = await disk.open(at(COMPOSED), "wx");
  await composed.close();
  const names = ((await disk.readdir(place)) ?? []).map(({ name }) => name);
  return {
    foldsCase: disk.lstat(at("A")) !== undefined,
    unicode: !names.includes(COMPOSED)
      ? "changed"
      : disk.lstat(at(DECOMPOSED)) === undefined
        ? "kept"
        : "folded",
    reflink: await works(async () => disk.reflink(at("a"), at("reflink"))),
    hardLink: await works(async () => {
      await disk.link(at("a"), at("link"));
      return disk.lstat(at("link"))?.inode === disk.lstat(at("a"))?.inode;
    }),
    symlink: await works(async () => {
      await disk.makeSymlink("a", at("symlink"));
      return disk.lstat(at("symlink"))?.kind === "symlink";
    }),
  };
}

const COMPOSED = "\u00e9";
const DECOMPOSED = "e\u0301";

async function works(attempt: () => Promise<boolean>): Promise<boolean> {
  try {
    return await attempt();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** `path`, or the nearest folder above it that exists. */
export async function nearestFolder(disk: Disk, path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if (disk.lstat(at) !== undefined) {
      const real = await disk.realpath(at);
      return disk.lstat(real)?.kind === "folder" ? real : dirname(real);
    }
    if (dirname(at) === at) return at;
  }
}
