import { describe, expect, it } from "vitest";
import { openMeter, UNLIMITED } from "../../../cli/apply/meter.ts";
import { type Sink, type Streaming, stream } from "../../../cli/apply/stream.ts";
import { TritterError } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import type { Body, Hub, RemoteFile } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";

const CONTENT = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));
const LABEL = { key: "k", path: "a.bin", source: "all" };
const GOING = new AbortController().signal;
const remoteOf = (repo: string): RemoteFile => ({
  repo: { type: "dataset", repo },
  commit: "a".repeat(40) as Commit,
  path: "a.bin",
  size: CONTENT.length,
});
const broken = () => new TritterError({ code: "NETWORK", message: "broke off" });

/** A clock that moves when told, or when somebody sleeps. */
function clockOf() {
  const clock = {
    ms: 1_000_000,
    slept: [] as number[],
    now: () => clock.ms,
    sleep: async (ms: number) => {
      clock.slept.push(ms);
      clock.ms += ms;
    },
  };
  return clock;
}

/** What one `open` gives: chunks, each by its end, from `start`; then `end` is thrown, or the body ends. */
interface Answer {
  readonly start?: number;
  readonly ends: readonly number[];
  readonly end?: unknown;
  /** Before each chunk. */
  readonly before?: () => void;
}

function stage(answers: readonly (Answer | TritterError)[]) {
  const clock = clockOf();
  const events: TritterEvent[] = [];
  const asked: string[] = [];
  const open: Hub["open"] = async ({ repo }, { start, end }): Promise<Body> => {
    const answer = answers[asked.length];
    asked.push(`${repo.repo} ${start}-${end}`);
    if (answer === undefined || answer instanceof TritterError) throw answer ?? new Error("not expected");
    let cancelled = false;
    const from = answer.start ?? start;
    const read: Body["read"] = async (take) => {
      let at = from;
      for (const next of answer.ends) {
        if (cancelled) return;
        answer.before?.();
        await take(CONTENT.subarray(at, next));
        at = next;
      }
      if (answer.end !== undefined) throw answer.end;
    };
    const cancel = () => {
      cancelled = true;
    };
    return { start: from, read, cancel };
  };
  const streaming: Streaming = {
    hub: { open },
    gate: (work) => work(),
    clock,
    signal: GOING,
    meter: openMeter(UNLIMITED, { clock, signal: GOING }),
    emit: (event) => events.push(event),
  };
  const got: Buffer[] = [];
  const sink: Sink = {
    get position() {
      return got.reduce((sum, bytes) => sum + bytes.length, 0);
    },
    write: (bytes) => {
      got.push(Buffer.from(bytes));
      return undefined;
    },
  };
  const run = (parts: { sink?: Sink; remotes?: readonly RemoteFile[]; end?: number } = {}) =>
    stream(streaming, { remotes: [remoteOf("o/n")], sink, end: CONTENT.length, label: LABEL, ...parts });
  return { clock, events, asked, got, sink, run };
}

const bytesOf = (events: readonly TritterEvent[]) =>
  events.flatMap((event) => (event.kind === "file-bytes" ? [event.bytes] : []));

describe("stream()", () => {
  it("goes on after a break where it stopped, and says so", async () => {
    const { asked, got, events, clock, run } = stage([
      { ends: [300, 400], end: broken() },
      { ends: [400], end: broken() },
      { ends: [1_000] },
    ]);
    await run();
    expect(Buffer.concat(got).equals(CONTENT)).toBe(true);
    expect(asked).toEqual(["o/n 0-1000", "o/n 400-1000", "o/n 400-1000"]);
    expect(clock.slept).toHaveLength(2);
    expect(events.filter(({ kind }) => kind === "file-retry")).toMatchObject([
      { path: "a.bin", why: "broke off", lost: 0 },
      { path: "a.bin", why: "broke off", lost: 0 },
    ]);
  });

  it("takes a body that ends early for a break", async () => {
    const { asked, got, run } = stage([{ ends: [300] }, { ends: [1_000] }]);
    await run();
    expect([asked, Buffer.concat(got).equals(CONTENT)]).toEqual([["o/n 0-1000", "o/n 300-1000"], true]);
  });

  it("drops what begins too early and ends too late", async () => {
    const { got, sink, run } = stage([
      { ends: [200], end: broken() },
      { start: 0, ends: [150, 250, 1_000] },
    ]);
    await run({ end: 600 });
    expect(Buffer.concat(got).equals(CONTENT.subarray(0, 600))).toBe(true);
    expect(sink.position).toBe(600);
  });

  it("gives a remote up after five breaks without a byte, and asks the next from there", async () => {
    const silent = { ends: [], end: broken() };
    const { asked, got, run } = stage([
      { ends: [100], end: broken() },
      ...Array.from({ length: 4 }, () => silent),
      { ends: [1_000] },
    ]);
    await run({ remotes: [remoteOf("o/n"), remoteOf("o/other")] });
    expect(asked.at(-1)).toBe("o/other 100-1000");
    expect(asked).toHaveLength(6);
    expect(Buffer.concat(got).equals(CONTENT)).toBe(true);
  });

  it("throws what the last remote failed with, and what is no matter of a remote at once", async () => {
    const refused = new TritterError({ code: "PIN_GONE", message: "gone" });
    const { asked, run } = stage([new TritterError({ code: "HUB", message: "no" }), refused]);
    await expect(run({ remotes: [remoteOf("o/a"), remoteOf("o/b")] })).rejects.toBe(refused);
    expect(asked).toHaveLength(2);
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    const other = stage([{ ends: [1_000] }]);
    const sink: Sink = { position: 0, write: () => Promise.reject(full) };
    await expect(other.run({ sink, remotes: [remoteOf("o/a"), remoteOf("o/b")] })).rejects.toBe(full);
    expect(other.asked).toHaveLength(1);
  });

  it("cuts a stream that crawls, and goes on", async () => {
    const { asked, clock, events, run } = stage([
      { ends: [10, 20, 30, 40], before: () => (clock.ms += 12_000) },
      { ends: [1_000] },
    ]);
    await run();
    expect(asked).toHaveLength(2);
    const [retry] = events.filter(({ kind }) => kind === "file-retry");
    expect(retry).toMatchObject({ why: "the stream crawls: 30 bytes in 36 s" });
  });

  it("takes no sender for crawling that it made wait itself", async () => {
    const { asked, clock, sink, run } = stage([{ ends: [10, 20, 30, 1_000] }]);
    const slow: Sink = {
      get position() {
        return sink.position;
      },
      write: async (bytes) => {
        void sink.write(bytes);
        await Promise.resolve();
        clock.ms += 40_000;
      },
    };
    await run({ sink: slow });
    expect(asked).toHaveLength(1);
  });

  it("tells of bytes ten times a second, and of every one", async () => {
    const { events, clock, run } = stage([
      { ends: Array.from({ length: 1_000 }, (_, at) => at + 1), before: () => (clock.ms += 1) },
    ]);
    await run();
    const told = bytesOf(events);
    expect(told.length).toBeLessThanOrEqual(11);
    expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(CONTENT.length);
  });

  it("tells of what came before it broke", async () => {
    const { events, run } = stage([{ ends: [300], end: broken() }, { ends: [1_000] }]);
    await run();
    const kinds = events.map(({ kind }) => kind);
    expect(kinds).toEqual(["file-bytes", "file-retry", "file-bytes"]);
  });
});
