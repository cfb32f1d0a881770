import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Context } from "../../../cli/context.ts";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { exitStatusOf } from "../../../cli/errors.ts";
import {
  type DoctorOptions,
  type DoctorResult,
  doctorProject,
  lockProject,
  syncProject,
  systemClock,
} from "../../../cli/index.ts";
import type { Topic } from "../../../cli/project/doctor/finding.ts";
import { SUPPORTED_NODE, supportsNode, waitFor } from "../../../cli/project/doctor/judge.ts";
import { probe } from "../../../cli/project/doctor/probe.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { type RepoOptions, startHub, type TokenUser } from "../../support/hub/index.ts";
import { systemError } from "../../support/memory-disk.ts";
import { makeProject } from "../../support/project.ts";
import { listen } from "../../support/proxy.ts";
import { fakeClock } from "../../support/world.ts";

const TOKEN = "hf_very_secret";
const FILES = { "x.bin": "0123456789", "README.md": "read me", "y.txt": "some text" };

interface Stage {
  readonly repo?: RepoOptions;
  readonly user?: TokenUser;
  readonly env?: Record<string, string>;
  readonly lines?: string;
  readonly disk?: Disk;
  readonly clock?: Context["clock"];
  readonly runtime?: Context["runtime"];
  /** What is done before the doctor comes. */
  readonly before?: "locked" | "synced";
}

async function stage({ repo, user, env = {}, lines = SOURCE, disk, clock, runtime, before }: Stage = {}) {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  const handle = hub.repo("o/n", {});
  const commit = handle.commit(FILES);
  if (user !== undefined) hub.token(TOKEN, user);
  const project = await makeProject(hub);
  onTestFinished(() => project.remove());
  await project.manifest(lines);
  const contextWith = (more: Partial<Context>): Context => ({
    env: { ...project.env, ...env },
    cwd: project.folder,
    signal: new AbortController().signal,
    clock: hurried,
    disk: nodeDisk(),
    emit: () => {},
    version: "0.0.0",
    pid: process.pid,
    runtime: { node: "22.12.0", platform: "linux" },
    ...more,
  });
  const plain = contextWith({ env: project.env });
  if (before !== undefined) await lockProject(plain, { names: [], fallback: true });
  if (before === "synced") await syncProject(plain, SYNC);
  if (repo !== undefined) handle.update(repo);
  hub.clearLog();
  const examine = async (options: Partial<DoctorOptions> = {}) => {
    const context = contextWith({
      ...(disk && { disk }),
      ...(clock && { clock }),
      ...(runtime && { runtime }),
    });
    return told(await doctorProject(context, { names: [], locked: false, ...options }));
  };
  return { hub, handle, commit, project, examine };
}

/** Retries come at once; deadlines, which are longer, do not. */
const hurried: Context["clock"] = {
  now: Date.now,
  sleep: (ms, signal) => systemClock.sleep(ms < 9_000 ? ms / 100 : ms, signal),
};

/** A Hub in a folder, of which nothing is gated. */
const SAMPLE = fileURLToPath(new URL("../../../manifests/sample/hub", import.meta.url));

const SOURCE = "sources:\n  it: { repo: o/n }\n";
const SYNC = { names: [], locked: false, fallback: true, dryRun: false, force: false, prune: false, jobs: 2 };

/** Findings by topic, and what the program would end with. */
function told({ findings, problems }: DoctorResult) {
  expect(JSON.stringify(findings)).not.toContain(TOKEN);
  return {
    findings,
    exit: exitStatusOf(problems),
    all: (topic: Topic) => findings.filter((finding) => finding.topic === topic),
    one: (topic: Topic) => {
      const [first, ...more] = findings.filter((finding) => finding.topic === topic);
      expect({ topic, more }).toEqual({ topic, more: [] });
      return first;
    },
  };
}

