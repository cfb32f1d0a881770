import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Plan, plan } from "../../cli/plan.ts";
import type { Found } from "../../cli/scan.ts";
import type { Digest, Stamp, TreePath } from "../../schema/ids.ts";
import {
  digest,
  file,
  generated,
  placed,
  planInput,
  type Situation,
  stampFor,
  want,
} from "../support/plan-input.ts";

const NOTHING: Found = { kind: "nothing" };
const FOLDER: Found = { kind: "folder", stranger: "p/theirs" as TreePath };
const SYMLINK: Found = { kind: "symlink", stamp: "l" as Stamp };
const SPECIAL: Found = { kind: "special", stamp: "x" as Stamp };

/** One line a decision, so that a table can hold it. */
function decisions(situation: Situation): string[] {
  const made = plan(planInput(situation));
  return [
    ...made.keeps.map(
      (keep) => `keep ${keep.want.path}: ${keep.record}${keep.record === "none" ? "" : `, ${keep.origin}`}`,
    ),
    ...made.writes.map((write) => {
      const clears = write.clears.map(
        ({ path, disposable }) => `, clears ${path}${disposable ? "" : " to keep"}`,
      );
      return `write ${write.want.path}: ${write.why}, ${write.found}${clears.join("")}`;
    }),
    ...made.prunes.map((prune) => `prune ${prune.path}: ${prune.why}, ${prune.how}`),
    ...made.forgets.map((forget) => `forget ${forget.path}: ${forget.why}`),
    ...made.conflicts.map((conflict) => `conflict ${conflict.path}: ${conflict.why}, ${conflict.what}`),
  ];
}

describe("plan() follows the table", () => {
  const A = [want("p", "a")];
  const rows: [string, Situation, string[]][] = [
    [
      "A, B placed, A on disk: keep",
      { wants: A, mine: [placed("p", "b")], disk: { p: file("a") } },
      ["keep p: adopt, adopted"],
    ],
    [
      "A, A placed, A on disk: keep",
      { wants: A, mine: [placed("p", "a")], disk: { p: file("a") } },
      ["keep p: none"],
    ],
    [
      "A, A placed, A under a new stamp: keep and restamp",
      { wants: A, mine: [placed("p", "a")], disk: { p: file("a", { recorded: false }) } },
      ["keep p: restamp, fetched"],
    ],
    [
      "A, nothing placed, A on disk: keep and adopt",
      { wants: A, disk: { p: file("a") } },
      ["keep p: adopt, adopted"],
    ],
    [
      "A, adopted A, A on disk: keep, still the user's",
      {
        wants: A,
        mine: [placed("p", "a", { origin: "adopted" })],
        disk: { p: file("a", { recorded: false }) },
      },
      ["keep p: restamp, adopted"],
    ],
    [
      "A, any, nothing on disk: write",
      { wants: A, mine: [placed("p", "b")], disk: { p: NOTHING } },
      ["write p: missing, nothing"],
    ],
    ["A, never placed, nothing on disk: write", { wants: A }, ["write p: missing, nothing"]],
    [
      "A, B placed, B on disk: write over it",
      { wants: A, mine: [placed("p", "b")], disk: { p: file("b") } },
      ["write p: outdated, replace"],
    ],
    [
      "A, B adopted, B on disk: write, B to the trash",
      { wants: A, mine: [placed("p", "b", { origin: "adopted" })], disk: { p: file("b") } },
      ["write p: outdated, trash"],
    ],
    [
      "A, B placed, C on disk: write, C to the trash",
      { wants: A, mine: [placed("p", "b")], disk: { p: file("c") } },
      ["write p: modified, trash"],
    ],
    [
      "A, A placed, C on disk: write, C to the trash",
      { wants: A, mine: [placed("p", "a")], disk: { p: file("c") } },
      ["write p: modified, trash"],
    ],
    [
      "A, never placed, C on disk: conflict",
      { wants: A, disk: { p: file("c") } },
      ["conflict p: untracked, file"],
    ],
    [
      "A, never placed, C on disk, forced: C to the trash",
      { wants: A, disk: { p: file("c") }, force: true },
      ["write p: untracked, trash"],
    ],
    [
      "A, any, folder: conflict",
      { wants: A, mine: [placed("p", "a")], disk: { p: FOLDER } },
      ["conflict p: not-a-file, folder"],
    ],
    [
      "A, any, folder, forced: conflict all the same",
      { wants: A, disk: { p: FOLDER }, force: true },
      ["conflict p: not-a-file, folder"],
    ],
    ["A, any, symlink: conflict", { wants: A, disk: { p: SYMLINK } }, ["conflict p: not-a-file, symlink"]],
    [
      "A, any, symlink, forced: the link itself to the trash",
      { wants: A, disk: { p: SYMLINK }, force: true },
      ["write p: not-a-file, trash"],
    ],
    [
      "A, any, special: conflict, forced or not",
      { wants: A, disk: { p: SPECIAL }, force: true },
      ["conflict p: not-a-file, special"],
    ],
    [
      "unwanted, B placed, B on disk: prune",
      { mine: [placed("p", "b")], disk: { p: file("b") } },
      ["prune p: dropped, unlink"],
    ],
    [
      "unwanted, B adopted, B on disk: prune to the trash",
      { mine: [placed("p", "b", { origin: "adopted" })], disk: { p: file("b") } },
      ["prune p: dropped, trash"],
    ],
    [
      "unwanted, B placed, nothing on disk: forget",
      { mine: [placed("p", "b")], disk: { p: NOTHING } },
      ["forget p: gone"],
    ],
    [
      "unwanted, B placed, folder: forget",
      { mine: [placed("p", "b")], disk: { p: FOLDER } },
      ["forget p: not-a-file"],
    ],
    [
      "unwanted, B placed, symlink: forget",
      { mine: [placed("p", "b")], disk: { p: SYMLINK } },
      ["forget p: not-a-file"],
    ],
    [
      "unwanted, B placed, C on disk: prune to the trash",
      { mine: [placed("p", "b")], disk: { p: file("c") } },
      ["prune p: modified, trash"],
    ],
    ["unwanted, never placed: never touched", { disk: { p: file("c") } }, []],
    [
      "A, B placed by two digests, B known by one on disk: write over it",
      { wants: A, mine: [placed("p", "b", { also: ["d"] })], disk: { p: file("b") } },
      ["write p: outdated, replace"],
    ],
    [
      "A, A placed by another source: keep, and record the source",
      { wants: A, mine: [placed("p", "a", { source: "t" })], disk: { p: file("a") } },
      ["keep p: restamp, fetched"],
    ],
  ];
  it.each(rows)("%s", (_, situation, expected) => {
    expect(decisions(situation)).toEqual(expected);
  });
});

