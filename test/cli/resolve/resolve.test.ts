import { beforeEach, describe, expect, it } from "vitest";
import { type Problem, problemsOf } from "../../../cli/errors.ts";
import { judge } from "../../../cli/resolve/judge.ts";
import { staleness } from "../../../cli/resolve/stale.ts";
import { type Resolution, type ResolveInput, resolve } from "../../../cli/resolve.ts";
import type { Lock, LockedSource } from "../../../schema/lock.ts";
import type { Manifest, Source } from "../../../schema/manifest.ts";
import { carrierOf, commitOf, digestOf, lockOf, manifestOf, sourceOf } from "../../support/documents.ts";
import { type FakeHub, type FakeRepo, fakeHub, listed } from "../../support/fake-hub.ts";

const FILES = ["README.md", "go/g.txt", "rust/a.txt", "rust/b.txt"].map((path) => listed(path));
const NEWER = [...FILES, listed("rust/c.txt")];

const GATED: Problem = { code: "ACCESS_TERMS", message: "accept the terms", lasting: "gated" };

let hub: FakeHub;

beforeEach(() => {
  const repo = (licenses: readonly string[]) => ({
    refs: { main: commitOf("1"), v1: commitOf("2") },
    trees: { [commitOf("1")]: FILES, [commitOf("2")]: NEWER },
    history: [{ commit: commitOf("1"), title: "first", date: "2026-01-01T00:00:00.000Z" }],
    id: "5f0c",
    licenses,
  });
  hub = fakeHub({ "o/code": repo(["mit"]), "o/docs": repo(["other"]), "model o/code": repo([]) });
});

const code = (parts: Partial<Source> = {}) => sourceOf("code", parts);
const docs = sourceOf("docs");

async function lock(
  manifest: Manifest,
  previous?: Lock,
  parts: Partial<ResolveInput> = {},
): Promise<Resolution> {
  hub.clearCalls();
  const { signal } = new AbortController();
  const input = {
    manifest,
    previous,
    hub,
    mode: { kind: "lock" },
    only: undefined,
    fallback: true,
    now: Date.parse("2026-11-24"),
    signal,
  } as const;
  return resolve({ ...input, emit: () => undefined, ...parts });
}

const update = (manifest: Manifest, previous: Lock, ...names: string[]) =>
  lock(manifest, previous, {
    mode: { kind: "update", names: new Set(names), to: undefined },
    fallback: false,
  });

/** `update --allow-fallback` */
const updateFromFirst = (manifest: Manifest, previous: Lock | undefined, ...names: string[]) =>
  lock(manifest, previous, {
    mode: { kind: "update", names: new Set(names), to: undefined },
    fallback: true,
  });

async function problems(
  manifest: Manifest,
  previous?: Lock,
  parts?: Partial<ResolveInput>,
): Promise<readonly Problem[]> {
  const error = await lock(manifest, previous, parts).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new Error("it was locked");
  return problemsOf(error);
}

