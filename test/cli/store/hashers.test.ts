import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type Hashers, openHashers, threadedHashers } from "../../../cli/store/hashers.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

const THREAD = new URL("../../../dist/hash-worker.js", import.meta.url);
const BOTH = new Set(["sha256", "git"] as const);

let folder: TemporaryFolder;
let stop: AbortController;
let hashers: Hashers;

beforeEach(async () => {
  folder = await temporaryFolder();
  stop = new AbortController();
});

afterEach(async () => {
  await hashers.close();
  await folder.remove();
});

const opened: readonly (readonly [string, () => Hashers])[] = [
  ["in this thread", () => openHashers(nodeDisk(), { files: 1, bytes: 1, signal: stop.signal })],
  ["in threads", () => threadedHashers(THREAD, { threads: 2, signal: stop.signal })],
];

async function write(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, bytes);
  return path;
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function git(bytes: Buffer): string {
  return `git:${createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")}`;
}

describe.each(opened)("hashers %s", (_, open) => {
  beforeEach(() => {
    hashers = open();
  });

  it("give each of many files its own digests and stat", async () => {
    const sizes = Array.from({ length: 700 }, (_, index) => (index % 100 === 7 ? 3_000_000 + index : index));
    const bodies = sizes.map((size, index) => Buffer.alloc(size, `${index};`));
    const paths = await Promise.all(bodies.map((bytes, index) => write(`${index}`, bytes)));
    const answers = await Promise.all(
      paths.map((path, index) => hashers.hash({ path, size: sizes[index] ?? 0, algorithms: BOTH })),
    );
    const wanted = bodies.map((bytes) => [sha256(bytes), git(bytes)]);
    expect(answers.map(({ digests }) => digests)).toEqual(wanted);
    expect(answers.map(({ stat }) => stat)).toEqual(paths.map((path) => nodeDisk().lstat(path)));
  });

  it("have no digest for a file that is shorter or longer than its size", async () => {
    const path = await write("a", Buffer.from("12345"));
    for (const size of [0, 4, 6]) {
      const { digests, stat } = await hashers.hash({ path, size, algorithms: BOTH });
      expect(digests).toBeUndefined();
      expect(stat.size).toBe(5);
    }
  });

  it("fail with the system's code for what is no file, and answer the others", async () => {
    const path = await write("a", Buffer.from("12345"));
    await symlink(path, join(folder.path, "link"));
    await mkdir(join(folder.path, "folder"));
    const answers = await Promise.allSettled(
      ["missing", "link", "folder", "a"].map((name) =>
        hashers.hash({ path: join(folder.path, name), size: 5, algorithms: BOTH }),
      ),
    );
    expect(answers.map((answer) => (answer.status === "rejected" ? answer.reason.code : "hashed"))).toEqual([
      "ENOENT",
      "ELOOP",
      "EISDIR",
      "hashed",
    ]);
  });

  it("stop with the signal's reason", async () => {
    const path = await write("a", Buffer.alloc(50_000_000));
    const reason = new Error("enough");
    const answers = Array.from({ length: 8 }, () =>
      hashers.hash({ path, size: 50_000_000, algorithms: BOTH }).catch((error: unknown) => error),
    );
    stop.abort(reason);
    for (const answer of await Promise.all(answers)) expect(answer).toBe(reason);
    await expect(hashers.hash({ path, size: 50_000_000, algorithms: BOTH })).rejects.toBe(reason);
  });
});
