// The form of a Hub's answers: from what is to be said to status, headers and the range of the body. Knows nothing
// of sockets, repositories or files.
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
  | { readonly kind: "json"; readonly value: unknown; readonly headers?: Headers }
  /** Plain text, unless its headers say otherwise. */
  | { readonly kind: "text"; readonly text: string; readonly headers?: Headers }
  | Refusal
  /** Another name for the same thing: 307, `location` relative. */
  | { readonly kind: "moved"; readonly location: string }
  | HeldFile;

type Headers = Readonly<Record<string, string | undefined>>;

export interface Refusal {
  readonly kind: "refusal";
  /** The API speaks JSON, `/resolve/` plain text. */
  readonly form: "json" | "text";
  readonly status: number;
  readonly message: string;
  /** `X-Error-Code` */
  readonly code?: string | undefined;
  readonly commit?: string | undefined;
  readonly headers?: Headers;
}

/** A file of a commit, its bytes in the answer. */
export interface HeldFile {
  readonly kind: "file";
  readonly path: string;
  readonly size: number;
  /** Hex digits: the sha256 of a file in large-file storage, the git blob id of any other. */
  readonly etag: string;
  readonly lfs: boolean;
  readonly commit: string;
  readonly text: boolean;
}

export function answer(said: Said, request: WireRequest): WireAnswer {
  switch (said.kind) {
    case "json":
      return json(said.value, said.headers);
    case "text":
      return textAnswer(200, said.text, said.headers);
    case "refusal":
      return refusal(said);
    case "moved":
      return redirect(307, said.location, {});
    case "file":
      return heldFile(said, request);
    default:
      return said satisfies never;
  }
}

export function textAnswer(status: number, body: string, headers: Headers = {}): WireAnswer {
  return textual({ status, body, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}

export function redirect(status: 302 | 307, location: string, headers: Headers): WireAnswer {
  const phrase = status === 302 ? "Found" : "Temporary Redirect";
  return textAnswer(status, `${phrase}. Redirecting to ${location}`, { ...headers, location });
}

interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly etag: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The bytes that are asked for: RFC 9110, sections 13.1.5 and 14.2. A HEAD tells of the whole file. */
export function fileBytes(facts: FileFacts, request: WireRequest): WireAnswer {
  const etag = `"${facts.etag}"`;
  const { range: asked, "if-range": condition } = request.headers;
  const isAsked = request.method === "GET" && (condition === undefined || condition.trim() === etag);
  const range = askedRange(isAsked ? asked : undefined, facts.size);
  const headers = { ...facts.headers, etag, "accept-ranges": "bytes" };
  if (range === "outside") {
    const { "x-repo-commit": commit } = facts.headers;
    const extra = { "content-range": `bytes */${facts.size}`, "x-repo-commit": commit };
    return textAnswer(416, "Requested range not satisfiable", extra);
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

/** `inline; filename*=UTF-8''NAME; filename="NAME";` of the last segment, as the Hub writes it. */
export function disposition(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, "_");
  return `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${plain}";`;
}

function json(value: unknown, headers: Headers = {}): WireAnswer {
  const body = JSON.stringify(value);
  return textual({
    status: 200,
    body,
    headers: { "content-type": JSON_TYPE, etag: weakEtag(body), ...headers },
  });
}

const JSON_TYPE = "application/json; charset=utf-8";

function refusal(said: Refusal): WireAnswer {
  const headers = {
    "x-error-code": said.code,
    "x-error-message": headerText(said.message),
    "x-repo-commit": said.commit,
    "www-authenticate":
      said.status === 401 ? 'Bearer realm="Authentication required", charset="UTF-8"' : undefined,
    ...said.headers,
  };
  if (said.form === "text") return textAnswer(said.status, said.message, headers);
  const body = JSON.stringify({ error: said.message });
  return textual({ status: said.status, body, headers: { ...headers, "content-type": JSON_TYPE } });
}

function heldFile(said: HeldFile, request: WireRequest): WireAnswer {
  const linked = { "x-linked-size": String(said.size), "x-linked-etag": `"${said.etag}"` };
  const headers = { "x-repo-commit": said.commit, ...(said.lfs && linked) };
  if (isKnown(request.headers["if-none-match"], said.etag))
    return textual({ status: 304, body: "", headers: { ...headers, etag: `"${said.etag}"` } });
  const type = said.text ? "text/plain; charset=utf-8" : "application/octet-stream";
  return fileBytes({ name: said.path, size: said.size, etag: said.etag, type, headers }, request);
}

/** RFC 9110, section 13.1.2: a list of tags, each perhaps weak, or `*`. */
function isKnown(condition: string | undefined, etag: string): boolean {
  const tags = condition?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(`"${etag}"`);
}

interface Textual {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
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

function weakEtag(body: string): string {
  const digest = createHash("sha1").update(body).digest("base64").slice(0, 27);
  return `W/"${Buffer.byteLength(body).toString(16)}-${digest}"`;
}

/** A header may hold visible ASCII only, and names of revisions may not. */
function headerText(message: string): string {
  return message.replace(/[^\x20-\x7e]+/g, (run) => encodeURIComponent(run));
}