describe("doctorProject() where all is well", () => {
  it("says of everything that it is, and what a sync would do", async () => {
    const { examine, hub } = await stage({
      before: "locked",
      repo: { gated: "auto" },
      user: { name: "ada", grants: ["o/n"] },
      env: { HF_TOKEN: TOKEN },
    });
    const { findings, one, exit } = await examine();
    expect(findings.filter(({ state }) => state !== "ok")).toEqual([]);
    expect(exit).toBe(0);
    expect(one("endpoint")?.facts).toMatchObject({ url: hub.url, from: "tritter.yaml" });
    expect(one("token")?.facts).toMatchObject({
      from: "HF_TOKEN",
      account: "ada",
      role: "read",
      goesTo: expect.arrayContaining(["https://huggingface.co"]),
    });
    expect(one("access")).toMatchObject({ source: "it", facts: { gated: "auto", outcome: "granted" } });
    expect(one("plan")?.facts).toMatchObject({ fetch: { files: 3 }, keep: { files: 0 } });
    expect(one("requests")?.facts).toMatchObject({ needed: 5, waitMs: 0 });
    expect(one("space")?.facts).toMatchObject({ need: { bytes: 26 } });
    expect(hub.violations).toEqual([]);
  });

  it("leaves nothing behind, before the first sync and after it", async () => {
    const { examine, project } = await stage({ before: "locked" });
    const seen = () => readdir(project.folder, { recursive: true });
    const before = await seen();
    await examine();
    expect(await seen()).toEqual(before);
    await project.run("sync");
    const synced = await seen();
    expect((await examine()).one("root")).toMatchObject({ state: "ok", facts: { exists: true } });
    expect(await seen()).toEqual(synced);
  });

  it("removes what a killed one left, which no sync minds meanwhile", async () => {
    const { examine, project } = await stage({ before: "synced" });
    await mkdir(join(project.root, ".tritter", "probe-1"));
    await writeFile(join(project.root, ".tritter", "probe-1", "a"), "x");
    expect((await project.run("sync")).stdout).toContain("nothing to do");
    await examine();
    expect(await readdir(join(project.root, ".tritter"))).not.toContain("probe-1");
  });
});

describe("doctorProject() on access", () => {
  it.each([
    ["no token", { repo: { gated: "auto" } }, "login", "ACCESS_NO_TOKEN", "set HF_TOKEN"],
    [
      "terms",
      { repo: { gated: "auto" }, user: {}, env: { HF_TOKEN: TOKEN } },
      "terms",
      "ACCESS_TERMS",
      "accept the terms",
    ],
    [
      "a request that waits",
      { repo: { gated: "manual" }, user: { pending: ["o/n"] }, env: { HF_TOKEN: TOKEN } },
      "pending",
      "ACCESS_PENDING",
      "wait for the owners",
    ],
    [
      "a token that may not",
      { repo: { gated: "auto" }, user: { scopeless: true }, env: { HF_TOKEN: TOKEN } },
      "refused",
      "ACCESS_SCOPE",
      "/settings/tokens",
    ],
    [
      "a repository that is disabled",
      { repo: { disabled: true } },
      "refused",
      "ACCESS_DISABLED",
      "another repository",
    ],
  ] as const)(
    "%s: says what it is and what to do, and that a sync would fail",
    async (_, given, outcome, code, step) => {
      const { examine } = await stage({ ...given, before: "locked" });
      const { one, exit } = await examine();
      expect(one("access")).toMatchObject({ state: "fail", code, source: "it", facts: { outcome } });
      expect(one("access")?.hint).toContain(step);
      expect(exit).toBe(6);
    },
  );

  it("a commit that is gone is what a sync would end by", async () => {
    const { examine, handle, commit } = await stage({ before: "locked" });
    handle.commit({ ...FILES, "z.txt": "more" });
    handle.forget(commit);
    const { one, exit } = await examine();
    expect(one("access")).toMatchObject({ state: "fail", code: "PIN_GONE", facts: { outcome: "refused" } });
    expect(exit).toBe(11);
  });

  it("does not fail for what is in place already", async () => {
    const { examine, handle } = await stage({ before: "synced" });
    handle.update({ gated: "auto" });
    const { one, exit } = await examine();
    expect(one("access")).toMatchObject({ state: "warn", code: "ACCESS_NO_TOKEN" });
    expect(exit).toBe(0);
  });

  it("asks what is not locked by its revision, and knows of fallbacks", async () => {
    const open = "  open: { repo: o/n }\n";
    const lines = `sources:\n${open}  shut: { repo: o/shut }\n  safe: { repo: o/shut, license: { accept: x, reason: y }, fallbacks: [{ repo: o/n }] }\n  none: { repo: o/none }\n`;
    const { examine, hub } = await stage({ lines });
    hub.repo("o/shut", { gated: "auto" }).commit({ "x.bin": "shut" });
    const { all, one, exit } = await examine();
    expect(all("access").map(({ source, state, facts }) => [source, state, facts.outcome])).toEqual([
      ["none", "fail", "refused"],
      ["open", "ok", "granted"],
      ["safe", "warn", "login"],
      ["shut", "fail", "login"],
    ]);
    expect(one("lock")).toMatchObject({ state: "warn" });
    expect(exit).toBe(6);
  });

  it("takes a folder's word for what is not locked, though it has no file that a gate would guard", async () => {
    const { examine } = await stage({ lines: "sources:\n  it: { repo: tritter/sample-code }\n" });
    const { all, exit } = await examine({ endpoint: SAMPLE });
    expect([all("access").map(({ state }) => state), exit]).toEqual([["ok"], 0]);
  });

  it("finds a token that the Hub does not know, and never tells it", async () => {
    const { examine } = await stage({ before: "locked", env: { HF_TOKEN: TOKEN } });
    const { one, exit } = await examine();
    expect(one("token")).toMatchObject({ state: "fail", code: "ACCESS_BAD_TOKEN" });
    expect(exit).toBe(6);
  });

  it("reads the token from the file that HF_TOKEN_PATH names", async () => {
    const { examine, project, hub } = await stage({ before: "locked" });
    await project.write("secret", TOKEN);
    hub.token(TOKEN, { name: "ada" });
    const file = join(project.folder, "secret");
    const again = await stage({ before: "locked", env: { HF_TOKEN_PATH: file }, user: { name: "ada" } });
    expect((await again.examine()).one("token")?.facts).toMatchObject({ from: file, account: "ada" });
    expect((await examine()).one("token")?.facts).toMatchObject({ state: "none", from: null });
  });
});

