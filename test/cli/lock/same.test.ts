import { describe, expect, it } from "vitest";
import { own, sameEntry, sameFiles, sameValue } from "../../../cli/lock/same.ts";
import type { TreePath } from "../../../schema/ids.ts";
import type { LockedFile } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, sourceOf } from "../../support/documents.ts";

const path = "elsewhere" as TreePath;

describe("sameFiles()", () => {
  const whole: LockedFile = fileOf("a", { size: 5, from: { refuge: 2, path }, extra: { x: 1, y: [2] } });

  it("takes the same members for the same, in any order", () => {
    const again: LockedFile = { ...whole, from: { path, refuge: 2 }, extra: { y: [2], x: 1 } };
    expect(sameFiles([whole, fileOf("b")], [again, fileOf("b")])).toBe(true);
    expect(sameFiles([whole], [{ ...whole }])).toBe(true);
    expect(sameFiles([], [])).toBe(true);
  });

  it.each<[string, Partial<LockedFile>]>([
    ["path", { path }],
    ["digest", { digest: digestOf("b") }],
    ["size", { size: 6 }],
    ["place", { from: { refuge: 1, path } }],
    ["place, there or not", { from: undefined }],
    ["unknown member", { extra: { x: 1, y: [3] } }],
    ["unknown member, there or not", { extra: {} }],
  ])("tells another %s", (_, parts) => {
    expect(sameFiles([whole], [{ ...whole, ...parts }])).toBe(false);
    expect(sameFiles([fileOf("0"), whole], [fileOf("0"), { ...whole, ...parts }])).toBe(false);
  });

  it("tells one more, or one less", () => {
    expect(sameFiles([whole], [whole, fileOf("b")])).toBe(false);
    expect(sameFiles([whole, fileOf("b")], [whole])).toBe(false);
  });
});

describe("sameEntry()", () => {
  it("compares all of an entry, and its files", () => {
    const entry = (digit: string, name: string) =>
      entryOf(sourceOf("s"), [fileOf(name)], { commit: commitOf(digit) });
    expect(sameEntry(entry("1", "a"), entry("1", "a"))).toBe(true);
    expect(sameEntry(entry("1", "a"), entry("2", "a"))).toBe(false);
    expect(sameEntry(entry("1", "a"), entry("1", "b"))).toBe(false);
  });
});

describe("sameValue() and own()", () => {
  it("know a member that is not there from one that is null", () => {
    expect(sameValue(undefined, undefined)).toBe(true);
    expect(sameValue(undefined, null)).toBe(false);
    expect(sameValue({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(sameValue([1, 2], [2, 1])).toBe(false);
  });

  it("take no member of every object for one that was written", () => {
    expect(own({}, "__proto__")).toBeUndefined();
    expect(own({}, "toString")).toBeUndefined();
    expect(own(JSON.parse('{"__proto__":1}'), "__proto__")).toBe(1);
  });
});
