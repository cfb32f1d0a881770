import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import type { Corpus, CorpusFile, CorpusSource } from "../../../cli/export/corpus.ts";
import { croissant, lacking } from "../../../cli/export/croissant.ts";
import { cyclonedx } from "../../../cli/export/cyclonedx.ts";
import { hermeto } from "../../../cli/export/hermeto.ts";
import { inToto } from "../../../cli/export/in-toto.ts";
import { sha256sums, sumLine } from "../../../cli/export/sha256sums.ts";
import { spdx } from "../../../cli/export/spdx.ts";
import { blocksOf, jsonPieces, Many } from "../../../cli/export/text.ts";
import { hexDigest } from "../../../cli/store/hash.ts";
import type { ParquetFacts } from "../../../schema/facts.ts";
import type { Commit, Digest, RepoType, TreePath } from "../../../schema/ids.ts";
import type { LockedSource } from "../../../schema/lock.ts";
import { croissantProblems, spdxProblems, statementProblems } from "../../support/exported.ts";
import { execute } from "../../support/shell.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const isAbsent = async (program: string) =>
  (await execute(program, ["--help"], { cwd: "/", env: { PATH: process.env.PATH ?? "", HOME: "/" } }))
    .status !== 0;
const [noSums, noSpdxTools, noCroissant] = await Promise.all(
  ["sha256sum", "pyspdxtools", "mlcroissant"].map(isAbsent),
);

const COMMIT = "9fc30b578cedaec69e47302df72cf00feed7c8c4" as Commit;
const HUB = "https://huggingface.co";
const PREFIX: Readonly<Record<RepoType, string>> = { dataset: "datasets/", model: "", space: "spaces/" };

function sourceOf(
  name: string,
  files: readonly Partial<CorpusFile>[],
  more: Partial<LockedSource> = {},
): CorpusSource {
  const locked: LockedSource = {
    name,
    request: `sha256:${"1".repeat(64)}`,
    repo: "bigcode/star.coder_data",
    asked: undefined,
    id: undefined,
    type: "dataset",
    revision: "main",
    asOf: undefined,
    minAge: undefined,
    commit: COMMIT,
    path: name,
    strip: "",
    licenses: [],
    gated: undefined,
    private: undefined,
    card: undefined,
    gate: undefined,
    carrier: undefined,
    rescued: undefined,
    files: [],
    extra: {},
    ...more,
  };
  return {
    locked,
    listing: `sha256:${"2".repeat(64)}`,
    files: files.map(({ path = "x" as TreePath, facts, size = 3 }) => ({
      path: `${name}/${path}` as TreePath,
      size,
      sha256: hexDigest("sha256", Buffer.from(path)),
      remote: { repo: { type: locked.type, repo: locked.repo }, commit: COMMIT, path, size },
      facts,
    })),
  };
}

function corpusOf(sources: readonly CorpusSource[], more: Partial<Corpus> = {}): Corpus {
  return {
    name: "my corpus",
    lockName: "tritter.lock",
    lockDigest: `sha256:${"3".repeat(64)}`,
    only: [],
    created: "2026-03-01T06:00:00Z",
    version: "0.1.0",
    sources,
    links: {
      page: ({ type, repo }) => `${HUB}/${PREFIX[type]}${repo}`,
      file: ({ repo, commit, path }) =>
        `${HUB}/${PREFIX[repo.type]}${repo.repo}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`,
    },
    ...more,
  };
}

const path = (text: string) => ({ path: text as TreePath });
const facts = (...columns: readonly (readonly [string, string])[]): ParquetFacts => ({
  kind: "parquet",
  rows: 10,
  rowGroups: 1,
  writer: undefined,
  columns: columns.map(([name, type]) => ({
    name,
    type,
    compressed: 1,
    plain: 1,
    range: undefined,
    values: undefined,
  })),
});

const HOSTILE = ["-rf", "*x", " lead", "trail ", "ünï/cödé.txt", "q\"uote'", "a b/c#d?e%f", "$(x)", "📦.bin"];
const CODE = facts(
  ["content", "string?"],
  ["size", "int64?"],
  ["tags.list.element", "string[]?"],
  ["meta.at", "timestamp[ms]?"],
  ["meta.who.name", "string"],
);

