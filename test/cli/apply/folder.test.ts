import { describe, expect, it } from "vitest";
import { type FolderInput, folderGiver } from "../../../cli/apply/folder.ts";
import type { Wish } from "../../../cli/apply/give.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { pathOf, sha256Of } from "../../support/engine.ts";
import { memoryDisk } from "../../support/memory-disk.ts";

const GOING = new AbortController().signal;

const wish = (content: string): Wish => {
  const from = { kind: "fetch", remotes: [], have: 0, damaged: undefined } as const;
  return { digest: sha256Of(content), size: content.length, source: "s", paths: [pathOf(content)], from };
};

function giverOn(contents: readonly string[], parts: Partial<FolderInput> = {}) {
  const disk = memoryDisk();
  const events: TritterEvent[] = [];
  for (const [index, content] of contents.entries()) disk.put(`/place/${index}`, content);
  const giver = folderGiver({
    disk,
    emit: (event) => events.push(event),
    folder: "/place",
    named: true,
    most: 100,
    links: true,
    skip: () => false,
    hardLinks: false,
    ...parts,
  });
  return { disk, events, giver };
}

describe("folderGiver()", () => {
  it("finds by size, and examines by bytes", async () => {
    const { giver, events } = giverOn(["one", "six"]);
    const wishes = ["one", "two", "three"].map(wish);
    expect(await giver.find(wishes, GOING)).toEqual(wishes.slice(0, 2));
    const emit = (event: TritterEvent) => events.push(event);
    expect(await giver.examine(wishes, { signal: GOING, emit })).toEqual(wishes.slice(0, 1));
    expect(events).toMatchObject([
      { kind: "hashing", path: "/place/0", why: "candidate" },
      { kind: "hashing", path: "/place/1" },
    ]);
  });

  it("looks once, however often it is asked", async () => {
    const { giver, disk } = giverOn(["one"]);
    let looks = 0;
    disk.before = (operation) => {
      if (operation === "readdir") looks += 1;
    };
    await giver.find([wish("one")], GOING);
    await giver.find([wish("one")], GOING);
    expect(looks).toBe(1);
  });

  it("says where it did not look at all of it", async () => {
    const { giver, events } = giverOn(["one", "two", "six"], { most: 2, named: false });
    await giver.find([wish("two")], GOING);
    expect(events).toEqual([
      { kind: "note", message: expect.stringMatching(/first 2 entries of "\/place"/) },
    ]);
  });
});
