import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../../cli/receipt/entries.ts";
import { placementsOf, placementsOfOthers, readReceipt } from "../../../cli/receipt/receipt.ts";
import type { Stamp } from "../../../schema/ids.ts";
import {
  BOOT,
  goneEntry,
  intentEntry,
  journalText,
  pathOf,
  placedEntry,
  sha256Of,
  writerOf,
} from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";

function diskWith(journals: Readonly<Record<string, string>>): MemoryDisk {
  const disk = memoryDisk();
  for (const [name, text] of Object.entries(journals)) disk.put(`${STATE}/receipt/${name}`, text);
  return disk;
}

async function mine(journals: Readonly<Record<string, string>>) {
  const placements = placementsOf(await readReceipt(diskWith(journals), STATE), "me");
  return Object.fromEntries(placements);
}

const journal = (entries: readonly Entry[], from = 1) => journalText(writerOf("w"), entries, from);

describe("readReceipt()", () => {
  it("is empty where there is none", async () => {
    const receipt = await readReceipt(memoryDisk(), STATE);
    expect(receipt).toEqual({ owners: new Map(), nextSeq: 1, journals: [], lines: 0, unreadable: 0 });
  });

  it("follows a path from intent to placed to gone", async () => {
    const steps = [intentEntry("p"), placedEntry("p"), intentEntry("p"), goneEntry("p")];
    const seen = async (count: number) => (await mine({ "a.ndjson": journal(steps.slice(0, count)) })).p;
    const intent = { digest: sha256Of("next"), size: 1, origin: "fetched" };
    expect(await seen(1)).toMatchObject({
      digests: [],
      size: undefined,
      stamp: undefined,
      intents: [intent],
    });
    expect(await seen(2)).toMatchObject({
      digests: [sha256Of("p")],
      size: 1,
      stamp: "1:1:1:1",
      intents: [],
    });
    expect(await seen(3)).toMatchObject({ digests: [sha256Of("p")], stamp: "1:1:1:1", intents: [intent] });
    expect(await seen(4)).toBeUndefined();
  });

  it("keeps one intent a digest, however often it was announced", async () => {
    const intents = [
      ...Array.from({ length: 50 }, () => intentEntry("p")),
      intentEntry("p", { digest: sha256Of("b") }),
    ];
    const { p } = await mine({ "a.ndjson": journal(intents) });
    expect(p?.intents.map((intent) => intent.digest)).toEqual([sha256Of("next"), sha256Of("b")]);
  });

  it("takes of two journals the later word on a path, whatever their names", async () => {
    const [early, late] = [
      journal([placedEntry("p", { source: "early" })], 1),
      journal([placedEntry("p", { source: "late" })], 9),
    ];
    expect((await mine({ "a.ndjson": late, "b.ndjson": early })).p?.source).toBe("late");
    expect((await mine({ "a.ndjson": early, "b.ndjson": late })).p?.source).toBe("late");
  });

  it("says the same however lines are spread over journals, and in whatever order they stand there", async () => {
    const paths = fc.constantFrom("p", "q", "d/r");
    const digest = fc.constantFrom("a", "b").map(sha256Of);
    const entry: fc.Arbitrary<Entry> = fc.oneof(
      paths.map(goneEntry),
      fc.tuple(paths, digest).map(([path, bytes]) => intentEntry(path, { digest: bytes, source: bytes })),
      fc.tuple(paths, digest).map(([path, bytes]) => placedEntry(path, { digests: [bytes] })),
      fc.constant<Entry>({ op: "flushed" }),
    );
    const spread = fc.array(fc.tuple(entry, fc.nat({ max: 3 }), fc.nat()), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(spread, fc.boolean(), async (all, shuffled) => {
        const one = journal(all.map(([each]) => each)).split("\n");
        const header = one[0] as string;
        const lines = all.map(([, at, rank], index) => ({ at, rank, line: one[index + 1] as string }));
        if (shuffled) lines.sort((a, b) => a.rank - b.rank);
        const texts = [0, 1, 2, 3].map((at) => {
          const own = lines.filter((each) => each.at === at).map(({ line }) => `${line}\n`);
          return [`${at}.ndjson`, `${header}\n${own.join("")}`];
        });
        const plain = (placements: object) =>
          Object.entries(placements).map(([path, { flushed: _, ...rest }]) => [path, rest]);
        const expected = await mine({ "a.ndjson": one.join("\n") });
        expect(plain(await mine(Object.fromEntries(texts))).sort()).toEqual(plain(expected).sort());
      }),
    );
  });

  it("leaves out what one writer appended, and not what it compacted of others", async () => {
    const writer = writerOf("w");
    const disk = diskWith({
      "w.ndjson": journalText(writer, [intentEntry("own")], 3),
      "w-compacted.ndjson": journalText(writer, [placedEntry("theirs")], 2),
      "v.ndjson": journalText(writerOf("v"), [placedEntry("other")]),
    });
    const { owners } = await readReceipt(disk, STATE, writer);
    expect([...(owners.get("me")?.keys() ?? [])].sort()).toEqual(["other", "theirs"]);
  });

  it("counts on from the last line of all", async () => {
    const disk = diskWith({
      "a.ndjson": journal([goneEntry("p")], 40),
      "b.ndjson": journal([goneEntry("p")], 3),
    });
    expect((await readReceipt(disk, STATE)).nextSeq).toBe(41);
  });

  it("leaves out journals that another covers", async () => {
    const covering = journalText(writerOf("c"), [placedEntry("q")], 9, ["old.ndjson"]);
    const all = await mine({ "new.ndjson": covering, "old.ndjson": journal([placedEntry("p")]) });
    expect(Object.keys(all)).toEqual(["q"]);
  });

  it("reads past a torn last line, and past garbage between", async () => {
    const whole = journal([placedEntry("p"), placedEntry("q")]);
    const [header, first, second] = whole.split("\n") as [string, string, string];
    const torn = `${header}\n${first}\n\0\0garbage\n\n${second.slice(0, -3)}`;
    const receipt = await readReceipt(diskWith({ "a.ndjson": torn }), STATE);
    expect([...placementsOf(receipt, "me").keys()]).toEqual(["p"]);
    expect(receipt.unreadable).toBe(2);
  });

  it("reads a journal without a header as one of an unknown boot", async () => {
    const [, ...lines] = journal([placedEntry("p")]).split("\n");
    const { p } = await mine({ "a.ndjson": ["{torn", ...lines].join("\n") });
    expect(p?.doubt).toBe("unflushed");
  });

  it("refuses a journal of a later format, and says what is needed", async () => {
    const later = journal([placedEntry("p")]).replace('"format":1', '"format":2');
    await expect(readReceipt(diskWith({ "a.ndjson": later }), STATE)).rejects.toMatchObject({
      code: "DISK_REFUSED",
      message: expect.stringContaining("is of format 2"),
      hint: expect.stringContaining("newer"),
    });
  });

  it("takes nothing from lines with hostile paths", async () => {
    const hostile = ["../x", "/etc/passwd", ".tritter/store", "a/../../b"].map((path) => placedEntry(path));
    expect(await mine({ "a.ndjson": journal(hostile) })).toEqual({});
  });

  it("reads no journal through a link, and refuses a folder of journals that is one", async () => {
    const disk = memoryDisk();
    disk.put("/elsewhere/a.ndjson", journal([placedEntry("p")]));
    disk.put(`${STATE}/receipt/keep`, "");
    disk.symlink(`${STATE}/receipt/a.ndjson`, "/elsewhere/a.ndjson");
    expect((await readReceipt(disk, STATE)).lines).toBe(0);
    const linked = memoryDisk();
    linked.put("/elsewhere/a.ndjson", journal([placedEntry("p")]));
    linked.put(`${STATE}/keep`, "");
    linked.symlink(`${STATE}/receipt`, "/elsewhere");
    await expect(readReceipt(linked, STATE)).rejects.toMatchObject({ code: "DISK_REFUSED" });
  });

  it("reads again when another sync makes one of many meanwhile", async () => {
    const disk = diskWith({
      "a.ndjson": journal([placedEntry("p")]),
      "b.ndjson": journal([placedEntry("q")], 2),
    });
    const both = [placedEntry("p"), placedEntry("q")];
    let reads = 0;
    disk.before = (operation, path) => {
      if (operation !== "read" || !path.endsWith(".ndjson")) return;
      reads += 1;
      if (reads !== 2) return;
      disk.put(`${STATE}/receipt/c.ndjson`, journalText(writerOf("c"), both, 9, ["a.ndjson", "b.ndjson"]));
      disk.before = () => undefined;
      void disk.unlink(`${STATE}/receipt/a.ndjson`);
      void disk.unlink(`${STATE}/receipt/b.ndjson`);
    };
    const receipt = await readReceipt(disk, STATE);
    expect([...placementsOf(receipt, "me").keys()]).toEqual(["p", "q"]);
  });

  it("tells what the file system refused", async () => {
    const disk = diskWith({ "a.ndjson": "" });
    disk.before = (operation) => {
      if (operation === "read") throw Object.assign(new Error("no"), { code: "EACCES" });
    };
    await expect(readReceipt(disk, STATE)).rejects.toMatchObject({ code: "DISK_REFUSED" });
  });
});

