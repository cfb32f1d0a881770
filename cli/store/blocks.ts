/** Memory that bytes are gathered in, on their way from the network to the disk. */
export interface Block {
  /** All of it, for whoever took it, until it is given back. */
  readonly bytes: Uint8Array;
  /** Gives it back, once. */
  release(): void;
}

/** Blocks of one size, of which there are only so many: whoever finds none waits, and so does the network. */
export interface Blocks {
  /** bytes of each */
  readonly size: number;
  /** Of several that wait, the one whose turn comes first. */
  take(turn: Turn): Block | Promise<Block>;
  /** undefined where there would be a wait. */
  takeNow(turn: Turn): Block | undefined;
}

/** What a block is for. */
export interface Turn {
  /** In the order in which they were begun. */
  readonly blob: number;
  readonly position: number;
  /** It continues what went before, and can be hashed at once. Some memory is kept for such, so that what came early never holds them up. */
  isNext(): boolean;
}

/** bytes of all blocks together, enough for a disk to be slow for a moment; and what is kept for those whose turn it is */
const MEMORY = 32 * 1024 * 1024;
const KEPT = 4 * 1024 * 1024;
const SIZE = { least: 64 * 1024, most: 1024 * 1024 };

/**
 * Blocks for so many streams, in the same memory however many they are. `shared`: other threads see them too. Made
 * when they are first needed, and the one given back last is taken first: it may still be in a processor's cache.
 */
export function blocksFor(streams: number, { shared }: { shared: boolean }): Blocks {
  // A stream that pauses keeps the block it has begun, while another goes on in its place.
  const holders = 2 * streams + 4;
  const size = Math.min(
    SIZE.most,
    Math.max(SIZE.least, 2 ** Math.floor(Math.log2((MEMORY - KEPT) / holders))),
  );
  const kept = KEPT / size;
  let unmade = Math.max(holders + kept, MEMORY / size);
  const free: Uint8Array[] = [];
  const waiting: Waiting[] = [];

  const mayHave = (turn: Turn) => {
    const left = free.length + unmade;
    return left > kept || (left > 0 && turn.isNext());
  };
  const give = (): Block => {
    const bytes = free.pop() ?? made();
    let held = true;
    const release = () => {
      if (held) free.push(bytes);
      held = false;
      serve();
    };
    return { bytes, release };
  };
  const made = (): Uint8Array => {
    unmade -= 1;
    return new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
  };
  const serve = () => {
    for (let next = firstOf(waiting, mayHave); next !== undefined; next = firstOf(waiting, mayHave)) {
      waiting.splice(waiting.indexOf(next), 1);
      next.go(give());
    }
  };
  return {
    size,
    takeNow: (turn) => (mayHave(turn) ? give() : undefined),
    take: (turn) => (mayHave(turn) ? give() : new Promise((go) => waiting.push({ turn, go }))),
  };
}

interface Waiting {
  readonly turn: Turn;
  readonly go: (block: Block) => void;
}

function firstOf(waiting: readonly Waiting[], mayHave: (turn: Turn) => boolean): Waiting | undefined {
  let first: Waiting | undefined;
  for (const one of waiting)
    if ((first === undefined || isBefore(one.turn, first.turn)) && mayHave(one.turn)) first = one;
  return first;
}

function isBefore(one: Turn, other: Turn): boolean {
  return one.blob < other.blob || (one.blob === other.blob && one.position < other.position);
}
