// How much the unit tests notice: `npm run mutation -- plan lock` changes the code of these parts in every small way and
// runs the tests that reach it; without a part, all of them. Options go on to Stryker: `-- plan --mutate cli/plan.ts:40-60`.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PARTS } from "../mutation/parts.mjs";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const home = join(project, "mutation");

const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const named = firstOption < 0 ? args : args.slice(0, firstOption);
const options = args.slice(named.length);

for (const part of named) {
  if (Object.hasOwn(PARTS, part)) continue;
  console.error(`mutation: no part "${part}": there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

if (!existsSync(join(home, "node_modules"))) run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: home });
run(process.execPath, [join(project, "scripts", "build.mjs")], {});
const stryker = join(home, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
const below = [];
for (const part of named.length > 0 ? named : Object.keys(PARTS)) {
  // The draws at random are the same for every mutant.
  const env = { TRITTER_SEED: "1", ...process.env, TRITTER_MUTATION_PART: part };
  const { status } = spawnSync(
    process.execPath,
    [stryker, "run", "mutation/stryker.config.mjs", ...options],
    {
      cwd: project,
      env,
      stdio: "inherit",
    },
  );
  if (status !== 0) below.push(part);
}
if (below.length > 0) {
  console.error(
    `mutation: ${below.join(", ")}: fewer found out than should be, or a test fails without any mutant`,
  );
  process.exitCode = 1;
}

function run(command, words, { cwd = project }) {
  const { status, error } = spawnSync(command, words, { cwd, stdio: "inherit" });
  if (status === 0) return;
  console.error(`mutation: cannot prepare: ${command} ${error?.message ?? `ends with status ${status}`}`);
  process.exit(1);
}
