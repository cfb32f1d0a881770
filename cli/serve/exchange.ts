import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Stamp } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Clock } from "../clock.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { systemCode } from "../errors.ts";
import type { Want } from "../lock/wants.ts";
import { stampOf } from "../tree/stamp.ts";
import { type Ask, answerFrom, type RouteName } from "./answers.ts";
import type { Catalog, CatalogFile } from "./catalog.ts";
import type { Ledger } from "./ledger.ts";
import type { Metrics, Standings } from "./metrics.ts";
import { statusAnswer } from "./page.ts";
import { BAD_LOGIN, badToken, type Form, refusal } from "./refusals.ts";
import { type Route, route } from "./route.ts";
import { sendRange } from "./send.ts";
import { newShare, type Share } from "./share.ts";
import { doorkeeper, isLoopback } from "./token.ts";
import { answer, type Refusal, type Said, type WireAnswer } from "./wire.ts";

export interface DeskSettings {
  /** undefined: whoever reaches the address is answered. */
  readonly token: string | undefined;
  /** Answer only what is addressed to a loopback name: no page of another site can ask through a browser then. */
  readonly loopbackOnly: boolean;
  readonly version: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** What is served now. */
  readonly served: () => Promise<Served>;
  readonly onAnswered: (answered: Answered) => void;
  /** What the one who serves should know. */
  readonly onTrouble: (message: string) => void;
}

export interface Served {
  readonly catalog: Catalog;
  /** Absolute, the root's own symlink resolved. */
  readonly root: string;
  readonly files: Standings;
}

/** One line of the access log. */
export interface Answered {
  readonly remote: string;
  readonly method: string;
  /** As on the wire, without the query: that may hold secrets. */
  readonly path: string;
  readonly status: number;
  /** bytes of the body that were sent */
  readonly bytes: number;
  readonly tookMs: number;
}

export interface Desk extends DeskSettings {
  readonly metrics: Metrics;
  readonly callerOf: ReturnType<typeof doorkeeper>;
  readonly share: Share;
  connections: number;
  /** Requests that are not answered to the end. */
  answering: number;
  stopping: boolean;
}

export function openDesk(settings: DeskSettings, metrics: Metrics): Desk {
  const callerOf = doorkeeper(settings.token);
  return { ...settings, metrics, callerOf, share: newShare(), connections: 0, answering: 0, stopping: false };
}

interface Exchange {
  readonly desk: Desk;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly pathname: string;
  /** With its `?`; or empty. */
  readonly search: string;
  readonly tally: { name: RouteName; bytes: number };
}

/** Answers a request, whatever becomes of it. */
export async function handle(desk: Desk, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { clock, metrics, onAnswered, onTrouble } = desk;
  const started = clock.now();
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const [pathname, search] = mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark)];
  const tally: Exchange["tally"] = { name: "other", bytes: 0 };
  const exchange: Exchange = { desk, message, response, pathname, search, tally };
  const { remoteAddress = "-" } = message.socket;
  response.on("error", () => {});
  message.on("error", () => {});
  desk.answering += 1;
  try {
    await respond(exchange);
  } catch (error) {
    if (!desk.stopping) onTrouble(troubleOf(error, pathname));
    if (response.headersSent) response.destroy();
    else sendText(exchange, said(exchange, refusal(500, "Internal Server Error", "json")));
  } finally {
    desk.answering -= 1;
    metrics.count(tally.name, response.statusCode);
    metrics.countBytes(tally.bytes);
    onAnswered({
      remote: remoteAddress,
      method: message.method ?? "",
      path: pathname,
      status: response.statusCode,
      bytes: tally.bytes,
      tookMs: clock.now() - started,
    });
  }
}

function troubleOf(error: unknown, pathname: string): string {
  const code = systemCode(error);
  const what = code ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  return `cannot answer "${printable(pathname)}": ${what}`;
}

/** Answers of the server itself, beside those of a Hub. */
const OWN: ReadonlyMap<string, "status" | "metrics" | "health"> = new Map([
  ["/", "status"],
  ["/metrics", "metrics"],
  ["/health", "health"],
]);

async function respond(exchange: Exchange): Promise<void> {
  const { desk, message, pathname, tally } = exchange;
  const own = OWN.get(pathname);
  const at = route(pathname);
  tally.name = own ?? at.kind;
  const barred = barredBy(exchange, own, at.kind === "resolve" ? "text" : "json");
  if (barred !== undefined) return sendText(exchange, said(exchange, barred));
  if (own === "health") return sendText(exchange, said(exchange, { kind: "text", text: "ok\n" }));
  const served = await desk.served();
  if (own !== undefined) return sendText(exchange, said(exchange, ownAnswer(exchange, own, served)));
  const body = message.method === "POST" ? await bodyOf(message) : "";
  if (body === undefined) return sendText(exchange, said(exchange, tooLarge()));
  await sendHubs(exchange, { at, served, body });
}

function barredBy(
  { desk, message }: Exchange,
  own: "status" | "metrics" | "health" | undefined,
  form: Form,
): Refusal | undefined {
  const { authorization, host } = message.headers;
  if (desk.loopbackOnly && host !== undefined && !isLoopback(host))
    return refusal(
      403,
      "this server answers to the names of loopback alone; start it with a token for others",
      form,
    );
  const allowed = own === undefined ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"];
  if (!allowed.includes(message.method ?? ""))
    return {
      ...refusal(405, "Method Not Allowed", form),
      headers: { allow: allowed.join(", "), connection: "close" },
    };
  if (own === "health") return undefined;
  const caller = desk.callerOf(authorization);
  if (caller === "welcome") return undefined;
  const refused = caller === "anonymous" ? refusal(401, BAD_LOGIN, form) : badToken(form);
  // A browser asks its user only where it is told that a password will do.
  return own === undefined
    ? refused
    : { ...refused, headers: { "www-authenticate": 'Basic realm="tritter"' } };
}

