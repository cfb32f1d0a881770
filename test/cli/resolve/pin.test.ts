import { beforeEach, describe, expect, it } from "vitest";
import { problemsOf } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { probePath } from "../../../cli/resolve/pin.ts";
import { type Mode, type Resolution, type ResolveInput, resolve } from "../../../cli/resolve.ts";
import type { Commit } from "../../../schema/ids.ts";
import type { Lock, LockedSource } from "../../../schema/lock.ts";
import type { Manifest, Source } from "../../../schema/manifest.ts";
import {
  carrierOf,
  commitOf,
  digestOf,
  fileOf,
  lockOf,
  manifestOf,
  sourceOf,
} from "../../support/documents.ts";
import { type FakeHub, type FakeRepo, fakeHub, listed } from "../../support/fake-hub.ts";

const FILES = ["README.md", "go/g.txt", "rust/a.txt", "rust/b.txt"].map((path) => listed(path));
const DAY = 86_400_000;
const NOW = Date.parse("2026-11-24");

let hub: FakeHub;
let events: TritterEvent[];

/** Refs to the commits 1 (main) and 2, which came the day before NOW. */
function repoOf(parts: Partial<FakeRepo> = {}): FakeRepo {
  return {
    refs: { main: commitOf("1"), next: commitOf("2") },
    trees: { [commitOf("1")]: FILES, [commitOf("2")]: [...FILES, listed("rust/c.txt")] },
    history: [
      { commit: commitOf("2"), title: "second", date: new Date(NOW - DAY).toISOString() },
      { commit: commitOf("1"), title: "first", date: "2026-01-01T00:00:00.000Z" },
    ],
    ...parts,
  };
}

beforeEach(() => {
  events = [];
  hub = fakeHub({ "o/code": repoOf() });
});

const code = (parts: Partial<Source> = {}) => sourceOf("code", parts);

async function lock(
  manifest: Manifest,
  previous?: Lock,
  parts: Partial<ResolveInput> = {},
): Promise<Resolution> {
  hub.clearCalls();
  return resolve({
    manifest,
    previous,
    hub,
    mode: { kind: "lock" },
    only: undefined,
    fallback: false,
    now: NOW,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    ...parts,
  });
}

const updating = (to?: string): Mode => ({ kind: "update", names: new Set(["code"]), to });
const update = (manifest: Manifest, previous: Lock, parts: Partial<ResolveInput> = {}) =>
  lock(manifest, previous, { mode: updating(), ...parts });

async function problem(resolution: Promise<Resolution>) {
  const error = await resolution.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) throw new Error("it was locked");
  return problemsOf(error)[0];
}

const entry = ({ lock: { sources } }: Resolution) => sources[0] as LockedSource;
const withEntry = (previous: Lock, parts: Partial<LockedSource>): Lock =>
  lockOf({ ...(previous.sources[0] as LockedSource), ...parts });

describe("probePath()", () => {
  const lfs = digestOf("a", "sha256");
  const git = digestOf("b", "git");
  it.each<[string, readonly (readonly [string, typeof lfs])[], string | undefined]>([
    ["nothing of nothing", [], undefined],
    [
      "the first",
      [
        ["b", lfs],
        ["a", lfs],
      ],
      "b",
    ],
    [
      "a large file before a small one, since some gates guard only those",
      [
        ["config.json", git],
        ["model.bin", lfs],
      ],
      "model.bin",
    ],
    ["a small one where there is no large one", [["config.json", git]], "config.json"],
    [
      "none of what everybody gets",
      [
        ["README.md", git],
        ["LICENSE", git],
        ["LICENSE.md", git],
        ["LICENSE.txt", git],
      ],
      undefined,
    ],
    ["one deeper of that name", [["docs/README.md", git]], "docs/README.md"],
    ["one with more to its name", [["README.md.gz", git]], "README.md.gz"],
    [
      "none that must not be asked for",
      [
        ["../x", lfs],
        ["a", git],
      ],
      "a",
    ],
  ])("asks for %s", (_, files, path) => {
    expect(probePath(files.map(([name, digest]) => fileOf(name, { digest })))).toBe(path);
  });
});

