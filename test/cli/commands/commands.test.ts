import { describe, expect, it } from "vitest";
import type { Context } from "../../../cli/context.ts";
import { type Problem, TritterError, TritterErrors } from "../../../cli/errors.ts";
import { stopReason } from "../../../cli/stop.ts";
import type { Commit } from "../../../schema/ids.ts";
import { conflictOf, lockedOf, outcomeOf, planOf, writeOf } from "../../support/plans.ts";
import { changeOf, lockResultOf, projectOf, syncResultOf } from "../../support/results.ts";
import { fakeClock, runFake } from "../../support/world.ts";

const later = "def5678000000000000000000000000000000000" as Commit;
const before = lockedOf("code", { "a.txt": [100, "a"] });
const after = lockedOf("code", { "a.txt": [100, "a"], "b.txt": [200, "b"] }, { commit: later });
const totals = {
  wanted: { files: 57, bytes: 18_900_000_000 },
  fetch: { files: 1, bytes: 320 },
  keep: { files: 56, bytes: 18_899_999_680 },
  prune: { files: 0, bytes: 0 },
};

describe("init", () => {
  it("hands folder, name and force on", async () => {
    const initProject = () => ({ file: "/project/x/tritter.yaml" });
    const { exit, stdout, calls } = await runFake(["init", "x", "--name", "n", "--force"], { initProject });
    expect(calls).toEqual([["initProject", { dir: "x", name: "n", force: true }]]);
    expect([exit, stdout]).toEqual([
      0,
      "wrote /project/x/tritter.yaml; name your sources there, then run tritter sync\n",
    ]);
  });
});

describe("init --git", () => {
  const git = {
    added: [{ file: "/project/.gitattributes", line: "tritter.lock merge=tritter" }],
    ran: ["git config --local merge.tritter.name x"],
  };

  it.each<[string, boolean, object, string]>([
    [
      "a new project",
      true,
      git,
      "wrote /project/tritter.yaml; name your sources there, then run tritter sync\nadded to /project/.gitattributes: tritter.lock merge=tritter\nran git config --local merge.tritter.name x\n",
    ],
    [
      "a project that is there",
      false,
      git,
      "kept /project/tritter.yaml, and set up git\nadded to /project/.gitattributes: tritter.lock merge=tritter\nran git config --local merge.tritter.name x\n",
    ],
    [
      "one that is set up",
      false,
      { added: [], ran: [] },
      "kept /project/tritter.yaml; git is set up already\n",
    ],
  ])("says what it did to %s", async (_, wrote, done, text) => {
    const initProject = () => ({ file: "/project/tritter.yaml", wrote, git: done });
    const { stdout, calls } = await runFake(["init", "--git", "--manifest", "tritter.yaml"], { initProject });
    expect(calls).toEqual([["initProject", { dir: ".", git: true, manifest: "tritter.yaml" }]]);
    expect(stdout).toBe(text);
    const json = JSON.parse((await runFake(["init", "--git", "--json"], { initProject })).stdout);
    expect(json).toMatchObject({ file: "/project/tritter.yaml", wrote, git: done });
  });
});

describe("lock --resolve", () => {
  const taken = [
    { source: "code", member: undefined, why: "conflict", commit: later, files: 2, from: "git" },
  ];
  const mendLock = () => ({ file: "/project/tritter.lock", side: "theirs", wrote: true, taken });

  it("says what it took", async () => {
    const { exit, stdout, calls } = await runFake(["lock", "--resolve", "theirs", "--offline"], { mendLock });
    expect(calls).toEqual([["mendLock", { side: "theirs", offline: true }]]);
    expect([exit, stdout.split("\n")[0]]).toEqual([
      0,
      "code: took theirs, commit def5678, 2 files (list from git)",
    ]);
    const json = JSON.parse((await runFake(["lock", "--resolve", "theirs", "--json"], { mendLock })).stdout);
    expect(json).toMatchObject({ command: "lock", side: "theirs", taken: [{ member: null, commit: later }] });
  });

  it.each([["code"], ["--resolve", "ours", "code"]])(
    "takes no names, and no other side: %s",
    async (...args) => {
      const { exit, calls } = await runFake(["lock", "--resolve", ...args], { mendLock });
      expect([exit, calls]).toEqual([2, []]);
    },
  );
});

