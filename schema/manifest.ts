import type { RepoType } from "./ids.ts";

/** `tritter.yaml` as written; every field's meaning is described in `manifest.schema.json`. */
export interface ManifestDocument {
  readonly version: 1;
  readonly name?: string;
  readonly root?: string;
  readonly endpoint?: string;
  readonly endpoints?: readonly string[];
  readonly reports?: Reports;
  readonly policy?: { readonly licenses?: LicenseRules; readonly deny?: readonly string[] };
  /** null: the key stands alone, as while every source is still a comment. */
  readonly sources: Readonly<Record<string, SourceDocument>> | null;
}

export interface LicenseRules {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What a fallback shares with a source; a fallback inherits only `path` and `groups`. */
export interface CarrierDocument {
  readonly repo: string;
  readonly type?: RepoType;
  readonly revision?: string;
  readonly "as-of"?: string;
  readonly "min-age"?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly strip?: string;
  readonly names?: "portable" | "posix";
  readonly expect?: Expectation;
  readonly facts?: FactsWanted;
  readonly license?: LicenseAcceptance;
  readonly follow?: FollowDocument;
}

export interface SourceDocument extends CarrierDocument {
  readonly path?: string;
  readonly "hub-cache"?: HubCache;
  readonly "local-dir"?: LocalDir;
  readonly groups?: readonly string[];
  readonly fallbacks?: readonly CarrierDocument[];
}

/** What is kept beside the lock: what Parquet files say; `rows`: and no gate on rows is met while a file with rows is not counted. */
export type FactsWanted = "parquet" | "rows";

/** How the Hub's own clients get a source in their cache: `link` takes a hard link where blocks cannot be shared. */
export type HubCache = "write" | "link";

/** Where what describes sources is written: beside their folders, and an index below the root. */
export type Reports = "beside";

/** What `hf download --local-dir` finds beside a source's files. */
export type LocalDir = "metadata";

/** Guards judged on the lock: exact file count, least file count, most bytes. */
export interface Expectation extends DataExpectation {
  readonly files?: number;
  readonly minFiles?: number;
  /** bytes */
  readonly maxBytes?: number;
}

/** Guards judged on the facts beside the lock. */
export interface DataExpectation {
  readonly rows?: {
    readonly min?: number;
    readonly max?: number;
    /** As written: `1%`. Against the lock before. */
    readonly dropAtMost?: string;
  };
  /** No column comes, goes or changes its type against the lock before. */
  readonly schema?: "frozen";
  /** In every Parquet file. */
  readonly columns?: readonly string[];
  /** The only values of columns that name a language. */
  readonly languages?: readonly string[];
}

export interface LicenseAcceptance {
  readonly accept: string | readonly string[];
  readonly reason: string;
}

export interface FollowDocument {
  readonly ref: string;
  readonly grace: string;
}

/** Terms that bind to newer releases: `check --upstream` fails where one is older than the grace. */
export interface Follow {
  /** Branch or tag of the same repository. */
  readonly ref: string;
  /** As written: `30d`. */
  readonly grace: string;
  readonly graceMs: number;
}

/** A manifest with every default filled in and every path resolved. */
export interface Manifest {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  /** Who owns files in a shared root: `name`, else this file's path relative to the root. */
  readonly owner: string;
  /** Absolute path of the destination. */
  readonly root: string;
  /** As written: an http(s) URL or an absolute folder path; undefined: the environment decides. */
  readonly endpoint: string | undefined;
  /** Further ones with the same, in the order written: `endpoint` is the first of all. */
  readonly mirrors: readonly string[];
  /** undefined: nothing describes them. */
  readonly reports: Reports | undefined;
  readonly licenses: LicenseRules;
  readonly deny: readonly string[];
  /** Sorted by name. */
  readonly sources: readonly Source[];
}

/** One place a source can be had from: the source itself, or one of its fallbacks. */
export interface Carrier {
  readonly repo: string;
  readonly type: RepoType;
  readonly revision: string;
  /** As `parseAsOf` writes it: the newest commit of then is meant. */
  readonly asOf: string | undefined;
  /** As `parseMinAge` writes it: younger commits are left alone. */
  readonly minAge: string | undefined;
  /** Empty: everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Leading folder dropped from repository paths; "" when nothing is dropped. */
  readonly strip: string;
  readonly names: "portable" | "posix";
  readonly expect: Expectation;
  /** Whether footers are read for the facts beside the lock, and what gates on rows are about. */
  readonly facts: FactsWanted | undefined;
  readonly license: LicenseAcceptance | undefined;
  readonly follow: Follow | undefined;
}

export interface Source extends Carrier {
  readonly name: string;
  /** Below the root, without leading or trailing `/`; "" is the root itself. */
  readonly path: string;
  readonly groups: readonly string[];
  readonly hubCache: HubCache | undefined;
  readonly localDir: LocalDir | undefined;
  readonly fallbacks: readonly Carrier[];
}
