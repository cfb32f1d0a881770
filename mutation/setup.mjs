import fc from "fast-check";
import { beforeEach } from "vitest";
import { part } from "./parts.mjs";

// A mutant that lives runs every test that reaches it, so each gets little time: fewer cases of a property, always the
// same, no search for the smallest one, and none of the tests that measure scale.
fc.configureGlobal({ seed: 1, interruptAfterTimeLimit: 500, endOnFailure: true });

beforeEach(({ task, skip }) => {
  if (task.name.includes("00,000")) skip();
  // A built thread runs without mutants: it would find out none.
  if (part !== "threads" && /in (?:threads|a thread)/.test(task.suite?.name ?? "")) skip();
});