describe("git-merge", () => {
  it.each([
    [true, 0, ""],
    [false, 1, "note: two pins\n"],
  ])("tells git by its status alone, and people on standard error: clean %s", async (clean, status, told) => {
    const mergeForGit = () => ({ clean, notes: clean ? [] : ["two pins"] });
    const { exit, stdout, stderr, calls } = await runFake(["git-merge", "o", "a", "b"], { mergeForGit });
    expect([exit, stdout, stderr]).toEqual([status, "", told]);
    expect(calls).toEqual([["mergeForGit", { base: "o", ours: "a", theirs: "b", path: "the lock" }]]);
  });

  it("ends with the status of what stopped it", async () => {
    const mergeForGit = () => {
      throw new TritterError({ code: "DISK_REFUSED", message: "cannot write" });
    };
    expect(await runFake(["git-merge", "o", "a", "b"], { mergeForGit })).toMatchObject({ exit: 12 });
  });
});

describe("add, remove and import", () => {
  const edited = {
    project: { ...projectOf([]), manifest: { file: "/project/tritter.yaml" } },
    sources: ["n"],
    before: "version: 1\nsources:\n",
    after: "version: 1\nsources:\n  n:\n    repo: o/n\n",
    wrote: true,
    locked: undefined,
    problems: [],
  };

  it("add hands every option on", async () => {
    const flags =
      "--type model --revision v1 --include a --include b --exclude c --as n --path p --strip s --group g --no-lock";
    const { exit, stdout, calls } = await runFake(["add", "o/n", ...flags.split(" ")], {
      addProject: () => edited,
    });
    expect(calls[0]?.[1]).toMatchObject({
      spec: "o/n",
      type: "model",
      revision: "v1",
      include: ["a", "b"],
      exclude: ["c"],
      name: "n",
      path: "p",
      strip: "s",
      groups: ["g"],
      pin: false,
      dryRun: false,
    });
    expect([exit, stdout]).toEqual([
      0,
      "--- tritter.yaml\n+++ tritter.yaml\n@@ -1,2 +1,4 @@\n version: 1\n sources:\n+  n:\n+    repo: o/n\nwrote /project/tritter.yaml\n",
    ]);
  });

  it("add locks unless told otherwise, and takes --lock for the file", async () => {
    const { calls } = await runFake(["add", "o/n", "--lock", "x.lock", "-q"], { addProject: () => edited });
    expect(calls[0]?.[1]).toMatchObject({ pin: true, lock: "x.lock", include: [], groups: [] });
  });

  it("add shows what it would have written, and ends with what kept it from doing so", async () => {
    const problems: readonly Problem[] = [{ code: "REPO_NOT_FOUND", message: "no such repository" }];
    const addProject = () => ({ ...edited, wrote: false, problems });
    const { exit, stdout, stderr } = await runFake(["add", "o/n"], { addProject });
    expect([exit, stderr]).toEqual([6, "error[REPO_NOT_FOUND]: no such repository\n"]);
    expect(stdout).toContain("+    repo: o/n\n");
    expect(stdout).not.toContain("wrote");
  });

  it("remove hands names on, and says in a dry run what it would write", async () => {
    const removeProject = () => ({ ...edited, wrote: false });
    const { stdout, calls } = await runFake(["remove", "a", "b", "--dry-run", "-q"], { removeProject });
    expect(calls[0]?.[1]).toMatchObject({ names: ["a", "b"], dryRun: true });
    expect(stdout).toContain("would write /project/tritter.yaml\n");
  });

  it("import hands file and options on, and tells of each source", async () => {
    const source = {
      name: "n",
      lines: [3, 7],
      stanza: { repo: "o/n", include: ["a", "b"] },
      comment: [],
      proof: "proved",
      files: 1,
    };
    const importProject = () => ({
      from: "/project/get.sh",
      format: "shell",
      file: "/project/x.yaml",
      before: "",
      after: "version: 1\n",
      wrote: true,
      sources: [source],
      notes: [],
      problems: [],
    });
    const line = ["import", "get.sh", "--to", "x.yaml", "--force", "--offline"];
    const { exit, stdout, calls } = await runFake(line, { importProject });
    expect(calls[0]?.[1]).toEqual({
      from: "get.sh",
      to: "x.yaml",
      force: true,
      offline: true,
      dryRun: false,
      endpoint: undefined,
    });
    expect([exit, stdout.split("\n").slice(-3)]).toEqual([
      0,
      [
        "get.sh:3,7 → n: dataset o/n, 2 patterns, proved: the same 1 file",
        "wrote /project/x.yaml; run tritter lock next",
        "",
      ],
    ]);
  });
});