describe("doctorProject() on documents", () => {
  it("does without a manifest, and says so", async () => {
    const { examine, project } = await stage();
    const { one, all, exit } = await examine({ manifest: "none.yaml", endpoint: (await stage()).hub.url });
    expect(one("manifest")).toMatchObject({ state: "fail", code: "MANIFEST_MISSING" });
    expect(exit).toBe(2);
    expect(all("endpoint")).toMatchObject([{ state: "ok", facts: { from: "--endpoint" } }]);
    await project.write("empty/x", "");
  });

  it("warns where nobody named the manifest that is missing", async () => {
    const { project, hub } = await stage();
    await mkdir(join(project.folder, "elsewhere"));
    const context: Context = {
      env: { ...project.env, HF_ENDPOINT: hub.url },
      cwd: join(project.folder, "elsewhere"),
      signal: new AbortController().signal,
      clock: systemClock,
      disk: nodeDisk(),
      emit: () => {},
      version: "0",
      pid: 1,
    };
    const { one, exit } = told(await doctorProject(context, { names: [], locked: false }));
    expect(one("manifest")).toMatchObject({ state: "warn", code: "MANIFEST_MISSING" });
    expect(one("endpoint")).toMatchObject({ state: "ok", facts: { from: "HF_ENDPOINT" } });
    expect(exit).toBe(0);
  });

  it("tells mistakes of the manifest, and looks at the rest", async () => {
    const { examine } = await stage({ lines: "sources: 7" });
    const { one, exit, all } = await examine();
    expect(one("manifest")).toMatchObject({ state: "fail", code: "MANIFEST_INVALID" });
    expect(one("manifest")?.details?.join("\n")).toContain("tritter.yaml:5");
    expect(all("node")).toHaveLength(1);
    expect(exit).toBe(2);
  });

  it("tells a lock that is broken, and looks at the rest by the manifest", async () => {
    const { examine, project } = await stage({ before: "locked" });
    await project.write("tritter.lock", "{");
    const { one, exit } = await examine();
    expect(one("manifest")).toMatchObject({ state: "ok" });
    expect(one("lock")).toMatchObject({ state: "fail", code: "LOCK_INVALID" });
    expect(one("access")).toMatchObject({ state: "ok" });
    expect(exit).toBe(2);
  });

  it("fails by a stale lock only where a sync would", async () => {
    const { examine, project } = await stage({ before: "synced" });
    await project.manifest(`${SOURCE}  more: { repo: o/n, include: [y.txt] }\n`);
    expect(await examine()).toMatchObject({ exit: 0 });
    const strict = await examine({ locked: true });
    expect(strict.one("lock")).toMatchObject({ state: "fail", code: "LOCK_STALE" });
    expect(strict.exit).toBe(3);
  });

  it("refuses a name that is no source, as every command does", async () => {
    const { examine } = await stage({ before: "locked" });
    await expect(examine({ names: ["nobody"] })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("doctorProject() on the way to the Hub", () => {
  it("opens no socket offline, and says what it left out", async () => {
    const { examine, hub } = await stage({ before: "synced" });
    const { findings, exit } = await examine({ offline: true });
    expect(hub.log).toEqual([]);
    const skipped = findings.filter(({ state }) => state === "skipped").map(({ topic }) => topic);
    expect(skipped).toEqual(["endpoint", "access", "clock"]);
    expect(exit).toBe(0);
  });

  it("fails where nobody listens, if a sync has to ask", async () => {
    for (const [before, exit] of [
      ["locked", 7],
      ["synced", 0],
    ] as const) {
      const { examine, hub } = await stage({ before });
      await hub.close();
      const result = await examine();
      expect(result.one("endpoint")).toMatchObject({ code: "NETWORK", state: exit === 0 ? "warn" : "fail" });
      expect(result.one("access")).toMatchObject({ state: "skipped" });
      expect(result.exit).toBe(exit);
    }
  });

  it("waits for no answer longer than its deadline", async () => {
    const silent = await listen(() => {});
    // Ten seconds pass in a tenth of one.
    const clock = {
      now: Date.now,
      sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 100, signal),
    };
    const { examine } = await stage({ before: "locked", clock });
    const { one, exit } = await examine({ endpoint: silent.url });
    expect(one("endpoint")).toMatchObject({ state: "fail", code: "NETWORK" });
    expect(one("endpoint")?.message).toContain("no answer in 10s");
    expect(exit).toBe(7);
  });

  it("knows a login page, a server in trouble, and a clock that is wrong", async () => {
    const late = new Date(Date.now() + 3_600_000).toUTCString();
    const page = await listen((_, response) => {
      response.writeHead(200, { "content-type": "text/html", date: late }).end("<html>log in</html>");
    });
    const ill = await listen((_, response) => void response.writeHead(503).end());
    const { examine } = await stage({ before: "synced" });
    const login = await examine({ endpoint: page.url });
    expect(login.one("endpoint")).toMatchObject({ state: "warn" });
    expect(login.one("endpoint")?.message).toContain("not as the Hub does");
    expect(login.one("clock")).toMatchObject({ state: "warn" });
    expect(login.one("clock")?.message).toMatch(/^(?:1h 0m|60m 0s|59m \d+s) behind/);
    expect((await examine({ endpoint: ill.url })).one("endpoint")?.message).toContain("status 503");
  });

  it("refuses an endpoint and a proxy that cannot be used, without their passwords", async () => {
    const { examine } = await stage({ before: "locked" });
    const bad = await examine({ endpoint: "https://me:hidden@hub.example" });
    expect(bad.one("endpoint")).toMatchObject({ state: "fail", code: "USAGE" });
    expect(JSON.stringify(bad.findings)).not.toContain("hidden");
    expect(bad.exit).toBe(2);
    const proxied = await stage({ before: "locked", env: { HTTPS_PROXY: "ftp://me:hidden@proxy.example" } });
    const { one, findings } = await proxied.examine({ endpoint: "https://hub.example", offline: true });
    expect(one("proxy")).toMatchObject({ state: "fail", code: "USAGE" });
    expect(JSON.stringify(findings)).not.toContain("hidden");
  });

  it.each([
    [
      { https_proxy: "http://me:hidden@proxy.example:3128" },
      { route: "proxy", variable: "https_proxy", url: "http://***@proxy.example:3128" },
    ],
    [{ ALL_PROXY: "socks5://proxy.example" }, { route: "proxy", variable: "ALL_PROXY" }],
    [
      { HTTPS_PROXY: "proxy.example", NO_PROXY: "x,.hub.example" },
      { route: "no-proxy", variable: "NO_PROXY", url: null },
    ],
    [{ HTTP_PROXY: "proxy.example" }, { route: "direct", variable: null }],
  ] as const)("with %j says which proxy is used", async (env, facts) => {
    const { examine } = await stage({ before: "synced", env });
    const { one, findings } = await examine({ endpoint: "https://hub.example", offline: true });
    expect(one("proxy")).toMatchObject({ state: "ok", facts });
    expect(JSON.stringify(findings)).not.toContain("hidden");
  });

  it("says of each mirror whether it answers and whether it gets the token, and fails only where none does", async () => {
    const { examine, project, hub } = await stage({ before: "locked", user: {}, env: { HF_TOKEN: TOKEN } });
    const other = await startHub();
    onTestFinished(() => other.close());
    other.repo("o/n").commit(FILES);
    other.token(TOKEN, {});
    const list = (...urls: string[]) =>
      `version: 1\nname: test\nroot: data\nendpoints: ${JSON.stringify(urls)}\n${SOURCE}`;
    const strange = "https://mirror.invalid";
    await project.write("tritter.yaml", list(hub.url, strange, other.url, "./away"));
    const { findings, exit } = await examine();
    const endpoints = findings.filter(({ topic }) => topic === "endpoint");
    expect(endpoints).toMatchObject([
      { state: "ok", facts: { url: hub.url, from: "tritter.yaml" } },
      { state: "warn", code: "NETWORK", facts: { url: strange, token: "withheld" } },
      { state: "ok", facts: { url: other.url, token: "sent", status: expect.any(Number) } },
      { state: "ok", facts: { folder: join(project.folder, "away") } },
    ]);
    expect(endpoints[2]?.message).toMatch(/which gets the token: first byte after/);
    expect(exit).toBe(0);
    expect(JSON.stringify(findings)).not.toContain(TOKEN);
    const quiet = await examine({ offline: true });
    const offline = quiet.findings.filter(({ topic }) => topic === "endpoint");
    expect(offline.map(({ state }) => state)).toEqual(["skipped", "skipped", "skipped", "ok"]);
    expect(offline[1]?.message).toContain("gets no token (TRITTER_TOKEN_HOSTS=mirror.invalid would send it)");
    await hub.close();
    await project.write("tritter.yaml", list(hub.url, other.url));
    const fallen = await examine();
    expect(fallen.findings.filter(({ topic }) => topic === "endpoint")).toMatchObject([
      { state: "warn", code: "NETWORK" },
      { state: "ok" },
    ]);
    expect(fallen.findings.filter(({ topic }) => topic === "access")).toMatchObject([{ state: "ok" }]);
    expect(fallen.exit).toBe(0);
    await project.write("tritter.yaml", list(hub.url, strange));
    expect((await examine()).exit).toBe(7);
    // Another endpoint than the manifest's has no mirrors.
    const named = await examine({ endpoint: other.url });
    expect(named.findings.filter(({ topic }) => topic === "endpoint")).toHaveLength(1);
  });

  it("says that an endpoint which only the manifest names gets no token", async () => {
    const { examine, project } = await stage({ env: { HF_TOKEN: TOKEN } });
    await project.write("far.yaml", "version: 1\nendpoint: https://hub.example\nsources: {}\n");
    const { one } = await examine({ manifest: "far.yaml", offline: true });
    expect(one("token")).toMatchObject({ state: "warn", facts: { state: "withheld", from: "HF_TOKEN" } });
    expect(one("token")?.hint).toContain("TRITTER_TOKEN_HOSTS=hub.example");
  });

  it("tells how long the rate limit makes the plan wait", async () => {
    const { examine, hub } = await stage({ before: "locked" });
    hub.limits({ bucket: "resolvers", quota: 3, windowSeconds: 300 });
    const { one, exit } = await examine();
    expect(one("requests")).toMatchObject({ state: "warn", facts: { needed: 5 } });
    expect(one("requests")?.facts.waitMs).toBeGreaterThan(0);
    expect(one("requests")?.hint).toContain("HF_TOKEN");
    expect(exit).toBe(0);
  });
});

describe("doctorProject() on the disk", () => {
  const diskWith = (over: Partial<Disk>): Disk => ({ ...nodeDisk(), ...over });

  it("compares the plan with what is free", async () => {
    const small = diskWith({ space: async () => ({ bytes: 25, inodes: 1_000 }) });
    const { examine } = await stage({ before: "locked", disk: small });
    const { one, exit } = await examine();
    expect(one("space")).toMatchObject({
      state: "fail",
      code: "NO_SPACE",
      facts: { need: { bytes: 26 }, free: { bytes: 25 } },
    });
    expect(exit).toBe(8);
    const crowded = diskWith({ space: async () => ({ bytes: 1e9, inodes: 3 }) });
    expect((await (await stage({ before: "locked", disk: crowded })).examine()).exit).toBe(8);
  });

  it("fails where it cannot write and a sync would have to", async () => {
    const refusing = diskWith({ mkdir: (path) => Promise.reject(systemError("EROFS", path)) });
    const { examine } = await stage({ before: "locked", disk: refusing });
    const { one, exit } = await examine();
    expect(one("root")).toMatchObject({ state: "fail", code: "DISK_REFUSED" });
    expect(exit).toBe(12);
    const idle = await stage({ before: "synced", disk: refusing });
    expect((await idle.examine()).exit).toBe(0);
  });

  it("tells what links and names the file system knows", async () => {
    const refuse = (_: string, to: string) => Promise.reject(systemError("EPERM", to));
    const poor = diskWith({ link: refuse, makeSymlink: refuse, reflink: async () => false });
    const { examine } = await stage({ before: "locked", disk: poor });
    const { one } = await examine();
    expect(one("links")?.facts).toEqual({ reflink: false, hardLink: false, symlink: false });
    expect(one("names")?.facts).toMatchObject({ foldsCase: false, unicode: "kept", twins: 0 });
  });

  it("warns of names that a disk which folds case would mix up", async () => {
    const real = nodeDisk();
    const folding = diskWith({
      lstat: (path) => real.lstat(path.endsWith("/A") ? `${path.slice(0, -1)}a` : path),
    });
    const lines = "sources:\n  it: { repo: o/twins, names: posix }\n";
    const { examine, hub, project } = await stage({ lines, disk: folding });
    hub.repo("o/twins").commit({ "x.txt": "x", "X.txt": "X" });
    expect(await project.run("lock")).toMatchObject({ status: 0 });
    expect((await examine()).one("names")).toMatchObject({
      state: "warn",
      facts: { foldsCase: true, twins: 1 },
    });
  });

  it.each([
    ["another form, as HFS+ does", "e\u0301", "changed"],
    ["the form it was written in, and finds it by both, as APFS does", "\u00e9", "folded"],
  ])("knows a disk that stores é in %s", async (_, stored, unicode) => {
    const real = nodeDisk();
    const both = diskWith({
      readdir: async (path) =>
        (await real.readdir(path))?.map((one) => ({
          ...one,
          name: one.name === "\u00e9" ? stored : one.name,
        })),
      lstat: (path) => real.lstat(path.endsWith("/e\u0301") ? path.replace(/e\u0301$/, "\u00e9") : path),
      // Such a disk finds a file by either form.
      unlink: (path) => real.unlink(path.replace(/e\u0301$/, "\u00e9")),
    });
    const { examine } = await stage({ before: "locked", disk: both });
    expect((await examine()).one("names")).toMatchObject({ state: "ok", facts: { unicode } });
  });

  it("warns of paths that are too long for many programs on Windows, and only there", async () => {
    const deep = Array.from({ length: 6 }, (_, index) => `${index}`.padEnd(45, "x")).join("/");
    for (const [platform, count] of [
      ["win32", 2],
      ["linux", 1],
      ["darwin", 1],
    ] as const) {
      const { examine, hub, project } = await stage({
        lines: "sources:\n  it: { repo: o/deep }\n",
        runtime: { node: "22.12.0", platform },
      });
      hub.repo("o/deep").commit({ [`${deep}/x.txt`]: "x" });
      expect(await project.run("lock")).toMatchObject({ status: 0 });
      const names = (await examine()).all("names");
      expect(names).toHaveLength(count);
      if (platform === "win32")
        expect(names[1]).toMatchObject({ state: "warn", facts: { longest: expect.any(Number) } });
    }
  });

  it("tells conflicts, which a sync would end by", async () => {
    const { examine, project } = await stage({ before: "locked" });
    await project.write("data/it/y.txt", "mine");
    const { all, exit } = await examine();
    expect(all("plan")).toMatchObject([{ state: "ok" }, { state: "fail", code: "CONFLICT" }]);
    expect(exit).toBe(4);
  });

  it("finds what the Hub's cache has of what is to be fetched", async () => {
    const { examine, project } = await stage({ before: "locked" });
    const { sources } = JSON.parse(await project.lock()) as {
      sources: { it: { files: { path: string; git?: string }[] } };
    };
    const git = sources.it.files.find(({ path }) => path === "y.txt")?.git ?? "";
    const blobs = "hf/hub/datasets--o--n/blobs";
    await project.write(`${blobs}/${git}`, FILES["y.txt"]);
    await project.write(`${blobs}/${"0".repeat(40)}`, "unknown");
    const { one } = await examine();
    expect(one("cache")?.facts).toMatchObject({ files: 1, bytes: FILES["y.txt"].length });
    expect(one("cache")?.message).toContain(join(project.folder, "hf", "hub"));
    await project.write(`${blobs}/${git}`, "another size");
    expect((await examine()).all("cache")).toEqual([]);
  });

  it("finds what hf, or who else, put into the root: where it is wanted, and elsewhere", async () => {
    const { examine, project, hub } = await stage({ before: "locked" });
    await project.write("data/it/x.bin", FILES["x.bin"]);
    await project.write("data/it/.cache/huggingface/download/x.bin.metadata", "0\n0\n0\n");
    await project.write("data/loose/notes", FILES["y.txt"]);
    const { all, one } = await examine();
    expect(all("cache")).toMatchObject([
      { state: "ok", facts: { folder: project.root, files: 1, bytes: 10, how: "in-place" } },
      { state: "ok", facts: { folder: project.root, files: 1, bytes: 9, how: "by-size" } },
    ]);
    expect(one("plan")?.facts).toMatchObject({ keep: { files: 1 }, fetch: { files: 2 } });
    hub.clearLog();
    // It is as it says.
    const ran = JSON.parse((await project.run("sync", "--json")).stdout);
    expect(ran.outcome).toMatchObject({ adopted: 1, fetched: { files: 1 } });
    expect(ran.outcome.given).toMatchObject([{ place: project.root, files: 1 }]);
    expect((await examine()).all("cache")).toEqual([]);
  });

  it("ends at once where it is told to stop, and cleans up", async () => {
    const stop = new AbortController();
    const disk = diskWith({
      link: async () => stop.abort(new Error("stopped")),
    });
    const { project } = await stage({ before: "synced" });
    const context = {
      env: project.env,
      cwd: project.folder,
      signal: stop.signal,
      clock: systemClock,
      disk,
      emit: () => {},
      version: "0",
      pid: 1,
    };
    const work = doctorProject(context, { names: [], locked: false, offline: true });
    await expect(work).rejects.toThrow("stopped");
    const left = async () =>
      (await readdir(join(project.root, ".tritter"))).filter((name) => name.startsWith("probe-"));
    await vi.waitFor(async () => expect(await left()).toEqual([]));
  });
});

describe("probe()", () => {
  it("tells what was got, what was refused, and what came too late", async () => {
    const clock = fakeClock();
    const { signal } = new AbortController();
    const context = { clock, signal } as unknown as Context;
    expect(await probe(context, 10, async () => 7)).toEqual({ kind: "got", value: 7 });
    const failing = async () => Promise.reject(new Error("no"));
    expect(await probe(context, 10, failing)).toMatchObject({
      kind: "refused",
      problem: { code: "INTERNAL" },
    });
    const late = probe(context, 10, () => new Promise(() => {}));
    await clock.advance(10);
    expect(await late).toEqual({ kind: "late", ms: 10 });
  });
});

describe("supportsNode()", () => {
  it("holds what package.json admits", () => {
    const [first, second, last] = SUPPORTED_NODE;
    expect(packageJson.engines.node).toBe(`^${first} || ^${second} || >=${last}`);
  });

  it.each([
    ["20.18.3", false],
    ["20.19.0", true],
    ["20.20.2", true],
    ["21.7.0", false],
    ["22.11.0", false],
    ["22.12.0", true],
    ["23.5.0", false],
    ["24.0.0", true],
    ["26.1.0", true],
  ])("%s: %s", (version, expected) => {
    expect(supportsNode(version)).toBe(expected);
  });
});

describe("waitFor()", () => {
  const budget = { bucket: "resolvers", remaining: 10, seconds: 100, quota: 50, window: 300 };
  it.each([
    [10, budget, 0],
    [11, budget, 100_000],
    [60, budget, 100_000],
    [61, budget, 400_000],
    [11, { ...budget, quota: undefined }, undefined],
  ])("for %d requests with %j: %s ms", (needed, given, ms) => {
    expect(waitFor(needed, given)).toBe(ms);
  });
});
