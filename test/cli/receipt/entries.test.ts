import { describe, expect, it } from "vitest";
import { formatEntry, parseEntry } from "../../../cli/receipt/entries.ts";
import { goneEntry, intentEntry, placedEntry } from "../../support/engine.ts";

const line = (entry: object) => JSON.stringify({ seq: 1, ...entry });
const placed = (parts: object) => line({ ...placedEntry("a.txt"), ...parts });

describe("parseEntry()", () => {
  it.each([placedEntry("a.txt"), intentEntry("b/c.txt"), goneEntry("d"), { op: "flushed" as const }])(
    "reads what was written: $op",
    (entry) => {
      expect(parseEntry(formatEntry(entry, 7).trimEnd())).toEqual({ ...entry, seq: 7 });
    },
  );

  it.each([
    ["an empty line", ""],
    ["a torn line", placed({}).slice(0, -5)],
    ["zeros", "\0\0\0\0"],
    ["no object", "7"],
    ["null", "null"],
    ["a list", "[]"],
    ["an act of a later version", line({ op: "pinned", owner: "me", path: "a" })],
    ["no sequence number", JSON.stringify(placedEntry("a"))],
    ["a sequence number that ends all counting", placed({ seq: 2 ** 53 - 1 })],
    ["one that is infinite", placed({}).replace('"seq":1', '"seq":1e999')],
    ["one below zero", placed({ seq: -1 })],
    ["a path out of the root", placed({ path: "../../etc/passwd" })],
    ["an absolute path", placed({ path: "/etc/passwd" })],
    ["a path of our own", placed({ path: ".tritter/store/x" })],
    ["a path into git", placed({ path: ".GIT/config" })],
    ["a path with a control character", placed({ path: "a\u0000b" })],
    ["a path that is no text", placed({ path: 7 })],
    ["an owner that is no text", placed({ owner: {} })],
    ["an unknown origin", placed({ origin: "stolen" })],
    ["a digest that is none", placed({ digests: ["sha256:00"] })],
    ["digests that are no list", placed({ digests: "sha256:00" })],
    ["a stamp that is no text", placed({ stamp: 1 })],
    ["a size below zero", placed({ size: -1 })],
    ["a size with a fraction", placed({ size: 0.5 })],
    ["an intent without a digest", line({ ...intentEntry("a"), digest: undefined })],
  ])("gives nothing for %s", (_, text) => {
    expect(parseEntry(text)).toBeUndefined();
  });

  it("takes names that only some platforms cannot have", () => {
    expect(parseEntry(placed({ path: "aux.txt" }))).toBeDefined();
  });
});
