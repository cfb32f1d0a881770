import { readFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { datasetInfo, downloadFile, fileDownloadInfo, listFiles, pathsInfo } from "@huggingface/hub";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { generatedContent } from "../support/hub/content.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { hfClient, hfWithDatasets, runHf, runPython } from "../support/python.ts";
import { ask, type Running, serveProgram } from "../support/serving.ts";
import { readTree } from "../support/trees.ts";

const LARGE = 1_500_000;
const FILES = {
  "README.md": "---\nlicense: mit\n---\n# all\n",
  "data/train.csv": "id,text\n1,one\n2,two\n",
  "data/a b+c&d.txt": "awkward\n",
  "data/empty.txt": "",
  "data/large.bin": { size: LARGE, seed: 1 },
};
/** bytes: more than the sockets of both sides take in by themselves */
const HUGE = 24_000_000;
const MANIFEST =
  "sources:\n  all: { repo: o/n }\n  tool: { repo: o/tool, type: model }\n  huge: { repo: o/huge }";

let project: Project;
let running: Running | undefined;

beforeAll(async () => {
  const hub: LoopbackHub = await startHub();
  hub.repo("o/n", { license: "mit" }).commit(FILES);
  hub.repo("o/tool", { type: "model", license: "apache-2.0" }).commit({ "config.json": "{}\n" });
  hub.repo("o/huge").commit({ "huge.bin": { size: HUGE, seed: 2 } });
  project = await makeProject(hub);
  await project.manifest(MANIFEST);
  expect(await project.run("sync")).toMatchObject({ status: 0 });
  await hub.close();
});
afterEach(async () => {
  await running?.end();
  running = undefined;
});
afterAll(() => project.remove());

const RESOLVE = "/datasets/o/n/resolve/main";

async function wanted(): Promise<Record<string, Buffer>> {
  return readTree(join(project.root, "all"));
}

describe("tritter, of a tritter that serves", () => {
  it("has an equal lock, and the same tree byte by byte", async () => {
    running = await serveProgram(project);
    const second = await makeProject(running.url);
    try {
      await second.manifest(MANIFEST);
      expect(await second.run("lock")).toMatchObject({ status: 0 });
      expect(await second.lock()).toBe(await project.lock());
      expect(await second.run("sync", "--locked", "--endpoint", running.url)).toMatchObject({ status: 0 });
      expect(await second.tree()).toEqual(await project.tree());
      expect(await second.run("check", "--deep", "--upstream")).toMatchObject({ status: 0 });
      const third = await serveProgram(second);
      expect((await ask(third.serving.port, `${RESOLVE}/data/large.bin`)).body.length).toBe(LARGE);
      await third.end();
    } finally {
      await second.remove();
    }
  });

  it("needs the token where one is asked for", async () => {
    running = await serveProgram(project, [], { TRITTER_SERVE_TOKEN: "hf_between-us" });
    const second = await makeProject(running.url);
    try {
      await second.manifest(MANIFEST);
      expect(await second.run("sync")).toMatchObject({ status: 6 });
      expect(await second.runWith({ HF_TOKEN: "hf_another" }, "sync")).toMatchObject({ status: 6 });
      expect(await second.runWith({ HF_TOKEN: "hf_between-us" }, "sync")).toMatchObject({ status: 0 });
      expect(await second.tree()).toEqual(await project.tree());
      expect(running.stderr()).not.toContain("hf_between-us");
      expect(running.stdout()).not.toContain("hf_between-us");
    } finally {
      await second.remove();
    }
  });
});

describe("@huggingface/hub", () => {
  it("lists, looks up and downloads", async () => {
    running = await serveProgram(project);
    const hubUrl = running.url;
    const repo = "datasets/o/n" as const;
    const found: string[] = [];
    for await (const entry of listFiles({ repo, hubUrl, recursive: true })) found.push(entry.path);
    expect(found).toEqual(["data", "README.md", ...Object.keys(FILES).slice(1).sort()]);
    const info = await datasetInfo({ name: "o/n", hubUrl, additionalFields: ["sha", "cardData"] });
    expect(info).toMatchObject({ name: "o/n", cardData: { license: "mit" }, gated: false });
    expect(await pathsInfo({ repo, hubUrl, paths: ["data/large.bin", "none"] })).toMatchObject([
      { path: "data/large.bin", lfs: { oid: generatedContent(LARGE, 1).sha256() } },
    ]);
    const told = await fileDownloadInfo({ repo, hubUrl, path: "data/large.bin" });
    expect(told).toMatchObject({ size: LARGE, etag: `"${generatedContent(LARGE, 1).sha256()}"` });
    const blob = await downloadFile({ repo, hubUrl, path: "data/large.bin" });
    const bytes = Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer());
    expect(bytes.equals(generatedContent(LARGE, 1).read(0, LARGE))).toBe(true);
    expect(await downloadFile({ repo, hubUrl, path: "none" })).toBeNull();
  });
});

const before = await hfWithDatasets();

