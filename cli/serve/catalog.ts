import { algorithmOf, type Commit, hexOf, parseCommit, type RepoType } from "../../schema/ids.ts";
import type { Gated, Lock, LockedSource } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { type Want, wantsOf } from "../lock/wants.ts";
import { buildFolders, type Folder, type ServedFile } from "./folders.ts";
import type { ListedCommit } from "./pages.ts";

/** Every repository that a lock pins, at every commit: what is served, and nothing else. */
export interface Catalog {
  readonly repos: readonly CatalogRepo[];
  /** What the lock leaves open, and how it was decided. */
  readonly warnings: readonly string[];
  /** `moved`: a former name, or one in another case. */
  find(
    type: RepoType,
    name: string,
  ): { readonly kind: "here" | "moved"; readonly repo: CatalogRepo } | undefined;
}

export interface CatalogRepo {
  readonly type: RepoType;
  /** Canonical. */
  readonly name: string;
  readonly commits: ReadonlyMap<string, CatalogCommit>;
  /** Full names (`refs/heads/main`) to commits. */
  readonly refs: ReadonlyMap<string, Commit>;
}

/** The union of what the lock's sources take of a repository at one commit, under the repository's paths. */
export interface CatalogCommit extends ListedCommit {
  readonly id: Commit;
  readonly files: ReadonlyMap<string, CatalogFile>;
  readonly terms: Terms;
}

/** What the lock knows of a repository beside its files. */
export interface Terms {
  readonly id: string | undefined;
  readonly licenses: readonly string[];
  readonly gated: Gated | undefined;
  readonly private: boolean | undefined;
}

export interface CatalogFile extends ServedFile {
  /** Where it is on disk: several where several sources take it. Never empty. */
  readonly places: readonly Want[];
}

export function catalogOf(lock: Lock): Catalog {
  const drafts = new Map<string, Draft>();
  const names = new Map<string, string>();
  const warnings: string[] = [];
  for (const source of lock.sources) {
    const key = keyOf(source.type, source.repo);
    const draft = drafts.get(key) ?? emptyDraft(source);
    drafts.set(key, draft);
    for (const name of [source.repo, source.asked ?? source.repo])
      names.set(keyOf(source.type, name).toLowerCase(), key);
    warnings.push(...addSource(draft, source, wantsOf({ ...lock, sources: [source] })));
  }
  for (const draft of drafts.values()) warnings.push(...addMain(draft));
  return {
    repos: [...drafts.values()],
    warnings,
    find: (type, name) => {
      const key = keyOf(type, name);
      const here = drafts.get(key);
      if (here !== undefined) return { kind: "here", repo: here };
      const moved = drafts.get(names.get(key.toLowerCase()) ?? "");
      return moved && { kind: "moved", repo: moved };
    },
  };
}

/** A full id, `HEAD`, a branch or a full ref. */
export function findCommit(repo: CatalogRepo, revision: string): CatalogCommit | undefined {
  const ref = revision === "HEAD" ? MAIN : fullRef(revision);
  return repo.commits.get(repo.refs.get(ref) ?? revision);
}

const MAIN = "refs/heads/main";

interface Draft extends CatalogRepo {
  readonly commits: Map<string, CommitDraft>;
  readonly refs: Map<string, Commit>;
  /** Ref to the source that it was taken from. */
  readonly takenFrom: Map<string, string>;
}

interface CommitDraft extends CatalogCommit {
  readonly files: Map<string, CatalogFile & { readonly places: Want[] }>;
}

function emptyDraft({ type, repo }: LockedSource): Draft {
  return { type, name: repo, commits: new Map(), refs: new Map(), takenFrom: new Map() };
}

function addSource(draft: Draft, source: LockedSource, wants: readonly Want[]): readonly string[] {
  const commit = draft.commits.get(source.commit) ?? emptyCommit(source);
  draft.commits.set(source.commit, commit);
  for (const [index, { path }] of source.files.entries()) {
    const want = wants[index];
    if (want !== undefined) addFile(commit, path, want);
  }
  return addRef(draft, source);
}

function addFile({ files }: CommitDraft, path: string, want: Want): void {
  const known = files.get(path);
  const hex = hexOf(want.digest);
  // One commit holds one content under one path: what says otherwise was not written by a lock.
  if (known?.digest() === hex) known.places.push(want);
  if (known !== undefined) return;
  const lfs = algorithmOf(want.digest) === "sha256";
  files.set(path, { path, size: want.size, lfs, digest: () => hex, places: [want] });
}

function emptyCommit({ commit, id, licenses, gated, private: hidden }: LockedSource): CommitDraft {
  const files: CommitDraft["files"] = new Map();
  let root: Folder | undefined;
  return {
    id: commit,
    files,
    root: () => {
      root ??= buildFolders(files.values());
      return root;
    },
    terms: { id, licenses, gated, private: hidden },
  };
}

/** Sources come sorted by name, so who is first does not depend on who serves. */
function addRef(draft: Draft, { name, revision, commit }: LockedSource): readonly string[] {
  if (parseCommit(revision) !== undefined) return [];
  const ref = fullRef(revision);
  const first = draft.refs.get(ref);
  if (first === undefined) {
    draft.refs.set(ref, commit);
    draft.takenFrom.set(ref, name);
    return [];
  }
  if (first === commit) return [];
  const [winner, what] = [draft.takenFrom.get(ref), `${draft.type} ${printable(draft.name)}`];
  return [
    `${what}: "${printable(revision)}" means commit ${first} of source "${winner}"; ` +
      `source "${name}" pins it to ${commit}, which is served by that id alone`,
  ];
}

/** Clients that name no revision mean `main`, whatever the lock's sources are called by. */
function addMain(draft: Draft): readonly string[] {
  const [first, ...others] = [...draft.commits.values()].map(({ id }) => id);
  if (first === undefined || draft.refs.has(MAIN)) return [];
  draft.refs.set(MAIN, first);
  if (others.length === 0) return [];
  return [
    `${draft.type} ${printable(draft.name)}: no source takes "main", so it means the first one's commit ${first}`,
  ];
}

function fullRef(revision: string): string {
  return revision.startsWith("refs/") ? revision : `refs/heads/${revision}`;
}

function keyOf(type: RepoType, name: string): string {
  return `${type}/${name}`;
}
