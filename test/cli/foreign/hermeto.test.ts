import { describe, expect, it } from "vitest";
import { readForeign } from "../../../cli/foreign/read.ts";

const COMMIT = "559062ad13d311b87b2c455e67dcd5f1c8f65111";

function read(text: string) {
  return readForeign(text, { file: "/p/huggingface.lock.yaml", folder: ".", endpoints: [] });
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
    ["models: x\n", 'it has no list "models" or "artifacts"'],
    ["metadata: { version: '2.0' }\nmodels: []\n", 'its version is 2.0: should be "1.0"'],
    ["metadata: {}\nmodels: *a\n", "it "],
  ])("refuses the whole of %j", (text, why) => {
    const { wanted, refused } = read(text);
    expect(wanted).toEqual([]);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.message).toContain(why);
  });
});

describe("artifacts of its generic fetcher", () => {
  const at = (path: string, repo = "datasets/o/n", commit = COMMIT) =>
    `https://huggingface.co/${repo}/resolve/${commit}/${path}`;
  const artifacts = (...lines: string[]) =>
    read(`metadata:\n  version: "1.0"\nartifacts:\n${lines.join("")}`);
  const one = (url: string, filename?: string, checksum = "sha256:00") =>
    `  - download_url: "${url}"\n    checksum: "${checksum}"\n${filename === undefined ? "" : `    filename: "${filename}"\n`}`;

  it("are one download a commit and folder, with what is dropped of their paths and put in front", () => {
    const { wanted, refused, notes } = artifacts(
      one(at("data/a%20b.parquet"), "code/data/a b.parquet"),
      one(`${at("data/c.parquet")}?download=true#x`, "code/data/c.parquet"),
      one(at("data/d.parquet"), "d.parquet"),
      one(at("config.json", "gpt2")),
      one(at("x/y.txt", "spaces/o/app"), "deep/down/y.txt"),
    );
    expect([refused, notes]).toEqual([[], []]);
    const pin = { type: "dataset", repo: "o/n", revision: COMMIT };
    expect(wanted).toEqual([
      {
        line: 4,
        ...pin,
        folder: ["data/code"],
        choice: { kind: "files", paths: ["data/a b.parquet", "data/c.parquet"] },
      },
      {
        line: 10,
        ...pin,
        folder: ["data"],
        strip: "data",
        choice: { kind: "files", paths: ["data/d.parquet"] },
      },
      {
        line: 13,
        type: "model",
        repo: "gpt2",
        revision: COMMIT,
        folder: ["data"],
        choice: { kind: "files", paths: ["config.json"] },
      },
      {
        line: 15,
        type: "space",
        repo: "o/app",
        revision: COMMIT,
        folder: ["data/deep/down"],
        strip: "x",
        choice: { kind: "files", paths: ["x/y.txt"] },
      },
    ]);
  });

  it.each([
    [
      one("https://example.com/file.zip"),
      'its "download_url" is a page of example.com, which is not the Hub in use',
    ],
    [one(at("a", "datasets/o/n", "main")), 'its "download_url" names no commit of 40 hex digits'],
    [one(at("")), 'its "download_url" names no file'],
    [
      one(at("a.txt"), "b.txt"),
      'its "filename" ends with another name than the file has, which a source cannot change',
    ],
    [one(at("a"), "a", "0123"), 'its "checksum" is not of the form "sha256:…"'],
    ["  - download_url: 3\n", 'its "download_url" is no text'],
    ["  - type: maven\n", "it is of type maven, which is not had from a Hub"],
    ["  - x\n", "it is no mapping"],
  ])("refuses %j, and reads the others", (lines, why) => {
    const { wanted, refused } = artifacts(lines, one(at("a")));
    expect(refused).toEqual([{ line: 4, message: why }]);
    expect(wanted).toHaveLength(1);
  });

  it("count at a Hub of one's own where it is in use, and tell of what is left out", () => {
    const text = `metadata: { version: "2.0" }\nartifacts:\n  - download_url: http://hub.lan/datasets/o/n/resolve/${COMMIT}/a\n    checksum: md5:00\n    auth: { bearer: { value: $T } }\n`;
    const place = { file: "/p/artifacts.lock.yaml", folder: ".", endpoints: ["http://hub.lan"] };
    expect(readForeign(text, place)).toMatchObject({
      wanted: [{ repo: "o/n" }],
      notes: [{ line: 3, message: '"auth" is not known, and left out' }],
    });
    expect(read(text)).toMatchObject({ wanted: [], refused: [{ line: 3 }] });
  });
});
