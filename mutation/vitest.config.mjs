import { defineConfig } from "vitest/config";
import { chosenPart } from "./parts.mjs";

// Unit tests alone, and no build: tests that need the built workers find those of the last one.
export default defineConfig({
  test: {
    include: chosenPart().tests,
    setupFiles: ["mutation/setup.mjs"],
    pool: "threads",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
