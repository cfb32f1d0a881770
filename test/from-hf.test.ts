import { chmod, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "./support/hub/index.ts";
import { isShownAs, readPage, stepsOf } from "./support/pages.ts";
import { makeProject, type Project } from "./support/project.ts";
import { hfClient } from "./support/python.ts";
import { execute } from "./support/shell.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";

const STEPS = stepsOf(await readPage("docs/from-hf.md"));
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const client = await hfClient();
const without = "skip" in client ? ` (without hf: ${client.skip})` : "";

const SHARDS = {
  "README.md": "---\nlicense: mit\n---\n# rows\n",
  "data/train-00000-of-00003.parquet": { size: 40_000, seed: 1 },
  "data/train-00001-of-00003.parquet": { size: 30_000, seed: 2 },
};

describe(`docs/from-hf.md${without}`, () => {
  let hub: LoopbackHub;
  let project: Project;
  let bin: TemporaryFolder;

  beforeEach(async () => {
    hub = await startHub();
    hub.repo("o/rows").commit(SHARDS);
    project = await makeProject(hub);
    bin = await temporaryFolder();
    const program = join(bin.path, "tritter");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(program, 0o755);
  });

  afterEach(async () => {
    expect(hub.violations).toEqual([]);
    await hub.close();
    await project.remove();
    await bin.remove();
  });

  it("every line does what the page says, in the order of the page", async () => {
    const events: Record<string, () => void> = {
      "rows gets a shard": () =>
        void hub
          .repo("o/rows")
          .commit({ ...SHARDS, "data/train-00002-of-00003.parquet": { size: 20_000, seed: 3 } }),
      "nothing may be fetched": () => hub.clearLog(),
    };
    const ran: string[] = [];
    for (const step of STEPS) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind === "event") events[step.name]?.();
      if (step.kind !== "run" || isTheirs(step.line)) continue;
      const { line, status, output } = step;
      const { stdout, stderr, ...ended } = await type(line);
      expect({ line, stdout, stderr, status: ended.status }).toMatchObject({ status });
      if (output !== undefined && !isShownAs(stdout, output)) expect(stdout, line).toBe(output);
      ran.push(line);
      // hf tells an edit from its own download by whole seconds; a person takes longer than we do.
      if (line.endsWith(">> today/rows/README.md")) await later("today/rows/README.md");
      // Up to the last section, which is about other files.
      if (line.includes("--local-dir data/rows"))
        expect(hub.log.filter(({ kind }) => /^(?:cdn|resolve)/.test(kind))).toEqual([]);
    }
    expect(ran).toContain("tritter sync --manifest corpus.yaml");
    expect(STEPS.flatMap((step) => (step.kind === "event" ? [step.name] : []))).toEqual(Object.keys(events));
  }, 300_000);

  async function later(path: string): Promise<void> {
    const soon = new Date(Date.now() + 5_000);
    await utimes(join(project.folder, path), soon, soon);
  }

  /** Lines that need hf, and what it leaves, where it cannot be had. */
  function isTheirs(line: string): boolean {
    return "skip" in client && (/^hf |python /.test(line) || line.includes("today/"));
  }

  function type(line: string) {
    const venv = "skip" in client ? [] : [dirname(client.hf)];
    const env = {
      ...project.env,
      PATH: [bin.path, ...venv, process.env.PATH ?? ""].join(":"),
      HF_ENDPOINT: hub.url,
      HF_HUB_DISABLE_XET: "1",
      HF_HUB_DISABLE_TELEMETRY: "1",
      HF_HUB_DISABLE_UPDATE_CHECK: "1",
      PYTHONUTF8: "1",
    };
    return execute("/bin/sh", ["-c", line], { cwd: project.folder, env });
  }
});
