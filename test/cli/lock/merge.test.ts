import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choose, type Merged, mergeLocks } from "../../../cli/lock/merge.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import type { Lock, LockedSource } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { histories, lockIn } from "./documents.ts";

const request = (digit: string) => `sha256:${digit.repeat(64)}`;
const at = (digit: string, parts: Partial<LockedSource> = {}): LockedSource =>
  entryOf(sourceOf("rust"), [fileOf("data/a", { digest: digestOf(digit) }), fileOf("data/b")], {
    commit: commitOf(digit),
    ...parts,
  });
const named = (name: string, entry: LockedSource): LockedSource => ({ ...entry, name });
const docs = entryOf(sourceOf("docs"), [fileOf("x.md")]);
const more = entryOf(sourceOf("more"), [fileOf("y.md")]);
const old = at("1");

type Row = readonly [what: string, base: Lock, ours: Lock, theirs: Lock, merged: Lock];

describe("mergeLocks() agrees where", () => {
  it.each<Row>([
    ["nothing changed", lockOf(old), lockOf(old), lockOf(old), lockOf(old)],
    ["one side moved a pin", lockOf(old), lockOf(at("2")), lockOf(old), lockOf(at("2"))],
    ["both moved it to the same commit", lockOf(old), lockOf(at("2")), lockOf(at("2")), lockOf(at("2"))],
    [
      "each changed another source",
      lockOf(docs, old),
      lockOf(docs, at("2")),
      lockOf({ ...docs, path: "d" }, old),
      lockOf({ ...docs, path: "d" }, at("2")),
    ],
    ["each added another source", lockOf(old), lockOf(docs, old), lockOf(more, old), lockOf(docs, more, old)],
    ["both added the same", lockOf(), lockOf(docs), lockOf(docs), lockOf(docs)],
    ["there was no lock before", lockOf(), lockOf(docs), lockOf(old), lockOf(docs, old)],
    [
      "one side removed what the other left alone",
      lockOf(docs, old),
      lockOf(old),
      lockOf(docs, old),
      lockOf(old),
    ],
    ["both removed it", lockOf(docs, old), lockOf(old), lockOf(old), lockOf(old)],
    [
      "one side placed it elsewhere and the other moved the pin",
      lockOf(old),
      lockOf({ ...old, path: "deep/rust" }),
      lockOf(at("2")),
      lockOf({ ...at("2"), path: "deep/rust" }),
    ],
    [
      "one side strips and the other selects anew",
      lockOf(old),
      lockOf({ ...old, strip: "data" }),
      lockOf(at("1", { request: request("2"), files: [fileOf("data/c")] })),
      lockOf(at("1", { request: request("2"), files: [fileOf("data/c")], strip: "data" })),
    ],
    [
      "one side changed the path and the other the strip",
      lockOf(old),
      lockOf({ ...old, path: "p" }),
      lockOf({ ...old, strip: "data" }),
      lockOf({ ...old, path: "p", strip: "data" }),
    ],
    [
      "one side renamed it and the other moved the pin",
      lockOf(old),
      lockOf({ ...named("crab", old), path: "crab" }),
      lockOf(at("2")),
      lockOf({ ...named("crab", at("2")), path: "crab" }),
    ],
    [
      "both renamed it alike",
      lockOf(old),
      lockOf(named("crab", old)),
      lockOf(named("crab", old)),
      lockOf(named("crab", old)),
    ],
    [
      "each gave it another name",
      lockOf(old),
      lockOf(named("crab", old)),
      lockOf(named("iron", old)),
      lockOf(named("crab", old), named("iron", old)),
    ],
    [
      "one side renamed it and the other removed it",
      lockOf(old),
      lockOf(named("crab", old)),
      lockOf(),
      lockOf(named("crab", old)),
    ],
    [
      "each added a member that is not known",
      lockOf(old),
      lockOf({ ...old, extra: { badge: 1 } }),
      lockOf({ ...at("2"), extra: { seal: [2] } }),
      lockOf({ ...at("2"), extra: { badge: 1, seal: [2] } }),
    ],
    [
      "each changed a member of the whole",
      { ...lockOf(), extra: { a: 1, b: 1 } },
      { ...lockOf(), extra: { a: 2, b: 1 } },
      { ...lockOf(), extra: { a: 1 } },
      { ...lockOf(), extra: { a: 2 } },
    ],
  ])("%s", (_, base, ours, theirs, merged) => {
    expect(mergeLocks(base, ours, theirs)).toEqual({ agreed: merged, conflicts: [] });
    expect(mergeLocks(base, theirs, ours)).toEqual({ agreed: merged, conflicts: [] });
  });
});

