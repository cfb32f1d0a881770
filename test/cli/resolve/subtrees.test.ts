import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TritterError } from "../../../cli/errors.ts";
import type { Entry, Hub, Listed } from "../../../cli/hub/port.ts";
import { sortedFiles } from "../../../cli/lock/write.ts";
import { select } from "../../../cli/resolve/select.ts";
import { compareLevels, joined, shapeOf, type Walked, walkChanged } from "../../../cli/resolve/subtrees.ts";
import type { Carrier } from "../../../schema/manifest.ts";
import { carrierOf, commitOf, digestOf } from "../../support/documents.ts";
import { type FakeHub, fakeHub, listed } from "../../support/fake-hub.ts";

const repo = { type: "dataset", repo: "o/n" } as const;
const [from, to] = [commitOf("1"), commitOf("2")];
const { signal } = new AbortController();

/** `{ "a/x": "d" }`: paths to contents, each one hex digit. */
type Files = Readonly<Record<string, string>>;

const listing = (files: Files): Listed[] =>
  Object.entries(files).map(([path, digit]) => listed(path, { digest: digestOf(digit) }));

function hubOf(before: Files, after: Files): FakeHub {
  const trees = { [from]: listing(before), [to]: listing(after) };
  return fakeHub({ "o/n": { refs: {}, trees } });
}

/** With pages of two entries, as the fake Hub has them. */
async function walk(hub: Hub, known: Iterable<string>, page = 2): Promise<Walked> {
  const listAll = async (folder: string) => {
    const files: Listed[] = [];
    for await (const more of hub.list(repo, to, folder)) files.push(...more);
    return files;
  };
  return walkChanged({ hub, repo, from, to, shape: shapeOf(known), page, signal, listAll });
}

/** `n` files in a folder, all of one content. */
const full = (folder: string, n: number, digit = "a"): Files =>
  Object.fromEntries(Array.from({ length: n }, (_, at) => [`${folder}/${at}.txt`, digit]));

const calls = (hub: FakeHub) => [...hub.calls].sort();

