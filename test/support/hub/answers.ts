import { askedPaths, isTrue, pathsInfo, tree } from "../../../cli/serve/pages.ts";
import { refs } from "../../../cli/serve/refs.ts";
import {
  BAD_LOGIN,
  badToken,
  entryNotFound,
  refusal,
  revisionNotFound,
} from "../../../cli/serve/refusals.ts";
import { disposition, type HeldFile } from "../../../cli/serve/wire.ts";
import {
  type Caller,
  disabled,
  type Form,
  gate,
  isMasked,
  isOpenFile,
  maySee,
  noSuchRepo,
} from "./access.ts";
import type { Content } from "./content.ts";
import { showing } from "./entries.ts";
import { commits } from "./history.ts";
import { info } from "./info.ts";
import type { FileRoute, RepoRoute, Route } from "./route.ts";
import { findCommit, type Repo, type StoredCommit, type StoredFile } from "./store.ts";
import type { LinkedFile, Said } from "./wire.ts";
import { checkSignature, lookUp, objectHash, signedUrl, type World } from "./world.ts";

export interface Ask {
  readonly method: string;
  /** As on the wire, without the query. */
  readonly pathname: string;
  readonly query: URLSearchParams;
  /** With its `?`, as on the wire. */
  readonly search: string;
  readonly contentType: string;
  readonly body: string;
  readonly caller: Caller;
  /** Scheme and host as the client named them. */
  readonly origin: string;
}

/** What to say, and the file's bytes where the answer carries some. */
export interface Reply {
  readonly said: Said;
  readonly content?: Content;
}

export function answerHub(world: World, route: Route, ask: Ask): Reply {
  const form: Form = route.kind === "resolve" || route.kind === "resolve-cache" ? "text" : "json";
  if (route.kind === "malformed") return refuse(400, "Bad Request: malformed path", form);
  if (route.kind === "whoami") return whoami(ask.caller);
  if (ask.caller.kind === "unknown") return { said: badToken(form) };
  if (route.kind === "other") return refuse(404, "Not Found", form);
  const found = lookUp(world, route.type, route.name);
  if (found === undefined || !maySee(found.repo, ask.caller)) return { said: noSuchRepo(ask.caller, form) };
  if (found.kind === "moved") return moved(found.repo, route, ask);
  if (isFileRoute(route)) return fileAnswer({ world, repo: found.repo, route, ask });
  return { said: repoAnswer({ world, repo: found.repo, route, ask }) };
}

function isFileRoute(route: RepoRoute | FileRoute): route is FileRoute {
  return route.kind === "resolve" || route.kind === "resolve-cache";
}

/** The CDN knows nothing of callers: an address signed by the Hub is all it takes. */
export function answerCdn(world: World, ask: Ask): Reply {
  const deny = (code: string, message: string): Reply => {
    const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    return { said: { kind: "denied", xml: text } };
  };
  if (ask.method !== "GET") return deny("SignatureDoesNotMatch", "The address was signed for GET");
  const signature = checkSignature(world, ask.pathname, ask.query);
  if (signature === "expired") return deny("AccessDenied", "Request has expired");
  const hash = ask.pathname.slice(ask.pathname.lastIndexOf("/") + 1);
  const content = world.objects.get(hash);
  if (signature === "bad" || content === undefined) return deny("AccessDenied", "Access denied");
  const name = fileNameOf(ask.query);
  return { said: { kind: "stored-object", name, size: content.size, etag: hash }, content };
}

interface At<R> {
  readonly world: World;
  readonly repo: Repo;
  readonly route: R;
  readonly ask: Ask;
}

function repoAnswer(at: At<RepoRoute>): Said {
  const { repo, route, ask } = at;
  if (repo.options.disabled && route.kind !== "info") return disabled("json");
  if ((ask.method === "POST") !== (route.kind === "paths-info")) return refusal(404, "Not Found", "json");
  if (route.kind === "auth-check" || route.kind === "commits") {
    const shut = gate({ repo, caller: ask.caller, form: "json", base: ask.origin });
    if (shut !== undefined) return shut;
  }
  if (route.kind === "auth-check") return { kind: "text", text: "OK" };
  if (route.kind === "refs")
    return refs(
      [...repo.refs].filter(([, target]) => repo.commits.has(target)),
      ask.query,
    );
  const commit = findCommit(repo, route.revision ?? "HEAD");
  if (commit !== undefined || (route.kind === "info" && route.revision === undefined))
    return commitAnswer(at, commit);
  return revisionNotFound(route.revision ?? "HEAD", "json");
}

