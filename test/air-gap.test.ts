import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHub } from "./support/hub/index.ts";
import { readPage, stepsOf } from "./support/pages.ts";
import { makeProject } from "./support/project.ts";
import { hfClient } from "./support/python.ts";
import { execute, writeTritter } from "./support/shell.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";

const STEPS = stepsOf(await readPage("docs/air-gap.md"));
const hf = await hfClient();

let place: TemporaryFolder;
beforeAll(async () => {
  place = await temporaryFolder();
});
afterAll(() => place.remove());

it("docs/air-gap.md: every command does what it says, and there nobody is asked", async () => {
  const hub = await startHub();
  const repo = hub.repo("acme/rust-clean", { license: "mit" });
  repo.commit({ "a.parquet": { size: 90_000, seed: 1 }, "b.parquet": { size: 50_000, seed: 2 } });
  const [here, there] = [await makeProject(hub), await makeProject("http://127.0.0.1:9")];
  try {
    const at = (name: string) => join(place.path, name);
    await mkdir(at("stick"));
    await writeTritter(at("bin/tritter"));
    await here.manifest("sources:\n  rust: { repo: acme/rust-clean }");
    const bins = [at("bin"), ...("hf" in hf ? [dirname(hf.hf)] : []), process.env.PATH].join(":");
    let project = here;
    for (const step of STEPS) {
      if (step.kind === "event") {
        if (step.name === "here") project = here;
        else if (step.name === "there") project = there;
        else if (step.name === "hf" && "skip" in hf) break;
        else if (step.name !== "hf")
          repo.commit({ "a.parquet": { size: 90_000, seed: 1 }, "b.parquet": { size: 60_000, seed: 3 } });
        hub.clearLog();
        continue;
      }
      if (step.kind !== "run") continue;
      const line = step.line.replaceAll("/media/stick", at("stick"));
      const env = { ...project.env, PATH: bins };
      const ran = await execute("/bin/sh", ["-c", line], { cwd: project.folder, env });
      expect({ line, ...ran }).toMatchObject({ status: 0 });
      if (project !== there) continue;
      expect(hub.log).toEqual([]);
      if (line === "tritter sync") expect(ran.stdout).toContain("nothing to do");
    }
    expect(await there.tree()).toEqual(await here.tree());
    expect(Object.keys(await there.tree())).toEqual(["rust/a.parquet", "rust/b.parquet"]);
  } finally {
    await Promise.all([here.remove(), there.remove(), hub.close()]);
  }
}, 60_000);
