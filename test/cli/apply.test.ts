import { describe, expect, it } from "vitest";
import { exitStatusOf } from "../../cli/errors.ts";
import { gitOf, intentEntry, journalText, writerOf } from "../support/engine.ts";
import type { Operation } from "../support/memory-disk.ts";
import { CHANGES, systemError } from "../support/memory-disk.ts";
import { type MemoryProject, memoryProject, ROOT } from "../support/memory-project.ts";
import { expectEndsAtLock, expectSound, SCENARIOS } from "../support/scenarios.ts";

/** Once, in the instant before the operation: what another process does. */
function meanwhile(
  { disk }: MemoryProject,
  is: (operation: Operation, path: string) => boolean,
  act: () => void,
): void {
  disk.before = (operation, path) => {
    if (!is(operation, path)) return;
    disk.before = () => undefined;
    act();
  };
}

async function synced(files: Record<string, string>, lfs: readonly string[] = []): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(files, lfs);
  expect((await project.sync()).problems).toEqual([]);
  return project;
}

async function updated(project: MemoryProject, files: Record<string, string>, lfs: readonly string[] = []) {
  project.publish(files, lfs);
  await project.update();
}

const codes = (problems: readonly { code: string }[]) => problems.map(({ code }) => code);

/** The scan has looked, and the run begins to write. */
const atFirstIntent = (operation: Operation, path: string) =>
  operation === "append" && path.includes("/receipt/");

describe("apply() when something fails", () => {
  it("forgets no file that could not be moved: it is still ours", async () => {
    const project = await synced({ "old.txt": "bytes", "stay.txt": "stay" });
    await updated(project, { "new.txt": "bytes", "stay.txt": "stay" });
    meanwhile(
      project,
      (operation, path) => operation === "rename" && path === `${ROOT}/old.txt`,
      () => project.disk.put(`${ROOT}/old.txt`, "edited"),
    );
    const done = await project.sync();
    expect(codes(done.problems)).toEqual(["CONFLICT"]);
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([
      { "new.txt": "bytes", "stay.txt": "stay" },
      ["edited"],
    ]);
  });

  it("forgets no file in the way of one that could not be fetched", async () => {
    const project = await synced({ data: "a file", "stay.txt": "stay" });
    await updated(project, { "data/x": "below", "stay.txt": "stay" });
    const lost = Object.keys(project.disk.tree("/home/me/hub")).find((path) => path.endsWith("data/x"));
    await project.disk.rename(`/home/me/hub/${lost}`, "/home/me/aside");
    const failed = await project.sync();
    expect(failed.problems).not.toEqual([]);
    expect(project.tree()).toEqual({ data: "a file", "stay.txt": "stay" });
    await project.disk.rename("/home/me/aside", `/home/me/hub/${lost}`);
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([{ "data/x": "below", "stay.txt": "stay" }, []]);
  });

  it("prunes nothing", async () => {
    const project = await synced({ "a.txt": "a", "gone.txt": "gone" });
    await updated(project, { "a.txt": "a", "b.txt": "b" });
    project.disk.before = (operation, path) => {
      if (operation === "rename" && path.includes("/ready/")) throw systemError("EACCES", path);
    };
    const done = await project.sync();
    expect([done.outcome?.unpruned, exitStatusOf(done.problems)]).toEqual(["problems", 12]);
    expect(Object.keys(project.tree())).toEqual(["a.txt", "gone.txt"]);
  });

  it.each([
    ["ENAMETOOLONG", 12],
    ["EMFILE", 12],
    ["EDQUOT", 8],
  ])("finishes all other files when one is refused with %s, exit %d", async (code, exit) => {
    const project = memoryProject();
    project.publish({ "a.txt": "a", "b.txt": "b", "c.txt": "c" });
    const { renameNow } = project.disk;
    project.disk.renameNow = (from, to) => {
      if (to.endsWith("/b.txt")) throw systemError(code, to);
      renameNow(from, to);
    };
    const done = await project.sync();
    expect(exitStatusOf(done.problems)).toBe(exit);
    expect(done.problems).toMatchObject([{ path: "b.txt", hint: expect.any(String) }]);
    expect(project.tree()).toEqual({ "a.txt": "a", "c.txt": "c" });
  });
});

