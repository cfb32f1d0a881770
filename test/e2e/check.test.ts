import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { noXmlParser, readJUnit } from "../support/junit.ts";
import { makeProject, type Project } from "../support/project.ts";
import { readSarif } from "../support/sarif.ts";
import { breakProject, type Fault, syncEverything } from "../support/states.ts";
import { readWorkflowLog } from "../support/workflow-commands.ts";

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  project = await makeProject(hub);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

interface Place {
  readonly file: string;
  readonly line: number;
  readonly source?: string;
}

interface Told {
  readonly code: string;
  readonly source?: string;
  readonly places?: readonly Place[];
}

async function check(...args: string[]): Promise<{ status: number; told: readonly Told[] }> {
  const { status, stdout, stderr } = await project.run("check", "--json", ...args);
  expect(stderr).toBe("");
  return { status, told: JSON.parse(stdout).problems };
}

/** `CODE source:line`, one for each place. */
async function placesOf(told: readonly Told[]): Promise<string[]> {
  const lines: Record<string, string[]> = {
    "tritter.yaml": (await project.read("tritter.yaml")).toString().split("\n"),
    "tritter.lock": (await project.lock()).split("\n"),
  };
  return told.flatMap(({ code, source, places = [] }) =>
    places.map((place) => {
      const name = place.file.slice(project.folder.length + 1);
      return `${code} ${place.source ?? source}: ${lines[name]?.[place.line - 1]?.trim()}`;
    }),
  );
}

const ALL: readonly Fault[] = [
  "drifted",
  "dropped",
  "expected",
  "gated",
  "gone",
  "licensed",
  "outdated",
  "relicensed",
  "stale",
];

/** What is told of all faults: the field of the source that is to be looked at. */
const EXPECTED = [
  'LOCK_STALE dropped: "dropped": {',
  'LOCK_STALE stale: include: ["*.txt"]',
  "EXPECTATION expected: expect: { files: 9 }",
  "LICENSE_REFUSED licensed: licensed:",
  "DRIFT drifted: drifted:",
  "ACCESS_NO_TOKEN gated: gated:",
  "TERMS_CHANGED gated: gated:",
  "PIN_GONE gone: gone:",
  "OUTDATED gone: gone:",
  "OUTDATED outdated: outdated:",
  "TERMS_CHANGED relicensed: relicensed:",
];

