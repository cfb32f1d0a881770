import type { Digest } from "./ids.ts";

/** `NAME.facts.json` beside the lock, parsed: what the locked files say of themselves, by what they hold. */
export interface Facts {
  readonly version: 1;
  readonly files: ReadonlyMap<Digest, FileFacts>;
}

export type FileFacts = ParquetFacts | UnreadableFacts | CountedFacts | ArchiveFacts;

/** What the footer of a Parquet file says. */
export interface ParquetFacts {
  readonly kind: "parquet";
  readonly rows: number;
  readonly rowGroups: number;
  /** Name and version of the program that wrote it; undefined where it does not say. */
  readonly writer: string | undefined;
  /** Leaves of its schema, in the file's order. */
  readonly columns: readonly ColumnFacts[];
}

export interface ColumnFacts {
  /** Names from the root of the schema, a dot between them. */
  readonly name: string;
  /** `string`, `int64`, `timestamp[ms]`, …; `?` behind what may be null, `[]` behind what may be there many times. */
  readonly type: string;
  /** bytes in the file */
  readonly compressed: number;
  /** bytes once decompressed, still encoded */
  readonly plain: number;
  /** Least and greatest value, where every row group tells both exactly and they are short. */
  readonly range: readonly [least: string, greatest: string] | undefined;
  /** Rows of each value; only where every row group holds a single one. */
  readonly values: ReadonlyMap<string, number> | undefined;
}

/** A file that says nothing of itself, or cannot be counted. */
export interface UnreadableFacts {
  readonly kind: "unreadable";
  readonly why: string;
}

/** A zip, of which was read what is in it. */
export interface ArchiveFacts {
  readonly kind: "archive";
  readonly files: number;
  /** bytes, decompressed */
  readonly bytes: number;
  /** The same by format, the largest first. */
  readonly formats: readonly ArchivedFormat[];
  /** Of all files in it that have some; undefined: none has, or not all can be counted. */
  readonly rows: number | undefined;
}

export interface ArchivedFormat {
  readonly format: string;
  readonly files: number;
  readonly bytes: number;
}

/** A text file of which the rows were counted on disk. */
export interface CountedFacts {
  readonly kind: "counted";
  readonly rows: number;
}
