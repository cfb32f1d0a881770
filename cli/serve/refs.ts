import type { Said } from "./wire.ts";

/** Branches, converted copies and tags; pull requests when asked for. `refs`: full names (`refs/heads/main`) to commits. */
export function refs(refs: Iterable<readonly [ref: string, commit: string]>, query: URLSearchParams): Said {
  const all = [...refs];
  const family = (prefix: string): object[] =>
    all
      .filter(([ref]) => ref.startsWith(prefix))
      .map(([ref, targetCommit]) => ({ name: ref.slice(prefix.length), ref, targetCommit }));
  const value = {
    tags: family("refs/tags/"),
    branches: family("refs/heads/"),
    converts: family("refs/convert/"),
    ...(query.get("include_prs") && { pullRequests: family("refs/pr/") }),
  };
  return { kind: "json", value };
}
