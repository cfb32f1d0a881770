import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, describe as group, it } from "vitest";
import { describe } from "../../cli/describe.ts";
import { NO_FACTS } from "../../cli/facts/document.ts";
import { besidePaths, indexPath } from "../../cli/lock/wants.ts";
import type { Facts, FileFacts, ParquetFacts } from "../../schema/facts.ts";
import type { Digest } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";
import type { Manifest } from "../../schema/manifest.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, manifestOf, sourceOf } from "../support/documents.ts";

const REPORTS = { reports: "beside" } as const;

function described(
  entries: readonly LockedSource[],
  { facts = NO_FACTS, manifest = {} }: { facts?: Facts; manifest?: Partial<Manifest> } = {},
): Record<string, string> {
  const sources = entries.map(({ name }) => sourceOf(name));
  const wants = describe({
    manifest: { ...manifestOf(...sources), ...REPORTS, ...manifest },
    lock: lockOf(...entries),
    facts,
  });
  return Object.fromEntries(wants.map(({ path, generated }) => [path, Buffer.from(generated).toString()]));
}

const entry = (paths: readonly string[], parts: Partial<LockedSource> = {}) => ({
  ...entryOf(
    sourceOf("code"),
    paths.map((path) => fileOf(path)),
  ),
  ...parts,
});
const isMetadata = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(new URL("../../schema/metadata.schema.json", import.meta.url), "utf8")),
);

const metadataOf = (entries: LockedSource, facts?: Facts) =>
  JSON.parse(described([entries], { facts })[besidePaths(entries).metadata] ?? "");

