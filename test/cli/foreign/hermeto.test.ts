import { describe, expect, it } from "vitest";
import { readForeign } from "../../../cli/foreign/read.ts";

const COMMIT = "559062ad13d311b87b2c455e67dcd5f1c8f65111";

function read(text: string) {
  return readForeign(text, { file: "/p/huggingface.lock.yaml", folder: "." });
}

const entry = (lines: string) => read(`metadata:\n  version: "1.0"\nmodels:\n${lines}`);

describe("readHermeto()", () => {
  it("reads repository, commit, type and patterns", () => {
    const { kind, wanted, refused, notes } = read(`metadata:
  version: "1.0"
models:
  # the first
  - repository: "gpt2"
    revision: "${COMMIT.toUpperCase()}"
  - repository: owner/data
    revision: ${COMMIT}
    ref: main
    type: dataset
    include_patterns: ["*.parquet", "docs/"]
`);
    expect([kind, refused, notes]).toEqual(["hermeto", [], []]);
    const rest = { revision: COMMIT, folder: undefined };
    expect(wanted).toEqual([
      { line: 5, type: "model", repo: "gpt2", choice: { kind: "all" }, ...rest },
      {
        line: 7,
        type: "dataset",
        repo: "owner/data",
        choice: { kind: "patterns", include: ["*.parquet", "docs/*"], exclude: [] },
        ...rest,
      },
    ]);
  });

  it.each([
    ["  - nothing\n", "it is no mapping"],
    [`  - { revision: ${COMMIT} }\n`, 'its "repository" is not owner/name'],
    [`  - { repository: a/b/c, revision: ${COMMIT} }\n`, 'its "repository" is not owner/name'],
    ["  - { repository: o/n, revision: main }\n", 'its "revision" is not a commit of 40 hex digits'],
    ["  - { repository: o/n, revision: 1234 }\n", 'its "revision" is not a commit of 40 hex digits'],
    [
      `  - { repository: o/n, revision: ${COMMIT}, type: space }\n`,
      'its "type" is neither model nor dataset',
    ],
    [
      `  - { repository: o/n, revision: ${COMMIT}, include_patterns: "*" }\n`,
      'its "include_patterns" is no list of texts',
    ],
    [
      `  - { repository: o/n, revision: ${COMMIT}, include_patterns: [] }\n`,
      'its "include_patterns" is empty, which selects nothing',
    ],
  ])("refuses the entry %j alone", (lines, why) => {
    const { wanted, refused } = entry(`  - { repository: o/good, revision: ${COMMIT} }\n${lines}`);
    expect(wanted.map(({ repo }) => repo)).toEqual(["o/good"]);
    expect(refused).toEqual([{ line: 5, message: why }]);
  });

  it("tells of what it does not know", () => {
    expect(entry(`  - { repository: o/n, revision: ${COMMIT}, sha256: x }\n`)).toMatchObject({
      wanted: [{ repo: "o/n" }],
      notes: [{ line: 4, message: '"sha256" is not known, and left out' }],
    });
  });

  it.each([
    ["", "it is empty"],
    ["a: [\n", "it is not YAML"],
    ["models: x\n", 'it has no list "models"'],
    ["metadata: { version: '2.0' }\nmodels: []\n", 'its version is 2.0: should be "1.0"'],
    ["metadata: {}\nmodels: *a\n", "it "],
  ])("refuses the whole of %j", (text, why) => {
    const { wanted, refused } = read(text);
    expect(wanted).toEqual([]);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.message).toContain(why);
  });
});
