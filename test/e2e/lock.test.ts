import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";

const TOKEN = "hf_granted000";

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.token(TOKEN, { grants: ["o/gated"] });
  project = await makeProject(hub, { HF_TOKEN: TOKEN });
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

async function ok(...args: string[]): Promise<void> {
  expect(await project.run(...args)).toMatchObject({ status: 0 });
}

describe("lock of three repositories: one gated, one of three pages, one that moves between calls", () => {
  const many = Object.fromEntries(
    Array.from({ length: 2_500 }, (_, index) => [
      `data/${String(index).padStart(5, "0")}.txt`,
      `file ${index}\n`,
    ]),
  );
  const sources = `sources:
  gated: { repo: o/gated, include: ["*.parquet"] }
  many: { repo: o/many, include: ["data/0000?.txt", "data/024*.txt"], strip: data }
  moving: { repo: o/moving }`;

  function fill(on: LoopbackHub): void {
    on.repo("o/gated", { gated: "auto", license: "other", id: "1".repeat(24) }).commit({
      "a.parquet": { size: 500, seed: 1 },
      "b.parquet": { size: 600, seed: 2 },
    });
    on.repo("o/many", { license: ["mit", "apache-2.0"], id: "2".repeat(24) }).commit(many);
    on.repo("o/moving", { id: "3".repeat(24) }).commit({ "m.txt": "first\n" });
  }

  it("is the same bytes again, and on another endpoint", async () => {
    fill(hub);
    hub.faults.add({
      match: /o\/moving\/tree/,
      fault: {
        kind: "act",
        act: () => void hub.repo("o/moving").commit({ "m.txt": "moved\n", "n.txt": "new\n" }),
      },
    });
    await project.manifest(sources);
    await ok("lock");
    const first = await project.lock();
    expect(
      hub.log.filter((request) => request.kind === "tree" && request.path.includes("o/many")),
    ).toHaveLength(3);
    expect(first).not.toContain("n.txt");
    expect(first).toContain('"license": ["mit","apache-2.0"]');
    expect(first).toContain('"gated": "auto"');
    hub.clearLog();
    await ok("lock");
    expect(await project.lock()).toBe(first);
    expect(hub.log).toEqual([]);

    const elsewhere = await startHub({ pageSize: 100 });
    elsewhere.token(TOKEN, { grants: ["o/gated"] });
    fill(elsewhere);
    const other = await makeProject(elsewhere, { HF_TOKEN: TOKEN });
    await other.manifest(sources);
    expect(await other.run("lock")).toMatchObject({ status: 0 });
    expect(await other.lock()).toBe(first);
    await other.remove();
    await elsewhere.close();
    await ok("sync");
    hub.clearLog();
    await ok("sync");
    expect(hub.log).toEqual([]);
  });

  it("writes nothing when one of them cannot be had, and tells of every one", async () => {
    fill(hub);
    await project.manifest(
      `${sources}\n  gone: { repo: o/gone }\n  typo: { repo: o/many, include: ["data/*.text"] }`,
    );
    const ran = await project.runWith({ HF_TOKEN: "" }, "lock");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("ACCESS_NO_TOKEN");
    expect(ran.stderr).toContain("REPO_NOT_FOUND");
    expect(ran.stderr).toContain("PATTERN_NO_MATCH");
    await expect(project.lock()).rejects.toThrow("ENOENT");
  });
});

