import { describe, expect, it, onTestFinished } from "vitest";
import { TritterError } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { openMirrors } from "../../../cli/hub/mirrors.ts";
import type { Body, Hub, RemoteFile } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";
import { startHub } from "../../support/hub/index.ts";
import { hubContract, TREE } from "./contract.ts";
import { fakeClock, openTestHub } from "./support.ts";

hubContract("mirrors, the first of which is down", async () => {
  const server = await startHub({ pageSize: 3 });
  onTestFinished(() => server.close());
  const repo = server.repo("o/n", { license: "mit" });
  const commit = repo.commit(TREE);
  repo.branch("refs/pr/1", commit);
  const hub = openTestHub({ endpoint: "http://127.0.0.1:9", mirrors: [server.url] });
  return { hub, commit };
});

const FILE: RemoteFile = {
  repo: { type: "dataset", repo: "o/n" },
  commit: "a".repeat(40) as Commit,
  path: "x",
  size: 4_000_000,
};
const RANGE = { start: 0, end: FILE.size };
const { signal } = new AbortController();

/** Hubs that give so many bytes at once, each after so many ms of the clock. */
function stage(...speeds: readonly { readonly bytes: number; readonly ms: number }[]) {
  const clock = fakeClock();
  const events: TritterEvent[] = [];
  const opened: string[] = [];
  const hubs = speeds.map(({ bytes, ms }, index) => {
    const label = `hub ${index}`;
    const open = async (): Promise<Body> => {
      opened.push(label);
      const read = async (take: (chunk: Uint8Array) => Promise<void> | undefined) => {
        for (let left = FILE.size; left > 0; left -= bytes) {
          clock.pass(ms);
          await take(new Uint8Array(Math.min(left, bytes)));
        }
      };
      return { start: 0, read, cancel: () => {} };
    };
    return { label, open, close: async () => {} } as unknown as Hub;
  });
  const hub = openMirrors({ hubs, clock, signal, emit: (event) => events.push(event) });
  const get = async (file = FILE) => (await hub.open(file, RANGE, signal)).read(() => undefined);
  const warnings = () => events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));
  return { hub, get, opened, warnings };
}

const FAST = { bytes: 400_000, ms: 10 };
const SLOW = { bytes: 400_000, ms: 100 };
const CRAWLS = { bytes: 500, ms: 500 };

describe("openMirrors()", () => {
  it("goes on with whoever brings most, and looks at the others now and then", async () => {
    const { get, opened } = stage(SLOW, FAST);
    for (let count = 0; count < 40; count++) await get();
    expect(opened[0]).toBe("hub 0");
    expect(opened.filter((label) => label === "hub 1").length).toBeGreaterThan(30);
  });

  it("cuts a stream that crawls while another may be faster, and tells it", async () => {
    const { get, opened, warnings } = stage(CRAWLS, FAST);
    await expect(get()).rejects.toMatchObject({ code: "NETWORK" });
    await get();
    expect(opened.slice(0, 2)).toEqual(["hub 0", "hub 1"]);
    expect(warnings()).toEqual([
      expect.stringMatching(/others are asked before the endpoint "hub 0": "x" comes slowly/),
    ]);
  });

  it("has the bytes of a line where all crawl", async () => {
    const { get } = stage({ bytes: 100_000, ms: 5_000 }, { bytes: 100_000, ms: 5_000 });
    for (let count = 0; count < 6; count++) await get().catch(() => undefined);
    await get();
  });

  it("drops whoever alone gave wrong bytes", async () => {
    const { hub, get, opened, warnings } = stage(FAST, FAST);
    await get();
    expect(hub.verdict?.([FILE], { right: false, whole: true })).toBe(true);
    await get();
    expect(hub.verdict?.([FILE], { right: true, whole: true })).toBe(false);
    for (let count = 0; count < 40; count++) await get();
    expect(new Set(opened.slice(1))).toEqual(new Set(["hub 1"]));
    expect(warnings()).toEqual([expect.stringContaining('nothing more is taken from the endpoint "hub 0"')]);
  });

  it("blames nobody for bytes that an earlier run may have left", async () => {
    const { hub, get, warnings } = stage(FAST, FAST);
    await get();
    expect(hub.verdict?.([FILE], { right: false, whole: false })).toBe(true);
    expect(warnings()).toEqual([]);
  });

  it("finds out, of several that gave one file, whose part was wrong", async () => {
    const { hub, get, opened, warnings } = stage(FAST, FAST);
    while (new Set(opened).size < 2) await get();
    expect(hub.verdict?.([FILE], { right: false, whole: true })).toBe(true);
    opened.length = 0;
    for (let count = 0; count < 5; count++) await get();
    // One alone gives all of it now, and is right: it was the other.
    expect(new Set(opened).size).toBe(1);
    hub.verdict?.([FILE], { right: true, whole: true });
    const [other] = ["hub 0", "hub 1"].filter((label) => !opened.includes(label));
    expect(warnings()).toEqual([expect.stringContaining(`taken from the endpoint "${other}"`)]);
  });

  it("asks each alone before it gives up, and then says so", async () => {
    const { hub, get } = stage(FAST, FAST, FAST);
    const verdicts: (boolean | undefined)[] = [];
    for (let count = 0; count < 3; count++) {
      await get();
      verdicts.push(hub.verdict?.([FILE], { right: false, whole: true }));
    }
    expect(verdicts).toEqual([true, true, false]);
    await get();
  });

  it("tells what the first of them said where none has a file", async () => {
    const refusing = (code: "PIN_GONE" | "HUB") =>
      ({
        label: code,
        open: () => Promise.reject(new TritterError({ code, message: code })),
      }) as unknown as Hub;
    const hub = openMirrors({
      hubs: [refusing("PIN_GONE"), refusing("HUB")],
      clock: fakeClock(),
      signal,
      emit: () => {},
    });
    for (let count = 0; count < 2; count++)
      await expect(hub.open(FILE, RANGE, signal)).rejects.toMatchObject({ code: "PIN_GONE" });
  });
});
