import type { Digest } from "../../schema/ids.ts";
import type { Lock } from "../../schema/lock.ts";
import { printable } from "../../schema/names.ts";
import { spaceProblem } from "../apply/space.ts";
import type { Incoming, OpenBundle } from "../bundle/open.ts";
import { Cut } from "../bundle/tar-read.ts";
import type { Context } from "../context.ts";
import { onDisk } from "../disk/trouble.ts";
import { thisWriter } from "../disk/writer.ts";
import { type Problem, TritterErrors } from "../errors.ts";
import { holdRoot } from "../receipt/hold.ts";
import { survey } from "../status.ts";
import { type Intake, openIntake } from "../store/intake.ts";
import type { Kept } from "../store/receive.ts";
import { prepareStore } from "../store/store.ts";
import type { Project } from "./load.ts";
import { makeRoot } from "./sync.ts";

export interface Filled {
  /** By path in the bundle. */
  readonly wrong: ReadonlyMap<string, Problem>;
  /** The stream ended early. */
  readonly cut: boolean;
}

/** A blob that the tree lacks, and is still to come. */
interface Wish {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Takes from a stream what a sync would fetch, and has it ready in the store: what is verified there stays, whatever comes
 * of the rest. The sync that follows places it.
 */
export async function fillStore(
  context: Context,
  { project, lock, bundle, force }: { project: Project; lock: Lock; bundle: OpenBundle; force: boolean },
): Promise<Filled> {
  const { disk, clock, signal, emit } = context;
  const { manifest, scope } = project;
  const writer = await thisWriter(disk, context.pid);
  const state = await makeRoot(context, manifest.root);
  const release = await holdRoot(disk, state, { writer, now: clock.now });
  try {
    // What describes the data is nothing to fetch.
    const documents = { manifest, lock, described: [] };
    const input = { ...documents, scope, deep: false, force, prune: false, tolerant: true };
    const { root, plan, store } = await survey(context, input);
    const short = await spaceProblem(disk, root, { plan, beside: undefined });
    if (short !== undefined) throw new TritterErrors([short]);
    const wishes = new Map<Digest, Wish>(
      plan.blobs.filter(({ from }) => from.kind === "fetch").map((blob) => [blob.digest, blob]),
    );
    const bytes = [...wishes.values()].reduce((sum, { size }) => sum + size, 0);
    const readyFolder = wishes.size > 0 ? await prepareStore(disk, store.layout) : "";
    const intake = openIntake(
      { disk, view: store, readyFolder, writer, now: clock.now },
      { files: wishes.size, bytes, streams: 1, signal },
    );
    emit({ kind: "fetching", files: wishes.size, bytes });
    try {
      return await onDisk(`keep what the bundle "${printable(bundle.from)}" holds`, () =>
        takeAll(context, { bundle, wishes, intake }),
      );
    } finally {
      await intake.idle();
      await intake.close();
    }
  } finally {
    await release();
  }
}

interface Taking {
  readonly bundle: OpenBundle;
  readonly wishes: Map<Digest, Wish>;
  readonly intake: Intake;
}

async function takeAll({ signal, emit }: Context, { bundle, wishes, intake }: Taking): Promise<Filled> {
  const wrong = new Map<string, Problem>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const file of bundle.files()) {
      signal.throwIfAborted();
      if (failure !== undefined) throw failure.error;
      const wish = wishes.get(file.digest);
      if (wish === undefined) continue;
      const { size } = wish;
      if (file.size !== size) {
        wrong.set(file.path, otherSize(bundle.from, file, size));
        continue;
      }
      const key = file.digest;
      emit({ kind: "file-started", key, path: file.path, size, have: 0 });
      const settle = (kept: Kept) => {
        if (kept.kind === "ready") wishes.delete(key);
        else wrong.set(file.path, otherBytes(bundle.from, file, kept.digest));
        emit({ kind: "file-done", key, ok: kept.kind === "ready" });
      };
      const counted = {
        ...file,
        read: countingReads(file, (bytes) => emit({ kind: "file-bytes", key, bytes })),
      };
      if (size > intake.small) settle(await takeLarge(counted, intake, signal));
      else
        await takeSmall(counted, intake, (kept) => {
          if (kept.kind === "failed") failure ??= { error: kept.error };
          else settle(kept);
        });
    }
    await intake.idle();
    if (failure !== undefined) throw failure.error;
    return { wrong, cut: false };
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    await intake.idle();
    return { wrong, cut: true };
  }
}

function countingReads({ read }: Incoming, count: (bytes: number) => void): Incoming["read"] {
  return async () => {
    const bytes = await read();
    if (bytes !== undefined) count(bytes.length);
    return bytes;
  };
}

async function takeSmall(file: Incoming, intake: Intake, then: Parameters<Intake["put"]>[1]): Promise<void> {
  const chunks: Uint8Array[] = [];
  for (let bytes = await file.read(); bytes !== undefined; bytes = await file.read()) chunks.push(bytes);
  await intake.put({ digest: file.digest, chunks }, then);
}

/** Segments that an earlier run kept are passed over. */
async function takeLarge(file: Incoming, intake: Intake, signal: AbortSignal): Promise<Kept> {
  const { digest, size } = file;
  const receiver = await intake.receive({ digest, size, afresh: false, signal });
  try {
    let position = 0;
    let rest: Uint8Array = new Uint8Array(0);
    /** Hands on the bytes up to `end`; without `take` they are passed over. */
    const upTo = async (end: number, take?: (bytes: Uint8Array) => Promise<void> | undefined) => {
      while (position < end) {
        signal.throwIfAborted();
        if (rest.length === 0) rest = (await file.read()) ?? new Uint8Array(0);
        const bytes = rest.subarray(0, end - position);
        rest = rest.subarray(bytes.length);
        position += bytes.length;
        await take?.(bytes);
      }
    };
    for (const range of receiver.missing) {
      await upTo(range.start);
      const span = receiver.span(range);
      try {
        await upTo(range.end, span.write);
        await span.end();
      } finally {
        span.abandon();
      }
    }
  } catch (error) {
    await receiver.suspend();
    throw error;
  }
  return receiver.finish();
}

function otherBytes(from: string, { path, digest }: Incoming, found: Digest): Problem {
  return {
    code: "DIGEST_MISMATCH",
    message: `cannot use "${printable(path)}" of the bundle "${printable(from)}": its bytes hash to ${found}, the lock says ${digest}`,
    hint: "everything else was done; fetch the bundle again, or make it anew",
  };
}

function otherSize(from: string, { path, size }: Incoming, wanted: number): Problem {
  return {
    code: "DIGEST_MISMATCH",
    message: `cannot use "${printable(path)}" of the bundle "${printable(from)}": it has ${size} bytes, the lock says ${wanted}`,
    hint: "everything else was done; fetch the bundle again, or make it anew",
  };
}