describe("lock", () => {
  it("prints what changed and whether it wrote", async () => {
    const lockProject = () => lockResultOf([before], [after]);
    const { exit, stdout, stderr, calls } = await runFake(["lock", "code", "--no-fallback", "--offline"], {
      lockProject,
    });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      "code: pin moved 9fc30b5..def5678, files +1, 300 B (+200 B)\nwrote /project/tritter.lock\n",
    );
    expect(calls).toEqual([["lockProject", { names: ["code"], offline: true, fallback: false }]]);
  });

  it("warns of what resolving found odd", async () => {
    const result = lockResultOf([before], [after]);
    const resolution = { ...result.locked.resolution, warnings: ['pattern "*.md" excludes nothing'] };
    const lockProject = () => ({ ...result, locked: { ...result.locked, resolution } });
    expect((await runFake(["lock"], { lockProject })).stderr).toBe(
      'warning: pattern "*.md" excludes nothing\n',
    );
    expect((await runFake(["lock", "-q"], { lockProject })).stderr).toBe("");
    expect(JSON.parse((await runFake(["lock", "--json"], { lockProject })).stdout).warnings).toHaveLength(1);
  });

  it("says so where nothing changed", async () => {
    const lockProject = () => lockResultOf([before], [{ ...before }], false);
    expect((await runFake(["lock"], { lockProject })).stdout).toBe("/project/tritter.lock is up to date\n");
  });
});

describe("update", () => {
  it("shows what would change and writes nothing with --dry-run, even when quiet", async () => {
    const updateProject = () => lockResultOf([before], [after], false);
    const { stdout, calls } = await runFake(["update", "--dry-run", "-q"], { updateProject });
    expect(stdout).toContain("pin moved 9fc30b5..def5678");
    expect(stdout).toContain("would write /project/tritter.lock\n");
    expect(calls[0]?.[1]).toMatchObject({ dryRun: true });
  });

  it("tries repositories in their order with --allow-fallback alone", async () => {
    const updateProject = () => lockResultOf([before], [after]);
    const { calls } = await runFake(["update", "--allow-fallback", "code"], { updateProject });
    expect(calls[0]?.[1]).toMatchObject({ names: ["code"], allowFallback: true });
    const plain = await runFake(["update"], { updateProject });
    expect(plain.calls[0]?.[1]).toMatchObject({ allowFallback: false });
  });

  it("hands the revision on that --to names, which goes with no fallback", async () => {
    const updateProject = () => lockResultOf([before], [after]);
    const { calls } = await runFake(["update", "code", "--to", "v1"], { updateProject });
    expect(calls[0]?.[1]).toMatchObject({ names: ["code"], allowFallback: false, to: "v1" });
    expect(
      (await runFake(["update", "code", "--to", "v1", "--allow-fallback"], { updateProject })).exit,
    ).toBe(2);
  });

  it.each([
    [[], "/project/tritter.lock stays as it is"],
    [["--dry-run"], "/project/tritter.lock would stay as it is"],
  ])("shows what would change where that is refused, and ends with its status", async (flags, last) => {
    const problem: Problem = { code: "EXPECTATION", source: "code", message: "breaks expect.files" };
    const result = lockResultOf([before], [after], false);
    const updateProject = () => ({ ...result, locked: { ...result.locked, problems: [problem] } });
    const { exit, stdout, stderr } = await runFake(["update", ...flags], { updateProject });
    expect(exit).toBe(9);
    expect(stdout).toBe(`code: pin moved 9fc30b5..def5678, files +1, 300 B (+200 B)\n${last}\n`);
    expect(stderr).toContain("error[EXPECTATION]: breaks expect.files");
    const json = JSON.parse((await runFake(["update", ...flags, "--json"], { updateProject })).stdout);
    expect(json).toMatchObject({ exit: 9, wrote: false, changes: [{ source: "code" }], problems: [problem] });
  });

  it("shows every file when verbose", async () => {
    const updateProject = () => lockResultOf([before], [after]);
    expect((await runFake(["update", "-v"], { updateProject })).stdout).toContain(
      "+b.txt 200 sha256:bbbbbbbbbbbb\n",
    );
  });
});

