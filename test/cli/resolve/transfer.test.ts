import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { transfersOf } from "../../../cli/resolve/transfer.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import { digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";

/** `{ "a.txt": "d" }`: files by path, content by one hex digit, of as many bytes as the digit says. */
type Files = Readonly<Record<string, string>>;

function entry(name: string, files: Files): LockedSource {
  const list = Object.entries(files).map(([path, digit]) =>
    fileOf(path, { digest: digestOf(digit), size: Number.parseInt(digit, 16) }),
  );
  return entryOf(sourceOf(name), list);
}

function transfer(before: Readonly<Record<string, Files>>, after: Readonly<Record<string, Files>>) {
  const [olds, news] = [before, after].map((sources) =>
    Object.entries(sources).map(([name, files]) => entry(name, files)),
  ) as [LockedSource[], LockedSource[]];
  const names = [...new Set([...olds, ...news].map(({ name }) => name))].sort();
  const find = (list: LockedSource[], wanted: string) => list.find(({ name }) => name === wanted);
  const pairs = names.map((name) => ({ before: find(olds, name), after: find(news, name) }));
  const found = transfersOf(pairs, lockOf(...olds), lockOf(...news));
  return Object.fromEntries(
    names.map((name, at) => [
      name,
      [found[at]?.fetch.files, found[at]?.fetch.bytes, found[at]?.freed.files, found[at]?.freed.bytes],
    ]),
  );
}

describe("transfersOf()", () => {
  it("tells of no source where none changed", () => {
    expect(transfersOf([], lockOf(), lockOf())).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, Files>>, Readonly<Record<string, Files>>, object]>([
    ["nothing", { s: { a: "1" } }, { s: { a: "1" } }, { s: [0, 0, 0, 0] }],
    ["a new file is fetched", { s: { a: "1" } }, { s: { a: "1", b: "2" } }, { s: [1, 2, 0, 0] }],
    ["a removed one is freed", { s: { a: "1", b: "2" } }, { s: { a: "1" } }, { s: [0, 0, 1, 2] }],
    ["a changed one is both", { s: { a: "1" } }, { s: { a: "3" } }, { s: [1, 3, 1, 1] }],
    ["a renamed one is neither", { s: { a: "1" } }, { s: { b: "1" } }, { s: [0, 0, 0, 0] }],
    ["two that swap are neither", { s: { a: "1", b: "2" } }, { s: { a: "2", b: "1" } }, { s: [0, 0, 0, 0] }],
    [
      "one content under two names is fetched once",
      { s: {} },
      { s: { a: "5", b: "5" } },
      { s: [1, 5, 0, 0] },
    ],
    [
      "of two copies one may go for nothing",
      { s: { a: "5", b: "5" } },
      { s: { a: "5" } },
      { s: [0, 0, 0, 0] },
    ],
    [
      "what another source holds is not fetched",
      { s: {}, t: { x: "5" } },
      { s: { a: "5" }, t: { x: "5" } },
      { s: [0, 0, 0, 0], t: [0, 0, 0, 0] },
    ],
    [
      "what another source still uses is not freed",
      { s: { a: "5" }, t: { x: "5" } },
      { s: {}, t: { x: "5" } },
      { s: [0, 0, 0, 0], t: [0, 0, 0, 0] },
    ],
    [
      "what moves from one source to another is neither",
      { s: { a: "5" }, t: {} },
      { s: {}, t: { x: "5" } },
      { s: [0, 0, 0, 0], t: [0, 0, 0, 0] },
    ],
    [
      "what two sources gain, the first fetches; what two lose, the first frees",
      { s: { a: "1" }, t: { a: "1" } },
      { s: { a: "5" }, t: { a: "5" } },
      { s: [1, 5, 1, 1], t: [0, 0, 0, 0] },
    ],
    [
      "a new source is fetched, a dropped one freed",
      { s: { a: "1" } },
      { t: { a: "2" } },
      { s: [0, 0, 1, 1], t: [1, 2, 0, 0] },
    ],
  ])("%s", (_, before, after, expected) => {
    expect(transfer(before, after)).toEqual(expected);
  });

  it("adds up to what one lock has and the other has not", () => {
    const files = fc.dictionary(
      fc.constantFrom("a", "b", "c", "d"),
      fc.constantFrom("1", "2", "3", "4", "5"),
    );
    const sources = fc.dictionary(fc.constantFrom("s", "t", "u"), files);
    const digitsOf = (lock: Readonly<Record<string, Files>>) =>
      new Set(Object.values(lock).flatMap((one) => Object.values(one)));
    const bytes = (digits: Iterable<string>) => [...digits].reduce((sum, digit) => sum + Number(digit), 0);
    fc.assert(
      fc.property(sources, sources, (before, after) => {
        const [olds, news] = [digitsOf(before), digitsOf(after)];
        const all = Object.values(transfer(before, after));
        const sum = (at: number) => all.reduce((total, one) => total + (one[at] ?? 0), 0);
        expect(sum(1)).toBe(bytes([...news].filter((digit) => !olds.has(digit))));
        expect(sum(3)).toBe(bytes([...olds].filter((digit) => !news.has(digit))));
      }),
    );
  });
});