describe("plan() after an intent without its confirmation", () => {
  const mine = [placed("p", "b", { intent: "a" })];
  const rows: [string, Situation, string[]][] = [
    [
      "the new bytes are ours",
      { wants: [want("p", "a")], mine, disk: { p: file("a", { recorded: false }) } },
      ["keep p: restamp, fetched"],
    ],
    [
      "the old bytes are ours",
      { wants: [want("p", "a")], mine, disk: { p: file("b") } },
      ["write p: outdated, replace"],
    ],
    ["either is pruned", { mine, disk: { p: file("a") } }, ["prune p: dropped, unlink"]],
    [
      "an intent alone is enough",
      { mine: [placed("p", undefined, { intent: "a" })], disk: { p: file("a") } },
      ["prune p: dropped, unlink"],
    ],
    [
      "other bytes are not ours",
      { wants: [want("p", "a")], mine, disk: { p: file("c") } },
      ["write p: modified, trash"],
    ],
  ];
  it.each(rows)("%s", (_, situation, expected) => {
    expect(decisions(situation)).toEqual(expected);
  });
});

describe("plan() with folders in the way", () => {
  it("sends our own file aside when its path becomes a folder", () => {
    const made = plan(
      planInput({
        wants: [want("data/x", "a")],
        mine: [placed("data", "b")],
        disk: {
          "data/x": { kind: "blocked", at: "data" as TreePath, what: "file", stamp: "1" as Stamp },
          data: file("b"),
        },
      }),
    );
    expect(made.writes[0]?.clears).toEqual([{ path: "data", stamp: expect.anything(), disposable: true }]);
    expect(made.forgets).toEqual([{ path: "data", source: "s", why: "cleared" }]);
    expect(made.prunes).toEqual([]);
  });

  it("sends our own files aside when their folder becomes a file", () => {
    const made = plan(
      planInput({
        wants: [want("data", "a")],
        mine: [placed("data/x", "b"), placed("data/y/z", "c", { origin: "adopted" })],
        disk: { data: { kind: "folder", stranger: undefined }, "data/x": file("b"), "data/y/z": file("c") },
      }),
    );
    expect(made.writes[0]?.clears.map(({ path, disposable }) => [path, disposable])).toEqual([
      ["data/x", true],
      ["data/y/z", false],
    ]);
  });

  it("sends aside what is there of a folder, and nothing beside it", () => {
    const lines = decisions({
      wants: [want("data", "a"), want("data-x", "b"), want("data0", "b")],
      mine: ["data-x", "data/gone", "data/x", "data0"].map((path) => placed(path, "b")),
      disk: {
        data: { kind: "folder", stranger: undefined },
        "data/x": file("b"),
        "data-x": file("b"),
        data0: file("b"),
      },
    });
    expect(lines).toEqual([
      "keep data-x: none",
      "keep data0: none",
      "write data: missing, nothing, clears data/x",
      "forget data/gone: gone",
      "forget data/x: cleared",
    ]);
  });

  it("leaves a folder that holds a stranger, or that nobody here placed anything in", () => {
    const conflictsAt = (situation: Situation) =>
      plan(planInput({ wants: [want("data", "a")], force: true, ...situation })).conflicts;
    const stranger = "data/theirs" as TreePath;
    const disk = { data: { kind: "folder", stranger } as Found, "data/x": file("b") };
    expect(conflictsAt({ mine: [placed("data/x", "b")], disk })).toMatchObject([{ at: stranger }]);
    expect(conflictsAt({ disk: { data: { kind: "folder", stranger: undefined } } })).toMatchObject([
      { at: "data", why: "not-a-file", what: "folder" },
    ]);
  });

  it("leaves a folder that another source placed in too, where the plan is not for that one", () => {
    const situation: Situation = {
      wants: [want("data", "a")],
      mine: [placed("data/x", "b"), placed("data/y", "b", { source: "t" })],
      disk: { data: { kind: "folder", stranger: undefined }, "data/x": file("b"), "data/y": file("b") },
    };
    expect(decisions({ ...situation, scope: ["s"] })).toContain("conflict data: not-a-file, folder");
    expect(decisions({ ...situation, scope: ["s", "t"] })).toContain(
      "write data: missing, nothing, clears data/x, clears data/y",
    );
  });

  it("takes the bytes along when the file that goes aside is the one wanted below it", () => {
    const made = plan(
      planInput({
        wants: [want("data/x", "b")],
        mine: [placed("data", "b")],
        disk: {
          "data/x": { kind: "blocked", at: "data" as TreePath, what: "file", stamp: "1" as Stamp },
          data: file("b"),
        },
      }),
    );
    expect(made.blobs[0]?.from).toMatchObject({ kind: "tree", path: "data", how: "stage" });
  });

  it("refuses a parent that is an untracked file, and moves it only when forced", () => {
    const situation: Situation = {
      wants: [want("data/x", "a")],
      disk: { "data/x": { kind: "blocked", at: "data" as TreePath, what: "file", stamp: "1" as Stamp } },
    };
    expect(plan(planInput(situation)).conflicts).toMatchObject([
      { path: "data/x", why: "untracked", at: "data" },
    ]);
    expect(plan(planInput({ ...situation, force: true })).writes[0]?.clears).toEqual([
      { path: "data", stamp: undefined, disposable: false },
    ]);
  });

  it("tells a parent that is a link from one that is a file, also where another owner had a file there", () => {
    const at = "data" as TreePath;
    const blocked = (what: "file" | "symlink"): Situation => ({
      wants: [want("data/x", "a")],
      disk: { "data/x": { kind: "blocked", at, what, stamp: "1" as Stamp } },
    });
    const others = [placed("data", "b", { owner: "you" })];
    expect(decisions({ ...blocked("symlink"), others })).toEqual(["conflict data/x: not-a-file, symlink"]);
    expect(decisions({ ...blocked("file"), others })).toEqual(["conflict data/x: other-owner, you"]);
    expect(decisions({ ...blocked("symlink"), force: true })).toEqual([
      "write data/x: not-a-file, nothing, clears data to keep",
    ]);
    expect(decisions({ ...blocked("file"), force: true })).toEqual([
      "write data/x: untracked, nothing, clears data to keep",
    ]);
    const ours: Situation = { ...blocked("file"), mine: [placed("data", "b")] };
    expect(decisions({ ...ours, disk: { ...ours.disk, data: file("b") } })).toContain(
      "write data/x: missing, nothing, clears data",
    );
  });
});

