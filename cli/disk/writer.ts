import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Disk } from "./port.ts";

/**
 * A process that writes below a root. Its `id` names what it writes, so that two writers never share a file
 * even where file locks lie (Lustre, GPFS, NFS). Written into files as JSON.
 */
export interface Writer {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot (proc(5)); undefined where there is no /proc. */
  readonly start: string | undefined;
  /** Changes with every boot; undefined where the system does not tell. */
  readonly boot: string | undefined;
  /** Process ids mean something only within one namespace: containers share a boot but not their pids. */
  readonly pids: string | undefined;
}

export async function thisWriter(disk: Disk, pid: number): Promise<Writer> {
  return {
    id: `${randomBytes(4).toString("hex")}-${pid}`,
    host: hostname(),
    pid,
    start: await startOf(disk, pid),
    boot: await bootOf(disk),
    pids: await quiet(() => disk.realpath("/proc/self/ns/pid")),
  };
}

/** `unknown`: it runs, or ran, where we cannot look; only the age of its last heartbeat tells. */
export async function lifeOf(
  disk: Disk,
  writer: Writer,
  self: Writer,
): Promise<"alive" | "dead" | "unknown"> {
  if (writer.id === self.id) return "alive";
  const sameKernel = writer.boot !== undefined && writer.boot === self.boot;
  if (!sameKernel) return writer.host === self.host && writer.boot !== undefined ? "dead" : "unknown";
  if (writer.pids !== self.pids || writer.start === undefined) return "unknown";
  return (await startOf(disk, writer.pid)) === writer.start ? "alive" : "dead";
}

/** undefined where `value` is not a writer, as after a torn write. */
export function parseWriter(value: unknown): Writer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, host, pid, start, boot, pids } = value as Partial<Record<keyof Writer, unknown>>;
  if (typeof id !== "string" || typeof host !== "string" || typeof pid !== "number") return undefined;
  return { id, host, pid, start: optional(start), boot: optional(boot), pids: optional(pids) };
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export async function bootOf(disk: Disk): Promise<string | undefined> {
  const text = await quiet(() => disk.read("/proc/sys/kernel/random/boot_id"));
  return text?.toString("utf8").trim();
}

async function startOf(disk: Disk, pid: number): Promise<string | undefined> {
  const text = (await quiet(() => disk.read(`/proc/${pid}/stat`)))?.toString("utf8");
  // The command name (field 2) is in parentheses and may itself hold spaces; field 22 is the start time.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

async function quiet<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
