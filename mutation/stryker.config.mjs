import { chosenPart, part } from "./parts.mjs";

export default {
  mutate: chosenPart().mutate,
  testRunner: "vitest",
  vitest: { configFile: "mutation/vitest.config.mjs" },
  coverageAnalysis: "perTest",
  incremental: true,
  incrementalFile: `mutation/reports/${part}.incremental.json`,
  reporters: ["clear-text", "json", "html", "progress-append-only"],
  jsonReporter: { fileName: `mutation/reports/${part}.json` },
  htmlReporter: { fileName: `mutation/reports/${part}.html` },
  clearTextReporter: { reportTests: false, logTests: false },
  tempDirName: "mutation/sandbox",
  cleanTempDir: "always",
  // Tests of files and threads do not say what each costs, so more at once would end in timeouts.
  concurrency: 1,
  timeoutMS: 10_000,
  ignorePatterns: ["biome.json", "manifests", "mutation/reports", "data"],
  thresholds: { high: 95, low: 85, break: 85 },
};
