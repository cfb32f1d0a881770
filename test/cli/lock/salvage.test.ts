import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serialiseMerged } from "../../../cli/lock/conflict.ts";
import { choose, mergeLocks, type Side } from "../../../cli/lock/merge.ts";
import { parseLock } from "../../../cli/lock/read.ts";
import { type Choice, choiceText, chooseSide, listsIn } from "../../../cli/lock/salvage.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import type { Lock } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { histories } from "./documents.ts";

const SIDES: readonly Side[] = ["ours", "theirs"];

function chosen(text: string, side: Side): Choice {
  const choice = chooseSide(text, side);
  if (choice === undefined) throw new Error("these are no lines of a lock");
  return choice;
}

/** The choice with the lists it lacks taken from locks that have them. */
function filled(choice: Choice, ...others: readonly Lock[]): Lock {
  const entries = choice.entries.map((entry) => {
    if (entry.files !== undefined || entry.head === undefined) return entry;
    const listing = String(entry.head.listing);
    const lists = others.map((lock) => listsIn(serialiseLock(lock), new Set([listing])).get(listing));
    return { ...entry, files: lists.find((list) => list !== undefined) };
  });
  return parseLock(choiceText({ ...choice, entries }), "x.lock").lock;
}

const why = ({ entries }: Choice) => Object.fromEntries(entries.map((entry) => [entry.name, entry.why]));

const docs = entryOf(sourceOf("docs"), [fileOf("x.md")]);
const base = entryOf(sourceOf("rust"), [fileOf("a"), fileOf("b"), fileOf("c")]);
const ours = entryOf(sourceOf("rust"), [fileOf("a", { digest: digestOf("1") }), fileOf("b"), fileOf("c")], {
  commit: commitOf("2"),
});
const theirs = entryOf(sourceOf("rust"), [fileOf("a"), fileOf("b"), fileOf("c", { digest: digestOf("2") })], {
  commit: commitOf("3"),
});
const line = (lock: Lock, start: string) =>
  serialiseLock(lock)
    .split("\n")
    .find((one) => one.startsWith(start)) ?? "";
const head = (entry: typeof ours) => line(lockOf(entry), '"commit"');

describe("chooseSide() and listsIn()", () => {
  it("give back what either side had of a merge in conflict", () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(...SIDES), ({ base, ours, theirs }, side) => {
        const merged = mergeLocks(base, ours, theirs);
        const choice = chosen(serialiseMerged(merged), side);
        expect(filled(choice, ours, theirs)).toEqual(choose(merged, side));
        const sources = merged.conflicts.filter(({ kind }) => kind === "source").map(({ name }) => name);
        expect(
          choice.entries
            .filter((entry) => entry.why !== undefined)
            .map(({ name }) => name)
            .sort(),
        ).toEqual(sources.sort());
      }),
      { numRuns: 500 },
    );
  });
});

/** As git merges the lines: ours and theirs in markers where both changed, each side's own change elsewhere. */
function textMerge(markers: (ours: string, base: string, theirs: string) => string): string {
  const lines = (lock: Lock) => serialiseLock(lock).split("\n");
  const [old, left, right] = [base, ours, theirs].map((entry) => lines(lockOf(docs, entry))) as [
    string[],
    string[],
    string[],
  ];
  return old
    .map((one, index) => {
      const [a = "", b = ""] = [left[index], right[index]];
      if (a === b || b === one) return a;
      return a === one ? b : markers(a, one, b);
    })
    .join("\n");
}

