import {
  type Catalog,
  type CatalogCommit,
  type CatalogFile,
  type CatalogRepo,
  findCommit,
} from "./catalog.ts";
import { info, siblings } from "./info.ts";
import { askedPaths, entryFacts, PAGE_SIZE, pathsInfo, tree } from "./pages.ts";
import { refs } from "./refs.ts";
import { entryNotFound, type Form, refusal, repoNotFound, revisionNotFound } from "./refusals.ts";
import type { FileRoute, RepoRoute, Route } from "./route.ts";
import type { Said } from "./wire.ts";

export interface Ask {
  /** GET, HEAD or POST. */
  readonly method: string;
  /** As on the wire, without the query. */
  readonly pathname: string;
  /** With its `?`, as on the wire; or empty. */
  readonly search: string;
  readonly contentType: string;
  readonly body: string;
  /** Scheme and host as the client named them. */
  readonly origin: string;
}

/** What to say; `file`: whose bytes go with it. */
export interface Reply {
  readonly said: Said;
  readonly file?: CatalogFile;
}

/** What metrics call the kind of a request. */
export type RouteName = Route["kind"] | "status" | "metrics" | "health";

/** A Hub's word on what is asked. Only what the catalog holds can be named: a path is looked up, never walked. */
export function answerFrom(catalog: Catalog, at: Route, ask: Ask): Reply {
  const form: Form = at.kind === "resolve" ? "text" : "json";
  if (at.kind === "malformed") return { said: refusal(400, "Bad Request: malformed path", form) };
  if (at.kind === "other") return { said: refusal(404, "Not Found", form) };
  if ((ask.method === "POST") !== (at.kind === "paths-info")) {
    const allow = at.kind === "paths-info" ? "POST" : "GET, HEAD";
    return { said: { ...refusal(405, "Method Not Allowed", form), headers: { allow } } };
  }
  const found = catalog.find(at.type, at.name);
  if (found === undefined) return { said: repoNotFound(form) };
  const { repo } = found;
  if (found.kind === "moved")
    return { said: { kind: "moved", location: `${at.before}${repo.name}${at.after}${ask.search}` } };
  return at.kind === "resolve" ? fileReply(repo, at) : { said: repoAnswer(repo, at, ask) };
}

function fileReply(repo: CatalogRepo, { revision, path }: FileRoute): Reply {
  const commit = findCommit(repo, revision);
  if (commit === undefined) return { said: revisionNotFound(revision, "text") };
  const file = commit.files.get(path);
  if (file === undefined) return { said: entryNotFound(commit.id, "text") };
  const { size, lfs } = file;
  const text = !lfs && isText(path);
  return { said: { kind: "file", path, size, etag: file.digest(), lfs, commit: commit.id, text }, file };
}

function repoAnswer(repo: CatalogRepo, at: RepoRoute, ask: Ask): Said {
  if (at.kind === "auth-check") return { kind: "text", text: "OK" };
  const query = new URLSearchParams(ask.search);
  if (at.kind === "refs") return refs(repo.refs, query);
  const revision = at.revision ?? "HEAD";
  const commit = findCommit(repo, revision);
  if (commit === undefined) return revisionNotFound(revision, "json");
  switch (at.kind) {
    case "info":
      return infoAnswer(repo, commit, query);
    case "tree": {
      const address = `${ask.origin}${ask.pathname}`;
      return tree({ commit, show: entryFacts, path: at.path, query, address, pageSize: PAGE_SIZE });
    }
    case "paths-info": {
      const asked = askedPaths(ask.contentType, ask.body);
      if (asked === undefined) return refusal(400, "Bad Request: no list of paths", "json");
      return pathsInfo({ commit, show: entryFacts }, asked.paths);
    }
    case "commits":
      return refusal(501, "a lock knows no history: ask the Hub it was made from", "json");
    default:
      return at.kind satisfies never;
  }
}

/** What a lock does not know is left out, so that nobody takes it for the Hub's word; what every client counts on is not. */
function infoAnswer(repo: CatalogRepo, commit: CatalogCommit, query: URLSearchParams): Said {
  const { id, licenses, gated, private: hidden } = commit.terms;
  const fields: Readonly<Record<string, () => unknown>> = {
    author: () => repo.name.split("/").slice(0, -1)[0],
    cardData: () => (licenses.length === 0 ? undefined : { license: oneOrAll(licenses) }),
    disabled: () => false,
    downloads: () => 0,
    // The words of a gate are not in a lock, and a gate without them would be another.
    gated: () => (gated ? undefined : false),
    likes: () => 0,
    modelId: () => repo.name,
    private: () => hidden ?? false,
    sha: () => commit.id,
    siblings: () => siblings(commit.root(), siblingsAs(query)),
    tags: () => licenses.map((license) => `license:${license}`),
  };
  return info({ type: repo.type, id, name: repo.name, query, field: (name) => fields[name]?.() });
}

function siblingsAs(query: URLSearchParams): Parameters<typeof siblings>[1] {
  const blobs = query.get("blobs") === "true";
  return { blobs, most: MOST_SIBLINGS, digestOf: (file) => file.digest() };
}

/** Clients ask for the tree where there are more than 50,000. */
const MOST_SIBLINGS = 60_000;

function oneOrAll(list: readonly string[]): string | readonly string[] {
  return list.length === 1 ? (list[0] ?? "") : list;
}

/** A guess from the name: what git holds itself is mostly text, and a browser must not take any of it for a page. */
function isText(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /^[^.]*$|^\.[^.]+$|\.(?:md|txt|json|jsonl|csv|tsv|ya?ml|py|xml|html?|toml|cfg|ini|rst|tex|sh|js|ts)$/i.test(
    name,
  );
}
