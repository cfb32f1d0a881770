import type { RepoType } from "../../schema/ids.ts";

export type RepoRequestKind = "info" | "tree" | "paths-info" | "refs" | "commits" | "auth-check";

export type Route =
  | RepoRoute
  | FileRoute
  | { readonly kind: "other" }
  /** Not percent-encoded as it should be. */
  | { readonly kind: "malformed" };

export interface RouteToRepo {
  readonly type: RepoType;
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
  readonly kind: "resolve";
  readonly revision: string;
  /** Decoded. */
  readonly path: string;
}

/** What a path of a Hub asks for. A revision is one segment, so a ref must come percent-encoded. */
export function route(pathname: string): Route {
  return unlessMalformed(() => {
    const segments = pathname.slice(1).split("/");
    if (segments[0] !== "api") return resolveRoute(segments);
    const type = typeOf(segments[1]);
    return type === undefined ? { kind: "other" } : repoRoute(type, segments.slice(2));
  });
}

export function unlessMalformed<T>(read: () => T): T | { readonly kind: "malformed" } {
  try {
    return read();
  } catch (error) {
    if (error instanceof URIError) return { kind: "malformed" };
    throw error;
  }
}

const TYPES: ReadonlyMap<string, RepoType> = new Map([
  ["models", "model"],
  ["datasets", "dataset"],
  ["spaces", "space"],
]);

/** `datasets` → `dataset` */
export function typeOf(segment: string | undefined): RepoType | undefined {
  return TYPES.get(segment ?? "");
}

const VERBS: ReadonlyMap<string, RepoRequestKind> = new Map([
  ["revision", "info"],
  ["tree", "tree"],
  ["paths-info", "paths-info"],
  ["refs", "refs"],
  ["commits", "commits"],
  ["auth-check", "auth-check"],
]);

function repoRoute(type: RepoType, segments: readonly string[]): Route {
  const oneSegment = segments.length === 1 || (isVerb(segments[1]) && !isVerb(segments[2]));
  const width = oneSegment ? 1 : 2;
  const [verb, revision, ...path] = segments.slice(width);
  const kind = verb === undefined ? "info" : VERBS.get(verb);
  if (kind === undefined || segments[0] === "") return { kind: "other" };
  return {
    kind,
    ...nameOf(segments.slice(0, width)),
    type,
    before: `/api/${type}s/`,
    after: afterName(segments, width),
    revision: revision && decodeURIComponent(revision),
    path: decodePath(path),
  };
}

function isVerb(segment: string | undefined): boolean {
  return segment !== undefined && VERBS.has(segment);
}

function resolveRoute(segments: readonly string[]): Route {
  const [first = ""] = segments;
  const prefixed = first === "datasets" || first === "spaces";
  const type = prefixed ? typeOf(first) : "model";
  const rest = prefixed ? segments.slice(1) : segments;
  const width = rest.indexOf("resolve");
  const revision = rest[width + 1];
  if (type === undefined || width < 1 || width > 2 || rest.length < width + 3 || revision === undefined)
    return { kind: "other" };
  return {
    kind: "resolve",
    ...nameOf(rest.slice(0, width)),
    type,
    before: prefixed ? `/${first}/` : "/",
    after: afterName(rest, width),
    revision: decodeURIComponent(revision),
    path: decodePath(rest.slice(width + 2)),
  };
}

export function decodePath(segments: readonly string[]): string {
  return segments.map((segment) => decodeURIComponent(segment)).join("/");
}

export function nameOf(segments: readonly string[]): { readonly name: string } {
  return { name: decodePath(segments) };
}

export function afterName(segments: readonly string[], width: number): string {
  return segments
    .slice(width)
    .map((segment) => `/${segment}`)
    .join("");
}
