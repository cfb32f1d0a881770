import { describe, expect, it } from "vitest";
import { systemError } from "../../support/memory-disk.ts";
import { memoryProject, ROOT } from "../../support/memory-project.ts";

const SOURCES = "  a: { repo: o/n, include: [a/] }\n  b: { repo: o/n, include: [b/] }";
const FILES = { "a/1.txt": "one\n", "a/2.txt": "two\n", "b/3.txt": "three\n", "b/4.txt": "four\n" };

async function synced() {
  const project = memoryProject(SOURCES);
  project.publish(FILES);
  await project.sync();
  return project;
}

describe("check of a disk on which some files cannot be read", () => {
  it("tells of each of them, and of what differs beside them", async () => {
    const project = await synced();
    project.disk.put(`${ROOT}/b/b/4.txt`, "forty\n");
    project.disk.before = (operation, path) => {
      if (operation === "open" && /[13]\.txt$/.test(path)) throw systemError("EIO", path);
    };
    const { plan, answers } = await project.check(true);
    expect(answers.disk).toMatchObject([
      { code: "DRIFT", places: [{ source: "b", message: expect.stringContaining("1 file modified") }] },
      { code: "DISK_REFUSED", source: "a", path: "a/a/1.txt", places: [{ line: expect.any(Number) }] },
      { code: "DISK_REFUSED", source: "b", path: "b/b/3.txt" },
    ]);
    expect(plan?.writes.map(({ want }) => want.path)).toEqual(["b/b/4.txt"]);
    expect(plan).toMatchObject({ prunes: [], forgets: [], conflicts: [], totals: { wanted: { files: 2 } } });
  });

  it("lets a sync leave them alone, tell of each, do the rest, and prune nothing", async () => {
    const project = await synced();
    await project.disk.touch(`${ROOT}/a/a/1.txt`);
    await project.disk.unlink(`${ROOT}/b/b/3.txt`);
    const files = { ...FILES } as Record<string, string>;
    const [gone = ""] = Object.keys(files).splice(1, 1);
    delete files[gone];
    project.publish(files);
    await project.update();
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.endsWith("1.txt")) throw systemError("EIO", path);
    };
    const done = await project.sync();
    expect(done.problems).toMatchObject([{ code: "DISK_REFUSED", path: "a/a/1.txt", source: "a" }]);
    expect(done.outcome).toMatchObject({ placed: { files: 1 }, unpruned: "problems" });
    project.disk.before = () => {};
    expect((await project.sync()).problems).toEqual([]);
    expect((await project.sync()).plan?.writes ?? []).toEqual([]);
  });

  it("ends at once where it is told to stop", async () => {
    const project = await synced();
    const stop = new AbortController();
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.endsWith(".txt")) {
        stop.abort(new Error("stopped"));
        throw systemError("EIO", path);
      }
    };
    const { checkProject } = await import("../../../cli/index.ts");
    const options = { names: [], disk: true, deep: true, upstream: false };
    await expect(checkProject(project.context(stop.signal), options)).rejects.toThrow("stopped");
  });
});