describe("plan() treats what describes the data like any other file", () => {
  const told = generated("p", "a");
  const was = placed("p", "b", { origin: "generated" });
  const rows: [string, Situation, string[]][] = [
    ["nothing there: write", { wants: [told] }, ["write p: missing, nothing"]],
    [
      "as it was made before: replace",
      { wants: [told], mine: [was], disk: { p: file("b") } },
      ["write p: outdated, replace"],
    ],
    [
      "edited: to the trash",
      { wants: [told], mine: [was], disk: { p: file("c") } },
      ["write p: modified, trash"],
    ],
    ["another's: conflict", { wants: [told], disk: { p: file("c") } }, ["conflict p: untracked, file"]],
    ["no longer wanted: unlink", { mine: [was], disk: { p: file("b") } }, ["prune p: dropped, unlink"]],
    [
      "of all sources, in a plan of one: left alone",
      {
        wants: [generated("p", "a", "")],
        mine: [placed("p", "b", { source: "" })],
        scope: ["s"],
        disk: { p: file("b") },
      },
      [],
    ],
  ];
  it.each(rows)("%s", (_, situation, expected) => {
    expect(decisions(situation)).toEqual(expected);
  });

  it("brings its bytes, and fetches what the lock alone wants", () => {
    const { blobs, totals } = plan(planInput({ wants: [told, want("q", "b")] }));
    expect(blobs.map(({ from }) => from.kind)).toEqual(["generated", "fetch"]);
    expect(totals).toMatchObject({ wanted: { files: 2 }, fetch: { files: 1 } });
    const same = plan(planInput({ wants: [told, want("q", "a")] })).blobs;
    expect(same).toMatchObject([{ from: { kind: "generated" }, paths: ["p", "q"] }]);
  });

  it("brakes for no prune of it, and counts it for none of its source's files", () => {
    const disk = { p: file("b"), q: file("c") };
    expect(plan(planInput({ mine: [was], disk, prune: false })).brake).toBeUndefined();
    const data = placed("q", "c");
    expect(plan(planInput({ mine: [was, data], disk, prune: false })).brake).toMatchObject({
      sources: ["s"],
    });
    expect(plan(planInput({ wants: [told], mine: [was, data], disk, prune: false })).brake).toMatchObject({
      sources: ["s"],
    });
  });
});