describe("edits by class", () => {
  beforeEach(async () => {
    const repo = hub.repo("o/code");
    const v1 = repo.commit({
      "rust/a.parquet": { size: 1_000, seed: 1 },
      "go/g.parquet": { size: 2_000, seed: 2 },
    });
    repo.tag("v1", v1);
    repo.commit({
      "rust/a.parquet": { size: 1_100, seed: 3 },
      "rust/b.parquet": { size: 1_200, seed: 4 },
      "go/g.parquet": { size: 2_000, seed: 2 },
    });
    await project.manifest('sources:\n  code: { repo: o/code, include: ["rust/*"] }');
    await ok("sync");
    repo.commit({ "rust/later.parquet": { size: 5, seed: 9 } });
    hub.clearLog();
  });

  const commitOf = async () => /"commit": "(\w+)"/.exec(await project.lock())?.[1];

  it("identity: main to v1 resolves anew and fetches what differs", async () => {
    const before = await commitOf();
    await project.manifest('sources:\n  code: { repo: o/code, revision: v1, include: ["rust/*"] }');
    expect(await project.run("sync", "--locked")).toMatchObject({ status: 3 });
    expect(hub.log).toEqual([]);
    await ok("sync");
    // Both histories: of what v1 holds, and of what it leaves behind.
    expect(asked(hub.log)).toEqual(["cdn", "commits", "commits", "info", "resolve", "tree"]);
    expect(await commitOf()).not.toBe(before);
    expect(Object.keys(await project.tree())).toEqual(["code/rust/a.parquet"]);
  });

  it("selection: a wider pattern lists the pinned commit and fetches the rest", async () => {
    const before = await commitOf();
    await project.manifest('sources:\n  code: { repo: o/code, include: ["rust/*", "go/*"] }');
    await ok("sync");
    expect(asked(hub.log)).toEqual(["cdn", "resolve", "tree"]);
    expect(await commitOf()).toBe(before);
    expect(Object.keys(await project.tree())).toEqual([
      "code/go/g.parquet",
      "code/rust/a.parquet",
      "code/rust/b.parquet",
    ]);
  });

  it("placement: another path and strip ask nothing and move the files", async () => {
    const before = await commitOf();
    const contents = Object.values(await project.tree());
    await project.manifest(
      'sources:\n  code: { repo: o/code, include: ["rust/*"], path: deep/down, strip: rust }',
    );
    await ok("sync");
    expect(hub.log).toEqual([]);
    expect(await commitOf()).toBe(before);
    expect(await project.tree()).toEqual({
      "deep/down/a.parquet": contents[0],
      "deep/down/b.parquet": contents[1],
    });
  });

  it("placement of adopted files moves them too, and keeps them the user's", async () => {
    await project.run("clean");
    const { rename } = await import("node:fs/promises");
    await rename(`${project.root}/.tritter`, `${project.folder}/forgotten`);
    await ok("sync");
    const contents = Object.values(await project.tree());
    await project.manifest(
      'sources:\n  code: { repo: o/code, include: ["rust/*"], path: moved, strip: rust }',
    );
    await ok("sync");
    expect(hub.log).toEqual([]);
    expect(await project.tree()).toEqual({ "moved/a.parquet": contents[0], "moved/b.parquet": contents[1] });
    await project.manifest("sources: {}");
    await ok("sync", "--prune");
    expect(await project.trash()).toEqual([...contents].sort());
  });

  it("a renamed source keeps its commit and its files", async () => {
    const before = await commitOf();
    await project.manifest('sources:\n  renamed: { repo: o/code, include: ["rust/*"], path: code }');
    await ok("sync");
    expect(hub.log).toEqual([]);
    expect(await commitOf()).toBe(before);
    expect(Object.keys(await project.tree())).toHaveLength(2);
    await ok("check");
  });

  it("judgement: never stale, judged at every sync and check", async () => {
    await project.manifest(
      'policy: { licenses: { allow: [mit] } }\nsources:\n  code: { repo: o/code, include: ["rust/*"], groups: [g], expect: { files: 3 } }',
    );
    const ran = await project.run("check");
    expect(ran.status).toBe(9);
    expect(ran.stderr).toContain("EXPECTATION");
    expect(ran.stderr).toContain("LICENSE_REFUSED");
    expect(ran.stderr).not.toContain("LOCK_STALE");
    expect(await project.run("sync")).toMatchObject({ status: 9 });
    expect(hub.log).toEqual([]);
  });

  it("a locked sync in CI refuses a stale lock, and works from a right one", async () => {
    expect(await project.runWith({ CI: "true" }, "sync")).toMatchObject({ status: 0 });
    await project.manifest('sources:\n  code: { repo: o/code, include: ["go/*"] }');
    expect(await project.runWith({ CI: "1" }, "sync")).toMatchObject({ status: 3 });
    expect(await project.runWith({ CI: "false" }, "sync", "--prune")).toMatchObject({ status: 0 });
  });
});

describe("names that a listing must not bring in", () => {
  const HOSTILE = ["../evil", "/etc/x", "a\\b", "n\u0000ul", ".git/hooks/x", ".tritter/x"];

  it("refuses hostile ones at lock time, shows every one safely, and writes nothing", async () => {
    hub.repo("o/evil").commit(Object.fromEntries([...HOSTILE, "good.txt"].map((name) => [name, name])));
    await project.manifest("sources:\n  evil: { repo: o/evil, names: posix }");
    const ran = await project.run("sync");
    expect(ran.status).toBe(9);
    for (const name of ["../evil", "/etc/x", "a\\b", "n\\u0000ul", ".git/hooks/x", ".tritter/x"])
      expect(ran.stderr).toContain(name);
    expect(ran.stderr).not.toContain("\u0000");
    await expect(project.lock()).rejects.toThrow("ENOENT");
    expect(await project.tree()).toEqual({});
  });

  it("judges only what is selected", async () => {
    hub.repo("o/evil").commit(Object.fromEntries([...HOSTILE, "good.txt"].map((name) => [name, name])));
    await project.manifest('sources:\n  evil: { repo: o/evil, include: ["good.txt"] }');
    await ok("sync");
  });

  it("refuses unportable ones unless the source says names: posix", async () => {
    hub.repo("o/odd").commit({ CON: "device", A: "upper", a: "lower", "what?.txt": "mark", "dot.": "dot" });
    await project.manifest("sources:\n  odd: { repo: o/odd }");
    const ran = await project.run("lock");
    expect(ran.status).toBe(9);
    expect(ran.stderr).toContain("CON");
    expect(ran.stderr).toContain("what?.txt");
    await project.manifest('sources:\n  odd: { repo: o/odd, include: ["A", "a"] }');
    expect(await project.run("lock")).toMatchObject({ status: 2 });
    await project.manifest("sources:\n  odd: { repo: o/odd, names: posix }");
    await ok("sync");
    expect(await project.tree()).toMatchObject({ "odd/A": "upper", "odd/a": "lower", "odd/CON": "device" });
  });

  it("takes awkward names as they are", async () => {
    const names = [
      "with space.txt",
      "C#.jsonl",
      "50%.txt",
      "a%20b.txt",
      "q&a+b.txt",
      ".hidden",
      "caf\u00e9.txt",
      "日本/データ.txt",
      "deep/er/and/deeper.txt",
    ];
    hub.repo("o/odd").commit(Object.fromEntries(names.map((name) => [name, `this is ${name.length}`])));
    await project.manifest("sources:\n  odd: { repo: o/odd, path: . }");
    await ok("sync");
    expect(Object.keys(await project.tree()).sort()).toEqual([...names].sort());
    await ok("check", "--deep");
  });
});

