import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  packChecksums,
  parseSegments,
  readSegment,
  SEGMENT,
  segmentCount,
  segmentHeader,
  segmentLength,
  segmentLine,
  unpackChecksums,
} from "../../../cli/store/segments.ts";
import { writerOf } from "../../support/engine.ts";
import { memoryDisk } from "../../support/memory-disk.ts";

const WRITER = writerOf("w");
const bytes = Buffer.from("bytes of a segment");

describe("parseSegments()", () => {
  it("reads what was written, the later line on a segment", () => {
    const text =
      segmentHeader(WRITER, 99) +
      segmentLine(7, crc32(bytes)) +
      segmentLine(0, crc32(bytes)) +
      segmentLine(7, crc32(Buffer.from("b")));
    const list = parseSegments(text);
    expect(list).toMatchObject({ writer: WRITER, size: 99 });
    expect([...(list?.done.keys() ?? [])]).toEqual([7, 0]);
    expect(list?.done.get(7)).not.toBe(list?.done.get(0));
  });

  it("leaves out a torn last line, and lines that are none", () => {
    const text = `${segmentHeader(WRITER, 99)}\0\0\n1 zz\n-1 aa\n${segmentLine(2, crc32(bytes))}3 51d2`;
    expect([...(parseSegments(text)?.done.keys() ?? [])]).toEqual([2]);
  });

  it("knows any index, and no line that goes on", () => {
    const text = `${segmentHeader(WRITER, 99)}12345 1\n7 1f x\n8 123456789\n`;
    expect([...(parseSegments(text)?.done ?? [])]).toEqual([[12_345, 1]]);
  });

  it("has nothing for a list of no size", () => {
    const header = segmentHeader(WRITER, 99);
    expect(parseSegments(header)).toBeDefined();
    expect(parseSegments(header.replace("99", '"99"'))).toBeUndefined();
  });

  it.each(["", "\n", "{", "{}\n", "null\n", '{"writer":{"id":"w"},"size":1}\n', "7\n"])(
    "has nothing for %j",
    (text) => {
      expect(parseSegments(text)).toBeUndefined();
    },
  );
});

describe("segments", () => {
  it.each([
    [1, 1, 1],
    [SEGMENT, 1, SEGMENT],
    [SEGMENT + 1, 2, 1],
    [3 * SEGMENT - 1, 3, SEGMENT - 1],
  ])("of %d bytes: %d, the last of %d bytes", (size, count, last) => {
    expect([segmentCount(size), segmentLength(size, count - 1)]).toEqual([count, last]);
  });
});

describe("readSegment()", () => {
  async function read(content: Buffer, checksumOf: Buffer, size = content.length) {
    const disk = memoryDisk();
    disk.put("/f", content);
    const file = await disk.open("/f", "r");
    return readSegment(file, { size, index: 0, checksum: crc32(checksumOf), buffer: Buffer.alloc(size) });
  }

  it("gives the bytes that were written, and nothing for others or fewer", async () => {
    expect(await read(bytes, bytes)).toEqual(bytes);
    expect(await read(Buffer.alloc(bytes.length), bytes)).toBeUndefined();
    expect(await read(bytes, bytes, bytes.length + 1)).toBeUndefined();
  });
});

describe("packChecksums() and unpackChecksums()", () => {
  it("undo each other for a file of any size", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (list, rest) => {
          const size = (list.length - 1) * SEGMENT + 1 + (rest % SEGMENT);
          expect(unpackChecksums(packChecksums(list), size)).toEqual(list);
        },
      ),
    );
  });

  it.each([
    ["", 1],
    ["9ae0daaf", 0],
    ["9ae0daaf", SEGMENT + 1],
    ["9ae0daa", 1],
    ["9ae0daag", 1],
    ["9AE0DAAF", 1],
  ])("%j is none of a file of %i bytes", (packed, size) => {
    expect(unpackChecksums(packed, size)).toBeUndefined();
  });
});
