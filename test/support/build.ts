import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SCRIPT = fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url));

/** Runs the build once before the tests, so that those of the command meet the program as it is shipped. */
export async function setup(): Promise<void> {
  const present = await access(SCRIPT).then(
    () => true,
    () => false,
  );
  if (present) await promisify(execFile)(process.execPath, [SCRIPT]);
}
