import { describe, expect, it } from "vitest";
import { serialiseMerged } from "../../../cli/lock/conflict.ts";
import { listingDigest } from "../../../cli/lock/digests.ts";
import { mergeLocks } from "../../../cli/lock/merge.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { readBytes } from "./documents.ts";

const docs = entryOf(sourceOf("docs"), [fileOf("x.md")]);
const zoo = entryOf(sourceOf("zoo"), [fileOf("z.md")]);
const base = entryOf(sourceOf("rust"), [fileOf("a")]);
const ours = { ...base, commit: commitOf("2"), files: [fileOf("a", { size: 20 }), fileOf("b")] };
const theirs = { ...base, commit: commitOf("3"), files: [fileOf("a", { digest: digestOf("c") })] };

describe("serialiseMerged()", () => {
  it("shows a source that both moved as two commits over the files of ours, and all else as it is", () => {
    const text = serialiseMerged(
      mergeLocks(lockOf(docs, base), lockOf(docs, ours, zoo), lockOf(docs, theirs)),
    );
    expect(text).toBe(`{
"version": 1,
"sources": {
"docs": {
"repo": "o/docs", "type": "dataset", "revision": "main",
"request": "${docs.request}",
"commit": "${"1".repeat(40)}", "listing": "${listingDigest(docs.files)}",
"path": "docs",
"files": [
{"path":"x.md","size":1,"sha256":"${"a".repeat(64)}"}
]},
"rust": {
"repo": "o/rust", "type": "dataset", "revision": "main",
"request": "${base.request}",
<<<<<<< ours: 2 files, 21 bytes
"commit": "${"2".repeat(40)}", "listing": "${listingDigest(ours.files)}",
=======
"commit": "${"3".repeat(40)}", "listing": "${listingDigest(theirs.files)}",
>>>>>>> theirs: 1 file, 1 byte
"path": "rust",
"files": [
{"path":"a","size":20,"sha256":"${"a".repeat(64)}"},
{"path":"b","size":1,"sha256":"${"a".repeat(64)}"}
]},
"zoo": {
"repo": "o/zoo", "type": "dataset", "revision": "main",
"request": "${zoo.request}",
"commit": "${"1".repeat(40)}", "listing": "${listingDigest(zoo.files)}",
"path": "zoo",
"files": [
{"path":"z.md","size":1,"sha256":"${"a".repeat(64)}"}
]}
}}
`);
  });

  it("shows a source that one side removed as a head and nothing", () => {
    const text = serialiseMerged(mergeLocks(lockOf(base), lockOf(zoo), lockOf(theirs)));
    expect(text).toContain(`"sources": {
<<<<<<< ours: removed
=======
"rust": {
"repo": "o/rust", "type": "dataset", "revision": "main",
"request": "${base.request}",
"commit": "${"3".repeat(40)}", "listing": "${listingDigest(theirs.files)}",
"path": "rust",
"files": [
]},
>>>>>>> theirs: 1 file, 1 byte
"zoo": {`);
  });

  it("shows a member that is not known with both values", () => {
    const [a, b, c] = [1, 2, 3].map((badge) => ({ ...lockOf(docs), extra: { badge, other: true } }));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three locks");
    expect(serialiseMerged(mergeLocks(a, b, c))).toContain(`]}
},
"other": true,
<<<<<<< ours
"badge": 2
=======
"badge": 3
>>>>>>> theirs
}
`);
  });

  it("is the lock itself where all was agreed", () => {
    expect(serialiseMerged(mergeLocks(lockOf(base), lockOf(ours, docs), lockOf(base, zoo)))).toBe(
      serialiseLock(lockOf(docs, ours, zoo)),
    );
  });

  it("is whole with the head of ours chosen by hand, and refused with any other edit", async () => {
    const text = serialiseMerged(mergeLocks(lockOf(base), lockOf(ours), lockOf(theirs)));
    const byHand = (kept: string) => text.replace(/<<<<<<<.*\n(.*\n)=======\n(.*\n)>>>>>>>.*\n/, kept);
    expect(await readBytes(byHand("$1"))).toMatchObject({ lock: lockOf(ours) });
    await expect(readBytes(byHand("$2"))).rejects.toMatchObject({ code: "LOCK_EDITED" });
    await expect(readBytes(byHand("$1$2"))).rejects.toMatchObject({ code: "LOCK_EDITED" });
    await expect(readBytes(text)).rejects.toMatchObject({ code: "LOCK_EDITED" });
  });
});
