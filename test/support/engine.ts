import { createHash } from "node:crypto";
import type { Writer } from "../../cli/disk/writer.ts";
import type { Entry, Sequenced } from "../../cli/receipt/entries.ts";
import type { Header } from "../../cli/receipt/receipt.ts";
import type { Digest, Stamp, TreePath } from "../../schema/ids.ts";

/** A writer of this boot whose process is gone, unless told otherwise. */
export function writerOf(id: string, parts: Partial<Writer> = {}): Writer {
  return {
    id,
    host: "here",
    pid: 4_194_000,
    start: "1",
    boot: BOOT,
    machine: "m",
    pids: "pid:[1]",
    ...parts,
  };
}

export const BOOT = "00000001-boot";

export function sha256Of(content: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(content).digest("hex")}` as Digest;
}

export function gitOf(content: string | Uint8Array): Digest {
  const bytes = Buffer.from(content as string);
  return `git:${createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")}` as Digest;
}

export function pathOf(path: string): TreePath {
  return path as TreePath;
}

export function placedEntry(path: string, parts: Partial<Extract<Entry, { op: "placed" }>> = {}): Entry {
  const digests = [sha256Of(path)];
  const stamp = "1:1:1:1" as Stamp;
  const common = { owner: "me", source: "s", path: pathOf(path) };
  return { op: "placed", ...common, digests, size: 1, origin: "fetched", stamp, ...parts };
}

export function intentEntry(path: string, parts: Partial<Extract<Entry, { op: "intent" }>> = {}): Entry {
  const common = { owner: "me", source: "s", path: pathOf(path) };
  return { op: "intent", ...common, digest: sha256Of("next"), size: 1, origin: "fetched", ...parts };
}

export function goneEntry(path: string): Entry {
  return { op: "gone", owner: "me", path: pathOf(path) };
}

/** The text of a journal; entries count up from `from`. */
export function journalText(
  writer: Writer,
  entries: readonly Entry[],
  from = 1,
  covers: string[] = [],
): string {
  const header: Header = { format: 1, writer, covers };
  const lines: Sequenced[] = entries.map((entry, index) => ({ ...entry, seq: from + index }));
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}
