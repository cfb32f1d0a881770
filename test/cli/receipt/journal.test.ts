import { describe, expect, it } from "vitest";
import type { Writer } from "../../../cli/disk/writer.ts";
import type { Entry } from "../../../cli/receipt/entries.ts";
import { compactReceipt, openJournal } from "../../../cli/receipt/journal.ts";
import { type Receipt, readReceipt } from "../../../cli/receipt/receipt.ts";
import { goneEntry, intentEntry, journalText, pathOf, placedEntry, writerOf } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const SELF = writerOf("self");
const journals = (disk: MemoryDisk) => Object.keys(disk.tree(`${STATE}/receipt`));

async function open(disk: MemoryDisk) {
  return openJournal(disk, STATE, { writer: SELF, receipt: await readReceipt(disk, STATE) });
}

/** What a reader may rely on, whatever files say it. */
function facts(receipt: Receipt): unknown {
  return [...receipt.owners].map(([owner, placements]) => [
    owner,
    [...placements.values()]
      .map(({ path, digests, origin, stamp, intents, doubt }) => [
        path,
        digests,
        origin,
        stamp,
        intents,
        doubt,
      ])
      .sort(),
  ]);
}

describe("openJournal()", () => {
  it("writes nothing until there is something to say", async () => {
    const disk = memoryDisk();
    const journal = await open(disk);
    await journal.append([]);
    await journal.durable([]);
    await journal.close();
    expect(disk.folders("/root")).toEqual([]);
  });

  it("goes on counting where the other journals end", async () => {
    const disk = memoryDisk();
    disk.put(`${STATE}/receipt/old.ndjson`, journalText(writerOf("old"), [placedEntry("p")], 41));
    const journal = await open(disk);
    await journal.append([goneEntry("p")]);
    await journal.close();
    const receipt = await readReceipt(disk, STATE);
    expect([receipt.nextSeq, facts(receipt)]).toEqual([43, [["me", []]]]);
  });

  it("survives a power loss once it said durable, by name and by content", async () => {
    const disk = memoryDisk();
    disk.put("/root/keep", "");
    const journal = await open(disk);
    await journal.append([placedEntry("p")]);
    await journal.durable([intentEntry("q")]);
    await journal.append([placedEntry("later")]);
    disk.losePower("lost");
    const known = (await readReceipt(disk, STATE)).owners.get("me");
    expect([...(known?.keys() ?? [])]).toEqual(["p", "q"]);
  });

  it("survives it though nobody flushed the name of our own folder", async () => {
    const disk = memoryDisk();
    disk.put("/root/keep", "");
    await disk.mkdir(STATE);
    await (await open(disk)).durable([placedEntry("p")]);
    disk.losePower("lost");
    expect((await readReceipt(disk, STATE)).owners.get("me")?.size).toBe(1);
  });

  it("loses no later line to one that a full disk cut off", async () => {
    const disk = memoryDisk();
    const journal = await open(disk);
    await journal.append([placedEntry("p")]);
    disk.before = (operation, path) => {
      if (operation === "append") throw systemError("ENOSPC", path);
    };
    await expect(journal.append([placedEntry("q")])).rejects.toMatchObject({ code: "NO_SPACE" });
    disk.before = () => undefined;
    await journal.append([placedEntry("r")]);
    await journal.close();
    const receipt = await readReceipt(disk, STATE);
    expect([...(receipt.owners.get("me")?.keys() ?? [])]).toEqual(["p", "r"]);
    expect(disk.opened).toEqual([]);
  });

  it("can be closed after it could not be made, and leaves no file", async () => {
    const disk = memoryDisk();
    const journal = await open(disk);
    disk.before = (operation, path) => {
      if (operation === "append") throw systemError("EDQUOT", path);
    };
    await expect(journal.append([placedEntry("p")])).rejects.toMatchObject({ code: "NO_SPACE" });
    await journal.close();
    expect([disk.opened, journals(disk)]).toEqual([[], []]);
  });
});

