import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

it("demo syncs, does nothing, finds damage and heals it", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/demo.mjs"], { cwd: PROJECT });
  for (const line of ["synced 6 files", "nothing to do", "DRIFT", "1 fetched", "Done."])
    expect(stdout).toContain(line);
});
