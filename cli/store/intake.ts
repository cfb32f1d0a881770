import type { Digest } from "../../schema/ids.ts";
import { type Block, type Blocks, blocksFor } from "./blocks.ts";
import { type Keeper, openKeeper } from "./keeper.ts";
import type { Kept, ReceiveInput, Reception, Run, Wanted } from "./receive.ts";
import type { SmallKept } from "./small.ts";
import { type Span, spanOf } from "./span.ts";

/** Where all bytes from the network go: gathers them, and hands them on to be kept, without more memory than its own. */
export interface Intake {
  /** bytes up to which a blob is held in memory until all of it came, and then `put` */
  readonly small: number;
  /** Begins a larger one. */
  receive(wanted: Wanted): Promise<Receiver>;
  /** Takes a small one, whose bytes are those of `chunks`. */
  put(digest: Digest, chunks: readonly Uint8Array[]): Put;
  /** Only when all that was taken is kept, and all that was begun ended. */
  close(): Promise<void>;
}

export interface Put {
  /** Wait for it before taking more; undefined: no need. */
  readonly taken: Promise<void> | undefined;
  readonly kept: Promise<Kept>;
}

export interface Receiver extends Omit<Reception, "keep"> {
  /** One stream's place for the bytes of a missing range, from its start on. */
  span(range: Run): Span;
}

/** bytes */
const SMALL = 256 * 1024;

export function openIntake(
  input: ReceiveInput,
  work: {
    readonly files: number;
    readonly bytes: number;
    /** at once */
    readonly streams: number;
    readonly signal: AbortSignal;
  },
): Intake {
  const { keeper, threaded } = openKeeper(input, work);
  return intakeOf(keeper, blocksFor(work.streams, { shared: threaded }), threaded ? GATHER_MS : 0);
}

/** ms that small blobs wait for others to go along with, where each message to a thread costs as much as a request */
const GATHER_MS = 2;

/** Exported for tests. */
export function intakeOf(keeper: Keeper, blocks: Blocks, gatherMs: number): Intake {
  const packs = packsOf(keeper, blocks, gatherMs);
  return {
    small: Math.min(SMALL, blocks.size),
    put: packs.put,
    receive: async (wanted) => {
      const { keep, ...reception } = await keeper.receive(wanted);
      return { ...reception, span: (range) => spanOf(range, { blocks, keep }) };
    },
    close: () => keeper.close(),
  };
}

interface Item {
  readonly digest: Digest;
  readonly chunks: readonly Uint8Array[];
  /** bytes */
  readonly size: number;
  readonly resolve: (kept: Kept) => void;
  readonly reject: (error: unknown) => void;
}

/** Small blobs in one block, to be kept together. */
interface Pack {
  readonly block: Block;
  filled: number;
  readonly items: Item[];
}

/** Blobs of a pack: as many files are open at once. */
const MOST_ITEMS = 64;
/** Packs being kept; the next fills meanwhile. */
const MOST_UNDERWAY = 2;

function packsOf(keeper: Keeper, blocks: Blocks, gatherMs: number): Pick<Intake, "put"> {
  let pack: Pack | undefined;
  let underway = 0;
  let isDue = false;
  let timed = false;

  const send = () => {
    if (pack === undefined) return;
    const { block, items } = pack;
    pack = undefined;
    isDue = false;
    underway += 1;
    let from = 0;
    const blobs = items.map(({ digest, size }) => {
      from += size;
      return { digest, bytes: block.bytes.subarray(from - size, from) };
    });
    const settled = keeper.put(blobs).then(
      (kept) => {
        for (const [index, item] of items.entries()) settle(item, kept[index]);
      },
      (error: unknown) => {
        for (const item of items) item.reject(error);
      },
    );
    void settled.then(() => {
      block.release();
      underway -= 1;
      if (isDue) send();
    });
  };
  const due = () => {
    timed = false;
    if (underway < MOST_UNDERWAY) send();
    else isDue = true;
  };
  const sendSoon = () => {
    if (timed) return;
    timed = true;
    if (gatherMs === 0) setImmediate(due);
    else setTimeout(due, gatherMs);
  };
  const add = (item: Item): Promise<void> | undefined => {
    if (pack !== undefined && pack.filled + item.size > blocks.size) send();
    if (pack === undefined) {
      const block = blocks.take();
      if (block instanceof Promise) return block.then((later) => begin(later)).then(() => add(item));
      begin(block);
    }
    fill(pack as unknown as Pack, item);
    if ((pack as unknown as Pack).items.length === MOST_ITEMS) send();
    else sendSoon();
    return undefined;
  };
  /** Another may have begun one while this block was waited for. */
  const begin = (block: Block) => {
    if (pack === undefined) pack = { block, filled: 0, items: [] };
    else block.release();
  };
  return {
    put: (digest, chunks) => {
      let taken: Promise<void> | undefined;
      const kept = new Promise<Kept>((resolve, reject) => {
        const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        taken = add({ digest, chunks, size, resolve, reject });
      });
      return { taken, kept };
    },
  };
}

function fill(pack: Pack, item: Item): void {
  for (const chunk of item.chunks) {
    pack.block.bytes.set(chunk, pack.filled);
    pack.filled += chunk.length;
  }
  pack.items.push(item);
}

function settle({ resolve, reject }: Item, kept: SmallKept | undefined): void {
  if (kept === undefined) reject(new Error("a blob was not answered for"));
  else if (kept.kind === "failed") reject(kept.error);
  else resolve(kept);
}