describe("apply() on a disk that fills up", () => {
  it("writes nothing where there is no room for the whole plan", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "aaaa", "b.txt": "bbbb" });
    project.disk.free = { bytes: 7, inodes: undefined };
    const done = await project.sync();
    expect(codes(done.problems)).toEqual(["NO_SPACE"]);
    expect(project.tree()).toEqual({});
    expect(Object.keys(project.state())).toEqual([".gitignore"]);
    project.disk.free = { bytes: 8, inodes: undefined };
    expect((await project.sync()).problems).toEqual([]);
  });

  it("keeps what is complete, exits 8, and fetches only the rest next time", async () => {
    const project = memoryProject();
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`f${index}`, `bytes ${index}`]),
    );
    project.publish(files);
    let written = 0;
    project.disk.before = (operation, path) => {
      if (operation === "writeAt" && path.startsWith(ROOT) && ++written > 5)
        throw systemError("ENOSPC", path);
    };
    const full = await project.sync();
    expect(exitStatusOf(full.problems)).toBe(8);
    expect(Object.keys(project.tree())).toHaveLength(5);
    expect(Object.keys(project.state()).filter((path) => path.startsWith("store/"))).toEqual([]);
    project.disk.before = () => undefined;
    const done = await project.sync();
    expect([done.problems, done.outcome?.fetched.files, project.tree()]).toEqual([[], 5, files]);
  });
});

describe("apply() after a kill", () => {
  it("drops of its own bytes what the killed run put aside, and nothing of the user's", async () => {
    const project = await synced({ data: "a file", mine: "a file too" });
    project.disk.put(`${ROOT}/mine`, "edited");
    await updated(project, { "data/x": "below", "mine/x": "below too" });
    project.disk.before = (operation, path) => {
      if (operation === "rename" && path.includes("/ready/") && !path.endsWith(".new"))
        throw new Error("killed");
    };
    await expect(project.sync()).rejects.toThrow("killed");
    project.disk.before = () => undefined;
    expect(project.trash().sort()).toEqual(["a file"]);
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([
      { "data/x": "below", "mine/x": "below too" },
      ["edited"],
    ]);
  });
});