describe("plan() has each wanted digest once", () => {
  it("fetches one blob for two paths", () => {
    const made = plan(planInput({ wants: [want("p", "a"), want("q", "a", "t")] }));
    expect(made.blobs).toMatchObject([{ digest: digest("a"), from: { kind: "fetch" }, paths: ["p", "q"] }]);
    expect(made.totals.fetch).toEqual({ files: 1, bytes: 100 });
  });

  it("moves a file that was renamed upstream instead of fetching and pruning", () => {
    const made = plan(
      planInput({ wants: [want("new", "a")], mine: [placed("old", "a")], disk: { old: file("a") } }),
    );
    expect(made.blobs[0]?.from).toMatchObject({ kind: "tree", path: "old", how: "stage" });
    expect(made.prunes).toEqual([]);
    expect(made.forgets).toEqual([{ path: "old", source: "s", why: "moved" }]);
  });

  it("moves adopted bytes straight, never through the store", () => {
    const made = plan(
      planInput({
        wants: [want("new", "a")],
        mine: [placed("old", "a", { origin: "adopted" })],
        disk: { old: file("a") },
      }),
    );
    expect(made.blobs[0]?.from).toMatchObject({ kind: "tree", path: "old", how: "rename" });
  });

  it("copies from a path that stays", () => {
    const made = plan(
      planInput({
        wants: [want("p", "a"), want("q", "a")],
        mine: [placed("p", "a")],
        disk: { p: file("a") },
      }),
    );
    expect(made.blobs[0]?.from).toMatchObject({ kind: "tree", path: "p", how: "copy" });
  });

  it("swaps two files without a fetch", () => {
    const made = plan(
      planInput({
        wants: [want("p", "b"), want("q", "a")],
        mine: [placed("p", "a"), placed("q", "b")],
        disk: { p: file("a"), q: file("b") },
      }),
    );
    expect(made.blobs.map((blob) => [blob.paths[0], blob.from.kind === "tree" && blob.from.path])).toEqual([
      ["p", "q"],
      ["q", "p"],
    ]);
  });

  it("copies adopted bytes out of a path that is overwritten, so that they reach the trash too", () => {
    const made = plan(
      planInput({
        wants: [want("p", "b"), want("q", "a")],
        mine: [placed("p", "a", { origin: "adopted" })],
        disk: { p: file("a") },
      }),
    );
    expect(made.blobs.find((blob) => blob.paths[0] === "q")?.from).toMatchObject({ how: "copy" });
    expect(made.writes.find((write) => write.want.path === "p")?.found).toBe("trash");
  });

  it("never takes from a modified file", () => {
    const made = plan(
      planInput({ wants: [want("q", "c")], mine: [placed("p", "b")], disk: { p: file("c") } }),
    );
    expect(made.blobs[0]?.from.kind).toBe("fetch");
  });

  it("prefers what needs no copy, and of equals the first path", () => {
    const taken = (mine: Situation["mine"] & {}, wants: Situation["wants"] = []) => {
      const disk = Object.fromEntries(mine.map(({ path }) => [path, file("a")]));
      const made = plan(planInput({ wants: [want("new", "a"), ...wants], mine, disk }));
      return made.blobs[0]?.from.kind === "tree" && `${made.blobs[0].from.how} ${made.blobs[0].from.path}`;
    };
    const adopted = placed("b-adopted", "a", { origin: "adopted" });
    expect(taken([placed("a-stays", "a"), adopted], [want("a-stays", "a")])).toBe("rename b-adopted");
    expect(taken([adopted, placed("a-stays", "a")], [want("a-stays", "a")])).toBe("rename b-adopted");
    expect(taken([adopted, placed("c-goes", "a")])).toBe("stage c-goes");
    expect(taken([placed("c-goes", "a"), adopted])).toBe("stage c-goes");
    expect(taken([placed("y", "a"), placed("x", "a"), placed("z", "a")])).toBe("stage x");
  });

  it("counts as fetched only what is", () => {
    const mine = [placed("old", "b")];
    const made = plan(
      planInput({
        wants: [want("p", "a"), want("q", "b"), want("r", "c")],
        mine,
        ready: ["c"],
        disk: { old: file("b") },
      }),
    );
    expect(made.blobs.map((blob) => blob.from.kind)).toEqual(["fetch", "tree", "ready"]);
    expect(made.totals.fetch).toEqual({ files: 1, bytes: 100 });
  });

  it("may have it from each repository that some path of it came from", () => {
    const wants = [want("p", "a"), want("q", "a", "t")];
    expect(plan(planInput({ wants })).blobs[0]?.from).toMatchObject({
      remotes: wants.map((one) => one.remote),
    });
  });

  it("uses what an interrupted run left", () => {
    const made = plan(
      planInput({ wants: [want("p", "a"), want("q", "b")], ready: ["a"], partial: { b: 40 } }),
    );
    expect(made.blobs.map((blob) => blob.from)).toMatchObject([
      { kind: "ready" },
      { kind: "fetch", have: 40 },
    ]);
  });
});

