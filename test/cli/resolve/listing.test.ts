import { describe, expect, it } from "vitest";
import { problemsOf } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { requestDigest } from "../../../cli/lock/digests.ts";
import { startResolving } from "../../../cli/resolve/input.ts";
import { type Listing, listFor } from "../../../cli/resolve/listing.ts";
import { resolve } from "../../../cli/resolve.ts";
import type { LockedFile, LockedSource } from "../../../schema/lock.ts";
import type { Carrier, Source } from "../../../schema/manifest.ts";
import {
  carrierOf,
  commitOf,
  digestOf,
  entryOf,
  fileOf,
  lockOf,
  manifestOf,
  sourceOf,
} from "../../support/documents.ts";
import { type FakeHub, fakeHub, listed } from "../../support/fake-hub.ts";

// A Hub lists 1,000 files a page. Of some 3,000 that are known, comparing the root at both commits and listing one folder
// takes less than listing all does.

const CARRIER = carrierOf("o/big");
const [FROM, TO] = [commitOf("1"), commitOf("2")];

const names = (folder: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${folder}/${index}.txt`);
const BEFORE = [...names("same", 3_000), ...names("edited", 3)];

/** At the later commit one file is another. */
function bigHub(): FakeHub {
  const before = BEFORE.map((path) => listed(path));
  const after = before.map((file) =>
    file.path === "edited/1.txt" ? { ...file, digest: digestOf("b") } : file,
  );
  const tree = { refs: { main: TO }, trees: { [FROM]: before, [TO]: after } };
  return fakeHub({ "o/big": tree, "model o/big": tree });
}

const filesOf = (paths: readonly string[]): LockedFile[] => paths.map((path) => fileOf(path, { size: 10 }));

function entry(parts: Partial<LockedSource> = {}, carrier: Partial<Carrier> = {}): LockedSource {
  return entryOf(sourceOf("big", { ...carrier }), filesOf(BEFORE), { commit: FROM, ...parts });
}

function run(hub: FakeHub, previous: readonly LockedSource[] | undefined, deny: readonly string[] = []) {
  const events: TritterEvent[] = [];
  const resolving = startResolving({
    manifest: { ...manifestOf(), deny },
    previous: previous && lockOf(...previous),
    hub,
    mode: { kind: "lock" },
    only: undefined,
    fallback: false,
    now: 0,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
  });
  const list = (from: LockedSource | undefined, parts: Partial<Carrier> = {}): Promise<Listing> => {
    const carrier = { ...CARRIER, ...parts };
    const of = { type: carrier.type, repo: carrier.repo };
    return listFor(resolving, of, { carrier, from, commit: TO, source: "big" });
  };
  return { list, events };
}

const WHOLE = ["list o/big 2"];
const BY_FOLDERS = ["entries o/big 1 ", "entries o/big 2 ", "list o/big 2 edited"];
const asked = (hub: FakeHub) => [...hub.calls].sort();

describe("listFor()", () => {
  it("lists of a large repository only folders that changed, and knows the rest from the entry", async () => {
    const hub = bigHub();
    const { list, events } = run(hub, [entry()]);
    const { files, complete } = await list(entry());
    expect(asked(hub)).toEqual(BY_FOLDERS);
    expect(complete).toBe(false);
    expect(files.map(({ path }) => path).sort()).toEqual([...BEFORE].sort());
    expect(files.find(({ path }) => path === "edited/1.txt")?.digest).toBe(digestOf("b"));
    expect(events).toEqual([
      { kind: "listing", source: "big", files: 2 },
      { kind: "listing", source: "big", files: 3 },
    ]);
  });

  it.each<[string, LockedSource | undefined, Partial<Carrier>, readonly string[]]>([
    ["nothing is locked", undefined, {}, []],
    ["other patterns selected", entry(), { include: ["edited/*"] }, []],
    ["other patterns left out", entry(), { exclude: ["*.md"] }, []],
    ["policy.deny changed", entry(), {}, ["*.md"]],
    ["another type was locked", entry({ type: "model" }), {}, []],
    [
      "another repository was locked",
      entry({ repo: "o/other", request: requestDigest({ ...CARRIER, repo: "o/other", deny: [] }) }),
      {},
      [],
    ],
    ["the entry knows too little to save anything", entry({ files: filesOf(names("same", 500)) }), {}, []],
  ])("lists all where %s", async (_, from, carrier, deny) => {
    const hub = bigHub();
    const { list } = run(hub, from && [from], deny);
    const { files, complete } = await list(from, carrier);
    expect(asked(hub)).toEqual(WHOLE);
    expect([files.length, complete]).toEqual([BEFORE.length, true]);
  });

  it.each<[string, Partial<Carrier>]>([
    ["type", { type: "model" }],
    ["repository", { repo: "o/other" }],
  ])(
    "takes nothing from an entry of another %s, though one beside it knows the same folders",
    async (_, parts) => {
      const hub = bigHub();
      hub.repos["o/other"] = hub.repos["o/big"] as (typeof hub.repos)[string];
      const from = entry({ files: filesOf(["same/not in it.txt"]) });
      const beside = entryOf(sourceOf("beside", { ...CARRIER, ...parts }), filesOf(BEFORE), { commit: FROM });
      const { list } = run(hub, [from, beside]);
      const { files, complete } = await list(from, parts);
      expect([files.length, complete]).toEqual([BEFORE.length, true]);
    },
  );

  describe("counts what all entries of the pin know", () => {
    const half = (name: string, from: number, parts: Partial<LockedSource> = {}) =>
      entryOf(sourceOf(name, { repo: "o/big" }), filesOf(BEFORE.slice(from, from + 1_600)), {
        commit: FROM,
        ...parts,
      });
    const own = half("big", 0);

    it.each<[string, Partial<LockedSource>, readonly string[]]>([
      ["together they are many", {}, BY_FOLDERS],
      ["not of another commit", { commit: commitOf("3") }, WHOLE],
      ["not of another type", { type: "model" }, WHOLE],
      ["not of another repository", { repo: "o/other" }, WHOLE],
    ])("%s", async (_, parts, calls) => {
      const hub = bigHub();
      const { list } = run(hub, [own, half("other", 1_500, parts)]);
      await list(own);
      expect(asked(hub)).toEqual(calls);
    });

    it("each once", async () => {
      const hub = bigHub();
      const { list } = run(hub, [own, half("other", 100)]);
      await list(own);
      expect(asked(hub)).toEqual(WHOLE);
    });
  });

  it("compares two commits once for all sources, and each two for themselves", async () => {
    const hub = bigHub();
    const before = hub.repos["o/big"]?.trees[FROM] ?? [];
    hub.repos["o/big"] = {
      ...hub.repos["o/big"],
      trees: { ...hub.repos["o/big"]?.trees, [commitOf("3")]: before },
    } as (typeof hub.repos)[string];
    const third = entry({ commit: commitOf("3") });
    const { list } = run(hub, [entry(), third]);
    const [one, two, three] = [await list(entry()), await list(entry()), await list(third)];
    expect([two.files.length, three.files.length]).toEqual([one.files.length, one.files.length]);
    expect(asked(hub)).toEqual([...BY_FOLDERS, "entries o/big 2 ", "entries o/big 3 "].sort());
  });
});

describe("resolve() of a large repository", () => {
  const update = (hub: FakeHub, source: Source, locked: LockedSource) =>
    resolve({
      manifest: manifestOf(source),
      previous: lockOf(locked),
      hub,
      mode: { kind: "update", names: new Set(["big"]), to: undefined },
      only: undefined,
      fallback: false,
      now: 0,
      signal: new AbortController().signal,
      emit: () => {},
    });

  it("asks for nothing more where folders are enough", async () => {
    const hub = bigHub();
    const { lock } = await update(hub, sourceOf("big"), entry());
    expect(lock.sources[0]?.files).toHaveLength(BEFORE.length);
    expect(asked(hub)).toEqual([...BY_FOLDERS, "resolve o/big main"].sort());
  });

  it("tells of a mistake from a complete listing: all files count, and all names are near misses", async () => {
    const hub = bigHub();
    const deep = listed("same/deep/9.txt");
    const trees = Object.fromEntries(
      Object.entries(hub.repos["o/big"]?.trees ?? {}).map(([commit, files]) => [commit, [...files, deep]]),
    );
    hub.repos["o/big"] = { refs: { main: TO }, trees };
    // Its entry knows nothing of what is deeper in the folder that did not change.
    const source = sourceOf("big", { include: ["same/*", "edited/9.txt"] });
    const locked = entryOf(source, filesOf(names("same", 3_000)), { commit: FROM });
    const failure = await update(hub, source, locked).catch((error: unknown) => error);
    expect(asked(hub)).toEqual([...BY_FOLDERS, "list o/big 2", "resolve o/big main"].sort());
    expect(problemsOf(failure)[0]).toMatchObject({
      code: "PATTERN_NO_MATCH",
      message: `source "big": include "edited/9.txt" matches none of the ${BEFORE.length + 1} files of the repository`,
    });
    expect(problemsOf(failure)[0]?.details).toContain("near: same/deep/9.txt");
  });
});
