import type { RepoType } from "../../schema/ids.ts";
import type { Context } from "../context.ts";
import type { Problem } from "../errors.ts";
import type { ExportFormat } from "../export/formats.ts";
import type { Library } from "../library.ts";
import type { Side } from "../lock/merge.ts";
import type { ProjectOptions } from "../project/load.ts";
import type { Trust } from "../project/signature.ts";
import type { Format } from "../report/formats.ts";
import type { Result } from "../report/result.ts";

/** Options as typed; a member is there only if it was given or has a default. */
export interface Flags {
  readonly json?: boolean;
  readonly format?: Format;
  readonly summary?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly manifest?: string;
  /** A file; true or false only where a command has `--no-lock`. */
  readonly lock?: string | boolean;
  readonly endpoint?: string;
  readonly offline?: boolean;
  readonly name?: string;
  readonly force?: boolean;
  readonly install?: boolean;
  /** False only with `--no-fallback`. */
  readonly fallback?: boolean;
  readonly allowFallback?: boolean;
  /** False only with `--no-adopt`. */
  readonly adopt?: boolean;
  readonly hardLinks?: boolean;
  readonly plan?: boolean;
  readonly dryRun?: boolean;
  readonly locked?: boolean;
  readonly prune?: boolean;
  readonly jobs?: number;
  readonly limitRate?: readonly Rate[];
  /** bytes */
  readonly maxBytes?: number;
  readonly deadline?: Deadline;
  readonly deep?: boolean;
  /** False only with `--no-disk`. */
  readonly disk?: boolean;
  readonly upstream?: boolean;
  readonly exitCode?: boolean;
  readonly to?: string;
  /** A list only where it may be repeated. */
  readonly from?: string | readonly string[];
  readonly patch?: boolean;
  readonly type?: RepoType;
  readonly revision?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly as?: string;
  readonly path?: string;
  readonly strip?: string;
  readonly group?: readonly string[];
  readonly resolve?: Side;
  readonly git?: boolean;
  readonly host?: string;
  readonly port?: number;
  /** False only with `--no-token`. */
  readonly token?: string | boolean;
  readonly since?: string;
  readonly count?: boolean;
  /** What `tritter export --format` names. */
  readonly document?: ExportFormat;
  readonly output?: string;
  /** A file: private where it signs, public where it verifies. */
  readonly key?: string;
  readonly allowedSigners?: string;
  readonly signer?: string;
  readonly requireSignature?: boolean;
  readonly terminal?: boolean;
  readonly note?: string;
}

/** bytes a second of a source or group; without a name, of all together. */
export interface Rate {
  readonly name: string | undefined;
  readonly rate: number;
}

/** ms from the start of the command, or since the epoch. */
export type Deadline =
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "at"; readonly time: number };

export interface Call {
  readonly context: Context;
  readonly library: Library;
  /** What stood on the line besides options. */
  readonly names: readonly string[];
  readonly flags: Flags;
  /** undefined: nothing can be piped. */
  readonly streams?: Streams;
}

/** Standard input and output as bytes. */
export interface Streams {
  input(): AsyncIterable<Uint8Array>;
  /** Resolves once they are on their way. Throws DISK_REFUSED where whoever read has stopped. */
  output(bytes: Uint8Array): Promise<void>;
  /** It would be shown on a terminal. */
  readonly showsOutput: boolean;
}

export interface Answer {
  readonly result: Result;
  /** What is wrong without having stopped the command; decides the exit status. */
  readonly problems: readonly Problem[];
  /** Set only where another program asks by a status of its own; problems come first. */
  readonly exit?: number;
}

export type Command = (call: Call) => Promise<Answer>;

/** Whose signature the lock must have; undefined: none is asked for. Signers are named for nothing else, so naming them asks. */
export function trustOf({ flags: { requireSignature, allowedSigners, signer } }: Call): Trust | undefined {
  const asks = requireSignature === true || allowedSigners !== undefined || signer !== undefined;
  return asks ? { allowedSigners, signer } : undefined;
}

/** What every verb on a project takes, from the options every such command has. */
export function commonOf({ names, flags }: Call): ProjectOptions {
  const { manifest, endpoint } = flags;
  const lock = typeof flags.lock === "string" ? flags.lock : undefined;
  return { manifest, lock, endpoint, offline: flags.offline === true, names };
}
