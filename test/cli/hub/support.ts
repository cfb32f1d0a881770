import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock } from "../../../cli/clock.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type Problem, TritterError } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { type HubSettings, openHub } from "../../../cli/hub/index.ts";
import type { Body, Hub } from "../../../cli/hub/port.ts";

export interface FakeClock extends Clock {
  /** Every sleep asked for, in ms. */
  readonly slept: readonly number[];
  /** Moves on without anyone sleeping. */
  pass(ms: number): void;
}

/** Time passes only by sleeping, and then at once. */
export function fakeClock(start = 1_000_000): FakeClock {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export interface TestHub extends Hub {
  readonly clock: FakeClock;
  readonly events: readonly TritterEvent[];
}

/** A Hub as the program opens it, with a clock that does not wait and no ambient settings; closed after the test. */
export function openTestHub(settings: Partial<HubSettings>): TestHub {
  const clock = fakeClock(Date.now());
  const events: TritterEvent[] = [];
  const hub = openHub({
    endpoint: undefined,
    endpointFlag: undefined,
    env: {},
    offline: false,
    disk: nodeDisk(),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    version: "1.2.3",
    node: "20.0.0",
    connections: 8,
    clock,
    ...settings,
  });
  onTestFinished(() => hub.close());
  return { ...hub, clock, events };
}

export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tritter-hub-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function readAll(body: Body): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await body.read((chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks);
}

export async function listAll<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

/** What the work fails with; fails itself where it does not. */
export async function failure(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TritterError)) throw error;
    const { code, message, hint, details, lasting } = error;
    return { code, message, hint: hint ?? "", details, lasting };
  }
  throw new Error("it succeeded");
}

export const never: AbortSignal = new AbortController().signal;
