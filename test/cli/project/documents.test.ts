import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../cli/context.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { problemsOf } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { diffProject } from "../../../cli/project/diff.ts";
import { lockFileOf } from "../../../cli/project/documents.ts";
import { loadProject } from "../../../cli/project/load.ts";
import { lockProject, updateProject } from "../../../cli/project/lock.ts";
import { staleInScope, staleLine, staleProblem } from "../../../cli/project/locking.ts";
import { whyProject } from "../../../cli/project/why.ts";
import { type LoopbackHub, startHub } from "../../support/hub/index.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";
import { fakeClock } from "../../support/world.ts";

let hub: LoopbackHub;
let folder: TemporaryFolder;
let events: TritterEvent[];
let context: Context;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/code").commit({ "rust/a.txt": "a\n", "go/g.txt": "g\n" });
  hub.repo("o/docs").commit({ "x.md": "x\n" });
  folder = await temporaryFolder();
  events = [];
  context = {
    env: { HF_ENDPOINT: hub.url, HOME: folder.path },
    cwd: folder.path,
    signal: new AbortController().signal,
    clock: fakeClock(),
    disk: nodeDisk(),
    emit: (event) => events.push(event),
    version: "1.2.3",
    pid: 1,
  };
  await manifest("code: { repo: o/code }", "docs: { repo: o/docs }");
});

afterEach(async () => {
  await hub.close();
  await folder.remove();
});

const write = (name: string, text: string) => writeFile(join(folder.path, name), text);
const manifest = (...sources: string[]) =>
  write(
    "tritter.yaml",
    ["version: 1", "name: test", "sources:", ...sources.map((line) => `  ${line}`), ""].join("\n"),
  );
const lockBytes = () => readFile(join(folder.path, "tritter.lock"), "utf8");
const lock = (...names: string[]) => lockProject(context, { names, fallback: true });

describe("lockFileOf()", () => {
  it.each([
    ["/p/tritter.yaml", "/p/tritter.lock"],
    ["/p/code.yml", "/p/code.lock"],
    ["/p/code.v1.yaml", "/p/code.v1.lock"],
    ["/p/code", "/p/code.lock"],
    ["/p.d/code", "/p.d/code.lock"],
  ])("of %s is %s", (file, expected) => {
    expect(lockFileOf(file)).toBe(expected);
  });
});

describe("loadProject()", () => {
  const load = (options: object = {}) => loadProject(context, { names: [], ...options });

  it("finds both documents where the command line says", async () => {
    await lock();
    await write("other.lock", (await lockBytes()).replace('"version": 1,', '"version": 1,\n"later": 1,'));
    const project = await load({ lock: "other.lock", names: ["docs"], endpoint: "hub", offline: true });
    expect(project).toMatchObject({
      lockFile: join(folder.path, "other.lock"),
      scope: new Set(["docs"]),
      endpoint: join(folder.path, "hub"),
      offline: true,
    });
    expect(project.lock?.extra).toEqual({ later: 1 });
    expect(events.filter(({ kind }) => kind === "warning")).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ["a manifest that is missing", { manifest: "none.yaml" }, "MANIFEST_MISSING"],
    ["a source that is none", { names: ["doc"] }, "USAGE"],
    ["one file for both documents", { lock: "tritter.yaml" }, "USAGE"],
    ["a manifest that is named as its lock would be", { manifest: "m.lock" }, "USAGE"],
  ])("refuses %s", async (_, options, code) => {
    await write("m.lock", "version: 1\nsources: {}\n");
    await expect(load(options)).rejects.toMatchObject({ code });
  });

  it("tells every mistake of the manifest in one error", async () => {
    await manifest("code: { repo: o/code, typ: model }", "docs: { repo: 1 }");
    await expect(load()).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: 'cannot use "tritter.yaml": it has 2 mistakes',
      details: expect.arrayContaining([expect.stringContaining("tritter.yaml:4:25: error: unknown key")]),
    });
  });
});

describe("lockProject()", () => {
  it("writes what it resolved, and the same bytes again without asking", async () => {
    expect((await lock()).locked.wrote).toBe(true);
    const first = await lockBytes();
    hub.clearLog();
    expect((await lock()).locked.wrote).toBe(false);
    expect(await lockBytes()).toBe(first);
    expect(hub.log).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["cannot be had", ["code: { repo: o/code, include: [rust/] }", "docs: { repo: o/none }"]],
    [
      "selects nothing",
      ["code: { repo: o/code, include: [rust/] }", "docs: { repo: o/docs, include: [none] }"],
    ],
    [
      "breaks an expectation",
      ["code: { repo: o/code, include: [rust/] }", "docs: { repo: o/docs, expect: { files: 9 } }"],
    ],
    ["collides", ["code: { repo: o/code, include: [rust/], path: p }", "docs: { repo: o/code, path: p }"]],
  ])("leaves the lock as it was where one source %s", async (_, sources) => {
    await lock();
    const before = await lockBytes();
    await manifest(...sources);
    const problems = await lock().then(({ locked }) => locked.problems, problemsOf);
    expect(problems).not.toEqual([]);
    expect(await lockBytes()).toBe(before);
  });
});

