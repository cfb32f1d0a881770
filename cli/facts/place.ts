import { basename, dirname, extname, join } from "node:path";

/** `NAME.lock` → `NAME.facts.json`, beside it. */
export function factsFileOf(lockFile: string): string {
  const name = extname(lockFile) === ".lock" ? basename(lockFile, ".lock") : basename(lockFile);
  return join(dirname(lockFile), `${name}.facts.json`);
}
