import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Listed } from "../../../cli/hub/port.ts";
import { findIn, shelterIn } from "../../../cli/resolve/shelter.ts";
import type { Digest } from "../../../schema/ids.ts";
import type { LockedFile, Refuge } from "../../../schema/lock.ts";
import { commitOf, digestOf, fileOf } from "../../support/documents.ts";

const refuge = (digit: string): Refuge => ({ repo: `o/${digit}`, type: "dataset", commit: commitOf(digit) });
const has = (path: string, digit: string, parts: Partial<Listed> = {}): Listed => ({
  path,
  size: 1,
  digest: digestOf(digit),
  ...parts,
});
const file = (path: string, digit: string) => fileOf(path, { digest: digestOf(digit) });
const find = (digit: string, listing: readonly Listed[], files: readonly LockedFile[]) =>
  findIn(refuge(digit), listing, { files, digestFor: () => undefined });

describe("findIn()", () => {
  const files = [file("a", "a"), file("b", "b"), file("twin", "b")];

  it("finds the same bytes: under their own path first, else under the first by name", () => {
    const there = find("1", [has("x/z", "b"), has("x/y", "b"), has("b", "b"), has("c", "a")], files);
    expect(files.map((one) => there.pathOf(one))).toEqual(["c", "b", "b"]);
    const moved = find("1", [has("x/z", "b"), has("x/y", "b")], files);
    expect(files.map((one) => moved.pathOf(one))).toEqual([undefined, "x/y", "x/y"]);
  });

  it("takes neither another content at the path, nor another size, nor another algorithm, nor a hostile name", () => {
    const listing = [
      has("a", "c"),
      has("a2", "a", { size: 2 }),
      has("a3", "a", { digest: digestOf("a", "git") }),
      has("../a", "a"),
      has(".git/a", "a"),
    ];
    expect(find("1", listing, files).pathOf(files[0] as LockedFile)).toBeUndefined();
  });

  it("takes a masked entry only for what it can be proven to be", () => {
    const masked = has("a", "", { digest: undefined, pointer: "f00" });
    const told = (digestFor: (one: Listed) => Digest | undefined) =>
      findIn(refuge("1"), [masked], { files, digestFor }).pathOf(files[0] as LockedFile);
    expect(told(() => undefined)).toBeUndefined();
    expect(told(({ pointer }) => (pointer === "f00" ? digestOf("a") : undefined))).toBe("a");
  });
});

describe("shelterIn()", () => {
  const files = [file("a", "a"), file("b", "b"), file("c", "c")];

  it("takes one refuge for all where there is one, though others come before it", () => {
    const some = find("1", [has("a", "a"), has("b", "b")], files);
    const all = find("2", [has("a", "a"), has("b", "b"), has("z", "c")], files);
    expect(shelterIn(files, [some, all])).toEqual({
      refuges: [{ refuge: refuge("2"), files: 3, bytes: 3 }],
      files: [files[0], files[1], { ...files[2], from: { path: "z" } }],
      missing: [],
    });
  });

  it("else takes each file from the first that has it, the refuge of most files first", () => {
    const one = find("1", [has("x", "a")], files);
    const two = find("2", [has("a", "a"), has("b", "b"), has("y", "c")], files.slice(1));
    const other = find("3", [has("b", "b")], files);
    expect(shelterIn([...files, file("d", "d")], [one, other, two])).toMatchObject({
      refuges: [
        { refuge: refuge("1"), files: 1 },
        { refuge: refuge("3"), files: 1 },
        { refuge: refuge("2"), files: 1 },
      ],
      files: [
        { path: "a", from: { path: "x" } },
        { path: "b", from: { refuge: 2 } },
        { path: "c", from: { refuge: 3, path: "y" } },
        { path: "d", from: { refuge: 0 } },
      ],
      missing: [{ path: "d" }],
    });
    expect(
      shelterIn(files, [one, two]).refuges.map(({ refuge: { repo }, files: held }) => [repo, held]),
    ).toEqual([
      ["o/2", 2],
      ["o/1", 1],
    ]);
  });

  it("forgets where a file was before", () => {
    const before = files.map((one) => ({ ...one, from: { refuge: 7, path: one.path } }));
    const all = find("1", [has("a", "a"), has("b", "b"), has("c", "c")], files);
    expect(shelterIn(before, [all]).files).toEqual(files);
    expect(shelterIn(before, []).files.every(({ from }) => from?.refuge === 0)).toBe(true);
  });

  it("loses no file, changes none, and sends each to where its bytes are", () => {
    const letters = fc.constantFrom("a", "b", "c", "d");
    const listings = fc.array(fc.array(fc.tuple(letters, letters), { maxLength: 5 }), { maxLength: 4 });
    const wanted = fc.uniqueArray(fc.tuple(letters, letters), { maxLength: 4, selector: ([path]) => path });
    fc.assert(
      fc.property(wanted, listings, (wants, many) => {
        const own = wants.map(([path, digit]) => file(path, digit));
        const worlds = many.map((listing) => new Map(listing));
        const finds = worlds.map((world, index) =>
          find(
            String(index),
            [...world].map(([path, digit]) => has(path, digit)),
            own,
          ),
        );
        const made = shelterIn(own, finds);
        expect(made.files.map(({ from: _, ...rest }) => rest)).toEqual(own);
        for (const one of made.files) {
          const at = made.refuges[(one.from?.refuge ?? 1) - 1];
          const world = at && worlds[Number(at.refuge.repo.slice(2))];
          const there = world?.get((one.from?.path ?? one.path) as "a");
          if (one.from?.refuge === 0) {
            expect(
              worlds.some((known) => [...known.values()].some((digit) => digestOf(digit) === one.digest)),
            ).toBe(false);
            expect(made.missing.map(({ path }) => path)).toContain(one.path);
          } else expect(there && digestOf(there)).toBe(one.digest);
        }
        expect(made.refuges.every(({ files: held }) => held > 0)).toBe(true);
      }),
    );
  });
});
