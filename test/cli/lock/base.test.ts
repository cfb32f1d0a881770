import { describe, expect, it } from "vitest";
import { readBase } from "../../../cli/lock/base.ts";
import { serialiseMerged } from "../../../cli/lock/conflict.ts";
import { mergeLocks } from "../../../cli/lock/merge.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { commitOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

const EMPTY = { version: 1, sources: [], extra: {} };
const docs = entryOf(sourceOf("docs"), [fileOf("x.md")]);
const rust = (digit: string) => entryOf(sourceOf("rust"), [fileOf("a")], { commit: commitOf(digit) });

describe("readBase()", () => {
  it("reads a lock", () => {
    const lock = { ...lockOf(docs, rust("1")), extra: { later: [1] } };
    expect(readBase(serialiseLock(lock))).toEqual(lock);
  });

  it.each([undefined, "", "no lock at all", "{}", '{"version": 2, "sources": {}}'])(
    "takes %j for nothing",
    (text) => {
      expect(readBase(text)).toEqual(EMPTY);
    },
  );

  it("leaves out what was in conflict there, sources and members, and keeps the rest", () => {
    const base = { ...lockOf(docs, rust("1")), extra: { same: 1, disputed: 1 } };
    const ours = { ...lockOf(docs, rust("2")), extra: { same: 1, disputed: 2 } };
    const theirs = { ...lockOf(docs, rust("3")), extra: { same: 1, disputed: 3 } };
    expect(readBase(serialiseMerged(mergeLocks(base, ours, theirs)))).toEqual({
      version: 1,
      sources: [docs],
      extra: { same: 1 },
    });
  });

  it("takes a base for nothing of which no part is whole", () => {
    const text = serialiseLock(lockOf(docs)).replace('"version": 1', '"version": 2');
    expect(readBase(text)).toEqual(EMPTY);
  });
});