describe("a lock that was tampered with", () => {
  beforeEach(async () => {
    const repo = hub.repo("o/code");
    repo.commit({ "a.parquet": { size: 100, seed: 1 }, "b.parquet": { size: 200, seed: 2 } });
    await project.manifest("sources:\n  code: { repo: o/code }");
    await ok("lock");
  });

  const rows: [string, (lock: string) => string][] = [
    ["a path that leaves the root", (lock) => lock.replace('"a.parquet"', '"../evil"')],
    ["an absolute path", (lock) => lock.replace('"a.parquet"', '"/etc/x"')],
    ["a backslash", (lock) => lock.replace('"a.parquet"', '"a\\\\b"')],
    ["a NUL", (lock) => lock.replace('"a.parquet"', '"a\\u0000b"')],
    ["git's own folder", (lock) => lock.replace('"a.parquet"', '".git/hooks/x"')],
    ["tritter's own folder", (lock) => lock.replace('"a.parquet"', '".tritter/x"')],
    ["a destination outside the root", (lock) => lock.replace('"path": "code"', '"path": "../code"')],
    ["another size", (lock) => lock.replace('"size":100', '"size":101')],
    ["a line less", (lock) => lock.replace(/\{"path":"b.parquet".*\n/, "").replace("},\n]}", "}\n]}")],
    [
      "a line twice",
      (lock) =>
        lock.replace(/(\{"path":"b.parquet".*\n)/, "$1").replace(/(\{"path":"a.parquet".*,\n)/, "$1$1"),
    ],
    ["a key twice", (lock) => lock.replace('"type": "dataset"', '"type": "dataset", "type": "model"')],
    ["a masked hash", (lock) => lock.replace(/"sha256":"\w+"/, `"sha256":"${"*".repeat(64)}"`)],
    ["conflict markers", (lock) => `<<<<<<< ours\n${lock}=======\n>>>>>>> theirs\n`],
    ["half a file", (lock) => lock.slice(0, lock.length / 2)],
    ["nothing at all", () => ""],
  ];

  it.each(rows)("with %s is exit 2, and nothing is fetched or written", async (_, edit) => {
    const tampered = edit(await project.lock());
    await project.write("tritter.lock", tampered);
    hub.clearLog();
    for (const command of ["sync", "check", "lock"])
      expect(await project.run(command)).toMatchObject({ status: 2 });
    expect(await project.lock()).toBe(tampered);
    expect(await project.tree()).toEqual({});
    expect(hub.log).toEqual([]);
  });

  it("with lines of two commits is exit 2", async () => {
    const ours = await project.lock();
    hub.repo("o/code").commit({ "a.parquet": { size: 111, seed: 5 }, "b.parquet": { size: 222, seed: 6 } });
    await ok("update");
    const theirs = await project.lock();
    const line = (lock: string) => /\{"path":"b.parquet".*\n/.exec(lock)?.[0] ?? "";
    await project.write("tritter.lock", ours.replace(line(ours), line(theirs)));
    const ran = await project.run("sync");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("edited by hand or badly merged");
  });

  it("with members of a later version is kept, with one warning", async () => {
    const later = (await project.lock()).replace('"version": 1,', '"version": 1,\n"later": true,');
    await project.write("tritter.lock", later);
    const ran = await project.run("sync");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain('"later"');
    await project.write("tritter.lock", later.replace('"version": 1', '"version": 2'));
    expect(await project.run("sync")).toMatchObject({ status: 2 });
  });
});

describe("pins that are gone upstream", () => {
  it("says so plainly when the history was squashed, and keeps what is on disk", async () => {
    const repo = hub.repo("o/code");
    const old = repo.commit({ "a.parquet": { size: 100, seed: 1 } });
    await project.manifest("sources:\n  code: { repo: o/code }");
    await ok("sync");
    repo.commit({ "a.parquet": { size: 100, seed: 1 }, "b.txt": "b" });
    repo.forget(old);
    await ok("check");
    expect((await project.run("check", "--upstream")).status).toBe(11);
    await project.manifest('sources:\n  code: { repo: o/code, include: ["*.parquet"] }');
    const ran = await project.run("sync");
    expect(ran.status).toBe(11);
    expect(ran.stderr).toContain("PIN_GONE");
  });
});
