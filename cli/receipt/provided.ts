import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Stamp } from "../../schema/ids.ts";
import { makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { passing } from "../disk/trouble.ts";
import type { Writer } from "../disk/writer.ts";
import { JOURNALS, providedName } from "./layout.ts";

/**
 * What stands, besides the tree's files, where the Hub's own clients look for it: in their cache, and below
 * `.cache/huggingface` beside a source's files. One an owner, below `receipt/`, as `6f1ed002.provided`:
 *
 *     {"format":1,"owner":"corpus","asked":"/home/u/.cache/huggingface/hub","cache":"/data/hf/hub","env":{"HF_HOME":null,…},"cwd":null,"rows":[
 *     ["cache","rust","datasets--o--n/blobs/9ae0…","9:…"],
 *     ["tree","rust","rust/.cache/huggingface/download/a.parquet.metadata","140:…"]
 *     ]}
 *
 * A stamp stands for bytes that were verified, as in the receipt. Only a memory: lost, it costs reading those bytes again, and
 * leaves behind what a source that goes had written beside its files.
 */
export interface ProvidedRecord {
  readonly format: 1;
  readonly owner: string;
  /** The cache's folder as the environment names it, absolute, and its real path; null where none is written to. */
  readonly asked: string | null;
  readonly cache: string | null;
  /** Values of the variables that name it. */
  readonly env: Readonly<Record<string, string | null>>;
  /** What they are relative to; null where they are not. */
  readonly cwd: string | null;
  readonly rows: readonly ProvidedRow[];
}

export type ProvidedRow = readonly [where: "cache" | "tree", source: string, path: string, stamp: Stamp];

export interface ReadProvided {
  readonly record: ProvidedRecord;
  /** `sha256:…` of its bytes */
  readonly digest: string;
}

/** undefined where there is none, or one that is torn or not ours. System errors are thrown. */
export async function readProvided(
  disk: Disk,
  state: string,
  owner: string,
): Promise<ReadProvided | undefined> {
  const folder = join(state, JOURNALS);
  const name = providedName(owner);
  const entries = await readOwnFolder(disk, state, folder);
  if (!entries.some((entry) => entry.name === name && entry.kind === "file")) return undefined;
  const bytes = await disk.read(join(folder, name));
  const record = bytes && parse(bytes.toString("utf8"));
  return record?.owner === owner && bytes !== undefined ? { record, digest: digestOf(bytes) } : undefined;
}

/** Resolves to the digest of what stands there afterwards. Equal bytes are left alone. System errors are thrown. */
export async function writeProvided(
  disk: Disk,
  state: string,
  { record, before, writer }: { record: ProvidedRecord; before: ReadProvided | undefined; writer: Writer },
): Promise<string> {
  const bytes = Buffer.from(format(record));
  const digest = digestOf(bytes);
  if (before?.digest === digest) return digest;
  const folder = join(state, JOURNALS);
  const name = providedName(record.owner);
  const beside = join(folder, `${name}.${writer.id}.new`);
  await makeOwnFolder(disk, state, folder);
  // What syncs that were killed left.
  for (const entry of await readOwnFolder(disk, state, folder))
    if (entry.name.startsWith(`${name}.`))
      await passing(["ENOENT"], () => disk.unlink(join(folder, entry.name)));
  try {
    const file = await disk.open(beside, "wx");
    await file.append(bytes).finally(() => file.close());
    await disk.rename(beside, join(folder, name));
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(beside));
    throw error;
  }
  return digest;
}

function format({ rows, ...head }: ProvidedRecord): string {
  const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
  return `${JSON.stringify(head).slice(0, -1)},"rows":[\n${lines}\n]}\n`;
}

function parse(text: string): ProvidedRecord | undefined {
  try {
    const value = JSON.parse(text) as ProvidedRecord;
    return value.format === 1 && isHead(value) && value.rows.every(isRow) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHead({ asked, cache, env }: ProvidedRecord): boolean {
  return isText(asked ?? "") && isText(cache ?? "") && typeof env === "object" && env !== null;
}

/** Rows name files that may be removed: a path that leads out of its folder is none of ours. */
function isRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 4 || !row.every(isText)) return false;
  const [where, , path, stamp] = row as unknown as ProvidedRow;
  const inside = path.split("/").every((segment) => !/^\.{0,2}$/.test(segment));
  return (where === "cache" || where === "tree") && inside && /^\d+(?::\d+){3}$/.test(stamp);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
