import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../cli/clock.ts";
import type { Context } from "../../../cli/context.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { problemsOf } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import {
  checkProject,
  lockProject,
  outdatedProject,
  syncProject,
  updateProject,
} from "../../../cli/index.ts";
import type { OutdatedSource } from "../../../cli/project/outdated.ts";
import { type LoopbackHub, type RepoHandle, startHub, type Tree } from "../../support/hub/index.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const NOW = "2026-03-20T12:00:00.000Z";

let hub: LoopbackHub;
let repo: RepoHandle;
let folder: TemporaryFolder;
let events: TritterEvent[];
let context: Context;
/** By day of March. */
let commits: Record<number, string>;

/** A file a commit; days of March at noon. */
const tree = (day: number): Tree =>
  Object.fromEntries(
    Array.from({ length: day }, (_, at) => [`data/${String(at + 1).padStart(2, "0")}.txt`, `${at}\n`]),
  );
const dateOf = (day: number) => `2026-03-${String(day).padStart(2, "0")}T12:00:00.000Z`;
const commit = (day: number, files: Tree = tree(day)) => {
  commits[day] = repo.commit(files, { date: dateOf(day), title: `Day ${day}` });
  return commits[day];
};

/** Time goes on as ever, from another day. */
function clockAt(start: string): Clock {
  const shift = Date.parse(start) - Date.now();
  return { ...systemClock, now: () => Date.now() + shift };
}

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code", { license: "mit" });
  hub.repo("o/docs").commit({ "x.md": "x\n" }, { date: dateOf(1) });
  commits = {};
  for (const day of [1, 5, 10, 15]) commit(day);
  folder = await temporaryFolder();
  events = [];
  context = {
    env: { HF_ENDPOINT: hub.url, HOME: folder.path },
    cwd: folder.path,
    signal: new AbortController().signal,
    clock: clockAt(NOW),
    disk: nodeDisk(),
    emit: (event) => events.push(event),
    version: "1.2.3",
    pid: 1,
  };
  await manifest("code: { repo: o/code }", "docs: { repo: o/docs }");
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
  await folder.remove();
});

const write = (name: string, text: string) => writeFile(join(folder.path, name), text);
const manifest = (...sources: string[]) =>
  write(
    "tritter.yaml",
    ["version: 1", "name: test", "sources:", ...sources.map((line) => `  ${line}`), ""].join("\n"),
  );
const lockText = () => readFile(join(folder.path, "tritter.lock"), "utf8");
const pinOf = async (name = "code") =>
  JSON.parse(await lockText()).sources[name] as Readonly<Record<string, unknown>>;
const lock = (...names: string[]) => lockProject(context, { names, fallback: true });
const update = (names: readonly string[] = [], options: { dryRun?: boolean; to?: string } = {}) =>
  updateProject(context, { names, dryRun: false, allowFallback: false, ...options });
const outdated = async (name = "code"): Promise<OutdatedSource> => {
  const { sources } = await outdatedProject(context, { names: [name] });
  return sources[0] as OutdatedSource;
};
const check = () => checkProject(context, { names: [], deep: false, upstream: true, disk: true });
/** Requests by kind, since the log was cleared; terms of no interest here left out. */
const asked = () => hub.log.map(({ kind }) => kind).sort();
const notes = () => events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);
const sync = (options: object = {}) =>
  syncProject(context, {
    names: [],
    locked: false,
    fallback: true,
    dryRun: false,
    force: false,
    prune: true,
    jobs: 2,
    ...options,
  });

