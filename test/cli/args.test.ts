import { describe, expect, it } from "vitest";
import { parseArgs } from "../../cli/args.ts";
import { TritterError } from "../../cli/errors.ts";
import { fakeTerminal, runFake } from "../support/world.ts";

const COMMANDS = [
  "init",
  "add",
  "remove",
  "import",
  "lock",
  "update",
  "sync",
  "clean",
  "check",
  "list",
  "outdated",
  "diff",
  "why",
  "completion",
];

function parse(line: string) {
  const stdout = fakeTerminal();
  return parseArgs(line.split(" "), { stdout, stderr: fakeTerminal(), version: "1.2.3" });
}

function mistake(line: string): TritterError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof TritterError) return error;
    throw error;
  }
  throw new Error(`accepted: ${line}`);
}

describe("parseArgs()", () => {
  it("gives command, names and flags", () => {
    expect(parse("sync code web --dry-run -j 4 --manifest a.yaml --offline -q")).toEqual({
      kind: "run",
      command: "sync",
      names: ["code", "web"],
      flags: {
        dryRun: true,
        adopt: true,
        fallback: true,
        jobs: 4,
        manifest: "a.yaml",
        offline: true,
        quiet: true,
      },
    });
  });

  it("leaves out what was not given, so that the environment can decide", () => {
    expect(parse("sync")).toMatchObject({ names: [], flags: {} });
    expect(parse("lock --no-fallback")).toMatchObject({ flags: { fallback: false } });
  });

  it("takes names that look like options after --", () => {
    expect(parse("lock -- -odd")).toMatchObject({ names: ["-odd"] });
  });

  it.each([
    ["synk", 'read command line: unknown command "synk"', "did you mean sync?"],
    ["sync --jsn", 'read command line: unknown option "--jsn"', "did you mean --json?"],
    [
      "why",
      'read command line: missing required argument "path"',
      'see "tritter --help", or "--help" after a command',
    ],
    [
      "sync --jobs 0",
      'read command line: option "-j, --jobs <n>" argument "0" is invalid. It must be a whole number from 1 to 9999',
      'see "tritter --help", or "--help" after a command',
    ],
    [
      "completion tcsh",
      'read command line: command-argument value "tcsh" is invalid for argument "shell". Allowed choices are bash, zsh, fish',
      'see "tritter --help", or "--help" after a command',
    ],
    [
      "list -q -v",
      'read command line: option "-q, --quiet" cannot be used with option "-v, --verbose"',
      'see "tritter --help", or "--help" after a command',
    ],
    [
      "why a b",
      'read command line: too many arguments for "why". Expected 1 argument but got 2',
      'see "tritter --help", or "--help" after a command',
    ],
  ])("refuses %s", (line, message, hint) => {
    expect(mistake(line)).toMatchObject({ code: "USAGE", message, hint });
  });

  it.each(["1.5", "-1", "abc", "1e3", "", "99999"])("refuses --jobs %s", (value) => {
    expect(() =>
      parseArgs(["sync", `--jobs=${value}`], { stdout: fakeTerminal(), stderr: fakeTerminal(), version: "" }),
    ).toThrow(TritterError);
  });
});

describe("run()", () => {
  it("shows the commands in groups and the exit statuses with --help", async () => {
    const { exit, stdout, stderr } = await runFake(["--help"]);
    expect([exit, stderr]).toEqual([0, ""]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    expect(stdout).toContain("Bring the disk in line:");
    expect(stdout).toContain("5  digest or signature mismatch");
    expect(stdout).not.toMatch(/^ {2}complete\b/m);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each(COMMANDS)("explains %s with an example, the same for --help, -h and help", async (command) => {
    const { exit, stdout, stderr } = await runFake([command, "--help"]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: tritter ${command}`);
    expect(stdout).toMatch(/^Examples:\n {2}\S/m);
    expect((await runFake([command, "-h"])).stdout).toBe(stdout);
    expect((await runFake(["help", command])).stdout).toBe(stdout);
  });

  it("prints help on standard error, status 2, where nothing was asked", async () => {
    const { exit, stdout, stderr } = await runFake([]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: tritter");
  });

  it.each([["--version"], ["-V"], ["version"]])("prints the version with %s", async (word) => {
    expect(await runFake([word])).toMatchObject({ exit: 0, stdout: "1.2.3\n", stderr: "" });
  });

  it("reports a usage mistake on standard error", async () => {
    expect(await runFake(["synk"])).toMatchObject({
      exit: 2,
      stdout: "",
      stderr: 'error[USAGE]: read command line: unknown command "synk"\n  hint: did you mean sync?\n',
    });
  });

  it("reports a usage mistake as JSON where JSON was asked for", async () => {
    const { exit, stdout, stderr } = await runFake(["sync", "--json", "--jobs", "x"]);
    expect([exit, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ exit: 2, problems: [{ code: "USAGE" }] });
  });
});
