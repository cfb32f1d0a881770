import { lstat, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { listingDigest } from "../../../cli/lock/digests.ts";
import { compareBytes, serialiseLock, sortedFiles, writeLock } from "../../../cli/lock/write.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";
import { lockIn, locks } from "./documents.ts";

const notes = fileOf("rust/notes.md", { size: 120, digest: digestOf("b", "git") });
const train = fileOf("rust/train-00000-of-00009.parquet", { size: 320_000_000 });
const rust = entryOf(
  sourceOf("starcoder-rust", { repo: "bigcode/starcoderdata", path: "starcoder/rust", strip: "rust" }),
  [notes, train],
  { id: "63f8d1e7", licenses: ["other"], gated: "auto" },
);

describe("serialiseLock()", () => {
  it("lays a lock out one file a line, members in a fixed order", () => {
    expect(serialiseLock(lockOf(rust))).toBe(`{
"version": 1,
"sources": {
"starcoder-rust": {
"repo": "bigcode/starcoderdata", "id": "63f8d1e7", "type": "dataset", "revision": "main",
"request": "${rust.request}",
"commit": "${"1".repeat(40)}", "listing": "${listingDigest([notes, train])}",
"path": "starcoder/rust", "strip": "rust", "license": "other", "gated": "auto",
"files": [
{"path":"rust/notes.md","size":120,"git":"${"b".repeat(40)}"},
{"path":"rust/train-00000-of-00009.parquet","size":320000000,"sha256":"${"a".repeat(64)}"}
]}
}}
`);
  });

  it("writes what is set only sometimes where it belongs, and unknown members behind it", () => {
    const source = entryOf(sourceOf("s", { path: "" }), [], {
      repo: "o/new",
      asked: "o/old",
      licenses: ["mit", "apache-2.0"],
      gated: "auto",
      private: true,
      card: digestOf("c", "git"),
      gate: `sha256:${"d".repeat(64)}`,
      carrier: { fallback: 1, why: "gated", instead: "dataset o/s main" },
      extra: { zeta: [1], alpha: { b: 1, a: 2 } },
    });
    const lock = { ...lockOf(source), extra: { later: true } };
    expect(serialiseLock(lock)).toBe(`{
"version": 1,
"sources": {
"s": {
"repo": "o/new", "asked": "o/old", "type": "dataset", "revision": "main",
"request": "${source.request}",
"commit": "${"1".repeat(40)}", "listing": "${listingDigest([])}",
"path": "", "license": ["mit","apache-2.0"], "gated": "auto", "private": true,
"card": "git:${"c".repeat(40)}", "gate": "sha256:${"d".repeat(64)}",
"carrier": {"fallback":1,"why":"gated","instead":"dataset o/s main"},
"alpha": {"b":1,"a":2},
"zeta": [1],
"files": [
]}
},
"later": true
}
`);
  });

  it("writes where a rescued file is among its other members", () => {
    const rescued = [{ repo: "o/mirror", type: "dataset", commit: commitOf("e") }] as const;
    const files = [
      fileOf("a", { from: { path: "x/a" as TreePath }, extra: { zz: 1, aa: 2 } }),
      fileOf("b", { from: { refuge: 0 } }),
    ];
    const text = serialiseLock(lockOf(entryOf(sourceOf("s"), files, { rescued })));
    expect(text.slice(text.indexOf('"path": "s"'))).toBe(`"path": "s",
"rescued": [{"repo":"o/mirror","type":"dataset","commit":"${"e".repeat(40)}"}],
"files": [
{"path":"a","size":1,"sha256":"${"a".repeat(64)}","aa":2,"from":{"path":"x/a"},"zz":1},
{"path":"b","size":1,"sha256":"${"a".repeat(64)}","from":{"refuge":0}}
]}
}}
`);
  });

  it("leaves out what is open: not every Hub knows that it is", () => {
    const open = entryOf(sourceOf("s"), [], { gated: false, private: false });
    expect(serialiseLock(lockOf(open))).toBe(serialiseLock(lockOf(entryOf(sourceOf("s"), []))));
  });

  it("writes a lock of nothing", () => {
    expect(serialiseLock(lockOf())).toBe('{\n"version": 1,\n"sources": {\n}}\n');
  });

  it("sorts sources by name and files by the bytes of their path, whatever order they come in", () => {
    const names = ["\u{1f600}", "\ufb33", "é", "z", "a/b", "a-b", "a", "B", "a.b"];
    const files = names.map((name) => fileOf(name));
    const sources = ["b", "a", "B", "a-1", "a.1"].map((name) => entryOf(sourceOf(name), files));
    const text = serialiseLock(lockOf(...sources));
    expect(text).toBe(serialiseLock(lockOf(...sources.toReversed())));
    expect([...text.matchAll(/^"([\w.-]+)": \{$/gm)].map((match) => match[1])).toEqual([
      "sources",
      "B",
      "a",
      "a-1",
      "a.1",
      "b",
    ]);
    const paths = [...text.matchAll(/^\{"path":"([^"]+)"/gm)].slice(0, names.length).map((match) => match[1]);
    expect(paths).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it("says nothing of when, where or by what it was written", () => {
    expect(serialiseLock(lockOf(rust))).not.toMatch(/20\d\d-|https?:|\/project|tritter/);
  });

  it("and reading undo each other", async () => {
    await fc.assert(
      fc.asyncProperty(locks, async (lock) => {
        const text = serialiseLock(lock);
        const read = await lockIn(text);
        expect(read).toEqual(lock);
        expect(serialiseLock(read)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it("and reading undo each other for 100,000 files", async () => {
    const files = Array.from({ length: 100_000 }, (_, index) =>
      fileOf(`data/${String(index % 317).padStart(3, "0")}/${index}.parquet`, {
        size: index,
        digest: digestOf((index % 16).toString(16), index % 3 === 0 ? "git" : "sha256"),
      }),
    );
    const text = serialiseLock(lockOf(entryOf(sourceOf("s", { strip: "data" }), files)));
    const read = await lockIn(text);
    expect(read.sources[0]?.files.length).toBe(100_000);
    expect(serialiseLock(read) === text).toBe(true);
  });
});

describe("compareBytes()", () => {
  it("orders as the bytes of UTF-8 do", () => {
    const texts = fc.string({
      unit: fc.constantFrom("a", "b", "/", "é", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"),
      maxLength: 5,
    });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytes(a, b))).toBe(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("sortedFiles()", () => {
  it("hands back a list that is in order, and leaves one that is not as it was", () => {
    const sorted = [fileOf("a"), fileOf("b")];
    expect(sortedFiles(sorted)).toBe(sorted);
    const unsorted = [fileOf("b"), fileOf("a")];
    expect(sortedFiles(unsorted).map(({ path }) => path)).toEqual(["a", "b"]);
    expect(unsorted.map(({ path }) => path)).toEqual(["b", "a"]);
  });
});

describe("writeLock()", () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, "tritter.lock");
  });

  afterEach(() => folder.remove());

  const write = (disk: Disk = nodeDisk()) => writeLock({ file, disk, lock: lockOf(rust) });

  it("leaves a file with the same bytes untouched", async () => {
    expect(await write()).toBe("written");
    const past = new Date(1_000_000);
    await utimes(file, past, past);
    const { ino } = await lstat(file);
    expect(await write()).toBe("unchanged");
    expect(await lstat(file)).toMatchObject({ ino, mtime: past });
  });

  it("replaces a file by rename, and leaves nothing beside it", async () => {
    await writeFile(file, "old");
    await writeFile(`${file}.new`, "left by a run that was killed");
    const { ino } = await lstat(file);
    expect(await write()).toBe("written");
    expect((await lstat(file)).ino).not.toBe(ino);
    expect(await readFile(file, "utf8")).toBe(serialiseLock(lockOf(rust)));
    expect(await readdir(folder.path)).toEqual(["tritter.lock"]);
  });

  it("keeps a symlink, and replaces what it leads to", async () => {
    await writeFile(join(folder.path, "real.lock"), "old");
    await symlink("real.lock", file);
    await write();
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder.path, "real.lock"), "utf8")).toBe(serialiseLock(lockOf(rust)));
  });

  it.each([
    ["append", "ENOSPC", "NO_SPACE"],
    ["sync", "EIO", "DISK_REFUSED"],
    ["rename", "EACCES", "DISK_REFUSED"],
  ])("keeps the old lock whole where the disk fails at %s with %s", async (operation, code, expected) => {
    await writeFile(file, "old");
    await expect(write(failingAt(operation, code))).rejects.toMatchObject({ code: expected });
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(folder.path)).toEqual(["tritter.lock"]);
  });
});

/** A real disk on which one operation fails. */
function failingAt(operation: string, code: string): Disk {
  const disk = nodeDisk();
  const fail = () => Promise.reject(Object.assign(new Error(code), { code }));
  if (operation === "rename") return { ...disk, rename: fail };
  return { ...disk, open: async (path, mode) => ({ ...(await disk.open(path, mode)), [operation]: fail }) };
}
