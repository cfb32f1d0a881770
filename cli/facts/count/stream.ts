import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { formatBytes } from "../../../schema/format.ts";
import type { DiskFile } from "../../disk/port.ts";

/** A file says nothing that could be counted; the message says why. */
export class Uncountable extends Error {}

/** As much of an AbortSignal as long work asks for. */
export type Stop = Pick<AbortSignal, "throwIfAborted">;

/** bytes */
const CHUNK = 256 * 1024;

/** The bytes [from, to) of a file, in order. Throws where it ends before. */
export async function* bytesOf(
  file: DiskFile,
  { from = 0, size, signal }: { readonly from?: number; readonly size: number; readonly signal: Stop },
): AsyncGenerator<Uint8Array> {
  const end = from + size;
  for (let at = from; at < end; ) {
    signal.throwIfAborted();
    // Its own each time: whoever decompresses it may still hold the last one.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
    const count = await file.readAt(buffer, at);
    if (count === 0) throw new Uncountable("it is shorter than the lock says");
    yield buffer.subarray(0, count);
    at += count;
  }
}

/** Of all members of a gzip file (https://www.rfc-editor.org/rfc/rfc1952#page-5). */
export async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const failures: unknown[] = [];
  const stream = pipeline(Readable.from(bytes), createGunzip({ chunkSize: CHUNK }), (error) => {
    if (error != null) failures.push(error);
  });
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    // Where reading failed, that is the cause.
    throw gzipTrouble(failures[0] ?? error);
  }
}

function gzipTrouble(error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (code === "Z_BUF_ERROR") return new Uncountable("its gzip is cut short");
  if (typeof code === "string" && code.startsWith("Z_"))
    return new Uncountable(`its gzip is damaged: ${(error as Error).message}`);
  return error;
}

/** A file may grow to so many times its size, and to this in any case: what grows more was made to. */
const MOST_TIMES = 250;
/** bytes */
const MOST_ANYWAY = 1024 ** 3;

/** bytes that what has `size` compressed may have */
export function mostOf(size: number): number {
  return Math.max(MOST_ANYWAY, size * MOST_TIMES);
}

export function tooLarge(size: number): Uncountable {
  return new Uncountable(
    `it grows to more than ${formatBytes(mostOf(size))} of its ${formatBytes(size)}: such a bomb is not read`,
  );
}

/** The same bytes, as long as they are not absurdly many. */
export async function* grown(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const most = mostOf(size);
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > most) throw tooLarge(size);
    yield chunk;
  }
}