describe("check of a project in which everything is wrong at once", () => {
  beforeEach(async () => {
    await syncEverything(hub, project);
    expect(await check("--upstream", "--deep")).toEqual({ status: 0, told: [] });
    await breakProject(hub, project, ALL);
  });

  it("tells of everything, each where it stands, and writes nothing", async () => {
    const before = await project.tree();
    const lock = await project.lock();
    const { status, told } = await check("--upstream");
    expect(status).toBe(9);
    expect(await placesOf(told)).toEqual(EXPECTED);
    expect(await project.tree()).toEqual(before);
    expect(await project.lock()).toBe(lock);
  });

  it("ends with the first status of the documented order that is left", async () => {
    const left = [...ALL];
    const statuses: [number, Fault[]][] = [
      [9, ["licensed", "expected", "relicensed"]],
      [6, ["gated"]],
      [11, ["gone"]],
      [4, ["drifted"]],
      [3, ["stale", "dropped"]],
      [10, ["outdated"]],
    ];
    for (const [expected, mended] of statuses) {
      expect((await check("--upstream")).status).toBe(expected);
      for (const fault of mended) left.splice(left.indexOf(fault), 1);
      if (mended.includes("drifted")) await project.write("data/drifted/a.txt", "drifted\n");
      if (mended.includes("relicensed")) hub.repo("o/relicensed").update({ license: "mit" });
      // As if it had been gated when it was locked: then it lacks access and nothing else.
      if (mended.includes("relicensed")) await inLock(OPEN, GATED);
      if (mended.includes("gated")) hub.repo("o/gated").update({ gated: false });
      if (mended.includes("gated")) await inLock(GATED, OPEN);
      if (mended.includes("gone")) await project.run("update", "gone");
      if (mended.includes("gone")) await project.run("sync", "gone");
      await project.manifest(await withFaults(left));
    }
    await project.run("update", "outdated");
    await project.run("sync", "--prune");
    expect(await check("--upstream")).toEqual({ status: 0, told: [] });
  });

  const OPEN = '"path": "gated", "license": "mit"';
  const GATED = `${OPEN}, "gated": "auto"`;
  const inLock = async (old: string, text: string) =>
    project.write("tritter.lock", (await project.lock()).replace(old, text));

  /** The manifest alone: what is wrong upstream and on disk stays as it is. */
  async function withFaults(faults: readonly Fault[]): Promise<string> {
    const only = faults.filter((fault) => ["licensed", "expected", "stale", "dropped"].includes(fault));
    const probe = await makeProject(hub);
    await breakProject(hub, probe, only);
    const text = (await probe.read("tritter.yaml")).toString();
    await probe.remove();
    return text.slice(text.indexOf("\n", text.indexOf("endpoint:")) + 1).trimEnd();
  }

  it("--format github: an annotation each, the worst first", async () => {
    const { status, stdout, stderr } = await project.run("check", "--upstream", "--format", "github");
    expect([status, stderr]).toEqual([9, ""]);
    const { commands, plain } = readWorkflowLog(stdout);
    expect(plain).toEqual(["tritter check: 11 errors, exit status 9"]);
    expect(commands.map(({ name }) => name)).toEqual(EXPECTED.map(() => "error"));
    expect(commands.map(({ properties }) => properties.title)).toEqual([
      "EXPECTATION",
      "LICENSE_REFUSED",
      "TERMS_CHANGED",
      "TERMS_CHANGED",
      "ACCESS_NO_TOKEN",
      "PIN_GONE",
      "DRIFT",
      "LOCK_STALE",
      "LOCK_STALE",
      "OUTDATED",
      "OUTDATED",
    ]);
    for (const { properties } of commands) {
      expect(properties.file).toMatch(/^tritter\.(?:yaml|lock)$/);
      expect(Number(properties.line)).toBeGreaterThan(1);
      expect(Number(properties.col)).toBeGreaterThan(0);
    }
    const drift = commands.find(({ properties }) => properties.title === "DRIFT");
    expect(drift?.data.split("\n")).toEqual([
      'the disk is not what the lock says: source "drifted": 1 file modified',
      "  ~ drifted/a.txt  8 B  modified, what is there goes to the trash",
      "hint: run tritter sync",
    ]);
  });

  it("names files from the top of the checkout, where CI says where that is", async () => {
    for (const [env, file] of [
      [{ GITHUB_WORKSPACE: join(project.folder, "..") }, `${project.folder.split("/").at(-1)}/tritter.yaml`],
      [{ CI_PROJECT_DIR: project.folder }, "tritter.yaml"],
      [{ GITHUB_WORKSPACE: "/elsewhere" }, "tritter.yaml"],
    ] as const) {
      const { stdout } = await project.runWith(env, "check", "--format=github", "drifted");
      expect(readWorkflowLog(stdout).commands[0]?.properties.file).toBe(file);
    }
  });

  it("--format sarif: a result each, of rules that say what to do", async () => {
    const { status, stdout, stderr } = await project.run("check", "--upstream", "--format", "sarif");
    expect(status).toBe(9);
    expect(stderr).toContain("error[PIN_GONE]");
    const run = readSarif(stdout);
    expect(run.results).toHaveLength(EXPECTED.length);
    expect(run.invocations[0]).toMatchObject({ executionSuccessful: true, exitCode: 9 });
    const byKey = new Map(run.results.map((one) => [one.partialFingerprints["tritter/v1"], one]));
    expect([...byKey.keys()]).toContain("DRIFT:drifted");
    expect(byKey.get("LOCK_STALE:dropped")?.locations[0].physicalLocation.artifactLocation.uri).toBe(
      "tritter.lock",
    );
    await project.write("data/drifted/a.txt", "once more\n");
    const again = readSarif((await project.run("check", "--upstream", "--format", "sarif")).stdout);
    expect(again.results.map((one) => one.partialFingerprints)).toEqual(
      run.results.map((one) => one.partialFingerprints),
    );
  });

  it.skipIf(noXmlParser !== undefined)("--format junit: a suite a source, a case a question", async () => {
    const { status, stdout, stderr } = await project.run("check", "--upstream", "--format", "junit");
    expect(status).toBe(9);
    expect(stderr).toContain("error[PIN_GONE]");
    const cases = await readJUnit(stdout);
    expect(cases).toHaveLength(1 + 4 * (ALL.length + 1));
    const broken = cases.filter(({ outcome }) => outcome !== "passed");
    expect(broken.map(({ suite, outcome, type }) => `${suite} ${outcome} ${type}`)).toEqual([
      "drifted failure DRIFT",
      "dropped failure LOCK_STALE",
      "expected failure EXPECTATION",
      "gated error TERMS_CHANGED",
      "gone failure PIN_GONE",
      "licensed failure LICENSE_REFUSED",
      "outdated failure OUTDATED",
      "relicensed failure TERMS_CHANGED",
      "stale failure LOCK_STALE",
    ]);
    const gone = broken.find(({ suite }) => suite === "gone");
    expect(gone?.message).toMatch(/ is gone upstream \(and 1 more\)$/);
    expect(gone?.text).toContain("OUTDATED: ");
  });

  it.skipIf(noXmlParser !== undefined)("--format junit: what was not asked is skipped", async () => {
    const { stdout } = await project.run("check", "--no-disk", "--format", "junit", "fine", "stale");
    const cases = await readJUnit(stdout);
    expect(cases.map(({ suite, outcome, message }) => [suite, outcome, message])).toEqual([
      ["project", "passed", undefined],
      ["fine", "passed", undefined],
      ["fine", "passed", undefined],
      ["fine", "skipped", "not asked"],
      ["fine", "skipped", "not asked"],
      ["stale", "failure", expect.stringContaining("selects other files")],
      ["stale", "passed", undefined],
      ["stale", "skipped", "not asked"],
      ["stale", "skipped", "not asked"],
    ]);
  });

  it("--format markdown: a row for each source with something wrong, the rest folded", async () => {
    const { status, stdout } = await project.run("check", "--upstream", "--format", "markdown");
    expect(status).toBe(9);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("### tritter check: 11 errors, exit status 9");
    expect(lines).toContain("| source | lock | policy | disk | upstream |");
    expect(lines).toContain("| gone | ok | ok | ok | `PIN_GONE`, `OUTDATED` |");
    expect(lines).not.toContain("| fine | ok | ok | ok | ok |");
    await project.manifest("sources:\n  new: { repo: o/new }\n  fine: { repo: o/fine }");
    const fresh = await project.run("check", "--no-disk", "--format", "markdown", "new", "fine");
    expect(fresh.stdout).toContain("| new | `LOCK_STALE` | ? |\n");
    expect(stdout.match(/^- `[A-Z_]+` /gm)).toHaveLength(EXPECTED.length);
  });

  it("--summary appends the same to a file, whatever the format", async () => {
    await project.write("summary.md", "before\n");
    const told = await project.run("check", "--upstream", "--format", "github", "--summary", "summary.md");
    expect(told.status).toBe(9);
    const { stdout } = await project.run("check", "--upstream", "--format", "markdown");
    const plain = (text: string) => text.replace(/request id: .*/g, "");
    expect(plain((await project.read("summary.md")).toString())).toBe(plain(`before\n${stdout}`));
    const refused = await project.run("check", "--no-disk", "fine", "--summary", "no/such/folder.md");
    expect(refused).toMatchObject({ status: 12, stderr: expect.stringContaining("error[DISK_REFUSED]") });
  });
});