describe("pinSource() asks whether a gate lets through", () => {
  it.each<[Partial<FakeRepo>, readonly string[]]>([
    [{}, []],
    [{ gated: false }, []],
    [{ gated: "auto" }, ["access o/code 1 go/g.txt"]],
  ])("only where there is one: %j", async (parts, calls) => {
    hub.repos["o/code"] = repoOf(parts);
    const resolution = await lock(manifestOf(code()));
    expect(hub.calls.filter((call) => call.startsWith("access"))).toEqual(calls);
    expect(entry(resolution).gated).toBe(parts.gated === false ? undefined : parts.gated);
  });

  it.each([undefined, false] as const)("and not for terms that change without one (%s)", async (gated) => {
    const { lock: previous } = await lock(manifestOf(code()));
    hub.repos["o/code"] = repoOf({ licenses: ["mit"], ...(gated === undefined ? {} : { gated }) });
    expect(entry(await update(manifestOf(code()), previous)).licenses).toEqual(["mit"]);
    expect(hub.calls).toEqual(["resolve o/code main"]);
  });
});

describe("pinSource() records", () => {
  it("no licence, no gate, nothing private and no other name where the Hub tells of none", async () => {
    hub.repos["o/code"] = repoOf({ private: false, gated: false });
    const { licenses, gated, private: hidden, asked } = entry(await lock(manifestOf(code())));
    expect([licenses, gated, hidden, asked]).toEqual([[], undefined, undefined, undefined]);
  });

  it("the terms of a gate as they are today", async () => {
    hub.repos["o/code"] = repoOf({ gated: "auto", gate: "sha256:1" });
    const { lock: previous } = await lock(manifestOf(code()));
    hub.repos["o/code"] = repoOf({ gated: "auto", gate: "sha256:2" });
    expect(entry(await update(manifestOf(code()), previous)).gate).toBe("sha256:2");
    hub.repos["o/code"] = repoOf({ gated: "auto" });
    expect(entry(await update(manifestOf(code()), previous)).gate).toBeUndefined();
  });

  it("the new name of a repository of which the commit is the same", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    hub.repos["o/code"] = repoOf({ name: "o/renamed" });
    expect(entry(await update(manifestOf(code()), previous))).toMatchObject({
      repo: "o/renamed",
      asked: "o/code",
      commit: commitOf("1"),
    });
  });

  it("what an edited selection takes, in an update that finds the same commit", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const { files } = entry(await update(manifestOf(code({ include: ["go/*"] })), previous));
    expect(files.map(({ path }) => path)).toEqual(["go/g.txt"]);
  });
});

describe("pinSource() of a pin that is younger than min-age", () => {
  it("says that it stays, and why", async () => {
    const manifest = manifestOf(code({ revision: "next", minAge: "7d" }));
    const { lock: previous } = await lock(manifest, undefined, { now: NOW + 30 * DAY });
    expect(previous.sources[0]?.commit).toBe(commitOf("2"));
    events = [];
    const resolution = await update(manifest, previous);
    expect(entry(resolution).commit).toBe(commitOf("2"));
    expect(events.filter(({ kind }) => kind === "note")).toEqual([
      {
        kind: "note",
        message: 'source "code" stays at commit 2222222, which is not 7d old yet: a pin is never moved back',
      },
    ]);
    events = [];
    await update(manifest, previous, { now: NOW + 30 * DAY });
    expect(events.filter(({ kind }) => kind === "note")).toEqual([]);
  });
});

describe("pinSource() of a source whose commit was gone and whose files were rescued", () => {
  const refuge = { repo: "o/copy", type: "dataset", commit: commitOf("9") } as const;
  let rescued: Lock;

  beforeEach(async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const files = (previous.sources[0]?.files ?? []).map((file) => ({ ...file, from: { refuge: 1 } }));
    rescued = withEntry(previous, { rescued: [refuge], files });
  });

  it("cannot select other files: what else the commit held is not known", async () => {
    expect(await problem(lock(manifestOf(code({ include: ["go/*"] })), rescued))).toMatchObject({
      code: "PIN_GONE",
      source: "code",
      message: `cannot select other files of source "code": commit ${commitOf("1")} is gone, and only the locked files were rescued`,
      hint: "undo the edit of include, exclude or policy.deny, or run tritter update code to pin what is there now",
    });
    expect(hub.calls).toEqual([]);
  });

  it("needs no refuge once an update finds the commit again", async () => {
    const { rescued: refuges, files } = entry(await update(manifestOf(code()), rescued));
    expect(refuges).toBeUndefined();
    expect(files.map(({ path }) => path as string)).toEqual(FILES.map(({ path }) => path));
    for (const file of files) expect(file).not.toHaveProperty("from");
    expect(hub.calls).toEqual(["resolve o/code main"]);
  });
});