describe("as-of", () => {
  it.each([
    ["2026-03-10", 10],
    ["2026-03-14", 10],
    ["2026-03-10T12:00:00Z", 10],
    ["2026-03-10T11:59:59Z", 5],
    ["2026-03-10T13:00:00+02:00", 5],
    ["2027-01-01", 15],
  ])("%s pins what the branch was then, and lock, check and outdated agree", async (asOf, day) => {
    await manifest(`code: { repo: o/code, as-of: ${asOf} }`);
    await lock();
    expect(await pinOf()).toMatchObject({ revision: "main", commit: commits[day] });
    const first = await lockText();
    hub.clearLog();
    expect((await lock()).locked.wrote).toBe(false);
    expect(hub.log).toEqual([]);
    await sync();
    expect((await check()).problems).toEqual([]);
    commit(18);
    expect((await outdated()).state).toBe(asOf.startsWith("2027") ? "outdated" : "current");
    expect((await update(["code"], { dryRun: true })).locked.resolution.changes).toHaveLength(
      asOf.startsWith("2027") ? 1 : 0,
    );
    expect(await lockText()).toBe(first);
  });

  it("stands in the lock in its one form, so that another spelling is no edit", async () => {
    await manifest("code: { repo: o/code, as-of: 2026-03-10T13:00:00+01:00, min-age: 48h }");
    await lock();
    expect(await pinOf()).toMatchObject({ "as-of": "2026-03-10T12:00:00Z", "min-age": "2d" });
    hub.clearLog();
    await manifest('code: { repo: o/code, as-of: "2026-03-10T12:00Z", min-age: 2d }');
    expect((await lock()).locked.wrote).toBe(false);
    expect(hub.log).toEqual([]);
  });

  it("asks for no page of history behind the one that is old enough", async () => {
    for (let more = 0; more < 250; more++) repo.commit({ "a.txt": `${more}\n` }, { date: dateOf(19) });
    await manifest("code: { repo: o/code, as-of: 2026-03-19 }");
    await lock();
    expect(asked()).toEqual(["commits", "info", "tree"]);
    hub.clearLog();
    await manifest("code: { repo: o/code, as-of: 2026-03-15 }");
    await lock();
    // Three pages to the old ones, the terms of that commit, and the history between the two pins.
    expect(hub.log.filter(({ kind }) => kind === "info")).toHaveLength(2);
    expect(
      hub.log.filter(({ kind, path }) => kind === "commits" && !path.includes(commits[15] ?? "")),
    ).toHaveLength(6);
    expect(await pinOf()).toMatchObject({ commit: commits[15] });
  });

  it("before the first commit is an error that says from when the first is", async () => {
    await manifest("code: { repo: o/code, as-of: 2026-02-01 }");
    const [problem] = problemsOf(await lock().catch((error: unknown) => error));
    expect(problem).toMatchObject({ code: "REVISION_NOT_FOUND", source: "code", hint: "correct as-of" });
    expect(problem?.message).toContain(dateOf(1));
  });

  it("of a tag goes by the history of the tag", async () => {
    repo.tag("v1", commits[10] ?? "");
    await manifest("code: { repo: o/code, revision: v1, as-of: 2026-03-09 }");
    await lock();
    expect(await pinOf()).toMatchObject({ revision: "v1", commit: commits[5] });
  });

  it("needs a Hub that knows the history: a folder says that it does not", async () => {
    await manifest("code: { repo: o/code, as-of: 2026-03-09 }");
    const error = await lockProject(context, { names: [], fallback: true, endpoint: "hub" }).catch(
      problemsOf,
    );
    expect(codes(error as never)).toEqual(["REPO_NOT_FOUND"]);
    const home = join(folder.path, "hub", "datasets--o--code");
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(home, "refs"), { recursive: true });
    await mkdir(join(home, "snapshots", "1".repeat(40)), { recursive: true });
    await writeFile(join(home, "refs", "main"), "1".repeat(40));
    const [unknown] = problemsOf(
      await lockProject(context, { names: [], fallback: true, endpoint: "hub" }).catch(
        (thrown: unknown) => thrown,
      ),
    );
    expect(unknown).toMatchObject({ code: "HUB", hint: "use another endpoint, or drop as-of and min-age" });
    expect(unknown?.message).toContain("does not say when it was made");
  });
});

