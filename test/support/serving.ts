import { spawn } from "node:child_process";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import type { Context } from "../../cli/context.ts";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Serving, TritterEvent } from "../../cli/events.ts";
import { type ServeOptions, type ServeResult, serveProject, systemClock } from "../../cli/index.ts";
import type { Project } from "./project.ts";

/** `serve` in this process, on a port that was free. */
export interface Served {
  readonly serving: Serving;
  readonly url: string;
  readonly events: readonly TritterEvent[];
  /** Moves its clock on. */
  pass(ms: number): void;
  ask(path: string, options?: Asked): Promise<Got>;
  stop(): Promise<ServeResult>;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** `impatient`: it waits for nothing. */
export async function serveHere(
  project: Project,
  { impatient = false, ...options }: Partial<ServeOptions> & { readonly impatient?: boolean } = {},
): Promise<Served> {
  const stopping = new AbortController();
  const events: TritterEvent[] = [];
  let ahead = 0;
  let listens: (serving: Serving) => void = () => {};
  const listening = new Promise<Serving>((resolve) => {
    listens = resolve;
  });
  const context: Context = {
    env: project.env,
    cwd: project.folder,
    signal: stopping.signal,
    clock: {
      now: () => Date.now() + ahead,
      sleep: (ms, signal) => systemClock.sleep(impatient ? 0 : ms, signal),
    },
    disk: nodeDisk(),
    emit: (event) => {
      events.push(event);
      if (event.kind === "listening") listens(event.serving);
    },
    version: "0.0.0",
    pid: process.pid,
  };
  const ended = serveProject(context, { ...OPTIONS, ...options });
  const serving = await Promise.race([listening, ended.then(({ serving }) => serving)]);
  return {
    serving,
    url: serving.url,
    events,
    pass: (ms) => {
      ahead += ms;
    },
    ask: (path, asked) => ask(serving.port, path, asked),
    stop: () => {
      stopping.abort(new Error("the test has ended"));
      return ended;
    },
  };
}

const OPTIONS: ServeOptions = { names: [], host: "127.0.0.1", port: 0, token: undefined, open: false };

/** As written: no client makes anything of `..` or of odd characters. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: "127.0.0.1", path, method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers as Record<string, string>,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** `serve` by the program as it is shipped, on a port that was free. */
export interface Running {
  readonly pid: number;
  readonly serving: Serving;
  readonly url: string;
  /** All of its standard output. */
  stdout(): string;
  /** Its log. */
  stderr(): string;
  /** Sends it a signal, and waits for its end. */
  end(signal?: "SIGINT" | "SIGTERM" | "SIGHUP"): Promise<{ readonly status: number | null }>;
}

export async function serveProgram(
  { folder, env }: Project,
  args: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, "serve", "--port", "0", "--json", ...args], {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const exit = new Promise<{ status: number | null }>((resolve) => {
    child.once("exit", (status) => resolve({ status }));
  });
  const serving = await new Promise<Serving>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      if (text(out).endsWith("\n}\n")) resolve(JSON.parse(text(out)));
    });
    void exit.then(() => reject(new Error(`serve ended: ${text(out)}${text(err)}`)));
  });
  return {
    pid: child.pid ?? 0,
    serving,
    url: serving.url,
    stdout: () => text(out),
    stderr: () => text(err),
    end: (signal = "SIGTERM") => {
      child.kill(signal);
      return exit;
    },
  };
}