const FULL = corpusOf([
  sourceOf("a_b.c", HOSTILE.map(path), {
    licenses: ["apache-2.0", "openrail", "other"],
    card: `sha256:${"4".repeat(64)}` as Digest,
  }),
  sourceOf(
    "code",
    [
      { ...path("data/1.parquet"), facts: CODE },
      { ...path("data/[2].parquet"), facts: CODE },
      {
        ...path("data/3.parquet"),
        facts: facts(
          ["n", "decimal(5,2)?"],
          ["b", "binary?"],
          ["d", "date?"],
          ["t", "time[us]"],
          ["ok", "bool"],
        ),
      },
      { ...path("data/4.parquet"), facts: { kind: "unreadable", why: "x" } },
    ],
    { licenses: ["mit"], gated: "auto", revision: "v1" },
  ),
  sourceOf("model", [path("config.json")], { type: "model", repo: "gpt2", path: "" }),
  sourceOf("space", [], {
    type: "space",
    repo: "o/app",
    licenses: ["unknown"],
    rescued: [{ repo: "me/copy", type: "dataset", commit: COMMIT }],
  }),
]);

const textOf = (pieces: Iterable<string>) => [...pieces].join("");
const jsonOf = (pieces: Iterable<string>) => JSON.parse(textOf(pieces));

describe("sha256sums()", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => folder.remove());

  it.skipIf(noSums)("is what sha256sum itself accepts, whatever names files have", async () => {
    const names = [...HOSTILE, "back\\slash", "line\nbreak", "\\n", "re\rturn", "a\\\nb\\\\"];
    const lines: string[] = [];
    for (const name of names) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), name);
      lines.push(sumLine(hexDigest("sha256", Buffer.from(name)), name));
    }
    await writeFile(join(folder.path, "SHA256SUMS"), lines.join(""));
    const where = { cwd: folder.path, env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8" } };
    const checked = await execute("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], where);
    expect(checked).toEqual({ status: 0, stdout: "", stderr: "" });
    await writeFile(join(folder.path, "-rf"), "other");
    expect(await execute("sha256sum", ["--check", "--status", "SHA256SUMS"], where)).toMatchObject({
      status: 1,
    });
  });

  it("has a line for every file, in the lock's order", () => {
    const lines = textOf(sha256sums(FULL)).trimEnd().split("\n");
    expect(lines).toHaveLength(14);
    expect(lines[0]).toBe(`${hexDigest("sha256", Buffer.from("-rf"))}  a_b.c/-rf`);
  });
});

describe("cyclonedx()", () => {
  it("is valid by the schema, in the strict sense of its own library", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    for (const corpus of [FULL, corpusOf([]), { ...FULL, created: undefined }])
      expect(await validator.validate(textOf(cyclonedx(corpus)))).toBeNull();
    const broken = textOf(cyclonedx(FULL)).replace('"alg":"SHA-256"', '"alg":"SHA-257"');
    expect(await validator.validate(broken)).not.toBeNull();
  });

  it("has a component a source, with its files, licences, addresses and what it is pinned to", () => {
    const bom = jsonOf(cyclonedx(FULL));
    expect(bom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(bom.metadata).toMatchObject({
      timestamp: "2026-03-01T06:00:00.000Z",
      component: { name: "my corpus", type: "data" },
    });
    expect(
      bom.components.map(({ type, group, name, purl }: Record<string, string>) => [type, group, name, purl]),
    ).toEqual([
      ["data", "bigcode", "star.coder_data", `pkg:huggingface/bigcode/star.coder_data@${COMMIT}`],
      ["data", "bigcode", "star.coder_data", `pkg:huggingface/bigcode/star.coder_data@${COMMIT}`],
      ["machine-learning-model", undefined, "gpt2", `pkg:huggingface/gpt2@${COMMIT}`],
      ["application", "o", "app", `pkg:huggingface/o/app@${COMMIT}`],
    ]);
    const [first, code, , space] = bom.components;
    expect(first.licenses.map((one: { license: object }) => one.license)).toEqual([
      { id: "Apache-2.0", acknowledgement: "declared" },
      { name: "openrail", acknowledgement: "declared" },
      { name: "other", acknowledgement: "declared" },
    ]);
    expect(first.components[0]).toMatchObject({
      type: "file",
      name: "a_b.c/-rf",
      hashes: [{ alg: "SHA-256" }],
    });
    expect(first.data).toEqual([
      {
        type: "dataset",
        name: "bigcode/star.coder_data",
        contents: { url: `${HUB}/datasets/bigcode/star.coder_data/tree/${COMMIT}` },
      },
    ]);
    expect(first.externalReferences.map(({ type }: { type: string }) => type).sort()).toEqual([
      "distribution",
      "documentation",
      "website",
    ]);
    const properties = Object.fromEntries(
      code.properties.map(({ name, value }: Record<string, string>) => [name, value]),
    );
    expect(properties).toMatchObject({
      "tritter:revision": "v1",
      "tritter:files": "4",
      "tritter:bytes": "12",
      "tritter:rows": "30",
      "tritter:gated": "auto",
    });
    expect(space).not.toHaveProperty("licenses");
    expect(JSON.stringify(space.externalReferences)).toContain(`${HUB}/datasets/me/copy/tree/${COMMIT}`);
    expect(bom.dependencies[0]).toEqual({
      ref: "corpus",
      dependsOn: ["source:a_b.c", "source:code", "source:model", "source:space"],
    });
  });
});

