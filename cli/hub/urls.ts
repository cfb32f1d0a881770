import type { Commit, RepoType } from "../../schema/ids.ts";
import { TritterError } from "../errors.ts";
import type { RepoRef } from "./port.ts";
import { clean } from "./text.ts";

// Shapes: https://huggingface.co/docs/hub/api. `base` is an endpoint without a trailing slash.

/** The page a person opens: `https://huggingface.co/datasets/o/n`. */
export function pageUrl(base: string, { type, repo }: RepoRef): string {
  return `${base}/${WEB_PREFIX[type]}${checkedName(repo)}`;
}

function apiUrl(base: string, { type, repo }: RepoRef): string {
  return `${base}/api/${type}s/${checkedName(repo)}`;
}

/** Entries asked for on a page of a listing: the most that the Hub gives. */
export const TREE_PAGE = 1000;

export function treeUrl(
  base: string,
  repo: RepoRef,
  { commit, prefix, recursive }: { commit: Commit; prefix: string | undefined; recursive: boolean },
): string {
  const folder = prefix === undefined || prefix === "" ? "" : `/${encodePath(prefix)}`;
  return `${apiUrl(base, repo)}/tree/${commit}${folder}?recursive=${recursive}&expand=false&limit=${TREE_PAGE}`;
}

export function commitsUrl(base: string, repo: RepoRef, revision: string): string {
  return `${apiUrl(base, repo)}/commits/${encodeSegment(revision)}?limit=100`;
}

export function resolveUrl(
  base: string,
  repo: RepoRef,
  { commit, path }: { commit: Commit; path: string },
): string {
  return `${pageUrl(base, repo)}/resolve/${commit}/${encodePath(path)}`;
}

/** Each segment percent-encoded, `/` kept, no Unicode normalisation. Throws NAME_REFUSED on what a URL cannot carry unchanged. */
export function encodePath(path: string): string {
  return path
    .split("/")
    .map((segment) => {
      if (segment === "" || segment === "." || segment === "..") throw unaddressable(path);
      return encodeSegment(segment);
    })
    .join("/");
}

/** One segment, `/` encoded too: how a revision such as `refs/pr/3` travels. */
export function encodeSegment(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // A lone surrogate has no UTF-8 form.
    throw unaddressable(text);
  }
}

/** `owner/name`, or one segment for a legacy repository; the Hub's own alphabet, so nothing in it needs encoding. */
export function isRepoName(text: string): boolean {
  return /^(?!\.{1,2}(?:\/|$))[\w.-]+(?:\/(?!\.{1,2}$)[\w.-]+)?$/.test(text);
}

/**
 * A page's `Link: rel=next` put back onto the endpoint. Mirrors pass on links that name the origin they mirror,
 * and following one would leave the endpoint the person chose. undefined: it is no link into this API.
 */
export function ontoEndpoint(link: string, base: string, type: RepoType): string | undefined {
  if (!URL.canParse(link, `${base}/`)) return undefined;
  const url = new URL(link, `${base}/`);
  const at = url.pathname.indexOf(`/api/${type}s/`);
  return at < 0 ? undefined : `${base}${url.pathname.slice(at)}${url.search}`;
}

const WEB_PREFIX: Readonly<Record<RepoType, string>> = { dataset: "datasets/", model: "", space: "spaces/" };

export function checkedName(repo: string): string {
  if (isRepoName(repo)) return repo;
  const message = `cannot ask for "${clean(repo)}": a repository is named "owner/name", of letters, digits, "-", "_" and "."`;
  throw new TritterError({
    code: "REPO_NOT_FOUND",
    message,
    hint: "correct the repository's name in the manifest",
  });
}

function unaddressable(path: string): TritterError {
  const message = `cannot ask for "${clean(path)}": a path has no empty, "." or ".." segments and is valid Unicode`;
  return new TritterError({ code: "NAME_REFUSED", message });
}
