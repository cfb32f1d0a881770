// Writes manifests/sample/hub, the folder Hub that the embedded manifest syncs from: shards in Parquet with
// starcoderdata's folders and columns, made from manifests/sample/src. The same sources give the same bytes.
// `--check` writes nothing and fails where what is there differs.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";

const sample = join(dirname(fileURLToPath(import.meta.url)), "..", "manifests", "sample");
const SHARDS = 2;
const WHO = "tritter <sample@tritter.invalid> 1767225600 +0000";

const CARD = `---
license: apache-2.0
tags: [code]
---

# Sample code

Small programs in Rust, TypeScript and Go, written for tritter under the Apache License 2.0, in the folders and
columns of bigcode/starcoderdata. They are here so that a first sync needs no network; they are no training data.
`;

const COLUMNS = `| column | type |
|---|---|
| max_stars_repo_path | string |
| max_stars_repo_name | string |
| max_stars_count | int64 |
| id | string |
| content | string |
`;

const files = await sampleFiles();
const commit = commitId(files);
const wanted = new Map(
  hubFiles(files, commit).map(([path, bytes]) => [join(sample, "hub", path), Buffer.from(bytes)]),
);
if (process.argv.includes("--check")) await check(wanted);
else await write(wanted);

async function sampleFiles() {
  const shards = await Promise.all(["go", "rust", "typescript"].map(shardsOf));
  return new Map([["README.md", Buffer.from(CARD)], ["columns.md", Buffer.from(COLUMNS)], ...shards.flat()]);
}

async function shardsOf(language) {
  const names = (await readdir(join(sample, "src", language))).sort();
  const rows = await Promise.all(
    names.map(async (name) => ({
      name,
      content: await readFile(join(sample, "src", language, name), "utf8"),
    })),
  );
  return Array.from({ length: SHARDS }, (_, shard) => {
    const own = rows.filter((_, index) => index % SHARDS === shard);
    const path = `${language}/train-${number(shard)}-of-${number(SHARDS)}.parquet`;
    return [path, Buffer.from(parquet(language, own))];
  });
}

function number(value) {
  return String(value).padStart(5, "0");
}

function parquet(language, rows) {
  return parquetWriteBuffer({
    columnData: [
      { name: "max_stars_repo_path", data: rows.map((row) => `${language}/${row.name}`), type: "STRING" },
      { name: "max_stars_repo_name", data: rows.map(() => "tritter/sample-code"), type: "STRING" },
      { name: "max_stars_count", data: rows.map(() => 0n), type: "INT64" },
      {
        name: "id",
        data: rows.map((row) => gitId("blob", Buffer.from(row.content)).slice(0, 12)),
        type: "STRING",
      },
      { name: "content", data: rows.map((row) => row.content), type: "STRING" },
    ],
  });
}

/** The layout that huggingface_hub writes below HF_HUB_CACHE, with plain files instead of links. */
function hubFiles(tree, id) {
  const repo = "datasets--tritter--sample-code";
  const listing = [...tree]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => [path, listed(path, bytes)]);
  return [
    [`${repo}/refs/main`, id],
    [
      `${repo}/trees/${id}.json`,
      JSON.stringify({ format_version: 1, files: Object.fromEntries(listing) }, null, 1),
    ],
    ...[...tree].map(([path, bytes]) => [`${repo}/snapshots/${id}/${path}`, bytes]),
  ];
}

function listed(path, bytes) {
  if (!path.endsWith(".parquet")) return { size: bytes.length, blob_id: gitId("blob", bytes) };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    size: bytes.length,
    blob_id: gitId("blob", pointer(bytes)),
    lfs_sha256: sha256,
    lfs_size: bytes.length,
  };
}

/** What git holds for a file in LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
function pointer(bytes) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes.length}\n`,
  );
}

function commitId(tree) {
  const root = treeId(
    [...tree].map(([path, bytes]) => [path.split("/"), path.endsWith(".parquet") ? pointer(bytes) : bytes]),
  );
  return gitId(
    "commit",
    Buffer.from(`tree ${root}\nauthor ${WHO}\ncommitter ${WHO}\n\nSample code in three languages\n`),
  );
}

function treeId(entries) {
  const names = [...new Set(entries.map(([[name]]) => name))];
  const lines = names.map((name) => {
    const own = entries.filter(([[first]]) => first === name);
    const isFolder = own[0][0].length > 1;
    const id = isFolder
      ? treeId(own.map(([path, bytes]) => [path.slice(1), bytes]))
      : gitId("blob", own[0][1]);
    return {
      key: isFolder ? `${name}/` : name,
      line: Buffer.concat([
        Buffer.from(`${isFolder ? "40000" : "100644"} ${name}\0`),
        Buffer.from(id, "hex"),
      ]),
    };
  });
  return gitId("tree", Buffer.concat(lines.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ line }) => line)));
}

function gitId(kind, bytes) {
  return createHash("sha1").update(`${kind} ${bytes.length}\0`).update(bytes).digest("hex");
}

async function write(wantedFiles) {
  await rm(join(sample, "hub"), { recursive: true, force: true });
  for (const [file, bytes] of wantedFiles) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

async function check(wantedFiles) {
  const there = (await readdir(join(sample, "hub"), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  );
  const paths = there.map((entry) => join(entry.parentPath, entry.name));
  const extra = paths.filter((path) => !wantedFiles.has(path));
  const differing = [];
  for (const [file, bytes] of wantedFiles)
    if (!(await readFile(file).catch(() => undefined))?.equals(bytes)) differing.push(file);
  for (const file of [...extra, ...differing])
    console.error(`not as scripts/make-sample.mjs makes it: ${file}`);
  if (extra.length + differing.length > 0) process.exitCode = 1;
}