describe("chooseSide()", () => {
  it.each<[string, (ours: string, base: string, theirs: string) => string]>([
    ["merge", (a, _, b) => `<<<<<<< HEAD\n${a}\n=======\n${b}\n>>>>>>> topic`],
    ["diff3", (a, o, b) => `<<<<<<< HEAD\n${a}\n||||||| 1234567\n${o}\n=======\n${b}\n>>>>>>> topic`],
    [
      "diff3 within diff3",
      (a, o, b) =>
        `<<<<<<< HEAD\n${a}\n||||||| merged\n<<<<<<<<< one\n${o}\n=========\n${o}\n>>>>>>>>> two\n=======\n${b}\n>>>>>>> topic`,
    ],
    ["long", (a, _, b) => `<<<<<<<<<<<< HEAD\n${a}\n============\n${b}\n>>>>>>>>>>>> topic`],
    ["CRLF", (a, _, b) => `<<<<<<< HEAD\r\n${a}\r\n=======\r\n${b}\r\n>>>>>>> topic\r`],
  ])("reads a merge of text with markers in the style %s, lines of both commits below them", (_, markers) => {
    const text = textMerge(markers);
    expect(() => parseLock(text, "x.lock")).toThrow("conflict markers of a merge");
    for (const [side, entry] of [
      ["ours", ours],
      ["theirs", theirs],
    ] as const) {
      const choice = chosen(text, side);
      expect(why(choice)).toEqual({ docs: undefined, rust: "conflict" });
      expect(choice.entries.find(({ name }) => name === "rust")?.files).toBeUndefined();
      expect(filled(choice, lockOf(ours), lockOf(theirs))).toEqual(lockOf(docs, entry));
    }
  });

  it("reads markers amid the files of a source", () => {
    const text = serialiseLock(lockOf(ours)).replace(
      /(\{"path":"b".*\n)/,
      "<<<<<<< a\n$1=======\n>>>>>>> b\n",
    );
    expect(filled(chosen(text, "ours"))).toEqual(lockOf(ours));
    expect(why(chosen(text, "theirs"))).toEqual({ rust: "mixed" });
    expect(filled(chosen(text, "theirs"), lockOf(ours))).toEqual(lockOf(ours));
  });

  it("goes by the head where files of two commits are mixed without a marker", () => {
    const text = textMerge((a) => a);
    for (const side of SIDES) {
      const choice = chosen(text, side);
      expect(why(choice)).toEqual({ docs: undefined, rust: "mixed" });
      expect(filled(choice, lockOf(ours), lockOf(theirs))).toEqual(lockOf(docs, ours));
    }
  });

  it("takes the first of what stands twice for ours, the last for theirs", () => {
    const block = (entry: typeof ours) => serialiseLock(lockOf(entry)).split("\n").slice(3, -2).join("\n");
    const twice = `{\n"version": 1,\n"sources": {\n${block(ours)},\n${block(theirs)}\n}}\n`;
    const lines = serialiseLock(lockOf(ours)).replace(head(ours), `${head(ours)}\n${head(theirs)}`);
    for (const text of [twice, lines]) {
      expect(() => parseLock(text, "x.lock")).toThrow("stands twice");
      expect(why(chosen(text, "ours"))).toEqual({ rust: "twice" });
      expect(filled(chosen(text, "ours"), lockOf(ours))).toEqual(lockOf(ours));
      expect(filled(chosen(text, "theirs"), lockOf(theirs))).toEqual(lockOf(theirs));
    }
  });

  it.each([
    ["a comma", (text: string) => text.replace("},\n{", "}\n{")],
    ["the end of an entry", (text: string) => text.replace("\n]},", "")],
    ["its last lines", (text: string) => text.replace(/\n\]\}\n\}\}\n$/, "")],
  ])("gets over the loss of %s", (_, edit) => {
    const text = edit(serialiseLock(lockOf(docs, ours)));
    expect(() => parseLock(text, "x.lock")).toThrow();
    expect(filled(chosen(text, "ours"))).toEqual(lockOf(docs, ours));
  });

  it("takes members of the whole lock from one side, and says which are disputed", () => {
    const extras = [
      { same: 1, other: 1 },
      { same: 1, other: 2, new: 3 },
      { same: 1, other: 3 },
    ];
    const locks = extras.map((extra): Lock => ({ ...lockOf(docs), extra }));
    const [old, left, right] = locks as [Lock, Lock, Lock];
    const text = serialiseMerged(mergeLocks(old, left, right));
    expect(chosen(text, "ours").extra).toEqual(extras[1]);
    expect(chosen(text, "theirs").extra).toEqual({ same: 1, other: 3, new: 3 });
    for (const side of SIDES) expect(chosen(text, side).disputed).toEqual(["other"]);
  });

  it("leaves out what the side had removed", () => {
    const text = serialiseMerged(mergeLocks(lockOf(docs, base), lockOf(docs, ours), lockOf(docs)));
    expect(chosen(text, "theirs").entries.find(({ name }) => name === "rust")).toEqual({
      name: "rust",
      head: undefined,
      files: undefined,
      why: "conflict",
    });
    expect(filled(chosen(text, "theirs"))).toEqual(lockOf(docs));
    expect(filled(chosen(text, "ours"), lockOf(ours))).toEqual(lockOf(docs, ours));
  });

  it("writes a list that is nowhere as an empty one, which is then no other list", () => {
    const text = serialiseMerged(mergeLocks(lockOf(base), lockOf(ours), lockOf(theirs)));
    const choice = chosen(text, "theirs");
    expect(choice.entries[0]?.files).toBeUndefined();
    expect(parseLock(choiceText(choice), "x.lock").lock.sources[0]?.files).toEqual([]);
  });

  it("finds the list of one side in the other, where files were exchanged", () => {
    const entries = [lockOf(docs, ours), lockOf(docs, theirs)].map((lock) => serialiseLock(lock));
    const swapped = (entries[0] ?? "").replace(head(ours), head(theirs));
    const text = `<<<<<<< a\n${entries[1]}=======\n${swapped}>>>>>>> b\n`;
    expect(chosen(text, "theirs").entries.find(({ name }) => name === "rust")?.files).toEqual(
      chosen(entries[1] ?? "", "ours").entries.find(({ name }) => name === "rust")?.files,
    );
  });

  it("knows twice on one side from twice on both", () => {
    const text = serialiseLock(lockOf(ours)).replace(
      `${head(ours)}\n`,
      `<<<<<<< a\n${head(ours)}\n=======\n${head(ours)}\n${head(theirs)}\n>>>>>>> b\n`,
    );
    expect(why(chosen(text, "ours"))).toEqual({ rust: "conflict" });
    expect(why(chosen(text, "theirs"))).toEqual({ rust: "twice" });
    const block = serialiseLock(lockOf(ours)).split("\n").slice(3, -2).join("\n");
    const entries = serialiseLock(lockOf(ours)).replace(
      block,
      `<<<<<<< a\n${block}\n=======\n${block},\n${block}\n>>>>>>> b`,
    );
    expect(why(chosen(entries, "ours"))).toEqual({ rust: undefined });
    expect(why(chosen(entries, "theirs"))).toEqual({ rust: "twice" });
  });

  it("keeps what it does not know", () => {
    const extra = JSON.parse('{"badge":{"a":[1]},"__proto__":2}');
    const lock = { ...lockOf({ ...docs, extra, files: [fileOf("x.md", { extra: { xet: "f" } })] }), extra };
    expect(filled(chosen(serialiseLock(lock), "ours"))).toEqual(lock);
  });

  it.each([
    ["a marker that does not close", `<<<<<<< a\n${serialiseLock(lockOf(docs))}`],
    ["a marker that does not open", `${serialiseLock(lockOf(docs))}>>>>>>> b\n`],
    [
      "a conflict within one side",
      serialiseLock(lockOf(docs)).replace(
        '"files": [',
        '<<<<<<< a\n<<<<<<<<< c\n=========\n>>>>>>>>> d\n=======\n>>>>>>> b\n"files": [',
      ),
    ],
    ["a lock on one line", JSON.stringify(JSON.parse(serialiseLock(lockOf(docs))))],
    ["a lock with indents", JSON.stringify(JSON.parse(serialiseLock(lockOf(docs))), null, 2)],
    [
      "a member twice in one line",
      serialiseLock(lockOf(docs)).replace('"type": "dataset"', '"type": "dataset", "type": "model"'),
    ],
    [
      "a member nested without end",
      serialiseLock(lockOf(docs)).replace(
        '"version": 1',
        `"version": 1,\n"x": ${"[".repeat(1e5)}${"]".repeat(1e5)}`,
      ),
    ],
    ["another document", "version: 1\nsources: {}\n"],
    ["nothing", ""],
  ])("knows no way with %s", (_, text) => {
    for (const side of SIDES) expect(chooseSide(text, side)).toBeUndefined();
  });
});

