import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { called } from "../support/called.ts";
import { type GitWorld, gitWorld, hasGit } from "../support/git.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { readPage, shellLines } from "../support/pages.ts";
import { makeProject, type Project, type Ran } from "../support/project.ts";

let hub: LoopbackHub;
let world: GitWorld;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  world = await gitWorld();
  project = called(await makeProject(hub, world.env));
  hub.repo("o/rust").commit(release("1"));
  hub.repo("o/docs").commit({ "x.md": "first\n" });
});

afterEach(async () => {
  await hub.close();
  await project.remove();
  await world.remove();
});

/** Twelve files, of which a release changes three: its own, and the two beside it. */
function release(name: string): Record<string, string> {
  const own = Number.parseInt(name, 16);
  const files = Array.from({ length: 12 }, (_, index) => {
    const text = Math.abs(index - own) <= 1 ? `file ${index} of ${name}\n` : `file ${index}\n`;
    return [`data/${String(index).padStart(2, "0")}.txt`, text];
  });
  return Object.fromEntries(files);
}

const git = (...args: string[]) => world.git(project.folder, ...args);

async function done(ran: Promise<Ran>): Promise<Ran> {
  const result = await ran;
  expect(result).toMatchObject({ status: 0 });
  return result;
}

const sources = (...lines: string[]) =>
  project.manifest(["sources:", ...lines.map((line) => `  ${line}`)].join("\n"));
const RUST = "rust: { repo: o/rust, include: [data/] }";
const DOCS = "docs: { repo: o/docs }";

/** A repository of git with a first lock on main. `driver: false`: merges of text, as in a clone that was not set up. */
async function start({ driver = true } = {}): Promise<void> {
  await done(git("init", "--quiet", "--initial-branch=main"));
  await sources(RUST, DOCS);
  await project.write(".gitignore", "/data/\n/bin/\n/hf/\n");
  if (driver) await done(project.run("init", "--git"));
  await done(project.run("lock"));
  await commit("first");
}

async function commit(message: string): Promise<string> {
  await done(git("add", "--all"));
  await done(git("commit", "--quiet", "--message", message));
  return project.lock();
}

/** On a branch of its own from where we are. Answers with its lock. */
async function branch(name: string, work: () => Promise<void>): Promise<string> {
  await done(git("switch", "--quiet", "--create", name));
  await work();
  const lock = await commit(name);
  await done(git("switch", "--quiet", "-"));
  return lock;
}

/** Upstream moves, and the pin follows. */
async function move(repo: "rust" | "docs", name: string): Promise<void> {
  hub.repo(`o/${repo}`).commit(repo === "rust" ? release(name) : { "x.md": `${name}\n` });
  await done(project.run("update", repo));
}

/** Main and topic move rust to two commits. */
async function part(options: { driver?: boolean } = {}): Promise<{ ours: string; theirs: string }> {
  await start(options);
  const theirs = await branch("topic", () => move("rust", "7"));
  await move("rust", "2");
  return { ours: await commit("ours"), theirs };
}

/** The lock is one that needs nothing: not the Hub, and no other bytes. */
async function expectSettled(): Promise<void> {
  const lock = await project.lock();
  await done(project.run("sync"));
  hub.clearLog();
  await done(project.run("lock"));
  await done(project.run("check"));
  expect((await done(project.run("sync"))).stdout).toContain("nothing to do");
  expect(hub.log).toEqual([]);
  expect(await project.lock()).toBe(lock);
}

const commitIn = (lock: string, source: string) =>
  new RegExp(`"${source}": \\{\\n(?:".*\\n)*?"commit": "(\\w+)"`).exec(lock)?.[1];

