import { type Commit, digestOf } from "../../schema/ids.ts";
import { TritterError } from "../errors.ts";
import type { Client, TextAnswer } from "./client.ts";
import { nextLink } from "./headers.ts";
import { malformed, parseJson, subjectAt } from "./info.ts";
import { assertHollow, folderContents, linkBehindFull } from "./listing-end.ts";
import { pointerOid } from "./pointer.ts";
import type { Entry, Listed, RepoRef } from "./port.ts";
import { isAbsent, type Subject } from "./refusals.ts";
import { clean } from "./text.ts";
import { ontoEndpoint, TREE_PAGE, treeUrl } from "./urls.ts";

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
  const urlOf = (folder: string | undefined) =>
    treeUrl(client.endpoint.url, repo, { commit, prefix: folder, recursive });
  const asking = { subject, signal, absentIsEmpty: prefix !== undefined && prefix !== "", ahead: true };
  const contents = folderContents();
  let number = 0;
  let repeated: string | undefined;
  for (let url: string | undefined = urlOf(prefix); url !== undefined; ) {
    let last: { readonly url: URL; readonly full: boolean } | undefined;
    for await (const answer of pages(client, url, asking)) {
      const page = readPage(answer.text, `${subject.action}: page ${++number}`);
      for (const { path, isFolder } of page.seen) contents.note(path, isFolder);
      yield page.entries.filter((entry, index) => index > 0 || pathOf(entry) !== repeated);
      repeated = page.entries.map(pathOf).at(-1);
      last = { url: answer.url, full: page.seen.length === TREE_PAGE };
    }
    const link = last?.full === true ? await linkBehindFull(client, last.url, asking) : undefined;
    url = link === undefined ? undefined : onwards(client, link, subject);
  }
  if (recursive) await assertHollow(client, contents.hollow(), { ...asking, urlOf });
}

function pathOf(entry: Entry): string {
  return entry.kind === "file" ? entry.file.path : entry.path;
}

function onwards(client: Client, link: string, { action, repo }: Subject): string {
  const url = ontoEndpoint(link, client.endpoint.url, repo.type);
  if (url === undefined) throw malformed(action, "links to a next page outside the Hub");
  return url;
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
      const url = link === undefined ? undefined : onwards(client, link, subject);
      if (ahead) next = url === undefined ? undefined : ask(url);
      yield answer;
      if (!ahead) next = url === undefined ? undefined : ask(url);
    }
  } finally {
    abandon.abort(new Error("the listing was abandoned"));
  }
}

interface Page {
  readonly entries: readonly Entry[];
  /** Those of kinds unknown to this version too. */
  readonly seen: readonly { readonly path: string; readonly isFolder: boolean }[];
}

function readPage(text: string, action: string): Page {
  const page = parseJson(text, action);
  if (!Array.isArray(page)) throw malformed(action, "is no list");
  const entries: Entry[] = [];
  const seen: { path: string; isFolder: boolean }[] = [];
  for (const raw of page) {
    const entry = readEntry(raw, action);
    if (entry !== undefined) entries.push(entry);
    const { path, type } = raw as { path?: unknown; type: unknown };
    seen.push({ path: typeof path === "string" ? path : "", isFolder: type === "directory" });
  }
  return { entries, seen };
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
  const file = { path, size: bytes, digest };
  return { kind: "file", file: digest === undefined ? { ...file, pointer: oid } : file };
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