function ownAnswer({ desk, message }: Exchange, own: "status" | "metrics", served: Served): Said {
  const { version, connections, metrics } = desk;
  const { catalog, files } = served;
  if (own === "status")
    return statusAnswer({ catalog, files, version, origin: originOf(message) }, message.headers.accept);
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  return { kind: "text", text: metrics.text({ connections, files, version }), headers };
}

/** bytes: room for the names of some hundred thousand files. */
const MOST_BODY = 16 * 1024 * 1024;

function tooLarge(): Refusal {
  return { ...refusal(413, "Payload Too Large", "json"), headers: { connection: "close" } };
}

/** undefined: it is too large. */
async function bodyOf(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString();
}

/** As the client named it. Behind a proxy that ends TLS, that one says so. */
function originOf({ headers }: IncomingMessage): string {
  const scheme = headers["x-forwarded-proto"] === "https" ? "https" : "http";
  const { host = "" } = headers;
  return `${scheme}://${/^[\w.:[\]-]+$/.test(host) ? host : "localhost"}`;
}

async function sendHubs(
  exchange: Exchange,
  { at, served, body }: { at: Route; served: Served; body: string },
): Promise<void> {
  const { desk, message, pathname, search } = exchange;
  const { method = "GET", headers } = message;
  const ask: Ask = {
    method,
    pathname,
    search,
    contentType: headers["content-type"] ?? "",
    body,
    origin: originOf(message),
  };
  const reply = answerFrom(served.catalog, at, ask);
  const wired = said(exchange, reply.said);
  if (reply.file === undefined || wired.body.kind === "text") return sendText(exchange, wired);
  const found = await findRight(desk, reply.file);
  if (found.kind !== "right") return sendText(exchange, said(exchange, gone(reply.file, found.kind)));
  if (method === "HEAD") return sendText(exchange, wired);
  const { start, end } = wired.body;
  await sendFile(exchange, { ...found, root: served.root, file: reply.file, wired, start, end });
}

type Right = { readonly kind: "right"; readonly want: Want; readonly stamp: Stamp };

/** The first of its places that holds what the lock says. */
async function findRight(
  { ledger }: Desk,
  { places }: CatalogFile,
): Promise<Right | { readonly kind: "missing" | "changed" }> {
  let worst: "missing" | "changed" = "missing";
  for (const want of places) {
    const standing = await ledger.standing(want);
    if (standing.kind === "right") return { kind: "right", want, stamp: standing.stamp };
    if (standing.kind === "changed") worst = "changed";
  }
  return { kind: worst };
}

/** Not 404: that a file is not here must never pass for that it is not in the repository. */
function gone({ path }: CatalogFile, how: "missing" | "changed"): Refusal {
  const what = how === "missing" ? "is missing on" : "is not what the lock says on";
  return {
    ...refusal(409, `"${printable(path)}" ${what} the disk behind this Hub: run tritter sync there`, "text"),
    code: how === "missing" ? "FileMissing" : "FileChanged",
  };
}

interface FileAnswer extends Right {
  readonly root: string;
  readonly file: CatalogFile;
  readonly wired: WireAnswer;
  /** bytes [start, end) */
  readonly start: number;
  readonly end: number;
}

async function sendFile(
  exchange: Exchange,
  { root, want, stamp, file, wired, start, end }: FileAnswer,
): Promise<void> {
  const { desk, response, tally } = exchange;
  if (start === end) return sendText(exchange, wired);
  const open = await openRight(desk.disk, join(root, want.path), stamp);
  if (open === undefined) return sendText(exchange, said(exchange, gone(file, "changed")));
  try {
    const sent = await sendRange(response, {
      file: open,
      stamp,
      start,
      end,
      share: desk.share,
      begin: () => begin(exchange, wired),
      onBytes: (bytes) => {
        tally.bytes += bytes;
      },
    });
    if (sent === "whole") response.end();
    if (sent !== "changed") return;
    if (!response.headersSent) return sendText(exchange, said(exchange, gone(file, "changed")));
    desk.onTrouble(`"${printable(file.path)}" changed while it was sent: the answer was cut`);
    response.destroy();
  } finally {
    await open.close();
  }
}

/** Whatever came between looking and opening: what is open is what the stamp was seen of, or nothing. */
async function openRight(disk: Disk, path: string, stamp: Stamp): Promise<DiskFile | undefined> {
  const file = await disk.open(path, "r").catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const seen = await file.stat().catch(() => undefined);
  if (seen !== undefined && stampOf(seen) === stamp) return file;
  await file.close();
  return undefined;
}

function said({ message }: Exchange, what: Said): WireAnswer {
  return answer(what, {
    method: message.method ?? "GET",
    headers: message.headers as Record<string, string>,
  });
}

function begin({ desk, response }: Exchange, { status, headers }: WireAnswer): void {
  const closing = desk.stopping ? { connection: "close" } : {};
  response.writeHead(status, { ...headers, ...closing, "x-content-type-options": "nosniff" });
}

/** Head, and text where it carries some. */
function sendText(exchange: Exchange, wired: WireAnswer): void {
  const { message, response, tally } = exchange;
  begin(exchange, wired);
  if (message.method === "HEAD" || wired.body.kind !== "text") return void response.end();
  tally.bytes += Buffer.byteLength(wired.body.text);
  response.end(wired.body.text);
}
