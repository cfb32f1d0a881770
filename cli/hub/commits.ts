import { parseCommit } from "../../schema/ids.ts";
import type { Client } from "./client.ts";
import { malformed, parseJson } from "./info.ts";
import { pages } from "./listing.ts";
import type { CommitInfo, RepoRef } from "./port.ts";
import type { Subject } from "./refusals.ts";
import { clean } from "./text.ts";
import { commitsUrl } from "./urls.ts";

export async function* listCommits(
  client: Client,
  repo: RepoRef,
  { revision, signal }: { revision: string; signal: AbortSignal },
): AsyncGenerator<readonly CommitInfo[]> {
  const action = `cannot list the commits of ${repo.type} "${clean(repo.repo)}" at "${clean(revision)}"`;
  const subject: Subject = { action, repo, commit: parseCommit(revision) };
  for await (const { text } of pages(client, commitsUrl(client.endpoint.url, repo, revision), {
    subject,
    signal,
    absentIsEmpty: false,
    ahead: false,
  })) {
    const page = parseJson(text, action);
    if (!Array.isArray(page)) throw malformed(action, "is no list");
    yield page.map((entry) => readCommit(entry, action));
  }
}

function readCommit(entry: unknown, action: string): CommitInfo {
  const { id, title, date } = (entry ?? {}) as Record<string, unknown>;
  const commit = parseCommit(typeof id === "string" ? id : "");
  if (commit === undefined) throw malformed(action, "holds an entry without a commit");
  return { commit, title: typeof title === "string" ? clean(title) : "", date: isoDate(date) };
}

function isoDate(date: unknown): string | undefined {
  const time = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
