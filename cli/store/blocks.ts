/** Memory that bytes are gathered in, on their way from the network to the disk. */
export interface Block {
  /** All of it, for whoever took it, until it is given back. */
  readonly bytes: Uint8Array;
  /** Gives it back, once. */
  release(): void;
}

/** Blocks of one size, of which there are only so many: whoever finds none waits, and so the network does. */
export interface Blocks {
  /** bytes of each */
  readonly size: number;
  /** First come, first served. */
  take(): Block | Promise<Block>;
}

/** bytes of all blocks together; enough for a disk to be slow for a moment. */
const MEMORY = 32 * 1024 * 1024;
const SIZE = { least: 64 * 1024, most: 1024 * 1024 };

/**
 * Blocks for so many streams, in the same memory however many they are. `shared`: other threads see them too. Made
 * when they are first needed, and the one given back last is taken first: it may still be in a processor's cache.
 */
export function blocksFor(streams: number, { shared }: { shared: boolean }): Blocks {
  // A stream that pauses keeps the block it has begun, while another goes on in its place.
  const holders = 2 * streams + 4;
  const size = Math.min(SIZE.most, Math.max(SIZE.least, 2 ** Math.floor(Math.log2(MEMORY / holders))));
  const most = Math.max(holders, MEMORY / size);
  const free: Uint8Array[] = [];
  const waiting: ((block: Block) => void)[] = [];
  let made = 0;

  const blockOf = (bytes: Uint8Array): Block => {
    let held = true;
    return {
      bytes,
      release: () => {
        if (!held) return;
        held = false;
        const next = waiting.shift();
        if (next === undefined) free.push(bytes);
        else next(blockOf(bytes));
      },
    };
  };
  return {
    size,
    take: () => {
      const last = free.pop();
      if (last !== undefined) return blockOf(last);
      if (made === most) return new Promise((resolve) => waiting.push(resolve));
      made += 1;
      return blockOf(new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size)));
    },
  };
}
