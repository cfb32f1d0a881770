import { describe, expect, it } from "vitest";
import { TritterError } from "../../../cli/errors.ts";
import { stanzaOf } from "../../../cli/project/spec.ts";

const NONE = { include: [], exclude: [], groups: [] };
const HUB = "https://huggingface.co";

function thrownBy(spec: string, flags: Partial<Parameters<typeof stanzaOf>[2]>): string {
  try {
    stanzaOf(spec, [], { ...NONE, ...flags });
  } catch (error) {
    if (error instanceof TritterError) return `${error.code} ${error.message} (${error.hint})`;
    throw error;
  }
  throw new Error(`accepted: ${spec}`);
}

describe("stanzaOf()", () => {
  it.each([
    ["o/n", { repo: "o/n" }],
    ["o/n@main", { repo: "o/n" }],
    ["o/n@v1", { repo: "o/n", revision: "v1" }],
    ["models/o/n", { repo: "o/n", type: "model" }],
    ["hf://o/n", { repo: "o/n", type: "model" }],
    [`${HUB}/spaces/o/n`, { repo: "o/n", type: "space" }],
    // Files.
    [`${HUB}/datasets/o/n/blob/main/data/a.parquet`, { repo: "o/n", include: ["data/a.parquet"] }],
    [
      `${HUB}/datasets/o/n/resolve/v1/README.md?download=true`,
      { repo: "o/n", revision: "v1", include: ["/README.md"] },
    ],
    [
      `${HUB}/datasets/o/n/blob/main/a%5B1%5D%7Bx%7D*.txt`,
      { repo: "o/n", include: ["/a\\[1\\]\\{x\\}\\*.txt"] },
    ],
    // Folders.
    [`${HUB}/datasets/o/n/tree/main/data`, { repo: "o/n", include: ["data/**"] }],
    [
      `${HUB}/datasets/o/n/tree/refs%2Fconvert%2Fparquet/x%5By%5D/z`,
      { repo: "o/n", revision: "refs/convert/parquet", include: ["x\\[y\\]/z/**"] },
    ],
    // What hf:// leaves open.
    ["hf://datasets/o/n/data/a.parquet", { repo: "o/n", include: ["data/a.parquet"] }],
    ["hf://datasets/o/n/a.parquet", { repo: "o/n", include: ["/a.parquet"] }],
    ["hf://datasets/o/n/data", { repo: "o/n", include: ["data/**"] }],
    ["hf://datasets/o/n/data/", { repo: "o/n", include: ["data/**"] }],
    ["hf://datasets/o/n/v1.0/", { repo: "o/n", include: ["v1.0/**"] }],
    ["hf://datasets/o/n/data/*.parquet", { repo: "o/n", include: ["data/*.parquet"] }],
    ["hf://datasets/o/n/*.parquet", { repo: "o/n", include: ["/*.parquet"] }],
    ["hf://datasets/o/n/{a,b}/", { repo: "o/n", include: ["{a,b}/**"] }],
  ])("%s", (spec, stanza) => {
    expect(stanzaOf(spec, [], NONE)).toEqual(stanza);
  });

  it("lays the flags over it", () => {
    const flags = {
      type: "space",
      revision: "v1",
      include: ["a/*"],
      exclude: ["*.md"],
      path: "p",
      strip: "a",
      groups: ["g"],
    } as const;
    expect(stanzaOf("o/n", [], flags)).toEqual({ repo: "o/n", ...flags });
    expect(stanzaOf("models/o/n@v1", [], { ...NONE, type: "model", revision: "v1" })).toEqual({
      repo: "o/n",
      type: "model",
      revision: "v1",
    });
    expect(
      stanzaOf(`${HUB}/datasets/o/n/tree/main/data`, [], { ...NONE, exclude: ["*.md"], strip: "data" }),
    ).toEqual({
      repo: "o/n",
      include: ["data/**"],
      exclude: ["*.md"],
      strip: "data",
    });
  });

  it.each([
    [
      "hf://o/n",
      { type: "dataset" },
      'USAGE cannot add "hf://o/n": it names a model, and --type a dataset (drop --type)',
    ],
    [
      "o/n@v1",
      { revision: "v2" },
      'USAGE cannot add "o/n@v1": it names the revision "v1", and --revision another (drop one of the two)',
    ],
    [
      `${HUB}/datasets/o/n/tree/v1/d`,
      { include: ["*.txt"] },
      `USAGE cannot add "${HUB}/datasets/o/n/tree/v1/d": it names files already, and --include others (drop --include, or give the repository alone: datasets/o/n@v1)`,
    ],
    [
      "https://example.org/o/n",
      {},
      'USAGE cannot add "https://example.org/o/n": it is a page of example.org, which is not the Hub in use',
    ],
  ] as const)("refuses %s with %o", (spec, flags, told) => {
    expect(thrownBy(spec, flags)).toContain(told);
  });
});