function entry({ lock: { sources } }: Resolution, name = "code"): LockedSource {
  const found = sources.find((source) => source.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const paths = (resolution: Resolution, name?: string) =>
  entry(resolution, name).files.map(({ path }) => path as string);

describe("resolve() of an edit asks the Hub for no more than its class needs:", () => {
  /** Edits of the source "code" beside the source "docs", after upstream moved on. */
  const rows: readonly (readonly [
    title: string,
    edit: (manifest: Manifest) => Manifest,
    calls: readonly string[],
    commit: string,
  ])[] = [
    ["nothing", (manifest) => manifest, [], "1"],
    // Identity
    ["revision", edited({ revision: "v1" }), ["resolve o/code v1", "list o/code 2"], "2"],
    ["type", edited({ type: "model" }), ["resolve model o/code main", "list model o/code 1"], "1"],
    ["repo", edited({ repo: "o/docs" }), ["resolve o/docs main", "list o/docs 3"], "3"],
    [
      "as-of",
      edited({ asOf: "2026-03-01" }),
      ["resolve o/code main", "commits o/code 1", "list o/code 1"],
      "1",
    ],
    ["min-age", edited({ minAge: "3d" }), ["resolve o/code main", "commits o/code 1", "list o/code 1"], "1"],
    // Selection
    ["include", edited({ include: ["rust/*"] }), ["list o/code 1"], "1"],
    ["exclude", edited({ exclude: ["*.md"] }), ["list o/code 1"], "1"],
    ["policy.deny", (manifest) => ({ ...manifest, deny: ["*.md"] }), ["list o/code 1", "list o/docs 1"], "1"],
    // The same request
    ["include twice", edited({ include: [], exclude: [] }), [], "1"],
    // Placement
    ["path", edited({ path: "elsewhere" }), [], "1"],
    // Judgement
    ["expect", edited({ expect: { files: 99 } }), [], "1"],
    ["license", edited({ license: { accept: "x", reason: "y" } }), [], "1"],
    ["groups", edited({ groups: ["g"] }), [], "1"],
    ["names", edited({ names: "posix" }), [], "1"],
    ["policy.licenses", (manifest) => ({ ...manifest, licenses: { allow: ["x"] } }), [], "1"],
    ["fallbacks that are not in use", edited({ fallbacks: [carrierOf("o/docs")] }), [], "1"],
    [
      "root, owner and endpoint",
      (manifest) => ({ ...manifest, root: "/r", owner: "o", endpoint: "/hub" }),
      [],
      "1",
    ],
    // Sources
    [
      "a source removed",
      ({ ...manifest }) => ({ ...manifest, sources: manifest.sources.slice(0, 1) }),
      [],
      "1",
    ],
    [
      "a source added",
      (manifest) => ({ ...manifest, sources: [...manifest.sources, sourceOf("more", { repo: "o/docs" })] }),
      ["resolve o/docs main", "list o/docs 3"],
      "1",
    ],
  ];

  function edited(parts: Partial<Source>): (manifest: Manifest) => Manifest {
    return (manifest) => ({ ...manifest, sources: [code(parts), ...manifest.sources.slice(1)] });
  }

  it.each(rows)("%s", async (_, edit, calls, commit) => {
    const before = manifestOf(code(), docs);
    const { lock: previous } = await lock(before);
    const moved = { main: commitOf("3"), v1: commitOf("2") };
    for (const name of ["o/docs"]) {
      const repo = hub.repos[name];
      if (repo !== undefined)
        hub.repos[name] = { ...repo, refs: moved, trees: { ...repo.trees, [commitOf("3")]: NEWER } };
    }
    const after = edit(before);
    const stale = staleness(after, previous);
    const resolution = await lock(after, previous);
    expect([...hub.calls].sort()).toEqual([...calls].sort());
    expect(entry(resolution).commit).toBe(commitOf(commit));
    // What is not stale is the lock it was; what was locked is not stale; and again, nothing is asked.
    expect(stale.length === 0).toBe(JSON.stringify(resolution.lock) === JSON.stringify(previous));
    expect(staleness(after, resolution.lock)).toEqual([]);
    expect((await lock(after, resolution.lock)).lock).toEqual(resolution.lock);
    expect(hub.calls).toEqual([]);
  });

  it("strip, offline, and refused where it does not hold every file", async () => {
    const { lock: previous } = await lock(manifestOf(code({ include: ["rust/*"] })));
    const stripped = await lock(manifestOf(code({ include: ["rust/*"], strip: "rust" })), previous);
    expect(hub.calls).toEqual([]);
    expect(entry(stripped).strip).toBe("rust");
    expect(await problems(manifestOf(code({ include: ["rust/*"], strip: "go" })), previous)).toMatchObject([
      { code: "STRIP_OUTSIDE", source: "code", details: ["rust/a.txt", "rust/b.txt"] },
    ]);
    expect(hub.calls).toEqual([]);
  });

  it("all sources of one commit share a listing", async () => {
    const resolution = await lock(
      manifestOf(code({ include: ["go/*"] }), sourceOf("rust", { repo: "o/code", include: ["rust/*"] })),
    );
    expect(hub.calls.filter((call) => call.startsWith("list"))).toEqual(["list o/code 1"]);
    expect([paths(resolution), paths(resolution, "rust")]).toEqual([
      ["go/g.txt"],
      ["rust/a.txt", "rust/b.txt"],
    ]);
  });
});

describe("resolve() of a renamed source", () => {
  it("keeps its commit without a call, and says it was renamed", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const resolution = await lock(manifestOf(sourceOf("other", { repo: "o/code" })), previous);
    expect(hub.calls).toEqual([]);
    expect(resolution.changes).toMatchObject([{ kind: "renamed", source: "other", from: "code" }]);
    expect(resolution.lock.sources.map(({ name, path }) => [name, path])).toEqual([["other", "other"]]);
  });

  it("keeps its commit where its selection changed too", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const resolution = await lock(
      manifestOf(sourceOf("other", { repo: "o/code", include: ["go/*"] })),
      previous,
    );
    expect(hub.calls).toEqual(["list o/code 1"]);
    expect(paths(resolution, "other")).toEqual(["go/g.txt"]);
  });

  it("goes on from the dropped source with the same request, where several have its identity", async () => {
    const rust = sourceOf("rust", { repo: "o/code", include: ["rust/*"] });
    const { lock: previous } = await lock(manifestOf(code(), rust));
    const resolution = await lock(manifestOf({ ...rust, name: "renamed" }), previous);
    expect(hub.calls).toEqual([]);
    expect(paths(resolution, "renamed")).toEqual(["rust/a.txt", "rust/b.txt"]);
  });

  it("goes on from the first that was dropped, where none of several selects the same", async () => {
    const [one, two] = ["go/*", "rust/*"].map((include, index) =>
      sourceOf(`dropped${index}`, { repo: "o/code", include: [include] }),
    );
    const made = await lock(manifestOf(one as Source, two as Source));
    const [first, second] = made.lock.sources;
    const previous = lockOf(first as LockedSource, { ...(second as LockedSource), commit: commitOf("2") });
    expect(entry(await lock(manifestOf(code()), previous)).commit).toBe(commitOf("1"));
    const turned = lockOf({ ...(first as LockedSource), commit: commitOf("2") }, second as LockedSource);
    expect(entry(await lock(manifestOf(code()), turned)).commit).toBe(commitOf("2"));
  });

  it("goes on from its own entry before one that was dropped", async () => {
    const { lock: made } = await lock(manifestOf(code(), sourceOf("dropped", { repo: "o/code" })));
    const [own, dropped] = made.sources;
    const previous = lockOf(own as LockedSource, { ...(dropped as LockedSource), commit: commitOf("2") });
    const { lock: after } = await lock(manifestOf(code()), previous);
    expect(after.sources).toEqual([own]);
    expect(hub.calls).toEqual([]);
  });

  it("leaves the entry it goes on from where a source of that name is not locked now", async () => {
    const { lock: previous } = await lock(manifestOf(code(), docs));
    const swapped = manifestOf(sourceOf("code", { repo: "o/docs" }), sourceOf("docs", { repo: "o/code" }));
    const { lock: after } = await lock(swapped, previous, { only: new Set(["code"]) });
    expect(after.sources.map(({ name, repo }) => [name, repo])).toEqual([
      ["code", "o/docs"],
      ["docs", "o/docs"],
    ]);
  });

  it("is pinned anew with another identity, or while the old name is still there", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    await lock(manifestOf(sourceOf("other", { repo: "o/code", revision: "v1" })), previous);
    expect(hub.calls).toEqual(["resolve o/code v1", "list o/code 2"]);
    await lock(manifestOf(code(), sourceOf("other", { repo: "o/code", path: "p" })), previous);
    expect(hub.calls).toEqual(["resolve o/code main", "list o/code 1"]);
  });

  it("keeps its commit under a name that another source had, and where two swap their names", async () => {
    const before = manifestOf(code(), docs);
    const { lock: previous } = await lock(before);
    const moved = { refs: { main: commitOf("2") } };
    for (const name of ["o/code", "o/docs"]) hub.repos[name] = { ...hub.repos[name], ...moved } as FakeRepo;
    const docsAsCode = sourceOf("code", { repo: "o/docs" });
    const reused = await lock(manifestOf(docsAsCode), previous);
    const swapped = await lock(manifestOf(docsAsCode, sourceOf("docs", { repo: "o/code" })), previous);
    for (const resolution of [reused, swapped]) {
      expect(entry(resolution)).toMatchObject({ repo: "o/docs", commit: commitOf("1"), path: "code" });
      expect(resolution.lock.sources.every(({ commit }) => commit === commitOf("1"))).toBe(true);
      expect(hub.calls).toEqual([]);
    }
  });

  it("replaces the dropped one in a lock of this source alone", async () => {
    const { lock: previous } = await lock(manifestOf(code(), docs));
    const renamed = manifestOf(sourceOf("other", { repo: "o/code", path: "code" }));
    const { lock: after } = await lock(renamed, previous, { only: new Set(["other"]) });
    expect(after.sources.map(({ name }) => name)).toEqual(["docs", "other"]);
    expect(judge(renamed, after, new Set(["other"]))).toEqual([]);
  });
});

