import { type Entry, findFolder, folderOid } from "../../../cli/serve/folders.ts";
import { entryFacts } from "../../../cli/serve/pages.ts";
import { history, type Repo, type StoredCommit, type StoredFile } from "./store.ts";
import { objectHash } from "./world.ts";

export const MASK = "*".repeat(64);

export interface Shown {
  readonly repo: Repo;
  readonly commit: StoredCommit;
  readonly masked: boolean;
  /** Add the last commit that touched each entry. */
  readonly expand: boolean;
}

/** How entries of a commit are shown: with what Xet and the gate make of them. */
export function showing(shown: Shown): (entry: Entry) => object {
  return (entry) => {
    const file = entry.kind === "file" ? shown.commit.files.get(entry.path) : undefined;
    const facts = file?.lfs ? linkedFacts(entry, file, shown) : entryFacts(entry);
    return shown.expand ? { ...facts, ...expanded(entry, shown) } : facts;
  };
}

function linkedFacts(entry: Entry, file: StoredFile, { repo, masked }: Shown): object {
  const { path, lfs, ...git } = entryFacts(entry) as { path: string; lfs: object };
  const xet = repo.options.xet === true && { xetHash: masked ? MASK : objectHash(file.content) };
  return { ...git, lfs: { ...lfs, ...(masked && { oid: MASK }) }, ...xet, path };
}

function expanded(entry: Entry, { repo, commit }: Shown): object {
  const { id, title, date } = lastTouch(repo, commit, entry);
  const clean = { status: "safe", avScan: { status: "safe" }, pickleImportScan: null };
  const security = entry.kind === "file" && { securityFileStatus: clean };
  return { lastCommit: { id, title, date }, ...security };
}

function lastTouch(repo: Repo, commit: StoredCommit, entry: Entry): StoredCommit {
  const line = history(repo, commit);
  const mark = markAt(commit, entry);
  const older = line.findIndex((past) => markAt(past, entry) !== mark);
  return line[(older < 0 ? line.length : older) - 1]!;
}

function markAt(commit: StoredCommit, entry: Entry): string | undefined {
  if (entry.kind === "file") return commit.files.get(entry.path)?.content.key;
  const folder = findFolder(commit.root(), entry.path);
  return folder && folderOid(folder);
}
