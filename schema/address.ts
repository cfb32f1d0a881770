import type { RepoType } from "./ids.ts";
import { printable } from "./names.ts";

/** A repository as people name it: by `owner/name`, by a page of the Hub, or as `hf://…`. */
export interface Address {
  /** undefined: not said. */
  readonly type: RepoType | undefined;
  readonly repo: string;
  /** undefined: not said. */
  readonly revision: string | undefined;
  /** What of the repository. */
  readonly part: AddressPart;
}

export type AddressPart =
  | { readonly kind: "all" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string }
  /** From `hf://`, as written: it may be a file, a folder, or a pattern. */
  | { readonly kind: "path"; readonly path: string };

export type ReadAddress =
  | { readonly kind: "ok"; readonly address: Address }
  | { readonly kind: "mistake"; readonly why: string; readonly hint?: string };

/**
 * Reads `owner/name[@revision]`, `datasets/owner/name`, `hf://datasets/owner/name@revision/path` and pages such as
 * `https://huggingface.co/datasets/owner/name/tree/main/data`. `endpoints`: URLs of further Hubs whose pages count.
 */
export function readAddress(text: string, endpoints: readonly string[]): ReadAddress {
  if (/[\u0000-\u001f\u007f]/.test(text)) return mistake("holds a control character");
  if (text.startsWith("hf://")) return readUri(text.slice("hf://".length));
  if (/^(?:https?:\/\/|(?:www\.)?huggingface\.co\/|hf\.co\/)/i.test(text)) return readPage(text, endpoints);
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return mistake("is no address of a Hub");
  return readPlain(text);
}

/** The Hub's own rule: https://github.com/huggingface/huggingface_hub, validate_repo_id */
export function isRepoId(text: string): boolean {
  return (
    text.length <= 200 &&
    /^(?:\w(?:[\w.-]*\w)?\/)?\w(?:[\w.-]*\w)?$/.test(text) &&
    !/\.\.|--|\.git$/.test(text)
  );
}

const FOLDERS: Readonly<Record<string, RepoType>> = { datasets: "dataset", models: "model", spaces: "space" };
const HUB_HOSTS = ["huggingface.co", "www.huggingface.co", "hf.co"];

const FORMS = "give owner/name, a page of the Hub, or hf://datasets/owner/name@revision";

function mistake(why: string, hint = FORMS): ReadAddress {
  return { kind: "mistake", why, hint };
}

function named(repo: string, { type, revision, part }: Omit<Address, "repo">): ReadAddress {
  if (!isRepoId(repo)) return mistake(`names no repository: "${printable(repo)}" should be owner/name`);
  if (revision === "") return mistake("has no revision behind the @");
  return { kind: "ok", address: { type, repo, revision, part } };
}

const ALL: AddressPart = { kind: "all" };

function readPlain(text: string): ReadAddress {
  const [, name = "", revision] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  const { type, rest } = typed(name.split("/"));
  if (rest.length > 2) {
    const hint = `for some of its files give hf://${name}, or the repository and --include`;
    return mistake("has more than owner/name", isRepoId(rest.slice(0, 2).join("/")) ? hint : FORMS);
  }
  return named(rest.join("/"), { type, revision, part: ALL });
}

/** `datasets/…` says the type; it is no owner. */
function typed(segments: readonly string[]): { type: RepoType | undefined; rest: readonly string[] } {
  const type = Object.hasOwn(FOLDERS, segments[0] ?? "") ? FOLDERS[segments[0] as string] : undefined;
  return { type, rest: type === undefined ? segments : segments.slice(1) };
}