describe("resolve() tells", () => {
  it("how many files each pattern takes, and of an exclude that takes none, where it selected anew", async () => {
    const manifest = manifestOf(code({ include: ["rust/*"], exclude: ["*.bak"] }), docs);
    const resolution = await lock(manifest);
    expect(resolution.patterns).toEqual([
      { source: "code", pattern: "rust/*", kind: "include", files: 2, bytes: 20 },
      { source: "code", pattern: "*.bak", kind: "exclude", files: 0, bytes: 0 },
    ]);
    expect(resolution.warnings).toEqual(['source "code": exclude "*.bak" matches nothing']);
    const again = await lock(manifest, resolution.lock);
    expect([again.patterns, again.warnings]).toEqual([[], []]);
  });
});

describe("resolve() of some sources", () => {
  it("leaves the others as they are: stale, dropped and not yet locked", async () => {
    const { lock: previous } = await lock(manifestOf(code(), docs, sourceOf("gone", { repo: "o/docs" })));
    const after = manifestOf(
      code({ include: ["go/*"] }),
      { ...docs, revision: "v1" },
      sourceOf("new", { repo: "o/code" }),
    );
    const resolution = await lock(after, previous, { only: new Set(["code"]) });
    expect(hub.calls).toEqual(["list o/code 1"]);
    expect(resolution.lock.sources.map(({ name, commit }) => [name, commit[0]])).toEqual([
      ["code", "1"],
      ["docs", "1"],
      ["gone", "1"],
    ]);
  });
});

