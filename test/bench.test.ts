import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ran } from "./support/project.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";

const SCRIPT = fileURLToPath(new URL("../scripts/bench.mjs", import.meta.url));

describe("bench", () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, "place"));
    await mkdir(join(folder.path, "bin"));
  });

  afterEach(() => folder.remove());

  function bench(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const all = [SCRIPT, "--quick", "--on", join(folder.path, "place"), ...args];
    return new Promise((resolve) => {
      execFile(process.execPath, all, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
        const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        resolve({ status, stdout, stderr });
      });
    });
  }

  it("times each contender of each workload as often as asked, and leaves nothing", async () => {
    const json = join(folder.path, "bench.json");
    const { status, stdout } = await bench(["--runs", "2", "version", "noop-10", "--json", json]);
    expect({ status, stdout }).toMatchObject({ status: 0 });

    const sample = { wall: expect.any(Number) };
    const row = { wall: expect.any(Number), samples: [sample, sample] };
    expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({
      version: 1,
      quick: true,
      runs: 2,
      workloads: [
        {
          name: "version",
          rows: [
            { name: "tritter --version", ...row },
            { name: "node -e 0", ...row, ratio: expect.any(Number) },
          ],
          skipped: [],
        },
        {
          name: "noop-10",
          rows: [
            { name: "tritter sync", ...row },
            { name: "node -e 0", ...row, ratio: expect.any(Number) },
          ],
          skipped: [],
        },
      ],
    });
    expect(stdout).toMatch(/^ {2}tritter sync .* ms/m);
    expect(await readdir(join(folder.path, "place"))).toEqual([]);
  }, 60_000);

  it("names whom it cannot measure, and serves by Node where there is no nginx", async () => {
    await symlink("/bin/sh", join(folder.path, "bin", "sh"));
    const json = join(folder.path, "bench.json");
    const args = ["--runs", "1", "--server", "node", "changed", "--json", json];
    const { status, stdout } = await bench(args, { PATH: join(folder.path, "bin"), HF_CLI: "" });
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toContain("  hf download: skipped, hf is not on the PATH\n");
    expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({
      workloads: [
        {
          name: "changed",
          server: "node",
          rows: [{ name: "tritter update, tritter sync", wall: expect.any(Number) }],
          skipped: [{ name: "hf download", why: "hf is not on the PATH" }],
        },
      ],
    });
  }, 60_000);

  it("times a far Hub beside the least it allows, fails who asks it for too much, and prints the page's tables", async () => {
    await symlink("/bin/sh", join(folder.path, "bin", "sh"));
    const args = ["--runs", "1", "--markdown", "latency-small-50"];
    const { status, stdout } = await bench(args, { PATH: join(folder.path, "bin"), HF_CLI: "" });
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(
      /^\| latency-small-50 \| 2 requests a file, 16 at once \| [\d.]+ s \| 1\.25 s \| [*\d. ×]+ \| 1\.50 × \| {2}\|$/m,
    );
    expect(stdout).toMatch(/^\| latency-small-50 \| hf download \| {2}\| not there \|/m);
    expect(stdout).not.toContain(folder.path);
  }, 60_000);

  it("refuses a workload it does not have, and says where the names are", async () => {
    const { status, stderr } = await bench(["everything"]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "bench: no workload is named everything; --help lists them\n",
    });
  });
});