for (const [version, client] of [
  ["2.0.0", await hfClient()],
  ["1.33.0", before],
] as const) {
  const missing = "skip" in client ? client.skip : undefined;
  const hf = "hf" in client ? client.hf : "";
  describe.skipIf(missing !== undefined)(
    `hf ${version}${missing === undefined ? "" : `: ${missing}`}`,
    () => {
      const dataset = ["o/n", "--repo-type", "dataset"];

      it("downloads the repository, and verifies its cache", async () => {
        running = await serveProgram(project);
        const around = { endpoint: running.url, home: join(project.folder, `home-${version}`) };
        const to = join(project.folder, `copy-${version}`);
        expect(await runHf(hf, ["download", ...dataset, "--local-dir", to], around)).toMatchObject({
          code: 0,
        });
        const got = await readTree(to);
        const kept = Object.entries(got).filter(([path]) => !path.startsWith(".cache/"));
        expect(Object.fromEntries(kept)).toEqual(await wanted());
        expect(await runHf(hf, ["download", ...dataset], around)).toMatchObject({ code: 0 });
        const verified = await runHf(hf, ["cache", "verify", ...dataset], around);
        expect(verified).toMatchObject({ code: 0 });
        expect(verified.stdout + verified.stderr).toMatch(/checked: 5|Verified 5|5 file/);
      }, 60_000);

      it("is told what is not there", async () => {
        running = await serveProgram(project);
        const around = { endpoint: running.url, home: join(project.folder, `none-${version}`) };
        const said = async (...args: string[]): Promise<string> => {
          const { code, stderr } = await runHf(hf, ["download", ...args, "--repo-type", "dataset"], around);
          expect(code).not.toBe(0);
          return stderr;
        };
        expect(await said("o/none")).toMatch(/not found/i);
        expect(await said("o/n", "--revision", "none")).toMatch(/revision not found/i);
      }, 60_000);
    },
  );
}

const without = "skip" in before ? before.skip : undefined;

describe.skipIf(without !== undefined)(`datasets${without === undefined ? "" : `: ${without}`}`, () => {
  it("load_dataset() finds and reads what is served", async () => {
    running = await serveProgram(project);
    const around = { endpoint: running.url, home: join(project.folder, "home-datasets") };
    const script =
      'import datasets; rows = datasets.load_dataset("o/n", data_files="data/*.csv", split="train"); print(rows["text"][:])';
    const ran = await runPython("hf" in before ? before.hf : "", script, around);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("['one', 'two']") });
  }, 120_000);
});

describe("the program that serves", () => {
  it("prints one object once it listens, then logs to standard error", async () => {
    running = await serveProgram(project, ["tool"]);
    expect(running.serving).toMatchObject({
      command: "serve",
      exit: 0,
      problems: [],
      host: "127.0.0.1",
      access: "loopback",
      sources: [{ name: "tool", type: "model", repo: "o/tool", files: 1, bytes: 3 }],
      disk: { right: 1, unproved: 0, missing: 0, changed: 0 },
    });
    const before = running.stdout();
    await ask(running.serving.port, "/a\u001b[31m%1b?secret=1".replace("\u001b", "%1b"));
    expect(await running.end("SIGINT")).toEqual({ status: 0 });
    expect(running.stdout()).toBe(before);
    expect(running.stderr()).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 GET \/a%1b\[31m%1b 404 \d+ \d+ms\n$/,
    );
  });

  it("says in words where, what and how, and in the end what it came to", async () => {
    const child = project.start("serve", "--port", "0", "--quiet");
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    const ran = await project.run("serve", "--host", "0.0.0.0");
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain('error[USAGE]: cannot serve at "0.0.0.0": others may reach it');
    expect(ran.stderr).toContain("hint: set TRITTER_SERVE_TOKEN, or let everybody in with --no-token");
    expect((await project.run("serve", "--port", "65536")).status).toBe(2);
    expect((await project.run("serve", "nothing")).status).toBe(2);
  });

  it("lets a stream end that is under way, and does not wait at a second signal", async () => {
    running = await serveProgram(project);
    const body = await opened(running.serving.port, STREAM);
    let ended = false;
    const end = running.end("SIGTERM").then((how) => {
      ended = true;
      return how;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ended).toBe(false);
    expect(await sizeOf(body)).toBe(HUGE);
    expect(await end).toEqual({ status: 0 });
    const other = await serveProgram(project);
    const stalled = await opened(other.serving.port, STREAM);
    stalled.on("error", () => {});
    void other.end("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await other.end("SIGTERM")).toEqual({ status: 143 });
    running = undefined;
  });

  it("holds more than a thousand slow readers at once, within memory, and answers others meanwhile", async () => {
    running = await serveProgram(project, ["--quiet"]);
    const { port } = running.serving;
    const idle = await residentBytes(running.pid);
    const readers = await Promise.all(Array.from({ length: READERS }, () => opened(port, STREAM)));
    const started = await ask(port, "/metrics");
    expect(started.body.toString()).toContain(`tritter_serve_connections ${READERS + 1}\n`);
    expect((await ask(port, `${RESOLVE}/README.md`)).status).toBe(200);
    const grown = idle === undefined ? 0 : ((await residentBytes(running.pid)) ?? 0) - idle;
    expect(grown).toBeLessThan(MOST_GROWN);
    expect(await sizeOf(readers.pop() as IncomingMessage)).toBe(HUGE);
    for (const reader of readers) reader.destroy();
    expect(await running.end()).toEqual({ status: 0 });
  }, 120_000);
});

const READERS = 1_010;
/** bytes: what is held for them, and what their sockets cost */
const MOST_GROWN = 256 * 1024 * 1024;
const STREAM = "/datasets/o/huge/resolve/main/huge.bin";

/** An answer whose head has come, and whose body nobody reads yet. */
function opened(port: number, path = `${RESOLVE}/data/large.bin`): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path, agent }, (answer) => {
      answer.pause();
      resolve(answer);
    }).on("error", reject);
  });
}

async function sizeOf(body: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const chunk of body) size += (chunk as Buffer).length;
  return size;
}

/** undefined where the system does not say. */
async function residentBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