describe("resolve() to update", () => {
  const manifest = manifestOf(code({ include: ["rust/*"] }), docs);
  let previous: Lock;

  beforeEach(async () => {
    previous = (await lock(manifest)).lock;
    for (const name of ["o/code", "o/docs"]) {
      const repo = hub.repos[name];
      if (repo === undefined) continue;
      hub.repos[name] = {
        ...repo,
        refs: { main: commitOf("2") },
        id: "new",
        licenses: ["gpl"],
        gated: "auto",
      };
    }
  });

  it("moves what it names, with its terms, and nothing else", async () => {
    const resolution = await update(manifest, previous, "code");
    expect(hub.calls).toEqual(["resolve o/code main", "list o/code 2", "access o/code 2 rust/a.txt"]);
    expect(entry(resolution)).toMatchObject({
      commit: commitOf("2"),
      id: "new",
      licenses: ["gpl"],
      gated: "auto",
    });
    expect(paths(resolution)).toEqual(["rust/a.txt", "rust/b.txt", "rust/c.txt"]);
    expect(entry(resolution, "docs")).toBe(previous.sources[1]);
    expect(resolution.changes).toMatchObject([
      { kind: "moved", source: "code", files: { added: [{ path: "rust/c.txt" }] } },
    ]);
  });

  describe("where upstream did not move", () => {
    beforeEach(() => {
      const repo = hub.repos["o/code"];
      if (repo !== undefined) hub.repos["o/code"] = { ...repo, refs: { main: commitOf("1") } };
    });

    it("asks once and lists nothing, records the terms of today, and proves access to a new gate", async () => {
      const resolution = await update(manifest, previous, "code");
      expect(hub.calls).toEqual(["resolve o/code main", "access o/code 1 rust/a.txt"]);
      expect(entry(resolution)).toEqual({
        ...previous.sources[0],
        id: "new",
        licenses: ["gpl"],
        gated: "auto",
      });
      expect(resolution.changes).toMatchObject([{ kind: "placed" }]);
      const again = await update(manifest, resolution.lock, "code");
      expect(hub.calls).toEqual(["resolve o/code main"]);
      expect(again.lock).toEqual(resolution.lock);
      const repo = hub.repos["o/code"];
      if (repo !== undefined) hub.repos["o/code"] = { ...repo, refuses: GATED };
      const error = await update(manifest, previous, "code").catch((thrown: unknown) => thrown);
      expect(problemsOf(error)).toMatchObject([{ code: "ACCESS_TERMS" }]);
    });

    it("keeps what was recorded where the Hub in use does not know it", async () => {
      const repo = hub.repos["o/code"];
      if (repo === undefined) return;
      const { lock: told } = await update(manifest, previous, "code");
      hub.repos["o/code"] = { refs: repo.refs, trees: repo.trees };
      const resolution = await update(manifest, told, "code");
      expect(resolution.lock).toEqual(told);
      const selected = await update(manifestOf(code({ include: ["go/*"] }), docs), told, "code");
      expect(entry(selected)).toMatchObject({ id: "new", licenses: ["gpl"], gated: "auto" });
    });
  });

  it("follows edits of the sources it does not name as lock does", async () => {
    const edited = manifestOf(code({ include: ["go/*"] }), docs);
    const resolution = await update(edited, previous, "docs");
    expect([...hub.calls].sort()).toEqual([
      "access o/docs 2 go/g.txt",
      "list o/code 1",
      "list o/docs 2",
      "resolve o/docs main",
    ]);
    expect([entry(resolution).commit, entry(resolution, "docs").commit]).toEqual([
      commitOf("1"),
      commitOf("2"),
    ]);
  });
});

