// The kill test for as long as one likes: `npm run kill -- --kills 2000 --seed 7`. The same seed makes the same worlds
// and aims at the same moments; what a process has done by then is for the machine to say.

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "2000" }, seed: { type: "string" } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d+$/.test(value)) continue;
  console.error(`kill: --${name} should be a whole number, not "${value}"`);
  process.exit(2);
}
const env = { ...process.env, TRITTER_KILLS: values.kills };
if (values.seed !== undefined) env.TRITTER_SEED = values.seed;
const { status } = spawnSync("npx", ["vitest", "run", "test/e2e/kill.test.ts"], { env, stdio: "inherit" });
process.exitCode = status ?? 1;