describe.skipIf(!hasGit)("git merge", () => {
  it("of branches that moved different sources is clean, and makes one lock of both", async () => {
    await start();
    const theirs = await branch("topic", () => move("docs", "new"));
    await move("rust", "2");
    const ours = await commit("ours");
    const { stderr } = await done(git("merge", "--quiet", "--no-edit", "topic"));
    expect(stderr).toBe("");
    const lock = await project.lock();
    expect(commitIn(lock, "rust")).toBe(commitIn(ours, "rust"));
    expect(commitIn(lock, "docs")).toBe(commitIn(theirs, "docs"));
    await expectSettled();
  });

  it("of branches that added different sources at one place is clean", async () => {
    await start();
    await branch("topic", async () => {
      await sources(RUST, DOCS, "b1: { repo: o/docs, path: b1 }");
      await done(project.run("lock"));
    });
    await sources(RUST, DOCS, "b2: { repo: o/docs, path: b2 }");
    await done(project.run("lock"));
    await commit("ours");
    await git("merge", "--quiet", "--no-edit", "topic");
    await sources(RUST, DOCS, "b1: { repo: o/docs, path: b1 }", "b2: { repo: o/docs, path: b2 }");
    expect(await project.lock()).not.toContain("<<<<<<<");
    await commit("merged");
    await expectSettled();
  });

  it("takes the side that moved a pin, and what the other side did to its place", async () => {
    await start();
    const theirs = await branch("topic", () => move("rust", "7"));
    await sources("rust: { repo: o/rust, include: [data/], path: deep/rust, strip: data }", DOCS);
    await done(project.run("lock"));
    await commit("ours");
    await done(git("merge", "--quiet", "--no-edit", "topic"));
    expect(commitIn(await project.lock(), "rust")).toBe(commitIn(theirs, "rust"));
    await expectSettled();
    expect(Object.keys(await project.tree())).toContain("deep/rust/07.txt");
  });

  it("of two pins shows two commits, refuses all else, and is mended offline to either side", async () => {
    const { ours, theirs } = await part();
    const ran = await git("merge", "topic");
    expect(ran.status).toBe(1);
    const [a = "", b = ""] = [commitIn(ours, "rust"), commitIn(theirs, "rust")];
    expect(ran.stderr).toContain(
      `note: tritter.lock: source "rust" is at ${a.slice(0, 7)} in ours, ${b.slice(0, 7)} in theirs\n`,
    );
    const lock = await project.lock();
    const block =
      /^<<<<<<< ours: 12 files, \d+ bytes\n((?:.*\n)*?)>>>>>>> theirs: 12 files, \d+ bytes$/m.exec(
        lock,
      )?.[1] ?? "";
    expect(block.split("\n")).toEqual([
      expect.stringContaining(`"commit": "${a}"`),
      "=======",
      expect.stringContaining(`"commit": "${b}"`),
      "",
    ]);
    for (const command of ["sync", "check", "lock", "list"]) {
      const refused = await project.run(command);
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain("conflict markers of a merge");
      expect(refused.stderr).toContain("hint: run tritter lock --resolve ours, or theirs");
    }
    expect(await project.lock()).toBe(lock);
    hub.clearLog();
    const mended = await done(project.run("lock", "--resolve", "theirs", "--offline"));
    expect(mended.stdout).toContain(`rust: took theirs, commit ${b.slice(0, 7)}, 12 files (list from git)\n`);
    expect(await project.lock()).toBe(theirs);
    await project.write("tritter.lock", lock);
    await done(project.run("lock", "--resolve", "ours"));
    expect(await project.lock()).toBe(ours);
    expect(hub.log).toEqual([]);
    await done(git("add", "tritter.lock"));
    await done(git("commit", "--quiet", "--no-edit"));
    await expectSettled();
    expect((await done(project.run("lock", "--resolve", "ours"))).stdout).toContain("nothing to resolve");
  });

  it("keeps what was chosen by hand for one source, and takes the side for the other", async () => {
    await start();
    const theirs = await branch("topic", async () => {
      await move("rust", "7");
      await move("docs", "theirs");
    });
    await move("rust", "2");
    await move("docs", "ours");
    const ours = await commit("ours");
    expect((await git("merge", "topic")).status).toBe(1);
    // The first block is that of docs: its second side stays.
    const byHand = (await project.lock()).replace(
      /<<<<<<<.*\n(?:.*\n)*?=======\n((?:.*\n)*?)>>>>>>>.*\n/,
      "$1",
    );
    await project.write("tritter.lock", byHand);
    await done(project.run("lock", "--resolve", "ours"));
    const lock = await project.lock();
    expect(commitIn(lock, "docs")).toBe(commitIn(theirs, "docs"));
    expect(commitIn(lock, "rust")).toBe(commitIn(ours, "rust"));
    await expectSettled();
  });

  it("of a source that one side removed and the other moved is for a person", async () => {
    await start();
    const theirs = await branch("topic", () => move("rust", "7"));
    await sources(DOCS);
    await done(project.run("lock"));
    const ours = await commit("ours");
    const ran = await git("merge", "topic");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('source "rust" was removed in ours and changed in theirs');
    const lock = await project.lock();
    expect((await done(project.run("lock", "--resolve", "ours"))).stdout).toContain(
      "rust: took ours, which removed it\n",
    );
    expect(await project.lock()).toBe(ours);
    await project.write("tritter.lock", lock);
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(theirs);
  });

  it("of two branches that each began a lock needs no base", async () => {
    await done(git("init", "--quiet", "--initial-branch=main"));
    await project.write(".gitignore", "/data/\n/bin/\n/hf/\n");
    await sources(RUST, DOCS);
    await done(project.run("init", "--git"));
    await done(git("add", "--all"));
    await done(git("commit", "--quiet", "--message", "no lock yet"));
    const theirs = await branch("topic", async () => {
      await done(project.run("lock"));
    });
    await done(project.run("lock"));
    await move("docs", "new");
    const ours = await commit("ours");
    expect((await git("merge", "topic")).status).toBe(1);
    expect(await project.lock()).toMatch(/"docs"[\s\S]*<<<<<<<[\s\S]*>>>>>>>[\s\S]*"rust"/);
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(theirs);
    expect(ours).not.toBe(theirs);
  });

  it("of branches that crossed takes what both already agreed on for their base", async () => {
    await start();
    await branch("topic", () => move("docs", "theirs"));
    await move("rust", "2");
    await commit("ours");
    await done(git("branch", "main-before"));
    await done(git("merge", "--quiet", "--no-edit", "topic"));
    await done(git("switch", "--quiet", "topic"));
    await done(git("merge", "--quiet", "--no-edit", "main-before"));
    // Two bases now, and neither has both. Only topic goes on.
    await move("docs", "later");
    const theirs = await commit("later");
    await done(git("switch", "--quiet", "main"));
    await project.write("note.txt", "main goes on too\n");
    await commit("note");
    await done(git("merge", "--quiet", "--no-edit", "topic"));
    expect(await project.lock()).toBe(theirs);
  });

  it("of branches that crossed over a conflict asks again only where they still differ", async () => {
    const { ours } = await part();
    await done(git("branch", "main-before"));
    await git("merge", "topic");
    await done(project.run("lock", "--resolve", "ours"));
    await commit("merged, ours");
    await done(git("switch", "--quiet", "topic"));
    await git("merge", "main-before");
    await done(project.run("lock", "--resolve", "theirs"));
    await done(git("add", "--all"));
    await done(git("commit", "--quiet", "--message", "merged, main's"));
    await move("docs", "later");
    await commit("later");
    await done(git("switch", "--quiet", "main"));
    await done(git("merge", "--quiet", "--no-edit", "topic"));
    expect(commitIn(await project.lock(), "rust")).toBe(commitIn(ours, "rust"));
    await expectSettled();
  });

  it("of a side that cannot be read is a merge of text, and never clean", async () => {
    await start();
    await branch("topic", async () => {
      await project.write("tritter.lock", (await project.lock()).replace('"version": 1', '"version": 2'));
    });
    await move("rust", "2");
    const ours = await commit("ours");
    const ran = await git("merge", "topic");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("it has version 2, this tritter reads version 1");
    expect(ran.stderr).toContain("merged line by line instead");
    expect(await project.lock()).toBe(ours.replace('"version": 1', '"version": 2'));
    expect((await git("status", "--short")).stdout).toContain("UU tritter.lock");
  });

  it("without tritter to run leaves our side, which --resolve then merges", async () => {
    await start();
    const theirs = await branch("topic", async () => {
      await move("rust", "7");
      await move("docs", "theirs");
    });
    await move("rust", "2");
    const ours = await commit("ours");
    await done(git("config", "merge.tritter.driver", "no-such-program %O %A %B"));
    expect((await git("merge", "topic")).status).toBe(1);
    expect(await project.lock()).toBe(ours);
    await done(project.run("lock", "--resolve", "ours"));
    const lock = await project.lock();
    expect(commitIn(lock, "rust")).toBe(commitIn(ours, "rust"));
    expect(commitIn(lock, "docs")).toBe(commitIn(theirs, "docs"));
    expect((await done(project.run("lock", "--resolve", "theirs"))).stdout).toContain("nothing to resolve");
  });

  it("of sources that meet in one place is read, judged, and mended in the manifest", async () => {
    await start();
    await branch("topic", async () => {
      await sources(RUST, DOCS, "z1: { repo: o/docs, path: shared }");
      await done(project.run("lock"));
    });
    await sources("a1: { repo: o/docs, path: shared }", RUST, DOCS);
    await done(project.run("lock"));
    await commit("ours");
    await done(git("merge", "--quiet", "--no-edit", "topic"));
    for (const command of ["sync", "check"]) {
      const ran = await project.run(command);
      expect(ran).toMatchObject({ status: 2 });
      expect(ran.stderr).toContain("PATH_COLLISION");
    }
    await sources("a1: { repo: o/docs, path: shared }", RUST, DOCS, "z1: { repo: o/docs, path: other }");
    await done(project.run("lock"));
    await expectSettled();
  });
});

