import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../cli/clock.ts";
import type { Client } from "../../cli/hub/client.ts";
import { listCommits } from "../../cli/hub/commits.ts";
import { resolveRevision } from "../../cli/hub/info.ts";
import { listTree } from "../../cli/hub/listing.ts";
import { pointerOid } from "../../cli/hub/pointer.ts";
import { commitOf } from "../support/documents.ts";
import { CASES, expectSafe, LONG, nearly, orProblems } from "../support/fuzz.ts";

const REPO = { type: "dataset", repo: "o/n" } as const;
const SIGNAL = new AbortController().signal;
const SHA = "a".repeat(64);

const TREE = JSON.stringify([
  { type: "directory", oid: "b".repeat(40), size: 0, path: "data" },
  { type: "file", oid: "c".repeat(40), size: 12, path: "data/README.md" },
  {
    type: "file",
    oid: pointerOid(SHA, 34),
    size: 34,
    path: "data/x.parquet",
    lfs: { oid: SHA, size: 34, pointerSize: 130 },
    xetHash: "d".repeat(64),
  },
]);
const INFO = JSON.stringify({
  _id: "5f0c",
  id: "o/n",
  sha: "e".repeat(40),
  private: false,
  gated: "auto",
  disabled: false,
  downloads: 1,
  likes: 2,
  lastModified: "2026-03-01T00:00:00.000Z",
  tags: ["license:mit"],
  cardData: { license: ["mit"], extra_gated_prompt: "…", extra_gated_fields: { Name: "text" } },
});
const COMMITS = JSON.stringify([
  { id: "e".repeat(40), title: "Add data", message: "", date: "2026-03-01T00:00:00.000Z", authors: [] },
]);

const DICTIONARY = [
  "null",
  "true",
  "{}",
  "[]",
  '""',
  "-1",
  "1.5",
  '"type":"file"',
  '"type":"submodule"',
  '"lfs":null',
  '"lfs":{"oid":"',
  "*".repeat(64),
  '"path":"../x"',
  '"oid":[]',
  '"license":{"a":[]}',
  "<!DOCTYPE html>",
  "{",
  "}",
  "[",
  "]",
  ",",
  '"',
];

/** Answers every question with one text; `link` is sent once. */
function answering(text: string, link?: string): Client {
  let asked = 0;
  return {
    endpoint: {
      kind: "http",
      url: "https://hub.example",
      origin: "https://hub.example",
    } as Client["endpoint"],
    clock: systemClock,
    getText: async (url: string) => {
      asked += 1;
      return { text, url: new URL(url), headers: asked === 1 && link !== undefined ? { link } : {} };
    },
  } as unknown as Client;
}

async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

describe("an answer from a Hub that is none", () => {
  it("lists files with sizes and whole digests, or is refused", { timeout: LONG }, async () => {
    let read = 0;
    const link = fc.option(
      nearly(
        ['<https://hub.example/api/datasets/o/n/tree/x?cursor=1>; rel="next"'],
        ["<", ">", ";", "rel=", "//evil.example/", "\r\n"],
      ),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(nearly([TREE], DICTIONARY), link, async (text, next) => {
        const got = await orProblems(() =>
          all(
            listTree(answering(text, next), REPO, {
              commit: commitOf("1"),
              prefix: undefined,
              signal: SIGNAL,
            }),
          ),
        );
        if (!("value" in got)) return;
        read += 1;
        for (const { path, size, digest } of got.value) {
          expect(path).not.toBe("");
          expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
          if (digest !== undefined) expect(digest).toMatch(/^(?:sha256:[0-9a-f]{64}|git:[0-9a-f]{40})$/);
        }
      }),
      { numRuns: CASES },
    );
    expect(read).toBeGreaterThan(CASES / 100);
  });

  it("resolves to a commit and terms that are safe to print, or is refused", { timeout: LONG }, async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(nearly([INFO], DICTIONARY), async (text) => {
        const got = await orProblems(() =>
          resolveRevision(answering(text), REPO, { revision: "main", signal: SIGNAL }),
        );
        if (!("value" in got)) return;
        read += 1;
        expect(got.value.commit).toMatch(/^[0-9a-f]{40}$/);
        expectSafe(got.value.repo, got.value.id ?? "", ...(got.value.licenses ?? []));
      }),
      { numRuns: CASES },
    );
    expect(read).toBeGreaterThan(CASES / 100);
  });

  it("tells commits with titles that are safe to print, or is refused", { timeout: LONG }, async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(nearly([COMMITS], DICTIONARY), async (text) => {
        const got = await orProblems(() =>
          all(listCommits(answering(text), REPO, { revision: "main", signal: SIGNAL })),
        );
        if (!("value" in got)) return;
        read += 1;
        for (const { commit, title } of got.value) {
          expect(commit).toMatch(/^[0-9a-f]{40}$/);
          expectSafe(title);
        }
      }),
      { numRuns: CASES },
    );
    expect(read).toBeGreaterThan(CASES / 100);
  });
});