describe("resolve() records", () => {
  it("id, terms and card when it pins, and keeps them while the pin stays", async () => {
    const repo = hub.repos["o/code"];
    if (repo === undefined) return;
    const terms = { id: "5f0c", licenses: ["mit"], gated: "auto", gate: "sha256:1", private: true } as const;
    hub.repos["o/code"] = { ...repo, ...terms };
    const first = await lock(manifestOf(code()));
    expect(entry(first)).toMatchObject({ ...terms, card: digestOf("a") });
    const other = {
      id: "other",
      licenses: ["gpl"],
      gated: "manual",
      gate: "sha256:2",
      private: false,
    } as const;
    const moved = { [commitOf("1")]: [...FILES.slice(1), listed("README.md", { digest: digestOf("b") })] };
    hub.repos["o/code"] = { ...repo, ...other, trees: moved };
    const second = await lock(manifestOf(code({ include: ["go/*"] })), first.lock);
    expect(entry(second)).toMatchObject({ ...terms, card: digestOf("a") });
  });

  it("no card where there is none at the root, or where the Hub hides its digest", async () => {
    const repo = hub.repos["o/code"];
    if (repo === undefined) return;
    const bare = [listed("docs/README.md"), listed("readme.md"), listed("go/g.txt")];
    hub.repos["o/code"] = { ...repo, trees: { [commitOf("1")]: bare } };
    expect(entry(await lock(manifestOf(code()))).card).toBeUndefined();
    const masked = [listed("README.md", { digest: undefined }), listed("go/g.txt")];
    hub.repos["o/code"] = { ...repo, trees: { [commitOf("1")]: masked } };
    expect(entry(await lock(manifestOf(code({ include: ["go/*"] })))).card).toBeUndefined();
  });

  it("a card that policy.deny or the selection leaves out", async () => {
    const without = { ...manifestOf(code({ include: ["go/*"] })), deny: ["*.md"] };
    expect(entry(await lock(without)).card).toBe(digestOf("a"));
  });

  it("the canonical name, and the asked one beside it, without asking again for it", async () => {
    const repo = hub.repos["o/code"];
    if (repo !== undefined) hub.repos["O/Old"] = { ...repo, name: "o/code" };
    const manifest = manifestOf(sourceOf("s", { repo: "O/Old" }));
    const first = await lock(manifest);
    expect(entry(first, "s")).toMatchObject({ repo: "o/code", asked: "O/Old" });
    expect(hub.calls).toEqual(["resolve O/Old main", "list o/code 1"]);
    expect(staleness(manifest, first.lock)).toEqual([]);
    await lock(manifest, first.lock);
    expect(hub.calls).toEqual([]);
    const second = await lock(manifestOf(sourceOf("s", { repo: "O/Old", include: ["go/*"] })), first.lock);
    expect(hub.calls).toEqual(["list o/code 1"]);
    expect(entry(second, "s")).toMatchObject({ repo: "o/code", asked: "O/Old" });
  });

  it("members that it does not know, of the lock and of a source, as long as the pin stays", async () => {
    const { lock: plain } = await lock(manifestOf(code()));
    const previous = {
      ...plain,
      sources: plain.sources.map((one) => ({ ...one, extra: { later: 1 } })),
      extra: { more: 2 },
    };
    const selected = await lock(manifestOf(code({ include: ["go/*"] })), previous);
    expect([selected.lock.extra, entry(selected).extra]).toEqual([{ more: 2 }, { later: 1 }]);
    const repinned = await lock(manifestOf(code({ revision: "v1" })), previous);
    expect([repinned.lock.extra, entry(repinned).extra]).toEqual([{ more: 2 }, {}]);
  });
});

describe("resolve() locks all or nothing:", () => {
  it("one source that fails fails all, and every failure is told", async () => {
    const manifest = manifestOf(
      code(),
      sourceOf("typo", { repo: "o/docs", include: ["*.parquet"] }),
      sourceOf("old", { repo: "o/docs", revision: "v0" }),
      sourceOf("gone"),
    );
    expect((await problems(manifest)).map(({ code, source }) => [source, code])).toEqual([
      ["gone", "REPO_NOT_FOUND"],
      ["old", "REVISION_NOT_FOUND"],
      ["typo", "PATTERN_NO_MATCH"],
    ]);
  });

  it("a pin that is gone upstream is not moved", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const repo = hub.repos["o/code"];
    if (repo !== undefined) hub.repos["o/code"] = { ...repo, trees: { [commitOf("2")]: NEWER } };
    expect(await problems(manifestOf(code({ include: ["go/*"] })), previous)).toMatchObject([
      { code: "PIN_GONE" },
    ]);
    expect(hub.calls).toEqual(["list o/code 1"]);
  });

  it("an abort is an abort, not a failure of every source", async () => {
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    await expect(lock(manifestOf(code()), undefined, { signal: controller.signal })).rejects.toThrow(
      "stopped",
    );
    expect(hub.calls).toEqual([]);
  });
});

describe("resolve() with a gate", () => {
  const terms: Problem = { code: "ACCESS_TERMS", message: "accept the terms" };

  it("asks for one selected file that a gate guards, and is refused as the Hub refuses", async () => {
    const repo = hub.repos["o/code"];
    if (repo !== undefined) hub.repos["o/code"] = { ...repo, gated: "manual", refuses: terms };
    expect(await problems(manifestOf(code()))).toMatchObject([{ ...terms, source: "code" }]);
    expect(hub.calls).toEqual(["resolve o/code main", "list o/code 1", "access o/code 1 go/g.txt"]);
    await lock(manifestOf(code({ include: ["README.md"] })));
    expect(hub.calls).toEqual(["resolve o/code main", "list o/code 1"]);
  });

  it("never locks a masked digest: it says what access lacks, or that the Hub hides it", async () => {
    const repo = hub.repos["o/code"];
    const masked = [...FILES, listed("z.bin", { digest: undefined })];
    if (repo !== undefined)
      hub.repos["o/code"] = { ...repo, trees: { [commitOf("1")]: masked }, refuses: terms };
    expect(await problems(manifestOf(code()))).toMatchObject([terms]);
    expect(hub.calls.at(-1)).toBe("access o/code 1 z.bin");
    if (repo !== undefined) hub.repos["o/code"] = { ...repo, trees: { [commitOf("1")]: masked } };
    const [hidden] = await problems(manifestOf(code()));
    expect(hidden).toMatchObject({ code: "HUB" });
    expect(hidden?.message).toContain('hides the digest of "z.bin"');
    expect(paths(await lock(manifestOf(code({ exclude: ["*.bin"] }))))).toHaveLength(4);
  });
});