describe.skipIf(!hasGit)("other ways git merges", () => {
  it("rebase: ours is what is rebased upon, as git has it", async () => {
    const { ours, theirs } = await part();
    await done(git("switch", "--quiet", "topic"));
    expect((await git("rebase", "main")).status).toBe(1);
    await done(project.run("lock", "--resolve", "ours"));
    expect(await project.lock()).toBe(ours);
    await done(git("rebase", "--abort"));
    expect((await git("rebase", "main")).status).toBe(1);
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(theirs);
    await done(git("add", "tritter.lock"));
    await done(git("rebase", "--continue"));
    await expectSettled();
  });

  it("cherry-pick and stash", async () => {
    const { ours, theirs } = await part();
    expect((await git("cherry-pick", "topic")).status).toBe(1);
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(theirs);
    await done(git("cherry-pick", "--abort"));
    await move("rust", "a");
    const stashed = await project.lock();
    await done(git("stash"));
    await move("rust", "b");
    await commit("meanwhile");
    expect((await git("stash", "pop")).status).toBe(1);
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(stashed);
    expect(ours).not.toBe(stashed);
  });
});

describe.skipIf(!hasGit)("a merge of text, in a clone without the driver", () => {
  it.each(["merge", "diff3", "zdiff3"])(
    "with markers in the style %s is mended offline to either side",
    async (style) => {
      const { ours, theirs } = await part({ driver: false });
      await done(git("config", "merge.conflictStyle", style));
      expect((await git("merge", "topic")).status).toBe(1);
      const lock = await project.lock();
      expect(lock).toContain("<<<<<<< HEAD");
      expect((await project.run("check")).stderr).toContain("conflict markers of a merge");
      hub.clearLog();
      for (const [side, expected] of [
        ["ours", ours],
        ["theirs", theirs],
      ] as const) {
        await project.write("tritter.lock", lock);
        await done(project.run("lock", "--resolve", side));
        expect(await project.lock()).toBe(expected);
      }
      expect(hub.log).toEqual([]);
    },
  );

  it("that mixed two commits' files without a marker is refused, and goes by the commit it names", async () => {
    const { ours, theirs } = await part({ driver: false });
    await done(git("merge", "--quiet", "--no-edit", "-X", "ours", "topic"));
    const chimera = await project.lock();
    expect([ours, theirs]).not.toContain(chimera);
    expect(() => JSON.parse(chimera)).not.toThrow();
    for (const command of ["sync", "check", "lock"]) {
      const ran = await project.run(command);
      expect(ran.status).toBe(2);
      expect(ran.stderr).toContain('its files do not match its "listing"');
      expect(ran.stderr).toContain("tritter lock --resolve ours, or theirs");
    }
    hub.clearLog();
    const { stdout } = await done(project.run("lock", "--resolve", "theirs"));
    expect(stdout).toContain("rust: held files that are not of its commit, took those that are");
    expect(stdout).toContain("(list from git)");
    expect(await project.lock()).toBe(ours);
    expect(hub.log).toEqual([]);
    await expectSettled();
  });

  it("never pairs the request of one branch with the commit of another", async () => {
    await start({ driver: false });
    await branch("topic", () => move("rust", "7"));
    // Selects the same files, so that nothing but the request differs.
    await sources('rust: { repo: o/rust, include: ["data/*.txt"] }', DOCS);
    await done(project.run("lock"));
    await commit("ours");
    expect((await git("merge", "topic")).status).toBe(1);
    expect((await git("diff", "--name-only", "--diff-filter=U")).stdout).toBe("tritter.lock\n");
  });

  it("is mended from history once git counts it as merged", async () => {
    const { theirs } = await part({ driver: false });
    await git("merge", "topic");
    await done(git("add", "tritter.lock"));
    await done(git("commit", "--quiet", "--no-edit"));
    hub.clearLog();
    await done(project.run("lock", "--resolve", "theirs"));
    expect(await project.lock()).toBe(theirs);
    expect(hub.log).toEqual([]);
  });
});

