import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../support/here.ts";
import { type Fault, type LoopbackHub, startHub, type Tree } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { startProxy } from "../support/proxy.ts";

const FILES: Tree = {
  ...Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`a/${index}.bin`, { size: 3_000, seed: index }]),
  ),
  "c/notes.txt": "notes\n",
  "b/large.bin": { size: 1024 * 1024, seed: 99 },
};

let hubs: LoopbackHub[];
let project: Project;

beforeEach(async () => {
  hubs = [await startHub(), await startHub(), await startHub()];
  for (const hub of hubs) {
    hub.repo("o/code").commit(FILES);
    hub.token("hf_mine");
  }
  project = await makeProject(hubs[0] as LoopbackHub);
  await mirrors(...urls());
});

afterEach(async () => {
  for (const hub of hubs) expect(hub.violations).toEqual([]);
  await project.remove();
  await Promise.all(hubs.map((hub) => hub.close()));
});

const urls = () => hubs.map(({ url }) => url);
const hub = (index: number) => hubs[index] as LoopbackHub;

async function mirrors(...endpoints: string[]): Promise<void> {
  const list = endpoints.map((one) => `  - ${JSON.stringify(one)}\n`).join("");
  await project.write(
    "tritter.yaml",
    `version: 1\nname: test\nroot: data\nendpoints:\n${list}sources:\n  code: { repo: o/code }\n`,
  );
}

async function sync(status = 0, env: Record<string, string> = {}) {
  for (const one of hubs) one.clearLog();
  const ran = await runHere(project, ["sync"], { env });
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status });
  return ran;
}

/** bytes that each gave */
const gave = () =>
  hubs.map(({ log }) => log.reduce((sum, { file, bytes }) => sum + (file === undefined ? 0 : bytes), 0));
const total = () => gave().reduce((sum, bytes) => sum + bytes, 0);
const told = (stderr: string) => stderr.match(/^warning: .*$/gm) ?? [];

/** Every file is there, and the sync after it has nothing to do, or says so once it has looked. */
async function expectWhole(): Promise<void> {
  expect(Object.keys(await project.tree())).toHaveLength(32);
  expect((await runHere(project, ["check", "--deep"])).status).toBe(0);
}

/** To all of a Hub, or to what files it gives. */
const fault = (index: number, it: Fault) => hub(index).faults.add({ match: /./, fault: it });
const faultOfFiles = (index: number, it: Fault) => hub(index).faults.add({ match: /./, fault: it });

