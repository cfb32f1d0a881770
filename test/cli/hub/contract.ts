import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Problem } from "../../../cli/errors.ts";
import type { Hub, RepoRef } from "../../../cli/hub/port.ts";
import { type Commit, parseCommit } from "../../../schema/ids.ts";
import { failure, listAll, never, readAll } from "./support.ts";

export interface Stage {
  readonly hub: Hub;
  /** The commit that `main` means. */
  readonly commit: string;
}

/** What every Hub owes, whatever it stands on. `make` offers the dataset "o/n" with TREE on `main` and on `refs/pr/1`. */
export function hubContract(name: string, make: () => Promise<Stage>): void {
  const repo: RepoRef = { type: "dataset", repo: "o/n" };
  const absent = "f".repeat(40) as Commit;
  const stage = async () => {
    const { hub, commit } = await make();
    return { hub, commit: parseCommit(commit)! };
  };

  describe(`${name}: resolve()`, () => {
    it.each(["main", "refs/pr/1"])("finds the commit of %s", async (revision) => {
      const { hub, commit } = await stage();
      expect(await hub.resolve(repo, revision)).toMatchObject({ commit, repo: "o/n", licenses: ["mit"] });
    });

    it("takes a commit for itself", async () => {
      const { hub, commit } = await stage();
      expect(await hub.resolve(repo, commit)).toMatchObject({ commit });
    });

    it.each([
      ["no-such-branch", "REVISION_NOT_FOUND"],
      ["../../o", "REVISION_NOT_FOUND"],
      [absent, "PIN_GONE"],
    ])("knows no %s", async (revision, code) => {
      const { hub } = await stage();
      expect(await failure(() => hub.resolve(repo, revision))).toMatchObject({ code });
    });

    it.each(["o/absent", "../o", "o/n/m", "o/n?x=1"])("knows no repository %s", async (other) => {
      const { hub } = await stage();
      const problem = await failure(() => hub.resolve({ ...repo, repo: other }, "main"));
      expect(problem).toMatchObject({ code: "REPO_NOT_FOUND" });
      expect(problem.hint).not.toBe("");
    });

    it("tells a dataset from a model of the same name", async () => {
      const { hub } = await stage();
      expect(await failure(() => hub.resolve({ type: "model", repo: "o/n" }, "main"))).toMatchObject({
        code: "REPO_NOT_FOUND",
      });
    });
  });

  describe(`${name}: list()`, () => {
    it("names every file with its size and digest, git and LFS apart", async () => {
      const { hub, commit } = await stage();
      const files = await listAll(hub.list(repo, commit));
      expect(sorted(files)).toEqual(
        sorted(
          Object.entries(TREE).map(([path, content]) => ({
            path,
            size: Buffer.byteLength(content),
            digest: digestFor(path, content),
          })),
        ),
      );
    });

    it("keeps to a folder, and finds nothing in one that is not there", async () => {
      const { hub, commit } = await stage();
      const files = await listAll(hub.list(repo, commit, "data"));
      expect(files.map(({ path }) => path).sort()).toEqual(["data/deep/b.txt", "data/x.bin"]);
      expect(await listAll(hub.list(repo, commit, "dat"))).toEqual([]);
    });
  });

  describe(`${name}: entries()`, () => {
    it.each([
      [
        "",
        ["README.md", ".gitattributes", "empty.txt", "a b#c?d%20e+f&g=h.txt"],
        ["caf\u00e9", "cafe\u0301", "data"],
      ],
      ["data", ["data/x.bin"], ["data/deep"]],
      ["data/deep", ["data/deep/b.txt"], []],
      ["dat", [], []],
      ["data/x.bin/y", [], []],
    ])("names what is directly in %j, files as list() does", async (folder, files, folders) => {
      const { hub, commit } = await stage();
      const entries = await listAll(hub.entries(repo, commit, folder));
      const listed = new Map((await listAll(hub.list(repo, commit))).map((file) => [file.path, file]));
      const found = entries.flatMap((entry) => (entry.kind === "file" ? [entry.file] : []));
      expect(found.map(({ path }) => path).sort()).toEqual([...files].sort());
      for (const file of found) expect(file).toEqual(listed.get(file.path));
      const inside = entries.filter((entry) => entry.kind === "folder");
      expect(inside.map(({ path }) => path).sort()).toEqual([...folders].sort());
      for (const { oid } of inside) expect(oid ?? "0".repeat(40)).toMatch(/^[0-9a-f]{40}$/);
    });

    it("has nothing of a commit that is not there", async () => {
      const { hub } = await stage();
      const problem = await failure(() => listAll(hub.entries(repo, absent, "")));
      expect(["PIN_GONE", "LISTING_INCOMPLETE"]).toContain(problem.code);
    });
  });

  describe(`${name}: open()`, () => {
    it.each(Object.entries(TREE).filter(([, content]) => content !== ""))(
      "reads %j whole",
      async (path, content) => {
        const { hub, commit } = await stage();
        const size = Buffer.byteLength(content);
        const body = await hub.open({ repo, commit, path, size }, { start: 0, end: size }, never);
        expect(body.start).toBe(0);
        expect((await readAll(body)).toString()).toBe(content);
      },
    );

    it.each([
      [0, 1],
      [1, 5],
      [99_999, 100_000],
      [70_000, 100_000],
    ])("reads the bytes %d to %d", async (start, end) => {
      const { hub, commit } = await stage();
      const path = "data/x.bin";
      const body = await hub.open({ repo, commit, path, size: TREE[path].length }, { start, end }, never);
      expect(body.start).toBe(start);
      expect((await readAll(body)).toString()).toBe(TREE[path].slice(start, end));
    });

    it("may be cancelled before, during and after", async () => {
      const { hub, commit } = await stage();
      const file = { repo, commit, path: "data/x.bin", size: TREE["data/x.bin"].length };
      const range = { start: 0, end: file.size };
      (await hub.open(file, range, never)).cancel();
      const body = await hub.open(file, range, never);
      let chunks = 0;
      await body.read((chunk) => {
        expect(chunk.length).toBeGreaterThan(0);
        chunks += 1;
        body.cancel();
        return undefined;
      });
      expect(chunks).toBe(1);
      body.cancel();
      body.cancel();
      expect((await readAll(await hub.open(file, range, never))).length).toBe(file.size);
    });

    it("stops when aborted, with the reason", async () => {
      const { hub, commit } = await stage();
      const file = { repo, commit, path: "data/x.bin", size: TREE["data/x.bin"].length };
      const open = () => hub.open(file, { start: 0, end: file.size }, AbortSignal.abort(new Error("stop")));
      await expect(Promise.resolve().then(open)).rejects.toThrow("stop");
    });

    it("refuses a file of another size than the lock's", async () => {
      const { hub, commit } = await stage();
      const file = { repo, commit, path: "data/x.bin", size: TREE["data/x.bin"].length + 1 };
      const problem = await failure(() => hub.open(file, { start: 0, end: 2 }, never));
      expect(problem).toMatchObject({ code: "HUB" });
      expect(problem.message).toContain("size differs from the lock");
    });

    it.each(["absent.txt", "data/absent.txt", "../n/README.md", "data//x.bin"])("has no %s", async (path) => {
      const { hub, commit } = await stage();
      const problem = await failure(() =>
        hub.open({ repo, commit, path, size: 5 }, { start: 0, end: 5 }, never),
      );
      expect(["HUB", "NAME_REFUSED"]).toContain(problem.code);
    });
  });

  describe(`${name}: access() and commits()`, () => {
    it("grants an open repository", async () => {
      const { hub, commit } = await stage();
      expect(await hub.access(repo, commit, "data/x.bin")).toEqual({ kind: "granted" });
    });

    it.each(["main", "refs/pr/1"])("begins the history of %s with its commit", async (revision) => {
      const { hub, commit } = await stage();
      expect(await firstPage(hub.commits(repo, revision))).toMatchObject([{ commit }]);
      expect(await firstPage(hub.commits(repo, commit))).toMatchObject([{ commit }]);
    });

    it("says to the end what the history is, or that it is not known", async () => {
      const { hub } = await stage();
      const all = listAll(hub.commits(repo, "main")).then(
        (commits) => commits.length,
        (error: Problem) => error.code,
      );
      expect([1, "LISTING_INCOMPLETE"]).toContain(await all);
    });

    it("has no history of a commit that is not there", async () => {
      const { hub } = await stage();
      const problem = await failure(() => firstPage(hub.commits(repo, absent)));
      expect(problem).toMatchObject({ code: "PIN_GONE" });
    });
  });
}

/** Awkward names: blanks, URL syntax, what looks encoded, both Unicode forms of one word. */
export const TREE = {
  "README.md": "---\nlicense: mit\n---\n# n\n",
  ".gitattributes": "*.bin filter=lfs\n",
  "empty.txt": "",
  "a b#c?d%20e+f&g=h.txt": "awkward\n",
  "caf\u00e9/x.txt": "composed\n",
  "cafe\u0301/x.txt": "decomposed\n",
  "data/deep/b.txt": "b\n",
  "data/x.bin": "0123456789".repeat(10_000),
} as const;

function digestFor(path: string, content: string): string {
  if (path.endsWith(".bin")) return `sha256:${createHash("sha256").update(content).digest("hex")}`;
  return `git:${createHash("sha1")
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest("hex")}`;
}

async function firstPage<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  for await (const page of pages) return page;
  return [];
}

function sorted<File extends { path: string }>(files: readonly File[]): readonly File[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}
