import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import type { ArchivedFormat, ArchiveFacts } from "../../../schema/facts.ts";
import { printable } from "../../../schema/names.ts";
import type { DiskFile } from "../../disk/port.ts";
import { systemCode } from "../../errors.ts";
import { countingOf, countStream } from "../count.ts";
import { formatOf, hasRows, largestFirst } from "../formats.ts";
import { bytesOf, mostOf, type Stop, tooLarge, Uncountable } from "./stream.ts";

/** What is in a zip, and the rows of that where each file with rows can be counted. Archives in it are not opened. */
export async function countZip(
  file: DiskFile,
  { size, signal }: { readonly size: number; readonly signal: Stop },
): Promise<ArchiveFacts> {
  const failure: { error?: unknown } = {};
  try {
    const zip = await openZip(file, { size, signal, failure });
    return await countEntries(zip, { size, signal });
  } catch (error) {
    signal.throwIfAborted();
    // A disk that cannot be read says nothing of the file.
    if (failure.error !== undefined) throw failure.error;
    if (error instanceof Uncountable || systemCode(error) !== undefined) throw error;
    throw new Uncountable(`its zip is damaged: ${printable(error instanceof Error ? error.message : "")}`);
  }
}

async function openZip(
  file: DiskFile,
  {
    size,
    signal,
    failure,
  }: { readonly size: number; readonly signal: Stop; readonly failure: { error?: unknown } },
): Promise<ZipFile> {
  const { default: yauzl } = await import("yauzl");
  const noting = async function* (start: number, end: number) {
    try {
      yield* bytesOf(file, { from: start, size: end - start, signal });
    } catch (error) {
      failure.error = error;
      throw error;
    }
  };
  class Reader extends yauzl.RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(noting(start, end), { objectMode: false });
    }
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      const fill = async () => {
        for (let filled = 0; filled < length; ) {
          signal.throwIfAborted();
          const into = buffer.subarray(offset + filled, offset + length);
          const count = await file.readAt(into, position + filled);
          if (count === 0) throw new Uncountable("it ends too early");
          filled += count;
        }
      };
      fill().then(
        () => callback(null),
        (error: unknown) => callback(error as Error),
      );
    }
    override close(callback: (error: Error | null) => void): void {
      // The file is another's.
      callback(null);
    }
  }
  return yauzl.fromRandomAccessReaderPromise(new Reader(), size, { autoClose: false, decodeStrings: false });
}

async function countEntries(
  zip: ZipFile,
  { size, signal }: { readonly size: number; readonly signal: Stop },
): Promise<ArchiveFacts> {
  const formats = new Map<string, ArchivedFormat>();
  const total = { files: 0, bytes: 0, rows: 0, isCounted: true };
  for await (const entry of zip.eachEntry()) {
    signal.throwIfAborted();
    const name = (entry.fileName as unknown as Buffer).toString("utf8");
    if (name.endsWith("/")) continue;
    const format = formatOf(name);
    const { files = 0, bytes = 0 } = formats.get(format) ?? {};
    formats.set(format, { format, files: files + 1, bytes: bytes + entry.uncompressedSize });
    total.files += 1;
    total.bytes += entry.uncompressedSize;
    if (total.bytes > mostOf(size)) throw tooLarge(size);
    if (!hasRows(format)) continue;
    const rows = await rowsOf(zip, { entry, name });
    if (rows === undefined) total.isCounted = false;
    else total.rows += rows;
  }
  const { files, bytes, rows, isCounted } = total;
  const sorted = largestFirst([...formats.values()]);
  const isTold = isCounted && sorted.some(({ format }) => hasRows(format));
  return { kind: "archive", files, bytes, formats: sorted, rows: isTold ? rows : undefined };
}

/** undefined: they cannot be counted. */
async function rowsOf(
  zip: ZipFile,
  { entry, name }: { readonly entry: Entry; readonly name: string },
): Promise<number | undefined> {
  const counting = countingOf(name);
  if (counting === undefined || counting.what === "zip") return undefined;
  if (entry.isEncrypted()) throw new Uncountable(`"${printable(name)}" in it is encrypted`);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    return await countStream(checked(stream, entry.crc32), { counting, size: entry.uncompressedSize });
  } catch (error) {
    if (!(error instanceof Uncountable)) throw error;
    throw new Uncountable(`"${printable(name)}" in it: ${error.message}`);
  }
}

/** The checksum that a zip has of each file is looked at by nobody else. */
async function* checked(stream: Readable, expected: number): AsyncGenerator<Uint8Array> {
  let checksum = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (checksum !== expected) throw new Uncountable("its checksum is not the one beside it");
}
