import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { census } from "../support/foreign-folders.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { hfClient, hfWithDatasets, runHf } from "../support/python.ts";

// What the Hub's own client downloaded is not fetched again.

const clients = [
  { version: "2.0.0", client: await hfClient() },
  // The last that keeps one store a repository.
  { version: "1.33.0", client: await hfWithDatasets() },
];

describe.each(clients)("after hf $version", ({ client, version }) => {
  const isNewest = version === clients[0]?.version;
  const skip = "skip" in client ? client.skip : undefined;

  describe.skipIf(skip !== undefined)(`downloaded it${skip === undefined ? "" : `: ${skip}`}`, () => {
    let hub: LoopbackHub;
    let project: Project;

    beforeEach(async () => {
      hub = await startHub();
      hub.repo("o/code").commit({
        "rust/a.parquet": { size: 6_000_000, seed: 1 },
        "rust/b.parquet": { size: 300_000, seed: 2 },
        "rust/same-size.parquet": { size: 300_000, seed: 3 },
        "rust/notes.md": "plain git file\n",
        "rust/empty.txt": "",
        "README.md": "# a card\n",
      });
      project = await makeProject(hub);
      await project.manifest(
        'sources:\n  rust: { repo: o/code, include: ["rust/"], strip: rust, path: code/rust }',
      );
      expect(await project.run("lock")).toMatchObject({ status: 0 });
    });

    afterEach(async () => {
      const { violations } = hub;
      await hub.close();
      await project.remove();
      expect(violations).toEqual([]);
    });

    async function download(...args: string[]): Promise<void> {
      if ("skip" in client) throw new Error(client.skip);
      const around = { endpoint: hub.url, home: project.env.HF_HOME as string };
      const ran = await runHf(client.hf, ["download", "o/code", "--repo-type", "dataset", ...args], around);
      expect(ran).toMatchObject({ code: 0 });
      hub.clearLog();
    }

    async function expectNothingFetched(place: string, ...args: string[]): Promise<void> {
      const ran = await project.run("sync", "--json", ...args);
      const { exit, outcome, warnings } = JSON.parse(ran.stdout);
      expect([exit, warnings, hub.log]).toEqual([0, [], []]);
      expect(outcome).toMatchObject({
        received: 0,
        given: [{ place, files: 5, bytes: 6_600_015, blame: null }],
      });
      expect(Object.keys(await project.tree()).filter((path) => path.startsWith("code/"))).toHaveLength(5);
      expect(await project.run("check", "--deep")).toMatchObject({ status: 0 });
      expect((await project.run("sync")).stdout).toContain("nothing to do");
      expect(hub.log).toEqual([]);
    }

    it("to its cache, where it may be taken without a network", async () => {
      await download();
      const cache = join(project.env.HF_HOME as string, "hub");
      const before = await census(cache);
      await expectNothingFetched(cache, "--offline");
      expect(await census(cache)).toEqual(before);
    });

    it("to the root, where nothing is stripped", async () => {
      await download("--local-dir", project.root);
      const before = await census(join(project.root, "rust"));
      await expectNothingFetched(project.root);
      expect(await census(join(project.root, "rust"))).toEqual(before);
    });

    it.runIf(isNewest)("to the root, and its own folder there was removed", async () => {
      await download("--local-dir", project.root);
      await rm(join(project.root, ".cache"), { recursive: true });
      await expectNothingFetched(project.root);
    });

    it.runIf(isNewest)("to any folder, which is named", async () => {
      const folder = join(project.folder, "downloads");
      await download("--local-dir", folder);
      const before = await census(folder);
      await expectNothingFetched(folder, "--from", "downloads", "--no-adopt");
      expect(await census(folder)).toEqual(before);
    });

    it.runIf(isNewest)("to the very paths that are wanted: they stay, and are the user's", async () => {
      await project.manifest('sources:\n  rust: { repo: o/code, include: ["rust/"], path: . }');
      await project.run("lock");
      await download("--local-dir", project.root, "--include", "rust/*");
      const before = await census(join(project.root, "rust"));
      const { outcome } = JSON.parse((await project.run("sync", "--json")).stdout);
      expect([outcome.adopted, outcome.placed.files, hub.log]).toEqual([5, 0, []]);
      expect(await census(join(project.root, "rust"))).toEqual(before);
    });
  });
});
