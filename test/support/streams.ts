import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { LoggedRequest, LoopbackHub } from "./hub/index.ts";

/** A body of a file, or a part of one, as far as it came. */
export interface Stream {
  /** What stays the same whatever request asks for it. */
  readonly object: string;
  /** Bytes [start, end) of the file came to the process. */
  readonly start: number;
  readonly end: number;
  /** More was to come. */
  readonly open: boolean;
}

/** Stops all threads of a process, so that what it has received stays what it is. Linux only; false where it has ended. */
export function freeze(pid: number): boolean {
  try {
    process.kill(pid, "SIGSTOP");
    const until = Date.now() + 100;
    // Nothing else may happen in this process meanwhile: what the Hub counts must stand still too.
    while (!isStopped(pid) && Date.now() < until);
    return true;
  } catch {
    return false;
  }
}

/** All streams since the Hub's log was cleared, as a process that stands still has them: the Hub's own account takes what is on its way for received. */
export function streamsOf(hub: LoopbackHub): Stream[] {
  const queues = queuesByPort();
  // The last request of a connection is the one that its waiting bytes belong to.
  const last = new Map(hub.log.map((request) => [request.ports[0], request]));
  return hub.log.filter(carriesFile).map((request) => {
    const waiting = last.get(request.ports[0]) === request ? request.unsent() + queued(queues, request) : 0;
    const start = Number(/^bytes=(\d+)-/.exec(request.range ?? "")?.[1] ?? 0);
    const end = start + Math.max(0, request.bytes - waiting);
    return { object: request.path.split("?", 1)[0] ?? "", start, end, open: request.open || waiting > 0 };
  });
}

/** Its answer has bytes of a file, and is no redirect to where they are. */
function carriesFile({ kind, status }: LoggedRequest): boolean {
  return FILES.has(kind) && (status === 200 || status === 206);
}

const FILES: ReadonlySet<string> = new Set(["cdn", "resolve", "resolve-cache"]);

function queued(queues: ReadonlyMap<string, Queue>, { ports: [client, listener] }: LoggedRequest): number {
  const here = queues.get(`${listener}>${client}`);
  const there = queues.get(`${client}>${listener}`);
  return (here?.sending ?? 0) + (there?.received ?? 0);
}

interface Queue {
  /** bytes sent that the other side has not acknowledged */
  readonly sending: number;
  /** bytes that arrived and were not read */
  readonly received: number;
}

/** Of all connections of this machine, by `local>remote` port: proc_net_tcp(5). */
function queuesByPort(): Map<string, Queue> {
  const queues = new Map<string, Queue>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"].filter(existsSync)) {
    for (const line of readFileSync(table, "latin1").split("\n").slice(1)) {
      const match = /:\s*\w+:(\w{4}) \w+:(\w{4}) \w\w (\w{8}):(\w{8})/.exec(line);
      if (match === null) continue;
      const [local, remote, sending, received] = match.slice(1).map((hex) => Number.parseInt(hex, 16));
      queues.set(`${local}>${remote}`, { sending: sending ?? 0, received: received ?? 0 });
    }
  }
  return queues;
}

function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3) === "T";
  });
}