group("describe()", () => {
  it("makes nothing where the manifest asks for nothing", () => {
    expect(described([entry(["a.csv"])], { manifest: { reports: undefined } })).toEqual({});
  });

  it("tells of no sources, and of a source without files", () => {
    expect(described([])).toEqual({ "README.test.md": expect.stringContaining("\nNo sources.\n") });
    const texts = described([entry([])]);
    expect(texts["code.README.md"]).toContain("| Size | 0 files, 0 B |\n| Rows | not known |\n");
    expect(JSON.parse(texts["code.metadata.json"] ?? "")).toMatchObject({
      totals: { files: 0, rows: null },
      files: [],
    });
  });

  it.each([
    ["code", "code", "code.README.md"],
    ["code", "a/b", "a/b.README.md"],
    ["code", "", "code.README.md"],
  ])("puts what describes %s in %j at %s", (name, path, readme) => {
    expect(besidePaths({ name, path }).readme).toBe(readme);
  });

  it.each([
    ["corpus", "README.corpus.md"],
    ["../tritter.yaml", "README.tritter.md"],
    ["../../projects/vision.yml", "README.vision.md"],
    ["my corpus, v1.0", "README.my-corpus-v1.0.md"],
    ["a/b", "README.b.md"],
    ["..", "README.tritter.md"],
    ["数据", "README.tritter.md"],
  ])("calls the index of %j %s", (owner, path) => {
    expect(indexPath(owner)).toBe(path);
  });

  it.each([
    [undefined, "https://huggingface.co/datasets/"],
    ["https://hub.example.org/", "https://hub.example.org/datasets/"],
  ])("links to the Hub that the manifest names: %s", (endpoint, start) => {
    const text = described([entry(["a.csv"])], { manifest: { endpoint } })["code.README.md"] ?? "";
    expect(text).toContain(`](${start}`);
  });

  it("links to no Hub that is a folder", () => {
    const texts = Object.values(described([entry(["a.csv"])], { manifest: { endpoint: "/srv/hub" } })).join();
    expect(texts).not.toMatch(/https?:|\/srv/);
  });

  it.each([
    [["a.parquet", "README.md"], 'load_dataset("parquet", data_files=files, split="train")'],
    [["a.jsonl"], "pandas.read_json(files[0], lines=True)"],
    [["a.csv", "b.tsv"], "pandas.read_csv(files[0])"],
    [["a.tsv", "b.tsv.gz"], 'pandas.read_csv(files[0], sep="\\t")'],
    [["a.arrow"], "pandas.read_feather(files[0])"],
    [["a.txt"], 'load_dataset("text"'],
    [["a.safetensors", "b.md"], 'for file in described["files"]]'],
  ])("tells how to load %j", (paths, line) => {
    const sized = entry(paths, { files: paths.map((path, at) => fileOf(path, { size: 100 - at })) });
    expect(described([sized])["code.README.md"]).toContain(line);
  });

  it("tells programs all that lock and facts hold, as the schema says", () => {
    const files = [
      fileOf("a.parquet", { size: 9, digest: digestOf("a") }),
      fileOf("b.parquet", { size: 8, digest: digestOf("b") }),
      fileOf("c.md", { size: 7, digest: digestOf("c", "git") }),
    ];
    const column = { compressed: 1, plain: 1, range: undefined };
    const read: ParquetFacts = {
      kind: "parquet",
      rows: 12,
      rowGroups: 1,
      writer: undefined,
      columns: [
        { ...column, name: "language", type: "string?", values: new Map([["Go", 12]]) },
        { ...column, name: "text", type: "string", values: undefined },
      ],
    };
    const facts: Facts = {
      version: 1,
      files: new Map<Digest, FileFacts>([
        [digestOf("a"), read],
        [digestOf("b"), { kind: "unreadable", why: "it has no footer" }],
      ]),
    };
    const rescued = [{ repo: "o/mirror", type: "dataset", commit: commitOf("2") }] as const;
    const carrier = { fallback: 1, why: "gated", instead: "dataset o/own main" };
    const whole = entry([], { files, licenses: ["mit"], gated: "manual", private: true, rescued, carrier });
    const metadata = metadataOf(whole, facts);
    expect([isMetadata(metadata), isMetadata.errors]).toEqual([true, null]);
    expect(metadata).toEqual({
      version: 1,
      source: "code",
      folder: "code",
      repo: "o/code",
      type: "dataset",
      revision: "main",
      asOf: null,
      minAge: null,
      commit: commitOf("1"),
      page: `https://huggingface.co/datasets/o/code/tree/${commitOf("1")}`,
      strip: "",
      licenses: ["mit"],
      accepted: null,
      gated: "manual",
      private: true,
      card: null,
      carrier,
      rescued,
      citation: expect.stringMatching(/^@misc\{o-code-1111111,\n {2}title = /),
      totals: { files: 3, bytes: 24, rows: 12, countedFiles: 1 },
      formats: [
        { format: "parquet", files: 2, bytes: 17 },
        { format: "text", files: 1, bytes: 7 },
      ],
      columns: [
        { name: "language", type: "string?", files: 1, values: { Go: 12 } },
        { name: "text", type: "string", files: 1, values: null },
      ],
      unreadable: [{ path: "b.parquet", why: "it has no footer" }],
      files: [
        {
          path: "code/a.parquet",
          file: "a.parquet",
          size: 9,
          sha256: "a".repeat(64),
          format: "parquet",
          rows: 12,
        },
        {
          path: "code/b.parquet",
          file: "b.parquet",
          size: 8,
          sha256: "b".repeat(64),
          format: "parquet",
          rows: null,
        },
        { path: "code/c.md", file: "c.md", size: 7, git: "c".repeat(40), format: "text", rows: null },
      ],
    });
  });

  it("lists a hundred files, and leads to where all are", () => {
    const paths = Array.from({ length: 150 }, (_, at) => `${1000 + at}.csv`);
    const texts = described([entry(paths)]);
    expect(texts["code.README.md"]).toContain("\n| code/1099.csv |");
    expect(texts["code.README.md"]).not.toContain("\n| code/1100.csv |");
    expect(texts["code.README.md"]).toContain(
      "\nand 50 more files: [code.metadata.json](code.metadata.json) lists all.\n",
    );
    expect(metadataOf(entry(paths)).files).toHaveLength(150);
  });

  it("lets no name from outside mean anything in Markdown, HTML or Python, and keeps all to its line", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(name, name, name, (path, license, revision) => {
        const hostile = entry([path], { path, revision, licenses: [license] });
        const text = described([hostile])[besidePaths(hostile).readme] ?? "";
        const head = text.slice(0, text.indexOf("\n## Data"));
        const rows = head.split("\n").filter((line) => line.startsWith("| "));
        expect(rows.map((row) => row.replace(/\\./g, "").split("|").length)).toEqual(rows.map(() => 4));
        expect(text.replace(/`{3,}[\s\S]*?`{3,}/g, "")).not.toMatch(/<[a-z/!]/i);
        const [, literal = ""] = /json\.loads\(\(root \/ (".*")\)\.read_text/.exec(text) ?? [];
        expect(JSON.parse(literal)).toBe(besidePaths(hostile).metadata);
        expect(metadataOf(hostile)).toMatchObject({ folder: path.toWellFormed(), files: [{ file: path }] });
      }),
    );
  });
});
