// The form of a Hub's answers: from what is to be said to status, headers and the range of the body. Knows
// nothing of sockets, repositories or files.
import { createHash } from "node:crypto";
import { askedRange } from "./range.ts";

export interface WireRequest {
  readonly method: string;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface WireAnswer {
  readonly status: number;
  /** Of a HEAD too: what a GET would carry. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: WireBody;
}

/** `range` is of the file described: bytes [start, end). */
type WireBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "range"; readonly start: number; readonly end: number };

export type Said =
  | { readonly kind: "json"; readonly value: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "text"; readonly text: string }
  | Refusal
  /** Another name for the same thing: 307, `location` relative. */
  | { readonly kind: "moved"; readonly location: string }
  | GitFile
  /** A git file to be had from the cache at `location`, relative: 307. */
  | { readonly kind: "cached"; readonly location: string; readonly commit: string }
  | LinkedFile
  | StoredObject;

export interface Refusal {
  readonly kind: "refusal";
  /** The API speaks JSON, `/resolve/` plain text, the CDN XML. */
  readonly form: "json" | "text" | "xml";
  readonly status: number;
  readonly message: string;
  /** `X-Error-Code` */
  readonly code?: string | undefined;
  readonly commit?: string | undefined;
}

/** A file git holds itself, its bytes in the answer. */
export interface GitFile {
  readonly kind: "git-file";
  readonly path: string;
  readonly size: number;
  readonly oid: string;
  readonly commit: string;
  readonly text: boolean;
}

/** A file in large-file storage: its facts here, its bytes at `location`, absolute. */
export interface LinkedFile {
  readonly kind: "linked-file";
  readonly size: number;
  readonly sha256: string;
  readonly commit: string;
  readonly location: string;
  /** Left out for files from before Xet. */
  readonly xet?: XetFacts | undefined;
}

interface XetFacts {
  readonly hash: string;
  readonly tokenUrl: string;
  readonly reconstructionUrl: string;
  /** Answer a probe for Xet facts with JSON in place of the redirect. */
  readonly probe: boolean;
}

/** What a CDN holds; `etag` is its own name for the bytes and proves nothing. */
interface StoredObject {
  readonly kind: "stored-object";
  readonly name: string;
  readonly size: number;
  readonly etag: string;
}

export function answer(said: Said, request: WireRequest): WireAnswer {
  switch (said.kind) {
    case "json":
      return json(200, said.value, said.headers);
    case "text":
      return text(200, said.text);
    case "refusal":
      return refusal(said);
    case "moved":
      return redirect(307, said.location, {});
    case "cached":
      return redirect(307, said.location, { "x-repo-commit": said.commit, "accept-ranges": "bytes" });
    case "git-file":
      return gitFile(said, request);
    case "linked-file":
      return linkedFile(said, request);
    case "stored-object":
      return fileBytes({ ...said, type: "application/octet-stream", headers: {} }, request);
  }
}

export const XET_PROBE = "application/vnd.xet-fileinfo+json";

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  const body = JSON.stringify(value);
  const type = "application/json; charset=utf-8";
  return textual({ status, body, headers: { "content-type": type, etag: weakEtag(body), ...headers } });
}

function text(
  status: number,
  body: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): WireAnswer {
  return textual({ status, body, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}

function refusal(said: Refusal): WireAnswer {
  const headers = {
    "x-error-code": said.code,
    "x-error-message": said.form === "xml" ? undefined : headerText(said.message),
    "x-repo-commit": said.commit,
    "www-authenticate":
      said.status === 401 ? 'Bearer realm="Authentication required", charset="UTF-8"' : undefined,
  };
  if (said.form === "text") return text(said.status, said.message, headers);
  if (said.form === "xml") return text(said.status, said.message, { "content-type": "application/xml" });
  const body = JSON.stringify({ error: said.message });
  const type = "application/json; charset=utf-8";
  return textual({ status: said.status, body, headers: { ...headers, "content-type": type } });
}

function redirect(
  status: number,
  location: string,
  headers: Readonly<Record<string, string | undefined>>,
): WireAnswer {
  const phrase = status === 302 ? "Found" : "Temporary Redirect";
  return text(status, `${phrase}. Redirecting to ${location}`, { ...headers, location });
}

function gitFile(said: GitFile, request: WireRequest): WireAnswer {
  const etag = `"${said.oid}"`;
  const headers = { "x-repo-commit": said.commit };
  if (request.headers["if-none-match"] === etag)
    return textual({ status: 304, body: "", headers: { ...headers, etag } });
  const type = said.text ? "text/plain; charset=utf-8" : "application/octet-stream";
  return fileBytes({ name: said.path, size: said.size, etag: said.oid, type, headers }, request);
}

function linkedFile(said: LinkedFile, request: WireRequest): WireAnswer {
  const { xet } = said;
  const headers = {
    "x-repo-commit": said.commit,
    "x-linked-size": String(said.size),
    "x-linked-etag": `"${said.sha256}"`,
    "x-xet-hash": xet?.hash,
    link:
      xet && `<${xet.tokenUrl}>; rel="xet-auth", <${xet.reconstructionUrl}>; rel="xet-reconstruction-info"`,
  };
  if (xet?.probe && request.headers.accept?.includes(XET_PROBE)) {
    const facts = { hash: xet.hash, refreshUrl: xet.tokenUrl, reconstructionUrl: xet.reconstructionUrl };
    return text(200, JSON.stringify(facts), { ...headers, "content-type": XET_PROBE });
  }
  return redirect(302, said.location, { ...headers, "accept-ranges": "bytes" });
}

interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly etag: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

function fileBytes(facts: FileFacts, request: WireRequest): WireAnswer {
  const range = askedRange(request.headers.range, facts.size);
  const headers = { ...facts.headers, etag: `"${facts.etag}"`, "accept-ranges": "bytes" };
  if (range === "outside") {
    const { "x-repo-commit": commit } = facts.headers;
    const extra = { "content-range": `bytes */${facts.size}`, ...(commit && { "x-repo-commit": commit }) };
    return text(416, "Requested range not satisfiable", extra);
  }
  const { start, end } = range === "whole" ? { start: 0, end: facts.size } : range;
  return {
    status: range === "whole" ? 200 : 206,
    headers: {
      ...headers,
      "content-type": facts.type,
      "content-disposition": disposition(facts.name),
      "content-length": String(end - start),
      ...(range !== "whole" && { "content-range": `bytes ${start}-${end - 1}/${facts.size}` }),
    },
    body: { kind: "range", start, end },
  };
}

interface Textual {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function textual({ status, body, headers }: Textual): WireAnswer {
  const present = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const length: Record<string, string> =
    status === 304 ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return {
    status,
    headers: { ...Object.fromEntries(present), ...length },
    body: { kind: "text", text: body },
  };
}

/** `inline; filename*=UTF-8''NAME; filename="NAME";` of the last segment, as the Hub writes it. */
export function disposition(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, "_");
  return `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${plain}";`;
}

function weakEtag(body: string): string {
  const digest = createHash("sha1").update(body).digest("base64").slice(0, 27);
  return `W/"${Buffer.byteLength(body).toString(16)}-${digest}"`;
}

/** A header may hold visible ASCII only, and names of revisions may not. */
function headerText(message: string): string {
  return message.replace(/[^\x20-\x7e]+/g, (run) => encodeURIComponent(run));
}