describe("a lock in conflict where no git has its lists", () => {
  const inConflict = async () => {
    await sources(RUST, DOCS);
    await done(project.run("lock"));
    const base = await project.lock();
    await move("rust", "2");
    const ours = await project.lock();
    await project.write("tritter.lock", base);
    await move("rust", "7");
    const theirs = await project.lock();
    const files = Object.fromEntries([
      ["base", base],
      ["ours", ours],
      ["theirs", theirs],
    ]);
    for (const [name, text] of Object.entries(files)) await project.write(`${name}.lock`, text);
    const ran = await project.run("git-merge", "base.lock", "ours.lock", "theirs.lock", "tritter.lock");
    expect([ran.status, ran.stdout]).toEqual([1, ""]);
    const conflict = (await project.read("ours.lock")).toString();
    await project.write("tritter.lock", conflict);
    return { ours, theirs, conflict };
  };

  it("asks the Hub for the list of the commit that was chosen, or says offline what lacks", async () => {
    const { ours, theirs, conflict } = await inConflict();
    hub.clearLog();
    await done(project.run("lock", "--resolve", "ours"));
    expect(await project.lock()).toBe(ours);
    expect(hub.log).toEqual([]);
    await project.write("tritter.lock", conflict);
    const offline = await project.run("lock", "--resolve", "theirs", "--offline");
    expect(offline.status).toBe(7);
    expect(offline.stderr).toContain("rust");
    expect(await project.lock()).toBe(conflict);
    const { stdout } = await done(project.run("lock", "--resolve", "theirs"));
    expect(stdout).toContain("(listed anew by the Hub)");
    expect(hub.log.map(({ kind }) => kind)).toEqual(["tree"]);
    expect(await project.lock()).toBe(theirs);
    await expectSettled();
  });

  it("leaves out a source that nothing lists and the manifest does not name", async () => {
    await inConflict();
    await sources(DOCS);
    const { stdout } = await done(project.run("lock", "--resolve", "theirs"));
    expect(stdout).toContain("rust: left out");
    expect(await project.lock()).not.toContain('"rust"');
    await expectSettled();
  });

  it("says that files differ where the manifest selects others by now", async () => {
    const { theirs } = await inConflict();
    await sources('rust: { repo: o/rust, include: ["data/0*"] }', DOCS);
    const ran = await done(project.run("lock", "--resolve", "theirs"));
    expect(ran.stderr).toContain("tritter.yaml selects other files of that commit now");
    expect(commitIn(await project.lock(), "rust")).toBe(commitIn(theirs, "rust"));
    await expectSettled();
  });

  it("is refused where its lines are none of a lock, or there is none", async () => {
    await sources(DOCS);
    expect(await project.run("lock", "--resolve", "ours")).toMatchObject({ status: 3 });
    await project.write("tritter.lock", "<<<<<<< a\nversion: 1\n=======\nversion: 2\n>>>>>>> b\n");
    const ran = await project.run("lock", "--resolve", "ours");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("its lines are not those of a lock");
    expect(await project.run("lock", "--resolve", "ours", "docs")).toMatchObject({ status: 2 });
    expect(await project.run("lock", "--resolve", "mine")).toMatchObject({ status: 2 });
  });
});

