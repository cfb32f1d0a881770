import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { algorithmsFor, contentHasher, hashOpenFile, likeDigest } from "../../../cli/store/hash.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const BOTH = new Set(["sha256", "git"] as const);
const GOING = new AbortController().signal;

describe("contentHasher()", () => {
  it("gives the digests that git and sha256sum give, sha256 first", () => {
    const hasher = contentHasher(BOTH, 11);
    for (const part of ["hello", " ", "world"]) hasher.update(Buffer.from(part));
    expect(hasher.digests()).toEqual([
      "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
      "git:95d09f2b10159347eece71399a7e2e907ea3df4f",
    ]);
  });

  it("knows the empty file", () => {
    expect(contentHasher(BOTH, 0).digests()).toEqual([
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    ]);
  });
});

describe("hashOpenFile()", () => {
  let home: TemporaryFolder;
  beforeEach(async () => {
    home = await temporaryFolder();
  });
  afterEach(() => home.remove());

  async function hashed(content: Uint8Array, size: number, signal = GOING) {
    const path = join(home.path, "file");
    await writeFile(path, content);
    const file = await nodeDisk().open(path, "r");
    return hashOpenFile(file, { algorithms: BOTH, size, signal }).finally(() => file.close());
  }

  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000])(
    "reads %d bytes",
    async (size) => {
      const content = Buffer.alloc(size, "content ");
      expect(await hashed(content, size)).toEqual([sha256Of(content), gitOf(content)]);
    },
  );

  it.each([
    [10, 9],
    [9, 10],
    [0, 1],
    [1, 0],
    [2 * 1024 * 1024, 1024 * 1024],
  ])("has no digest for a file of %d bytes that should have %d", async (real, size) => {
    expect(await hashed(Buffer.alloc(real), size)).toBeUndefined();
  });

  it("stops when told", async () => {
    const reason = new Error("stopped");
    await expect(hashed(Buffer.alloc(10), 10, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("algorithmsFor()", () => {
  it("always has sha256", () => {
    expect([...algorithmsFor([])]).toEqual(["sha256"]);
    expect([...algorithmsFor([gitOf("a")])]).toEqual(["sha256", "git"]);
  });
});

describe("likeDigest()", () => {
  it("is the one of the same algorithm", () => {
    expect(likeDigest([sha256Of("a"), gitOf("a")], gitOf("b"))).toBe(gitOf("a"));
    expect(likeDigest([sha256Of("a")], gitOf("b"))).toBe(gitOf("b"));
  });
});