describe("pinSource() tells what to do", () => {
  it("where a pin is gone, of that pin", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    hub.repos["o/code"] = repoOf({ trees: {} });
    const told = await problem(lock(manifestOf(code({ include: ["go/*"] })), previous));
    expect(told).toMatchObject({ code: "PIN_GONE", source: "code" });
    expect(told?.hint).toContain("run tritter rescue code");
  });

  it("where asking fails otherwise, what the Hub said, and nothing of fallbacks", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    const fails = { code: "NETWORK", message: "cut off", details: ["at byte 7"] } as const;
    hub.repos["o/code"] = repoOf({ fails });
    const fallbacks = [carrierOf("o/other")];
    for (const source of [code(), code({ fallbacks })])
      expect(await problem(update(manifestOf(source), previous))).toMatchObject({ ...fails, source: "code" });
  });

  it("where access lasts to be refused: of fallbacks only where there are any, beside what else is known", async () => {
    const fails = {
      code: "ACCESS_TERMS",
      message: "accept the terms",
      details: ["of o/code"],
      lasting: "gated",
    } as const;
    hub.repos["o/code"] = repoOf({ fails });
    expect((await problem(lock(manifestOf(code()))))?.details).toEqual(["of o/code"]);
    expect((await problem(lock(manifestOf(code()), undefined, { fallback: true })))?.details).toEqual([
      "of o/code",
    ]);
    const source = code({ fallbacks: [carrierOf("o/other")] });
    expect((await problem(lock(manifestOf(source))))?.details).toEqual([
      "of o/code",
      'no fallback was tried; "tritter update --allow-fallback code" tries them',
    ]);
  });

  it("where files lie outside strip: three of them, and how to narrow", async () => {
    const { lock: previous } = await lock(manifestOf(code()));
    expect(await problem(lock(manifestOf(code({ strip: "rust" })), previous))).toMatchObject({
      code: "STRIP_OUTSIDE",
      message: 'source "code": strip "rust" does not hold all locked files',
      details: ["README.md", "go/g.txt"],
      hint: "narrow include to that folder, or strip less",
    });
    const told = await problem(lock(manifestOf(code({ strip: "none" })), previous));
    expect(told?.details).toEqual(["README.md", "go/g.txt", "rust/a.txt"]);
  });

  it("where the Hub hides a digest for no reason it gives", async () => {
    const tree = { [commitOf("1") as Commit]: [listed("z.bin", { digest: undefined })] };
    hub.repos["o/code"] = repoOf({ trees: tree });
    expect(await problem(lock(manifestOf(code())))).toMatchObject({
      code: "HUB",
      message: 'cannot lock o/code: the Hub hides the digest of "z.bin"',
      hint: "run the same command again; if it stays so, report it to the Hub's operator",
    });
  });
});

describe("pinSource() with fallbacks", () => {
  it("tries none for a revision of the command line, which is of one repository", async () => {
    hub.repos["o/other"] = repoOf();
    const manifest = manifestOf(code({ fallbacks: [carrierOf("o/other")] }));
    const { lock: previous } = await lock(manifest);
    hub.repos["o/code"] = repoOf({
      fails: { code: "ACCESS_TERMS", message: "accept the terms", lasting: "gated" },
    });
    const asked = lock(manifest, previous, { mode: updating("next"), fallback: true });
    expect(await problem(asked)).toMatchObject({ code: "ACCESS_TERMS" });
    expect(hub.calls).toEqual(["resolve o/code next"]);
  });

  it("says in the lock instead of what one is used, as that is named today", async () => {
    hub.repos["o/other"] = repoOf();
    hub.repos["o/code"] = repoOf({
      fails: { code: "ACCESS_TERMS", message: "accept the terms", lasting: "gated" },
    });
    const fallbacks = [carrierOf("o/other")];
    const { lock: previous } = await lock(manifestOf(code({ fallbacks })), undefined, { fallback: true });
    expect(previous.sources[0]?.carrier?.instead).toBe("dataset o/code main");
    hub.repos["o/gated"] = hub.repos["o/code"];
    const renamed = manifestOf(code({ repo: "o/gated", fallbacks }));
    const resolution = await update(renamed, previous, { fallback: true });
    expect(entry(resolution)).toMatchObject({
      repo: "o/other",
      carrier: { instead: "dataset o/gated main" },
    });
    expect(hub.calls).toEqual(["resolve o/gated main", "resolve o/other main"]);
  });
});