describe("spdx()", () => {
  it("keeps the rules of SPDX 2.3", () => {
    for (const corpus of [FULL, corpusOf([]), { ...FULL, created: undefined }])
      expect(spdxProblems(jsonOf(spdx(corpus)))).toEqual([]);
    expect(spdxProblems({ ...jsonOf(spdx(FULL)), relationships: [] })).not.toEqual([]);
  });

  it("has a package a source and one a file, licences as declared, and says what it does not know", () => {
    const document = jsonOf(spdx(FULL));
    expect(document.packages).toHaveLength(4 + 14);
    const [first, file] = document.packages;
    expect(first).toMatchObject({
      SPDXID: "SPDXRef-Source-a.5fb.2ec",
      versionInfo: COMMIT,
      licenseConcluded: "NOASSERTION",
      licenseDeclared: "Apache-2.0 AND LicenseRef-openrail AND LicenseRef-other",
    });
    expect(file).toMatchObject({ primaryPackagePurpose: "FILE", checksums: [{ algorithm: "SHA256" }] });
    expect(
      document.packages.find(({ versionInfo, name }: Record<string, string>) => versionInfo && name === "app")
        .licenseDeclared,
    ).toBe("NOASSERTION");
    expect(document.creationInfo.created).toBe("2026-03-01T06:00:00Z");
    expect(jsonOf(spdx({ ...FULL, created: undefined })).creationInfo.created).toBe("1970-01-01T00:00:00Z");
  });

  it.skipIf(noSpdxTools)("is valid for the tools of SPDX itself (needs pyspdxtools)", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder.path, "bom.spdx.json"), textOf(spdx(FULL)));
    const where = { cwd: folder.path, env: { PATH: process.env.PATH ?? "", HOME: folder.path } };
    expect(await execute("pyspdxtools", ["-i", "bom.spdx.json"], where)).toMatchObject({ status: 0 });
    await folder.remove();
  });
});

describe("croissant()", () => {
  it("keeps the rules of Croissant 1.0", () => {
    expect(croissantProblems(jsonOf(croissant(FULL)))).toEqual([]);
    expect(lacking(FULL)).toEqual([]);
    const bare = corpusOf([sourceOf("a", [path("x")])], { created: undefined });
    expect(croissantProblems(jsonOf(croissant(bare)), ["datePublished", "license"])).toEqual([]);
    expect(lacking(bare)).toEqual([
      "Croissant wants datePublished, and a lock has no date: set SOURCE_DATE_EPOCH",
      "Croissant wants a license, and no repository here names one",
    ]);
    const broken = jsonOf(croissant(FULL));
    broken.distribution.pop();
    broken.distribution[1]["@id"] = broken.distribution[0]["@id"];
    expect(croissantProblems(broken)).toContain("an id stands there twice");
  });

  it("has every file with its hash, and records of each schema with types of the specification", () => {
    const { distribution, recordSet, license } = jsonOf(croissant(FULL));
    const files = distribution.filter(
      (one: Record<string, string>) => one["@type"] === "cr:FileObject" && one.encodingFormat !== "git+https",
    );
    expect(files).toHaveLength(14);
    expect(license).toEqual([
      "https://spdx.org/licenses/Apache-2.0.html",
      "openrail",
      "other",
      "https://spdx.org/licenses/MIT.html",
    ]);
    const [set] = distribution.filter((one: Record<string, string>) => one["@type"] === "cr:FileSet");
    expect(set).toMatchObject({
      containedIn: { "@id": "repository:code" },
      includes: ["data/1.parquet", "data/[[]2].parquet"],
    });
    const [many, one] = recordSet;
    expect(many.field).toMatchObject([
      {
        name: "records:code/content",
        dataType: "sc:Text",
        source: { fileSet: { "@id": set["@id"] }, extract: { column: "content" } },
      },
      { dataType: "sc:Integer" },
      {
        name: "records:code/tags",
        dataType: "sc:Text",
        repeated: true,
        source: { extract: { column: "tags" } },
      },
      {
        name: "records:code/meta",
        subField: [
          { dataType: "sc:Date", source: { extract: { column: "meta" }, transform: { jsonPath: "at" } } },
          {
            name: "records:code/meta/who",
            subField: [{ dataType: "sc:Text", source: { transform: { jsonPath: "who.name" } } }],
          },
        ],
      },
    ]);
    expect(one.field.map(({ dataType }: { dataType: string }) => dataType)).toEqual([
      "sc:Float",
      "sc:Text",
      "sc:Date",
      "sc:Text",
      "sc:Boolean",
    ]);
    expect(one.field[0].source.fileObject).toEqual({ "@id": "code/data/3.parquet" });
  });

  it.skipIf(noCroissant)("is valid for the reference of MLCommons (needs mlcroissant)", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder.path, "croissant.json"), textOf(croissant(FULL)));
    const where = { cwd: folder.path, env: { PATH: process.env.PATH ?? "", HOME: folder.path } };
    expect(await execute("mlcroissant", ["validate", "--jsonld", "croissant.json"], where)).toMatchObject({
      status: 0,
    });
    await folder.remove();
  });
});