describe("apply() while another changes the tree", () => {
  it("sends what appeared at a wanted path to the trash", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "ours" });
    meanwhile(project, atFirstIntent, () => project.disk.put(`${ROOT}/a.txt`, "theirs"));
    const done = await project.sync();
    expect([done.problems, project.tree(), project.trash()]).toEqual([[], { "a.txt": "ours" }, ["theirs"]]);
    expect(done.outcome?.trashed).toMatchObject([{ path: "a.txt" }]);
  });

  it.each([
    ["as another sync announced it: ours, and simply replaced later", true, []],
    ["as nobody announced it: theirs, and kept later", false, ["ours"]],
  ])("leaves what it wants and finds there already, %s", async (_, announced, trash) => {
    const project = memoryProject();
    project.publish({ "a.txt": "ours" });
    meanwhile(project, atFirstIntent, () => {
      const intent = intentEntry("a.txt", { owner: "me", source: "all", digest: gitOf("ours"), size: 4 });
      const journal = journalText(writerOf("dying"), [intent]);
      if (announced) project.disk.put(`${ROOT}/.tritter/receipt/dying.ndjson`, journal);
      project.disk.put(`${ROOT}/a.txt`, "ours");
    });
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([{ "a.txt": "ours" }, []]);
    await updated(project, { "a.txt": "new" });
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([{ "a.txt": "new" }, trash]);
  });

  it("sends an edit of a file that it would replace to the trash", async () => {
    const project = await synced({ "a.txt": "old" });
    await updated(project, { "a.txt": "new" });
    meanwhile(project, atFirstIntent, () => project.disk.put(`${ROOT}/a.txt`, "edited"));
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([{ "a.txt": "new" }, ["edited"]]);
  });

  it("writes through no folder that became a link, and finishes the others", async () => {
    const project = memoryProject();
    project.publish({ "folder/a.txt": "a", "b.txt": "b" });
    project.disk.put("/outside/keep", "theirs");
    meanwhile(project, atFirstIntent, () => project.disk.symlink(`${ROOT}/folder`, "/outside"));
    const done = await project.sync();
    expect(codes(done.problems)).toEqual(["CONFLICT"]);
    expect(project.disk.tree("/outside")).toEqual({ keep: "theirs" });
    expect(project.tree()["b.txt"]).toBe("b");
  });

  it("prunes no file that changed since it was looked at", async () => {
    const project = await synced({ "a.txt": "a", "gone.txt": "gone" });
    await updated(project, { "a.txt": "a" });
    let looks = 0;
    meanwhile(
      project,
      (operation, path) => operation === "lstat" && path === `${ROOT}/gone.txt` && ++looks === 2,
      () => project.disk.put(`${ROOT}/gone.txt`, "edited"),
    );
    const done = await project.sync();
    expect([codes(done.problems), project.tree()["gone.txt"]]).toEqual([["CONFLICT"], "edited"]);
    expect((await project.sync()).problems).toEqual([]);
    expect([project.tree(), project.trash()]).toEqual([{ "a.txt": "a" }, ["edited"]]);
  });

  it("prunes no file through a folder that it wrote to itself, and that was moved away and became a link since", async () => {
    const project = await synced({ "folder/gone.txt": "gone", "folder/stay.txt": "stay" });
    await updated(project, { "folder/new.txt": "new", "folder/stay.txt": "stay" });
    const { disk } = project;
    disk.put("/outside/keep", "theirs");
    let appends = 0;
    meanwhile(
      project,
      // After the announcement: the record of what was placed.
      (operation, path) =>
        atFirstIntent(operation, path) && disk.tree(ROOT)["folder/new.txt"] === "new" && ++appends === 1,
      () => {
        void disk.rename(`${ROOT}/folder`, "/outside/folder");
        disk.symlink(`${ROOT}/folder`, "/outside/folder");
      },
    );
    const done = await project.sync();
    expect(codes(done.problems)).toEqual(["CONFLICT"]);
    expect(disk.tree("/outside")).toMatchObject({ keep: "theirs", "folder/gone.txt": "gone" });
  });
});

