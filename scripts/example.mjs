// Writes docs/examples/balanced-report.html anew: the report of manifests/balanced.yaml, of a Hub on loopback. A test holds it to that.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const vitest = join(project, "node_modules", "vitest", "vitest.mjs");
const env = { ...process.env, EXAMPLE: "write" };
const { status } = spawnSync(process.execPath, [vitest, "run", "test/example.test.ts"], {
  cwd: project,
  env,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
