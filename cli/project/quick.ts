import type { Outcome } from "../apply/types.ts";
import type { Context } from "../context.ts";
import type { Count, Drift } from "../plan/types.ts";
import type { Hashed, Proof } from "../scan.ts";
import { type InSync, quickLook } from "../status/quick.ts";
import type { CheckOptions, CheckResult } from "./check.ts";
import { documentsOf } from "./documents.ts";
import type { SyncOptions, SyncResult } from "./sync.ts";

// Most runs find nothing to do. They are told so before anything is loaded that could do it.

/** Streams at once, at most. */
export const DEFAULT_JOBS = 16;

/** Locks where stale, then makes the disk equal the lock. */
export async function syncProject(context: Context, options: SyncOptions): Promise<SyncResult> {
  const documents = documentsOf(context, options);
  // Names beside rates are judged with the manifest, and folders to take from are looked at.
  const named = (options.limits?.rates ?? []).length > 0;
  const seen =
    named || options.deep === true || (options.from ?? []).length > 0
      ? undefined
      : await quickLook(context, { ...documents, names: options.names });
  if (seen === undefined) return (await import("./sync.ts")).syncWhole(context, options);
  const { root, wanted } = seen;
  return {
    lockFile: documents.lockFile,
    locked: undefined,
    root,
    plan: driftOf(wanted),
    offers: [],
    outcome: options.dryRun ? undefined : outcomeOf(wanted),
    provided: undefined,
    problems: [],
  };
}

/** Compares manifest, lock, disk and, if asked, the Hub. Writes nothing. */
export async function checkProject(context: Context, options: CheckOptions): Promise<CheckResult> {
  const documents = { ...documentsOf(context, options), names: options.names };
  const whole = async (proof?: Proof) => (await import("./check.ts")).checkWhole(context, options, proof);
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
