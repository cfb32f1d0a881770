// Of how many things ever, a bounded number is kept.

/** The first and the last so many; what is in between is handed to `let go`. */
export interface Ends<T> {
  add(item: T): void;
  all(): readonly T[];
}

export function ends<T>({ first, last }: { first: number; last: number }, letGo: (item: T) => void): Ends<T> {
  const beginning: T[] = [];
  /** A ring, once it is full. */
  const end: T[] = [];
  let oldest = 0;
  return {
    add: (item) => {
      if (beginning.length < first) beginning.push(item);
      else if (end.length < last) end.push(item);
      else {
        letGo(end[oldest] as T);
        end[oldest] = item;
        oldest = (oldest + 1) % last;
      }
    },
    all: () => [...beginning, ...end.slice(oldest), ...end.slice(0, oldest)],
  };
}

/** The so many largest; the others are handed to `letGo`. */
export function largest<T>(most: number, sizeOf: (item: T) => number, letGo: (item: T) => void): Ends<T> {
  const kept: T[] = [];
  let smallest = 0;
  const find = () => {
    for (let at = 0; at < kept.length; at++)
      if (sizeOf(kept[at] as T) < sizeOf(kept[smallest] as T)) smallest = at;
  };
  return {
    add: (item) => {
      if (kept.length < most) {
        kept.push(item);
        if (kept.length === most) find();
      } else if (sizeOf(item) <= sizeOf(kept[smallest] as T)) letGo(item);
      else {
        letGo(kept[smallest] as T);
        kept[smallest] = item;
        find();
      }
    },
    all: () => kept,
  };
}

/** Amounts over time, in at most `most` stretches of one length, which doubles whenever they do not reach. */
export interface Stretches {
  add(at: number, amount: number): void;
  all(): readonly { readonly at: number; readonly ms: number; readonly amount: number }[];
}

export function stretches({ most, ms: shortest }: { most: number; ms: number }): Stretches {
  let ms = shortest;
  let sums: number[] = [];
  return {
    add: (at, amount) => {
      while (at >= most * ms) {
        ms *= 2;
        const halved: number[] = [];
        for (const [index, sum] of sums.entries())
          halved[index >> 1] = (halved[index >> 1] ?? 0) + (sum ?? 0);
        sums = halved;
      }
      const index = Math.floor(at / ms);
      sums[index] = (sums[index] ?? 0) + amount;
    },
    all: () =>
      [...sums].flatMap((amount = 0, index) => (amount === 0 ? [] : [{ at: index * ms, ms, amount }])),
  };
}
