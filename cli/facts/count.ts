import type { FileFacts } from "../../schema/facts.ts";
import type { DiskFile } from "../disk/port.ts";
import { countLines, countRecords } from "./count/rows.ts";
import { bytesOf, grown, gunzipped, type Stop, Uncountable } from "./count/stream.ts";

/** How rows are counted, told by a file's name. */
export interface Counting {
  readonly what: "lines" | "records" | "zip";
  readonly gzip: boolean;
  /** Between fields of a record; undefined: whichever the first one has. */
  readonly separator: string | undefined;
}

/** undefined: rows of such a file cannot be counted, or it has none. */
export function countingOf(path: string): Counting | undefined {
  const [, ending = "", gzip = ""] = /\.(jsonl|ndjson|json(?=\.gz$)|csv|tsv|zip)(\.gz)?$/i.exec(path) ?? [];
  switch (ending.toLowerCase()) {
    case "":
      return undefined;
    case "csv":
    case "tsv":
      return {
        what: "records",
        gzip: gzip !== "",
        separator: ending.toLowerCase() === "tsv" ? "\t" : undefined,
      };
    case "zip":
      return gzip === "" ? { what: "zip", gzip: false, separator: undefined } : undefined;
    default:
      return { what: "lines", gzip: gzip !== "", separator: undefined };
  }
}

/**
 * Reads a file to its end and counts: lines of JSON that are not blank, records of CSV without the first, and what is in a zip. Memory
 * does not grow with the file, nor with its lines. Whatever is wrong with it is an answer; system errors and the signal's reason are thrown.
 */
export async function countRows(
  file: DiskFile,
  { counting, size, signal }: { readonly counting: Counting; readonly size: number; readonly signal: Stop },
): Promise<FileFacts> {
  try {
    if (counting.what === "zip") {
      const { countZip } = await import("./count/zip.ts");
      return await countZip(file, { size, signal });
    }
    const bytes = bytesOf(file, { size, signal });
    return { kind: "counted", rows: await countStream(bytes, { counting, size }) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Uncountable) return { kind: "unreadable", why: error.message };
    throw error;
  }
}

/** `size`: bytes that the stream has before it is decompressed. Throws `Uncountable`. */
export function countStream(
  bytes: AsyncIterable<Uint8Array>,
  { counting: { what, gzip, separator }, size }: { readonly counting: Counting; readonly size: number },
): Promise<number> {
  const plain = gzip ? grown(gunzipped(bytes), size) : bytes;
  return what === "lines" ? countLines(plain) : countRecords(plain, separator);
}
