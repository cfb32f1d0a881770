import { TritterError } from "../errors.ts";
import type { Client } from "./client.ts";
import { nextLink } from "./headers.ts";
import { parseJson } from "./info.ts";
import { isAbsent, type Subject } from "./refusals.ts";
import { TREE_PAGE } from "./urls.ts";

// What stands between may drop the `Link` to the next page. Then a part of a repository would pass for all of it.

interface Asking {
  readonly subject: Subject;
  readonly signal: AbortSignal;
}

/**
 * Behind a page that names no next one though it is as full as was asked for: one entry less must name a next.
 * The link to there, which begins with that entry again; undefined where the page was the last. Throws LISTING_INCOMPLETE.
 */
export async function linkBehindFull(client: Client, page: URL, asking: Asking): Promise<string | undefined> {
  const url = new URL(page);
  url.searchParams.set("limit", String(TREE_PAGE - 1));
  const answer = await client.getText(url.href, asking);
  const link = nextLink(answer.headers);
  if (link !== undefined) return link;
  const entries = parseJson(answer.text, asking.subject.action);
  // Who ignores the limit has no pages, and has told all.
  if (Array.isArray(entries) && entries.length >= TREE_PAGE) return undefined;
  throw incomplete(asking.subject, `a page of ${TREE_PAGE} entries names no next one`);
}

/** Folders that were listed, and which of them nothing was listed in: git holds no such folder. */
export function folderContents(): {
  note(path: string, isFolder: boolean): void;
  hollow(): readonly string[];
} {
  const folders: string[] = [];
  const parents = new Set<string>();
  let last = "";
  return {
    note: (path, isFolder) => {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      // Thousands of files share one.
      if (parent !== last) parents.add(parent);
      last = parent;
      if (isFolder) folders.push(path);
    },
    hollow: () => folders.filter((folder) => !parents.has(folder)),
  };
}

/** Where a Hub hides what is in a folder, such as a submodule alone, it really is empty; a few are enough to tell. */
const PROBES = 4;

/** Throws LISTING_INCOMPLETE where one of these folders does hold something. */
export async function assertHollow(
  client: Client,
  folders: readonly string[],
  { urlOf, ...asking }: Asking & { readonly urlOf: (folder: string) => string },
): Promise<void> {
  for (const folder of folders.slice(0, PROBES)) {
    const paths = await pathsAt(client, urlOf(folder), asking);
    if (paths.some((path) => path.startsWith(`${folder}/`)))
      throw incomplete(asking.subject, "folders are listed without the files in them");
  }
}

async function pathsAt(client: Client, url: string, asking: Asking): Promise<readonly string[]> {
  try {
    const entries = parseJson((await client.getText(url, asking)).text, asking.subject.action);
    const paths = (Array.isArray(entries) ? entries : []).map(
      (entry: { path?: unknown } | null) => entry?.path,
    );
    return paths.filter((path) => typeof path === "string");
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function incomplete({ action }: Subject, what: string): TritterError {
  return new TritterError({
    code: "LISTING_INCOMPLETE",
    message: `${action}: the listing ends early: ${what}`,
    hint: "a proxy or mirror may drop the Link header of the Hub's answers; try another endpoint",
  });
}