describe("plan() of a file that was changed", () => {
  const damaged = (situation: Situation) => {
    const from = plan(planInput({ wants: [want("p", "a")], ...situation })).blobs[0]?.from;
    return from?.kind === "fetch" ? from.damaged : from?.kind;
  };
  const segments = "checksums";

  it("says which of its bytes may still be right, where the receipt has their checksums", () => {
    const expected = { path: "p", stamp: stampFor("c"), segments };
    expect(damaged({ mine: [placed("p", "a", { segments })], disk: { p: file("c") } })).toEqual(expected);
    const second = placed("p", "b", { also: ["a"], segments });
    expect(damaged({ mine: [second], disk: { p: file("c") } })).toEqual(expected);
    expect(damaged({ mine: [placed("p", "a")], disk: { p: file("c") } })).toBeUndefined();
  });

  it("finds it behind other paths of the same bytes", () => {
    const wants = [want("new", "a"), want("p", "a")];
    expect(damaged({ wants, mine: [placed("p", "a", { segments })], disk: { p: file("c") } })).toMatchObject({
      path: "p",
    });
  });

  it("does not look for them in what held other bytes, was replaced by us, or is gone", () => {
    expect(damaged({ mine: [placed("p", "b", { segments })], disk: { p: file("c") } })).toBeUndefined();
    const replaced = placed("p", "a", { segments, intent: "b" });
    expect(damaged({ mine: [replaced], disk: { p: file("b") } })).toBeUndefined();
    expect(damaged({ mine: [placed("p", "a", { segments })], disk: { p: NOTHING } })).toBeUndefined();
  });
});

describe("plan() hands on the checksums of segments", () => {
  const segments = "checksums";
  const kept = (situation: Situation) =>
    plan(planInput({ wants: [want("p", "a")], disk: { p: file("a") }, ...situation })).keeps[0]?.segments;

  it("of bytes that stay, also those another owner placed", () => {
    expect(kept({ mine: [placed("p", "a", { segments })] })).toBe(segments);
    expect(kept({ mine: [placed("p", "b", { also: ["a"], segments })] })).toBe(segments);
    expect(kept({ others: [placed("p", "a", { owner: "you", segments })] })).toBe(segments);
  });

  it("not of those that were there before the ones announced", () => {
    expect(kept({ mine: [placed("p", "b", { segments, intent: "a" })] })).toBeUndefined();
  });

  it("of bytes that move", () => {
    const made = plan(
      planInput({
        wants: [want("new", "a")],
        mine: [placed("old", "a", { segments })],
        disk: { old: file("a") },
      }),
    );
    expect(made.blobs[0]?.from).toMatchObject({ path: "old", segments });
  });
});

describe("plan() on a case-insensitive disk", () => {
  const entry = "1:77";
  it("takes nothing for its own that is another file, or gone, or wanted by its own name", () => {
    const wants = [want("a.txt", "b")];
    const mine = [placed("A.txt", "a")];
    const here = file("a", { entry });
    expect(decisions({ wants, mine, disk: { "a.txt": here, "A.txt": file("a") } })).toEqual([
      "prune A.txt: dropped, unlink",
      "conflict a.txt: untracked, file",
    ]);
    expect(decisions({ wants, mine, disk: { "a.txt": here } })).toEqual([
      "forget A.txt: gone",
      "conflict a.txt: untracked, file",
    ]);
    expect(decisions({ wants, mine })).toEqual(["write a.txt: missing, nothing", "forget A.txt: gone"]);
    const both = [...wants, want("A.txt", "a")];
    expect(decisions({ wants: both, mine, disk: { "a.txt": here, "A.txt": here } })).toEqual([
      "keep A.txt: none",
      "conflict a.txt: untracked, file",
    ]);
  });

  it("forgets a path that names the same entry as a wanted one", () => {
    const lines = decisions({
      wants: [want("a.txt", "a")],
      mine: [placed("A.txt", "a")],
      disk: { "a.txt": file("a", { entry }), "A.txt": file("a", { entry }) },
    });
    expect(lines).toEqual(["keep a.txt: restamp, fetched", "forget A.txt: same-entry"]);
  });

  it("takes what stands there for its own, under the old name", () => {
    const lines = decisions({
      wants: [want("a.txt", "b")],
      mine: [placed("A.txt", "a")],
      disk: { "a.txt": file("a", { entry }), "A.txt": file("a", { entry }) },
    });
    expect(lines).toEqual(["write a.txt: outdated, replace", "forget A.txt: same-entry"]);
  });

  it("prunes as usual where the two are two files", () => {
    const lines = decisions({
      wants: [want("a.txt", "a")],
      mine: [placed("A.txt", "a"), placed("a.txt", "a")],
      disk: { "a.txt": file("a"), "A.txt": file("a") },
    });
    expect(lines).toEqual(["keep a.txt: none", "prune A.txt: dropped, unlink"]);
  });
});