describe("resolve() with fallbacks", () => {
  const first = carrierOf("o/first", { include: ["rust/*"], strip: "rust" });
  const second = carrierOf("o/docs");
  const manifest = (parts: Partial<Source> = {}) =>
    manifestOf(code({ path: "p", fallbacks: [first, second], ...parts }));

  beforeEach(() => {
    const repo = hub.repos["o/code"];
    if (repo === undefined) return;
    hub.repos["o/first"] = { ...repo, licenses: ["mit"] };
    hub.repos["o/code"] = { ...repo, fails: GATED };
  });

  it("takes the first that can be had, complete in itself, and says so in the lock", async () => {
    const resolution = await lock(manifest());
    expect(hub.calls).toEqual(["resolve o/code main", "resolve o/first main", "list o/first 1"]);
    expect(entry(resolution)).toMatchObject({
      repo: "o/first",
      path: "p",
      strip: "rust",
      carrier: { fallback: 1, why: "gated", instead: "dataset o/code main" },
    });
    expect(paths(resolution)).toEqual(["rust/a.txt", "rust/b.txt"]);
  });

  it.each(["gated", "missing", "disabled"] as const)(
    "takes one where the Hub's word is that it is %s",
    async (lasting) => {
      const repo = hub.repos["o/code"];
      const fails = { code: "ACCESS_NO_TOKEN", message: "no", lasting } as const;
      if (repo !== undefined) hub.repos["o/code"] = { ...repo, fails };
      expect(entry(await lock(manifest())).carrier?.why).toBe(lasting);
    },
  );

  it("takes one for a repository that the Hub answers for and has disabled", async () => {
    const repo = hub.repos["o/code"];
    if (repo !== undefined) hub.repos["o/code"] = { refs: repo.refs, trees: repo.trees, disabled: true };
    expect(entry(await lock(manifest())).carrier?.why).toBe("disabled");
  });

  it.each([
    "NETWORK",
    "RATE_LIMITED",
    "HUB",
    "ACCESS_BAD_TOKEN",
    "ACCESS_SCOPE",
    "OFFLINE",
    "REVISION_NOT_FOUND",
    "REPO_NOT_FOUND",
  ] as const)("takes none for a %s that may pass or is a mistake", async (code) => {
    const repo = hub.repos["o/code"];
    if (repo !== undefined) hub.repos["o/code"] = { ...repo, fails: { code, message: "no" } };
    expect(await problems(manifest())).toMatchObject([{ code }]);
    expect(hub.calls).toEqual(["resolve o/code main"]);
  });

  it("goes on to the second only where the first lasts too, and tells of all where none can be had", async () => {
    const { "o/first": _, ...rest } = hub.repos;
    hub = fakeHub(rest);
    expect(entry(await lock(manifest()))).toMatchObject({ repo: "o/docs", carrier: { fallback: 2 } });
    hub.repos["o/docs"] = { refs: {}, trees: {}, fails: { ...GATED, message: "wait" } };
    expect(await problems(manifest())).toMatchObject([
      {
        code: "ACCESS_TERMS",
        source: "code",
        details: ["fallback 1, o/first: no o/first", "fallback 2, o/docs: wait"],
      },
    ]);
    hub.repos["o/docs"] = { refs: {}, trees: {}, fails: { code: "NETWORK", message: "cut off" } };
    expect(await problems(manifest())).toMatchObject([{ code: "NETWORK" }]);
  });

  it("takes none where it may not, and none for a source that had a pin of its own", async () => {
    const how = 'no fallback was tried; "tritter update --allow-fallback code" tries them';
    expect(await problems(manifest(), undefined, { fallback: false })).toMatchObject([
      { code: "ACCESS_TERMS", details: [how] },
    ]);
    const gated = hub.repos["o/code"];
    if (gated === undefined) return;
    hub.repos["o/code"] = { refs: gated.refs, trees: gated.trees };
    const { lock: own } = await lock(manifest());
    hub.repos["o/code"] = gated;
    expect(await problems(manifest({ revision: "v1" }), own)).toMatchObject([
      { code: "ACCESS_TERMS", details: [how] },
    ]);
    expect(hub.calls).toEqual(["resolve o/code v1"]);
  });

  it("takes none for a pinned source whose selection changes: access that one colleague lacks is an error", async () => {
    const gated = hub.repos["o/code"];
    if (gated === undefined) return;
    hub.repos["o/code"] = { refs: gated.refs, trees: gated.trees, gated: "auto" };
    const { lock: own } = await lock(manifest());
    hub.repos["o/code"] = { refs: gated.refs, trees: gated.trees, gated: "auto", refuses: GATED };
    expect(await problems(manifest({ include: ["go/*"] }), own)).toMatchObject([{ code: "ACCESS_TERMS" }]);
    expect(hub.calls).toEqual(["list o/code 1", "access o/code 1 go/g.txt"]);
  });

  describe("in an update that allows them,", () => {
    let own: Lock;
    let open: FakeHub["repos"][string];

    beforeEach(async () => {
      const gated = hub.repos["o/code"];
      if (gated === undefined) return;
      open = { refs: gated.refs, trees: gated.trees };
      hub.repos["o/code"] = open;
      own = (await lock(manifest())).lock;
      hub.repos["o/code"] = gated;
    });

    it("switches a pinned source to the first that can be had, and says what that changes", async () => {
      const switched = await updateFromFirst(manifest(), own, "code");
      expect(hub.calls).toEqual(["resolve o/code main", "resolve o/first main", "list o/first 1"]);
      expect(entry(switched)).toMatchObject({
        repo: "o/first",
        carrier: { fallback: 1, why: "gated", instead: "dataset o/code main" },
      });
      expect(switched.changes).toMatchObject([
        { kind: "replaced", files: { removed: [{ path: "README.md" }, { path: "go/g.txt" }] } },
      ]);
      expect(staleness(manifest(), switched.lock)).toEqual([]);
    });

    it("stays with the source's own repository where it can be had", async () => {
      hub.repos["o/code"] = open;
      expect((await updateFromFirst(manifest(), own, "code")).lock).toEqual(own);
      expect(hub.calls).toEqual(["resolve o/code main"]);
    });

    it.each(["NETWORK", "RATE_LIMITED", "HUB", "ACCESS_BAD_TOKEN"] as const)(
      "never switches for %s",
      async (code) => {
        hub.repos["o/code"] = { ...open, fails: { code, message: "no" } };
        const error = await updateFromFirst(manifest(), own, "code").catch((thrown: unknown) => thrown);
        expect(problemsOf(error)).toMatchObject([{ code }]);
        expect(hub.calls).toEqual(["resolve o/code main"]);
      },
    );

    it("without the word switches nothing, and says which word it is", async () => {
      const error = await update(manifest(), own, "code").catch((thrown: unknown) => thrown);
      expect(problemsOf(error)).toMatchObject([
        { code: "ACCESS_TERMS", details: [expect.stringContaining("tritter update --allow-fallback code")] },
      ]);
    });

    it("returns to the source's own repository once it can be had, which an update without the word does not", async () => {
      const { lock: switched } = await updateFromFirst(manifest(), own, "code");
      hub.repos["o/code"] = open;
      expect((await update(manifest(), switched, "code")).lock).toEqual(switched);
      expect(hub.calls).toEqual(["resolve o/first main"]);
      const back = await updateFromFirst(manifest(), switched, "code");
      expect(hub.calls).toEqual(["resolve o/code main", "list o/code 1"]);
      expect(back.lock).toEqual(own);
      expect(back.changes).toMatchObject([{ kind: "replaced" }]);
    });

    it("keeps the pin of the fallback in use where it is still the first, with the reason of today", async () => {
      const { lock: switched } = await updateFromFirst(manifest(), own, "code");
      const { "o/code": _, ...rest } = hub.repos;
      hub = fakeHub(rest);
      const kept = await updateFromFirst(manifest(), switched, "code");
      expect(hub.calls).toEqual(["resolve o/code main", "resolve o/first main"]);
      expect(entry(kept)).toMatchObject({
        commit: entry({ ...kept, lock: switched }).commit,
        carrier: { why: "missing" },
      });
    });

    it("pins a source that has no pin yet", async () => {
      expect(entry(await updateFromFirst(manifest(), undefined, "code"))).toMatchObject({ repo: "o/first" });
    });
  });

  describe("of which one is in use,", () => {
    let previous: Lock;

    beforeEach(async () => {
      previous = (await lock(manifest())).lock;
      const repo = hub.repos["o/first"];
      if (repo === undefined) return;
      hub.repos["o/first"] = { ...repo, refs: { main: commitOf("2") } };
      hub.repos["o/code"] = { ...repo, refs: { main: commitOf("1") } };
    });

    const rows: readonly (readonly [
      string,
      () => Manifest,
      readonly string[],
      readonly [repo: string, commit: string],
    ])[] = [
      ["stays with it while nothing changes", () => manifest(), [], ["o/first", "1"]],
      [
        "is not looked at again for its own selection",
        () => manifest({ include: ["go/*"], strip: "go" }),
        [],
        ["o/first", "1"],
      ],
      ["is placed by path", () => manifest({ path: "q" }), [], ["o/first", "1"]],
      [
        "is placed by the fallback's strip",
        () => manifest({ fallbacks: [{ ...first, strip: "" }, second] }),
        [],
        ["o/first", "1"],
      ],
      [
        "is selected again by the fallback's include, at its commit",
        () => manifest({ fallbacks: [{ ...first, include: ["rust/a*"] }, second] }),
        ["list o/first 1"],
        ["o/first", "1"],
      ],
      [
        "is selected again by policy.deny, at its commit",
        () => ({ ...manifest(), deny: ["b.txt"] }),
        ["list o/first 1"],
        ["o/first", "1"],
      ],
      [
        "keeps it where others are added, dropped or moved",
        () => manifest({ fallbacks: [second, first] }),
        [],
        ["o/first", "1"],
      ],
      [
        "is asked for anew where its own identity changes",
        () => manifest({ repo: "o/docs" }),
        ["resolve o/docs main", "list o/docs 1"],
        ["o/docs", "1"],
      ],
      [
        "is asked for anew where nothing names that fallback any more",
        () => manifest({ fallbacks: [second] }),
        ["resolve o/code main", "list o/code 1"],
        ["o/code", "1"],
      ],
    ];

    it.each(rows)("a source %s", async (_, edited, calls, [repo, commit]) => {
      const resolution = await lock(edited(), previous);
      expect(hub.calls).toEqual(calls);
      expect(entry(resolution)).toMatchObject({ repo, commit: commitOf(commit) });
      expect(staleness(edited(), resolution.lock)).toEqual([]);
      await lock(edited(), resolution.lock);
      expect(hub.calls).toEqual([]);
    });

    it("a source keeps the fallback's commit where its own identity changes and cannot be had either", async () => {
      const resolution = await lock(manifest({ repo: "o/nowhere" }), previous);
      expect(hub.calls).toEqual(["resolve o/nowhere main", "list o/first 1"]);
      expect(entry(resolution)).toMatchObject({
        repo: "o/first",
        commit: commitOf("1"),
        carrier: { fallback: 1, why: "missing", instead: "dataset o/nowhere main" },
      });
    });

    it("a source has its number of today after others moved", async () => {
      expect(entry(await lock(manifest({ fallbacks: [second, first] }), previous)).carrier).toMatchObject({
        fallback: 2,
      });
    });

    it("update moves the fallback, and renaming keeps it", async () => {
      const moved = await update(manifest(), previous, "code");
      expect(hub.calls).toEqual(["resolve o/first main", "list o/first 2"]);
      expect(entry(moved)).toMatchObject({
        repo: "o/first",
        commit: commitOf("2"),
        carrier: { fallback: 1 },
      });
      const renamed = manifestOf(sourceOf("other", { ...manifest().sources[0], name: "other" }));
      expect(entry(await lock(renamed, previous), "other")).toMatchObject({
        repo: "o/first",
        commit: commitOf("1"),
      });
      expect(hub.calls).toEqual([]);
    });
  });
});

