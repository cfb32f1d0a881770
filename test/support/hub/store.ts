import { createHash } from "node:crypto";
import { buildFolders, type Folder, type ServedFile } from "../../../cli/serve/folders.ts";
import { bytesContent, type Content, generatedContent, once } from "./content.ts";

export type RepoKind = "dataset" | "model" | "space";

/** What a commit holds. Any key is taken as a name, hostile ones too. `{size}` is pseudo-random content. */
export type Tree = Readonly<
  Record<
    string,
    | string
    | Uint8Array
    | { readonly size: number; readonly seed?: number; readonly lfs?: boolean }
    | { readonly bytes: string | Uint8Array; readonly lfs: boolean }
  >
>;

export interface RepoOptions {
  /** default: dataset */
  readonly type?: RepoKind;
  /** `_id`, 24 hex digits; default: made from type and name */
  readonly id?: string;
  readonly gated?: false | "auto" | "manual";
  readonly private?: boolean;
  readonly disabled?: boolean;
  readonly license?: string | readonly string[];
  /** Further members of the card, such as `extra_gated_prompt`. */
  readonly card?: Readonly<Record<string, unknown>>;
  /** Where the license is told; default: both. */
  readonly licenseIn?: "card" | "tags" | "both";
  readonly tags?: readonly string[];
  /** default: by extension, or above 10 MiB */
  readonly lfs?: (path: string, size: number) => boolean;
  /**
   * true: `xetHash` in listings and the JSON answer to a probe; false: an LFS file from before Xet, without any
   * sign of it; left out: only the headers of the redirect tell of it.
   */
  readonly xet?: boolean;
  /** How `/resolve/` answers for a plain git file; default: redirect for open repositories, else direct. */
  readonly gitFiles?: "direct" | "redirect";
}

export interface StoredFile extends ServedFile {
  readonly content: Content;
}

export interface StoredCommit {
  readonly id: string;
  readonly parent: string | undefined;
  readonly title: string;
  /** ISO 8601 with milliseconds */
  readonly date: string;
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly root: () => Folder;
}

export interface Repo {
  name: string;
  readonly kind: RepoKind;
  options: RepoOptions;
  readonly id: string;
  readonly commits: Map<string, StoredCommit>;
  /** Full names (`refs/heads/main`) to commits. */
  readonly refs: Map<string, string>;
}

export interface CommitOptions {
  /** default: main */
  readonly branch?: string;
  readonly title?: string;
  readonly date?: string;
  /** default true: the files are the whole tree; false: they are laid over the parent's */
  readonly replace?: boolean;
  /** 40 hex digits: the id this commit has, instead of one that follows from its content */
  readonly id?: string;
}

/** Adds a commit and moves its branch. The id follows from content, parent, title and date. */
export function addCommit(repo: Repo, tree: Tree, options: CommitOptions): string {
  const ref = fullRef(options.branch ?? "main", "heads");
  const parent = repo.commits.get(repo.refs.get(ref) ?? "");
  const files = new Map(options.replace === false ? parent?.files : undefined);
  for (const [path, value] of Object.entries(tree)) files.set(path, storedFile(repo, path, value));
  const commit = makeCommit({ files, parent, depth: depthOf(repo, parent), options });
  repo.commits.set(commit.id, commit);
  repo.refs.set(ref, commit.id);
  return commit.id;
}

/** The commit a revision means: a full id, `HEAD`, a branch, a tag or a full ref. */
export function findCommit(repo: Repo, revision: string): StoredCommit | undefined {
  const names = [
    revision === "HEAD" ? "refs/heads/main" : revision,
    `refs/heads/${revision}`,
    `refs/tags/${revision}`,
  ];
  const target = names.map((name) => repo.refs.get(name)).find((id) => id !== undefined);
  return repo.commits.get(target ?? revision);
}

/** From this commit to the first, as far as the history is still known. */
export function history(repo: Repo, from: StoredCommit): StoredCommit[] {
  const found: StoredCommit[] = [];
  for (let at: StoredCommit | undefined = from; at !== undefined; at = repo.commits.get(at.parent ?? ""))
    found.push(at);
  return found;
}

export function fullRef(name: string, family: "heads" | "tags"): string {
  return name.startsWith("refs/") ? name : `refs/${family}/${name}`;
}

const LFS_NAME = /\.(?:parquet|bin|gz|zip|safetensors|arrow)$/;
const LFS_SIZE = 10 * 1024 * 1024;

function storedFile(repo: Repo, path: string, value: Tree[string]): StoredFile {
  const content = contentOf(value);
  const rule = repo.options.lfs ?? ((name, size) => LFS_NAME.test(name) || size > LFS_SIZE);
  const said = typeof value === "object" && "lfs" in value ? value.lfs : undefined;
  return fileOf(path, content, said ?? rule(path, content.size));
}

export function fileOf(path: string, content: Content, lfs: boolean): StoredFile {
  return { path, content, lfs, size: content.size, digest: lfs ? content.sha256 : content.gitOid };
}

function contentOf(value: Tree[string]): Content {
  if (typeof value === "string" || value instanceof Uint8Array) return bytesContent(Buffer.from(value));
  if ("bytes" in value) return bytesContent(Buffer.from(value.bytes as string));
  return generatedContent(value.size, value.seed ?? 0);
}

interface CommitParts {
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly parent: StoredCommit | undefined;
  readonly depth: number;
  readonly options: CommitOptions;
}

const EPOCH = Date.parse("2026-01-01T00:00:00.000Z");
const MINUTE = 60_000;

function makeCommit({ files, parent, depth, options }: CommitParts): StoredCommit {
  const title = options.title ?? (depth === 0 ? "initial commit" : `Update ${depth}`);
  const date = options.date ?? new Date(EPOCH + depth * MINUTE).toISOString();
  const hash = createHash("sha1").update(`${parent?.id}\n${title}\n${date}\n`);
  for (const path of [...files.keys()].sort()) {
    const file = files.get(path)!;
    hash.update(`${path}\0${file.lfs}\0${file.content.key}\n`);
  }
  const root = once(() => buildFolders(files.values()));
  return { id: options.id ?? hash.digest("hex"), parent: parent?.id, title, date, files, root };
}

function depthOf(repo: Repo, parent: StoredCommit | undefined): number {
  return parent === undefined ? 0 : history(repo, parent).length;
}
