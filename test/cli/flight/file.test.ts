import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { readFlightRecord } from "../../../cli/index.ts";
import { temporaryFolder } from "../../support/trees.ts";

const HEAD = { kind: "head", format: 1, tritter: "0.1.0", began: 1_000 };
const REQUEST = {
  kind: "request",
  at: 1,
  method: "GET",
  host: "h.example",
  path: "/a",
  range: [0, 8],
  status: 206,
  bytes: 8,
  firstMs: 2,
  tookMs: 3,
  attempt: 1,
  end: "whole",
  why: null,
};
const NONE = { files: 0, bytes: 0 };
const TOTALS = {
  requests: 1,
  failed: 0,
  again: 0,
  received: 8,
  stalls: 0,
  waitedMs: 0,
  fetched: { files: 1, bytes: 8 },
  taken: NONE,
  verified: 8,
  placed: { files: 1, bytes: 8 },
  pruned: NONE,
};
const END = { kind: "end", tookMs: 9, exit: 0, problems: [], totals: TOTALS };

async function rootWith(text: string | undefined): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  await mkdir(join(folder.path, ".tritter"));
  if (text !== undefined) await writeFile(join(folder.path, ".tritter/last-sync.ndjson"), text);
  return folder.path;
}

function ndjson(...lines: readonly unknown[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
}

function without(kind: string, { kind: _, ...members }: Record<string, unknown>) {
  expect(_).toBe(kind);
  return members;
}

describe("readFlightRecord()", () => {
  it("reads head, lines and end", async () => {
    const root = await rootWith(ndjson(HEAD, REQUEST, END));
    expect(await readFlightRecord(root)).toEqual({
      kind: "read",
      record: {
        file: join(root, ".tritter/last-sync.ndjson"),
        tritter: "0.1.0",
        began: 1_000,
        requests: [without("request", REQUEST)],
        end: without("end", END),
        retries: [],
        stalls: [],
        waits: [],
        widths: [],
        samples: [],
        hosts: [],
        verified: [],
        placed: [],
        leftOut: [],
        unread: 0,
      },
    });
  });

  it("says that there is none, of a root too that is not there", async () => {
    const root = await rootWith(undefined);
    expect(await readFlightRecord(root)).toEqual({ kind: "none" });
    expect(await readFlightRecord(join(root, "nowhere"))).toEqual({ kind: "none" });
  });

  it("counts lines of newer versions and damaged ones, and leaves members out that it does not know", async () => {
    const odd = [
      { kind: "comet", at: 1 },
      { ...REQUEST, at: "soon" },
      { ...REQUEST, bytes: -1 },
      { ...REQUEST, range: [1] },
      { ...REQUEST, end: "eaten" },
      { ...END, totals: { ...TOTALS, placed: 3 } },
      "{",
      "[]",
      JSON.stringify({ kind: "__proto__" }),
    ];
    const reading = await readFlightRecord(
      await rootWith(ndjson(HEAD, ...odd, { ...REQUEST, colour: "blue" })),
    );
    expect(reading).toMatchObject({ kind: "read", record: { unread: odd.length, end: undefined } });
    expect(reading.kind === "read" && reading.record.requests).toEqual([without("request", REQUEST)]);
  });

  it.each([
    ["something else", "hello\n", "it does not begin as a record does"],
    ["nothing", "", "it does not begin as a record does"],
    ["a record without its head", ndjson(REQUEST, END), "it does not begin as a record does"],
    ["a damaged head", ndjson({ ...HEAD, began: "then" }, END), "its first line is damaged"],
    ["a newer format", ndjson({ ...HEAD, format: 2 }), "it has format 2, and this version reads format 1"],
  ])("does not take %s for a record", async (_, text, why) => {
    expect(await readFlightRecord(await rootWith(text))).toEqual({ kind: "unreadable", why });
  });

  it("follows no link, opens no folder, and reads nothing that is too large", async () => {
    const elsewhere = await rootWith(ndjson(HEAD, END));
    const file = join(elsewhere, ".tritter/last-sync.ndjson");
    const linked = await rootWith(undefined);
    await symlink(file, join(linked, ".tritter/last-sync.ndjson"));
    expect(await readFlightRecord(linked)).toEqual({ kind: "unreadable", why: "it is a symlink" });
    const below = await temporaryFolder();
    onTestFinished(() => below.remove());
    await symlink(join(elsewhere, ".tritter"), join(below.path, ".tritter"));
    expect(await readFlightRecord(below.path)).toMatchObject({
      kind: "unreadable",
      why: expect.stringContaining("it is a symlink, and should be a folder of tritter's own"),
    });
    const folder = await rootWith(undefined);
    await mkdir(join(folder, ".tritter/last-sync.ndjson"));
    expect(await readFlightRecord(folder)).toEqual({ kind: "unreadable", why: "it is a folder" });
    const large = await rootWith(ndjson(HEAD) + "\n".repeat(5_000_000));
    expect(await readFlightRecord(large)).toMatchObject({
      kind: "unreadable",
      why: expect.stringMatching(/^it has \d+ bytes$/),
    });
  });

  it("takes a record that was damaged anywhere for one with lines it does not understand, or for none", async () => {
    const text = ndjson(HEAD, REQUEST, END);
    const root = await rootWith(text);
    const file = join(root, ".tritter/last-sync.ndjson");
    const damage = fc.tuple(
      fc.nat(text.length - 1),
      fc.nat(40),
      fc.string({ unit: "binary", maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([at, length, instead]) => {
        await writeFile(file, text.slice(0, at) + instead + text.slice(at + length));
        const reading = await readFlightRecord(root);
        expect(["read", "unreadable"]).toContain(reading.kind);
        if (reading.kind === "read")
          for (const { bytes, path } of reading.record.requests)
            expect([typeof bytes, typeof path]).toEqual(["number", "string"]);
      }),
      { numRuns: 200 },
    );
  });
});