describe("resolve() of what a Hub should not say", () => {
  it("refuses hostile names, though the source takes any", async () => {
    const evil = [listed("../x"), listed("a\u001b[2J"), listed(".git/config"), listed("fine")];
    hub.repos["o/code"] = { refs: { main: commitOf("1") }, trees: { [commitOf("1")]: evil } };
    const [refused] = await problems(manifestOf(code({ names: "posix" })));
    expect(refused).toMatchObject({ code: "NAME_REFUSED", source: "code" });
    expect(refused?.details).toHaveLength(3);
    expect(JSON.stringify(refused)).not.toContain("\u001b");
    expect(paths(await lock(manifestOf(code({ include: ["fine"] }))))).toEqual(["fine"]);
  });

  it("tells of twenty names, and how many more there are", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => listed(`a${index}?`));
    hub.repos["o/code"] = { refs: { main: commitOf("1") }, trees: { [commitOf("1")]: many } };
    const [refused] = await problems(manifestOf(code()));
    expect(refused?.details).toHaveLength(21);
    expect(refused?.details?.at(-1)).toBe("and 2980 more");
    expect(paths(await lock(manifestOf(code({ names: "posix" }))))).toHaveLength(3_000);
  });

  it("does not write a file that is listed twice", async () => {
    const twice = [listed("a"), listed("a", { digest: digestOf("b") })];
    hub.repos["o/code"] = { refs: { main: commitOf("1") }, trees: { [commitOf("1")]: twice } };
    const { lock: made } = await lock(manifestOf(code()));
    expect(judge(manifestOf(code()), made, undefined)).toMatchObject([{ code: "PATH_COLLISION" }]);
  });

  it("locks files by the bytes of their path, whatever order they come in", async () => {
    const names = ["z", "\u{1f600}", "\ufb33", "a/b", "a-b", "B"];
    hub.repos["o/code"] = {
      refs: { main: commitOf("1") },
      trees: { [commitOf("1")]: names.map((name) => listed(name)) },
    };
    expect(paths(await lock(manifestOf(code())))).toEqual(["B", "a-b", "a/b", "z", "\ufb33", "\u{1f600}"]);
  });
});

it("resolve() follows 2,000 renamed sources without comparing each with every other", async () => {
  const named = (prefix: string) =>
    manifestOf(
      ...Array.from({ length: 2_000 }, (_, index) =>
        sourceOf(`${prefix}${index}`, { repo: "o/code", include: ["go/*"] }),
      ),
    );
  const { lock: previous } = await lock(named("a"));
  const { lock: after } = await lock(named("b"), previous);
  expect(hub.calls).toEqual([]);
  expect(after.sources).toHaveLength(2_000);
});
