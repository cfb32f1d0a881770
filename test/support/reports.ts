import { type Report, type ReportedSource, type ReportInput, reportOf } from "../../cli/page/model.ts";
import type { Facts, FileFacts } from "../../schema/facts.ts";
import type { Digest } from "../../schema/ids.ts";
import type { LockedSource } from "../../schema/lock.ts";

/** A file of a source, and what its footer says: rows, or rows by value of a column `language` or another. */
export interface MadeFile {
  readonly path: string;
  readonly size: number;
  readonly rows?: number;
  readonly values?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface MadeSource extends Partial<Omit<ReportedSource, "name" | "files">> {
  readonly strip?: string;
  readonly files: readonly MadeFile[];
}

/** A report of these sources, by name, all in sync unless they say otherwise. */
export function madeReport(
  sources: Readonly<Record<string, MadeSource>>,
  more: Partial<ReportInput> = {},
): Report {
  const facts = new Map<Digest, FileFacts>();
  const entries = Object.entries(sources);
  const locked = entries.map(([name, source]) => lockedOf(name, source, facts));
  return reportOf({
    name: "corpus",
    manifest: "tritter.yaml",
    lock: "tritter.lock",
    lockDigest: `sha256:${"0".repeat(64)}`,
    madeAt: "2026-11-25T06:00:00Z",
    note: undefined,
    sources: entries.map(([name, source]) => rowOf(name, source)),
    leftovers: [],
    index: undefined,
    locked,
    facts: { version: 1, files: facts } satisfies Facts,
    history: { kind: "none", why: "no-repository" },
    flight: { kind: "none" },
    ...more,
  });
}

function lockedOf(
  name: string,
  { strip = "", files, repo = "o/n", licenses = [] }: MadeSource,
  facts: Map<Digest, FileFacts>,
): LockedSource {
  const made = files.map(({ path, size, rows, values }, index) => {
    const digest =
      `sha256:${Buffer.from(`${name} ${index}`).toString("hex").padStart(64, "0").slice(-64)}` as Digest;
    if (rows !== undefined || values !== undefined) facts.set(digest, factsOf(rows, values ?? {}));
    return { path, size, digest, extra: {} };
  });
  return {
    name,
    repo,
    type: "dataset",
    revision: "main",
    commit: "a".repeat(40),
    path: name,
    strip,
    licenses,
    files: made,
    extra: {},
  } as unknown as LockedSource;
}

function factsOf(rows: number | undefined, values: NonNullable<MadeFile["values"]>): FileFacts {
  const columns = Object.entries(values).map(([name, counts]) => ({
    name,
    type: "string",
    compressed: 1,
    plain: 1,
    range: undefined,
    values: new Map(Object.entries(counts)),
  }));
  const counted = Object.values(values).map((counts) => Object.values(counts).reduce((a, b) => a + b, 0));
  return { kind: "parquet", rows: rows ?? counted[0] ?? 0, rowGroups: 1, writer: undefined, columns };
}

function rowOf(name: string, { files, strip: _, ...source }: MadeSource): ReportedSource {
  return {
    name,
    type: "dataset",
    repo: "o/n",
    revision: "main",
    asOf: undefined,
    commit: "a".repeat(40),
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    groups: [],
    licenses: [],
    gated: undefined,
    accepted: undefined,
    insteadOf: undefined,
    rescued: false,
    pin: "locked",
    disk: { kind: "in-sync" },
    upstream: { kind: "not-asked" },
    problems: [],
    ...source,
  };
}

/** Shards as the Hub's data sets name them. */
export function shards(count: number, size: (index: number) => number, folder = "data"): MadeFile[] {
  const number = (value: number) => String(value).padStart(5, "0");
  return Array.from({ length: count }, (_, index) => ({
    path: `${folder}/train-${number(index)}-of-${number(count)}.parquet`,
    size: size(index),
    rows: Math.round(size(index) / 10),
  }));
}
