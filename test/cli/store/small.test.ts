import { describe, expect, it } from "vitest";
import { putSmall } from "../../../cli/store/small.ts";
import { prepareStore, type ReadyBlob, readyFile, viewStore } from "../../../cli/store/store.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { CHANGES, memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const view = (disk = memoryDisk()) =>
  viewStore(disk, { state: STATE, owner: "me", signal: new AbortController().signal });

async function input(disk = memoryDisk()) {
  const seen = await view(disk);
  const readyFolder = await prepareStore(disk, seen.layout);
  return { disk, view: seen, readyFolder, writer: writerOf("w"), now: () => disk.now };
}

const blobOf = (text: string, digest = gitOf(text)) => ({ digest, bytes: Buffer.from(text) });
const TEXTS = Array.from({ length: 5 }, (_, index) => `text ${index}`);

describe("putSmall()", () => {
  it.each(["bytes", ""])("makes %j ready under its digests, by each of them", async (text) => {
    const into = await input();
    const [put] = await putSmall(into, [blobOf(text)]);
    const digests = [sha256Of(text), gitOf(text)];
    expect(put).toMatchObject({ kind: "ready", blob: { digests, size: text.length } });
    const { ready } = await view(into.disk);
    expect(digests.map((digest) => ready.get(digest)?.size)).toEqual([text.length, text.length]);
    expect(into.disk.opened).toEqual([]);
  });

  it("makes many ready at once, the same bytes by two digests among them", async () => {
    const into = await input();
    const blobs = [...TEXTS.map((text) => blobOf(text)), blobOf("text 3", sha256Of("text 3"))];
    const put = await putSmall(into, blobs);
    expect(put.map(({ kind }) => kind)).toEqual(blobs.map(() => "ready"));
    const { ready } = await view(into.disk);
    for (const { digest, bytes } of blobs)
      expect(await into.disk.read(readyFile(ready.get(digest) as ReadyBlob))).toEqual(bytes);
    expect(into.disk.opened).toEqual([]);
  });

  it("keeps nothing of other bytes, names their digest, and keeps the others", async () => {
    const into = await input();
    const put = await putSmall(into, [blobOf("a"), blobOf("b", gitOf("c")), blobOf("d")]);
    expect(put).toMatchObject([
      { kind: "ready" },
      { kind: "mismatch", digest: gitOf("b") },
      { kind: "ready" },
    ]);
    expect(Object.values(into.disk.tree(STATE)).sort()).toEqual(["a", "d"]);
  });

  it.each(["open", "writeAt", "sync", "rename"] as const)(
    "leaves nothing open or behind of one for which %s fails, and keeps the others",
    async (failing) => {
      for (let failAt = 1; failAt <= TEXTS.length; failAt++) {
        const into = await input();
        let count = 0;
        into.disk.before = (operation, path) => {
          if (operation === failing && ++count === failAt) throw systemError("ENOSPC", path);
        };
        const put = await putSmall(
          into,
          TEXTS.map((text) => blobOf(text)),
        );
        expect(put.filter((one) => one.kind === "failed")).toMatchObject([{ error: { code: "ENOSPC" } }]);
        expect(put[failAt - 1]?.kind).toBe("failed");
        expect(Object.values(into.disk.tree(STATE)).sort()).toEqual(
          TEXTS.filter((_, index) => index !== failAt - 1),
        );
        expect(into.disk.opened).toEqual([]);
      }
    },
  );

  it.each(["lost", "zeros"] as const)(
    "gives no name that says ready to bytes that a power loss can take, at any step (%s)",
    async (unflushed) => {
      for (let step = 1; ; step++) {
        const into = await input();
        let count = 0;
        into.disk.before = (operation, path) => {
          if (CHANGES.has(operation) && ++count >= step) throw systemError("EIO", path);
        };
        const put = await putSmall(
          into,
          TEXTS.map((text) => blobOf(text)),
        );
        into.disk.before = () => undefined;
        // All names there are survive, as they may: what counts is what they hold.
        for (const folder of ["/", into.readyFolder]) await into.disk.syncFolder(folder);
        into.disk.losePower(unflushed);
        const files = (await view(into.disk)).files.filter((file) => !file.endsWith(".new"));
        for (const file of files) expect(TEXTS).toContain((await into.disk.read(file))?.toString());
        if (put.every(({ kind }) => kind === "ready")) {
          expect(files).toHaveLength(TEXTS.length);
          break;
        }
      }
    },
  );
});
