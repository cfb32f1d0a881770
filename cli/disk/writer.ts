import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { systemCode } from "../errors.ts";
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
  /** Of the installation; undefined where it has no id. Many a host on a shared file system has the name of another. */
  readonly machine: string | undefined;
  /** Process ids mean something only within one namespace: containers share a boot but not their pids. */
  readonly pids: string | undefined;
}

export async function thisWriter(disk: Disk, pid: number): Promise<Writer> {
  return {
    id: `${randomBytes(4).toString("hex")}-${pid}`,
    host: hostname(),
    pid,
    start: await quiet(() => startOf(disk, pid)),
    boot: await bootOf(disk),
    machine: await machineOf(disk),
    pids: await quiet(() => disk.readlink("/proc/self/ns/pid")),
  };
}

/** `unknown`: it runs, or ran, where we cannot look; only the age of its last heartbeat tells. */
export async function lifeOf(
  disk: Disk,
  writer: Writer,
  self: Writer,
): Promise<"alive" | "dead" | "unknown"> {
  if (writer.id === self.id) return "alive";
  if (writer.boot === undefined || self.boot === undefined) return "unknown";
  if (writer.boot !== self.boot) return isSameMachine(writer, self) ? "dead" : "unknown";
  if (writer.pids === undefined || writer.pids !== self.pids || writer.start === undefined) return "unknown";
  return lifeOfProcess(disk, writer.pid, writer.start);
}

function isSameMachine(a: Writer, b: Writer): boolean {
  return a.host === b.host && a.machine !== undefined && a.machine === b.machine;
}

/** A process id is given again in time; its start time tells whose it is. */
async function lifeOfProcess(disk: Disk, pid: number, start: string): Promise<"alive" | "dead" | "unknown"> {
  try {
    return (await startOf(disk, pid)) === start ? "alive" : "dead";
  } catch (error) {
    // It may hide what belongs to others.
    return systemCode(error) === "ESRCH" ? "dead" : "unknown";
  }
}

/** undefined where `value` is not a writer, as after a torn write. */
export function parseWriter(value: unknown): Writer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, host, pid, start, boot, machine, pids } = value as Partial<Record<keyof Writer, unknown>>;
  if (typeof id !== "string" || typeof host !== "string" || typeof pid !== "number") return undefined;
  const [started, booted, installed] = [optional(start), optional(boot), optional(machine)];
  return { id, host, pid, start: started, boot: booted, machine: installed, pids: optional(pids) };
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export async function bootOf(disk: Disk): Promise<string | undefined> {
  const text = await quiet(() => disk.read("/proc/sys/kernel/random/boot_id"));
  return text?.toString("utf8").trim();
}

/** Hashed: the id itself is not for files that others read (machine-id(5)). */
async function machineOf(disk: Disk): Promise<string | undefined> {
  const text = (await quiet(() => disk.read("/etc/machine-id")))?.toString("utf8").trim();
  if (text === undefined || text === "") return undefined;
  return createHash("sha256").update(`tritter ${text}`).digest("hex").slice(0, 16);
}

async function startOf(disk: Disk, pid: number): Promise<string | undefined> {
  const text = (await disk.read(`/proc/${pid}/stat`))?.toString("utf8");
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