describe("plan() beside other owners", () => {
  it("shares a path that another placed with the same digest", () => {
    const lines = decisions({
      wants: [want("p", "a")],
      others: [placed("p", "a", { owner: "you" })],
      disk: { p: file("a") },
    });
    expect(lines).toEqual(["keep p: share, fetched"]);
  });

  it("refuses a path where another wants other bytes", () => {
    const situation: Situation = { wants: [want("p", "a")], others: [placed("p", "b", { owner: "you" })] };
    expect(decisions({ ...situation, disk: { p: file("b") } })).toEqual(["conflict p: other-owner, you"]);
    expect(decisions({ ...situation, disk: { p: NOTHING }, force: true })).toEqual([
      "conflict p: other-owner, you",
    ]);
  });

  it("takes a digest of another algorithm for unknown, not for other bytes, unless the sizes differ", () => {
    const git = `git:${"c".repeat(40)}` as Digest;
    const byGit = { ...want("p", "a"), digest: git };
    const others = [placed("p", "b", { owner: "you" })];
    expect(decisions({ wants: [byGit], others })).toEqual(["write p: missing, nothing"]);
    expect(decisions({ wants: [{ ...byGit, size: 1 }], others })).toEqual(["conflict p: other-owner, you"]);
  });

  it("takes what another announced for what may be there", () => {
    const others = (intent: string) => [placed("p", "b", { owner: "you", intent })];
    const wants = [want("p", "a")];
    expect(decisions({ wants, others: others("a") })).toEqual(["write p: missing, nothing"]);
    const announced = [placed("p", undefined, { owner: "you", intent: "b" })];
    expect(decisions({ wants, others: announced })).toEqual(["conflict p: other-owner, you"]);
  });

  it("compares digests of one algorithm where both are known, and one size of several", () => {
    const git = `git:${"c".repeat(40)}` as Digest;
    const other = placed("p", "b", { owner: "you" });
    const known = { ...other, digests: [...other.digests, git] };
    expect(decisions({ wants: [want("p", "a")], others: [known] })).toEqual(["conflict p: other-owner, you"]);
    const byGit = { ...want("p", "a"), digest: git };
    const announced = placed("p", "b", { owner: "you", size: 1, intent: "d" });
    const sized = { ...announced, intents: announced.intents.map((one) => ({ ...one, size: 100 })) };
    expect(decisions({ wants: [byGit], others: [sized] })).toEqual(["write p: missing, nothing"]);
  });

  it("clears no path that another holds too, above or below the one wanted", () => {
    const mine = [placed("data", "a"), placed("folder/x", "b")];
    const others = [placed("data", "a", { owner: "you" }), placed("folder/x", "b", { owner: "you" })];
    const lines = decisions({
      wants: [want("data/x", "c"), want("folder", "d")],
      mine,
      others,
      disk: {
        "data/x": { kind: "blocked", at: "data" as TreePath, what: "file", stamp: "1" as Stamp },
        data: file("a"),
        folder: { kind: "folder", stranger: undefined },
        "folder/x": file("b"),
      },
      force: true,
    });
    expect(lines).toEqual([
      "forget data: shared",
      "forget folder/x: shared",
      "conflict data/x: other-owner, you",
      "conflict folder: other-owner, you",
    ]);
  });

  it("leaves the last one to prune", () => {
    const mine = [placed("p", "a")];
    const others = [placed("p", "a", { owner: "you" })];
    expect(decisions({ mine, others, disk: { p: file("a") } })).toEqual(["forget p: shared"]);
  });
});

describe("plan() within a scope", () => {
  it("writes and prunes only for the sources named", () => {
    const lines = decisions({
      wants: [want("p", "a", "s"), want("q", "b", "t")],
      mine: [
        placed("old-s", "c", { source: "s" }),
        placed("old-t", "d", { source: "t" }),
        placed("old-gone", "e", { source: "gone" }),
      ],
      disk: { "old-s": file("c"), "old-t": file("d"), "old-gone": file("e") },
      scope: ["s"],
    });
    expect(lines).toEqual(["write p: missing, nothing", "prune old-s: dropped, unlink"]);
  });

  it("never prunes what another source wants", () => {
    const lines = decisions({
      wants: [want("p", "a", "t")],
      mine: [placed("p", "a", { source: "s" })],
      disk: { p: file("a") },
      scope: ["s"],
    });
    expect(lines).toEqual([]);
  });
});

