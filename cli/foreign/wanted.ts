import type { RepoType } from "../../schema/ids.ts";
import type { Value } from "./values.ts";

/** A download that another tool's document asks for. */
export interface Wanted {
  /** 1-based, of that document. */
  readonly line: number;
  readonly type: RepoType;
  readonly repo: string;
  /** undefined: the default branch. */
  readonly revision: string | undefined;
  readonly choice: Choice;
  /** Where its files went, seen from where the document stands in for; undefined: into the Hub's cache. */
  readonly folder: Value | undefined;
  /** A leading folder of the repository that is dropped there; unset: none. */
  readonly strip?: string;
}

/** Patterns are in the dialect of `hf`, ready for fnmatch. */
export type Choice =
  | { readonly kind: "all" }
  /** Paths, each of one file. */
  | { readonly kind: "files"; readonly paths: readonly string[] }
  /** `include` empty: all. */
  | { readonly kind: "patterns"; readonly include: readonly string[]; readonly exclude: readonly string[] };

/** Something to tell about a line. */
export interface Remark {
  readonly line: number;
  readonly message: string;
}

/** What was read of a document. */
export interface Foreign {
  readonly kind: "shell" | "hermeto";
  /** In the order of the document. */
  readonly wanted: readonly Wanted[];
  /** What asks for files and could not be understood: to be done by hand. */
  readonly refused: readonly Remark[];
  /** What was understood and has no counterpart. */
  readonly notes: readonly Remark[];
}