describe("apply()", () => {
  it("places a blob that is wanted by both its digests at both paths, wherever it comes from", async () => {
    const both = { "by-git.txt": "the same", "by-sha256.bin": "the same", "more.bin": "the same" };
    const lfs = ["by-sha256.bin", "more.bin"];
    const fresh = await synced(both, lfs);
    expect(fresh.tree()).toEqual(both);
    for (const origin of ["fetched", "adopted"]) {
      const project = memoryProject();
      project.publish({ "old.txt": "the same" });
      if (origin === "adopted") project.disk.put(`${ROOT}/old.txt`, "the same");
      await project.sync();
      await updated(project, both, lfs);
      const { problems, outcome } = await project.sync();
      expect([problems, project.tree(), project.trash()]).toEqual([[], both, []]);
      expect(outcome?.received).toBe(origin === "fetched" ? 0 : outcome?.received);
      expect((await project.sync()).plan?.writes).toEqual([]);
    }
  });

  it("places a blob that is wanted by both its digests where its file moves away for another", async () => {
    const project = await synced({ "old.txt": "the same" });
    const next = { "a.bin": "the same", "b.txt": "the same", "old.txt": "other" };
    await updated(project, next, ["a.bin"]);
    const { problems } = await project.sync();
    expect([problems, project.tree(), project.trash()]).toEqual([[], next, []]);
  });

  it("uses ready blobs of a run that was stopped, for both digests too", async () => {
    const files = { "by-git.txt": "the same", "by-sha256.bin": "the same", "other.txt": "other" };
    const project = memoryProject();
    project.publish(files, ["by-sha256.bin"]);
    project.disk.before = (operation, path) => {
      if (atFirstIntent(operation, path)) throw systemError("EIO", path);
    };
    await project.sync().catch(() => undefined);
    project.disk.before = () => undefined;
    const done = await project.sync();
    expect([done.problems, done.outcome?.received, project.tree()]).toEqual([[], 0, files]);
  });

  it("copies no byte of a file that changed after it was moved, where blocks are shared", async () => {
    const project = memoryProject();
    let edit = false;
    project.disk.reflink = async (from, to) => {
      if (edit) project.disk.put(from, "edited");
      const bytes = (await project.disk.read(from)) ?? Buffer.alloc(0);
      const file = await project.disk.open(to, "wx");
      await file.append(bytes);
      await file.close();
      return true;
    };
    project.publish({ "old.txt": "theirs" });
    project.disk.put(`${ROOT}/old.txt`, "theirs");
    await project.sync();
    await updated(project, { "a.txt": "theirs", "b.txt": "theirs" });
    edit = true;
    const done = await project.sync();
    expect(codes(done.problems)).toEqual(["DIGEST_MISMATCH"]);
    expect(Object.keys(project.tree())).not.toContain("b.txt");
  });

  /** As a copy by hand does, of which only the name is flushed. */
  async function putUnflushed({ disk }: MemoryProject, path: string, content: string): Promise<void> {
    await disk.mkdir(ROOT);
    await disk.unlink(path).catch(() => undefined);
    const file = await disk.open(path, "wx");
    await file.append(Buffer.from(content));
    await file.close();
    await disk.syncFolder("/home/me");
    await disk.syncFolder(ROOT);
  }

  it("believes no stamp of adopted bytes that a power loss may take", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "adopted" });
    await putUnflushed(project, `${ROOT}/a.txt`, "adopted");
    expect((await project.sync()).outcome?.adopted).toBe(1);
    project.disk.losePower("zeros");
    expect(project.tree()).toEqual({ "a.txt": "adopted" });
    expect((await project.sync()).plan?.writes).toEqual([]);
  });

  it.each(["fetched", "adopted"])("nor of such bytes that it moves (%s)", async (origin) => {
    const project = memoryProject();
    project.publish({ "old.txt": "bytes" });
    if (origin === "adopted") await putUnflushed(project, `${ROOT}/old.txt`, "bytes");
    await project.sync();
    await updated(project, { "new.txt": "bytes" });
    await putUnflushed(project, `${ROOT}/old.txt`, "bytes");
    await project.sync();
    project.disk.losePower("zeros");
    await project.sync();
    expect(project.tree()).toEqual({ "new.txt": "bytes" });
    expect((await project.check(true)).problems).toEqual([]);
  });

  it("removes folders that a stopped run emptied, and none of the user's", async () => {
    const project = await synced({ "a.txt": "a", "deep/er/gone.txt": "gone" });
    project.disk.put(`${ROOT}/theirs/file`, "theirs");
    await updated(project, { "a.txt": "a" });
    project.disk.before = (operation, path) => {
      if (operation === "rmdir") throw systemError("EIO", path);
    };
    expect((await project.sync().catch((error: unknown) => error)) instanceof Error).toBe(true);
    project.disk.before = () => undefined;
    expect((await project.sync()).problems).toEqual([]);
    expect(project.disk.folders(ROOT).filter((path) => !path.startsWith(".tritter"))).toEqual(["theirs"]);
  });

  it("refuses to touch anything through links of our own folder", async () => {
    const project = await synced({ "a.txt": "a", "b.txt": "b" });
    project.disk.put("/outside/theirs", "theirs");
    await project.disk.rename(`${ROOT}/.tritter/receipt`, "/aside");
    project.disk.symlink(`${ROOT}/.tritter/receipt`, "/outside");
    await expect(project.sync()).rejects.toMatchObject({ code: "DISK_REFUSED" });
    expect(project.disk.tree("/outside")).toEqual({ theirs: "theirs" });
  });

  it("works below a root that is a link, and writes where it leads", async () => {
    const project = memoryProject();
    project.disk.put("/big/keep", "theirs");
    project.disk.symlink(ROOT, "/big");
    project.publish({ "a.txt": "a" });
    expect((await project.sync()).problems).toEqual([]);
    expect(project.disk.tree("/big")).toMatchObject({ keep: "theirs", "a.txt": "a" });
    expect((await project.sync()).plan?.writes).toEqual([]);
  });
});

