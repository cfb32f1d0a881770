import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Breadth, breadthAfter, newBreadth, type Sample } from "../../../cli/hub/breadth.ts";

/** A network as a function of the streams that are open: bytes and answers per ms. */
type Network = (streams: number, ms: number) => { bytes: number; answers: number; troubles?: number };

const MB = 1e6;
const EVERY_MS = 100;

/** The targets over so many samples. `noise`: the part by which what is seen may differ from what is. */
function targets(
  network: Network,
  {
    samples,
    ceiling = 16,
    noise = 0,
    seed = 1,
  }: { samples: number; ceiling?: number; noise?: number; seed?: number },
): number[] {
  let state = seed;
  const chance = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  let breadth = newBreadth(ceiling);
  const seen: number[] = [];
  for (let index = 0; index < samples; index++) {
    seen.push(breadth.target);
    const { bytes, answers, troubles = 0 } = network(breadth.target, index * EVERY_MS);
    const factor = 1 + noise * (2 * chance() - 1);
    breadth = breadthAfter(breadth, {
      ms: EVERY_MS,
      bytes: bytes * EVERY_MS * factor,
      answers: answers * EVERY_MS * factor,
      troubles,
    });
  }
  return seen;
}

/** What came over all samples, as part of what the best number of streams would have brought. */
function share(network: Network, seen: readonly number[], ceiling = 16): number {
  const worth = (streams: number, ms: number) => {
    const { bytes, answers } = network(streams, ms);
    return bytes + answers * 64 * 1024;
  };
  let [got, best] = [0, 0];
  for (const [index, streams] of seen.entries()) {
    got += worth(streams, index * EVERY_MS);
    best += Math.max(...Array.from({ length: ceiling }, (_, more) => worth(more + 1, index * EVERY_MS)));
  }
  return got / best;
}

/** Each connection brings so much, up to what the link carries. MB/s */
const capped =
  (each: number, link: number): Network =>
  (streams) => ({
    bytes: (Math.min(streams * each, link) * MB) / 1000,
    answers: 0,
  });
/** Each stream has one answer at a time. */
const latency =
  (ms: number): Network =>
  (streams) => ({ bytes: (streams * 4096) / ms, answers: streams / ms });
/** Beyond so many streams each costs the others something. */
const degrading =
  (most: number): Network =>
  (streams) => ({
    bytes: streams <= most ? streams * 10_000 : Math.max(1_000, (most - (streams - most)) * 10_000),
    answers: 0,
  });

describe("newBreadth()", () => {
  it.each([
    [1, 1],
    [2, 2],
    [16, 4],
    [256, 4],
  ])("of at most %d begins with %d", (ceiling, target) => {
    expect(newBreadth(ceiling).target).toBe(target);
  });
});

describe("breadthAfter()", () => {
  it("doubles to the ceiling at once where each stream brings as much as the one before", () => {
    for (const network of [capped(20, 1e9), latency(50)]) {
      const seen = targets(network, { samples: 60 });
      expect(seen.slice(0, 5)).toEqual([4, 8, 16, 16, 16]);
      expect(share(network, seen)).toBeGreaterThan(0.95);
      expect(Math.min(...seen.slice(4))).toBeGreaterThanOrEqual(12);
    }
  });

  it("goes back to what brought as much where the link is full", () => {
    const seen = targets(capped(500, 500), { samples: 200 });
    expect(seen.slice(0, 4)).toEqual([4, 8, 8, 4]);
    expect(seen.at(-1)).toBeLessThanOrEqual(2);
  });

  it.each([
    ["a link for 4", capped(25, 100), 4, 6],
    ["a link for 10", capped(10, 100), 9, 13],
    ["a link for all", capped(5, 100), 14, 16],
    ["a server that degrades above 3", degrading(3), 2, 4],
    ["a server that degrades above 6", degrading(6), 5, 7],
    ["a server that degrades above 10", degrading(10), 8, 11],
  ])("settles near the best for %s", (_, network, least, most) => {
    const seen = targets(network, { samples: 600 });
    const late = seen.slice(300);
    const usual = [...late].sort((a, b) => a - b)[late.length / 2] as number;
    expect(usual).toBeGreaterThanOrEqual(least);
    expect(usual).toBeLessThanOrEqual(most);
    expect(
      share(
        network,
        late.map((streams) => streams),
      ),
    ).toBeGreaterThan(0.9);
  });

  it("stays near the best where what is seen trembles, and does not fall to one", () => {
    for (const network of [capped(20, 1e9), capped(25, 200), latency(50), degrading(8)]) {
      for (let seed = 1; seed <= 20; seed++) {
        const seen = targets(network, { samples: 600, noise: 0.1, seed });
        expect(share(network, seen.slice(50))).toBeGreaterThan(0.75);
        expect(Math.min(...seen.slice(50))).toBeGreaterThan(1);
      }
    }
  });

  it("follows a network that changes", () => {
    const faster: Network = (streams, ms) => capped(25, ms < 20_000 ? 75 : 400)(streams, ms);
    const seen = targets(faster, { samples: 1_200 });
    expect(seen[150]).toBeLessThanOrEqual(5);
    expect(seen.slice(-100).every((target) => target >= 10)).toBe(true);
  });

  it("halves at trouble, never below one, and grows again", () => {
    const shaken: Network = (streams, ms) => ({
      ...capped(20, 1e9)(streams, ms),
      troubles: ms === 2_000 || ms === 2_100 ? 3 : 0,
    });
    const seen = targets(shaken, { samples: 300 });
    expect(seen[20]).toBe(16);
    expect(seen.slice(21, 23)).toEqual([8, 4]);
    expect(seen.at(-1)).toBeGreaterThanOrEqual(12);
    const hopeless = targets(() => ({ bytes: 0, answers: 0, troubles: 1 }), { samples: 10 });
    expect(hopeless.slice(2)).toEqual(Array.from({ length: 8 }, () => 1));
  });

  it("keeps within its bounds, whatever it is told", () => {
    const sample: fc.Arbitrary<Sample> = fc.record({
      ms: fc.nat(10_000),
      bytes: fc.nat(1e9),
      answers: fc.nat(10_000),
      troubles: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(5)),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 256 }),
        fc.array(sample, { maxLength: 200 }),
        (ceiling, samples) => {
          let breadth: Breadth = newBreadth(ceiling);
          for (const one of samples) {
            breadth = breadthAfter(breadth, one);
            expect(Number.isInteger(breadth.target)).toBe(true);
            expect(breadth.target).toBeGreaterThanOrEqual(1);
            expect(breadth.target).toBeLessThanOrEqual(ceiling);
          }
        },
      ),
    );
  });
});