describe("mergeLocks() leaves to a person where", () => {
  it.each<
    readonly [
      what: string,
      base: LockedSource | undefined,
      ours: LockedSource | undefined,
      theirs: LockedSource | undefined,
    ]
  >([
    ["both moved the pin to another commit", old, at("2"), at("3")],
    ["one side moved the pin and the other selected anew", old, at("2"), at("1", { request: request("2") })],
    ["both placed it elsewhere", old, { ...old, path: "a" }, { ...old, path: "b" }],
    ["one side changed what the other removed", old, at("2"), undefined],
    ["both added it, and not alike", undefined, at("2"), at("3")],
    [
      "one side strips what holds no file of the other",
      old,
      { ...old, strip: "data" },
      at("2", { files: [fileOf("other/a")] }),
    ],
    [
      "both gave a member that is not known another value",
      old,
      { ...old, extra: { badge: 1 } },
      { ...old, extra: { badge: 2 } },
    ],
    ["both renamed it alike and moved it apart", old, named("crab", at("2")), named("crab", at("3"))],
  ])("%s", (_, base, ours, theirs) => {
    const lock = (entry: LockedSource | undefined) => lockOf(docs, ...(entry === undefined ? [] : [entry]));
    const merged = mergeLocks(lock(base), lock(ours), lock(theirs));
    expect(merged.agreed).toEqual(lockOf(docs));
    expect(merged.conflicts).toMatchObject([{ kind: "source", ours, theirs }]);
    expect(choose(merged, "ours").sources).toEqual(sorted(lock(ours)));
    expect(choose(merged, "theirs").sources).toEqual(sorted(lock(theirs)));
  });

  it("a member of the whole lock has two values", () => {
    const merged = mergeLocks(
      lockOf(docs),
      { ...lockOf(docs), extra: { a: 1 } },
      { ...lockOf(docs), extra: { a: 2 } },
    );
    expect(merged.conflicts).toEqual([{ kind: "member", name: "a", ours: 1, theirs: 2 }]);
    expect(choose(merged, "theirs").extra).toEqual({ a: 2 });
  });
});

function sorted({ sources }: Lock): readonly LockedSource[] {
  return [...sources].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function entryIn({ sources }: Lock, name: string): LockedSource | undefined {
  return sources.find((source) => source.name === name);
}

describe("mergeLocks()", () => {
  const swapped = ({ agreed, conflicts }: Merged): Merged => ({
    agreed,
    conflicts: conflicts.map((one) => ({ ...one, ours: one.theirs, theirs: one.ours }) as typeof one),
  });

  it("is the same with the sides exchanged", () => {
    fc.assert(
      fc.property(histories, ({ base, ours, theirs }) => {
        expect(mergeLocks(base, theirs, ours)).toEqual(swapped(mergeLocks(base, ours, theirs)));
      }),
      { numRuns: 500 },
    );
  });

  it("takes the side that changed anything, where only one did", () => {
    fc.assert(
      fc.property(histories, ({ base, ours }) => {
        const alone = { agreed: ours, conflicts: [] };
        expect(mergeLocks(base, ours, base)).toEqual(alone);
        expect(mergeLocks(base, base, ours)).toEqual(alone);
        expect(mergeLocks(base, ours, ours)).toEqual(alone);
        expect(mergeLocks(lockOf(), ours, ours)).toEqual(alone);
      }),
      { numRuns: 500 },
    );
  });

  it("makes a lock that can be read, whichever side is chosen, and each conflict is that side's whole entry", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ base, ours, theirs }) => {
        const merged = mergeLocks(base, ours, theirs);
        for (const [side, lock] of [
          ["ours", ours],
          ["theirs", theirs],
        ] as const) {
          const chosen = choose(merged, side);
          expect(await lockIn(serialiseLock(chosen))).toEqual(chosen);
          for (const conflict of merged.conflicts) {
            if (conflict.kind === "member") continue;
            const own = entryIn(lock, conflict.name);
            expect(entryIn(chosen, conflict.name)).toEqual(conflict[side]);
            // Under another name where the other side renamed it.
            if (own !== undefined) expect(conflict[side]).toEqual(own);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