describe("plan() brakes large prunes", () => {
  const GIB = 1024 ** 3;
  const brake = (situation: Situation) => plan(planInput({ prune: false, ...situation })).brake;
  const many = (count: number, size: number) =>
    Array.from({ length: count }, (_, index) => placed(`f${index}`, "b", { size }));

  it("when every file of a source would go", () => {
    const found = brake({ mine: [placed("p", "b")], disk: { p: file("b") } });
    expect(found).toEqual({ sources: ["s"], files: 1, bytes: 100, share: 1 });
  });

  it("when every file of a source that is still there would go", () => {
    const mine = [placed("p", "b"), placed("q", "c")];
    expect(brake({ mine, disk: { p: file("b") } })).toMatchObject({ sources: ["s"], files: 1 });
  });

  it("not when what is left of a source has moved", () => {
    const mine = [placed("p", "b"), placed("old", "a")];
    const disk = { p: file("b"), old: file("a") };
    expect(brake({ wants: [want("new", "a")], mine, disk })).toBeUndefined();
  });

  it("not when one of many goes", () => {
    expect(
      brake({
        wants: [want("q", "b")],
        mine: [placed("p", "c"), placed("q", "b")],
        disk: { p: file("c"), q: file("b") },
      }),
    ).toBeUndefined();
  });

  it("when more than a tenth and a gibibyte would go", () => {
    const mine = many(9, GIB);
    const wants = mine.slice(1).map((one) => want(one.path, "b"));
    const disk = Object.fromEntries(mine.map((one) => [one.path, file("b", { size: GIB + 1 })]));
    expect(brake({ wants, mine, disk })).toMatchObject({ sources: [], files: 1, bytes: GIB + 1 });
  });

  it("not for a tenth that is little, or much that is less than a tenth", () => {
    const few = many(3, 100);
    expect(
      brake({
        wants: few.slice(1).map((one) => want(one.path, "b")),
        mine: few,
        disk: Object.fromEntries(few.map((one) => [one.path, file("b")])),
      }),
    ).toBeUndefined();
    const lots = many(20, 2 * GIB);
    const disk = Object.fromEntries(lots.map((one) => [one.path, file("b", { size: 2 * GIB })]));
    expect(
      brake({ wants: lots.slice(1).map((one) => want(one.path, "b")), mine: lots, disk }),
    ).toBeUndefined();
  });

  it("not for just a tenth, nor for just a gibibyte", () => {
    const tenth = many(10, 2 * GIB);
    const wants = (mine: typeof tenth) => mine.slice(1).map((one) => want(one.path, "b"));
    const disk = (mine: typeof tenth, size: number) =>
      Object.fromEntries(mine.map((one) => [one.path, file("b", { size })]));
    expect(brake({ wants: wants(tenth), mine: tenth, disk: disk(tenth, 2 * GIB) })).toBeUndefined();
    const few = many(3, GIB);
    expect(brake({ wants: wants(few), mine: few, disk: disk(few, GIB) })).toBeUndefined();
  });

  it("for a gibibyte of which no receipt knows the share", () => {
    const mine = many(2, 1).map((one) => placed(one.path, undefined, { intent: "b" }));
    const disk = { f0: file("b", { size: GIB + 1 }), f1: file("b") };
    expect(brake({ wants: [want("f1", "b")], mine, disk })).toMatchObject({ sources: [], share: 1 });
  });

  it("says the sources it waits for in order, and no share of nothing", () => {
    const mine = ["z", "a", "m"].map((source, index) => placed(`f${index}`, "b", { source, size: 0 }));
    const disk = Object.fromEntries(mine.map((one) => [one.path, file("b", { size: 0 })]));
    expect(brake({ mine, disk })).toEqual({ sources: ["a", "m", "z"], files: 3, bytes: 0, share: 0 });
  });

  it("never for files that move, and never once released", () => {
    expect(
      brake({ wants: [want("new", "a")], mine: [placed("old", "a")], disk: { old: file("a") } }),
    ).toBeUndefined();
    expect(brake({ mine: [placed("p", "b")], disk: { p: file("b") }, prune: true })).toBeUndefined();
  });
});

describe("plan() of a file that is wanted by both its digests", () => {
  const git = `git:${"c".repeat(40)}` as Digest;
  const wants = [want("by-sha256", "a"), { ...want("by-git", "a"), digest: git }];
  const both = (from: Found): Found =>
    from.kind === "file" ? { ...from, digests: [digest("a"), git] } : from;
  const origins = (situation: Situation) =>
    plan(planInput({ wants, ...situation })).blobs.map((blob) => blob.from.kind === "tree" && blob.from.how);

  it("moves the user's file once, and copies it for the other", () => {
    const mine = [placed("old", "a", { origin: "adopted" })];
    expect(origins({ mine, disk: { old: both(file("a")) } })).toEqual(["rename", "copy"]);
  });

  it("takes ours into the store, for both", () => {
    expect(origins({ mine: [placed("old", "a")], disk: { old: both(file("a")) } })).toEqual([
      "stage",
      "stage",
    ]);
  });
});

