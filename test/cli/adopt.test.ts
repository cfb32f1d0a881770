import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gitOf, sha256Of } from "../support/engine.ts";
import { HOME, memoryProject, ROOT } from "../support/memory-project.ts";

// Whatever lies in the folders that are looked through, a sync ends at the lock, and leaves them as they are.

/** Two of one size and one beyond what is copied through memory, so that sizes alone tell little. */
const WANTED = {
  "a.txt": "one",
  "b.bin": "two",
  "c.bin": "x".repeat(70_000),
  "d/twin.bin": "one",
  "empty.txt": "",
};
const LFS = ["b.bin", "c.bin", "d/twin.bin"];
const CONTENTS = [...Object.values(WANTED), "six", "y".repeat(70_000), "longer"];

const hex = (content: string) => [sha256Of(content).slice(7), gitOf(content).slice(4)] as const;

/** A file there: what it holds, and the name it has, which may be that of other bytes. */
const file = fc.record({
  folder: fc.constantFrom(`${ROOT}/theirs`, `${HOME}/from/blobs`, `${HOME}/from`, `${HOME}/more`),
  content: fc.constantFrom(...CONTENTS),
  name: fc.oneof(
    fc.constantFrom("a.txt", "c.bin", "other"),
    fc.constantFrom(...CONTENTS).chain((content) => {
      const [sha256, git] = hex(content);
      return fc.constantFrom(sha256, git, `${sha256}.${git}`);
    }),
  ),
});

describe("sync, whatever lies around,", () => {
  it("ends at the lock, and leaves all of it as it was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 12 }), fc.boolean(), async (files, again) => {
        const project = memoryProject("  all: { repo: o/n, path: wanted }", 4);
        project.publish(WANTED, LFS);
        await project.disk.mkdir(`${HOME}/from`);
        await project.disk.mkdir(`${HOME}/more`);
        for (const { folder, name, content } of files) project.disk.put(`${folder}/${name}`, content);
        const seen = () => [
          project.disk.tree(`${HOME}/from`),
          project.disk.tree(`${HOME}/more`),
          project.disk.tree(`${ROOT}/theirs`),
        ];
        const before = files.some(({ folder }) => folder.startsWith(ROOT)) ? seen() : undefined;
        const from = [`${HOME}/from`, `${HOME}/more`];
        const done = await project.sync({ from });
        expect(done.problems).toEqual([]);
        if (before !== undefined) expect(seen()).toEqual(before);
        expect(project.disk.opened).toEqual([]);
        const wanted = Object.entries(project.tree()).filter(([path]) => path.startsWith("wanted/"));
        expect(Object.fromEntries(wanted)).toEqual(
          Object.fromEntries(Object.entries(WANTED).map(([path, content]) => [`wanted/${path}`, content])),
        );
        expect(Object.keys(project.state()).filter((path) => path.startsWith("store/"))).toEqual([]);
        // What is given and what is fetched are all there is, and nothing is both.
        const { fetched, given } = done.outcome ?? { fetched: { files: 0 }, given: [] };
        expect(fetched.files + given.reduce((sum, one) => sum + one.files, 0)).toBe(5);
        if (again) expect((await project.sync({ from })).plan?.writes).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("reads each file of a wanted size once, however many are wanted", async () => {
    const project = memoryProject();
    const contents = Array.from({ length: 300 }, (_, index) => `file ${String(index).padStart(4, "0")}`);
    project.publish(Object.fromEntries(contents.map((content, index) => [`${index}.bin`, content])), [
      ...contents.map((_, index) => `${index}.bin`),
    ]);
    await project.disk.mkdir(`${HOME}/from`);
    for (const content of contents)
      project.disk.put(`${HOME}/from/like ${content}`, `like${content.slice(4)}`);
    for (const content of contents.slice(150)) project.disk.put(`${HOME}/from/${content}`, content);
    let opened = 0;
    project.disk.before = (operation, path) => {
      if (operation === "open" && path.startsWith(`${HOME}/from/`)) opened += 1;
    };
    const done = await project.sync({ from: [`${HOME}/from`] });
    expect(done.outcome).toMatchObject({ fetched: { files: 150 }, given: [{ files: 150 }] });
    // To learn what they are, and to take those that are wanted.
    expect(opened).toBe(450 + 150);
  });

  it("reads only so many of one size where nobody named the folder", async () => {
    const project = memoryProject("  all: { repo: o/n, path: wanted }");
    project.publish({ "one.bin": "size" });
    for (let index = 0; index < 2_000; index++)
      project.disk.put(`${ROOT}/theirs/${index}`, String(index).padStart(4, "0"));
    project.disk.put(`${ROOT}/zzz/one.bin`, "size");
    let opened = 0;
    project.disk.before = (operation, path) => {
      if (operation === "open" && /\/(?:theirs|zzz)\//.test(path)) opened += 1;
    };
    const done = await project.sync();
    // Those that are called like it come first.
    expect(done.outcome).toMatchObject({ fetched: { files: 0 }, given: [{ files: 1 }] });
    expect(opened).toBeLessThan(300);
  });
});
