import type { ChildProcess } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import { type FlightReading, type FlightRecord, readFlightRecord } from "../../cli/index.ts";
import { called } from "../support/called.ts";
import { startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { systemError } from "../support/memory-disk.ts";
import { makeProject, type Project } from "../support/project.ts";

const TOKEN = "hf_abcdefghijklmnopqrstuvwxyz012345";
const LARGE = 20_000_000;

async function stage(
  files: Parameters<ReturnType<Awaited<ReturnType<typeof startHub>>["repo"]>["commit"]>[0],
) {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  hub.token(TOKEN);
  const repo = hub.repo("o/n");
  repo.commit(files);
  const project = await makeProject(hub, { HF_TOKEN: TOKEN });
  onTestFinished(() => project.remove());
  await project.manifest("sources:\n  it: { repo: o/n, path: . }");
  return { hub, repo, project };
}

function fileOf({ root }: Project): string {
  return join(root, ".tritter/last-sync.ndjson");
}

function recordIn(reading: FlightReading): FlightRecord {
  if (reading.kind !== "read") throw new Error(JSON.stringify(reading));
  return reading.record;
}

async function recordOf({ root }: Project): Promise<FlightRecord> {
  return recordIn(await readFlightRecord(root));
}

describe("a sync", () => {
  it("leaves how it went: every request, retry and wait, what was verified and placed, and its totals", async () => {
    const { hub, project } = await stage({
      "a.txt": "one\n",
      "b.txt": "one\n",
      "c.bin": { size: LARGE, seed: 1 },
    });
    hub.faults.add({ match: /c\.bin/, times: 1, fault: { kind: "cut", after: 1_000_000 } });
    hub.faults.add({ match: /revision/, times: 1, fault: { kind: "status", status: 502 } });
    const ran = await called(project).run("sync", "--json");
    const record = await recordOf(project);
    const { file, ...totals } = JSON.parse(ran.stdout).record;
    expect(ran.status).toBe(0);
    expect(file).toBe(fileOf(project));
    expect(record.end).toMatchObject({ exit: 0, problems: [], totals });
    expect(record.unread).toBe(0);
    expect(totals).toMatchObject({
      requests: hub.log.length,
      failed: 2,
      fetched: { files: 2, bytes: LARGE + 4 },
      placed: { files: 3, bytes: LARGE + 8 },
      pruned: { files: 0, bytes: 0 },
      taken: { files: 0, bytes: 0 },
    });
    expect(totals.again).toBeGreaterThanOrEqual(2);
    const wire = hub.log.map(({ path, status }) => `${status} ${path.replace(/\?.*/, "")}`).sort();
    expect(record.requests.map(({ path, status }) => `${status} ${path}`).sort()).toEqual(wire);
    expect(record.requests.filter(({ end }) => end === "broken")).toMatchObject([
      { attempt: 1, why: expect.stringMatching(/bytes came instead of|broke off|not as long/) },
    ]);
    expect(record.requests.find(({ status }) => status === 502)).toMatchObject({ attempt: 1, end: "whole" });
    expect(record.requests.filter(({ attempt }) => attempt === 2).length).toBeGreaterThanOrEqual(2);
    expect(record.retries.map(({ path }) => path).sort()).toEqual(["c.bin", null].sort());
    expect(record.verified).toMatchObject([{ what: "fetched", bytes: LARGE + 4 }]);
    expect(Object.fromEntries(record.placed.map(({ how, ...sum }) => [how, sum]))).toEqual({
      store: { files: 2, bytes: LARGE + 4 },
      copy: { files: 1, bytes: 4 },
    });
    const goodput = record.samples.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(goodput).toBe(LARGE + 4);
    expect(record.hosts.reduce((sum, { requests }) => sum + requests, 0)).toBe(hub.log.length);
  });

  it("leaves the record alone where it finds nothing to do, and is no slower to see that", async () => {
    const { hub, project } = await stage({ "a.txt": "one\n" });
    const { run } = called(project);
    await run("sync");
    const text = await readFile(fileOf(project), "utf8");
    const { ino, mtimeMs } = await stat(fileOf(project));
    hub.clearLog();
    for (const args of [["sync", "--json"], ["sync", "--deep", "--json"], ["check"], ["sync", "--dry-run"]]) {
      const ran = await run(...args);
      expect(ran.status).toBe(0);
      if (args.includes("--json")) expect(JSON.parse(ran.stdout)).toMatchObject({ record: null });
    }
    expect(await readFile(fileOf(project), "utf8")).toBe(text);
    expect(await stat(fileOf(project))).toMatchObject({ ino, mtimeMs });
    expect(hub.log).toEqual([]);
    // What the quick look does not take for tidy, a whole survey would have read journals for.
    const read: string[] = [];
    const disk = nodeDisk();
    const spying = {
      ...disk,
      read: (path: string) => {
        read.push(path);
        return disk.read(path);
      },
    };
    await inProcess(project, { disk: spying }).sync();
    expect(read.filter((path) => path.includes("/.tritter/receipt/") && path.endsWith(".ndjson"))).toEqual(
      [],
    );
    expect(read).not.toContain(fileOf(project));
  });

  it("leaves one where it failed, and where its deadline or budget ended it", async () => {
    const { hub, project } = await stage({ "a.txt": "one\n", "b.bin": { size: LARGE, seed: 1 } });
    const { run } = called(project);
    const broken = hub.faults.add({ match: /b\.bin/, fault: { kind: "corrupt", at: 5 } });
    expect((await run("sync")).status).toBe(5);
    expect((await recordOf(project)).end).toMatchObject({ exit: 5, problems: ["DIGEST_MISMATCH"] });
    broken.remove();
    expect((await run("sync", "--max-bytes", "1M")).status).toBe(8);
    expect((await recordOf(project)).end).toMatchObject({ exit: 8, problems: ["BUDGET"] });
    expect((await run("sync")).status).toBe(0);
    await project.write("data/a.txt", "mine");
    hub.clearLog();
    await project.manifest("sources:\n  it: { repo: o/n, path: . }\n  two: { repo: o/none }");
    expect((await run("sync")).status).toBe(6);
    expect((await recordOf(project)).end).toMatchObject({ exit: 6, totals: { requests: hub.log.length } });
  });

  it("leaves one where it was interrupted", async () => {
    const { hub, project } = await stage({ "b.bin": { size: LARGE, seed: 1 } });
    expect((await called(project).run("lock")).status).toBe(0);
    hub.clearLog();
    hub.faults.add({ match: /./, fault: { kind: "drip", bytes: 64 * 1024, everyMs: 5 } });
    const child = project.start("sync", "--jobs", "2");
    const ended = exitOf(child);
    while (hub.log.reduce((sum, { bytes }) => sum + bytes, 0) < LARGE / 8)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    const record = await recordOf(project);
    expect(record.end).toMatchObject({ exit: 130, problems: ["INTERRUPTED"], totals: { pruned: null } });
    expect(record.requests.map(({ end }) => end)).toContain("dropped");
    expect(record.samples.length).toBeGreaterThan(0);
  });

  it("writes no token, no signature, no query and no user of a proxy anywhere into it", async () => {
    const secret = "sEcReTsEcReT";
    const { hub, project } = await stage({
      "a.bin": { size: 300_000, seed: 1 },
      "b.bin": { size: LARGE, seed: 2 },
    });
    hub.faults.add({
      match: /resolve.*a\.bin/,
      times: 1,
      fault: {
        kind: "redirect",
        to: `${hub.cdnUrl}/${TOKEN}/sig=${secret};p=${secret}/x?token=${secret}&X-Amz-Signature=${secret}`,
      },
    });
    hub.faults.add({
      match: /resolve.*a\.bin/,
      skip: 1,
      times: 1,
      fault: { kind: "redirect", to: hub.cdnUrl.replace("//", `//user:${secret}@`) },
    });
    hub.faults.add({
      match: /b\.bin/,
      times: 1,
      fault: {
        kind: "status",
        status: 503,
        body: TOKEN,
        headers: { "x-error-message": `${TOKEN} ?sig=${secret}` },
      },
    });
    const proxied = {
      HTTPS_PROXY: `http://user:${secret}@127.0.0.1:9`,
      HTTP_PROXY: `http://user:${secret}@127.0.0.1:9`,
    };
    const ran = await called(project).runWith(proxied, "sync", "--json");
    expect(hub.log.some(({ authorization }) => authorization?.includes(TOKEN))).toBe(true);
    expect(hub.log.some(({ path }) => path.includes(secret))).toBe(true);
    const text = await readFile(fileOf(project), "utf8");
    expect(ran.status).toBe(0);
    for (const odd of [TOKEN, secret, "Bearer", "user:", "X-Amz", "?"]) expect(text).not.toContain(odd);
    expect(text).toContain("[token]");
  });

  it("does not fail by it: not on a full disk, not where a folder or a link is in its place", async () => {
    const { project } = await stage({ "a.txt": "one\n" });
    const full = nodeDisk();
    const events: string[] = [];
    const disk = {
      ...full,
      open: (path: string, mode: Parameters<typeof full.open>[1]) => {
        if (path.includes("last-sync") && mode === "wx") throw systemError("ENOSPC", path);
        return full.open(path, mode);
      },
    };
    const onEvent = (event: { kind: string; message?: string }) => {
      if (event.kind === "warning") events.push(event.message ?? "");
    };
    const first = await inProcess(project, { disk, onEvent }).sync();
    expect(first).toMatchObject({
      exit: 0,
      result: { record: undefined, outcome: { placed: { files: 1 } } },
    });
    expect(events).toEqual(["cannot write the record of this sync: the disk or a quota is full (ENOSPC)"]);
    expect(await readFlightRecord(project.root)).toEqual({ kind: "none" });
    const { run } = called(project);
    const outside = join(project.folder, "outside");
    await writeFile(outside, "mine");
    await symlink(outside, fileOf(project));
    await writeFile(join(project.root, "a.txt"), "two!");
    expect((await run("sync")).status).toBe(0);
    expect(await readFile(outside, "utf8")).toBe("mine");
    expect(await recordOf(project)).toMatchObject({ end: { exit: 0 } });
    await rm(fileOf(project));
    await mkdir(fileOf(project));
    await writeFile(join(project.root, "a.txt"), "two!");
    const ran = await run("sync", "--json");
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      record: null,
      warnings: [expect.stringContaining("cannot write the record of this sync")],
    });
  });

  it("sweeps what one left that was killed while it wrote, and then has nothing to do", async () => {
    const { project, hub } = await stage({ "a.txt": "one\n" });
    const { run } = called(project);
    await run("sync");
    const beside = `${fileOf(project)}.0badc0de-1.new`;
    await writeFile(beside, "half a rec");
    hub.clearLog();
    const text = await readFile(fileOf(project), "utf8");
    expect((await run("sync")).status).toBe(0);
    const left = await readdir(join(project.root, ".tritter"));
    expect(left.filter((name) => name.startsWith("last-sync"))).toEqual(["last-sync.ndjson"]);
    expect(await readFile(fileOf(project), "utf8")).toBe(text);
    expect(hub.log).toEqual([]);
  });

  it("leaves that of one of them whole where two run at once, and where the root is held that of the holder", async () => {
    const { project } = await stage(
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}.txt`, `file ${index}`])),
    );
    const { run } = called(project);
    expect((await run("lock")).status).toBe(0);
    const ended = await Promise.all([run("sync"), run("sync")]);
    expect(ended.map(({ status }) => status).filter((status) => status !== 12)).toContain(0);
    expect((await recordOf(project)).end).toMatchObject({ exit: 0, totals: { placed: { files: 50 } } });
  });
});

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (status) => resolve(status)));
}
