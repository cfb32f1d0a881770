// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how a manifest writes its variables
import { describe, expect, it } from "vitest";
import { evaluateScript } from "../../../cli/foreign/evaluate.ts";
import { layOut } from "../../../cli/foreign/place.ts";

/** Folders as a script writes them; an empty one: none. */
function laidOut(folders: readonly string[]) {
  const values = folders.map(
    (folder) => evaluateScript(`x ${folder}`, { folder: "." }).runs.at(-1)?.words[1],
  );
  return layOut(values);
}

describe("layOut()", () => {
  it.each<[folders: string[], root: string | undefined, paths: (string | undefined)[], elsewhere?: number[]]>(
    [
      [["", ""], undefined, [undefined, undefined]],
      [["data"], "data", ["."]],
      [["./data/rust/"], "data", ["rust"]],
      [["data/a", "data/b/c"], "data", ["a", "b/c"]],
      [["data/a", "", "data/a"], "data", ["a", undefined, "a"]],
      [["data", "data/b"], "data", [".", "b"]],
      [["rust", "go"], ".", ["rust", "go"]],
      [["."], ".", ["."]],
      [["../d/a", "../d/b"], "../d", ["a", "b"]],
      [["a/../d/x", "d/y"], "d", ["x", "y"]],
      [["/scratch/hf/a", "/scratch/hf/b"], "/scratch/hf", ["a", "b"]],
      [["/data"], "/data", ["."]],
      [["/data/a"], "/data", ["a"]],
      [["$S/a", "$S/b"], "${S}", ["a", "b"]],
      [["$S"], "${S}", ["."]],
      [["${1:-d}/a", "${1:-d}/b"], "d", ["a", "b"]],
      [['"d/\n"', "'${d}'"], undefined, [undefined, undefined], [0, 1]],
      [["${S:-/x/y}/d/a", "${S:-/x/y}/d/b"], "${S:-/x/y}/d", ["a", "b"]],
      [["~/d/a"], "${HOME}/d", ["a"]],
      // What does not fit below the one root goes elsewhere.
      [["d/a", "d/b", "/abs/c"], "d", ["a", "b", undefined], [2]],
      [["/a/x", "/b/x"], "/a", ["x", undefined], [1]],
      [["$S/a", "d/b", "d/c"], "d", [undefined, "b", "c"], [0]],
      [["d/a", "d/$T", "d/b"], "d", ["a", undefined, "b"], [1]],
      [["d/a", "$1/b", "d/$(date)"], "d", ["a", undefined, undefined], [1, 2]],
    ],
  )("%j", (folders, root, paths, elsewhere = []) => {
    expect(laidOut(folders)).toEqual({ root, paths, elsewhere });
  });
});
