import { execFile } from "node:child_process";
import { cp, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(PROJECT, "dist", "main.js");
const run = promisify(execFile);

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
  for (const name of ["tritter.yaml", "tritter.lock", "manifests/sample/hub"]) {
    await cp(join(PROJECT, name), join(folder.path, name), { recursive: true });
  }
});

afterEach(() => folder.remove());

/** A proxy that nobody answers at: whoever opened a connection would fail. */
const NO_NETWORK = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };

function tritter(...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder.path, ...NO_NETWORK };
  return run(process.execPath, [MAIN, ...args], { cwd: folder.path, env });
}

describe("the embedded manifest", () => {
  it("syncs without a network, and again to a no-op", async () => {
    expect((await tritter("sync", "--locked")).stdout).toContain("synced 6 files");
    expect((await tritter("sync")).stdout).toContain("nothing to do");
    expect((await tritter("check", "--deep")).stdout).toContain("in sync");
  });

  it("has a lock that is what its manifest and folder Hub give", async () => {
    const before = await readFile(join(folder.path, "tritter.lock"), "utf8");
    await tritter("lock");
    await tritter("update");
    expect(await readFile(join(folder.path, "tritter.lock"), "utf8")).toBe(before);
  });

  it.each(["rust", "typescript", "go"])("has %s shards with starcoderdata's columns", async (language) => {
    await tritter("sync", language === "rust" ? "sample-rust" : `sample-${language}`);
    const shards = join(folder.path, "data", "code", language);
    const sources = await readdir(join(PROJECT, "manifests", "sample", "src", language));
    const rows: Record<string, unknown>[] = [];
    for (const name of await readdir(shards)) {
      const bytes = await readFile(join(shards, name));
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
      rows.push(...(await parquetReadObjects({ file })));
    }
    const columns = ["max_stars_repo_path", "max_stars_repo_name", "max_stars_count", "id", "content"];
    for (const row of rows) expect(Object.keys(row)).toEqual(columns);
    expect(rows.map((row) => String(row.max_stars_repo_path)).sort()).toEqual(
      sources.map((name) => `${language}/${name}`).sort(),
    );
    for (const row of rows) {
      const source = join(PROJECT, "manifests", "sample", "src", String(row.max_stars_repo_path));
      expect(row.content).toBe(await readFile(source, "utf8"));
    }
  });

  it("is small, and made by its script from its sources alone", async () => {
    const hub = join(PROJECT, "manifests", "sample", "hub");
    const entries = (await readdir(hub, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    const sizes = await Promise.all(
      entries.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
    await run(process.execPath, [join(PROJECT, "scripts", "make-sample.mjs"), "--check"]);
  });
});
