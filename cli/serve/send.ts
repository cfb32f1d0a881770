import type { ServerResponse } from "node:http";
import type { Stamp } from "../../schema/ids.ts";
import type { DiskFile } from "../disk/port.ts";
import { readFully } from "../disk/read-fully.ts";
import { stampOf } from "../tree/stamp.ts";
import type { Share } from "./share.ts";

export interface Sending {
  readonly file: DiskFile;
  /** That of the bytes known to be right. */
  readonly stamp: Stamp;
  /** bytes [start, end) */
  readonly start: number;
  readonly end: number;
  readonly share: Share;
  /** Called with what was handed to the socket. */
  readonly onBytes: (bytes: number) => void;
  /** Called once the first bytes are at hand. */
  readonly begin: () => void;
}

/** `gone`: the client went away; `changed`: the file is not what it was, and the last bytes were not sent. */
export type Sent = "whole" | "gone" | "changed";

interface Chunk {
  readonly buffer: Buffer;
  /** How much of it is the file's; less than what was asked for only at the file's end. */
  readonly length: number;
}

/**
 * Sends a range of an open file at the client's pace: reads ahead by one chunk, and holds no more. That the stamp stood
 * still is looked at before the last bytes leave, so that nobody takes a body for whole of which a part was overwritten.
 */
export async function sendRange(response: ServerResponse, sending: Sending): Promise<Sent> {
  const { start, end, share, onBytes, begin } = sending;
  const writer = writerTo(response);
  let next: Promise<Chunk> | undefined = readChunk(sending, start);
  try {
    for (let at = start; next !== undefined; ) {
      const { buffer, length }: Chunk = await next;
      next = undefined;
      const isLast = at + length >= end;
      if (length === 0 || (isLast && !(await isSame(sending)))) {
        share.give(buffer);
        return "changed";
      }
      if (at === start) begin();
      at += length;
      if (!isLast) next = readChunk(sending, at);
      if (!(await writer.write(buffer.subarray(0, length)))) {
        // The socket may not be done with it.
        share.forget(buffer);
        return "gone";
      }
      share.give(buffer);
      onBytes(length);
    }
    return "whole";
  } finally {
    writer.close();
    // The file must not be closed under a read.
    await next?.then(({ buffer }) => share.give(buffer)).catch(() => {});
  }
}

function readChunk({ file, share, end }: Sending, at: number): Promise<Chunk> {
  const buffer = share.take(end - at);
  const chunk = readFully(file, buffer.subarray(0, end - at), at).then(
    (length) => ({ buffer, length }),
    (error: unknown) => {
      share.forget(buffer);
      throw error;
    },
  );
  // Awaited later, if at all: a failure must not count as unhandled meanwhile.
  chunk.catch(() => {});
  return chunk;
}

async function isSame({ file, stamp }: Sending): Promise<boolean> {
  return stampOf(await file.stat()) === stamp;
}

/** `write` resolves once the bytes left this process: false where nobody listens any more. */
function writerTo(response: ServerResponse): {
  write(bytes: Uint8Array): Promise<boolean>;
  close(): void;
} {
  let settle: ((there: boolean) => void) | undefined;
  const onClose = (): void => settle?.(false);
  response.on("close", onClose);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        if (response.destroyed) return resolve(false);
        settle = resolve;
        response.write(bytes, (error) => resolve(error === null || error === undefined));
      }),
    close: () => void response.off("close", onClose),
  };
}
