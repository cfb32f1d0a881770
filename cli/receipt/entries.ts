import { type Digest, parseDigest, type Stamp, type TreePath } from "../../schema/ids.ts";
import { hostilityOf } from "../../schema/names.ts";
import type { Origin } from "./placement.ts";

/**
 * One line of a journal:
 *
 *     {"seq":7,"op":"intent","owner":"corpus","source":"rust","path":"rust/a.parquet","digest":"sha256:…","size":9,"origin":"fetched"}
 *     {"seq":8,"op":"placed","owner":"corpus","source":"rust","path":"rust/a.parquet","digests":["sha256:…"],"size":9,"origin":"fetched","stamp":"9:…"}
 *     {"seq":8,"op":"placed",…,"size":9000000,"segments":"9ae0daaf51d2c3b40f1e2d3c",…}
 *     {"seq":9,"op":"gone","owner":"corpus","path":"rust/a.parquet"}
 *     {"seq":10,"op":"flushed"}
 *
 * `seq` grows over all journals of a root: of two lines about one path and owner the higher one is true.
 */
export type Entry =
  | (Subject & {
      readonly op: "intent";
      readonly source: string;
      readonly digest: Digest;
      readonly size: number;
      readonly origin: Origin;
    })
  | (Subject & {
      readonly op: "placed";
      readonly source: string;
      readonly digests: readonly Digest[];
      readonly size: number;
      readonly origin: Origin;
      /** Of a large file that was received by segments. */
      readonly segments?: string;
      readonly stamp: Stamp;
      /** The file changed too close to the moment its stamp was taken. */
      readonly racy?: true;
    })
  | (Subject & { readonly op: "gone" })
  /** All that this journal says before it would survive a power loss. */
  | { readonly op: "flushed" };

interface Subject {
  readonly owner: string;
  readonly path: TreePath;
}

export type Sequenced = Entry & { readonly seq: number };

/** The number comes first: Node 20 takes ten times as long to add a member to a copy as to copy into what has it already. */
export function formatEntry(entry: Entry, seq: number): string {
  return `${JSON.stringify({ seq, ...entry })}\n`;
}

/** undefined for a line that is torn or not ours: it costs caution, never data. */
export function parseEntry(line: string): Sequenced | undefined {
  const value = parseJson(line);
  if (value === undefined || !isCount(value.seq) || value.seq > LAST) return undefined;
  if (value.op === "flushed") return { op: "flushed", seq: value.seq };
  if (typeof value.owner !== "string" || typeof value.path !== "string") return undefined;
  // A receipt is a file in a folder that others may write to: its paths are judged like any other.
  if (hostilityOf(value.path) !== undefined) return undefined;
  return hasShape(value) ? (value as unknown as Sequenced) : undefined;
}

/** Far from where numbers lose their neighbours, so that one garbled line cannot end all counting. */
const LAST = 2 ** 50;

function hasShape(value: Record<string, unknown>): boolean {
  switch (value.op) {
    case "gone":
      return true;
    case "intent":
      return isDigest(value.digest) && hasBytes(value);
    case "placed":
      return (
        Array.isArray(value.digests) &&
        value.digests.every(isDigest) &&
        typeof value.stamp === "string" &&
        (value.segments === undefined || typeof value.segments === "string") &&
        hasBytes(value)
      );
    default:
      return false;
  }
}

function hasBytes(value: Record<string, unknown>): boolean {
  return ORIGINS.has(value.origin) && typeof value.source === "string" && isCount(value.size);
}

const ORIGINS: ReadonlySet<unknown> = new Set<Origin>(["fetched", "generated", "adopted"]);

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDigest(value: unknown): boolean {
  return typeof value === "string" && parseDigest(value) !== undefined;
}

function parseJson(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