describe.skipIf(!hasGit)("git diff", () => {
  it("shows what changed in a lock by source, a line a file, and a lock that is not whole as it is", async () => {
    await start();
    await move("rust", "2");
    const { stdout } = await done(git("diff", "tritter.lock"));
    const changed = stdout.split("\n").filter((line) => /^[-+] /.test(line));
    expect(changed.filter((line) => line.startsWith("+  commit "))).toHaveLength(1);
    expect(changed.filter((line) => line.includes("data/"))).toHaveLength(8);
    expect(changed).not.toContainEqual(expect.stringContaining('"'));
    expect(stdout).toMatch(/^ rust: dataset o\/rust at main$/m);
    await project.write("tritter.lock", "{ half a lock\n");
    expect((await done(git("diff", "tritter.lock"))).stdout).toContain("\n+{ half a lock\n");
  });
});

describe.skipIf(!hasGit)("init --git", () => {
  it("sets up a project that is there, once, and says what it did", async () => {
    await done(git("init", "--quiet"));
    await sources(DOCS);
    await project.write(".gitattributes", "*.md text");
    const manifest = (await project.read("tritter.yaml")).toString();
    const { stdout } = await done(project.run("init", "--git"));
    expect(stdout.split("\n")).toEqual([
      `kept ${project.folder}/tritter.yaml, and set up git`,
      `added to ${project.folder}/.gitattributes: tritter.lock merge=tritter diff=tritter linguist-generated=true`,
      `added to ${project.folder}/.gitignore: /data/`,
      'ran git config --local merge.tritter.name "tritter merges its lock by source"',
      'ran git config --local merge.tritter.driver "tritter git-merge %O %A %B %P"',
      'ran git config --local diff.tritter.textconv "tritter git-textconv"',
      "ran git config --local diff.tritter.cachetextconv true",
      "",
    ]);
    expect((await project.read("tritter.yaml")).toString()).toBe(manifest);
    expect((await project.read(".gitattributes")).toString()).toBe(
      "*.md text\ntritter.lock merge=tritter diff=tritter linguist-generated=true\n",
    );
    const before = await Promise.all(
      [".gitattributes", ".gitignore", ".git/config"].map((file) => project.read(file)),
    );
    const again = await done(project.run("init", "--git"));
    expect(again.stdout).toBe(`kept ${project.folder}/tritter.yaml; git is set up already\n`);
    expect(
      await Promise.all([".gitattributes", ".gitignore", ".git/config"].map((file) => project.read(file))),
    ).toEqual(before);
    await done(project.run("lock"));
    await commit("all");
    await done(project.run("sync"));
    expect((await git("status", "--short")).stdout).toBe("");
  });

  it("starts a project too, and names the lock of another manifest", async () => {
    await done(git("init", "--quiet"));
    expect((await done(project.run("init", "sub", "--git"))).stdout).toContain(
      `wrote ${project.folder}/sub/tritter.yaml`,
    );
    await done(project.run("init", "sub", "--manifest", "my code.yaml", "--git"));
    expect((await project.read("sub/.gitattributes")).toString()).toBe(
      'tritter.lock merge=tritter diff=tritter linguist-generated=true\n"my code.lock" merge=tritter diff=tritter linguist-generated=true\n',
    );
    expect((await git("check-attr", "merge", "--", "sub/my code.lock")).stdout).toContain("merge: tritter");
    expect((await project.read("sub/my code.yaml")).toString()).toContain('name: "my-code"');
  });

  it("works in a further work tree and in a submodule, for their own clone", async () => {
    await start();
    await done(git("worktree", "add", "--quiet", "tree"));
    const inTree = (...args: string[]) => world.git(join(project.folder, "tree"), ...args);
    await done(project.run("init", "tree", "--git"));
    expect((await inTree("config", "merge.tritter.driver")).stdout).toBe("tritter git-merge %O %A %B %P\n");
    await done(
      git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", project.folder, "module"),
    );
    await done(project.run("init", "module", "--git"));
    const config = (await project.read(".git/modules/module/config")).toString();
    expect(config).toContain("tritter git-merge");
  });

  it("leaves alone what was settled: a root that is ignored, tracked, or not below the manifest", async () => {
    await done(git("init", "--quiet"));
    await project.write("tritter.yaml", "version: 1\nroot: ../elsewhere\nsources: {}\n");
    await done(project.run("init", "--git"));
    await project.write("tritter.yaml", "version: 1\nroot: .\nsources: {}\n");
    await done(project.run("init", "--git"));
    await mkdir(join(project.folder, "data"), { recursive: true });
    await project.write("data/kept.txt", "mine\n");
    await done(git("add", "data/kept.txt"));
    await project.write("tritter.yaml", "version: 1\nroot: data\nsources: {}\n");
    await done(project.run("init", "--git"));
    await expect(project.read(".gitignore")).rejects.toThrow("ENOENT");
  });

  it("says what lacks: a work tree, git, or a tritter that git can run", async () => {
    const none = await project.run("init", "new", "--git");
    expect(none.status).toBe(2);
    expect(none.stderr).toContain("it is in no work tree of git");
    expect(none.stderr).toContain("hint: run git init first");
    await expect(project.read("new/tritter.yaml")).rejects.toThrow("ENOENT");
    const noGit = await project.runWith({ PATH: "/nowhere" }, "init", "--git");
    expect(noGit.stderr).toContain("there is no git to run");
    await done(git("init", "--quiet"));
    const noTritter = await project.runWith({ PATH: process.env.PATH ?? "" }, "init", "--git");
    expect(noTritter.stderr).toContain('warning: git will run "tritter", which no folder of PATH has');
  });
});