describe("walkChanged()", () => {
  it("lists a small repository whole, and asks nothing of the old commit", async () => {
    const before = { ...full("a", 2), ...full("b", 2) };
    const hub = hubOf(before, { ...before, "a/0.txt": "b" });
    const walked = await walk(hub, Object.keys(before));
    expect(hub.calls).toEqual(["list o/n 2"]);
    expect(walked.unchanged.size).toBe(0);
    expect(walked.files).toHaveLength(4);
  });

  it("lists only what changed of a large one", async () => {
    const before = { "README.md": "a", ...full("a", 14), ...full("b", 4) };
    const hub = hubOf(before, { ...before, "README.md": "c", "b/0.txt": "b", "b/new.txt": "d" });
    const walked = await walk(hub, Object.keys(before));
    expect(calls(hub)).toEqual(["entries o/n 1 ", "entries o/n 2 ", "list o/n 2 b"]);
    expect([...walked.unchanged]).toEqual(["a"]);
    expect(walked.files.map(({ path }) => path).sort()).toEqual(
      ["README.md", "b/0.txt", "b/1.txt", "b/2.txt", "b/3.txt", "b/new.txt"].sort(),
    );
  });

  it("asks for nothing more where nothing changed", async () => {
    const before = { ...full("a", 10), ...full("b", 10) };
    const hub = hubOf(before, before);
    const walked = await walk(hub, Object.keys(before));
    expect(calls(hub)).toEqual(["entries o/n 1 ", "entries o/n 2 "]);
    expect([...walked.unchanged]).toEqual(["a", "b"]);
  });

  it("goes down where a folder is large too", async () => {
    const before = { ...full("d/a", 10), ...full("d/b", 10), ...full("e", 8) };
    const hub = hubOf(before, { ...before, "d/b/0.txt": "b" });
    const walked = await walk(hub, Object.keys(before));
    expect(calls(hub)).toEqual([
      "entries o/n 1 ",
      "entries o/n 1 d",
      "entries o/n 2 ",
      "entries o/n 2 d",
      "list o/n 2 d/b",
    ]);
    expect([...walked.unchanged].sort()).toEqual(["d/a", "e"]);
  });

  it("lists all at once where so much changed that folder by folder would cost more", async () => {
    const before = { ...full("a", 5), ...full("b", 5) };
    const hub = hubOf(before, { ...full("a", 5, "b"), ...full("b", 5, "b") });
    expect((await walk(hub, Object.keys(before))).unchanged.size).toBe(0);
    expect(calls(hub)).toEqual(["entries o/n 1 ", "entries o/n 2 ", "list o/n 2"]);
  });

  it("lists all at once where a level alone is long, as the lock knows or as it turns out", async () => {
    const flat = {
      ...full("a", 4),
      ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${at}.txt`, "a"])),
    };
    const hub = hubOf(flat, flat);
    await walk(hub, Object.keys(flat));
    expect(hub.calls).toEqual(["list o/n 2"]);
    hub.clearCalls();
    const selected = Object.keys(full("a", 9));
    const long = { ...full("a", 9), ...flat };
    const other = hubOf(long, long);
    expect((await walk(other, selected)).unchanged.size).toBe(0);
    expect(calls(other)).toEqual(["entries o/n 1 ", "entries o/n 2 ", "list o/n 2"]);
  });

  const before = { ...full("a", 10), ...full("b", 10) };
  const after = { ...before, "b/0.txt": "b" };
  const withEntries = (hub: FakeHub, change: (entries: readonly Entry[]) => readonly Entry[]): Hub => ({
    ...hub,
    entries: async function* (...given) {
      for await (const page of hub.entries(...given)) yield change(page);
    },
  });

  it.each<[string, (hub: FakeHub) => Hub]>([
    [
      "whose old commit is gone",
      (hub) => ({
        ...hub,
        entries: (ref, commit, folder) => {
          if (commit === from) throw new TritterError({ code: "PIN_GONE", message: "gone" });
          return hub.entries(ref, commit, folder);
        },
      }),
    ],
    [
      "that knows no git ids",
      (hub) =>
        withEntries(hub, (page) =>
          page.map((entry) => (entry.kind === "folder" ? { ...entry, oid: undefined } : entry)),
        ),
    ],
    [
      "that lists deep where it was asked for one level",
      (hub) => withEntries(hub, (page) => [...page, { kind: "file", file: listed("a/0.txt") }]),
    ],
    [
      "that lists another folder beside the one that was asked for",
      (hub) => withEntries(hub, (page) => [...page, { kind: "folder", path: "x/y", oid: "1" }]),
    ],
    [
      "that lists another folder than was asked for",
      (hub) =>
        withEntries(hub, (page) =>
          page.map((entry) => (entry.kind === "folder" ? { ...entry, path: `x/${entry.path}` } : entry)),
        ),
    ],
  ])("of a Hub %s lists all", async (_, over) => {
    const walked = await walk(over(hubOf(before, after)), Object.keys(before));
    expect(walked.unchanged.size).toBe(0);
    expect(walked.files).toHaveLength(20);
  });

  it("asks for all of a long level only as far as that is cheaper than all", async () => {
    // 8 pages in all, so 2 of a level.
    const names = ["0.txt", "1.txt"].map((path) => [path, "a"]);
    const four = { ...full("a", 6), ...full("b", 6), ...Object.fromEntries(names) };
    const hub = hubOf(four, { ...four, "a/0.txt": "b" });
    const walked = await walk(hub, Object.keys(four));
    expect([...walked.unchanged]).toEqual(["b"]);
    expect(calls(hub)).toEqual(["entries o/n 1 ", "entries o/n 2 ", "list o/n 2 a"]);
  });

  it("takes no mistake of ours for a commit that is gone", async () => {
    const hub = hubOf(before, after);
    const bug = new TypeError("a bug");
    const broken: Hub = {
      ...hub,
      entries: (ref, commit, folder) => {
        if (commit === from) throw bug;
        return hub.entries(ref, commit, folder);
      },
    };
    await expect(walk(broken, Object.keys(before))).rejects.toBe(bug);
  });

  it("fails as listing fails: the later commit must be had", async () => {
    const hub = hubOf(before, after);
    const broken: Hub = {
      ...hub,
      entries: (ref, commit, folder) => {
        if (commit === to) throw new TritterError({ code: "NETWORK", message: "cut off" });
        return hub.entries(ref, commit, folder);
      },
    };
    await expect(walk(broken, Object.keys(before))).rejects.toMatchObject({ code: "NETWORK" });
  });
});

describe("compareLevels()", () => {
  const folder = (path: string, digit: string | undefined): Entry => ({
    kind: "folder",
    path,
    oid: digit?.repeat(40),
  });
  const file = (path: string): Entry => ({ kind: "file", file: listed(path) });

  it.each<[string, Entry[], Entry[], readonly string[], readonly string[], readonly string[]]>([
    ["the same id is the same content", [folder("a", "1")], [folder("a", "1")], [], ["a"], []],
    ["another id is another", [folder("a", "1")], [folder("a", "2")], [], [], ["a"]],
    ["a folder that came", [], [folder("a", "1")], [], [], ["a"]],
    ["a folder that went", [folder("a", "1")], [], [], [], []],
    ["files are those of the later commit", [file("x")], [file("y")], ["y"], [], []],
    ["a folder became a file", [folder("a", "1")], [file("a")], ["a"], [], []],
    ["a file became a folder", [file("a")], [folder("a", "1")], [], [], ["a"]],
    ["a folder under another name", [folder("a", "1")], [folder("b", "1")], [], [], ["b"]],
    ["ids that are not known", [folder("a", undefined)], [folder("a", undefined)], [], [], ["a"]],
  ])("%s", (_, old, now, files, unchanged, changed) => {
    const found = compareLevels(old, now);
    expect([found.files.map(({ path }) => path), found.unchanged, found.changed]).toEqual([
      files,
      unchanged,
      changed,
    ]);
  });
});

describe("shapeOf()", () => {
  it("counts files and folders below each folder, and directly in it", () => {
    expect(Object.fromEntries(shapeOf(["r", "a/x", "a/y", "a/b/c/z", "d/w"]))).toEqual({
      "": { all: 9, directly: 3 },
      a: { all: 5, directly: 3 },
      "a/b": { all: 2, directly: 1 },
      "a/b/c": { all: 1, directly: 1 },
      d: { all: 1, directly: 1 },
    });
    expect(shapeOf([]).size).toBe(0);
  });
});

describe("a selection by subtrees", () => {
  const folder = fc.constantFrom("a", "b");
  const name = fc.constantFrom("a", "b", "c.txt", "d.bin", "e.txt", "\u{1f600}");
  const path = fc
    .tuple(fc.array(folder, { maxLength: 4 }), name)
    .map(([above, last]) => [...above, last].join("/"));
  /** No path may be a folder of another: git has none such. */
  const isTree = (files: Files) =>
    Object.keys(files).every((one) => !Object.keys(files).some((other) => other.startsWith(`${one}/`)));
  /** Of two paths that exclude each other the first stays. */
  const asTree = (files: Files): Files => {
    const taken: Record<string, string> = {};
    for (const [path, digit] of Object.entries(files))
      if (isTree({ ...taken, [path]: digit })) taken[path] = digit;
    return taken;
  };
  const digit = fc.constantFrom("1", "2", "3");
  const tree = fc.dictionary(path, digit, { minKeys: 10, maxKeys: 60 }).map(asTree);
  const edits = fc.dictionary(path, digit, { maxKeys: 4 });
  const patterns = fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(["*.txt", "a/", "/b", "**/c.txt", "a/**", "*", "d.bin", "{a,b}/*"]) },
  );

  it("is the selection from the whole listing, after any edit, with any patterns", async () => {
    let [walks, saved] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        tree,
        edits,
        fc.record({
          include: patterns,
          exclude: patterns,
          deny: patterns,
          dropped: fc.nat({ max: 3 }),
        }),
        async (before, edited, { include, exclude, deny, dropped }) => {
          // Most of it stays, so that there are unchanged folders; files become folders and the other way round.
          const after = asTree({
            ...edited,
            ...Object.fromEntries(Object.entries(before).slice(dropped)),
            ...edited,
          });
          const carrier: Carrier = carrierOf("o/n", { include, exclude });
          const choose = (files: readonly Listed[], complete: boolean) =>
            select("s", carrier, { listing: files, complete, deny });
          const known = choose(listing(before), true).files;
          const hub = hubOf(before, after);
          const walked = await walk(
            hub,
            known.map(({ path }) => path),
            1,
          );
          const found = choose(joined(walked, known), walked.unchanged.size === 0);
          const whole = choose(listing(after), true);
          expect(sortedFiles(found.files)).toEqual(sortedFiles(whole.files));
          expect(found.patterns).toEqual(
            walked.unchanged.size === 0
              ? whole.patterns
              : whole.patterns.filter(({ kind }) => kind === "include"),
          );
          // Mistakes may be told otherwise, but there are some or there are none.
          if (found.problems.length === 0 || walked.unchanged.size === 0)
            expect(found.problems.length === 0).toBe(whole.problems.length === 0);
          walks += 1;
          if (walked.unchanged.size > 0) saved += 1;
        },
      ),
      { numRuns: 1_000 },
    );
    // The property would hold if nothing were ever skipped.
    expect(saved / walks).toBeGreaterThan(0.05);
  });
});
