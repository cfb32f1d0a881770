import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { initProject } from "../../../cli/project/init.ts";
import factsSchema from "../../../schema/facts.schema.json" with { type: "json" };
import lockSchema from "../../../schema/lock.schema.json" with { type: "json" };
import manifestSchema from "../../../schema/manifest.schema.json" with { type: "json" };
import metadataSchema from "../../../schema/metadata.schema.json" with { type: "json" };
import { fakeClock, runFake } from "../../support/world.ts";

describe("tritter schema", () => {
  it.each([
    [[], manifestSchema],
    [["manifest"], manifestSchema],
    [["lock"], lockSchema],
    [["facts"], factsSchema],
    [["metadata"], metadataSchema],
  ])("with %j prints a schema as it stands in the package", async (words, schema) => {
    const { exit, stdout, stderr } = await runFake(["schema", ...words]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual(schema);
    expect(stdout.endsWith("}\n")).toBe(true);
  });

  it("refuses another document, and says which there are", async () => {
    const { exit, stderr } = await runFake(["schema", "receipt"]);
    expect(exit).toBe(2);
    expect(stderr).toContain("manifest, lock, facts");
  });
});

describe("the schema that init names", () => {
  async function written(files: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "schema-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const file of files) {
      await mkdir(join(folder, file, ".."), { recursive: true });
      await writeFile(join(folder, file), (await runFake(["schema"])).stdout);
    }
    const context = {
      env: {},
      cwd: folder,
      signal: new AbortController().signal,
      clock: fakeClock(),
      disk: nodeDisk(),
      emit: () => {},
      version: "0",
      pid: 1,
    };
    const { file } = await initProject(context, { dir: "." });
    const text = await readFile(file, "utf8");
    const [, named = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    if (!named.startsWith("./")) return named;
    // What an editor does with it.
    const schema = JSON.parse(await readFile(join(folder, named), "utf8"));
    expect(new Ajv2020({ strict: false }).validate(schema, { ...parse(text), sources: {} })).toBe(true);
    return named;
  }

  it("is a file where there is one, so that no network is needed", async () => {
    expect(await written([])).toMatch(/^https:/);
    const installed = "node_modules/tritter/schema/manifest.schema.json";
    expect(await written([installed])).toBe(`./${installed}`);
    expect(await written(["tritter.schema.json", installed])).toBe("./tritter.schema.json");
  });
});
