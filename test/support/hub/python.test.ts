import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HfClient, type HfRun, hfClient, runHf } from "../python.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../trees.ts";
import { generatedContent } from "./content.ts";
import { type LoopbackHub, startHub, type Tree } from "./index.ts";

const client: HfClient = await hfClient();
const missing = "skip" in client ? client.skip : undefined;

const AWKWARD: Tree = {
  "README.md": "# awkward\n",
  ".gitattributes": "*.parquet filter=lfs\n",
  "empty.txt": "",
  "data/a b#c?d%20e.txt": "one",
  "data/plus+and&.txt": "two",
  "data/nfc-\u00e9.txt": "three",
  "data/nfd-e\u0301.txt": "four",
  "data/train-00000.parquet": { size: 300_000, seed: 7 },
  "data/deep/er/empty.bin": "",
};

describe.skipIf(missing !== undefined)(`hf download${missing === undefined ? "" : `: ${missing}`}`, () => {
  let hub: LoopbackHub;
  let folder: TemporaryFolder;

  beforeEach(async () => {
    hub = await startHub({ pageSize: 5 });
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    expect(hub.violations).toEqual([]);
    await hub.close();
    await folder.remove();
  });

  const download = (token?: string): Promise<HfRun> => {
    if ("skip" in client) throw new Error(client.skip);
    const to = ["--repo-type", "dataset", "--local-dir", join(folder.path, "out")];
    const around = { endpoint: hub.url, home: join(folder.path, "home") };
    return runHf(client.hf, ["download", "owner/name", ...to], { ...around, ...(token && { token }) });
  };

  it("fetches every file of a repository, awkward names and two pages included", async () => {
    hub.repo("owner/name").commit(AWKWARD);
    const { code, stderr } = await download();
    expect(stderr).not.toContain("Error");
    expect(code).toBe(0);
    expect(hub.log.filter(({ kind }) => kind === "tree").length).toBeGreaterThan(1);
    expect(await downloaded(folder)).toEqual(hashes(AWKWARD));
  });

  it("is refused by a gated repository, and served once the terms are accepted", async () => {
    hub.repo("owner/name", { gated: "manual" }).commit(AWKWARD);
    hub.token("hf_outsider");
    hub.token("hf_insider", { grants: ["owner/name"] });
    const outsider = await download("hf_outsider");
    expect(outsider.code).not.toBe(0);
    expect(outsider.stderr).toContain("requires approval");
    expect((await download()).code).not.toBe(0);
    expect((await download("hf_insider")).code).toBe(0);
    expect(await downloaded(folder)).toEqual(hashes(AWKWARD));
  });

  it("gets over a server that cuts and fails", async () => {
    hub.repo("owner/name").commit(AWKWARD);
    const faults = [
      hub.faults.add({ match: /./, kind: "cdn", times: 1, fault: { kind: "cut", after: 1000 } }),
      hub.faults.add({ match: /./, kind: "resolve-cache", times: 1, fault: { kind: "status", status: 503 } }),
    ];
    expect((await download()).code).toBe(0);
    expect(faults.map(({ hits }) => hits)).toEqual([1, 1]);
    expect(await downloaded(folder)).toEqual(hashes(AWKWARD));
  });
});

async function downloaded(folder: TemporaryFolder): Promise<Record<string, string>> {
  const files = await readTree(join(folder.path, "out"));
  const own = Object.entries(files).filter(([path]) => !path.startsWith(".cache/"));
  return Object.fromEntries(own.map(([path, bytes]) => [path, sha256(bytes)]));
}

function hashes(tree: Tree): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, value]) => {
      if (typeof value === "string") return [path, sha256(Buffer.from(value))];
      const { size, seed } = value as { size: number; seed: number };
      return [path, generatedContent(size, seed).sha256()];
    }),
  );
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
