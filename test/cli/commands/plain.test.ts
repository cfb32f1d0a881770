import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseArgs } from "../../../cli/args.ts";
import { plainLine } from "../../../cli/commands/plain.ts";
import { fakeTerminal } from "../../support/world.ts";

const lines = { stdout: fakeTerminal(), stderr: fakeTerminal(), version: "1.2.3" };

const OFTEN = [
  "sync",
  "sync -q",
  "sync --locked --json",
  "sync --dry-run",
  "sync rust go",
  "check",
  "check --deep --json",
  "check -q rust",
];

const SELDOM = [
  "",
  "sink",
  "list",
  "sync --force",
  "sync -j 4",
  "sync -qv",
  "sync -q -v",
  "sync --json=1",
  "sync --",
  "sync -- -odd",
  "sync help",
  "check --locked",
  "check --no-disk",
  "check --format json",
  "--json sync",
];

describe("plainLine()", () => {
  it.each(OFTEN)("reads what is often typed: %s", (line) => {
    const argv = line.split(" ");
    expect({ kind: "run", ...plainLine(argv) }).toEqual(parseArgs(argv, lines));
  });

  it.each(SELDOM)("leaves to another what is not: %s", (line) => {
    expect(plainLine(line.split(" "))).toBeUndefined();
  });

  it("says of no line what another would not say of it", () => {
    const word = fc.oneof(
      fc.constantFrom("-q", "--quiet", "-v", "--verbose", "--json", "--deep", "--locked", "--dry-run"),
      fc.constantFrom(
        "rust",
        "a.b-c_d",
        "help",
        "--",
        "-x",
        "--jobs",
        "3",
        "-h",
        "--help",
        "-V",
        "--version",
      ),
      fc.constantFrom(
        "sync",
        "check",
        "version",
        "--no-disk",
        "--upstream",
        "--force",
        "-qv",
        "--deep=1",
        "",
      ),
    );
    const command = fc.constantFrom("sync", "check", "lock");
    let read = 0;
    fc.assert(
      fc.property(command, fc.array(word, { maxLength: 4 }), (first, rest) => {
        const plain = plainLine([first, ...rest]);
        if (plain === undefined) return;
        read += 1;
        expect({ kind: "run", ...plain }).toEqual(parseArgs([first, ...rest], lines));
      }),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});
