import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TritterEvent } from "../../../cli/events.ts";
import { layoutOf, type Section } from "../../../cli/lock/layout.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { readAll } from "../../../cli/status/deep.ts";
import { startThreads } from "../../../cli/status/helpers.ts";
import type { Digest } from "../../../schema/ids.ts";
import { entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const THREAD = new URL("../../../dist/deep-worker.js", import.meta.url);
const LARGE = 3 * 1024 * 1024 + 1;

let folder: TemporaryFolder;
let threads: readonly Worker[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()));
  threads = [];
  await folder.remove();
});

/** By path below the root: content, and what the lock says of it. */
const CONTENTS: Readonly<Record<string, readonly [bytes: Buffer, digestOf: (bytes: Buffer) => Digest]>> = {
  "code/a.bin": [Buffer.alloc(LARGE, "a"), sha256Of],
  "code/b/é.txt": [Buffer.from("small"), sha256Of],
  "code/empty": [Buffer.alloc(0), sha256Of],
  "text/git-large": [Buffer.alloc(LARGE, "g"), gitOf],
  "text/git-small": [Buffer.from("git"), gitOf],
  "text/megabyte": [Buffer.alloc(1024 * 1024, "m"), sha256Of],
};

async function placed(): Promise<{ lock: Buffer; sections: readonly Section[] }> {
  for (const [path, [bytes]] of Object.entries(CONTENTS)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), bytes);
  }
  const sources = ["code", "text"].map((name) => {
    const own = Object.entries(CONTENTS).filter(([path]) => path.startsWith(name));
    const strip = name === "text" ? "in" : "";
    const files = own.map(([path, [bytes, digestOf]]) => {
      const below = path.slice(name.length + 1);
      const parts = { size: bytes.length, digest: digestOf(bytes) };
      return fileOf(strip === "" ? below : `${strip}/${below}`, parts);
    });
    return entryOf(sourceOf(name, { strip }), files);
  });
  const lock = Buffer.from(serialiseLock(lockOf(...sources)));
  return { lock, sections: layoutOf(lock) ?? [] };
}

const never = new AbortController().signal;

async function read(
  documents: { lock: Buffer; sections: readonly Section[] },
  { count = 2, signal = never, emit = (_: TritterEvent) => {} } = {},
) {
  threads = startThreads(THREAD, count);
  const found = await readAll(threads, { root: folder.path, ...documents }, { signal, emit });
  return found && { ...found, different: [...found.different].sort() };
}

const BYTES = Object.values(CONTENTS).reduce((sum, [bytes]) => sum + bytes.length, 0);

describe("reading all files of a lock in threads", () => {
  it.each([1, 2, 3])("finds that each holds what its line says: %i threads", async (count) => {
    const events: TritterEvent[] = [];
    const found = await read(await placed(), { count, emit: (event) => events.push(event) });
    expect(found).toEqual({ files: 6, bytes: BYTES, different: [] });
    const told = events.map((event) => (event.kind === "hashing-many" ? event.files : 0));
    expect(told.reduce((sum, files) => sum + files, 0)).toBe(6);
  });

  it("reads only the sections it is given", async () => {
    const { lock, sections } = await placed();
    const text = sections.filter(({ name }) => name === "text");
    expect(await read({ lock, sections: text })).toMatchObject({ files: 3, different: [] });
    expect(await read({ lock, sections: [] })).toEqual({ files: 0, bytes: 0, different: [] });
  });

  it.each(Object.keys(CONTENTS).filter((path) => path !== "code/empty"))(
    "finds a bit that is another in %s",
    async (path) => {
      const documents = await placed();
      const bytes = Buffer.from(CONTENTS[path]?.[0] as Buffer);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(join(folder.path, path), bytes);
      expect(await read(documents)).toEqual({ files: 6, bytes: BYTES, different: [path] });
    },
  );

  it.each(Object.keys(CONTENTS))(
    "finds bytes too few and too many, and no file at all, at %s",
    async (path) => {
      const documents = await placed();
      const file = join(folder.path, path);
      const [bytes] = CONTENTS[path] as readonly [Buffer, never];
      if (bytes.length > 0) {
        await truncate(file, bytes.length - 1);
        expect((await read(documents))?.different).toEqual([path]);
      }
      await writeFile(file, Buffer.concat([bytes, Buffer.from("x")]));
      expect((await read(documents))?.different).toEqual([path]);
      await rm(file);
      expect((await read(documents))?.different).toEqual([path]);
      await mkdir(file);
      expect((await read(documents))?.different).toEqual([path]);
    },
  );

  it("follows no link, neither of a file nor above one", async () => {
    const documents = await placed();
    await rename(join(folder.path, "code/a.bin"), join(folder.path, "there"));
    await symlink("../there", join(folder.path, "code/a.bin"));
    await rename(join(folder.path, "text"), join(folder.path, "elsewhere"));
    await symlink("elsewhere", join(folder.path, "text"));
    const below = Object.keys(CONTENTS).filter((path) => path.startsWith("text/"));
    expect((await read(documents))?.different).toEqual(["code/a.bin", ...below]);
  });

  it("leaves it to a parser where a line is not as tritter writes it", async () => {
    const { lock } = await placed();
    for (const [from, to] of [
      ['"size":5,', '"size": 5,'],
      ['"path":"in/git-small"', '"path":"out/git-small"'],
      ['"path":"empty"', '"path":"../empty"'],
      ['"path":"empty"', '"path":".git/empty"'],
      ['"path":"empty"', `"path":"${"e".repeat(20_000)}"`],
    ] as const) {
      const text = lock.toString("utf8");
      expect(text).toContain(from);
      const edited = Buffer.from(text.replace(from, to));
      expect(await read({ lock: edited, sections: layoutOf(edited) ?? [] })).toBeUndefined();
    }
  });

  it("stops when it is told to", async () => {
    const documents = await placed();
    const stop = new AbortController();
    const reading = read(documents, { signal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
  });

  it("leaves it to a survey where a thread dies", async () => {
    const documents = await placed();
    threads = startThreads(new URL("data:text/javascript,throw new Error('dying')"), 1);
    const found = readAll(threads, { root: folder.path, ...documents }, { signal: never, emit: () => {} });
    expect(await found).toBeUndefined();
  });

  it("takes every line once, however many there are", async () => {
    const paths = Array.from({ length: 1_000 }, (_, index) => `${String(index).padStart(4, "0")}.txt`);
    await mkdir(join(folder.path, "many"));
    for (const path of paths) await writeFile(join(folder.path, "many", path), path);
    const files = paths.map((path) => fileOf(path, { size: path.length, digest: sha256Of(path) }));
    const lock = Buffer.from(serialiseLock(lockOf(entryOf(sourceOf("many"), files))));
    const found = await read({ lock, sections: layoutOf(lock) ?? [] }, { count: 3 });
    expect(found).toEqual({ files: 1_000, bytes: 8_000, different: [] });
  });
});
