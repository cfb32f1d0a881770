import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { TreePath } from "../../schema/ids.ts";
import type { Context } from "../context.ts";
import type { Disk } from "../disk/port.ts";
import type { Emit } from "../events.ts";
import { bytesDigest } from "../lock/digests.ts";
import { layoutOf, type Section } from "../lock/layout.ts";
import type { Count } from "../plan/types.ts";
import { isFor, readPacked } from "../receipt/packed.ts";
import type { Proof } from "../scan.ts";
import { PACKED_STAMP } from "../tree/stamp.ts";
import type { DeepAnswer, SharedLines } from "./deep-lines.ts";
import { newDeepTally, stopReading } from "./deep-lines.ts";
import { BUNDLED, sharedBytes, startThreads } from "./helpers.ts";
import {
  countOf,
  type Documents,
  factsDigest,
  ifNothingIsInTheWay,
  namesOf,
  type Place,
  placeToLook,
  rangesOf,
} from "./place.ts";
import type { InSync } from "./quick.ts";

/** `differs`: a survey must tell how, and need not read again what was proved. */
export type DeepLook =
  | (InSync & { readonly kind: "in-sync" })
  | { readonly kind: "differs"; readonly proof: Proof };

/** Work from which on starting threads (some 40 ms each) pays. */
const WORTH = { files: 4_000, bytes: 128 * 1024 * 1024 };

/**
 * Reads every file on all cores and compares it with its line of the lock. Of the packed receipt it takes that lock and
 * manifest were judged, and that nothing else was placed; never what a file holds. undefined where that cannot be had,
 * or where there is little to read.
 */
export function deepLook(context: Context, documents: Documents): Promise<DeepLook | undefined> {
  return ifNothingIsInTheWay(context.signal, async () => {
    const threads = BUNDLED && context.disk.local ? availableParallelism() : 0;
    const place = threads > 1 ? await placeToLook(context, documents) : undefined;
    return place && lookThere(context, place, { documents, start: () => startThreads(WORKER, threads) });
  });
}

const WORKER = new URL("./deep-worker.js", import.meta.url);

async function lookThere(
  context: Context,
  { root, state, owner, manifest }: Place,
  { documents, start }: { documents: Documents; start: () => readonly Worker[] },
): Promise<DeepLook | undefined> {
  const { disk, version, signal, emit, clock } = context;
  const packed = await readPacked(disk, state, { owner, width: PACKED_STAMP });
  const ranges = packed && rangesOf(packed.head, documents.names);
  if (packed === undefined || ranges === undefined) return undefined;
  const wanted = countOf(ranges.filter(({ described }) => !described));
  if (wanted.files < WORTH.files && wanted.bytes < WORTH.bytes) return undefined;
  // They start while the lock is read.
  const threads = start();
  try {
    const sources = namesOf(ranges);
    const lock = await readLines(disk, documents.lockFile, sources);
    if (lock === undefined) return undefined;
    const { bytes, sections } = lock;
    const facts = await factsDigest(disk, documents.lockFile);
    const digest = bytesDigest(bytes);
    if (documents.signed !== undefined && documents.signed !== digest) return undefined;
    if (!isFor(packed, { tritter: version, owner, manifest, lock: digest, facts })) return undefined;
    emit({ kind: "scanning", files: wanted.files });
    const since = clock.now();
    const read = await readAll(threads, { root, lock: bytes, sections }, { signal, emit });
    if (read === undefined || read.files !== wanted.files) return undefined;
    // What describes the data, and what other clients find, is looked at by a survey, which does not read the rest again.
    const isAll = packed.head.provided === undefined && !ranges.some(({ described }) => described);
    if (read.different.size > 0 || !isAll)
      return { kind: "differs", proof: { except: read.different, since } };
    return { kind: "in-sync", root, sources, wanted };
  } finally {
    for (const thread of threads) void thread.terminate();
  }
}

async function readLines(
  disk: Disk,
  file: string,
  sources: readonly string[],
): Promise<{ bytes: Buffer; sections: readonly Section[] } | undefined> {
  const bytes = await disk.read(file);
  const layout = bytes && layoutOf(bytes);
  const sections = layout?.filter(({ name }) => sources.includes(name));
  return bytes === undefined || sections?.length !== sources.length ? undefined : { bytes, sections };
}

interface Read extends Count {
  /** Paths that do not hold what their line says. */
  readonly different: ReadonlySet<TreePath>;
}

/** undefined where a line was not as tritter writes it, or a thread died. Exported for tests, which bring their own threads. */
export async function readAll(
  threads: readonly Worker[],
  { root, lock, sections }: { root: string; lock: Buffer; sections: readonly Section[] },
  { signal, emit }: { signal: AbortSignal; emit: Emit },
): Promise<Read | undefined> {
  const tally = newDeepTally(sections);
  const lines: SharedLines = { root, lock: sharedBytes(lock), sections, tally };
  const stop = () => stopReading(tally);
  signal.addEventListener("abort", stop, { once: true });
  const total = { files: 0, bytes: 0 };
  const different = new Set<TreePath>();
  const work = (thread: Worker) =>
    new Promise<boolean>((resolve) => {
      const end = (whole: boolean) => {
        if (!whole) stop();
        resolve(whole);
      };
      thread.once("error", () => end(false));
      thread.on("message", (answer: DeepAnswer) => {
        if (answer.kind === "end") return end(answer.whole);
        const { files, bytes } = answer;
        total.files += files;
        total.bytes += bytes;
        for (const path of answer.different) different.add(path);
        emit({ kind: "hashing-many", files, bytes, why: "deep" });
      });
      thread.postMessage(lines);
    });
  try {
    const whole = await Promise.all(threads.map(work));
    signal.throwIfAborted();
    return whole.includes(false) ? undefined : { ...total, different };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
