import { type Commit, digestOf } from "../../schema/ids.ts";
import { TritterError } from "../errors.ts";
import type { Client, TextAnswer } from "./client.ts";
import { nextLink } from "./headers.ts";
import { malformed, parseJson, subjectAt } from "./info.ts";
import { pointerOid } from "./pointer.ts";
import type { Entry, Listed, RepoRef } from "./port.ts";
import { NO_ENTRY, type Subject } from "./refusals.ts";
import { clean } from "./text.ts";
import { ontoEndpoint, treeUrl } from "./urls.ts";

interface Tree {
  readonly commit: Commit;
  readonly prefix: string | undefined;
  readonly signal: AbortSignal;
}

/** Every file of the tree at a commit, or below a folder of it. */
export async function* listTree(
  client: Client,
  repo: RepoRef,
  tree: Tree,
): AsyncGenerator<readonly Listed[]> {
  for await (const entries of treePages(client, repo, { ...tree, recursive: true }))
    yield entries.flatMap((entry) => (entry.kind === "file" ? [entry.file] : []));
}

/** What is directly in a folder. */
export function listFolder(client: Client, repo: RepoRef, tree: Tree): AsyncGenerator<readonly Entry[]> {
  return treePages(client, repo, { ...tree, recursive: false });
}

async function* treePages(
  client: Client,
  repo: RepoRef,
  { commit, prefix, recursive, signal }: Tree & { readonly recursive: boolean },
): AsyncGenerator<readonly Entry[]> {
  const subject = subjectAt("list", repo, commit);
  const url = treeUrl(client.endpoint.url, repo, { commit, prefix, recursive });
  let number = 0;
  for await (const { text } of pages(client, url, {
    subject,
    signal,
    absentIsEmpty: prefix !== undefined && prefix !== "",
    ahead: true,
  })) {
    yield readPage(text, `${subject.action}: page ${++number}`);
  }
}

interface Pages {
  readonly subject: Subject;
  readonly signal: AbortSignal;
  readonly absentIsEmpty: boolean;
  /** Ask for the next page before one is handed out, since each names its successor only: where all will be wanted. */
  readonly ahead: boolean;
}

/** Answers along `Link: rel=next`. Throws HUB where the links lead in a circle or out of the Hub. */
export async function* pages(
  client: Client,
  first: string,
  { subject, signal, absentIsEmpty, ahead }: Pages,
): AsyncGenerator<TextAnswer> {
  const abandon = new AbortController();
  const either = AbortSignal.any([signal, abandon.signal]);
  const seen = new Set<string>();
  const ask = (url: string) => {
    if (seen.has(url)) throw malformed(subject.action, "repeats a page it has listed before");
    seen.add(url);
    const answer = client.getText(url, { subject, signal: either });
    // Awaited later, if at all: a failure must not count as unhandled meanwhile.
    answer.catch(() => {});
    return answer;
  };
  try {
    let next: Promise<TextAnswer> | undefined = ask(first);
    while (next !== undefined) {
      const answer: TextAnswer | undefined = await next.catch((error: unknown) => {
        if (absentIsEmpty && isAbsent(error)) return undefined;
        throw error;
      });
      if (answer === undefined) return;
      const link = nextLink(answer.headers);
      const url = link === undefined ? undefined : ontoEndpoint(link, client.endpoint.url, subject.repo.type);
      if (link !== undefined && url === undefined)
        throw malformed(subject.action, "links to a next page outside the Hub");
      if (ahead) next = url === undefined ? undefined : ask(url);
      yield answer;
      if (!ahead) next = url === undefined ? undefined : ask(url);
    }
  } finally {
    abandon.abort(new Error("the listing was abandoned"));
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof TritterError && error.code === "HUB" && error.message.endsWith(NO_ENTRY);
}

function readPage(text: string, action: string): readonly Entry[] {
  const page = parseJson(text, action);
  if (!Array.isArray(page)) throw malformed(action, "is no list");
  const entries: Entry[] = [];
  for (const raw of page) {
    const entry = readEntry(raw, action);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** undefined: a kind of entry that this version does not know. */
function readEntry(entry: unknown, action: string): Entry | undefined {
  if (typeof entry !== "object" || entry === null || !("type" in entry))
    throw malformed(action, "holds an entry without a type");
  if (entry.type === "directory") return readFolder(entry, action);
  if (entry.type !== "file") return undefined;
  const { path, oid, size, lfs } = entry as Partial<RawEntry>;
  if (typeof path !== "string" || path === "") throw malformed(action, "holds a file without a path");
  if (typeof oid !== "string") throw malformed(action, `holds "${clean(path)}" without an oid`);
  if (lfs === undefined || lfs === null)
    return { kind: "file", file: { path, size: sizeOf(size, path, action), digest: digestOf("git", oid) } };
  const bytes = sizeOf(lfs.size ?? size, path, action);
  const digest = digestOf("sha256", typeof lfs.oid === "string" ? lfs.oid : "");
  if (digest !== undefined && pointerOid(lfs.oid as string, bytes) !== oid) throw contradictory(action, path);
  return { kind: "file", file: { path, size: bytes, digest } };
}

function readFolder(entry: object, action: string): Entry {
  const { path, oid } = entry as Partial<RawEntry>;
  if (typeof path !== "string" || path === "") throw malformed(action, "holds a folder without a path");
  return {
    kind: "folder",
    path,
    oid: typeof oid === "string" && /^[0-9a-f]{40}$/.test(oid) ? oid : undefined,
  };
}

interface RawEntry {
  readonly path: unknown;
  readonly oid: unknown;
  readonly size: unknown;
  readonly lfs?: { readonly oid?: unknown; readonly size?: unknown } | null;
}

function sizeOf(size: unknown, path: string, action: string): number {
  if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
  throw malformed(action, `holds "${clean(path)}" without a size in bytes`);
}

function contradictory(action: string, path: string): TritterError {
  const message = `${action}: the sha256, size and pointer of "${clean(path)}" contradict each other`;
  return new TritterError({
    code: "HUB",
    message,
    hint: "the Hub, or a mirror before it, lists wrong hashes; try another endpoint",
  });
}