describe("sync", () => {
  it("tells what a stale lock would become where that is refused, and that nothing was done", async () => {
    const problems: readonly Problem[] = [{ code: "EXPECTATION", message: "breaks expect.files" }];
    const { locked } = lockResultOf([before], [after], false);
    const syncProject = () => syncResultOf({ locked, plan: undefined, outcome: undefined, problems });
    const { exit, stdout } = await runFake(["sync"], { syncProject });
    expect([exit, stdout]).toEqual([
      9,
      "code: pin moved 9fc30b5..def5678, files +1, 300 B (+200 B)\nnothing was done\n",
    ]);
    const json = JSON.parse((await runFake(["sync", "--json"], { syncProject })).stdout);
    expect(json).toMatchObject({
      exit: 9,
      plan: null,
      outcome: null,
      lock: { changes: [{ source: "code" }] },
    });
  });

  it("says last what it did", async () => {
    const clock = fakeClock();
    const syncProject = async () => {
      await clock.advance(192_000);
      const fetched = { files: 12, bytes: 3_200_000_000 };
      const outcome = outcomeOf({
        fetched,
        placed: fetched,
        kept: { files: 45, bytes: 1 },
        pruned: { files: 2, bytes: 1 },
      });
      return syncResultOf({ plan: planOf({ totals }), outcome });
    };
    const { exit, stdout } = await runFake(["sync"], { syncProject }, { clock });
    expect([exit, stdout]).toEqual([
      0,
      "synced 57 files, 18.9 GB: 12 fetched (3.2 GB), 45 unchanged, 2 pruned, in 3m 12s\n",
    ]);
  });

  it.each<[Record<string, string>, readonly string[], boolean]>([
    [{}, [], false],
    [{}, ["--locked"], true],
    [{ CI: "true" }, [], true],
    [{ CI: "1" }, [], true],
    [{ CI: "" }, [], false],
    [{ CI: "0" }, [], false],
    [{ CI: "false" }, [], false],
  ])("with %o and %o is locked: %s", async (env, flags, locked) => {
    const { calls } = await runFake(["sync", ...flags], { syncProject: () => syncResultOf() }, { env });
    expect(calls[0]?.[1]).toMatchObject({ locked, jobs: 16, dryRun: false, force: false, prune: false });
  });

  it("prints the plan with --dry-run", async () => {
    const plan = planOf({ totals, writes: [writeOf("data/a.parquet", 320)] });
    const { stdout } = await runFake(["sync", "--dry-run"], {
      syncProject: () => syncResultOf({ plan, outcome: undefined }),
    });
    expect(stdout).toBe(
      "  + data/a.parquet  320 B  missing\nwould sync: 1 file, 320 B to fetch; 56 files, 18.9 GB in place\n",
    );
  });

  it("reports problems on standard error, and its status is theirs", async () => {
    const problems: readonly Problem[] = [
      { code: "CONFLICT", message: 'cannot write "x"', path: "x", hint: "move it away" },
      { code: "NETWORK", message: "cannot fetch" },
    ];
    const outcome = outcomeOf({ kept: { files: 56, bytes: 1 } });
    const result = syncResultOf({
      plan: planOf({ totals, conflicts: [conflictOf("x")] }),
      outcome,
      problems,
    });
    const { exit, stdout, stderr } = await runFake(["sync"], { syncProject: () => result });
    expect(exit).toBe(4);
    expect(stdout).toBe("not in sync: 56 unchanged, in 0.0s\n");
    expect(stderr).toBe(
      'error[CONFLICT]: cannot write "x"\n  hint: move it away\nerror[NETWORK]: cannot fetch\n',
    );
  });

  it("tells a problem once that was emitted and returned", async () => {
    const problem: Problem = { code: "DIGEST_MISMATCH", message: "wrong bytes", path: "x" };
    const syncProject = (context: Context) => {
      context.emit({ kind: "problem", problem });
      return syncResultOf({ problems: [{ ...problem }] });
    };
    const { exit, stderr } = await runFake(["sync"], { syncProject });
    expect([exit, stderr]).toEqual([5, 'error[DIGEST_MISMATCH]: wrong bytes (file "x")\n']);
  });

  it("talks on standard error, and not at all when quiet", async () => {
    const syncProject = (context: Context) => {
      context.emit({ kind: "warning", message: "odd" });
      context.emit({ kind: "note", message: "stale elsewhere" });
      return syncResultOf();
    };
    expect((await runFake(["sync"], { syncProject })).stderr).toBe("warning: odd\nnote: stale elsewhere\n");
    expect(await runFake(["sync", "-q"], { syncProject })).toMatchObject({ stdout: "", stderr: "" });
  });

  it("says what is loud in quiet mode too", async () => {
    const syncProject = (context: Context) => {
      context.emit({ kind: "warning", message: "a fallback stands in", loud: true });
      return syncResultOf();
    };
    expect((await runFake(["sync", "-q"], { syncProject })).stderr).toBe("warning: a fallback stands in\n");
    expect(JSON.parse((await runFake(["sync", "--json"], { syncProject })).stdout).warnings).toEqual([
      "a fallback stands in",
    ]);
  });

  it("names what went to the trash", async () => {
    const trashed = [{ path: "a" as never, place: ".tritter/trash/1", why: "modified" }];
    const { stdout } = await runFake(["sync"], {
      syncProject: () => syncResultOf({ outcome: outcomeOf({ trashed }) }),
    });
    expect(stdout).toContain("a: modified, what was there is now .tritter/trash/1\n");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("stopped by %s ends with %d and says how to go on", async (signal, status) => {
    const controller = new AbortController();
    const syncProject = (context: Context) => {
      controller.abort(stopReason(signal));
      context.signal.throwIfAborted();
    };
    const { exit, stderr } = await runFake(["sync"], { syncProject }, { signal: controller.signal });
    expect(exit).toBe(status);
    expect(stderr).toBe(
      `error[INTERRUPTED]: stopped by ${signal}: what is complete is kept\n  hint: run the same command again to go on from here\n`,
    );
  });

  it("takes a library's own AbortError for the stop it comes from", async () => {
    const controller = new AbortController();
    const syncProject = () => {
      controller.abort(stopReason("SIGTERM"));
      throw new DOMException("This operation was aborted", "AbortError");
    };
    expect((await runFake(["sync"], { syncProject }, { signal: controller.signal })).exit).toBe(143);
  });

  it("reports all of several errors, and a bug as one", async () => {
    const syncProject = () => {
      throw new TritterErrors([
        { code: "ACCESS_TERMS", message: "terms" },
        { code: "LICENSE_REFUSED", message: "license" },
      ]);
    };
    expect(await runFake(["sync"], { syncProject })).toMatchObject({
      exit: 9,
      stderr: "error[ACCESS_TERMS]: terms\nerror[LICENSE_REFUSED]: license\n",
    });
    const bug = await runFake(["sync"]);
    expect(bug.exit).toBe(1);
    expect(bug.stderr).toContain("error[INTERNAL]: Error: no syncProject in this test\n");
    expect(bug.stderr).toContain("hint: this is a bug in tritter");
  });
});

describe("check", () => {
  const hashed = { files: 0, bytes: 0, reasons: {} };
  const idle = {
    root: "/data",
    stale: [],
    plan: planOf({ totals }),
    hashed,
    carried: [],
    obligations: [],
    answers: { lock: [], policy: [], disk: [], upstream: undefined },
    problems: [],
  };

  it("says that all is in sync, and how much it read", async () => {
    const read = { files: 2, bytes: 640, reasons: { deep: 2 } };
    const { exit, stdout, calls } = await runFake(["check", "--deep"], {
      checkProject: () => ({ ...idle, hashed: read }),
    });
    expect([exit, stdout]).toEqual([
      0,
      "in sync: 57 files, 18.9 GB; read 2 files, 640 B to verify (2 deep), in 0.0s\n",
    ]);
    expect(calls[0]?.[1]).toMatchObject({ deep: true, upstream: false });
  });

  it("says that the Hub was asked too", async () => {
    const answers = { ...idle.answers, upstream: [] };
    const { stdout } = await runFake(["check", "--upstream"], { checkProject: () => ({ ...idle, answers }) });
    expect(stdout).toBe("in sync, with the Hub too: 57 files, 18.9 GB, in 0.0s\n");
  });

  it("says what stands in for a source", async () => {
    const carried = [
      { source: "code", repo: "o/open", fallback: 1, why: "gated", instead: "dataset o/code main" },
    ];
    const checkProject = () => ({ ...idle, carried });
    const { stdout } = await runFake(["check"], { checkProject });
    expect(stdout.split("\n")[0]).toBe(
      "code: from its fallback 1, instead of dataset o/code main, which was gated",
    );
    expect(JSON.parse((await runFake(["check", "--json"], { checkProject })).stdout).carried).toEqual(
      carried,
    );
  });

  it("shows drift", async () => {
    const plan = planOf({ totals, writes: [writeOf("a", 320, { why: "modified", found: "trash" })] });
    const problems: readonly Problem[] = [{ code: "DRIFT", message: "the disk is not what the lock says" }];
    const { exit, stdout } = await runFake(["check"], { checkProject: () => ({ ...idle, plan, problems }) });
    expect(exit).toBe(4);
    expect(stdout).toBe(
      "  ~ a  320 B  modified, what is there goes to the trash\n1 file, 320 B to fetch; 56 files, 18.9 GB in place, in 0.0s\n",
    );
  });

  it("has nothing to show without a lock but the problem", async () => {
    const problems: readonly Problem[] = [{ code: "LOCK_MISSING", message: "there is no lock yet" }];
    const checkProject = () => ({ ...idle, plan: undefined, problems });
    expect(await runFake(["check"], { checkProject })).toMatchObject({ exit: 3, stdout: "" });
  });
});

describe("diff", () => {
  it("shows what lock and sync would follow up", async () => {
    const stale = [
      { source: "new", why: "missing" },
      { source: "moved", why: "placement", field: "path", before: "a", after: "b" },
    ];
    const plan = planOf({ totals, writes: [writeOf("a", 320)] });
    const diffProject = () => ({ project: projectOf([]), stale, changes: [], locks: undefined, plan });
    const { exit, stdout } = await runFake(["diff"], { diffProject });
    expect([exit, stdout.split("\n")]).toEqual([
      0,
      [
        "new: not in the lock yet",
        'moved: path "a" → "b"',
        "  + a  320 B  missing",
        "1 file, 320 B to fetch; 56 files, 18.9 GB in place",
        "",
      ],
    ]);
  });

  it("compares two locks with --from, file by file with --patch", async () => {
    const locks = {
      before: { version: 1, sources: [before], extra: {} },
      after: { version: 1, sources: [after], extra: {} },
    };
    const changes = [changeOf(before, after)];
    const diffProject = () => ({ project: projectOf([]), stale: [], changes, locks, plan: undefined });
    const { stdout, calls } = await runFake(["diff", "--from", "old.lock"], { diffProject });
    expect(stdout).toBe("code: pin moved 9fc30b5..def5678, files +1, 300 B (+200 B)\n");
    expect(calls[0]?.[1]).toMatchObject({ from: "old.lock" });
    const patch = (await runFake(["diff", "--from", "old.lock", "--patch"], { diffProject })).stdout;
    expect(patch).toContain("--- code 9fc30b578cedaec69e47302df72cf00feed7c8c4 owner/code\n");
    expect(patch).toContain("\n+b.txt 200 sha256:bbbbbbbbbbbb\n");
  });
});

describe("outdated", () => {
  const row = {
    name: "code",
    state: "outdated",
    pinned: { commit: before.commit },
    change: changeOf(before, after),
  };
  const outdatedProject = () => ({
    project: projectOf([before]),
    sources: [{ ...row, history: { kind: "forward", count: 3, commits: [], dates: {} } }],
    now: 0,
    problems: [],
  });

  it("shows a table, and is no failure", async () => {
    const { exit, stdout, stderr, calls } = await runFake(["outdated", "code", "-q"], { outdatedProject });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("code    9fc30b5  ?            3  +1     200 B\n");
    expect(calls).toEqual([["outdatedProject", { names: ["code"], offline: false }]]);
  });

  it("ends with status 10 for --exit-code, if anything is", async () => {
    const { exit, stderr } = await runFake(["outdated", "--exit-code"], { outdatedProject });
    expect(exit).toBe(10);
    expect(stderr).toBe(
      'error[OUTDATED]: "code" is outdated\n  hint: run tritter update for what you want to move\n',
    );
    const nothing = () => ({ ...outdatedProject(), sources: [] });
    expect((await runFake(["outdated", "--exit-code"], { outdatedProject: nothing })).exit).toBe(0);
  });

  it("prints what it knows and ends with the status of what kept it from more", async () => {
    const problems: readonly Problem[] = [{ code: "NETWORK", message: "cut off", source: "code" }];
    const broken = () => ({ ...outdatedProject(), problems });
    const { exit, stdout } = await runFake(["outdated", "--exit-code", "--json"], {
      outdatedProject: broken,
    });
    expect(exit).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      sources: [{ name: "code", behind: 3, change: { added: ["b.txt"] } }],
    });
  });
});