describe("compactReceipt()", () => {
  const DAYS = 24 * 3_600_000;

  /** As many journals as make it worth while. */
  function many(writer: (index: number) => Writer = (index) => writerOf(`w${index}`)): MemoryDisk {
    const disk = memoryDisk();
    for (let index = 0; index < 20; index++) {
      const entries: Entry[] = [
        placedEntry(`p${index}`),
        ...(index % 3 === 0 ? ([{ op: "flushed" }] as const) : []),
        placedEntry(`shared`, { source: `s${index}` }),
        ...(index % 2 === 0 ? [intentEntry(`p${index}`)] : []),
        ...(index % 5 === 0 ? [goneEntry(`p${index - 1}`)] : []),
      ];
      disk.put(`${STATE}/receipt/w${index}.ndjson`, journalText(writer(index), entries, 1 + index * 10));
    }
    return disk;
  }

  async function compact(disk: MemoryDisk, now = disk.now + 2 * DAYS): Promise<boolean> {
    const receipt = await readReceipt(disk, STATE);
    return compactReceipt(disk, STATE, { writer: SELF, receipt, now: () => now });
  }

  it("makes one journal of many that says the same", async () => {
    const disk = many();
    const before = facts(await readReceipt(disk, STATE));
    expect(await compact(disk)).toBe(true);
    expect(journals(disk)).toEqual(["self-compacted.ndjson"]);
    const after = await readReceipt(disk, STATE);
    expect(facts(after)).toEqual(before);
    expect(after.nextSeq).toBeGreaterThan(200);
  });

  it("leaves few and short ones as they are", async () => {
    const disk = memoryDisk();
    disk.put(`${STATE}/receipt/w.ndjson`, journalText(writerOf("w"), [placedEntry("p"), goneEntry("p")]));
    expect(await compact(disk)).toBe(false);
    expect(journals(disk)).toEqual(["w.ndjson"]);
  });

  it("rewrites one that grew far beyond what it says", async () => {
    const disk = memoryDisk();
    const entries = Array.from({ length: 3_000 }, (_, index) => placedEntry(`p${index % 10}`));
    disk.put(`${STATE}/receipt/w.ndjson`, journalText(writerOf("w"), entries));
    expect(await compact(disk)).toBe(true);
    expect((await readReceipt(disk, STATE)).lines).toBe(11);
  });

  it.each(["lost", "zeros"] as const)(
    "says the same when stopped at any step, power lost or not (%s)",
    async (mode) => {
      const before = facts(await readReceipt(many(), STATE));
      for (const power of [true, false]) {
        for (let stopAt = 1; ; stopAt++) {
          const disk = many();
          let step = 0;
          disk.before = (operation, path) => {
            if (operation === "lstat" || operation === "read" || operation === "readdir") return;
            step += 1;
            if (step >= stopAt) throw systemError("EIO", path);
          };
          const compacted = await compact(disk);
          disk.before = () => undefined;
          if (power) {
            disk.losePower(mode);
            await disk.unlink("/proc/none").catch(() => undefined);
          }
          const seen = await readReceipt(disk, STATE);
          // Another boot doubts more; it forgets nothing.
          const known = (list: unknown) => JSON.stringify(list).replaceAll(/"(unflushed|racy)"/g, "null");
          expect(known(facts(seen)), `stopped at ${stopAt}`).toBe(known(before));
          expect(disk.opened).toEqual([]);
          if (compacted) break;
        }
      }
    },
  );

  it("takes away what a stopped one left", async () => {
    const disk = many();
    disk.put(`${STATE}/receipt/dead-compacted.ndjson.new`, "half");
    await compact(disk);
    expect(journals(disk)).toEqual(["self-compacted.ndjson"]);
  });

  it("does not believe for sure what it doubted", async () => {
    const disk = memoryDisk();
    const entries = [placedEntry("old"), ...Array.from({ length: 3_000 }, () => placedEntry("p"))];
    disk.put(`${STATE}/receipt/w.ndjson`, journalText(writerOf("w", { boot: "before" }), entries));
    await compact(disk);
    const doubts = [...((await readReceipt(disk, STATE)).owners.get("me")?.values() ?? [])];
    expect(doubts.map(({ doubt }) => doubt)).toEqual(["racy", "racy"]);
  });

  it("waits while a writer of any of them may be at work", async () => {
    const start = `4242 (node) ${Array.from({ length: 19 }, () => "0").join(" ")} 77 0`;
    const alive = many((index) => writerOf(`w${index}`, index === 7 ? { pid: 4242, start: "77" } : {}));
    alive.symlink("/proc/self/ns/pid", "pid:[1]");
    alive.put("/proc/4242/stat", start);
    expect(await compact(alive)).toBe(false);
    const elsewhere = () => many((index) => writerOf(`w${index}`, { host: "there", boot: `b${index}` }));
    const recent = elsewhere();
    expect(await compact(recent, recent.now + 60_000)).toBe(false);
    expect(journals(recent)).toHaveLength(20);
    expect(await compact(elsewhere())).toBe(true);
  });

  it("waits when one of them grew since it was read", async () => {
    const disk = many();
    const receipt = await readReceipt(disk, STATE);
    const late = await disk.open(`${STATE}/receipt/w3.ndjson`, "a");
    await late.append(Buffer.from(`${JSON.stringify({ ...placedEntry("late"), seq: 999 })}\n`));
    await late.close();
    const now = () => disk.now + 2 * DAYS;
    expect(await compactReceipt(disk, STATE, { writer: SELF, receipt, now })).toBe(false);
    expect((await readReceipt(disk, STATE)).owners.get("me")?.has(pathOf("late"))).toBe(true);
  });

  it("is no matter of failure on a full disk", async () => {
    const disk = many();
    const before = disk.tree(STATE);
    disk.before = (operation, path) => {
      if (operation === "append") throw systemError("ENOSPC", path);
    };
    expect(await compact(disk)).toBe(false);
    expect(disk.tree(STATE)).toEqual(before);
  });

  it("lets another sync remove them first", async () => {
    const disk = many();
    disk.before = (operation, path) => {
      if (operation === "unlink" && path.endsWith("w0.ndjson")) {
        disk.before = () => undefined;
        void disk.unlink(path);
      }
    };
    expect(await compact(disk)).toBe(true);
  });
});
