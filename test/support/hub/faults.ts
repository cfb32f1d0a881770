import { gzipSync } from "node:zlib";
import { MASK } from "./entries.ts";
import { type Bucket, limitHeaders } from "./limits.ts";
import type { LoggedRequest } from "./log.ts";
import { type Outgoing, textBody } from "./outgoing.ts";

/**
 * What can go wrong. The first group acts in place of an answer, the second on bodies of 200 and 206 (a match
 * without such a body, or one too short, does not use up `times`), the third on listings.
 */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly headers?: Headers }
  /** 403, as a CDN says that a signature has expired. */
  | { readonly kind: "expired" }
  /** Each address of the CDN gives out this many bytes of files in all; then it breaks off, and has expired. */
  | { readonly kind: "used-up"; readonly after: number }
  /** 429; without `wait` (seconds) no rate-limit headers. `retryAfter` (seconds) adds Retry-After. */
  | {
      readonly kind: "too-many";
      readonly wait?: number;
      readonly bucket?: Bucket;
      readonly retryAfter?: number;
    }
  /** The connection is reset before any answer. */
  | { readonly kind: "reset" }
  /** No answer until the client goes away. */
  | { readonly kind: "silence" }
  | { readonly kind: "redirect"; readonly to: string; readonly status?: number }
  /** A redirect to the very same address. */
  | { readonly kind: "redirect-loop" }
  /** Something else happens first: a branch moves, a commit vanishes. The answer follows as usual. */
  | { readonly kind: "act"; readonly act: (request: LoggedRequest) => void | Promise<void> }
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection closes after this many bytes of the body. */
  | { readonly kind: "cut"; readonly after: number }
  /** Announced and sent: this many bytes too few, as if they were all. */
  | { readonly kind: "short"; readonly by: number }
  /** Nothing more comes after this many bytes of the body; the connection stays. */
  | { readonly kind: "stall"; readonly after: number }
  | { readonly kind: "drip"; readonly bytes: number; readonly everyMs: number }
  /** 200 and the whole file where a range was asked. */
  | { readonly kind: "ignore-range" }
  /** Only the header lies. */
  | { readonly kind: "content-range"; readonly value: string }
  /** Header and bytes agree, on a range that begins this many bytes before the asked one. */
  | { readonly kind: "shift-range"; readonly by: number }
  /** 200, whole and compressed, whatever was accepted. */
  | { readonly kind: "gzip" }
  /** The byte at this offset of the file is another; all else stays. */
  | { readonly kind: "corrupt"; readonly at: number }
  /** Sets headers of any answer; undefined removes. Names in lower case. */
  | { readonly kind: "headers"; readonly set: Readonly<Record<string, string | undefined>> }
  | { readonly kind: "no-link" }
  /** From the second page on, the next page is this one again. */
  | { readonly kind: "repeat-cursor" }
  /** Half of the body, announced as all of it. */
  | { readonly kind: "malformed" }
  /** Digests are hidden, as from callers without access. */
  | { readonly kind: "mask" }
  | { readonly kind: "rewrite"; readonly body: (text: string) => string };

type Headers = Readonly<Record<string, string>>;

