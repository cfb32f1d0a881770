import { describe, expect, it } from "vitest";
import {
  isFor,
  type Packed,
  type PackedKey,
  packNames,
  readPacked,
  unpackNames,
  writePacked,
} from "../../../cli/receipt/packed.ts";
import { BOOT, journalText, pathOf, placedEntry, writerOf } from "../../support/engine.ts";
import { type MemoryDisk, memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const JOURNAL = `${STATE}/receipt/a.ndjson`;
const WIDTH = 4;
const WRITER = writerOf("w");
const PATHS = [pathOf("a"), pathOf("b/é")];
const KEY: PackedKey = { tritter: "1.2.3", owner: "me", manifest: "sha256:aa", facts: "", lock: "sha256:bb" };

function diskWithJournal(): { disk: MemoryDisk; size: number } {
  const disk = memoryDisk();
  const text = journalText(WRITER, [placedEntry("a"), placedEntry("b/é")]);
  disk.put(JOURNAL, text);
  return { disk, size: Buffer.byteLength(text) };
}

function packedOf(size: number, boot: string | null = null): Packed {
  return {
    head: {
      format: 1,
      ...KEY,
      boot,
      journals: [["a.ndjson", size]],
      sources: [
        { name: "one", groups: ["g"], files: 1, bytes: 5 },
        { name: "two", groups: [], files: 1, bytes: 6 },
      ],
    },
    stamps: Buffer.from([1, 2, 3, 10, 0, 255, 10, 7]),
    names: packNames(PATHS),
  };
}

async function written(boot: string | null = null) {
  const { disk, size } = diskWithJournal();
  await writePacked(disk, STATE, { packed: packedOf(size, boot), writer: WRITER });
  const [name] = Object.keys(disk.tree(`${STATE}/receipt`)).filter((path) => path.endsWith(".packed"));
  return { disk, size, file: `${STATE}/receipt/${name}` };
}

async function read(disk: MemoryDisk, parts: Partial<PackedKey> = {}): Promise<Packed | undefined> {
  const key = { ...KEY, ...parts };
  const packed = await readPacked(disk, STATE, { owner: key.owner, width: WIDTH });
  return packed !== undefined && isFor(packed, key) ? packed : undefined;
}

describe("a packed receipt", () => {
  it("is read back as it was written", async () => {
    const { disk, size } = await written();
    const { head, stamps, names } = (await read(disk)) as Packed;
    expect({ head, stamps: Buffer.from(stamps), names: Buffer.from(names) }).toEqual(packedOf(size));
    expect(unpackNames(names)).toEqual(PATHS);
  });

  it("may hold no file at all", async () => {
    const { disk, size } = diskWithJournal();
    const { head } = packedOf(size);
    const packed = { head: { ...head, sources: [] }, stamps: new Uint8Array(), names: packNames([]) };
    await writePacked(disk, STATE, { packed, writer: WRITER });
    const read = await readPacked(disk, STATE, { owner: "me", width: WIDTH });
    expect([read?.head.sources, unpackNames(read?.names as Uint8Array)]).toEqual([[], []]);
  });

  const others: Partial<PackedKey>[] = [
    { tritter: "1.2.4" },
    { owner: "you" },
    { manifest: "sha256:ab" },
    { lock: "sha256:bc" },
  ];
  it.each(others)("counts for nothing with %j", async (key) => {
    const { disk } = await written();
    expect(await read(disk, key)).toBeUndefined();
  });

  it("counts for nothing once a journal grew, came or went", async () => {
    const changes: ((disk: MemoryDisk) => unknown)[] = [
      (disk) =>
        disk.put(JOURNAL, journalText(WRITER, [placedEntry("a"), placedEntry("b/é"), placedEntry("c")])),
      (disk) => disk.put(`${STATE}/receipt/b.ndjson`, journalText(writerOf("other"), [])),
      (disk) => disk.unlink(JOURNAL),
    ];
    for (const change of changes) {
      const { disk } = await written();
      await change(disk);
      expect(await read(disk)).toBeUndefined();
    }
  });

  it("counts until the next boot, where something was not flushed", async () => {
    const { disk } = await written(BOOT);
    expect(await read(disk)).toBeDefined();
    disk.losePower("zeros");
    expect(await read(disk)).toBeUndefined();
  });

  it("counts for nothing where a byte is missing, is one more or is another", async () => {
    const { disk, file } = await written();
    const whole = (await disk.read(file)) as Buffer;
    for (let length = 0; length < whole.length; length++) {
      disk.put(file, whole.subarray(0, length));
      expect(await read(disk)).toBeUndefined();
      const other = Buffer.from(whole);
      other[length] = (other[length] ?? 0) ^ 1;
      disk.put(file, other);
      expect(await read(disk)).toBeUndefined();
    }
    disk.put(file, Buffer.concat([whole, whole.subarray(-1)]));
    expect(await read(disk)).toBeUndefined();
  });

  it("is not followed where it is a link", async () => {
    const { disk, file } = await written();
    disk.put("/elsewhere", (await disk.read(file)) as Buffer);
    await disk.unlink(file);
    disk.symlink(file, "/elsewhere");
    expect(await read(disk)).toBeUndefined();
  });

  it("replaces the one before and sweeps what a writer that was killed left", async () => {
    const { disk, size, file } = await written();
    disk.put(`${file}.dead.new`, "half");
    const { head, ...rest } = packedOf(size);
    await writePacked(disk, STATE, {
      packed: { head: { ...head, lock: "sha256:cc" }, ...rest },
      writer: WRITER,
    });
    expect(await read(disk, { lock: "sha256:cc" })).toBeDefined();
    expect(Object.keys(disk.tree(`${STATE}/receipt`))).toHaveLength(2);
  });

  it("stays what it was where there is no room for another", async () => {
    const { disk, size } = await written();
    disk.before = (operation, path) => {
      if (operation === "append") throw systemError("ENOSPC", path);
    };
    await expect(writePacked(disk, STATE, { packed: packedOf(size), writer: WRITER })).rejects.toThrow(
      "ENOSPC",
    );
    disk.before = () => undefined;
    expect(await read(disk)).toBeDefined();
    expect(Object.keys(disk.tree(`${STATE}/receipt`))).toHaveLength(2);
  });
});
