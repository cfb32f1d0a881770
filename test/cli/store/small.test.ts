import { describe, expect, it } from "vitest";
import { putSmall } from "../../../cli/store/small.ts";
import { prepareStore, viewStore } from "../../../cli/store/store.ts";
import { gitOf, sha256Of, writerOf } from "../../support/engine.ts";
import { memoryDisk, systemError } from "../../support/memory-disk.ts";

const STATE = "/root/.tritter";
const view = (disk = memoryDisk()) =>
  viewStore(disk, { state: STATE, owner: "me", signal: new AbortController().signal });

async function input(disk = memoryDisk()) {
  const seen = await view(disk);
  const readyFolder = await prepareStore(disk, seen.layout);
  return { disk, view: seen, readyFolder, writer: writerOf("w"), now: () => disk.now };
}

describe("putSmall()", () => {
  it.each(["bytes", ""])("makes %j ready under its digests, by each of them", async (text) => {
    const into = await input();
    const put = await putSmall(into, gitOf(text), Buffer.from(text));
    const digests = [sha256Of(text), gitOf(text)];
    expect(put).toMatchObject({ kind: "ready", blob: { digests, size: text.length } });
    const { ready } = await view(into.disk);
    expect(digests.map((digest) => ready.get(digest)?.size)).toEqual([text.length, text.length]);
    expect(into.disk.opened).toEqual([]);
  });

  it("keeps nothing of other bytes, and names their digest", async () => {
    const into = await input();
    expect(await putSmall(into, gitOf("a"), Buffer.from("b"))).toEqual({
      kind: "mismatch",
      digest: gitOf("b"),
    });
    expect(into.disk.tree(STATE)).toEqual({});
  });

  it.each(["writeAt", "sync", "rename"] as const)(
    "leaves nothing open or behind where %s fails",
    async (failing) => {
      const into = await input();
      into.disk.before = (operation, path) => {
        if (operation === failing) throw systemError("ENOSPC", path);
      };
      await expect(putSmall(into, gitOf("a"), Buffer.from("a"))).rejects.toMatchObject({ code: "ENOSPC" });
      expect([into.disk.opened, into.disk.tree(STATE)]).toEqual([[], {}]);
    },
  );
});
