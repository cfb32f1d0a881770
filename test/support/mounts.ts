import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Real file systems that are small or read-only. Needs root on Linux; `unmountAll` belongs into afterEach.

const mounted: string[] = [];

/** Why nothing can be mounted here; undefined: it can. */
export function cannotMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tritter-mount-"));
  try {
    mountTmpfs(folder, "size=4k");
    return undefined;
  } catch (error) {
    return `nothing can be mounted here: ${error}`;
  } finally {
    unmountAll();
    rmdirSync(folder);
  }
}

/** A file system in memory at this folder, with options such as `size=4m,nr_inodes=40`. */
export function mountTmpfs(folder: string, options: string): void {
  mount("-t", "tmpfs", "-o", options, "tmpfs", folder);
}

/** What is in the folder stays there, and cannot be changed by this path. */
export function mountReadOnly(folder: string): void {
  mount("--bind", folder, folder);
  execFileSync("mount", ["-o", "remount,bind,ro", folder]);
}

/** Another folder takes the place of this one. */
export function mountOver(from: string, folder: string): void {
  mount("--bind", from, folder);
}

/** At once, though files of it may be open. */
export function unmount(folder: string): void {
  spawnSync("umount", ["-l", folder]);
}

export function unmountAll(): void {
  for (const folder of mounted.splice(0).reverse()) unmount(folder);
}

function mount(...args: readonly string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] });
  mounted.push(args.at(-1) as string);
}
