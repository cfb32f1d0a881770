import type { Commit } from "../../schema/ids.ts";
import type { Listed, RepoRef } from "../hub/port.ts";
import type { Resolving } from "./input.ts";

/** The complete listing of a commit, asked for once a run. */
export function listOnce(
  resolving: Resolving,
  repo: RepoRef,
  { commit, source }: { commit: Commit; source: string },
): Promise<readonly Listed[]> {
  const key = `${repo.type} ${repo.repo} ${commit}`;
  const known = resolving.listings.get(key) ?? listAll(resolving, repo, { commit, source });
  resolving.listings.set(key, known);
  return known;
}

async function listAll(
  { hub, emit, signal }: Resolving,
  repo: RepoRef,
  { commit, source }: { commit: Commit; source: string },
): Promise<readonly Listed[]> {
  const files: Listed[] = [];
  for await (const page of hub.list(repo, commit)) {
    signal.throwIfAborted();
    for (const file of page) files.push(file);
    emit({ kind: "listing", source, files: files.length });
  }
  return files;
}