interface FaultRule {
  /** A pattern is tried on path and query as on the wire. */
  readonly match: RegExp | ((request: LoggedRequest) => boolean);
  readonly kind?: LoggedRequest["kind"];
  readonly method?: string;
  /** Matches to let pass first; default 0. */
  readonly skip?: number;
  /** default: for ever */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultSwitch {
  add(rule: FaultRule): FaultHandle;
  clear(): void;
}

export interface FaultHandle {
  /** How often it struck. */
  readonly hits: number;
  remove(): void;
}

/** A rule switched on, with what is left of it. */
export interface ArmedFault {
  readonly rule: FaultRule;
  skipped: number;
  hits: number;
  /** bytes given out, by address; counted for `used-up` */
  readonly spent: Map<string, number>;
}

export function makeFaults(): FaultSwitch & { armed(request: LoggedRequest): ArmedFault[] } {
  const all = new Set<ArmedFault>();
  return {
    add: (rule) => {
      const armed: ArmedFault = { rule, skipped: 0, hits: 0, spent: new Map() };
      all.add(armed);
      return {
        get hits() {
          return armed.hits;
        },
        remove: () => void all.delete(armed),
      };
    },
    clear: () => all.clear(),
    armed: (request) => [...all].filter((armed) => strikes(armed, request)),
  };
}

function strikes(armed: ArmedFault, request: LoggedRequest): boolean {
  const { rule } = armed;
  if (armed.hits >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
  if (rule.kind !== undefined && rule.kind !== request.kind) return false;
  if (rule.method !== undefined && rule.method !== request.method) return false;
  const { match } = rule;
  if (!(match instanceof RegExp ? request.path.search(match) >= 0 : match(request))) return false;
  if (armed.skipped >= (rule.skip ?? 0)) return true;
  armed.skipped += 1;
  return false;
}

/** What a fault says in place of the answer; undefined where it does not speak up here. */
export function insteadOf(
  { rule: { fault }, spent }: ArmedFault,
  request: LoggedRequest,
): Outgoing | "reset" | "silence" | undefined {
  switch (fault.kind) {
    case "status":
      return failure(fault);
    case "expired":
      return expired();
    case "used-up":
      return (spent.get(request.path) ?? 0) < fault.after ? undefined : expired();
    case "too-many":
      return tooMany(fault);
    case "reset":
    case "silence":
      return fault.kind;
    case "redirect":
      return textBody(fault.status ?? 302, "Found", { location: fault.to });
    case "redirect-loop":
      return textBody(302, "Found", { location: request.path });
    default:
      return undefined;
  }
}

export interface Struck {
  readonly request: LoggedRequest;
  readonly outgoing: Outgoing;
  /** The answer to the same request without a range. */
  readonly whole: () => Outgoing;
}

/** The answer with the fault in it; undefined where the fault does not fit this answer. */
export function alter(armed: ArmedFault, struck: Struck): Outgoing | undefined {
  const { fault } = armed.rule;
  const { outgoing, request } = struck;
  if (fault.kind === "headers") return { ...outgoing, headers: withHeaders(outgoing.headers, fault.set) };
  const carries = request.method !== "HEAD" && (outgoing.status === 200 || outgoing.status === 206);
  if (!carries || outgoing.end === outgoing.start) return undefined;
  if (fault.kind === "used-up") return rationed(fault.after, armed.spent, struck);
  return alterBody(fault, outgoing) ?? alterFile(fault, struck) ?? alterListing(fault, struck);
}

function alterBody(fault: Fault, outgoing: Outgoing): Outgoing | undefined {
  const length = outgoing.end - outgoing.start;
  switch (fault.kind) {
    case "cut":
      return fault.after < length ? { ...outgoing, cutAfter: fault.after } : undefined;
    case "stall":
      return fault.after < length ? { ...outgoing, stallAfter: fault.after } : undefined;
    case "drip":
      return { ...outgoing, drip: fault };
    case "short":
      return fault.by <= length ? withEnd(outgoing, outgoing.end - fault.by) : undefined;
    case "malformed":
      return withEnd(outgoing, outgoing.start + Math.floor(length / 2));
    case "rewrite":
      return textBody(outgoing.status, fault.body(bodyText(outgoing)), outgoing.headers);
    default:
      return undefined;
  }
}

function alterFile(fault: Fault, { outgoing, whole }: Struck): Outgoing | undefined {
  if (fault.kind === "gzip") return compressed(whole());
  if (!outgoing.file) return undefined;
  if (fault.kind === "corrupt") return corrupted(outgoing, fault.at);
  if (outgoing.status !== 206) return undefined;
  if (fault.kind === "ignore-range") return whole();
  if (fault.kind === "content-range")
    return { ...outgoing, headers: { ...outgoing.headers, "content-range": fault.value } };
  return fault.kind === "shift-range" ? shifted(outgoing, fault.by) : undefined;
}

function alterListing(fault: Fault, { outgoing, request }: Struck): Outgoing | undefined {
  if (fault.kind === "mask") return textBody(outgoing.status, masked(bodyText(outgoing)), outgoing.headers);
  const { link } = outgoing.headers;
  if (link === undefined) return undefined;
  if (fault.kind === "no-link")
    return { ...outgoing, headers: withHeaders(outgoing.headers, { link: undefined }) };
  if (fault.kind !== "repeat-cursor" || !request.path.includes("cursor=")) return undefined;
  const here = new URL(request.path, link.slice(1, link.indexOf(">"))).href;
  return { ...outgoing, headers: { ...outgoing.headers, link: `<${here}>; rel="next"` } };
}

const EXPIRED =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

function expired(): Outgoing {
  return textBody(403, EXPIRED, { "content-type": "application/xml" });
}

function rationed(
  bytes: number,
  spent: Map<string, number>,
  { outgoing, request }: Struck,
): Outgoing | undefined {
  if (!outgoing.file) return undefined;
  const before = spent.get(request.path) ?? 0;
  const left = bytes - before;
  const length = outgoing.end - outgoing.start;
  spent.set(request.path, before + Math.min(left, length));
  return left < length ? { ...outgoing, cutAfter: left } : undefined;
}

function failure({ status, body, headers }: Fault & { kind: "status" }): Outgoing {
  const html = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`;
  return textBody(status, body ?? html, { "content-type": "text/html", ...headers });
}

function tooMany({ wait, bucket = "resolvers", retryAfter }: Fault & { kind: "too-many" }): Outgoing {
  const limit = { bucket, quota: 3000, windowSeconds: 300 };
  return textBody(429, "Too Many Requests", {
    "content-type": "text/plain; charset=utf-8",
    ...(wait !== undefined && limitHeaders(limit, 0, wait)),
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
  });
}

function withEnd(outgoing: Outgoing, end: number): Outgoing {
  const headers = { ...outgoing.headers, "content-length": String(end - outgoing.start) };
  return { ...outgoing, end, headers };
}

function bodyText(outgoing: Outgoing): string {
  return outgoing.read(outgoing.start, outgoing.end).toString();
}

function compressed(whole: Outgoing): Outgoing {
  const body = gzipSync(whole.read(whole.start, whole.end));
  const headers = { ...whole.headers, "content-encoding": "gzip", "content-length": String(body.length) };
  return { ...whole, headers, start: 0, end: body.length, read: (start, end) => body.subarray(start, end) };
}

function corrupted(outgoing: Outgoing, at: number): Outgoing | undefined {
  if (at < outgoing.start || at >= outgoing.end) return undefined;
  const read = (start: number, end: number): Buffer => {
    const bytes = Buffer.from(outgoing.read(start, end));
    if (at >= start && at < end) bytes[at - start]! ^= 0xff;
    return bytes;
  };
  return { ...outgoing, read };
}

function shifted(outgoing: Outgoing, by: number): Outgoing | undefined {
  const [start, end] = [outgoing.start - by, outgoing.end - by];
  if (start < 0) return undefined;
  const size = outgoing.headers["content-range"]?.split("/")[1];
  const headers = { ...outgoing.headers, "content-range": `bytes ${start}-${end - 1}/${size}` };
  return { ...outgoing, start, end, headers };
}

function masked(body: string): string {
  const value = JSON.parse(body) as { lfs?: { oid: string }; xetHash?: string }[];
  return JSON.stringify(
    value.map((entry) => ({
      ...entry,
      ...(entry.lfs && { lfs: { ...entry.lfs, oid: MASK } }),
      ...(entry.xetHash && { xetHash: MASK }),
    })),
  );
}

function withHeaders(
  headers: Headers,
  set: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = Object.entries({ ...headers, ...set });
  return Object.fromEntries(all.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
