import { createHash } from "node:crypto";
import { type Problem, TritterError } from "../../cli/errors.ts";
import type { CommitInfo, Entry, Hub, Listed, RepoRef } from "../../cli/hub/port.ts";
import type { Commit } from "../../schema/ids.ts";
import type { Gated } from "../../schema/lock.ts";
import { digestOf } from "./documents.ts";

export interface FakeRepo {
  /** Revision → commit. */
  readonly refs: Readonly<Record<string, Commit>>;
  readonly trees: Readonly<Record<Commit, readonly Listed[]>>;
  /** Newest first, each the parent of the one before; other commits have no history. */
  readonly history?: readonly CommitInfo[];
  /** Canonical name; default: as asked. */
  readonly name?: string;
  readonly id?: string;
  readonly gated?: Gated;
  readonly gate?: string;
  readonly private?: boolean;
  readonly licenses?: readonly string[];
  readonly disabled?: boolean;
  /** What resolving it comes to. */
  readonly fails?: Problem;
  /** What asking for one of its files comes to. */
  readonly refuses?: Problem;
}

export interface FakeHub extends Hub {
  /**
   * Every call in order, a commit by its first digit: `resolve o/n main`, `list o/n 1`, `access o/n 1 a.txt`,
   * `entries o/n 1 data`, `commits o/n 1`, and `more o/n` for each further page of those.
   */
  readonly calls: readonly string[];
  /** Repositories by name, another type than dataset before it: `model o/n`. Changed by the test as the Hub changes. */
  readonly repos: Record<string, FakeRepo>;
  clearCalls(): void;
}

/** A Hub that is a table; lists are handed out two files a page. */
export function fakeHub(repos: Record<string, FakeRepo>): FakeHub {
  const calls: string[] = [];
  const nameOf = ({ type, repo }: RepoRef) => (type === "dataset" ? repo : `${type} ${repo}`);
  const call = (verb: string, ref: RepoRef, ...rest: string[]): FakeRepo => {
    calls.push([verb, nameOf(ref), ...rest].join(" "));
    const found =
      repos[nameOf(ref)] ??
      Object.values(repos).find(({ name }) => name !== undefined && name === nameOf(ref));
    if (found === undefined) {
      throw new TritterError({
        code: "REPO_NOT_FOUND",
        message: `no ${nameOf(ref)}`,
        lasting: "missing",
      });
    }
    return found;
  };
  const unused = (): never => {
    throw new Error("resolving asks for no bytes");
  };
  return {
    label: "fake",
    calls,
    repos,
    clearCalls: () => void calls.splice(0),
    resolve: async (ref, revision) => {
      const repo = call("resolve", ref, revision);
      if (repo.fails !== undefined) throw new TritterError(repo.fails);
      const commit = repo.refs[revision] ?? (revision in repo.trees ? (revision as Commit) : undefined);
      if (commit === undefined)
        throw new TritterError({ code: "REVISION_NOT_FOUND", message: `no ${revision}` });
      const { name = ref.repo, id, gated, gate, licenses, disabled, private: hidden } = repo;
      return { commit, repo: name, id, gated, gate, licenses, disabled, private: hidden };
    },
    list: async function* (ref, commit, folder = "") {
      const where = folder === "" ? [] : [folder];
      const all = call("list", ref, commit[0] ?? "", ...where).trees[commit];
      if (all === undefined) throw new TritterError({ code: "PIN_GONE", message: `no ${commit}` });
      const files = folder === "" ? all : all.filter(({ path }) => path.startsWith(`${folder}/`));
      for (let at = 0; at < files.length; at += 2) yield files.slice(at, at + 2);
    },
    access: async (ref, commit, path) => {
      const { refuses } = call("access", ref, commit[0] ?? "", path);
      return refuses === undefined ? { kind: "granted" } : { kind: "refused", problem: refuses };
    },
    entries: async function* (ref, commit, folder) {
      const files = call("entries", ref, commit[0] ?? "", folder).trees[commit];
      if (files === undefined) throw new TritterError({ code: "PIN_GONE", message: `no ${commit}` });
      const entries = foldersOf(files, folder);
      for (let at = 0; at < entries.length; at += 2) yield entries.slice(at, at + 2);
    },
    open: unused,
    commits: async function* (ref, revision) {
      const { history = [], refs, fails } = call("commits", ref, revision.slice(0, 1));
      if (fails !== undefined) throw new TritterError(fails);
      const from = history.findIndex(({ commit }) => commit === (refs[revision] ?? revision));
      if (from < 0) throw new TritterError({ code: "PIN_GONE", message: `no ${revision}` });
      for (let at = from; at < history.length; at += 2) {
        if (at > from) call("more", ref);
        yield history.slice(at, at + 2);
      }
    },
    close: async () => undefined,
  };
}

/** What is directly in a folder; the id of a folder follows from all that is in it. */
function foldersOf(files: readonly Listed[], folder: string): readonly Entry[] {
  const lead = folder === "" ? "" : `${folder}/`;
  const inside = files.filter(({ path }) => path.startsWith(lead));
  const direct = inside.filter(({ path }) => !path.slice(lead.length).includes("/"));
  const names = new Set(
    inside
      .filter((file) => !direct.includes(file))
      .map(({ path }) => lead + path.slice(lead.length).split("/")[0]),
  );
  const oidOf = (path: string) => {
    const below = files.filter((file) => file.path.startsWith(`${path}/`));
    const lines = below.map((file) => `${file.path.slice(path.length)} ${file.size} ${file.digest}`).sort();
    return createHash("sha1").update(lines.join("\n")).digest("hex");
  };
  return [
    ...direct.map((file): Entry => ({ kind: "file", file })),
    ...[...names].map((path): Entry => ({ kind: "folder", path, oid: oidOf(path) })),
  ];
}

export function listed(path: string, parts: Partial<Listed> = {}): Listed {
  return { path, size: 10, digest: digestOf("a"), ...parts };
}
