import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { callerOf } from "./access.ts";
import { type Ask, answerCdn, answerHub, type Reply } from "./answers.ts";
import { type ArmedFault, alter, insteadOf, makeFaults } from "./faults.ts";
import { type Limiter, makeLimiter } from "./limits.ts";
import type { LoggedRequest } from "./log.ts";
import { gone, type Outgoing, outgoingOf, send, textBody } from "./outgoing.ts";
import { type Route, route } from "./route.ts";
import { answer } from "./wire.ts";
import type { World } from "./world.ts";

export interface Desk {
  readonly world: World;
  readonly log: LoggedRequest[];
  readonly violations: string[];
  readonly faults: ReturnType<typeof makeFaults>;
  readonly limiter: Limiter;
  readonly latencyMs: number;
  readonly scheme: "http" | "https";
  requests: number;
  /** Connections still to be reset as they come. */
  resets: number;
}

export function makeDesk(world: World, options: { latencyMs: number; scheme: "http" | "https" }): Desk {
  const limiter = makeLimiter(world.now);
  return {
    world,
    ...options,
    log: [],
    violations: [],
    faults: makeFaults(),
    limiter,
    requests: 0,
    resets: 0,
  };
}

/** Opens a listener on loopback: on every address given, all with the port of the first. */
export async function listen(
  desk: Desk,
  listener: "hub" | "cdn",
  open: { addresses: readonly string[]; https?: { key: string; cert: string } | undefined },
): Promise<{ port: number; servers: Server[] }> {
  const servers: Server[] = [];
  let port = 0;
  for (const address of open.addresses) {
    const server = open.https === undefined ? createServer() : createTlsServer(open.https);
    server.keepAliveTimeout = 60_000;
    server.on("connection", (socket: Socket) => {
      if (desk.resets === 0) return;
      desk.resets -= 1;
      socket.resetAndDestroy();
    });
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      void handle(desk, listener, { message, response });
    });
    if (await listening(server, port, address)) servers.push(server);
    else if (servers.length === 0) throw new Error(`Cannot listen on "${address}"`);
    port ||= (servers[0]!.address() as AddressInfo).port;
  }
  return { port, servers };
}

export async function closeServers(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    }),
  );
}

function listening(server: Server, port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, address, () => resolve(true));
  });
}

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

async function handle(desk: Desk, listener: "hub" | "cdn", { message, response }: Exchange): Promise<void> {
  const where = listener === "hub" ? route(pathnameOf(message)) : undefined;
  const logged = logRequest(message, listener, where);
  desk.log.push(logged);
  response.on("error", () => undefined);
  try {
    const body = await bodyOf(message);
    if (desk.latencyMs > 0) await sleep(desk.latencyMs);
    await exchange({ desk, where, logged, body }, { message, response });
  } catch (error) {
    if (message.errored !== null || response.destroyed) return;
    desk.violations.push(`The loopback Hub failed on ${logged.method} ${logged.path}: ${String(error)}`);
    response.destroy();
  } finally {
    logged.open = false;
  }
}

interface Task {
  readonly desk: Desk;
  /** undefined at the CDN */
  readonly where: Route | undefined;
  readonly logged: LoggedRequest;
  readonly body: string;
}

async function exchange(task: Task, { message, response }: Exchange): Promise<void> {
  const { desk, logged } = task;
  if (logged.listener === "cdn" && logged.authorization !== undefined)
    desk.violations.push(`Authorization arrived at the CDN: ${logged.method} ${logged.path}`);
  const standing = hubHeaders(task);
  const armed = desk.faults.armed(logged);
  const early = standing.usedUp ? tooMany() : await intercept(armed, logged);
  if (early === "reset") return reset(message.socket);
  if (early === "silence") return gone(response);
  const outgoing = early ?? regular(task, armed);
  const headers = early && !standing.usedUp ? requestId(standing.headers) : standing.headers;
  await send({ ...outgoing, headers: { ...headers, ...outgoing.headers } }, response, logged);
}

/** A connection under TLS cannot be reset, only closed. */
function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

async function intercept(
  armed: readonly ArmedFault[],
  logged: LoggedRequest,
): Promise<Outgoing | "reset" | "silence" | undefined> {
  for (const fault of armed) {
    const said = await strike(fault, logged);
    if (said !== undefined) return said;
  }
  return undefined;
}