describe("plan() of ten times as much", () => {
  /** Counts what is asked of it. */
  class Counting<K, V> extends Map<K, V> {
    count = 0;
    override get(key: K): V | undefined {
      this.count += 1;
      return super.get(key);
    }
    override *values(): MapIterator<V> {
      for (const value of super.values()) {
        this.count += 1;
        yield value;
      }
    }
  }

  /** Each wanted path is a folder of ours now, or was moved, or leaves: the costly ways. */
  const questions = (files: number): number => {
    const names = Array.from({ length: files }, (_, index) => `f${index}`);
    const wants = names.map((name, index) => want(index % 2 === 0 ? name : `new/${name}`, "a"));
    const mine = names.map((name, index) => placed(index % 2 === 0 ? `${name}/x` : name, "b"));
    const disk = Object.fromEntries(
      names.flatMap((name, index) =>
        index % 2 === 0
          ? ([
              [name, { kind: "folder", stranger: undefined }],
              [`${name}/x`, file("b")],
            ] as [string, Found][])
          : ([[name, file("b")]] as [string, Found][]),
      ),
    );
    const input = planInput({ wants, mine, disk });
    const [placements, found] = [new Counting(input.mine), new Counting(input.inventory.found)];
    const made = plan({ ...input, mine: placements, inventory: { ...input.inventory, found } });
    expect(made.writes).toHaveLength(files);
    expect(made.writes.filter((write) => write.clears.length === 1)).toHaveLength(files / 2);
    return placements.count + found.count;
  };

  it("asks ten times as many questions, not a hundred", () => {
    expect(questions(2_000)).toBeLessThan(12 * questions(200));
  });
});

describe("plan() in general", () => {
  const letters = fc.constantFrom("a", "b", "c");
  const paths = fc.constantFrom("p", "q", "r", "dir/x", "dir/y");
  const found = fc.oneof(
    fc.constant(NOTHING),
    letters.map((letter) => file(letter)),
    fc.constant(SYMLINK),
  );
  const origin = fc.constantFrom("fetched" as const, "adopted" as const);
  const situations = fc.record({
    wants: fc.uniqueArray(fc.tuple(paths, letters), { selector: ([path]) => path }),
    mine: fc.uniqueArray(fc.tuple(paths, letters, origin), { selector: ([path]) => path }),
    disk: fc.dictionary(paths, found),
    force: fc.boolean(),
  });
  const build = ({
    wants,
    mine,
    disk,
    force,
  }: typeof situations extends fc.Arbitrary<infer T> ? T : never): Situation => ({
    wants: wants.map(([path, letter]) => want(path, letter)),
    mine: mine.map(([path, letter, origin]) => placed(path, letter, { origin })),
    disk,
    force,
  });
  const property = (check: (situation: Situation, made: Plan) => void) =>
    fc.assert(
      fc.property(situations.map(build), (situation) => check(situation, plan(planInput(situation)))),
      { numRuns: 500 },
    );

  it("decides exactly once for each wanted path", () => {
    property((situation, made) => {
      const decided = [
        ...made.keeps.map((one) => one.want.path),
        ...made.writes.map((one) => one.want.path),
        ...made.conflicts.map((one) => one.path),
      ];
      expect(decided.sort()).toEqual((situation.wants ?? []).map((one) => one.path).sort());
    });
  });

  it("destroys only bytes that are known to be fetched", () => {
    property((situation, made) => {
      const fetched = new Map(
        (situation.mine ?? []).filter((one) => one.origin === "fetched").map((one) => [one.path, one]),
      );
      const isFetched = (path: TreePath) => {
        const there = situation.disk?.[path];
        return (
          there?.kind === "file" && there.digests.some((one) => fetched.get(path)?.digests.includes(one))
        );
      };
      for (const prune of made.prunes) if (prune.how === "unlink") expect(isFetched(prune.path)).toBe(true);
      for (const write of made.writes)
        if (write.found === "replace") expect(isFetched(write.want.path)).toBe(true);
    });
  });

  it("has one blob for every digest to be written, and every write in one", () => {
    property((_, made) => {
      const digests = made.blobs.map((blob) => blob.digest);
      expect(new Set(digests).size).toBe(digests.length);
      expect(made.blobs.flatMap((blob) => blob.paths).sort()).toEqual(
        made.writes.map((write) => write.want.path).sort(),
      );
    });
  });

  it("does not depend on the order of its input", () => {
    property((situation, made) => {
      const reversed = {
        ...situation,
        wants: [...(situation.wants ?? [])].reverse(),
        mine: [...(situation.mine ?? [])].reverse(),
      };
      expect(plan(planInput(reversed))).toEqual(made);
    });
  });

  it("sorts every list by path", () => {
    property((_, made) => {
      const paths = [
        ...[made.keeps, made.writes].map((list) => list.map((one) => one.want.path)),
        ...[made.prunes, made.forgets, made.conflicts].map((list) => list.map((one) => one.path)),
      ];
      for (const list of paths) expect(list).toEqual([...list].sort());
    });
  });
});