describe("sync from several endpoints", () => {
  it("asks the first what is there, and has bytes from all that are fast", async () => {
    await sync();
    await expectWhole();
    expect(
      hub(1)
        .log.concat(hub(2).log)
        .filter(({ kind }) => kind === "info" || kind === "tree"),
    ).toEqual([]);
    expect(gave().filter((bytes) => bytes > 0).length).toBeGreaterThan(1);
    // Beside the files themselves there are only the bodies of redirects.
    expect(total()).toBeLessThan(1.1 * (1024 * 1024 + 90_006));
    expect((await runHere(project, ["sync"])).stdout).toContain("nothing to do");
  });

  it("locks the same whatever their order, and is not stale by another", async () => {
    await sync();
    const lock = await project.lock();
    await mirrors(...urls().reverse());
    expect((await runHere(project, ["check"])).status).toBe(0);
    await project.unlock();
    await runHere(project, ["lock"]);
    expect(await project.lock()).toBe(lock);
  });

  it.each<[string, Fault, RegExp | undefined]>([
    ["is down", { kind: "reset" }, /others are asked before/],
    ["fails", { kind: "status", status: 503 }, /others are asked before/],
    ["does not have the repository", { kind: "status", status: 404 }, /others are asked before/],
    ["limits the rate", { kind: "too-many", wait: 120 }, /others are asked before/],
    ["breaks every body", { kind: "cut", after: 700 }, /others are asked before/],
  ])("passes over one that %s once it has answered, and tells it once", async (_, what, words) => {
    await runHere(project, ["lock"]);
    fault(0, what);
    const { stderr } = await sync();
    await expectWhole();
    const warnings = told(stderr);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(words as RegExp);
    expect(warnings[0]).toContain(hub(0).url);
  });

  it("passes over one that lacks a file, for that file", async () => {
    await runHere(project, ["lock"]);
    const headers = { "x-error-code": "EntryNotFound" };
    hub(0).faults.add({ match: /a\/7\.bin/, fault: { kind: "status", status: 404, headers } });
    await sync();
    await expectWhole();
    expect(gave()[0]).toBeGreaterThan(0);
  });

  it("drops one that serves wrong bytes, for small files and for large ones", async () => {
    await runHere(project, ["lock"]);
    faultOfFiles(0, { kind: "corrupt", at: 1_000 });
    const { stderr } = await sync();
    await expectWhole();
    expect(told(stderr)).toEqual([
      expect.stringMatching(
        /nothing more is taken from the endpoint "http.*": it gave other bytes for "[ab]\/.*" than were locked/,
      ),
    ]);
    expect(stderr).toContain(hub(0).url);
  });

  it("ends with a digest mismatch where all of them serve wrong bytes, and with the network's status where all are down", async () => {
    await runHere(project, ["lock"]);
    for (const index of [0, 1, 2])
      hub(index).faults.add({ match: /notes/, fault: { kind: "corrupt", at: 5 } });
    const { stderr } = await sync(5);
    expect(stderr).toMatch(/DIGEST_MISMATCH.*c\/notes\.txt/);
    expect(Object.keys(await project.tree())).toHaveLength(31);
    for (const one of hubs) one.faults.clear();
    await sync();
    await expectWhole();
  });

  it("asks the next for revision and listing only where the first does not answer, and says so", async () => {
    hub(1)
      .repo("o/code")
      .commit({ ...FILES, "c/z.txt": "another commit\n" });
    fault(0, { kind: "status", status: 503 });
    const { stderr } = await sync();
    expect(told(stderr)[0]).toMatch(/others are asked before the endpoint/);
    expect(Object.keys(await project.tree())).toHaveLength(33);
    hub(0).faults.clear();
    await project.unlock();
    await sync();
    expect(Object.keys(await project.tree())).toHaveLength(32);
  }, 60_000);

  it("believes the first that a repository is not there: another may have one of that name that is not meant", async () => {
    hub(0).repo("o/code").remove();
    const { stderr } = await sync(6);
    expect(stderr).toContain("REPO_NOT_FOUND");
    expect(hub(1).log.concat(hub(2).log)).toEqual([]);
  });

  it("sends a token only where one may go", async () => {
    await runHere(project, ["lock"]);
    // No loopback address that counts as one, and no other origin that was named.
    const outside = hub(1).url.replace("127.0.0.1", "127.0.0.1.nip.invalid");
    await mirrors(outside, hub(0).url);
    await sync(0, { HF_TOKEN: "hf_mine" });
    expect(
      hub(0)
        .log.filter(({ listener }) => listener === "hub")
        .every(({ authorization }) => authorization === "Bearer hf_mine"),
    ).toBe(true);
  }, 60_000);

  it("withholds the token from a mirror that nobody allowed: at no question, retry, resumption or redirect it sees one", async () => {
    const outside = hub(1);
    const proxy = await startProxy({ port: Number(new URL(outside.url).port) });
    const env = { HF_TOKEN: "hf_mine", HTTP_PROXY: proxy.url };
    const far = "http://mirror.invalid";
    // Of its own accord the first asks all that is asked of a Hub: revision, listing, whether there is access, files.
    await mirrors(far, hub(0).url);
    outside
      .repo("o/code", { gated: "auto" })
      .commit({ ...FILES, "b/huge.bin": { size: 9 * 1024 ** 2, seed: 7 } });
    outside.token("hf_mine", { grants: ["o/code"] });
    expect((await runHere(project, ["lock"], { env })).status).toBe(6);
    expect((await runHere(project, ["doctor"], { env })).stdout).toContain(`not sent to "mirror.invalid"`);
    outside.repo("o/code", {}).update({ gated: false });
    outside.faults.add({ match: /revision/, times: 1, fault: { kind: "status", status: 503 } });
    outside.faults.add({ match: /tree/, times: 1, fault: { kind: "too-many", retryAfter: 0 } });
    expect(await runHere(project, ["lock"], { env })).toMatchObject({ status: 0 });
    outside.faults.add({
      match: /huge\.bin/,
      times: 1,
      fault: { kind: "cut", after: 6_000_000 },
    });
    outside.faults.add({ match: /huge\.bin/, times: 1, fault: { kind: "reset" } });
    // To itself, under the name it has for us, and to where the token may go: what comes by a stranger's redirect is a stranger's.
    outside.faults.add({
      match: /resolve.*a\/7\.bin/,
      times: 1,
      fault: { kind: "redirect", to: `${far}/elsewhere` },
    });
    outside.faults.add({
      match: /resolve.*a\/8\.bin/,
      times: 1,
      fault: { kind: "redirect", to: `${hub(0).url}/elsewhere` },
    });
    await mirrors(far);
    hub(0).clearLog();
    for (let round = 0; round < 3; round++) await runHere(project, ["sync"], { env });
    expect((await runHere(project, ["check", "--deep"], { env })).status).toBe(0);
    await runHere(project, ["check", "--upstream"], { env });
    const kinds = new Set(outside.log.map(({ kind }) => kind));
    for (const kind of ["info", "tree", "resolve", "cdn"] as const) expect(kinds).toContain(kind);
    const statuses = new Set(outside.log.map(({ status }) => status));
    for (const status of [503, 429]) expect(statuses).toContain(status);
    const ranges = outside.log.filter(({ range }) => range !== undefined && !range.startsWith("bytes=0-"));
    expect(ranges.length).toBeGreaterThan(0);
    expect(proxy.seen.length).toBe(outside.log.filter(({ listener }) => listener === "hub").length);
    const all = [...outside.log, ...hub(0).log, ...hub(2).log];
    for (const { authorization, headers, path } of all) {
      expect(authorization).toBeUndefined();
      expect(JSON.stringify([headers, path])).not.toContain("hf_mine");
    }
  }, 60_000);

  it("refuses an endpoint with a user in its URL, and repeats neither name nor password", async () => {
    const named = hub(1).url.replace("//", "//someone:hidden@");
    await mirrors(hub(0).url, named);
    for (const command of ["lock", "sync", "doctor"]) {
      const ran = await runHere(project, [command], { env: { HF_TOKEN: "hf_mine" } });
      expect(ran.status).toBe(2);
      expect(ran.stdout + ran.stderr).not.toMatch(/hidden|hf_mine/);
    }
    expect(hub(1).log).toEqual([]);
  });

  it("takes a folder for one, and offline only that", async () => {
    await runHere(project, ["lock"]);
    await sync();
    await runHere(project, ["bundle", "create", join(project.folder, "away")]);
    await project.wipe();
    await mkdir(project.root);
    await mirrors(hub(0).url, "./away");
    for (const one of hubs) one.clearLog();
    expect((await runHere(project, ["sync", "--offline"])).status).toBe(0);
    expect(hubs.flatMap(({ log }) => log)).toEqual([]);
    await expectWhole();
  });

  it.each([
    ["both words", "endpoint: x\nendpoints: [y]", '"endpoint" and "endpoints" are both given'],
    ["credentials", "endpoints: ['https://a:b@c']", "holds a user name or password"],
    ["no list", "endpoints: []", "endpoints"],
    ["another scheme", "endpoints: ['ftp://x']", "should be an http(s) URL or a folder"],
  ])("refuses %s", async (_, lines, words) => {
    await project.write("tritter.yaml", `version: 1\n${lines}\nsources:\n  code: { repo: o/code }\n`);
    const { stderr } = await sync(2);
    expect(stderr).toContain(words);
  });
});
