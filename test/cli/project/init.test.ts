import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../cli/context.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { readManifest } from "../../../cli/manifest/read.ts";
import { initProject } from "../../../cli/project/init.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

let folder: TemporaryFolder;
let context: Context;

beforeEach(async () => {
  folder = await temporaryFolder();
  context = { disk: nodeDisk(), cwd: folder.path } as Context;
});

afterEach(() => folder.remove());

async function ownerOf(file: string): Promise<string> {
  const read = await readManifest({ file, disk: context.disk, env: {} });
  return read.kind === "ok" ? read.manifest.owner : read.kind;
}

describe("initProject()", () => {
  it.each([
    ["corpus", "corpus"],
    ["2024 code: rust & go", "code-rust-go"],
    ["日本", "corpus"],
    ['a"b\nc', "a-b-c"],
    ["x".repeat(200), "x".repeat(100)],
  ])("writes a manifest that reads back, named after the folder %j", async (name, owner) => {
    const { file } = await initProject(context, { dir: name });
    expect(await ownerOf(file)).toBe(owner);
    expect(await readdir(join(folder.path, name))).toEqual(["tritter.yaml"]);
  });

  it.each(['say "hi"', "#: [x", "é".repeat(100), "null"])(
    "keeps the name %j as it is given",
    async (name) => {
      const { file } = await initProject(context, { dir: ".", name });
      expect(await ownerOf(file)).toBe(name);
    },
  );

  it.each(["", "a\nb", "\u001b[2J", "n".repeat(101)])(
    "refuses the name %j, and writes nothing",
    async (name) => {
      await expect(initProject(context, { dir: ".", name })).rejects.toMatchObject({ code: "USAGE" });
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it("leaves a manifest that is there alone, unless forced", async () => {
    const file = join(folder.path, "tritter.yaml");
    await writeFile(file, "mine\n");
    await expect(initProject(context, { dir: "." })).rejects.toMatchObject({ code: "USAGE" });
    expect(await readFile(file, "utf8")).toBe("mine\n");
    await initProject(context, { dir: ".", force: true, name: "n" });
    expect(await ownerOf(file)).toBe("n");
  });

  it("gets over what a killed run left", async () => {
    await writeFile(join(folder.path, "tritter.yaml.new"), "half");
    await initProject(context, { dir: ".", name: "n" });
    expect(await readdir(folder.path)).toEqual(["tritter.yaml"]);
  });

  it("says what the disk refused", async () => {
    await mkdir(join(folder.path, "tritter.yaml.new"));
    await expect(initProject(context, { dir: "." })).rejects.toMatchObject({ code: "DISK_REFUSED" });
  });
});