/** The rules of the Hub's own file system: without a folder in front it is a model, and a revision stands behind the name. */
function readUri(body: string): ReadAddress {
  if (/^(?:buckets|kernels)\//.test(body))
    return mistake(`names a ${body.slice(0, body.indexOf("/") - 1)}, which has no commits to pin`);
  const { type = "model", rest } = typed(body.split("/"));
  const [, repo = rest.join("/"), revision, path = ""] = URI.exec(rest.join("/")) ?? [];
  const decoded = revision === undefined ? undefined : decode(revision);
  if (revision !== undefined && decoded === undefined)
    return mistake("has a revision that is not percent-encoded");
  if (path.split("/").slice(0, -1).includes("")) return mistake("has an empty folder in its path");
  const part: AddressPart = path === "" ? ALL : { kind: "path", path };
  return repo.includes("/")
    ? named(repo, { type, revision: decoded, part })
    : mistake(`names no repository: "${printable(repo)}" should be owner/name`);
}

/** `refs/pr/3` and `refs/convert/parquet` are revisions though they hold slashes; others write theirs as `%2F`. */
const URI = /^([^/@]*\/[^/@]*)(?:@(refs\/(?:pr\/\d+|convert\/[\w.-]+)|[^/]*))?(?:\/(.*))?$/s;

function readPage(text: string, endpoints: readonly string[]): ReadAddress {
  const whole = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) return mistake("is not a URL");
  const url = new URL(whole);
  const path = pathBelow(url, endpoints);
  if (path === undefined) {
    const hint =
      "pages of huggingface.co count, and those of HF_ENDPOINT, --endpoint and the manifest's endpoint";
    return mistake(`is a page of ${printable(url.host)}, which is not the Hub in use`, hint);
  }
  const decoded = path
    .split("/")
    .filter((segment) => segment !== "")
    .map(decode);
  const segments = decoded.filter((segment) => segment !== undefined);
  if (segments.length < decoded.length) return mistake("is not percent-encoded as URLs are");
  return readPath(segments);
}

/** What follows the Hub's own address, which may end with a folder, as mirrors' do. */
function pathBelow(url: URL, endpoints: readonly string[]): string | undefined {
  if (HUB_HOSTS.includes(url.hostname) && url.port === "") return url.pathname;
  for (const endpoint of endpoints.filter((one) => URL.canParse(one))) {
    const { host, pathname } = new URL(endpoint);
    const folder = `${pathname.replace(/\/+$/, "")}/`;
    if (host === url.host && url.pathname.startsWith(folder)) return url.pathname.slice(folder.length - 1);
  }
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Pages of the Hub's site that are no repositories. */
const NO_OWNER =
  /^(?:api|blog|buckets|chat|collections|docs|join|kernels|learn|login|new|organizations|papers|posts|pricing|settings|tasks)$/;

/** Pages of a repository that show its files, or one. */
const PAGES = /^(?:tree|blob|resolve|raw|blame|commit|commits)$/;

function readPath(segments: readonly string[]): ReadAddress {
  const { type = "model", rest } = typed(segments);
  if (rest.length === 0 || NO_OWNER.test(rest[0] ?? "")) return mistake("is not the page of a repository");
  // Repositories of old have one name: `/gpt2/tree/main`.
  const width = rest.length === 1 || (PAGES.test(rest[1] ?? "") && rest.length > 2) ? 1 : 2;
  const repo = rest.slice(0, width).join("/");
  const [page, ...below] = rest.slice(width);
  if (page === undefined) return named(repo, { type, revision: undefined, part: ALL });
  if (!PAGES.test(page)) {
    const prefix = type === "model" ? "models/" : `${type}s/`;
    const hint = isRepoId(repo) ? `for the whole repository give ${prefix}${repo}` : FORMS;
    return mistake(`is the page "${printable(page)}" of a repository, which names no files`, hint);
  }
  const { revision, path } = revisionOf(below);
  if (revision === undefined) return mistake(`has no revision behind /${page}`);
  return named(repo, { type, revision, part: partOf(page, path) });
}

function revisionOf(below: readonly string[]): { revision: string | undefined; path: string } {
  const width = below[0] === "refs" && /^(?:pr|convert)$/.test(below[1] ?? "") ? 3 : 1;
  const revision = below.slice(0, width).join("/");
  return { revision: revision === "" ? undefined : revision, path: below.slice(width).join("/") };
}

function partOf(page: string, path: string): AddressPart {
  if (path === "" || page.startsWith("commit")) return ALL;
  return page === "tree" ? { kind: "folder", path } : { kind: "file", path };
}
