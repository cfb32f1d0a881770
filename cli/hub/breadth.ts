/**
 * How many streams to one host pay: few at first, twice as many as long as that brings more, back to where it did not,
 * and from there on a try now and then whether more bring more, or fewer as much. What is measured comes in as samples;
 * nothing here knows the time.
 */
export interface Breadth {
  /** Streams to have open now; from 1 to `ceiling`. */
  readonly target: number;
  readonly ceiling: number;
  readonly phase: Phase;
  /** What the streams before brought, per ms; undefined until there was a sample. */
  readonly rate: number | undefined;
  /** Samples of the phase so far. */
  readonly seen: number;
  /** Samples between two tries; longer after each that was in vain. */
  readonly rest: number;
  /** The try to come. */
  readonly turn: "more" | "fewer";
}

type Phase =
  /** Twice as many with each sample that brought more. `before`: the streams that `rate` is of. */
  | { readonly kind: "doubling"; readonly before: number }
  /** `since`: the rate when it began. */
  | { readonly kind: "holding"; readonly since: number | undefined }
  /** `before`: the streams to go back to. `sum`: of the rates seen. */
  | { readonly kind: "trying"; readonly before: number; readonly sum: number };

/** What came from one host over a while in which as many streams were open as there might be. */
export interface Sample {
  /** ms */
  readonly ms: number;
  readonly bytes: number;
  /** Answers that ended. */
  readonly answers: number;
  /** Connections that broke or stalled, refusals for too many requests, and servers that failed. */
  readonly troubles: number;
}

const START = 4;
/** What counts as more after a step, what after twice as many streams, and what as much. */
const MORE = 1.05;
const MORE_OF_TWICE = 1.15;
const AS_MUCH = 0.98;
const PLAINLY_LESS = 0.9;
/** A rate that grows so much while the streams stay the same: what was found out before no longer counts. */
const PLAINLY_MORE = 1.25;
/** bytes that an answer is worth beside its own: what small files cost is being asked for. */
const ANSWER = 64 * 1024;
/** Samples without more before doubling ends, and of a try; the first of one still has connections being made. */
const DOUBTS = 2;
const TRIED = 3;
const REST = { least: 8, most: 64 };
/** The latest sample's part in the rate while nothing changes. */
const WEIGHT = 0.3;

export function newBreadth(ceiling: number): Breadth {
  const target = Math.max(1, Math.min(START, ceiling));
  const phase: Phase = { kind: "doubling", before: target };
  return { target, ceiling, phase, rate: undefined, seen: 0, rest: REST.least, turn: "more" };
}

export function breadthAfter(breadth: Breadth, sample: Sample): Breadth {
  if (sample.troubles > 0) return halved(breadth);
  const rate = (sample.bytes + sample.answers * ANSWER) / Math.max(1, sample.ms);
  switch (breadth.phase.kind) {
    case "doubling":
      return doubled(breadth, breadth.phase, rate);
    case "holding":
      return held(breadth, breadth.phase, rate);
    case "trying":
      return tried(breadth, breadth.phase, rate);
    default:
      return breadth.phase satisfies never;
  }
}

/** What was learned was learned of a host that is now in trouble. */
function halved(breadth: Breadth): Breadth {
  const target = Math.max(1, Math.floor(breadth.target / 2));
  return {
    ...breadth,
    target,
    phase: { kind: "holding", since: undefined },
    rate: undefined,
    seen: 0,
    turn: "more",
  };
}

function doubled(breadth: Breadth, { before }: Extract<Phase, { kind: "doubling" }>, rate: number): Breadth {
  const { target, ceiling } = breadth;
  if (breadth.rate === undefined || rate >= breadth.rate * MORE_OF_TWICE) {
    if (target === ceiling) return { ...holding(breadth, { target, rate }), rest: REST.most / 2 };
    return doubling(breadth, rate);
  }
  const seen = breadth.seen + 1;
  return seen < DOUBTS ? { ...breadth, seen } : holding(breadth, { target: before, rate: breadth.rate });
}

function doubling(breadth: Breadth, rate: number): Breadth {
  const { target, ceiling } = breadth;
  const phase: Phase = { kind: "doubling", before: target };
  return { ...breadth, target: Math.min(ceiling, target * 2), phase, rate, seen: 0 };
}

function held(breadth: Breadth, phase: Extract<Phase, { kind: "holding" }>, latest: number): Breadth {
  const rate = breadth.rate === undefined ? latest : breadth.rate + WEIGHT * (latest - breadth.rate);
  const { since = rate } = phase;
  if (rate > since * PLAINLY_MORE && breadth.target < breadth.ceiling) return doubling(breadth, rate);
  const seen = breadth.seen + 1;
  if (seen < breadth.rest) return { ...breadth, rate, seen, phase: { kind: "holding", since } };
  const { target: before, turn, ceiling } = breadth;
  const step = Math.max(1, Math.round(before / 4));
  const target = turn === "more" ? Math.min(ceiling, before + step) : Math.max(1, before - step);
  const next = turn === "more" ? "fewer" : "more";
  if (target === before) return { ...breadth, rate, seen: 0, turn: next };
  return { ...breadth, target, rate, seen: 0, turn: next, phase: { kind: "trying", before, sum: 0 } };
}

function tried(
  breadth: Breadth,
  { before, sum }: Extract<Phase, { kind: "trying" }>,
  latest: number,
): Breadth {
  const known = breadth.rate ?? 0;
  const seen = breadth.seen + 1;
  const counted = breadth.seen === 0 ? 0 : sum + latest;
  const isPlain = breadth.seen > 0 && latest < known * PLAINLY_LESS;
  if (seen < TRIED && !isPlain) return { ...breadth, seen, phase: { kind: "trying", before, sum: counted } };
  const rate = counted / (seen - 1);
  const isBetter = breadth.target > before ? rate >= known * MORE : rate >= known * AS_MUCH;
  if (!isBetter) {
    const rest = Math.min(REST.most, breadth.rest * 2);
    return { ...holding(breadth, { target: before, rate: known }), rest };
  }
  // Where a step that way was right, so may be the next, and soon.
  const turn = breadth.target > before ? "more" : "fewer";
  return {
    ...holding(breadth, { target: breadth.target, rate }),
    rest: REST.least,
    turn,
    seen: REST.least / 2,
  };
}

function holding(breadth: Breadth, { target, rate }: { target: number; rate: number }): Breadth {
  return { ...breadth, target, rate, seen: 0, phase: { kind: "holding", since: rate } };
}
