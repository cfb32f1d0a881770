import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { layOut, realLayouts } from "../support/layouts.ts";
import { makeProject, type Project } from "../support/project.ts";

const TOKEN = "hf_accepted000";
const GATED = ["bigcode/starcoderdata", "bigcode/the-stack-v2-dedup"];
const MANIFESTS = ["quality-first", "balanced", "maximum-coverage"] as const;

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.token(TOKEN, { grants: GATED });
  layOut(hub, realLayouts());
  project = await makeProject(hub, { HF_ENDPOINT: hub.url });
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

async function use(name: string): Promise<void> {
  const text = await readFile(new URL(`../../manifests/${name}.yaml`, import.meta.url), "utf8");
  await project.write("tritter.yaml", text);
}

async function noop(env: Record<string, string>): Promise<void> {
  hub.clearLog();
  const ran = await project.runWith(env, "sync");
  expect(ran.stdout).toContain("nothing to do");
  expect(ran.status).toBe(0);
  expect(hub.log).toEqual([]);
}

interface Source {
  readonly repo: string;
  readonly files: readonly { readonly path: string }[];
  readonly carrier?: { readonly fallback: number; readonly why: string };
}

async function sources(): Promise<Record<string, Source>> {
  return JSON.parse(await project.lock()).sources;
}

describe.each(MANIFESTS)("manifests/%s.yaml", (name) => {
  it("locks, syncs and syncs again to a no-op with a token whose account accepted the terms", async () => {
    await use(name);
    expect(await project.runWith({ HF_TOKEN: TOKEN }, "lock")).toMatchObject({ status: 0 });
    expect(await project.runWith({ HF_TOKEN: TOKEN }, "sync")).toMatchObject({ status: 0 });
    for (const source of Object.values(await sources())) expect(source.carrier).toBeUndefined();
    const wanted = Object.values(await sources()).reduce((sum, source) => sum + source.files.length, 0);
    const tree = Object.keys(await project.tree()).filter((path) => !path.includes("/.tritter/"));
    expect(tree).toHaveLength(wanted);
    expect(tree.filter((path) => path.endsWith(".py"))).toEqual([]);
    await noop({ HF_TOKEN: TOKEN });
  });
});

describe.each(["quality-first", "balanced"])("manifests/%s.yaml without a token", (name) => {
  it("is carried by open fallbacks, says so, and stays with them", async () => {
    await use(name);
    const ran = await project.run("sync");
    expect(ran.status).toBe(0);
    const locked = await sources();
    for (const [source, { repo, carrier }] of Object.entries(locked)) {
      if (!source.startsWith("starcoder")) continue;
      expect(carrier).toMatchObject({ fallback: 1, why: "gated" });
      expect(repo).not.toContain("bigcode");
      expect(ran.stderr).toContain(source);
    }
    await noop({});
    await noop({ HF_TOKEN: TOKEN });
    expect(await sources()).toEqual(locked);
  });

  it("is refused with --no-fallback", async () => {
    await use(name);
    expect(await project.run("lock", "--no-fallback")).toMatchObject({ status: 6 });
    await expect(project.lock()).rejects.toThrow("ENOENT");
  });
});

describe("manifests/maximum-coverage.yaml without a token", () => {
  it("is exit 6 for the gated sources, names them all, and writes no lock", async () => {
    await use("maximum-coverage");
    const ran = await project.run("lock");
    expect(ran.status).toBe(6);
    for (const repo of GATED) expect(ran.stderr).toContain(repo);
    await expect(project.lock()).rejects.toThrow("ENOENT");
  });

  it("can be had group by group", async () => {
    await use("maximum-coverage");
    expect(await project.run("sync", "eval", "pairs")).toMatchObject({ status: 0 });
    expect(Object.keys(await sources()).sort()).toEqual([
      "codesearchnet-go",
      "codesearchnet-pairs",
      "codesearchnet-zip",
      "xcodeeval",
    ]);
  });
});

describe("the manifests together", () => {
  it("name every data set that is laid out", async () => {
    const texts = await Promise.all(
      MANIFESTS.map((name) => readFile(new URL(`../../manifests/${name}.yaml`, import.meta.url), "utf8")),
    );
    for (const { repo } of realLayouts()) expect(texts.join("\n")).toContain(`repo: ${repo}`);
  });
});
