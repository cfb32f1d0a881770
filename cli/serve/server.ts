import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../clock.ts";
import { systemCode, TritterError } from "../errors.ts";
import { type Desk, type DeskSettings, handle, openDesk } from "./exchange.ts";
import { newMetrics } from "./metrics.ts";

export interface ServerSettings extends DeskSettings {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Listening {
  readonly port: number;
  readonly requests: number;
  /** bytes of bodies */
  readonly sent: number;
  /** Takes no more connections, and gives the answers under way so many ms to end. Resolves to how many were cut. */
  stop(graceMs: number): Promise<number>;
}

/** ms a connection may be silent while it is owed something, or asks for nothing. */
const IDLE_MS = 300_000;
const KEEP_ALIVE_MS = 65_000;

/** Throws NETWORK where it cannot listen. */
export async function listen(settings: ServerSettings): Promise<Listening> {
  const metrics = newMetrics();
  const desk = openDesk(settings, metrics);
  const answers = new Set<Promise<void>>();
  const server = createServer((message, response) => {
    const answered = handle(desk, message, response).finally(() => {
      answers.delete(answered);
      // What was busy when the server was closed is idle now, and would keep it open.
      if (desk.stopping) setImmediate(() => server.closeIdleConnections());
    });
    answers.add(answered);
  });
  server.timeout = IDLE_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on("connection", (socket) => {
    desk.connections += 1;
    socket.once("close", () => {
      desk.connections -= 1;
    });
  });
  await started(server, settings);
  return {
    port: (server.address() as AddressInfo).port,
    get requests() {
      return metrics.requests;
    },
    get sent() {
      return metrics.sent;
    },
    async stop(graceMs) {
      const cut = await stop(server, desk, { graceMs, clock: settings.clock });
      // The last bytes may be with the client before they are counted here.
      await Promise.all(answers);
      return cut;
    },
  };
}

function started(server: Server, { host, port }: ServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(refused(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeAllListeners("error");
      // One that cannot be accepted, as where too many files are open, must not end the others.
      server.on("error", () => {});
      resolve();
    });
  });
}

/** Connections that may wait to be accepted; the system has a limit of its own. */
const BACKLOG = 4_096;

function refused(error: Error, host: string, port: number): Error {
  const code = systemCode(error);
  if (code === undefined) return error;
  const why = code === "EADDRINUSE" ? "something else listens there" : code;
  const hint =
    code === "EADDRINUSE" || code === "EACCES"
      ? "name another with --port, or let the system choose with --port 0"
      : "name an address of this machine with --host";
  return new TritterError(
    { code: "NETWORK", message: `cannot listen at ${host} port ${port}: ${why}`, hint },
    error,
  );
}

async function stop(
  server: Server,
  desk: Desk,
  { graceMs, clock }: { graceMs: number; clock: Clock },
): Promise<number> {
  desk.stopping = true;
  const enough = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  const late = clock.sleep(graceMs, enough.signal).then(
    () => "late" as const,
    () => "ended" as const,
  );
  const how = await Promise.race([closed.then(() => "ended" as const), late]);
  enough.abort(new Error("the server has closed"));
  if (how === "ended") return 0;
  const cut = desk.answering;
  server.closeAllConnections();
  await closed;
  return cut;
}