it("chooseSide() gives back 100,000 files of either side", () => {
  const list = (digit: string) =>
    Array.from({ length: 100_000 }, (_, index) =>
      fileOf(`data/${String(index).padStart(6, "0")}.parquet`, {
        size: index,
        digest: digestOf(index % 7 === 0 ? digit : "0"),
      }),
    );
  const [a, b, c] = ["1", "2", "3"].map((digit) =>
    lockOf(docs, entryOf(sourceOf("rust"), list(digit), { commit: commitOf(digit) })),
  ) as [Lock, Lock, Lock];
  const merged = mergeLocks(a, b, c);
  const text = serialiseMerged(merged);
  expect(text.length).toBeLessThan(serialiseLock(b).length + 1_000);
  for (const [side, lock] of [
    ["ours", b],
    ["theirs", c],
  ] as const)
    expect(serialiseLock(filled(chosen(text, side), c)) === serialiseLock(lock)).toBe(true);
}, 120_000);

describe("listsIn()", () => {
  it("finds a list by what its lines come to, never by what a head says", () => {
    const listing = /sha256:\w+/.exec(head(ours))?.[0] ?? "";
    const text = serialiseLock(lockOf(ours));
    expect(listsIn(text, new Set([listing, "sha256:0"])).get(listing)).toHaveLength(3);
    expect(listsIn(text.replace('"size":1', '"size":2'), new Set([listing])).size).toBe(0);
    expect(listsIn(serialiseLock(lockOf(docs)), new Set([listing])).size).toBe(0);
    expect(listsIn("no lock", new Set(["no"])).size).toBe(0);
  });
});
