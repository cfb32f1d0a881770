import type { Problem } from "./errors.ts";

/** What verbs tell while they work. Reports render them; nothing depends on anyone listening. */
export type TritterEvent =
  | { readonly kind: "resolving"; readonly source: string; readonly repo: string; readonly revision: string }
  /** `files`: listed so far. */
  | { readonly kind: "listing"; readonly source: string; readonly files: number }
  /** Of Parquet files, for their facts. */
  | { readonly kind: "reading-footers"; readonly done: number; readonly files: number }
  /** `done` of so many were. */
  | { readonly kind: "counting"; readonly path: string; readonly done: number; readonly files: number }
  | { readonly kind: "scanning"; readonly files: number }
  /** A file is read to learn its digest; `why` says what its stamp left open. */
  | { readonly kind: "hashing"; readonly path: string; readonly size: number; readonly why: HashReason }
  /** So many files were read, where there are too many to tell of each. */
  | {
      readonly kind: "hashing-many";
      readonly files: number;
      readonly bytes: number;
      readonly why: HashReason;
    }
  /** Files that this place may have, and so many bytes of them, are looked for there before the Hub is asked. */
  | {
      readonly kind: "taking";
      readonly place: string;
      readonly files: number;
      readonly bytes: number;
    }
  /** Blobs are added to a cache of others. */
  | {
      readonly kind: "providing";
      readonly place: string;
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly kind: "fetching"; readonly files: number; readonly bytes: number }
  /** `have`: bytes already here from an interrupted run. `key` names the file in the events that follow; `from` is where it is taken from, if not from the Hub. */
  | {
      readonly kind: "file-started";
      readonly from?: string;
      readonly key: string;
      readonly path: string;
      readonly size: number;
      readonly have: number;
    }
  | { readonly kind: "file-bytes"; readonly key: string; readonly bytes: number }
  /** `lost`: bytes counted before that must come again. */
  | {
      readonly kind: "file-retry";
      readonly key: string;
      readonly path: string;
      readonly why: string;
      readonly waitMs: number;
      readonly lost: number;
    }
  | { readonly kind: "file-done"; readonly key: string; readonly ok: boolean }
  | { readonly kind: "placing"; readonly files: number }
  | { readonly kind: "pruning"; readonly files: number }
  /** `host`: set where its rate limit is waited for; else something is asked for again after that. */
  | { readonly kind: "waiting"; readonly why: string; readonly waitMs: number; readonly host?: string }
  /** An answer is over, or none came. */
  | ({ readonly kind: "requested" } & Requested)
  /** As many streams at once to this host from now on. */
  | { readonly kind: "width"; readonly host: string; readonly from: number; readonly to: number }
  /** A stream was cut: `bytes` in `ms` are too little. */
  | { readonly kind: "stalled"; readonly path: string; readonly bytes: number; readonly ms: number }
  /**
   * Bytes were hashed: as they came over the network, of files in folders asked before the Hub, or on disk. `ms`: what hashing took, over
   * all threads; of `disk`: until all were read.
   */
  | {
      readonly kind: "verified";
      readonly what: "fetched" | "taken" | "disk";
      readonly bytes: number;
      readonly ms: number;
    }
  /** How files came to their path: the verified file itself, a copy, a move from another path, or by somebody else meanwhile. */
  | {
      readonly kind: "placed";
      readonly how: "store" | "copy" | "move" | "there";
      readonly files: number;
      readonly bytes: number;
    }
  /** A server answers from now on. */
  | { readonly kind: "listening"; readonly serving: Serving; readonly tookMs: number }
  /** `at`: ms since the epoch. `path`: as on the wire, without the query. `bytes`: of the body, that were sent. */
  | {
      readonly kind: "answered";
      readonly at: number;
      readonly remote: string;
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly bytes: number;
      readonly tookMs: number;
    }
  | { readonly kind: "note"; readonly message: string }
  /** `loud`: said in quiet mode too. */
  | { readonly kind: "warning"; readonly message: string; readonly loud?: true }
  | { readonly kind: "problem"; readonly problem: Problem };

/** A request as it went. */
export interface Requested {
  /** ms of the clock when it was sent */
  readonly at: number;
  readonly method: "GET";
  readonly host: string;
  /** Without query, parameters and tokens. */
  readonly path: string;
  /** In bytes, half open; undefined: the whole. */
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** undefined: no answer came. */
  readonly status: number | undefined;
  /** Of the body, that came. */
  readonly bytes: number;
  /** ms until the answer began; undefined: it did not */
  readonly firstMs: number | undefined;
  readonly tookMs: number;
  /** From 1. */
  readonly attempt: number;
  /** `dropped`: the rest was not wanted. */
  readonly end: "whole" | "dropped" | "broken";
  /** What broke it. */
  readonly why: string | undefined;
}

/** `untracked`: no receipt; `changed`: the stamp differs; `racy`: changed too close to its record; `unflushed`: placed before a power loss; `algorithm`: the lock uses another digest; `deep`: asked for; `candidate`: it has the size of a file that is wanted elsewhere. */
export type HashReason = "untracked" | "changed" | "racy" | "unflushed" | "algorithm" | "deep" | "candidate";

/** Where a server listens, and what for. */
export interface Serving {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Who is answered: this machine alone, those who send the token, or anyone who reaches the address. */
  readonly access: "loopback" | "token" | "open";
  /** Absolute. */
  readonly root: string;
  readonly sources: readonly {
    readonly name: string;
    readonly type: string;
    readonly repo: string;
    readonly revision: string;
    readonly commit: string;
    readonly files: number;
    readonly bytes: number;
  }[];
  /** Files by how they stand on disk. `unproved`: to be read before they are served for the first time. */
  readonly disk: {
    readonly right: number;
    readonly unproved: number;
    readonly missing: number;
    readonly changed: number;
  };
}

export type Emit = (event: TritterEvent) => void;