describe("updateProject()", () => {
  it("moves what it names, and in a dry run writes nothing", async () => {
    await lock();
    const before = await lockBytes();
    hub.repo("o/code").commit({ "rust/a.txt": "b\n" });
    hub.repo("o/docs").commit({ "x.md": "y\n" });
    const tried = await updateProject(context, { names: ["code"], dryRun: true, allowFallback: false });
    expect(tried.locked).toMatchObject({
      wrote: false,
      resolution: { changes: [{ kind: "moved", source: "code" }] },
    });
    expect(await lockBytes()).toBe(before);
    const done = await updateProject(context, { names: ["code"], dryRun: false, allowFallback: false });
    expect(done.locked).toMatchObject({
      wrote: true,
      resolution: { changes: [{ kind: "moved", source: "code" }] },
    });
    const all = await updateProject(context, { names: [], dryRun: false, allowFallback: false });
    expect(all.locked.resolution.changes).toMatchObject([{ kind: "moved", source: "docs" }]);
  });
});

describe("staleProblem()", () => {
  const stale = async (...names: string[]) => {
    const project = await loadProject(context, { names });
    return staleProblem(project, staleInScope(project));
  };

  it("tells a lock that is missing from one that is stale, within the scope", async () => {
    expect(await stale()).toMatchObject({ code: "LOCK_MISSING" });
    await lock();
    expect(await stale()).toBeUndefined();
    await manifest(
      "code: { repo: o/code, revision: v1 }",
      "docs: { repo: o/docs, path: d }",
      "more: { repo: o/docs }",
    );
    expect(await stale()).toMatchObject({
      code: "LOCK_STALE",
      details: [
        "code: names dataset o/code at v1, the lock has dataset o/code at main",
        'docs: path is "d", the lock has "docs"',
        "more: is not in the lock",
      ],
    });
    expect((await stale("docs"))?.details).toHaveLength(1);
  });

  it("tells of selections and of sources that are gone", () => {
    expect(staleLine({ source: "s", why: "selection" })).toBe(
      "s: selects other files (include, exclude or policy.deny)",
    );
    expect(staleLine({ source: "s", why: "removed" })).toBe(
      "s: is in the lock and no longer in the manifest",
    );
  });
});

describe("diffProject()", () => {
  it("compares manifest, lock and disk, and writes nothing", async () => {
    expect(await diffProject(context, { names: [] })).toMatchObject({
      stale: [{ why: "missing" }, { why: "missing" }],
      plan: undefined,
    });
    await lock();
    await manifest("code: { repo: o/code, include: [rust/] }", "docs: { repo: o/docs }");
    hub.clearLog();
    const { stale, plan } = await diffProject(context, { names: [] });
    expect(stale).toEqual([{ source: "code", why: "selection" }]);
    expect(plan?.writes.map(({ want }) => want.path)).toEqual([
      "code/go/g.txt",
      "code/rust/a.txt",
      "docs/x.md",
    ]);
    expect(hub.log).toEqual([]);
    expect((await diffProject(context, { names: ["docs"] })).stale).toEqual([]);
  });

  it("compares two locks, or says that there is none", async () => {
    await lock();
    await write("before.lock", await lockBytes());
    hub.repo("o/code").commit({ "rust/a.txt": "b\n" });
    await updateProject(context, { names: [], dryRun: false, allowFallback: false });
    const { changes } = await diffProject(context, { names: [], from: "before.lock" });
    expect(changes).toMatchObject([{ kind: "moved", source: "code" }]);
    expect((await diffProject(context, { names: ["docs"], from: "before.lock" })).changes).toEqual([]);
    await expect(diffProject(context, { names: [], from: "none.lock" })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

describe("whyProject()", () => {
  const why = (path: string) => whyProject(context, { names: [], path });

  it("finds a path below the root as the lock writes it, and as the file system does", async () => {
    await manifest('code: { repo: o/code, include: ["*.txt", "rust/"] }');
    await lock();
    for (const path of [
      "code/rust/a.txt",
      "./code/rust/a.txt",
      "data/code/rust/a.txt",
      join(folder.path, "data/code/rust/a.txt"),
    ]) {
      expect(await why(path)).toMatchObject({
        path: "code/rust/a.txt",
        wanted: {
          source: "code",
          repo: "o/code",
          remote: "rust/a.txt",
          pattern: "*.txt",
          fallback: undefined,
        },
        placed: undefined,
        disk: "missing",
      });
    }
  });

  it("says that nothing wants a path, wherever it is", async () => {
    await lock();
    for (const path of ["code/none", "data/..dots", "../../etc/passwd", "__proto__"])
      expect((await why(path)).wanted).toBeUndefined();
    expect((await why("data/..dots")).path).toBe("..dots");
  });

  it("needs a lock", async () => {
    await expect(why("x")).rejects.toMatchObject({ code: "LOCK_MISSING" });
  });
});
