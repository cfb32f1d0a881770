#!/usr/bin/env node
// Runs the tritter of this checkout, built first where it is not: for those that have a checkout and no package, such as
// the action and the hook of pre-commit.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(project, "dist", "main.js");

if (!existsSync(main)) {
  // Without scripts: the package's own would emit types too, which takes long.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  run(process.execPath, [join(project, "scripts", "build.mjs")]);
}
await import(pathToFileURL(main).href);

/** What it says goes to standard error: standard output is the program's. */
function run(command, args) {
  const shell = process.platform === "win32" && command === "npm";
  const { status, error } = spawnSync(command, args, { cwd: project, shell, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  console.error(
    `cannot build tritter in ${project}: ${command} ${error?.message ?? `ends with status ${status}`}`,
  );
  process.exit(1);
}