describe("min-age", () => {
  it("pins what is old enough, and update moves as time goes by", async () => {
    await manifest("code: { repo: o/code, min-age: 6d }");
    await lock();
    expect(await pinOf()).toMatchObject({ commit: commits[10] });
    expect((await outdated()).state).toBe("current");
    expect((await update()).locked.wrote).toBe(false);
    context = { ...context, clock: clockAt("2026-03-21T12:00:00Z") };
    expect(await outdated()).toMatchObject({ state: "outdated", wanted: { commit: commits[15] } });
    expect((await lock()).locked.wrote).toBe(false);
    await update();
    expect(await pinOf()).toMatchObject({ commit: commits[15] });
  });

  it("never moves a pin back, and says so", async () => {
    await lock();
    await manifest("code: { repo: o/code, min-age: 6d }", "docs: { repo: o/docs }");
    await update([], { to: undefined });
    // Another identity: that is an edit, and resolved as one.
    expect(await pinOf()).toMatchObject({ commit: commits[10] });
    await update(["code"], { to: "main" });
    expect(await pinOf()).toMatchObject({ revision: "main", commit: commits[15] });
    events = [];
    expect((await update(["code"])).locked.wrote).toBe(false);
    expect(notes()).toEqual([
      `source "code" stays at commit ${commits[15]?.slice(0, 7)}, which is not 6d old yet: a pin is never moved back`,
    ]);
    expect(await outdated()).toMatchObject({ state: "fresh", wanted: { commit: commits[15] } });
    await sync();
    expect((await check()).problems).toEqual([]);
  });

  it("longer than the history is an error, and none for a pin that is there", async () => {
    await manifest("code: { repo: o/code, min-age: 5w }");
    expect(problemsOf(await lock().catch((error: unknown) => error))).toMatchObject([
      { code: "REVISION_NOT_FOUND", hint: "try again later, or correct min-age" },
    ]);
    await update(["code"], { to: "main" });
    expect((await update(["code"])).locked.wrote).toBe(false);
    expect(await pinOf()).toMatchObject({ commit: commits[15] });
  });
});

describe("update --to", () => {
  beforeEach(() => lock());

  it.each([
    ["a commit", () => commits[5] ?? ""],
    ["a tag", () => "v1"],
    ["a ref", () => "refs/pr/3"],
  ])("%s pins that; the revision stays, lock never moves it back, update does", async (_, name) => {
    repo.tag("v1", commits[5] ?? "");
    repo.branch("refs/pr/3", commits[5] ?? "");
    const done = await update(["code"], { to: name() });
    expect(done.locked.resolution.changes).toMatchObject([
      {
        source: "code",
        kind: "moved",
        history: { kind: "back", count: 2 },
        files: { removed: { length: 10 } },
      },
    ]);
    expect(await pinOf()).toMatchObject({ revision: "main", commit: commits[5] });
    const pinned = await lockText();
    hub.clearLog();
    expect((await lock()).locked.wrote).toBe(false);
    expect(hub.log).toEqual([]);
    await sync();
    expect(await lockText()).toBe(pinned);
    // What upstream has is another matter, and said so wherever upstream is asked.
    expect(codes((await check()).problems)).toEqual(["OUTDATED"]);
    expect(await outdated()).toMatchObject({ state: "outdated", history: { kind: "forward", count: 2 } });
    await update(["code"]);
    expect(await pinOf()).toMatchObject({ commit: commits[15] });
    await sync();
    expect((await sync()).plan?.writes).toEqual([]);
  });

  it("keeps its commit through edits of selection and placement", async () => {
    await update(["code"], { to: commits[5] ?? "" });
    await manifest(
      "code: { repo: o/code, include: [data/0*], path: p, strip: data }",
      "docs: { repo: o/docs }",
    );
    await lock();
    expect(await pinOf()).toMatchObject({ commit: commits[5], path: "p" });
  });

  it("pins a source that has no pin yet", async () => {
    await manifest("code: { repo: o/code }", "docs: { repo: o/docs }", "new: { repo: o/code, path: n }");
    await update(["new"], { to: commits[1] ?? "" });
    expect(await pinOf("new")).toMatchObject({ revision: "main", commit: commits[1] });
  });

  it("goes before as-of and min-age", async () => {
    await manifest("code: { repo: o/code, as-of: 2026-03-05, min-age: 3d }");
    await lock();
    await update(["code"], { to: "main" });
    expect(await pinOf()).toMatchObject({ commit: commits[15], "as-of": "2026-03-05", "min-age": "3d" });
    // as-of is exact: what is after it is not wanted.
    expect(await outdated()).toMatchObject({ state: "outdated", wanted: { commit: commits[5] } });
    await update(["code"]);
    expect(await pinOf()).toMatchObject({ commit: commits[5] });
  });

  it.each<[string, readonly string[], string, string]>([
    ["no source", [], "main", "USAGE"],
    ["two sources", ["code", "docs"], "main", "USAGE"],
    ["a group of two", ["all"], "main", "USAGE"],
    ["nothing", ["code"], "", "USAGE"],
    ["a source whose revision is a commit", ["fixed"], "main", "USAGE"],
    ["a branch that is none", ["code"], "none", "REVISION_NOT_FOUND"],
    ["a commit that is none", ["code"], "f".repeat(40), "REVISION_NOT_FOUND"],
    ["the beginning of a commit", ["code"], "abc1234", "REVISION_NOT_FOUND"],
  ])("refuses %s", async (_, names, to, code) => {
    await manifest(
      "code: { repo: o/code, groups: [all] }",
      "docs: { repo: o/docs, groups: [all] }",
      `fixed: { repo: o/code, revision: "${commits[1]}", path: f }`,
    );
    const before = await lockText();
    expect(problemsOf(await update(names, { to }).catch((error: unknown) => error))).toMatchObject([
      { code },
    ]);
    expect(await lockText()).toBe(before);
  });
});

