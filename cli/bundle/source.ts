import type { DiskFile } from "../disk/port.ts";
import type { ByteSource } from "./tar-read.ts";

/** An open file from its beginning; what is not wanted is stepped over. */
export function fileSource(file: DiskFile, size: number): ByteSource {
  let position = 0;
  return {
    read: async (most) => {
      const bytes = Buffer.allocUnsafeSlow(most);
      const count = await file.readAt(bytes, position);
      position += count;
      return count === 0 ? undefined : bytes.subarray(0, count);
    },
    skip: async (bytes) => {
      position += bytes;
      return position <= size;
    },
  };
}

/** What comes through a pipe. */
export function pipeSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  const read = async (most: number): Promise<Uint8Array | undefined> => {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done) return undefined;
      rest = next.value;
    }
    const bytes = rest.subarray(0, most);
    rest = rest.subarray(bytes.length);
    return bytes;
  };
  return {
    read,
    skip: async (bytes) => {
      for (let left = bytes; left > 0; ) {
        const some = await read(left);
        if (some === undefined) return false;
        left -= some.length;
      }
      return true;
    },
  };
}