describe("two syncs of one root", () => {
  /** As on a file system where nobody is kept out. */
  function unheld(project: MemoryProject): void {
    const { disk } = project;
    const { link, lstat, read } = disk;
    disk.link = async (from, to) => (to.endsWith("/holder") ? undefined : link(from, to));
    disk.lstat = (path) => (path.endsWith("/holder") ? undefined : lstat(path));
    disk.read = async (path) => (path.endsWith("/holder") ? undefined : read(path));
  }

  it("that begin at once in a new root: the second says who holds it", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "a" });
    await project.update();
    const both = await Promise.allSettled([project.sync(), project.sync()]);
    const refused = both.filter((one) => one.status === "rejected").map(({ reason }) => reason);
    expect(refused).toMatchObject([{ code: "ROOT_HELD" }]);
    expect(project.tree()).toEqual({ "a.txt": "a" });
  });

  it("that make a new root at once are content with each other's folders", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "a" });
    meanwhile(
      project,
      (operation, path) => operation === "open" && path === `${ROOT}/.tritter/.gitignore`,
      () => project.disk.put(`${ROOT}/.tritter/.gitignore`, "*\n"),
    );
    expect((await project.sync()).problems).toEqual([]);
  });

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "that nothing keeps apart never corrupt, and the next ends at the lock: %s",
    async (_, scenario) => {
      for (let lead = 0; lead < 60; lead += 3) {
        const project = await scenario.prepare();
        unheld(project);
        let operations = 0;
        let started: Promise<unknown> | undefined;
        project.disk.before = (operation, path) => {
          if (!path.startsWith(ROOT) || !CHANGES.has(operation)) return;
          operations += 1;
          if (operations === lead + 1 && started === undefined)
            started = project.sync().catch((error: unknown) => error);
        };
        const first = await project.sync().catch((error: unknown) => error);
        const second = await started;
        for (const result of [first, second])
          if (result instanceof Error)
            expect(result).toMatchObject({ code: expect.stringMatching(/DISK_REFUSED|CONFLICT/) });
        expect(project.disk.opened, `${lead}`).toEqual([]);
        expectSound(project, scenario);
        project.disk.before = () => undefined;
        await expectEndsAtLock(project, scenario).catch((error: unknown) => {
          throw new Error(`the second began ${lead} changes after the first: ${error}`, { cause: error });
        });
      }
    },
    120_000,
  );
});

describe("a file that rotted on disk under its stamp", () => {
  it("is believed by check and sync, found by check --deep, and mended by sync --deep", async () => {
    const project = memoryProject();
    project.publish({ "a.txt": "aaaa", "b.txt": "bbbb" });
    await project.update();
    await project.sync();
    project.disk.rot(`${ROOT}/a.txt`, 2);
    expect((await project.sync()).problems).toEqual([]);
    expect((await project.check()).problems).toEqual([]);
    expect((await project.check(true)).problems).toMatchObject([
      { code: "DRIFT", hint: "run tritter sync --deep" },
    ]);
    expect((await project.sync({ deep: true })).problems).toEqual([]);
    expect(project.tree()).toEqual({ "a.txt": "aaaa", "b.txt": "bbbb" });
    expect(project.trash()).toEqual(["aa`a"]);
    expect((await project.check(true)).problems).toEqual([]);
    expect((await project.sync({ deep: true })).outcome).toMatchObject({ placed: { files: 0 } });
  });
});