function commitAnswer({ world, repo, route, ask }: At<RepoRoute>, commit: StoredCommit | undefined): Said {
  const masked = isMasked(repo, ask.caller);
  const { query } = ask;
  if (route.kind === "info" || commit === undefined) return info({ repo, commit, query, masked });
  const address = `${ask.origin}${ask.pathname}`;
  if (route.kind === "commits") return commits({ repo, commit, query, address });
  if (route.kind === "paths-info") {
    const asked = askedPaths(ask.contentType, ask.body);
    if (asked === undefined) return refusal(400, "Bad Request: no list of paths", "json");
    return pathsInfo({ commit, show: showing({ repo, commit, masked, expand: asked.expand }) }, asked.paths);
  }
  const show = showing({ repo, commit, masked, expand: isTrue(query.get("expand")) });
  return tree({ commit, show, path: route.path, query, address, pageSize: world.pageSize });
}

/** The gate comes before revision and entry: a wrong path in a gated repository still meets it. */
function fileAnswer({ world, repo, route, ask }: At<FileRoute>): Reply {
  if (repo.options.disabled) return { said: disabled("text") };
  const shut = gate({ repo, caller: ask.caller, form: "text", base: ask.origin });
  if (shut !== undefined && !isOpenFile(route.path)) return { said: shut };
  const commit = findCommit(repo, route.revision);
  if (commit === undefined) return { said: revisionNotFound(route.revision, "text") };
  const file = commit.files.get(route.path);
  if (file === undefined) return { said: entryNotFound(commit.id, "text") };
  if (route.kind === "resolve-cache") return cached({ repo, commit, file, ask });
  if (file.lfs) return { said: linked({ world, repo, commit, file, ask }) };
  if (directly(repo)) return direct(commit, file);
  return {
    said: { kind: "cached", location: cacheLocation({ repo, commit, file, ask }), commit: commit.id },
  };
}

interface FileAt {
  readonly repo: Repo;
  readonly commit: StoredCommit;
  readonly file: StoredFile;
  readonly ask: Ask;
}

function direct(commit: StoredCommit, { path, content, lfs, ...file }: StoredFile): Reply {
  const said: HeldFile = {
    kind: "file",
    path,
    size: content.size,
    etag: file.digest(),
    lfs,
    commit: commit.id,
    text: content.text,
  };
  return { said, content };
}

/** Refuses a client that lost the query of the redirect on its way here. */
function cached({ commit, file, ask }: FileAt): Reply {
  if (ask.query.get("etag") !== `"${file.content.gitOid()}"`)
    return refuse(400, "Bad Request: the query of the redirect is missing", "text");
  return direct(commit, file);
}

function cacheLocation({ repo, commit, file, ask }: FileAt): string {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const query = `${encodeURIComponent(ask.pathname)}=&etag=%22${file.content.gitOid()}%22`;
  return `/api/resolve-cache/${repo.kind}s/${repo.name}/${commit.id}/${path}?${query}`;
}

function directly(repo: Repo): boolean {
  const { gitFiles, gated, private: hidden } = repo.options;
  return gitFiles === undefined ? Boolean(gated || hidden) : gitFiles === "direct";
}

function linked({ world, repo, commit, file }: FileAt & { readonly world: World }): LinkedFile {
  const { content } = file;
  const hash = objectHash(content);
  const xet = {
    hash,
    tokenUrl: `${world.hubUrl}/api/${repo.kind}s/${repo.name}/xet-read-token/${commit.id}`,
    reconstructionUrl: `${world.hubUrl}/v1/reconstructions/${hash}`,
    probe: repo.options.xet === true,
  };
  return {
    kind: "linked-file",
    size: content.size,
    sha256: content.sha256(),
    commit: commit.id,
    location: signedUrl(world, repo, { content, disposition: disposition(file.path) }),
    xet: repo.options.xet === false ? undefined : xet,
  };
}

function moved(repo: Repo, route: RepoRoute | FileRoute, ask: Ask): Reply {
  return { said: { kind: "moved", location: `${route.before}${repo.name}${route.after}${ask.search}` } };
}

function whoami(caller: Caller): Reply {
  if (caller.kind !== "user") return refuse(401, BAD_LOGIN, "json");
  const { name } = caller.user;
  const accessToken = { displayName: "loopback", role: "read", createdAt: "2026-01-01T00:00:00.000Z" };
  const value = {
    type: "user",
    id: Buffer.from(name.padEnd(12, ".")).toString("hex").slice(0, 24),
    name,
    fullname: name,
    email: `${name}@localhost`,
    emailVerified: true,
    canPay: false,
    billingMode: "prepaid",
    periodEnd: 1_793_491_200,
    isPro: false,
    avatarUrl: "/avatars/loopback.svg",
    orgs: [],
    auth: { type: "access_token", accessToken },
  };
  return { said: { kind: "json", value } };
}

function refuse(status: number, message: string, form: Form): Reply {
  return { said: refusal(status, message, form) };
}

function fileNameOf(query: URLSearchParams): string {
  const encoded = /filename\*=UTF-8''([^;]*)/.exec(query.get("response-content-disposition") ?? "")?.[1];
  return decodeURIComponent(encoded ?? "download");
}
