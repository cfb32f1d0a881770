// Everything that CI runs, in order; goes on after a failure so that one run tells of all. The last line counts.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const report = join(tmpdir(), `tritter-vitest-${process.pid}.json`);
const STEPS = [
  ["build", ["run", "--silent", "build"]],
  ["types", ["run", "--silent", "types"]],
  ["lint", ["run", "--silent", "lint"]],
  ["unused", ["run", "--silent", "unused"]],
  [
    "tests",
    ["run", "--silent", "vitest", "--", "--reporter=default", "--reporter=json", `--outputFile=${report}`],
  ],
];

const failed = STEPS.filter(([name, command]) => !passes(name, command)).map(([name]) => name);
const tests = counted();
const checks = STEPS.length - 1;
const failedChecks = failed.filter((name) => name !== "tests").length;
const passed = tests.passed + checks - failedChecks;
// A test run that broke before it could count is a failure too.
const failures = tests.failed + failedChecks + (failed.includes("tests") && tests.failed === 0 ? 1 : 0);
if (failures > 0) console.log(`failed: ${failed.join(", ")}`);
console.log(`${passed} passed, ${failures} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ""}`);
process.exitCode = failures === 0 ? 0 : 1;

function passes(name, command) {
  console.log(`== ${name}`);
  return (
    spawnSync("npm", command, {
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    }).status === 0
  );
}

function counted() {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  rmSync(report);
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
}