describe("why", () => {
  it("tells who wants a path, who placed it and what is there", async () => {
    const wanted = {
      source: "code",
      repo: "owner/code",
      type: "dataset",
      revision: "main",
      commit: later,
      remote: "rust/a.parquet",
      size: 320_000_000,
      digest: `sha256:${"a".repeat(64)}`,
      pattern: "rust/*.parquet",
      fallback: undefined,
    };
    const placed = { source: "code", origin: "fetched", digests: [] };
    const whyProject = () => ({
      project: projectOf([]),
      path: "code/a",
      file: "/d/code/a",
      wanted,
      placed,
      others: [],
      disk: "same",
    });
    const { stdout, calls } = await runFake(["why", "code/a"], { whyProject });
    expect(calls).toEqual([["whyProject", { names: [], offline: false, path: "code/a" }]]);
    expect(stdout.split("\n")).toEqual([
      "path         code/a",
      "source       code",
      "repository   dataset owner/code at main",
      `commit       ${later}`,
      "file there   rust/a.parquet",
      "selected by  rust/*.parquet",
      "size         320 MB (320000000 bytes)",
      `digest       sha256:${"a".repeat(64)}`,
      "placed       fetched for code",
      "disk         what the lock wants",
      "",
    ]);
  });
});

describe("clean", () => {
  const found = {
    project: projectOf([]),
    root: "/d",
    trash: { files: 3, bytes: 1200 },
    trashed: [],
    partials: { files: 0, bytes: 0 },
  };
  const cleanProject = (_: Context, options: { dryRun: boolean }) => ({ ...found, removed: !options.dryRun });

  it("says what and how much before it does it", async () => {
    const { exit, stdout, stderr, calls } = await runFake(["clean"], { cleanProject });
    expect([exit, stdout, stderr]).toEqual([
      0,
      "removed 3 files, 1.2 kB of trash\n",
      "note: removing 3 files, 1.2 kB of trash\n",
    ]);
    expect(calls.map(([, options]) => options)).toMatchObject([{ dryRun: true }, { dryRun: false }]);
  });

  it("removes nothing with --dry-run", async () => {
    const { stdout, calls } = await runFake(["clean", "--dry-run"], { cleanProject });
    expect(stdout).toBe("would remove 3 files, 1.2 kB of trash\n");
    expect(calls).toHaveLength(1);
  });
});