describe("inToto()", () => {
  it("is a statement about files, from commits and the lock", () => {
    const statement = jsonOf(inToto({ ...FULL, only: ["code"] }));
    expect(statementProblems(statement)).toEqual([]);
    expect(statement.subject).toHaveLength(14);
    expect(statement.predicate.command).toEqual(["tritter", "sync", "--locked", "code"]);
    expect(statement.predicate.materials.slice(0, 2)).toEqual([
      { name: "tritter.lock", digest: { sha256: "3".repeat(64) } },
      {
        name: "a_b.c",
        uri: `git+${HUB}/datasets/bigcode/star.coder_data@${COMMIT}`,
        digest: { gitCommit: COMMIT },
      },
    ]);
    expect(
      statementProblems({ ...statement, subject: [{ name: "x", digest: { sha256: "y" } }] }),
    ).not.toEqual([]);
  });
});

describe("hermeto()", () => {
  it("names each address once, pinned to its commit, with checksum and place", () => {
    const twice = corpusOf([sourceOf("a", HOSTILE.map(path)), sourceOf("b", [path("-rf")])]);
    const { metadata, artifacts } = parseDocument(textOf(hermeto(twice))).toJS();
    expect(metadata).toEqual({ version: "1.0" });
    expect(new Set(artifacts.map((one: Record<string, string>) => one.download_url)).size).toBe(
      artifacts.length,
    );
    expect(artifacts.map((one: Record<string, string>) => one.filename)).toEqual([
      ...HOSTILE.map((name) => `a/${name}`),
      "b/-rf",
    ]);
    for (const { download_url: url, checksum } of artifacts) {
      expect(url).toContain(`/resolve/${COMMIT}/`);
      expect(checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
    expect(parseDocument(textOf(hermeto(corpusOf([])))).toJS().artifacts).toEqual([]);
  });
});

describe("documents", () => {
  it("follow from what they are made of: the same bytes again, another number for another lock", () => {
    for (const format of [cyclonedx, spdx, croissant, inToto, hermeto, sha256sums])
      expect(textOf(format(FULL))).toBe(textOf(format(FULL)));
    const ids = [FULL, { ...FULL, lockDigest: `sha256:${"5".repeat(64)}` }, { ...FULL, only: ["code"] }].map(
      (corpus) => jsonOf(cyclonedx(corpus)).serialNumber,
    );
    expect(new Set([...ids, jsonOf(spdx(FULL)).documentNamespace]).size).toBe(4);
  });

  it("are written in blocks while they are made", () => {
    let made = 0;
    const lines = new Many(function* () {
      for (; made < 10_000; made++) yield { made, text: "x".repeat(100) };
    });
    const blocks = blocksOf(jsonPieces({ before: [], lines, after: {} }))[Symbol.iterator]();
    const first = blocks.next().value as Buffer;
    expect([made < 1_000, first.length > 60_000]).toEqual([true, true]);
    const rest = Buffer.concat([first, ...{ [Symbol.iterator]: () => blocks }]);
    expect(JSON.parse(rest.toString()).lines).toHaveLength(10_000);
    expect(textOf(jsonPieces({ a: new Many(() => []), b: undefined, c: "\u0085\u2028" }))).toBe(
      '{\n"a": [],\n"c": "\\u0085\\u2028"\n}\n',
    );
  });
});
