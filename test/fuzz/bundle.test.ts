import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTENTS, type Contents, parseContents, serialiseContents } from "../../cli/bundle/contents.ts";
import { pipeSource } from "../../cli/bundle/source.ts";
import { Cut, readTar } from "../../cli/bundle/tar-read.ts";
import { END, fileHead, linkHead, padding } from "../../cli/bundle/tar-write.ts";
import { bytesDigest } from "../../cli/lock/digests.ts";
import type { Digest } from "../../schema/ids.ts";
import { CASES, LONG, nearly, orProblems } from "../support/fuzz.ts";
import { runHere } from "../support/here.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

const digest = (text: string) => bytesDigest(text) as Digest;
const file = (path: string, text: string) => ({ path, size: text.length, digest: digest(text) });

const CONTENTS_OF_ONE: Contents = {
  manifest: file("tritter.yaml", "m"),
  lock: file("tritter.lock", "l"),
  sources: ["code"],
  facts: undefined,
  signature: undefined,
  since: undefined,
  layout: [file("datasets--o--n/refs/main", "r")],
  blobs: [file("datasets--o--n/snapshots/c/a", "a"), file("datasets--o--n/snapshots/c/b", "b")],
};

function entry(path: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([fileHead({ path, size: bytes.length }), bytes, padding(bytes.length)]);
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function entriesOf(bytes: Uint8Array, piece = 700) {
  const tar = readTar(pipeSource(inPieces(bytes, piece)), "b.tar");
  const found: { path: string; kind: string; text: string }[] = [];
  for (let next = await tar.next(); next !== undefined; next = await tar.next()) {
    const chunks: Uint8Array[] = [];
    for (let some = await tar.read(); some !== undefined; some = await tar.read()) chunks.push(some);
    found.push({ path: next.path, kind: next.kind, text: Buffer.concat(chunks).toString() });
  }
  return found;
}

describe("readTar()", () => {
  it("reads what was written, whatever it is called and however it comes", async () => {
    const paths = fc
      .string({ minLength: 1, maxLength: 300, unit: "grapheme" })
      .filter((path) => path.isWellFormed() && !path.includes("\0"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(paths, fc.string({ maxLength: 1_500 }))),
        fc.integer({ min: 1, max: 2_000 }),
        async (files, piece) => {
          const tar = [
            ...files.map(([path, text]) => entry(path, text)),
            linkHead("link", files[0]?.[0] ?? "x"),
            END,
          ];
          expect(await entriesOf(Buffer.concat(tar), piece)).toEqual([
            ...files.map(([path, text]) => ({ path, kind: "file", text })),
            { path: "link", kind: "link", text: "" },
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it(
    "refuses or reads what is nearly a tar, and takes no longer for it",
    async () => {
      const long = entry(`${"a/".repeat(80)}b`, "text");
      const seeds = [Buffer.concat([entry("a", "text"), long, END]).toString("latin1")];
      const words = [
        "0",
        "2",
        "x",
        "7777777",
        "ustar",
        "99 path=../../etc\n",
        "18 size=99999999\n",
        "5",
        "L",
      ];
      await fc.assert(
        fc.asyncProperty(nearly(seeds, words), async (text) => {
          await orProblems(() => entriesOf(Buffer.from(text, "latin1")).catch(cutIsFine));
        }),
        { numRuns: CASES / 20 },
      );
    },
    LONG,
  );

  it.each([
    ["a symlink", "2"],
    ["a device", "3"],
    ["a pipe", "6"],
    ["of a kind that no bundle has", "L"],
  ])("refuses %s", async (what, type) => {
    await expect(entriesOf(withType(fileHead({ path: "x", size: 0 }), type))).rejects.toThrow(
      `"x" in it is ${what}`,
    );
  });

  it("refuses an extended header of any size but a small one, and a size that cannot be", async () => {
    const bomb = withType(fileHead({ path: "x", size: 8 ** 11 - 1 }), "x");
    await expect(entriesOf(bomb)).rejects.toThrow("an extended header in it is too large");
    const size = withType(fileHead({ path: "x", size: 24 }), "x");
    const record = Buffer.from("24 size=9999999999999999");
    await expect(entriesOf(Buffer.concat([size, record, padding(24)]))).rejects.toThrow("extended header");
  });
});

function withType(head: Buffer, type: string): Buffer {
  head.write(type, 156);
  head.write("        ", 148);
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return head;
}

function cutIsFine(error: unknown): void {
  if (!(error instanceof Cut)) throw error;
}

describe("parseContents()", () => {
  it("reads what was written", () => {
    expect(parseContents(serialiseContents(CONTENTS_OF_ONE), "b")).toEqual(CONTENTS_OF_ONE);
  });

  it(
    "refuses or reads what is nearly one, and never a document that is not beside it",
    async () => {
      const words = [
        '"path":"../tritter.yaml"',
        '"path":"/etc/x.lock"',
        "1e999",
        '"git":"',
        '"version": 2',
        "[]",
      ];
      await fc.assert(
        fc.asyncProperty(nearly([serialiseContents(CONTENTS_OF_ONE)], words), async (text) => {
          const found = await orProblems(() => parseContents(text, "b"));
          if ("value" in found)
            expect(dirname(found.value.manifest.path) + dirname(found.value.lock.path)).toBe("..");
        }),
        { numRuns: CASES / 10 },
      );
    },
    LONG,
  );
});

describe("tritter bundle apply", () => {
  let hub: LoopbackHub;
  let home: Project;
  let outer: TemporaryFolder;
  let away: Project;
  let whole: Buffer;

  beforeAll(async () => {
    hub = await startHub();
    hub
      .repo("o/code")
      .commit({ "a/x.bin": { size: 700, seed: 1 }, "a/y.txt": "y\n", [`b/${"long".repeat(30)}`]: "z\n" });
    home = await makeProject(hub);
    await home.manifest("sources:\n  code: { repo: o/code }");
    await runHere(home, ["sync"]);
    whole = (await runHere(home, ["bundle", "create", "-"])).output;
    outer = await temporaryFolder();
    away = { ...(await makeProject("http://127.0.0.1:9")), folder: join(outer.path, "away") };
  });

  afterAll(async () => {
    await Promise.all([home.remove(), outer.remove(), away.remove(), hub.close()]);
  });

  /** Applies it in an empty folder. Nothing may be written beside it, and no byte in it but those of the lock. */
  async function applied(tar: Uint8Array) {
    await rm(outer.path, { recursive: true, force: true });
    const { mkdir } = await import("node:fs/promises");
    await mkdir(away.folder, { recursive: true });
    await writeFile(join(outer.path, "beside"), "mine");
    const ran = await runHere(away, ["bundle", "apply", "-"], { input: tar });
    const tree = await readTree(outer.path);
    const right = await home.tree();
    for (const [path, bytes] of Object.entries(tree)) {
      if (path === "beside") expect(bytes.toString()).toBe("mine");
      else expect(path).toMatch(/^away\/(?:tritter\.(?:yaml|lock)$|data\/)/);
      const placed = /^away\/data\/((?!\.tritter\/).*)$/.exec(path)?.[1];
      if (placed !== undefined) expect(bytes.toString("latin1")).toBe(right[placed]);
    }
    return { ...ran, tree };
  }

  it(
    "writes nothing but what the lock says, whatever bytes of the tar are others",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
            minLength: 1,
            maxLength: 4,
          }),
          async (edits) => {
            const tar = Buffer.from(whole);
            for (const [at, byte] of edits) tar[at] = byte;
            const { status, stderr } = await applied(tar);
            expect([0, 2, 5, 7], stderr).toContain(status);
          },
        ),
        { numRuns: Math.max(30, CASES / 200) },
      );
    },
    LONG,
  );

  it.each(["../evil", "/tmp/evil", "tritter.yaml", "data/.tritter/holder", `${"x/".repeat(200)}../evil`])(
    "takes no entry named %s",
    async (path) => {
      // Before the blobs, behind the documents.
      const at = whole.lastIndexOf("datasets--o--code/refs");
      const { status, stderr } = await applied(
        Buffer.concat([whole.subarray(0, at), entry(path, "evil"), whole.subarray(at)]),
      );
      expect(status).toBe(2);
      expect(stderr).toContain("which it does not say, or twice");
    },
  );

  it("asks for its own list first", async () => {
    expect(await applied(entry("other", "text"))).toMatchObject({ status: 2 });
    expect((await applied(entry(CONTENTS, "{}"))).stderr).toContain("BUNDLE_INVALID");
    expect((await applied(Buffer.from("no tar at all".repeat(100)))).stderr).toContain("it is no tar");
    expect((await applied(new Uint8Array(0))).status).toBe(7);
  });
});
