import { readFileSync } from "node:fs";
import type { LoopbackHub, Tree } from "./hub/index.ts";

/** A data set as it lies on the Hub: names, counts and sizes are facts of November 2026 unless a comment says otherwise. */
export interface RepoLayout {
  readonly repo: string;
  readonly gated: false | "auto";
  readonly license: string | undefined;
  /** The commit that the manifests pin; undefined: they follow main. */
  readonly revision: string | undefined;
  readonly files: readonly LaidFile[];
}

export interface LaidFile {
  readonly path: string;
  /** bytes on the real Hub, exact where recorded, else rounded or estimated */
  readonly size: number;
}

export function realLayouts(): readonly RepoLayout[] {
  return [
    {
      repo: "bigcode/starcoderdata",
      gated: "auto",
      license: "other",
      revision: "9fc30b578cedaec69e47302df72cf00feed7c8c4",
      files: starcoder(),
    },
    {
      repo: "ammarnasr/the-stack-rust-clean",
      gated: false,
      license: "openrail",
      revision: "6b985ad10ad2deab69e72824a7555b8fbeb912b5",
      files: recorded("the-stack-rust-clean"),
    },
    {
      repo: "codeparrot/github-code",
      gated: false,
      license: "other",
      revision: "d1387b6e0fc2ae670b6afe6325a8457ea7fd4c7c",
      files: [
        ...shards("data/train", 1_126, 287_000_000),
        ...plain("github-code.py", "github_preprocessing.py", "query.sql"),
      ],
    },
    {
      // Go's number of shards is not recorded.
      repo: "ruediste/codeparrot-github-code-10G",
      gated: false,
      license: undefined,
      revision: undefined,
      files: [
        ...shards("rs/train", 6, 160_000_000),
        ...shards("ts/train", 22, 132_000_000),
        ...shards("go/train", 20, 130_000_000),
      ],
    },
    {
      repo: "code-search-net/code_search_net",
      gated: false,
      license: "other",
      revision: "7f87fe84a8b6676639b39319d4ebd6afc3ae165c",
      files: [...recorded("code_search_net"), ...plain("code_search_net.py", "dataset_infos.json")],
    },
    {
      repo: "claudios/code_search_net",
      gated: false,
      license: "other",
      revision: undefined,
      files: ["go", "java", "python"].flatMap((language) => [
        { path: `${language}/train-00000-of-00001.parquet`, size: 139_000_000 },
        { path: `${language}/test-00000-of-00001.parquet`, size: 6_400_000 },
        { path: `${language}/validation-00000-of-00001.parquet`, size: 5_000_000 },
      ]),
    },
    {
      repo: "sentence-transformers/codesearchnet",
      gated: false,
      license: undefined,
      revision: "079a958b01dc87cf07b66a68414c4b4196d889cc",
      files: recorded("codesearchnet"),
    },
    {
      repo: "bigcode/the-stack-v2-dedup",
      gated: "auto",
      license: "other",
      revision: "94d47b4385264b30f228e28a5d63e9b2eee8c2c5",
      files: recorded("the-stack-v2"),
    },
    {
      // Of its hundreds of files, those beside the ones the manifests name, with the names that need escaping.
      repo: "NTU-NLP-sg/xCodeEval",
      gated: false,
      license: "cc-by-nc-4.0",
      revision: "aa09386604075a3e80bcdb315dd68bcc117dedc0",
      files: ["test", "validation"].flatMap((split) =>
        ["C", "C#", "C++", "Go", "Java", "Rust"].map((language) => ({
          path: `apr/${split}/${language}.jsonl`,
          size: 1_170_000,
        })),
      ),
    },
    {
      repo: "codeparrot/codeparrot-clean",
      gated: false,
      license: undefined,
      revision: "35a59fb025bc0a102f7d96eac09d145b896d487b",
      files: Array.from({ length: 54 }, (_, index) => ({
        path: `file-${String(index + 1).padStart(12, "0")}.json.gz`,
        size: 240_000_000,
      })),
    },
    {
      // The number of files is not recorded.
      repo: "tokyotech-llm/swallow-code-v2",
      gated: false,
      license: "apache-2.0",
      revision: undefined,
      files: [
        ...Array.from({ length: 4 }, (_, index) => ({
          path: `stage1-auto-format/python/train_${index}.jsonl`,
          size: 1_000_000_000,
        })),
        { path: "stage4-llm-rewrite/python/medium/train_0.jsonl", size: 9_000_000_000 },
      ],
    },
  ];
}

/** Makes these repositories on a loopback Hub: names as they are, bodies of a few bytes, no two alike. */
export function layOut(hub: LoopbackHub, layouts: readonly RepoLayout[]): void {
  for (const { repo, gated, license, revision, files } of layouts) {
    const tree: Tree = Object.fromEntries(files.map(({ path }) => [path, `${repo} ${path}\n`]));
    const lfs = (path: string) => /\.(?:parquet|gz|zip|jsonl)$/.test(path);
    hub.repo(repo, { gated, license, lfs }).commit({ ...tree, "README.md": `# ${repo}\n` }, { id: revision });
  }
}

function starcoder(): LaidFile[] {
  const { total, folders } = read<{ total: number; folders: Record<string, number> }>("starcoderdata");
  const known = Object.values(folders).reduce((sum, count) => sum + count, 0);
  const unknown = Object.values(folders).filter((count) => count === 0).length;
  let rest = total - known;
  let left = unknown;
  return Object.entries(folders).flatMap(([folder, count]) => {
    if (count > 0) return shards(`${folder}/train`, count, 315_000_000);
    const share = Math.ceil(rest / left);
    rest -= share;
    left -= 1;
    return shards(`${folder}/train`, share, 315_000_000);
  });
}

function shards(prefix: string, count: number, size: number): LaidFile[] {
  const number = (value: number) => String(value).padStart(5, "0");
  return Array.from({ length: count }, (_, index) => ({
    path: `${prefix}-${number(index)}-of-${number(count)}.parquet`,
    size,
  }));
}

function plain(...paths: string[]): LaidFile[] {
  return paths.map((path) => ({ path, size: 8_000 }));
}

function recorded(name: string): LaidFile[] {
  return read<{ files: [string, number][] }>(name).files.map(([path, size]) => ({ path, size }));
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./layouts/${name}.json`, import.meta.url), "utf8")) as T;
}
