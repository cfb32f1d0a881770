import type { DiskFile } from "../disk/port.ts";
import { TritterError } from "../errors.ts";
import type { Body, ByteRange } from "./port.ts";

const CHUNK = 256 * 1024;

/** A range of an open file as a body; closes the file at the end, on cancel and on error. */
export function diskBody(file: DiskFile, { range, signal }: { range: ByteRange; signal: AbortSignal }): Body {
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await file.close();
  };
  let reading = false;
  let cancelled = false;
  const readAll = async (take: (chunk: Uint8Array) => Promise<void> | undefined) => {
    for (let at = range.start; at < range.end && !cancelled; ) {
      signal.throwIfAborted();
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, range.end - at));
      const read = await file.readAt(chunk, at);
      if (read === 0)
        throw new TritterError({
          code: "NETWORK",
          message: "cannot read on: the file became shorter while it was read",
        });
      at += read;
      if (!cancelled) await take(read === chunk.length ? chunk : chunk.subarray(0, read));
    }
  };
  return {
    start: range.start,
    read: (take) => {
      reading = true;
      return readAll(take).finally(close);
    },
    cancel() {
      cancelled = true;
      // A reader under way closes the file itself, between two reads.
      if (!reading) close().catch(() => {});
    },
  };
}
