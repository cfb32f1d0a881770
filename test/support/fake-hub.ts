import { type Problem, TritterError } from "../../cli/errors.ts";
import type { Hub, Listed, RepoRef } from "../../cli/hub/port.ts";
import type { Commit } from "../../schema/ids.ts";
import type { Gated } from "../../schema/lock.ts";
import { digestOf } from "./documents.ts";

export interface FakeRepo {
  /** Revision → commit. */
  readonly refs: Readonly<Record<string, Commit>>;
  readonly trees: Readonly<Record<Commit, readonly Listed[]>>;
  /** Canonical name; default: as asked. */
  readonly name?: string;
  readonly id?: string;
  readonly gated?: Gated;
  readonly licenses?: readonly string[];
  readonly disabled?: boolean;
  /** What resolving it comes to. */
  readonly fails?: Problem;
  /** What asking for one of its files comes to. */
  readonly refuses?: Problem;
}

export interface FakeHub extends Hub {
  /** Every call in order, a commit by its first digit: `resolve o/n main`, `list o/n 1`, `access o/n 1 a.txt`. */
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
    if (found === undefined) throw new TritterError({ code: "REPO_NOT_FOUND", message: `no ${nameOf(ref)}` });
    return found;
  };
  const unused = (): never => {
    throw new Error("resolving asks for no bytes and no history");
  };
  return {
    label: "fake",
    calls,
    repos,
    clearCalls: () => void calls.splice(0),
    resolve: async (ref, revision) => {
      const repo = call("resolve", ref, revision);
      if (repo.fails !== undefined) throw new TritterError(repo.fails);
      const commit = repo.refs[revision];
      if (commit === undefined)
        throw new TritterError({ code: "REVISION_NOT_FOUND", message: `no ${revision}` });
      const { name = ref.repo, id, gated, licenses, disabled } = repo;
      return { commit, repo: name, id, gated, licenses, disabled, private: undefined };
    },
    list: async function* (ref, commit) {
      const files = call("list", ref, commit[0] ?? "").trees[commit];
      if (files === undefined) throw new TritterError({ code: "PIN_GONE", message: `no ${commit}` });
      for (let at = 0; at < files.length; at += 2) yield files.slice(at, at + 2);
    },
    access: async (ref, commit, path) => {
      const { refuses } = call("access", ref, commit[0] ?? "", path);
      return refuses === undefined ? { kind: "granted" } : { kind: "refused", problem: refuses };
    },
    open: unused,
    commits: unused,
    close: async () => undefined,
  };
}

export function listed(path: string, parts: Partial<Listed> = {}): Listed {
  return { path, size: 10, digest: digestOf("a"), ...parts };
}
