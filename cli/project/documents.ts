import { basename, dirname, extname, join, resolve } from "node:path";
import type { Context } from "../context.ts";
import type { ProjectOptions } from "./load.ts";

/** Absolute paths of the two. */
export interface Documents {
  readonly manifestFile: string;
  readonly lockFile: string;
}

export function documentsOf(
  { cwd }: Context,
  { manifest, lock }: Pick<ProjectOptions, "manifest" | "lock">,
): Documents {
  const manifestFile = resolve(cwd, manifest ?? "tritter.yaml");
  return { manifestFile, lockFile: lock === undefined ? lockFileOf(manifestFile) : resolve(cwd, lock) };
}

/** `NAME.yaml` → `NAME.lock`, beside it. */
export function lockFileOf(manifestFile: string): string {
  return join(dirname(manifestFile), `${basename(manifestFile, extname(manifestFile))}.lock`);
}
