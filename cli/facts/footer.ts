import type { FileFacts } from "../../schema/facts.ts";
import { isThriftStruct } from "./thrift.ts";

/** Reads the bytes [start, end) of a file, all of them. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** bytes: the first read; nearly every footer is within. */
const TAIL = 64 * 1024;
/** bytes: a longer footer is not read, since its parts would fill the memory. */
const LONGEST = 32 * 1024 * 1024;
/** bytes: the footer's length and the magic number behind it */
const TRAILER = 8;
const MAGIC = "PAR1";
const ENCRYPTED = "PARE";

/**
 * What a Parquet file of `size` bytes says at its end, by at most two reads. Whatever is wrong with it is an answer; only what
 * `read` throws is thrown. https://parquet.apache.org/docs/file-format/
 */
export async function readFooter(size: number, read: ReadRange): Promise<FileFacts> {
  if (size < MAGIC.length + TRAILER) return unreadable("it is too short to be Parquet");
  const start = Math.max(0, size - TAIL);
  const tail = await read(start, size);
  const trailer = tail.subarray(tail.length - TRAILER);
  const magic = Buffer.from(trailer.subarray(4)).toString("latin1");
  if (magic === ENCRYPTED) return unreadable("its footer is encrypted");
  if (magic !== MAGIC) return unreadable("it does not end as Parquet does");
  const length = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0, true);
  const from = size - TRAILER - length;
  if (from < MAGIC.length) return unreadable(`its footer would be longer than the file`);
  if (length > LONGEST) {
    return unreadable(`its footer has ${length} bytes, more than the ${LONGEST} that are read`);
  }
  const missing = from < start ? await read(from, start) : NOTHING;
  const known = Buffer.concat([missing, tail.subarray(Math.max(0, from - start))]);
  if (!isThriftStruct(known.subarray(0, length))) return unreadable(DAMAGED);
  const { factsOfMetadata } = await import("./metadata.ts");
  return factsOfMetadata(known, size) ?? unreadable(DAMAGED);
}

const NOTHING = new Uint8Array(0);
const DAMAGED = "its footer is damaged";

function unreadable(why: string): FileFacts {
  return { kind: "unreadable", why };
}
