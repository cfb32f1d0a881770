import type { RepoKind } from "./store.ts";

type RepoRequestKind = "info" | "tree" | "paths-info" | "refs" | "commits" | "auth-check";
type FileRequestKind = "resolve" | "resolve-cache";
export type RequestKind = RepoRequestKind | FileRequestKind | "whoami" | "cdn" | "other";

export type Route =
  | RepoRoute
  | FileRoute
  | { readonly kind: "whoami" }
  | { readonly kind: "other" }
  | { readonly kind: "malformed" };

interface RouteToRepo {
  readonly repoKind: RepoKind;
  readonly name: string;
  /** The path before and after the repository's name, as on the wire. */
  readonly before: string;
  readonly after: string;
}

export interface RepoRoute extends RouteToRepo {
  readonly kind: RepoRequestKind;
  readonly revision: string | undefined;
  /** Decoded; "" for the root. */
  readonly path: string;
}

export interface FileRoute extends RouteToRepo {
  readonly kind: FileRequestKind;
  readonly revision: string;
  readonly path: string;
}

/** What a path asks for. A revision is one segment, so a ref must come percent-encoded. */
export function route(pathname: string): Route {
  try {
    return routeOf(pathname);
  } catch (error) {
    if (error instanceof URIError) return { kind: "malformed" };
    throw error;
  }
}

const KINDS: Readonly<Record<string, RepoKind>> = { models: "model", datasets: "dataset", spaces: "space" };
const VERBS: Readonly<Record<string, RepoRequestKind>> = {
  revision: "info",
  tree: "tree",
  "paths-info": "paths-info",
  refs: "refs",
  commits: "commits",
  "auth-check": "auth-check",
};

function routeOf(pathname: string): Route {
  if (pathname === "/api/whoami-v2") return { kind: "whoami" };
  const segments = pathname.slice(1).split("/");
  if (segments[0] !== "api") return resolveRoute(segments);
  if (segments[1] === "resolve-cache") return cacheRoute(segments.slice(2));
  const repoKind = KINDS[segments[1] ?? ""];
  return repoKind === undefined ? { kind: "other" } : repoRoute(repoKind, segments.slice(2));
}

function repoRoute(repoKind: RepoKind, segments: readonly string[]): Route {
  const oneSegment = segments.length === 1 || (isVerb(segments[1]) && !isVerb(segments[2]));
  const width = oneSegment ? 1 : 2;
  const [verb, revision, ...path] = segments.slice(width);
  const kind = verb === undefined ? "info" : VERBS[verb];
  if (kind === undefined || segments[0] === "") return { kind: "other" };
  return {
    kind,
    ...nameOf(segments.slice(0, width)),
    repoKind,
    before: `/api/${repoKind}s/`,
    after: afterName(segments, width),
    revision: revision && decodeURIComponent(revision),
    path: path.map(decodeURIComponent).join("/"),
  };
}

function isVerb(segment: string | undefined): boolean {
  return segment !== undefined && segment in VERBS;
}

function resolveRoute(segments: readonly string[]): Route {
  const prefixed = segments[0] === "datasets" || segments[0] === "spaces";
  const repoKind = prefixed ? KINDS[segments[0]!]! : "model";
  const rest = prefixed ? segments.slice(1) : segments;
  const width = rest.indexOf("resolve");
  if (width < 1 || width > 2 || rest.length < width + 3) return { kind: "other" };
  return {
    kind: "resolve",
    ...nameOf(rest.slice(0, width)),
    repoKind,
    before: prefixed ? `/${segments[0]}/` : "/",
    after: afterName(rest, width),
    revision: decodeURIComponent(rest[width + 1]!),
    path: rest
      .slice(width + 2)
      .map(decodeURIComponent)
      .join("/"),
  };
}

/** `datasets/owner/name/<40 hex>/path`, or with a name of one segment. */
function cacheRoute(segments: readonly string[]): Route {
  const repoKind = KINDS[segments[0] ?? ""];
  const rest = segments.slice(1);
  const width = rest.slice(0, 3).findIndex((segment) => /^[0-9a-f]{40}$/.test(segment));
  if (repoKind === undefined || width < 1) return { kind: "other" };
  return {
    kind: "resolve-cache",
    ...nameOf(rest.slice(0, width)),
    repoKind,
    before: `/api/resolve-cache/${segments[0]}/`,
    after: afterName(rest, width),
    revision: rest[width]!,
    path: rest
      .slice(width + 1)
      .map(decodeURIComponent)
      .join("/"),
  };
}

function nameOf(segments: readonly string[]): { readonly name: string } {
  return { name: segments.map(decodeURIComponent).join("/") };
}

function afterName(segments: readonly string[], width: number): string {
  return segments
    .slice(width)
    .map((segment) => `/${segment}`)
    .join("");
}
