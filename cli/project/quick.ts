import type { Outcome } from "../apply/types.ts";
import type { Context } from "../context.ts";
import { problemsOf } from "../errors.ts";
import type { Count, Drift } from "../plan/types.ts";
import type { Hashed, Proof } from "../scan.ts";
import { type InSync, quickLook } from "../status/quick.ts";
import type { CheckOptions, CheckResult } from "./check.ts";
import { documentsOf } from "./documents.ts";
import type { Trust } from "./signature.ts";
import type { SyncOptions, SyncResult } from "./sync.ts";

// Most runs find nothing to do. They are told so before anything is loaded that could do it.

/** Streams at once, at most. */
export const DEFAULT_JOBS = 16;

/** Locks where stale, then makes the disk equal the lock. */
export async function syncProject(context: Context, options: SyncOptions): Promise<SyncResult> {
  const documents = documentsOf(context, options);
  const signed = await signedDigest(context, documents.lockFile, options.signature);
  // Names beside rates are judged with the manifest, and folders to take from are looked at.
  const named = (options.limits?.rates ?? []).length > 0;
  const seen =
    named || options.deep === true || (options.from ?? []).length > 0
      ? undefined
      : await quickLook(context, { ...documents, names: options.names, signed });
  if (seen === undefined) return (await import("./sync.ts")).syncWhole(context, options, signed);
  const { root, wanted } = seen;
  return {
    lockFile: documents.lockFile,
    locked: undefined,
    root,
    plan: driftOf(wanted),
    offers: [],
    outcome: options.dryRun ? undefined : outcomeOf(wanted),
    provided: undefined,
    record: undefined,
    problems: [],
  };
}

/**
 * Before anything is believed of the lock, and in every run: a look that finds nothing to do must not skip it. The digest of the
 * bytes that are signed; undefined where nobody asks. Throws SIGNATURE_REFUSED, USAGE, LOCK_MISSING.
 */
async function signedDigest(
  context: Context,
  lockFile: string,
  trust: Trust | undefined,
): Promise<string | undefined> {
  if (trust === undefined) return undefined;
  return (await (await import("./signature.ts")).verifyLock(context, lockFile, trust)).digest;
}

/** Compares manifest, lock, disk and, if asked, the Hub. Writes nothing. */
export async function checkProject(context: Context, options: CheckOptions): Promise<CheckResult> {
  try {
    const { lockFile } = documentsOf(context, options);
    return await checkSigned(context, options, await signedDigest(context, lockFile, options.signature));
  } catch (error) {
    const refusals = problemsOf(error).filter(({ code }) => code === "SIGNATURE_REFUSED");
    if (refusals.length === 0) throw error;
    // One answer hides no other.
    const result = await checkSigned(context, options, undefined);
    return {
      ...result,
      answers: { ...result.answers, lock: [...refusals, ...(result.answers.lock ?? [])] },
      problems: [...refusals, ...result.problems],
    };
  }
}

async function checkSigned(
  context: Context,
  options: CheckOptions,
  signed: string | undefined,
): Promise<CheckResult> {
  const documents = { ...documentsOf(context, options), names: options.names, signed };
  const whole = async (proof?: Proof) =>
    (await import("./check.ts")).checkWhole(context, options, { proof, signed });
  if (options.upstream || !options.disk) return whole();
  if (options.deep) {
    const seen = await (await import("../status/deep.ts")).deepLook(context, documents);
    if (seen?.kind !== "in-sync") return whole(seen?.proof);
    return inSync(seen, { ...seen.wanted, reasons: { deep: seen.wanted.files } });
  }
  const seen = await quickLook(context, documents);
  return seen === undefined ? whole() : inSync(seen, { ...NONE, reasons: {} });
}

function inSync({ root, sources, wanted }: InSync, hashed: Hashed): CheckResult {
  return {
    root,
    sources,
    pinned: wanted,
    stale: [],
    plan: driftOf(wanted),
    drift: new Map(),
    hashed,
    carried: [],
    obligations: [],
    answers: { lock: [], policy: [], disk: [], upstream: undefined },
    problems: [],
  };
}

const NONE: Count = { files: 0, bytes: 0 };

function driftOf(wanted: Count): Drift {
  const totals = { wanted, fetch: NONE, keep: wanted, prune: NONE };
  return { writes: [], prunes: [], forgets: [], conflicts: [], brake: undefined, totals };
}

function outcomeOf(kept: Count): Outcome {
  return {
    fetched: NONE,
    given: [],
    generated: NONE,
    received: 0,
    placed: NONE,
    kept,
    adopted: 0,
    pruned: NONE,
    forgotten: 0,
    trashed: [],
    unpruned: undefined,
    problems: [],
  };
}
