import type { Run } from "./receive.ts";

type Keep = (position: number, bytes: Uint8Array) => Promise<void>;

/**
 * The order in which blocks go to be kept. A blob is hashed from its first byte to its last, so a block that continues
 * what went before goes at once, and is hashed as it is. One that came early stays in memory until it is its turn: were it
 * written now, it would have to be read again. But where that makes a stream wait while nothing else is to be done, it goes.
 */
export interface Order {
  /** `missing`: what is to come of one blob, which `keep` keeps. */
  of(missing: readonly Run[], keep: Keep): Ordered;
  /** What a stream waits for before it goes on. */
  waiting<Value>(what: Promise<Value>): Promise<Value>;
}

export interface Ordered {
  readonly keep: Keep;
  /** Of a position: all before it has gone. */
  isNext(position: number): boolean;
  /** Lets go what is held. */
  flush(): void;
}

interface Blob {
  readonly number: number;
  readonly keep: Keep;
  /** Still to come; the first one begins at the first byte that has not gone. */
  readonly runs: { start: number; readonly end: number }[];
  /** Went before their turn: length by position. */
  readonly early: Map<number, number>;
}

interface Held {
  readonly blob: Blob;
  readonly position: number;
  readonly bytes: Uint8Array;
  go(kept: Promise<void>): void;
}

/** Blocks being kept beyond which more would only wait. */
const MANY = 8;
/** ms between two looks at whether streams wait in vain, and the part of them that keeping must have been at work. */
const LOOK_MS = 10;
const AT_WORK = 0.7;

export function newOrder(now: () => number): Order {
  const held: Held[] = [];
  let [blobs, waiters, underway] = [0, 0, 0];
  /** There is time to keep what came early. */
  let idle = true;
  let look: ReturnType<typeof setTimeout> | undefined;
  /** ms at work since `from`; at work now since `began`. */
  let [from, began, worked] = [0, 0, 0];

  const send = ({ blob, position, bytes, go }: Held) => {
    if (underway === 0) began = now();
    underway += 1;
    if (underway >= MANY) idle = false;
    const kept = blob.keep(position, bytes);
    go(kept);
    const after = () => {
      underway -= 1;
      if (underway === 0) worked += now() - began;
      release();
    };
    kept.then(after, after);
  };
  const takeHeld = (index: number): Held => held.splice(index, 1)[0] as Held;
  const sendEarly = (index: number) => {
    const early = takeHeld(index);
    early.blob.early.set(early.position, early.bytes.length);
    send(early);
  };
  const release = () => {
    while (idle && held.length > 0) sendEarly(firstOf(held));
  };
  const lookSoon = () => {
    if (idle || look !== undefined) return;
    [from, worked, began] = [now(), 0, now()];
    look = setTimeout(() => {
      look = undefined;
      if (waiters === 0 || held.length === 0) return;
      const atWork = worked + (underway > 0 ? now() - began : 0);
      idle = atWork < AT_WORK * (now() - from) || underway === 0;
      release();
      lookSoon();
    }, LOOK_MS);
  };
  /** Sends what has come of this blob without a gap. */
  const goOn = (blob: Blob) => {
    for (let run = blob.runs[0]; run !== undefined; run = blob.runs[0]) {
      if (run.start === run.end) {
        blob.runs.shift();
        continue;
      }
      const early = blob.early.get(run.start);
      const index = held.findIndex((one) => one.blob === blob && one.position === run?.start);
      if (early === undefined && index < 0) return;
      blob.early.delete(run.start);
      const next = early === undefined ? takeHeld(index) : undefined;
      run.start += early ?? next?.bytes.length ?? 0;
      if (next !== undefined) send(next);
    }
  };
  return {
    of: (missing, keep) => {
      blobs += 1;
      const runs = missing.map(({ start, end }) => ({ start, end }));
      const blob: Blob = { number: blobs, keep, runs, early: new Map() };
      return {
        keep: (position, bytes) =>
          new Promise((go) => {
            held.push({ blob, position, bytes, go });
            if (position === blob.runs[0]?.start) goOn(blob);
            else release();
          }),
        isNext: (position) => position === blob.runs[0]?.start,
        flush: () => {
          for (let index = held.length - 1; index >= 0; index--)
            if (held[index]?.blob === blob) sendEarly(index);
        },
      };
    },
    waiting: async (what) => {
      waiters += 1;
      lookSoon();
      try {
        return await what;
      } finally {
        waiters -= 1;
      }
    },
  };
}

/** The first block of the first blob. */
function firstOf(held: readonly Held[]): number {
  let first = 0;
  for (const [index, one] of held.entries()) {
    const other = held[first] as Held;
    const before = one.blob.number - other.blob.number || one.position - other.position;
    if (before < 0) first = index;
  }
  return first;
}
