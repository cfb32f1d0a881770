import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fetchBlobs } from "../../../cli/apply/fetch.ts";
import { UNLIMITED } from "../../../cli/apply/meter.ts";
import type { Body, ByteHub, RemoteFile } from "../../../cli/hub/port.ts";
import type { Blob } from "../../../cli/plan/types.ts";
import { prepareStore, viewStore } from "../../../cli/store/store.ts";
import type { Commit, TreePath } from "../../../schema/ids.ts";
import { gitOf, writerOf } from "../../support/engine.ts";
import { memoryDisk } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const GOING = new AbortController().signal;
/** bytes; files are held in memory up to 256 KiB, and come by segments of 4 MiB beyond */
const KIB = 1024;

async function stage(jobs: number) {
  const disk = memoryDisk();
  const view = await viewStore(disk, { state: STATE, owner: "me", signal: GOING });
  const readyFolder = await prepareStore(disk, view.layout);
  const store = { disk, view, readyFolder, writer: writerOf("w"), now: () => disk.now };
  const clock = { now: () => disk.now, sleep: async () => {} };
  return { disk, input: { store, clock, jobs, signal: GOING, limits: UNLIMITED, emit: () => {} } };
}

/** Each file is its path's text, as often as it fits. */
const contentOf = (path: string, size: number) => Buffer.alloc(size, path);

/** Answers after some turns, `turns` says how many. */
function hubOf(turns: (path: string) => number): ByteHub {
  return {
    open: async ({ path, size }: RemoteFile, { start, end }): Promise<Body> => {
      for (let left = turns(path); left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
      const read: Body["read"] = async (take) => {
        await take(contentOf(path, size).subarray(start, end));
      };
      return { start, read, cancel: () => {} };
    },
  };
}

function blobOf(path: string, size: number): Blob {
  const digest = gitOf(contentOf(path, size));
  const remote = {
    repo: { type: "dataset" as const, repo: "o/n" },
    commit: "a".repeat(40) as Commit,
    path,
    size,
  };
  const from = { kind: "fetch" as const, remotes: [remote], have: 0, damaged: undefined };
  return { digest, source: "all", size, from, paths: [path as TreePath] };
}

describe("fetchBlobs()", () => {
  it("has every blob ready, small ones and large ones in any order, however many streams draw from them", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 10, 300 * KIB, 300 * KIB, 4500 * KIB), { maxLength: 24 }),
        fc.integer({ min: 1, max: 16 }),
        fc.infiniteStream(fc.nat(3)),
        async (sizes, jobs, turns) => {
          const { disk, input } = await stage(jobs);
          const blobs = sizes.map((size, index) =>
            blobOf(`file ${index}`, size === 0 ? index : size + index),
          );
          const hub = hubOf(() => turns.next().value ?? 0);
          const fetched = await fetchBlobs({ ...input, hub, locate: () => undefined }, blobs);
          expect(fetched.problems).toEqual([]);
          expect([...fetched.ready.keys()].sort()).toEqual(blobs.map(({ digest }) => digest).sort());
          expect(Object.keys(disk.tree(STATE)).filter((path) => path.includes("/partial/"))).toEqual([]);
          expect(disk.opened).toEqual([]);
        },
      ),
      { numRuns: 30 },
    ));
});