describe("serve", () => {
  const serving = {
    url: "http://127.0.0.1:8741",
    host: "127.0.0.1",
    port: 8741,
    access: "loopback",
    root: "/d",
    sources: [
      {
        name: "rust",
        type: "dataset",
        repo: "o/n",
        revision: "main",
        commit: "a".repeat(40),
        files: 2,
        bytes: 9,
      },
    ],
    disk: { right: 0, unproved: 0, missing: 1, changed: 1 },
  } as const;
  const problem = { code: "INTERRUPTED", message: "cut 1 answer" } as const;
  const serveProject = (context: Context) => {
    context.emit({ kind: "warning", message: "before" });
    context.emit({ kind: "listening", serving, tookMs: 5 });
    const asked = { remote: "::1", method: "GET", path: "/a\u001b[31m", status: 404, bytes: 3, tookMs: 1.4 };
    context.emit({ kind: "answered", at: Date.parse("2026-01-02T03:04:05.678Z"), ...asked });
    return { serving, requests: 1, bytes: 3, problems: [] };
  };
  const LOG = "2026-01-02T03:04:05.678Z ::1 GET /a\\u001b[31m 404 3 1ms\n";

  it("says where it listens and what for, logs, and says in the end what it came to", async () => {
    const { exit, stdout, stderr, calls } = await runFake(["serve", "rust"], { serveProject });
    expect([exit, stdout.split("\n"), stderr]).toEqual([
      0,
      [
        "serving 2 files, 9 B, read-only, at http://127.0.0.1:8741, for this machine",
        "  rust: dataset o/n@main at aaaaaaa, 2 files, 9 B",
        "  files on disk: 1 missing, 1 changed",
        "  export HF_ENDPOINT=http://127.0.0.1:8741",
        "answered 1 request, sent 3 B",
        "",
      ],
      `warning: before\n${LOG}`,
    ]);
    const options = { names: ["rust"], host: "127.0.0.1", port: 8741, token: undefined, open: false };
    expect(calls).toMatchObject([["serveProject", options]]);
  });

  it("prints its object once it listens, and tells on standard error what happens after that", async () => {
    const cut = async (context: Context) => ({ ...serveProject(context), problems: [problem] });
    const { exit, stdout, stderr } = await runFake(["serve", "--json"], { serveProject: cut });
    expect(exit).toBe(130);
    expect(JSON.parse(stdout)).toEqual({
      tritter: expect.any(String),
      command: "serve",
      exit: 0,
      problems: [],
      warnings: ["before"],
      tookMs: 5,
      ...serving,
    });
    expect(stderr).toBe(`${LOG}error[INTERRUPTED]: cut 1 answer\n`);
  });

  it("says nothing in quiet mode, and its object where it cannot begin", async () => {
    expect(await runFake(["serve", "--quiet"], { serveProject })).toMatchObject({ stdout: "", stderr: "" });
    const refuse = () => {
      throw new TritterError({ code: "LOCK_MISSING", message: "no lock" });
    };
    const { exit, stdout } = await runFake(["serve", "--json"], { serveProject: refuse });
    expect([exit, JSON.parse(stdout).problems[0].code]).toEqual([3, "LOCK_MISSING"]);
  });

  it.each([
    [[], {}, { token: undefined, open: false }],
    [[], { TRITTER_SERVE_TOKEN: "" }, { token: undefined, open: false }],
    [[], { TRITTER_SERVE_TOKEN: "hf_env" }, { token: "hf_env", open: false }],
    [["--token", "hf_line"], { TRITTER_SERVE_TOKEN: "hf_env" }, { token: "hf_line", open: false }],
    [["--no-token"], { TRITTER_SERVE_TOKEN: "hf_env" }, { token: undefined, open: true }],
    [["--host", "::1", "--port", "0"], {}, { host: "::1", port: 0 }],
  ])("reads %j with %j", async (args, env, options) => {
    const { calls } = await runFake(["serve", ...args], { serveProject }, { env });
    expect(calls).toMatchObject([["serveProject", options]]);
  });
});

