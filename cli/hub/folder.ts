import { join, sep } from "node:path";
import { type Commit, parseCommit } from "../../schema/ids.ts";
import type { Disk } from "../disk/port.ts";
import { type ErrorCode, systemCode, TritterError } from "../errors.ts";
import {
  type CachedTree,
  cardLicenses,
  entriesOf,
  isWithin,
  readTree,
  repoFolder,
  safeBelow,
  treeFile,
} from "./cached.ts";
import { diskBody } from "./folder-body.ts";
import type {
  Access,
  Body,
  ByteRange,
  CommitInfo,
  Entry,
  Hub,
  Listed,
  RemoteFile,
  RepoRef,
  Resolved,
} from "./port.ts";
import { clean } from "./text.ts";
import { checkedName } from "./urls.ts";

interface FolderSettings {
  /** Absolute. */
  readonly folder: string;
  readonly disk: Disk;
  /** The folder is this machine's own cache, standing in for the Hub: what lacks is OFFLINE (exit 7), since a network would cure it. */
  readonly offline: boolean;
}

const PAGE = 1000;
/** bytes; a larger card is no card */
const LARGEST_CARD = 1024 * 1024;

/** A folder in the Hub's cache layout, read as a Hub. Lists a commit only from a complete listing; reads nothing outside the folder. */
export function openFolderHub({ folder, disk, offline }: FolderSettings): Hub {
  /** The commit listed or opened last: a run works on one at a time. */
  let latest: { readonly file: string; readonly tree: Promise<CachedTree> } | undefined;
  return { label: folder, resolve, list, entries, open, commits, access, close: async () => {} };

  async function resolve(repo: RepoRef, revision: string): Promise<Resolved> {
    const home = homeOf(repo);
    const commit = parseCommit(revision) ?? (await readRef(home, revision));
    if (commit === undefined || !has(home, commit)) throw noRevision(repo, revision);
    const unknown = {
      id: undefined,
      gated: undefined,
      private: undefined,
      disabled: undefined,
      gate: undefined,
    };
    return { commit, repo: repo.repo, ...unknown, licenses: await readLicenses(home, commit) };
  }

  async function* list(repo: RepoRef, commit: Commit, prefix?: string): AsyncGenerator<readonly Listed[]> {
    const { files } = await treeOf(repo, homeOf(repo), commit);
    const wanted =
      prefix === undefined || prefix === ""
        ? files
        : files.filter(({ path }) => path.startsWith(`${prefix}/`));
    for (let at = 0; at < wanted.length; at += PAGE) yield wanted.slice(at, at + PAGE);
  }

  async function* entries(repo: RepoRef, commit: Commit, folder: string): AsyncGenerator<readonly Entry[]> {
    const { files } = await treeOf(repo, homeOf(repo), commit);
    const found = entriesOf(files, folder);
    for (let at = 0; at < found.length; at += PAGE) yield found.slice(at, at + PAGE);
  }

  async function open(file: RemoteFile, range: ByteRange, signal: AbortSignal): Promise<Body> {
    signal.throwIfAborted();
    const path = await find(file.repo, file.commit, file.path);
    if (path === undefined) throw lacks(file.repo, `"${clean(file.path)}" of commit ${file.commit}`, "HUB");
    const handle = await disk.open(path, "r");
    const { kind, size } = await handle.stat();
    if (kind === "file" && size === file.size) return diskBody(handle, { range, signal });
    await handle.close();
    const message = `cannot read "${clean(file.path)}" in "${folder}": size differs from the lock: it has ${size} bytes, the lock ${file.size}`;
    throw new TritterError({
      code: "HUB",
      message,
      hint: "the copy is incomplete or was edited: fetch it again",
    });
  }

  async function* commits(repo: RepoRef, revision: string): AsyncGenerator<readonly CommitInfo[]> {
    const { commit } = await resolve(repo, revision);
    yield [{ commit, title: "", date: undefined }];
    throw lacks(repo, `the history before ${commit}`, "LISTING_INCOMPLETE");
  }

  async function access(repo: RepoRef, commit: Commit, path: string): Promise<Access> {
    if ((await find(repo, commit, path)) !== undefined) return { kind: "granted" };
    const { code, message, hint } = lacks(repo, `"${clean(path)}" of commit ${commit}`, "HUB");
    return { kind: "refused", problem: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }

  /** Throws where the folder has nothing of the repository. */
  function homeOf(repo: RepoRef): string {
    const home = join(folder, repoFolder(repo.type, checkedName(repo.repo)));
    if (disk.lstat(home)?.kind !== "folder") throw lacks(repo, "anything of it", "REPO_NOT_FOUND");
    return home;
  }

  function has(home: string, commit: Commit): boolean {
    return (
      disk.lstat(treeFile(home, commit)) !== undefined ||
      disk.lstat(join(home, "snapshots", commit)) !== undefined
    );
  }

  async function readRef(home: string, revision: string): Promise<Commit | undefined> {
    const path = safeBelow(join(home, "refs"), revision);
    const text = path === undefined ? undefined : await readInside(path);
    return parseCommit(text?.toString("latin1").trim() ?? "");
  }

  async function readLicenses(home: string, commit: Commit): Promise<readonly string[] | undefined> {
    const path = await inside(join(home, "snapshots", commit, "README.md"));
    if (path === undefined || (disk.lstat(path)?.size ?? 0) > LARGEST_CARD) return undefined;
    return cardLicenses((await disk.read(path))?.toString("utf8") ?? "");
  }

  function treeOf(repo: RepoRef, home: string, commit: Commit): Promise<CachedTree> {
    const file = treeFile(home, commit);
    if (latest?.file !== file) latest = { file, tree: loadTree(repo, file, commit) };
    return latest.tree;
  }

  async function loadTree(repo: RepoRef, file: string, commit: Commit): Promise<CachedTree> {
    const text = (await readInside(file))?.toString("utf8");
    const tree = text === undefined ? "there is none" : readTree(text);
    if (typeof tree !== "string") return tree;
    const message = `cannot list ${named(repo)} at ${commit} from "${folder}": the complete listing "trees/${commit}.json" cannot be used: ${tree}`;
    const hint = `a folder that holds some files must not pass for the whole repository; ${offline ? "run once without --offline" : "write the listing with the files"}`;
    throw new TritterError({ code: "LISTING_INCOMPLETE", message, hint });
  }

  /** The file's real path, from its snapshot or, by the listing, from the blobs of another. */
  async function find(repo: RepoRef, commit: Commit, path: string): Promise<string | undefined> {
    const home = homeOf(repo);
    const entry = safeBelow(join(home, "snapshots", commit), path);
    if (entry === undefined) return undefined;
    const found = await inside(entry);
    if (found !== undefined) return found;
    const blob =
      disk.lstat(treeFile(home, commit)) === undefined
        ? undefined
        : (await treeOf(repo, home, commit)).blobs.get(path);
    return blob === undefined ? undefined : inside(join(home, "blobs", blob));
  }

  async function readInside(path: string): Promise<Buffer | undefined> {
    const real = await inside(path);
    return real === undefined ? undefined : disk.read(real);
  }

  /** `path` with its links followed; undefined where that is no file, or leaves the folder. Links of the cache stay in it (two hops with shared blobs). */
  async function inside(path: string): Promise<string | undefined> {
    const real = await realpath(path);
    const root = real === undefined ? undefined : await realpath(folder);
    if (real === undefined || root === undefined || !isWithin(root, real, sep)) return undefined;
    return disk.lstat(real)?.kind === "file" ? real : undefined;
  }

  async function realpath(path: string): Promise<string | undefined> {
    return disk.realpath(path).catch((error: unknown) => {
      if (ABSENT.has(systemCode(error) ?? "")) return undefined;
      throw error;
    });
  }

  function noRevision(repo: RepoRef, revision: string): TritterError {
    return lacks(
      repo,
      `the revision "${clean(revision)}"`,
      parseCommit(revision) === undefined ? "REVISION_NOT_FOUND" : "PIN_GONE",
    );
  }

  function lacks(repo: RepoRef, what: string, code: ErrorCode): TritterError {
    const message = `cannot read ${named(repo)} from "${folder}": it does not hold ${what}`;
    const hint = offline
      ? "run once without --offline to fetch it"
      : "check that the folder is the right one and has the layout of a Hub cache";
    if (offline) return new TritterError({ code: "OFFLINE", message, hint });
    return new TritterError({
      code,
      message,
      hint,
      ...(code === "REPO_NOT_FOUND" && { lasting: "missing" }),
    });
  }
}

const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

function named({ type, repo }: RepoRef): string {
  return `${type} "${clean(repo)}"`;
}