describe("readReceipt() and a reboot", () => {
  const flushed: Entry = { op: "flushed" };
  const doubts = async (boot: string | undefined, entries: readonly Entry[]) => {
    const placements = await mine({ "a.ndjson": journalText(writerOf("w", { boot }), entries) });
    return Object.values(placements).map((placement) => placement.doubt);
  };

  it("believes what was placed since this boot, flushed or not", async () => {
    expect(await doubts(BOOT, [placedEntry("p")])).toEqual([undefined]);
  });

  it("doubts what an earlier boot placed after its last flush, and only that", async () => {
    const entries = [placedEntry("p"), flushed, placedEntry("q")];
    expect(await doubts("another", entries)).toEqual([undefined, "unflushed"]);
  });

  it("doubts where no boot is known", async () => {
    expect(await doubts(undefined, [placedEntry("p")])).toEqual(["unflushed"]);
  });

  it("doubts what changed too close to its record, until it is recorded again", async () => {
    const racy = placedEntry("p", { racy: true });
    expect(await doubts(BOOT, [racy, flushed])).toEqual(["racy"]);
    expect(await doubts(BOOT, [racy, placedEntry("p", { stamp: "2:2:2:2" as Stamp })])).toEqual([undefined]);
  });
});

describe("placementsOfOthers()", () => {
  it("has every owner but one, by path", async () => {
    const entries = [
      placedEntry("p"),
      placedEntry("p", { owner: "you" }),
      placedEntry("p", { owner: "she" }),
    ];
    const receipt = await readReceipt(diskWith({ "a.ndjson": journal(entries) }), STATE);
    const others = placementsOfOthers(receipt, "me").get(pathOf("p"));
    expect(others?.map((placement) => placement.owner)).toEqual(["you", "she"]);
  });
});

describe("readReceipt() of ten times as much", () => {
  /** ms */
  async function took(entries: readonly Entry[]): Promise<number> {
    const disk = diskWith({ "a.ndjson": journal(entries) });
    const start = performance.now();
    await readReceipt(disk, STATE);
    return performance.now() - start;
  }

  const shapes: [string, (count: number) => Entry[]][] = [
    [
      "many paths",
      (count) => Array.from({ length: count }, (_, index) => placedEntry(`d${index % 97}/f${index}`)),
    ],
    [
      "one path announced with ever new bytes",
      (count) =>
        Array.from({ length: count }, (_, index) => intentEntry("p", { digest: sha256Of(String(index)) })),
    ],
  ];
  it.each(shapes)(
    "takes no more than ten times as long by much: %s",
    async (_, entries) => {
      const ratios: number[] = [];
      // The best of five pairs: a machine that is busy for a moment must not decide. Comparing each with each takes a hundred times as long.
      for (let pair = 0; pair < 5 && !ratios.some((ratio) => ratio < 40); pair++) {
        const small = await took(entries(5_000));
        ratios.push((await took(entries(50_000))) / small);
      }
      expect(Math.min(...ratios)).toBeLessThan(40);
    },
    60_000,
  );
});
