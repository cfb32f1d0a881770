import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Branch, treeOf } from "../../../cli/page/tree.ts";

function known(source: string, shown: string, size: number) {
  return { source, path: shown, shown, size, facts: undefined };
}

function leavesOf(branch: Branch): Branch[] {
  return branch.children.length === 0 ? [branch] : branch.children.flatMap(leavesOf);
}

/** `name bytes`, one a line, deeper ones further in. */
function drawn({ name, bytes, children }: Branch, depth = 0): string[] {
  return [`${" ".repeat(depth)}${name} ${bytes}`, ...children.flatMap((child) => drawn(child, depth + 1))];
}

describe("treeOf()", () => {
  it("is source, folder and file, the largest first, and joins folders that hold a folder alone", () => {
    const files = [
      known("a", "x/y/1", 3),
      known("a", "x/y/2", 5),
      known("a", "top", 1),
      known("b", "only", 20),
    ];
    expect(drawn(treeOf(files))).toEqual([
      " 29",
      " b 20",
      "  only 20",
      " a 9",
      "  x/y 8",
      "   2 5",
      "   1 3",
      "  top 1",
    ]);
  });

  it("gathers what is too small, and says how much", () => {
    const files = Array.from({ length: 500 }, (_, index) =>
      known("a", `f${String(index).padStart(3, "0")}`, index),
    );
    const [source] = treeOf(files).children;
    expect(source?.children).toHaveLength(320);
    expect(source?.children.at(-1)).toEqual({
      name: "181 more files",
      kind: "rest",
      files: 181,
      bytes: (180 * 181) / 2,
      children: [],
    });
  });

  it("opens every source before it opens any folder further", () => {
    const files = Array.from({ length: 40 }, (_, source) =>
      Array.from({ length: 100 }, (_, index) => known(`s${source}`, `d${index % 10}/f${index}`, 10 + source)),
    ).flat();
    const { children } = treeOf(files);
    expect(children).toHaveLength(40);
    expect(children.filter((source) => source.children.length === 0)).toEqual([]);
  });

  it("loses no byte and no file, and stays a picture of bounded size", () => {
    const name = fc.constantFrom("a", "b", "c", "__proto__", "ä", "constructor");
    const made = fc.record({ source: name, folders: fc.array(name, { maxLength: 4 }), size: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.array(made, { maxLength: 300 }), (all) => {
        const files = all.map(({ source, folders, size }, index) =>
          known(source, [...folders, `f${index}`].join("/"), size),
        );
        const tree = treeOf(files, 40);
        const check = (branch: Branch): void => {
          if (branch.children.length === 0) return;
          const sum = (of: "files" | "bytes") =>
            branch.children.reduce((total, child) => total + child[of], 0);
          expect([sum("files"), sum("bytes")]).toEqual([branch.files, branch.bytes]);
          branch.children.forEach(check);
        };
        check(tree);
        expect([tree.files, tree.bytes]).toEqual([
          files.length,
          files.reduce((sum, { size }) => sum + size, 0),
        ]);
        // Each of the sources may be opened into the fewest.
        expect(leavesOf(tree).length).toBeLessThanOrEqual(40 + 6 * 8);
        expect(treeOf(files, 40)).toEqual(tree);
      }),
    );
  });
});
