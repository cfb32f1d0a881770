import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { type HfClient, hfClient, hfWithDatasets, runHf, runPython } from "../support/python.ts";

// The Hub's own clients, on what a sync gave them.

const CLIENTS: readonly (readonly [name: string, client: HfClient])[] = [
  ["huggingface_hub 2.0", await hfClient()],
  ["huggingface_hub 1.33", await hfWithDatasets()],
];

describe.each(CLIENTS)("%s", (_, client) => {
  const missing = "skip" in client ? client.skip : undefined;
  let hub: LoopbackHub;
  let project: Project;

  beforeEach(async () => {
    hub = await startHub();
    hub.repo("o/rows").commit({
      "README.md": "---\nlicense: mit\n---\n# rows\n",
      "data/train-00000-of-00002.parquet": parquet([1, 2]),
      "data/train-00001-of-00002.parquet": parquet([3, 4]),
    });
    project = await makeProject(hub);
  });
  afterEach(async () => {
    expect(hub.violations).toEqual([]);
    await hub.close();
    await project.remove();
  });

  const around = (offline = false) => ({ endpoint: hub.url, home: join(project.folder, "hf"), offline });
  const tool = () => {
    if ("skip" in client) throw new Error(client.skip);
    return client.hf;
  };
  const hf = (...args: string[]) => runHf(tool(), args, around());
  const python = (script: string, offline: boolean) => runPython(tool(), script, around(offline));
  /** Bytes of files that the Hub was asked for. */
  const fetched = () =>
    hub.log.filter(({ method, kind }) => method === "GET" && /^(?:cdn|resolve)/.test(kind));
  const skip = missing === undefined ? "" : `: ${missing}`;

  it.skipIf(skip !== "")(`finds the pinned commit in its cache${skip}`, async () => {
    await project.manifest("sources:\n  rows: { repo: o/rows, hub-cache: write }");
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    hub.clearLog();
    const found = await python(FIND, true);
    expect(found).toMatchObject({ code: 0 });
    expect(found.stdout).toContain("datasets--o--rows/snapshots/");
    expect(hub.log).toEqual([]);
    const listed = await hf("cache", "ls");
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/dataset\/o\/rows .* main\b/) });
    expect(listed.stderr).not.toContain("arning");
    const verified = await hf("cache", "verify", "o/rows", "--repo-type", "dataset");
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("Verified 3 file(s)") });
    expect(await hf("download", "o/rows", "--repo-type", "dataset")).toMatchObject({ code: 0 });
    expect(fetched()).toEqual([]);
    const again = await project.run("sync");
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing to do") });
  });

  it.skipIf(skip !== "")(`downloads nothing into the folder of a source${skip}`, async () => {
    await project.manifest("sources:\n  rows: { repo: o/rows, local-dir: metadata }");
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    hub.clearLog();
    const folder = ["--repo-type", "dataset", "--local-dir", join(project.root, "rows")];
    expect(await hf("download", "o/rows", ...folder)).toMatchObject({ code: 0 });
    expect(hub.log.length).toBeGreaterThan(0);
    expect(hub.log.map(({ kind }) => kind).filter((kind) => /^(?:cdn|resolve)/.test(kind))).toEqual([]);
    expect(await hf("cache", "verify", "o/rows", ...folder)).toMatchObject({ code: 0 });
    const again = await project.run("sync");
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing to do") });
    expect(await project.run("check")).toMatchObject({ status: 0 });
  });
});

const library = await hfWithDatasets();
const unavailable = "skip" in library ? `: ${library.skip}` : "";

describe.skipIf(unavailable !== "")(`datasets${unavailable}`, () => {
  it("reads rows of the pinned commit, with a network and without one", async () => {
    if ("skip" in library) throw new Error(library.skip);
    const hub = await startHub();
    const project = await makeProject(hub);
    try {
      hub.repo("o/rows").commit({ "README.md": "# rows\n", "train.parquet": parquet([1, 2, 3]) });
      await project.manifest("sources:\n  rows: { repo: o/rows, hub-cache: write }");
      expect(await project.run("sync")).toMatchObject({ status: 0 });
      hub.clearLog();
      const home = join(project.folder, "hf");
      const run = (script: string, offline: boolean) =>
        runPython(library.hf, script, { endpoint: hub.url, home, offline });
      expect(await run(LOAD_SNAPSHOT, true)).toMatchObject({ code: 0, stdout: "3 row 3\n" });
      expect(hub.log).toEqual([]);
      expect(await run(LOAD_NAME, false)).toMatchObject({ code: 0, stdout: "3 row 3\n" });
      expect(hub.log.filter(({ method, kind }) => method === "GET" && /^(?:cdn|resolve)/.test(kind))).toEqual(
        [],
      );
    } finally {
      expect(hub.violations).toEqual([]);
      await hub.close();
      await project.remove();
    }
  });
});

const FIND = `
from huggingface_hub import hf_hub_download, snapshot_download
print(snapshot_download("o/rows", repo_type="dataset", local_files_only=True))
print(hf_hub_download("o/rows", "data/train-00000-of-00002.parquet", repo_type="dataset"))
`;

const LOAD_SNAPSHOT = `
from datasets import load_dataset
from huggingface_hub import snapshot_download
rows = load_dataset(snapshot_download("o/rows", repo_type="dataset"))["train"]
print(rows.num_rows, rows[2]["text"])
`;

const LOAD_NAME = `
from datasets import load_dataset
rows = load_dataset("o/rows")["train"]
print(rows.num_rows, rows[2]["text"])
`;

function parquet(ids: readonly number[]): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: [...ids], type: "INT32" },
        { name: "text", data: ids.map((id) => `row ${id}`), type: "STRING" },
      ],
    }),
  );
}
