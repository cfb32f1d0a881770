import {
  afterName,
  decodePath,
  nameOf,
  type RepoRequestKind,
  type RepoRoute,
  type FileRoute as SharedFileRoute,
  type Route as SharedRoute,
  route as sharedRoute,
  typeOf,
  unlessMalformed,
} from "../../../cli/serve/route.ts";

export type { RepoRoute };

type FileRequestKind = "resolve" | "resolve-cache";
export type RequestKind = RepoRequestKind | FileRequestKind | "whoami" | "cdn" | "other";

export type FileRoute = Omit<SharedFileRoute, "kind"> & { readonly kind: FileRequestKind };

export type Route = Exclude<SharedRoute, { kind: "resolve" }> | FileRoute | { readonly kind: "whoami" };

/** What a path asks for: beside what `serve` knows, accounts and the cache that files are redirected to. */
export function route(pathname: string): Route {
  if (pathname === "/api/whoami-v2") return { kind: "whoami" };
  const segments = pathname.slice(1).split("/");
  if (segments[0] !== "api" || segments[1] !== "resolve-cache") return sharedRoute(pathname);
  return unlessMalformed(() => cacheRoute(segments.slice(2)));
}

/** `datasets/owner/name/<40 hex>/path`, or with a name of one segment. */
function cacheRoute(segments: readonly string[]): Route {
  const type = typeOf(segments[0]);
  const rest = segments.slice(1);
  const width = rest.slice(0, 3).findIndex((segment) => /^[0-9a-f]{40}$/.test(segment));
  if (type === undefined || width < 1) return { kind: "other" };
  return {
    kind: "resolve-cache",
    ...nameOf(rest.slice(0, width)),
    type,
    before: `/api/resolve-cache/${segments[0]}/`,
    after: afterName(rest, width),
    revision: rest[width]!,
    path: decodePath(rest.slice(width + 1)),
  };
}