describe("what update tells", () => {
  beforeEach(() => lock());

  it("commits, files, bytes, licence and gate, in a dry run as in earnest", async () => {
    hub.token("hf_x", { grants: ["o/code"] });
    context = { ...context, env: { ...context.env, HF_TOKEN: "hf_x" } };
    const { "data/02.txt": _, "data/03.txt": third, ...kept } = tree(15);
    repo.update({ license: "other", gated: "manual" });
    commit(18, {
      ...kept,
      "data/renamed.txt": third as string,
      "data/01.txt": "changed\n",
      "new.txt": "12345",
    });
    for (const dryRun of [true, false]) {
      const { locked } = await update(["code"], { dryRun });
      expect(locked.problems).toEqual([]);
      expect(locked.resolution.changes).toMatchObject([
        {
          kind: "moved",
          history: {
            kind: "forward",
            count: 1,
            commits: [{ commit: commits[18], title: "Day 18", date: dateOf(18) }],
          },
          before: { licenses: ["mit"], gated: undefined },
          after: { licenses: ["other"], gated: "manual" },
          files: {
            added: [{ path: "new.txt" }],
            removed: [{ path: "data/02.txt" }],
            changed: [{ after: { path: "data/01.txt" } }],
            renamed: [{ before: { path: "data/03.txt" }, after: { path: "data/renamed.txt" } }],
          },
          transfer: { fetch: { files: 2, bytes: 13 }, freed: { files: 2, bytes: 4 } },
        },
      ]);
    }
  });

  it("what would change also where an expectation refuses it: exit 9, and nothing is written", async () => {
    await manifest("code: { repo: o/code, expect: { files: 15 } }", "docs: { repo: o/docs }");
    commit(18);
    const before = await lockText();
    for (const dryRun of [true, false]) {
      const { locked } = await update([], { dryRun });
      expect(codes(locked.problems)).toEqual(["EXPECTATION"]);
      expect(locked).toMatchObject({
        wrote: false,
        resolution: { changes: [{ source: "code", kind: "moved" }] },
      });
      expect(await lockText()).toBe(before);
    }
  });

  it("and sync tells it too where it locks, and does nothing where that is refused", async () => {
    await manifest(
      "code: { repo: o/code, as-of: 2026-03-05, expect: { files: 15 } }",
      "docs: { repo: o/docs }",
    );
    const before = await lockText();
    const refused = await sync();
    expect(refused).toMatchObject({
      plan: undefined,
      outcome: undefined,
      problems: [{ code: "EXPECTATION" }],
    });
    expect(refused.locked?.resolution.changes).toMatchObject([
      { kind: "replaced", history: { kind: "back" } },
    ]);
    expect(await lockText()).toBe(before);
    await manifest("code: { repo: o/code, as-of: 2026-03-05 }", "docs: { repo: o/docs }");
    const done = await sync();
    expect(done.locked?.resolution.changes).toMatchObject([{ kind: "replaced", history: { kind: "back" } }]);
    expect((await sync()).plan?.writes).toEqual([]);
  });

  it("that history was rewritten, whether the old commit is still there or not", async () => {
    const old = commits[15] ?? "";
    repo.deleteRef("main");
    commit(2);
    expect((await update(["code"], { dryRun: true })).locked.resolution.changes).toMatchObject([
      { history: { kind: "apart", gone: false } },
    ]);
    repo.forget(old);
    expect((await update(["code"], { dryRun: true })).locked.resolution.changes).toMatchObject([
      { history: { kind: "apart", gone: true } },
    ]);
    const { sources, problems } = await outdatedProject(context, { names: [] });
    expect(codes(problems)).toEqual(["PIN_GONE"]);
    expect(sources[0]).toMatchObject({ state: "outdated", history: { kind: "apart", gone: true } });
    await update(["code"]);
    expect(await pinOf()).toMatchObject({ commit: commits[2] });
  });

  it("no less because the history cannot be had: it says that it is unknown", async () => {
    commit(18);
    hub.faults.add({ match: /\/commits\//, fault: { kind: "status", status: 418 }, times: 10 });
    const { locked } = await update(["code"]);
    expect(locked).toMatchObject({ wrote: true, problems: [] });
    expect(locked.resolution.changes).toMatchObject([
      { history: { kind: "unknown", problem: { code: "HUB" } }, files: { added: { length: 3 } } },
    ]);
  });
});

describe("unchanged folders", () => {
  const trees = () =>
    hub.log.filter(({ kind }) => kind === "tree").map(({ path }) => decodeURIComponent(path));
  /** 20 folders of 2,000 files; `edit` lies over them. */
  const corpus = (edit: Tree = {}): Tree => ({
    "README.md": "a card\n",
    ...Object.fromEntries(
      Array.from({ length: 40_000 }, (_, at) => [
        `data/${String(at % 20).padStart(2, "0")}/${at}.txt`,
        `${at}\n`,
      ]),
    ),
    ...edit,
  });

  it("of a small repository are listed with the rest: one listing, nothing asked of the old commit", async () => {
    await lock();
    commit(18);
    hub.clearLog();
    await update(["code"]);
    expect(trees()).toEqual([expect.stringContaining(`/tree/${commits[18]}?recursive=true`)]);
  });

  it("of a large one are not listed again, by outdated as by update, and the lock is the same", async () => {
    const large = hub.repo("o/large");
    const old = large.commit(corpus(), { date: dateOf(1) });
    await manifest('large: { repo: o/large, exclude: ["*7.txt"] }');
    await lock();
    const now = large.commit(corpus({ "data/07/new.txt": "new\n", "data/07/6.txt": "changed\n" }), {
      date: dateOf(2),
    });
    hub.clearLog();
    expect(await outdated("large")).toMatchObject({
      state: "outdated",
      change: {
        files: { added: [{ path: "data/07/6.txt" }, { path: "data/07/new.txt" }], removed: [], changed: [] },
      },
    });
    const asked = [
      `/tree/${old}/data?recursive=false`,
      `/tree/${old}?recursive=false`,
      `/tree/${now}/data/07?recursive=true`,
      `/tree/${now}/data/07?recursive=true`,
      `/tree/${now}/data/07?recursive=true`,
      `/tree/${now}/data?recursive=false`,
      `/tree/${now}?recursive=false`,
    ];
    const shortened = () =>
      trees()
        .map((path) => path.replace(/^.*(?=\/tree)/, "").replace(/&.*$/, ""))
        .sort();
    expect(shortened()).toEqual([...asked].sort());
    hub.clearLog();
    await update();
    expect(shortened()).toEqual([...asked].sort());
    const text = await lockText();
    // From nothing, what 42 pages say.
    await write("tritter.lock", '{"version":1,"sources":{}}');
    hub.clearLog();
    await lock();
    expect(trees().length).toBeGreaterThan(40);
    expect(await lockText()).toBe(text);
  }, 120_000);
});

describe("outdatedProject()", () => {
  it("compares each source of the lock, and writes nothing", async () => {
    await lock();
    commit(18);
    const before = await lockText();
    hub.clearLog();
    const { sources, problems, now } = await outdatedProject(context, { names: [] });
    expect(problems).toEqual([]);
    expect(new Date(now).toISOString().slice(0, 10)).toBe(NOW.slice(0, 10));
    expect(sources).toMatchObject([
      {
        name: "code",
        state: "outdated",
        pinned: { commit: commits[15], date: dateOf(15) },
        wanted: { commit: commits[18], date: dateOf(18) },
        history: { kind: "forward", count: 1 },
        change: { files: { added: { length: 3 } }, transfer: { fetch: { files: 3 } } },
      },
      {
        name: "docs",
        state: "current",
        pinned: { date: dateOf(1) },
        wanted: { date: dateOf(1) },
        change: undefined,
      },
    ]);
    expect(asked()).toEqual(["commits", "commits", "info", "info", "tree"]);
    expect(await lockText()).toBe(before);
  });

  it("asks once for what several sources are parts of, as update does", async () => {
    await manifest(
      "a: { repo: o/code, include: [data/01.txt] }",
      "b: { repo: o/code, include: [data/02.txt] }",
      "c: { repo: o/code, include: [data/03.txt], as-of: 2026-03-19 }",
    );
    await lock();
    commit(18);
    hub.clearLog();
    await outdatedProject(context, { names: [] });
    // The history that as-of follows, and the one between the two commits.
    expect(asked()).toEqual(["commits", "commits", "info", "info", "tree"]);
    hub.clearLog();
    await update();
    expect(asked()).toEqual(["commits", "commits", "info", "info", "tree"]);
  });

  it("says what is not in the lock, or is another repository there, without asking", async () => {
    await lock();
    await manifest("code: { repo: o/code, revision: v1 }", "new: { repo: o/docs }");
    hub.clearLog();
    const { sources, problems } = await outdatedProject(context, { names: [] });
    expect(sources.map(({ name, state }) => [name, state])).toEqual([
      ["code", "stale"],
      ["new", "unlocked"],
    ]);
    expect([problems, hub.log]).toEqual([[], []]);
  });

  it("compares by the selection of today, and not at all for a selection alone", async () => {
    await lock();
    await manifest("code: { repo: o/code, include: [data/0*] }", "docs: { repo: o/docs, exclude: [none] }");
    commit(18);
    hub.clearLog();
    const { sources } = await outdatedProject(context, { names: [] });
    expect(sources).toMatchObject([
      { state: "outdated", change: { files: { removed: { length: 6 }, added: [] } } },
      { state: "current", change: undefined },
    ]);
    expect(asked().filter((kind) => kind === "tree")).toHaveLength(1);
  });

  it("tells of each source what keeps it from looking, and goes on with the others", async () => {
    await manifest(
      "code: { repo: o/code }",
      "docs: { repo: o/docs }",
      "typo: { repo: o/code, include: [data/01.txt], path: t }",
    );
    await lock();
    hub.repo("o/docs").remove();
    commit(18, { "other.txt": "x" });
    const { sources, problems } = await outdatedProject(context, { names: [] });
    expect(problems.map(({ code, source }) => [source, code])).toEqual([
      ["docs", "PIN_GONE"],
      ["typo", "PATTERN_NO_MATCH"],
    ]);
    expect(sources.map(({ state }) => state)).toEqual(["outdated", "unknown", "outdated"]);
    expect(sources[2]).toMatchObject({ change: undefined, history: { count: 1 } });
  });

  it("needs a lock, and a name that is one", async () => {
    await expect(outdatedProject(context, { names: [] })).rejects.toMatchObject({ code: "LOCK_MISSING" });
    await expect(outdatedProject(context, { names: ["none"] })).rejects.toMatchObject({ code: "USAGE" });
  });
});