describe("check where one answer is not to be had", () => {
  beforeEach(async () => {
    await syncEverything(hub, project);
  });

  it("asks the Hub though the disk cannot be looked at", async () => {
    await breakProject(hub, project, ["outdated", "stale"]);
    await rm(project.root, { recursive: true });
    await project.write("data", "a file");
    const { status, told } = await check("--upstream");
    expect(status).toBe(12);
    expect(told.map(({ code }) => code)).toEqual(["LOCK_STALE", "DISK_REFUSED", "OUTDATED"]);
    const { stdout } = await project.run("check", "--upstream", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ plan: null });
  });

  it("says once that there is no Hub to ask, and what the disk holds all the same", async () => {
    await breakProject(hub, project, ["drifted"]);
    const { status, told } = await check("--upstream", "--endpoint", "ftp://example.org");
    expect(status).toBe(2);
    expect(told.map(({ code }) => code)).toEqual(["DRIFT", "USAGE"]);
  });

  it("lets the trouble of one source hide no other's", async () => {
    await breakProject(hub, project, ["outdated", "gone"]);
    hub.repo("o/fine").remove();
    hub.repo("o/stale").update({ disabled: true });
    hub.faults.add({ match: /datasets\/o\/licensed\//, fault: { kind: "status", status: 400 }, times: 9 });
    const { status, told } = await check("--upstream");
    expect(status).toBe(6);
    expect(told.map(({ code, source }) => `${source} ${code}`)).toEqual([
      "fine PIN_GONE",
      "gone PIN_GONE",
      "gone OUTDATED",
      "licensed HUB",
      "outdated OUTDATED",
      "stale ACCESS_DISABLED",
    ]);
  });

  it("tells the mistakes of both documents", async () => {
    await project.manifest("sources:\n  code: { repo: o/code, typ: model }");
    await project.write("tritter.lock", (await project.lock()).replace('"version": 1', '"version": 2'));
    const { status, told } = await check();
    expect([status, told.map(({ code }) => code)]).toEqual([2, ["MANIFEST_INVALID", "LOCK_VERSION"]]);
  });
});

describe("check --no-disk", () => {
  it("judges lock and policy where there is no data, without a socket or a root", async () => {
    await syncEverything(hub, project);
    await rm(project.root, { recursive: true });
    await symlink("/nowhere/at/all", project.root);
    hub.clearLog();
    const good = await project.run("check", "--no-disk");
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(good.stdout).toMatch(/^lock fits the manifest: 10 files, \d+ B, the disk left out, in [\d.]+s\n$/);
    await breakProject(hub, project, ["licensed", "stale"]);
    const { status, told } = await check("--no-disk");
    expect([status, told.map(({ code }) => code)]).toEqual([9, ["LOCK_STALE", "LICENSE_REFUSED"]]);
    expect(hub.log).toEqual([]);
  });

  it("asks the Hub too", async () => {
    await syncEverything(hub, project);
    await rm(project.root, { recursive: true });
    expect((await project.run("check", "--no-disk", "--upstream")).stdout).toContain(
      "lock fits the manifest and the Hub: ",
    );
    await breakProject(hub, project, ["outdated"]);
    expect(await check("--no-disk", "--upstream")).toMatchObject({
      status: 10,
      told: [{ code: "OUTDATED" }],
    });
  });

  it("says that there is no lock, and refuses to read what it leaves out", async () => {
    await project.manifest("sources:\n  code: { repo: o/code }");
    expect(await check("--no-disk", "--upstream")).toMatchObject({
      status: 3,
      told: [{ code: "LOCK_MISSING", places: [{ line: 5 }] }],
    });
    expect(await check("--no-disk", "--deep")).toMatchObject({ status: 2, told: [{ code: "USAGE" }] });
  });
});

describe("a check that cannot begin", () => {
  const cases: [string, number, string[], () => Promise<void>][] = [
    ["MANIFEST_MISSING", 2, [], async () => {}],
    ["MANIFEST_INVALID", 2, [], () => project.manifest("sources: { a: { repo: 1 }, b: {} }")],
    ["USAGE", 2, ["--bogus"], async () => {}],
    [
      "LOCK_INVALID",
      2,
      [],
      async () => {
        await project.manifest("sources: { a: { repo: o/a } }");
        await project.write("tritter.lock", "{}");
      },
    ],
  ];

  it.each(cases)("says %s in every format", async (code, status, args, prepare) => {
    await prepare();
    const told = async (format: string) => {
      const ran = await project.run("check", "--format", format, ...args);
      expect(ran.status).toBe(status);
      return ran;
    };
    const { commands } = readWorkflowLog((await told("github")).stdout);
    expect(new Set(commands.map(({ properties }) => properties.title))).toEqual(new Set([code]));
    const sarif = await told("sarif");
    expect(readSarif(sarif.stdout)).toMatchObject({
      results: commands.map(() => ({ ruleId: code })),
      invocations: [{ executionSuccessful: false, exitCode: status }],
    });
    expect(sarif.stderr).toContain(`error[${code}]`);
    expect((await told("markdown")).stdout).toContain(`- \`${code}\``);
    expect(JSON.parse((await told("json")).stdout).problems).toMatchObject([{ code }]);
    if (noXmlParser !== undefined) return;
    expect(await readJUnit((await told("junit")).stdout)).toMatchObject([
      { suite: "project", outcome: "error", type: code },
    ]);
  });
});
