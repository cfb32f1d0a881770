import type { Digest } from "../../schema/ids.ts";
import { type Block, type Blocks, blocksFor, type Turn } from "./blocks.ts";
import type { Tally } from "./hash.ts";
import { type Keeper, openKeeper } from "./keeper.ts";
import { newOrder } from "./order.ts";
import type { ReceiveInput, Reception, Run, Wanted } from "./receive.ts";
import type { SmallKept } from "./small.ts";
import { type Span, spanOf } from "./span.ts";

/** Where all bytes from the network go: gathers them, and hands them on to be kept, without more memory than its own. */
export interface Intake {
  /** bytes up to which a blob is held in memory until all of it came, and then `put` */
  readonly small: number;
  /** Begins a larger one. */
  receive(wanted: Wanted): Promise<Receiver>;
  /** Takes a small one, and tells `then` once what becomes of it. A promise means: wait for it before taking more. */
  put(
    small: { readonly digest: Digest; readonly chunks: readonly Uint8Array[] },
    then: Then,
  ): Promise<void> | undefined;
  /** Resolves once all that was put is kept, or was refused. */
  idle(): Promise<void>;
  /** Only when idle, and all that was begun ended; resolves to what was hashed. */
  close(): Promise<Tally>;
}

type Then = (kept: SmallKept) => void;

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
  const blocks = blocksFor(work.streams, { shared: threaded });
  return intakeOf(keeper, { blocks, gatherMs: threaded ? GATHER_MS : 0, now: input.now });
}

/** ms that small blobs wait for others to go along with, where each message to a thread costs as much as a request */
const GATHER_MS = 2;

/** Exported for tests. */
export function intakeOf(
  keeper: Keeper,
  { blocks, gatherMs, now }: { blocks: Blocks; gatherMs: number; now: () => number },
): Intake {
  const packs = packsOf(keeper, { blocks, gatherMs });
  const order = newOrder(now);
  let blobs = 0;
  return {
    small: Math.min(SMALL, blocks.size),
    ...packs,
    receive: async (wanted) => {
      const reception = await keeper.receive(wanted);
      const { have, missing, finish } = reception;
      const { keep, isNext, flush } = order.of(missing, reception.keep);
      blobs += 1;
      const destination = { blob: blobs, blocks, keep, isNext, waiting: order.waiting };
      const suspend = () => {
        flush();
        return reception.suspend();
      };
      return { have, missing, finish, suspend, span: (range) => spanOf(range, destination) };
    },
    close: () => keeper.close(),
  };
}

/** Small blobs in one block, to be kept together: lists side by side, since there are many of them. */
interface Pack {
  readonly block: Block;
  filled: number;
  readonly digests: Digest[];
  /** Where each ends in the block. */
  readonly ends: number[];
  readonly thens: Then[];
}

/** Small ones are in the way of nothing for long. */
const FIRST: Turn = { blob: 0, position: 0, isNext: () => true };
/** Blobs of a pack: as many files are open at once. */
const MOST_ITEMS = 64;
/** Packs being kept; the next fills meanwhile. */
const MOST_UNDERWAY = 2;

function packsOf(
  keeper: Keeper,
  { blocks, gatherMs }: { blocks: Blocks; gatherMs: number },
): Pick<Intake, "put" | "idle"> {
  let pack: Pack | undefined;
  let underway = 0;
  let isDue = false;
  let timed = false;
  const idlers: (() => void)[] = [];

  const send = () => {
    if (pack === undefined) return;
    const { block, digests, ends, thens } = pack;
    pack = undefined;
    isDue = false;
    underway += 1;
    const blobs = digests.map((digest, index) => {
      return { digest, bytes: block.bytes.subarray(ends[index - 1] ?? 0, ends[index]) };
    });
    const failed = (error: unknown) => blobs.map((): SmallKept => ({ kind: "failed", error }));
    void keeper
      .put(blobs)
      .catch(failed)
      .then((kept) => {
        block.release();
        underway -= 1;
        if (isDue) send();
        for (const [index, then] of thens.entries()) then(kept[index] as SmallKept);
        if (!isBusy()) for (const idle of idlers.splice(0)) idle();
      });
  };
  const isBusy = () => underway > 0 || pack !== undefined;
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
  /** Another may have begun one while this block was waited for. */
  const begin = (block: Block): Pack => {
    if (pack !== undefined) block.release();
    pack ??= { block, filled: 0, digests: [], ends: [], thens: [] };
    return pack;
  };
  const put: Intake["put"] = (small, then) => {
    const size = small.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (pack !== undefined && pack.filled + size > blocks.size) send();
    const block = pack === undefined ? blocks.take(FIRST) : undefined;
    if (block instanceof Promise)
      return block.then((later) => {
        begin(later);
        return put(small, then);
      });
    const into = block === undefined ? (pack as Pack) : begin(block);
    fill(into, small, then);
    if (into.digests.length === MOST_ITEMS) send();
    else sendSoon();
    return undefined;
  };
  return {
    put,
    idle: async () => {
      if (isBusy()) await new Promise<void>((resolve) => idlers.push(resolve));
    },
  };
}

function fill(pack: Pack, { digest, chunks }: Parameters<Intake["put"]>[0], then: Then): void {
  for (const chunk of chunks) {
    pack.block.bytes.set(chunk, pack.filled);
    pack.filled += chunk.length;
  }
  pack.digests.push(digest);
  pack.ends.push(pack.filled);
  pack.thens.push(then);
}