describe("--json", () => {
  it("prints one object and nothing on standard error", async () => {
    const syncProject = (context: Context) => {
      context.emit({ kind: "warning", message: "odd" });
      context.emit({ kind: "note", message: "not in JSON" });
      const plan = planOf({ totals, writes: [writeOf("a", 320)] });
      return syncResultOf({ plan, locked: lockResultOf([before], [after]).locked });
    };
    const { exit, stdout, stderr } = await runFake(["sync", "--json"], { syncProject });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      tritter: "1.2.3",
      command: "sync",
      exit: 0,
      problems: [],
      warnings: ["odd"],
      dryRun: false,
      root: "/data",
      lock: {
        file: "/project/tritter.lock",
        wrote: true,
        changes: [
          { source: "code", before: { files: 1, bytes: 100 }, after: { commit: later }, added: ["b.txt"] },
        ],
      },
      plan: {
        totals,
        writes: [{ path: "a", source: "code", size: 320, why: "missing", found: "nothing" }],
        brake: null,
      },
      outcome: { unpruned: null },
    });
  });

  it("prints the object on failure too", async () => {
    const lockProject = () => {
      throw new TritterError({ code: "OFFLINE", message: "no", hint: "go online", source: "code" });
    };
    const { exit, stdout } = await runFake(["lock", "--json"], { lockProject });
    expect(exit).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      command: "lock",
      exit: 7,
      problems: [{ code: "OFFLINE", message: "no", hint: "go online", source: "code" }],
    });
  });

  it("escapes what a terminal would obey", async () => {
    const syncProject = () =>
      syncResultOf({ plan: planOf({ writes: [writeOf("a\u001b\u009b\u2028b", 1)] }) });
    const { stdout } = await runFake(["sync", "--json"], { syncProject });
    expect(stdout).not.toMatch(/[\u001b\u0080-\u009f\u2028]/);
    expect(JSON.parse(stdout).plan.writes[0].path).toBe("a\u001b\u009b\u2028b");
  });
});