async function strike(
  armed: ArmedFault,
  logged: LoggedRequest,
): Promise<Outgoing | "reset" | "silence" | undefined> {
  const { fault } = armed.rule;
  if (fault.kind === "act") await fault.act(logged);
  if (fault.kind === "delay") await sleep(fault.ms);
  const said = insteadOf(armed, logged);
  if (said !== undefined || fault.kind === "act" || fault.kind === "delay") armed.hits += 1;
  return said;
}

/** The true answer, with the faults that fit it. */
function regular({ desk, where, logged, body }: Task, armed: readonly ArmedFault[]): Outgoing {
  const ask = askOf(desk, logged, body);
  const reply: Reply = where === undefined ? answerCdn(desk.world, ask) : answerHub(desk.world, where, ask);
  const wired = (headers: LoggedRequest["headers"]): Outgoing =>
    outgoingOf(answer(reply.said, { method: logged.method, headers }), reply.content);
  const whole = (): Outgoing => wired({ ...logged.headers, range: undefined });
  let outgoing = wired(logged.headers);
  for (const fault of armed) {
    const altered = alter(fault, { request: logged, outgoing, whole });
    if (altered === undefined) continue;
    fault.hits += 1;
    outgoing = altered;
  }
  return outgoing;
}

function askOf(desk: Desk, logged: LoggedRequest, body: string): Ask {
  const mark = logged.path.indexOf("?");
  const search = mark < 0 ? "" : logged.path.slice(mark);
  return {
    method: logged.method,
    pathname: mark < 0 ? logged.path : logged.path.slice(0, mark),
    search,
    query: new URLSearchParams(search),
    contentType: logged.headers["content-type"] ?? "",
    body,
    caller: callerOf(logged.authorization, desk.world.tokens),
    origin: `${desk.scheme}://${logged.headers.host}`,
  };
}

/** Counts the request; what every answer of the Hub carries, none of the CDN. */
function hubHeaders({ desk, logged }: Task): { headers: Record<string, string>; usedUp: boolean } {
  if (logged.listener === "cdn") return { headers: {}, usedUp: false };
  desk.requests += 1;
  const id = `Root=1-${desk.requests.toString(16).padStart(8, "0")}-${desk.world.seed.toString(16).padStart(24, "0")}`;
  const bucket = logged.kind === "resolve" || logged.kind === "resolve-cache" ? "resolvers" : "api";
  const { headers, usedUp } = desk.limiter.count(bucket, logged.authorization ?? "anonymous");
  return { headers: { "x-request-id": id, "x-powered-by": "huggingface-moon", ...headers }, usedUp };
}

/** What goes wrong before the Hub proper has no rate-limit headers. */
function requestId(headers: Readonly<Record<string, string>>): Record<string, string> {
  const id = headers["x-request-id"];
  return id === undefined ? {} : { "x-request-id": id };
}

function tooMany(): Outgoing {
  const text = "We had to rate limit your IP. To continue using our service, create a HF account or login.";
  return textBody(429, text, { "content-type": "text/plain; charset=utf-8" });
}

function logRequest(
  message: IncomingMessage,
  listener: "hub" | "cdn",
  where: Route | undefined,
): LoggedRequest {
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, value?.toString()]),
  );
  const path = message.url ?? "/";
  const kind = where === undefined ? "cdn" : where.kind === "malformed" ? "other" : where.kind;
  const file = where === undefined ? cdnName(path) : fileOf(where);
  const { range, authorization } = headers;
  const method = message.method ?? "GET";
  const { remotePort = 0, localPort = 0 } = message.socket;
  return {
    listener,
    method,
    path,
    kind,
    file,
    range,
    authorization,
    headers,
    status: 0,
    bytes: 0,
    open: true,
    ports: [remotePort, localPort],
    unsent: () => unsentOf(message.socket),
  };
}

/** Node's own count takes a chunk that is half sent for one that is not sent at all. */
function unsentOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } };
  return handle?.writeQueueSize ?? 0;
}

function fileOf(where: Route): string | undefined {
  return where.kind === "resolve" || where.kind === "resolve-cache" ? where.path : undefined;
}

function cdnName(path: string): string | undefined {
  const asked = new URL(path, "http://localhost").searchParams.get("response-content-disposition");
  const encoded = /filename\*=UTF-8''([^;]*)/.exec(asked ?? "")?.[1];
  return encoded === undefined ? undefined : decodeURIComponent(encoded);
}

function pathnameOf(message: IncomingMessage): string {
  return (message.url ?? "/").split("?", 1)[0]!;
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