describe.skipIf(!hasGit)("docs/git.md", () => {
  it("every line of shell does what it says, in the order of the page", async () => {
    const lines = shellLines(await readPage("docs/git.md"));
    await start({ driver: false });
    // What happens between the lines of the page.
    const before: Readonly<Record<string, () => Promise<unknown>>> = {
      "git merge --quiet --no-edit topic": async () => {
        await branch("topic", () => move("docs", "new"));
        await move("rust", "2");
        await commit("ours");
      },
      "tritter lock --resolve theirs": async () => {
        await branch("other", () => move("rust", "7"));
        await move("rust", "a");
        await commit("ours again");
        expect((await git("merge", "other")).status).toBe(1);
      },
    };
    const outputs = new Map<string, string>();
    for (const line of lines) {
      await before[line]?.();
      const ran = await shell(line);
      expect({ line, ...ran }).toMatchObject({ status: 0 });
      outputs.set(line, ran.stdout);
    }
    expect(Object.keys(before).filter((line) => !lines.includes(line))).toEqual([]);
    expect(outputs.get("tritter lock --resolve theirs")).toContain("rust: took theirs");
    expect(outputs.get("git diff HEAD tritter.lock")).toContain("rust: dataset o/rust at main");
    expect(outputs.get("tritter lock")).toContain("is up to date");
    expect(outputs.get("git log --max-count=1 --patch -- tritter.lock")).toContain("  commit ");
    expect(outputs.get("tritter diff --from before.lock")).toContain("rust: pin moved");
    await expectSettled();
  });

  function shell(line: string): Promise<Ran> {
    return new Promise((resolve) => {
      execFile("/bin/sh", ["-c", line], { cwd: project.folder, env: world.env }, (error, stdout, stderr) => {
        const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        resolve({ status, stdout, stderr });
      });
    });
  }
});
