import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../cli/context.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { type GitMergeResult, mergeForGit } from "../../../cli/project/git-merge.ts";
import { readForGit } from "../../../cli/project/git-textconv.ts";
import type { Lock, LockedSource } from "../../../schema/lock.ts";
import { commitOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let folder: TemporaryFolder;
let context: Context;

beforeEach(async () => {
  folder = await temporaryFolder();
  // No git is on this PATH.
  const env = { PATH: folder.path };
  context = {
    env,
    cwd: folder.path,
    disk: nodeDisk(),
    signal: new AbortController().signal,
  } as unknown as Context;
});

afterEach(() => folder.remove());

const write = (name: string, text: string) => writeFile(join(folder.path, name), text);
const result = () => readFile(join(folder.path, "a"), "utf8");
const textOf = (lock: Lock | string) => (typeof lock === "string" ? lock : serialiseLock(lock));

async function merge(
  base: Lock | string,
  ours: Lock | string,
  theirs: Lock | string,
): Promise<GitMergeResult> {
  await Promise.all([write("o", textOf(base)), write("a", textOf(ours)), write("b", textOf(theirs))]);
  return mergeForGit(context, { base: "o", ours: "a", theirs: "b", path: "sub/tritter.lock" });
}

const docs = entryOf(sourceOf("docs"), [fileOf("x.md")]);
const rust = entryOf(sourceOf("rust"), [fileOf("a"), fileOf("b")]);
const at = (digit: string, parts: Partial<LockedSource> = {}) => ({
  ...rust,
  commit: commitOf(digit),
  ...parts,
});
const request = (digit: string) => `sha256:${digit.repeat(64)}`;

describe("mergeForGit()", () => {
  it("writes what both sides agree on in place of ours", async () => {
    expect(await merge(lockOf(rust), lockOf(docs, rust), lockOf(at("2")))).toEqual({
      clean: true,
      notes: [],
    });
    expect(await result()).toBe(serialiseLock(lockOf(docs, at("2"))));
  });

  it.each<[string, string, LockedSource | undefined, LockedSource | undefined]>([
    ["two pins", "is at 2222222 in ours, 3333333 in theirs", at("2"), at("3")],
    [
      "two identities",
      "is dataset o/rust at v1 in ours, model o/rust at main in theirs",
      at("2", { revision: "v1" }),
      at("3", { type: "model" }),
    ],
    [
      "two selections",
      "has another selection in theirs than in ours, both at 1111111",
      at("1", { request: request("2") }),
      at("1", { request: request("3") }),
    ],
    ["two places", 'is placed in "x" in ours, "y" in theirs', at("1", { path: "x" }), at("1", { path: "y" })],
    ["a removal", "was removed in theirs and changed in ours", at("2"), undefined],
    [
      "two values of a member",
      "differs in what else is recorded of it",
      at("1", { extra: { a: 1 } }),
      at("1", { extra: { a: 2 } }),
    ],
  ])("tells of %s", async (_, told, ours, theirs) => {
    const lock = (entry: LockedSource | undefined) => lockOf(docs, ...(entry === undefined ? [] : [entry]));
    const merged = await merge(lock(rust), lock(ours), lock(theirs));
    expect(merged).toEqual({
      clean: false,
      notes: [
        `sub/tritter.lock: source "rust" ${told}`,
        "next: tritter lock --resolve ours, or theirs; then git add the lock",
      ],
    });
    expect(await result()).toContain("<<<<<<< ours");
  });

  it("takes a base that is empty, broken, or of another version for one that says nothing", async () => {
    for (const base of [
      "",
      "half a lock",
      '{"version": 2}',
      JSON.stringify(JSON.parse(serialiseLock(lockOf()))),
    ]) {
      expect(await merge(base, lockOf(docs), lockOf(docs, rust))).toMatchObject({ clean: true });
      expect(await result()).toBe(serialiseLock(lockOf(docs, rust)));
    }
  });

  it("leaves a side that it cannot read as it is where git cannot merge it either, and is not clean", async () => {
    const later = textOf(lockOf(rust)).replace('"version": 1', '"version": 2');
    expect(await merge(lockOf(rust), lockOf(docs, rust), later)).toEqual({
      clean: false,
      notes: [
        'cannot read "sub/tritter.lock (theirs)": it has version 2, this tritter reads version 1',
        "left as ours has it: merge it by hand",
      ],
    });
    expect(await result()).toBe(serialiseLock(lockOf(docs, rust)));
    const { notes } = await merge(lockOf(rust), "", "half");
    expect(notes.slice(0, 2)).toEqual([
      expect.stringContaining('"sub/tritter.lock (ours)": it is not a lock'),
      expect.stringContaining('"sub/tritter.lock (theirs)": it is not a lock'),
    ]);
  });
});

describe("readForGit()", () => {
  it("reads a lock, and what is none as text", async () => {
    await write("x.lock", serialiseLock(lockOf(rust)));
    expect(await readForGit(context, { file: "x.lock" })).toEqual({ kind: "lock", lock: lockOf(rust) });
    await write("x.lock", "half\n");
    expect(await readForGit(context, { file: "x.lock" })).toEqual({ kind: "text", text: "half\n" });
    await expect(readForGit(context, { file: "none.lock" })).rejects.toMatchObject({ code: "USAGE" });
  });
});
