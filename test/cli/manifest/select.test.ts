import { describe, expect, it } from "vitest";
import { selectSources } from "../../../cli/manifest/select.ts";
import { manifestOf, sourceOf } from "../../support/documents.ts";

describe("selectSources()", () => {
  const manifest = manifestOf(
    sourceOf("rust", { groups: ["code", "small"] }),
    sourceOf("go", { groups: ["code"] }),
    sourceOf("constructor"),
  );

  it.each<[string[], string[]]>([
    [["rust"], ["rust"]],
    [["code"], ["go", "rust"]],
    [
      ["small", "go", "go"],
      ["go", "rust"],
    ],
    [["constructor"], ["constructor"]],
    [[], []],
  ])("makes %j the sources %j", (names, expected) => {
    expect([...selectSources(manifest, names)].sort()).toEqual(expected);
  });

  it.each([
    ["rsut", 'did you mean "rust"?'],
    ["cod", 'did you mean "code"?'],
    ["toString", "it has: code, constructor, go, rust, small"],
    ["a\u001b[2Jb", "it has: code, constructor, go, rust, small"],
  ])("knows no %j", (name, hint) => {
    expect(() => selectSources(manifest, ["rust", name])).toThrow(
      expect.objectContaining({ code: "USAGE", hint }),
    );
    expect(() => selectSources(manifest, [name])).not.toThrow(/\u001b/);
  });
});
