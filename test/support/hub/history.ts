import type { Said } from "../../../cli/serve/wire.ts";
import { history, type Repo, type StoredCommit } from "./store.ts";

export interface CommitsQuestion {
  readonly repo: Repo;
  readonly commit: StoredCommit;
  readonly query: URLSearchParams;
  /** Absolute, without query. */
  readonly address: string;
}

const COMMITS_PAGE = 50;

/** One page of history, newest first; pages have numbers here, not cursors. */
export function commits({ repo, commit, query, address }: CommitsQuestion): Said {
  const line = history(repo, commit);
  const page = Number(query.get("p") ?? 0);
  const limit = Math.max(1, Number(query.get("limit") ?? COMMITS_PAGE));
  const value = line.slice(page * limit, (page + 1) * limit).map((at) => commitJson(repo, at));
  const link = `<${address}?p=${page + 1}&limit=${limit}>; rel="next"`;
  const more = (page + 1) * limit < line.length;
  return { kind: "json", value, headers: { "x-total-count": String(line.length), ...(more && { link }) } };
}

function commitJson(repo: Repo, { id, title, date }: StoredCommit): object {
  return { id, title, message: "", authors: [{ user: repo.name.split("/")[0], avatar: "" }], date };
}
