import { describe, expect, it, onTestFinished } from "vitest";
import type { HubSettings } from "../../../cli/hub/index.ts";
import type { RemoteFile, RepoRef } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";
import {
  type Fault,
  type HubOptions,
  type RepoOptions,
  startHub,
  type Tree,
} from "../../support/hub/index.ts";
import { failure, listAll, never, openTestHub, readAll } from "./support.ts";

const ref: RepoRef = { type: "dataset", repo: "o/n" };
const BIG = 300_000;
const tree: Tree = {
  "a.txt": "a\n",
  "b.txt": "b\n",
  "c/d.txt": "d\n",
  "x.bin": { size: BIG },
  "empty.bin": "",
};

interface Options {
  readonly server?: HubOptions;
  readonly repo?: RepoOptions;
  readonly settings?: Partial<HubSettings>;
}

async function stage({ server: serverOptions, repo: repoOptions, settings }: Options = {}) {
  const server = await startHub(serverOptions);
  onTestFinished(async () => {
    await server.close();
    expect(server.violations).toEqual([]);
  });
  const repo = server.repo("o/n", repoOptions);
  const commit = repo.commit(tree) as Commit;
  const hub = openTestHub({ endpoint: server.url, ...settings });
  const x: RemoteFile = { repo: ref, commit, path: "x.bin", size: BIG };
  const a: RemoteFile = { repo: ref, commit, path: "a.txt", size: 2 };
  const read = async (file: RemoteFile, start = 0, end = file.size) => {
    const body = await hub.open(file, { start, end }, never);
    const bytes = await readAll(body);
    return bytes.subarray(start - body.start, end - body.start);
  };
  const fault = (fault: Fault, times?: number, match = /./) =>
    server.faults.add({ match, fault, ...(times === undefined ? {} : { times }) });
  return { server, repo, commit, hub, x, a, read, fault };
}

function numbered(count: number): Tree {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.txt`, `${index}`]));
}

describe("resolve()", () => {
  it("tells commit, canonical name, id, gate and licences in one request", async () => {
    const { server, repo, commit, hub } = await stage({
      repo: { license: ["mit", "cc0-1.0"], gated: "auto" },
    });
    expect(await hub.resolve(ref, "main")).toEqual({
      commit,
      repo: "o/n",
      id: repo.id,
      gated: "auto",
      gate: expect.stringMatching(/^sha256:/),
      private: false,
      disabled: false,
      licenses: ["mit", "cc0-1.0"],
    });
    expect(server.log).toHaveLength(1);
    expect(server.log[0]?.headers).toMatchObject({
      "accept-encoding": "identity",
      "user-agent": "tritter/1.2.3; node/20.0.0",
    });
  });

  it.each(["dataset", "model", "space"] as const)("knows the type %s", async (type) => {
    const { server, hub } = await stage();
    const commit = server
      .repo("p/q", { type, license: "mit", licenseIn: "tags" })
      .commit({ "README.md": "x" });
    expect(await hub.resolve({ type, repo: "p/q" }, "main")).toMatchObject({
      commit,
      repo: "p/q",
      private: false,
      licenses: ["mit"],
    });
  });

  it("finds no licence where none is named", async () => {
    const { hub } = await stage();
    expect((await hub.resolve(ref, "main")).licenses).toEqual([]);
  });

  it.each(["feature/a b", "refs/convert/parquet", "v1.0#x?y%20z", "zweig-\u00e4"])(
    "encodes the revision %s",
    async (revision) => {
      const { repo, commit, hub } = await stage();
      repo.branch(revision, commit);
      expect(await hub.resolve(ref, revision)).toMatchObject({ commit });
    },
  );

  it.each([["O/N"], ["old/name"]])("follows %s to its canonical name", async (asked) => {
    const { server, commit, hub } = await stage();
    const repo = server.repo("o/n");
    repo.rename("old/name");
    repo.rename("o/n");
    expect(await hub.resolve({ type: "dataset", repo: asked }, "main")).toMatchObject({
      commit,
      repo: "o/n",
    });
  });

  it("says PIN_GONE of a commit, and REVISION_NOT_FOUND of a name", async () => {
    const { repo, commit, hub } = await stage();
    repo.commit({ "b.txt": "2" });
    repo.forget(commit);
    expect(await failure(() => hub.resolve(ref, commit))).toMatchObject({ code: "PIN_GONE" });
    expect(await failure(() => hub.resolve(ref, "dev"))).toMatchObject({ code: "REVISION_NOT_FOUND" });
  });

  it.each([
    ['{"sha":1}', "names no commit"],
    [`{"sha":"${"a".repeat(40)}","id":"../../etc"}`, "names no repository"],
    ["[]", "is no object"],
    ["<html>", "is not JSON"],
  ])("refuses the answer %s", async (body, message) => {
    const { hub, fault } = await stage();
    fault({ kind: "status", status: 200, body });
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain(message);
  });

  it("refuses another commit than the one asked for", async () => {
    const { commit, hub, fault } = await stage();
    fault({ kind: "rewrite", body: (text) => text.replace(commit, "b".repeat(40)) });
    expect(await failure(() => hub.resolve(ref, commit))).toMatchObject({ code: "HUB" });
  });

  it.each([429, 500, 502, 503, 504, 408])("tries again after %d", async (status) => {
    const { commit, hub, fault } = await stage();
    const broken = fault({ kind: "status", status }, 2);
    expect(await hub.resolve(ref, "main")).toMatchObject({ commit });
    expect(broken.hits).toBe(2);
    expect(hub.clock.slept).toHaveLength(2);
    const waits = hub.events.filter(({ kind }) => kind === "waiting");
    expect(waits).toMatchObject([{ kind: "waiting" }, { kind: "waiting" }]);
  });

  it.each([
    [{ kind: "status", status: 503 }, "HUB"],
    [{ kind: "status", status: 429 }, "RATE_LIMITED"],
    [{ kind: "reset" }, "NETWORK"],
  ] as const)("gives up on %j as %s after five tries", async (how, code) => {
    const { server, hub, fault } = await stage();
    fault(how);
    expect(await failure(() => hub.resolve(ref, "main"))).toMatchObject({ code });
    expect(server.log).toHaveLength(5);
  });

  it("waits as a 429 says, and no longer", async () => {
    const { hub, fault } = await stage();
    fault({ kind: "too-many", bucket: "api", wait: 40 }, 1);
    await hub.resolve(ref, "main");
    expect(hub.clock.slept).toEqual([41_000]);
  });

  it("keeps within the quota before the Hub must say no", async () => {
    const { server, hub } = await stage();
    server.limits({ bucket: "api", quota: 3, windowSeconds: 60 });
    for (let i = 0; i < 3; i++) await hub.resolve(ref, "main");
    expect(hub.clock.slept).toEqual([]);
    server.limits(undefined);
    await hub.resolve(ref, "main");
    expect(hub.clock.slept).toEqual([61_000]);
    expect(server.log.every(({ status }) => status === 200)).toBe(true);
  });

  it("gives up on a Hub that does not answer in time", async () => {
    const { hub, fault } = await stage({ settings: { env: { HF_HUB_ETAG_TIMEOUT: "0.05" } } });
    fault({ kind: "silence" });
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem).toMatchObject({ code: "NETWORK" });
    expect(problem.message).toContain("no answer in time");
  });

  it("stops when aborted, with the reason", async () => {
    const stop = new AbortController();
    const { hub, server } = await stage({ settings: { signal: stop.signal } });
    server.faults.add({ match: /./, fault: { kind: "act", act: () => stop.abort(new Error("stop")) } });
    server.faults.add({ match: /./, fault: { kind: "silence" } });
    await expect(hub.resolve(ref, "main")).rejects.toThrow("stop");
  });
});

describe("list()", () => {
  it("walks all pages, by commit and without expansion", async () => {
    const { server, commit, hub } = await stage({ server: { pageSize: 2 } });
    expect((await listAll(hub.list(ref, commit))).map(({ path }) => path).sort()).toEqual(
      Object.keys(tree).sort(),
    );
    expect(server.log).toHaveLength(3);
    for (const { path } of server.log)
      expect(path).toMatch(new RegExp(`^/api/datasets/o/n/tree/${commit}\\?.*recursive=true`));
  });

  it("asks for the next page before the last one is used, and for no more", async () => {
    const { server, commit, hub } = await stage({ server: { pageSize: 1 } });
    const pages = hub.list(ref, commit)[Symbol.asyncIterator]();
    await pages.next();
    await expect.poll(() => server.log.length).toBe(2);
    await pages.return?.();
    expect(server.log).toHaveLength(2);
  });

  it("has no digest for what a gate masks, but for plain files", async () => {
    const { commit, hub } = await stage({ repo: { gated: "manual" } });
    const files = await listAll(hub.list(ref, commit));
    expect(files.find(({ path }) => path === "x.bin")).toEqual({
      path: "x.bin",
      size: BIG,
      digest: undefined,
      // By it a digest that is known otherwise is proved.
      pointer: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(files.find(({ path }) => path === "a.txt")?.digest).toMatch(/^git:/);
  });

  it("refuses a sha256 that its pointer contradicts", async () => {
    const { commit, hub, fault } = await stage();
    fault({ kind: "rewrite", body: (text) => text.replace(/"lfs":\{"oid":"[0-9a-f]/g, '"lfs":{"oid":"') });
    expect(
      (await listAll(hub.list(ref, commit))).find(({ path }) => path === "x.bin")?.digest,
    ).toBeUndefined();
    const other = await stage();
    other.fault({
      kind: "rewrite",
      body: (text) => text.replace(/("lfs":\{"oid":")[0-9a-f]{8}/g, "$100000000"),
    });
    const problem = await failure(() => listAll(other.hub.list(ref, other.commit)));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain("contradict");
  });

  it.each([
    ["{}", "is no list"],
    ["[1]", "without a type"],
    ['[{"type":"file"}]', "without a path"],
    ['[{"type":"file","path":"p","size":1}]', "without an oid"],
    ['[{"type":"file","path":"p","oid":"x","size":-1}]', "without a size"],
    ['[{"type":"file","path":"p\\u001b[2J","oid":"x","size":"1"}]', "without a size"],
  ])("refuses the page %s", async (body, message) => {
    const { commit, hub, fault } = await stage();
    fault({ kind: "status", status: 200, body });
    const problem = await failure(() => listAll(hub.list(ref, commit)));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain(message);
    expect(problem.message).toContain("page 1");
    expect(problem.message).not.toContain("\u001b");
  });

  it("skips kinds of entries it does not know", async () => {
    const { commit, hub, fault } = await stage();
    fault({ kind: "status", status: 200, body: '[{"type":"submodule"},{"type":"directory","path":"d"}]' });
    expect(await listAll(hub.list(ref, commit))).toEqual([]);
  });

  it("refuses a page that is cut off", async () => {
    const { commit, hub, fault } = await stage();
    fault({ kind: "malformed" });
    expect(await failure(() => listAll(hub.list(ref, commit)))).toMatchObject({ code: "HUB" });
  });

  it("tries a page again that broke off", async () => {
    const { commit, hub, fault } = await stage({ server: { pageSize: 2 } });
    fault({ kind: "cut", after: 20 }, 1, /cursor/);
    fault({ kind: "status", status: 503 }, 1, /cursor/);
    expect(await listAll(hub.list(ref, commit))).toHaveLength(5);
  });

  it("does not go in circles", async () => {
    const { commit, hub, fault } = await stage({ server: { pageSize: 1 } });
    fault({ kind: "repeat-cursor" });
    const problem = await failure(() => listAll(hub.list(ref, commit)));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain("repeats a page");
  });

  it.each([
    ["a folder without its files", { pageSize: 4 }, { "a/1.txt": "1", "b/2.txt": "2", "c/d/3.txt": "3" }],
    ["a page as full as was asked for", {}, numbered(1001)],
  ])("does not take %s, which names no next page, for the end", async (_, server, files) => {
    const { repo, hub, fault } = await stage({ server });
    const commit = repo.commit(files) as Commit;
    expect(await listAll(hub.list(ref, commit))).toHaveLength(Object.keys(files).length);
    fault({ kind: "no-link" });
    const problem = await failure(() => listAll(hub.list(ref, commit)));
    expect(problem).toMatchObject({ code: "LISTING_INCOMPLETE" });
    expect(problem.hint).not.toBe("");
  });

  it("goes on behind a full page that lost its link once, and repeats no file", async () => {
    const { server, repo, hub, fault } = await stage();
    const commit = repo.commit(numbered(2500)) as Commit;
    fault({ kind: "no-link" }, 1);
    const files = await listAll(hub.list(ref, commit));
    expect(new Set(files.map(({ path }) => path)).size).toBe(2500);
    expect(files).toHaveLength(2500);
    expect(server.log.length).toBeLessThan(7);
  });

  it("asks once more where the last page is full, and takes folders that are empty for what they are", async () => {
    const { server, repo, hub, fault } = await stage();
    const commit = repo.commit(numbered(1000)) as Commit;
    expect(await listAll(hub.list(ref, commit))).toHaveLength(1000);
    expect(server.log).toHaveLength(3);
    fault({ kind: "status", status: 200, body: '[{"type":"directory","path":"hollow"}]' }, 1);
    fault({ kind: "status", status: 200, body: "[]" }, 1, /tree\/[0-9a-f]{40}\/hollow/);
    expect(await listAll(hub.list(ref, commit))).toEqual([]);
  });

  it("takes all that a mirror without pages lists", async () => {
    const { repo, hub, fault } = await stage({ server: { pageSize: 5000 } });
    const commit = repo.commit(numbered(1000)) as Commit;
    const entries = Object.keys(numbered(1000)).map((path) => ({
      type: "file",
      path,
      size: 1,
      oid: "a".repeat(40),
    }));
    fault({ kind: "status", status: 200, body: JSON.stringify(entries) });
    expect(await listAll(hub.list(ref, commit))).toHaveLength(1000);
  });

  it("stays on the endpoint though a mirror's links lead to the origin it mirrors", async () => {
    const { server, commit, hub } = await stage({ server: { pageSize: 2 } });
    const link = `<https://huggingface.invalid/api/datasets/o/n/tree/${commit}?recursive=true&limit=1000&cursor=none>; rel="next"`;
    server.faults.add({ match: /./, times: 1, fault: { kind: "headers", set: { link } } });
    await listAll(hub.list(ref, commit)).catch(() => {});
    expect(server.log[1]?.path).toContain("cursor=none");
  });

  it("refuses a link that leads out of the API", async () => {
    const { commit, hub, fault } = await stage({ server: { pageSize: 2 } });
    fault({ kind: "headers", set: { link: '<https://evil.invalid/x>; rel="next"' } });
    expect(await failure(() => listAll(hub.list(ref, commit)))).toMatchObject({ code: "HUB" });
  });

  it("says PIN_GONE where the commit is no more, between two pages too", async () => {
    const { server, repo, commit, hub } = await stage({ server: { pageSize: 2 } });
    const act = () => {
      repo.commit({ "z.txt": "z" });
      repo.forget(commit);
    };
    server.faults.add({ match: /cursor/, fault: { kind: "act", act } });
    const problem = await failure(() => listAll(hub.list(ref, commit)));
    expect(problem).toMatchObject({ code: "PIN_GONE" });
    expect(problem.message).toContain(commit);
  });

  it("leaves no failure unhandled when it is abandoned", async () => {
    const { commit, hub, fault } = await stage({ server: { pageSize: 1 } });
    fault({ kind: "reset" }, undefined, /cursor/);
    for await (const page of hub.list(ref, commit)) {
      expect(page.length).toBeLessThanOrEqual(1);
      break;
    }
  });
});

describe("commits()", () => {
  it("walks the numbered pages, newest first", async () => {
    const { repo, hub } = await stage();
    const made = Array.from({ length: 120 }, (_, index) =>
      repo.commit({ "a.txt": `${index}` }, { title: `t${index}\u0007` }),
    );
    const commits = [];
    for await (const page of hub.commits(ref, "main")) commits.push(...page);
    expect(commits).toHaveLength(121);
    expect(commits[0]).toMatchObject({ commit: made.at(-1), title: "t119" });
    expect(commits[0]?.date).toMatch(/^2026-/);
  });
});

describe("open()", () => {
  it("asks for no range where the whole is wanted, and exactly for the range else", async () => {
    const { server, x, read } = await stage();
    expect(await read(x)).toHaveLength(BIG);
    expect(server.log.map(({ range }) => range)).toEqual([undefined, undefined]);
    server.clearLog();
    expect(await read(x, 10, 20)).toHaveLength(10);
    expect(server.log.map(({ range }) => range)).toEqual(["bytes=10-19", "bytes=10-19"]);
  });

  it("sends the token to the Hub, and never to where it redirects", async () => {
    const { server, x, a, hub, read } = await stage({ settings: { env: { HF_TOKEN: "hf_secret" } } });
    server.token("hf_secret");
    await read(x);
    await read(x, 1, 2);
    await read(a);
    await hub.resolve(ref, "main");
    const sent = (listener: string) =>
      server.log.filter((entry) => entry.listener === listener).map(({ authorization }) => authorization);
    expect(new Set(sent("hub"))).toEqual(new Set(["Bearer hf_secret"]));
    expect(new Set(sent("cdn"))).toEqual(new Set([undefined]));
    expect(sent("cdn")).toHaveLength(2);
  });

  it("asks the Hub once for all ranges of a file, and again when the signature expires", async () => {
    const { server, x, read } = await stage();
    const ranges = Array.from({ length: 6 }, (_, index) => [index * 50_000, (index + 1) * 50_000] as const);
    const whole = await read(x);
    server.clearLog();
    const parts = await Promise.all(ranges.map(([start, end]) => read(x, start, end)));
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect(server.log.filter(({ kind }) => kind === "resolve")).toHaveLength(1);
    server.expireSignatures();
    server.clearLog();
    await Promise.all(ranges.map(([start, end]) => read(x, start, end)));
    expect(server.log.filter(({ kind }) => kind === "resolve")).toHaveLength(1);
    expect(server.log.filter(({ status }) => status === 206)).toHaveLength(6);
  });

  it("gives up on a place that refuses every signature", async () => {
    const { x, read, fault } = await stage();
    fault({ kind: "expired" }, undefined, /xet-bridge/);
    const problem = await failure(() => read(x, 0, 5));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(JSON.stringify(problem)).not.toContain("Signature");
  });

  it("begins before the asked byte where ranges are ignored", async () => {
    const { x, hub, fault, read } = await stage();
    const whole = await read(x);
    fault({ kind: "ignore-range" });
    const body = await hub.open(x, { start: 1000, end: 2000 }, never);
    expect(body.start).toBe(0);
    expect((await readAll(body)).equals(whole)).toBe(true);
  });

  it.each([
    [{ kind: "content-range", value: `bytes 0-9/${BIG}` }, "instead of"],
    [{ kind: "content-range", value: "nonsense" }, "no range"],
    [{ kind: "shift-range", by: 3 }, "instead of"],
    [{ kind: "gzip" }, "encoded"],
  ] as const)("does not take %j for the range, and tries again", async (how, message) => {
    const { x, read, fault } = await stage();
    fault(how, 1, /xet-bridge/);
    expect(await read(x, 100, 200)).toHaveLength(100);
    fault(how, undefined, /xet-bridge/);
    const problem = await failure(() => read(x, 100, 200));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain(message);
  });

  it("refuses a total that is not the lock's", async () => {
    const { server, x, read, fault } = await stage();
    fault({ kind: "content-range", value: `bytes 0-9/${BIG + 1}` });
    const problem = await failure(() => read(x, 0, 10));
    expect(problem.message).toContain(
      `size differs from the lock: the Hub has ${BIG + 1} bytes, the lock ${BIG}`,
    );
    expect(server.log).toHaveLength(2);
    expect(await failure(() => read({ ...x, size: BIG * 3 }, BIG * 2, BIG * 3))).toMatchObject({
      code: "HUB",
    });
  });

  it.each([{ kind: "cut", after: 1000 }] as const)(
    "breaks with NETWORK on %j, with what came before",
    async (how) => {
      const { x, hub, fault } = await stage();
      fault(how, 1, /xet-bridge/);
      const body = await hub.open(x, { start: 0, end: BIG }, never);
      let received = 0;
      const problem = await failure(async () => {
        await body.read((chunk) => {
          received += chunk.length;
          return undefined;
        });
      });
      expect(problem).toMatchObject({ code: "NETWORK" });
      expect(received).toBeLessThanOrEqual(1000);
    },
  );

  it("breaks with NETWORK where a chunked body ends early", async () => {
    const { x, hub, fault } = await stage();
    fault({ kind: "short", by: 10 }, 1, /xet-bridge/);
    fault(
      { kind: "headers", set: { "content-length": undefined, "transfer-encoding": "chunked" } },
      1,
      /xet-bridge/,
    );
    const body = await hub.open(x, { start: 0, end: BIG }, never);
    const problem = await failure(() => readAll(body));
    expect(problem).toMatchObject({ code: "NETWORK" });
    expect(problem.message).toContain(`${BIG - 10} bytes came instead of ${BIG}`);
  });

  it("breaks with NETWORK when nothing comes for the timeout", async () => {
    const { x, hub, fault } = await stage({ settings: { env: { HF_HUB_DOWNLOAD_TIMEOUT: "0.1" } } });
    fault({ kind: "stall", after: 1000 }, 1, /xet-bridge/);
    const problem = await failure(async () => readAll(await hub.open(x, { start: 0, end: BIG }, never)));
    expect(problem).toMatchObject({ code: "NETWORK" });
    expect(problem.message).toContain("stalled");
  });

  it("does not count a slow reader as a stall", async () => {
    const size = 8 * 1024 * 1024;
    const { server, repo, hub } = await stage({ settings: { env: { HF_HUB_DOWNLOAD_TIMEOUT: "0.1" } } });
    const commit = repo.commit({ "y.bin": { size } }) as Commit;
    const body = await hub.open({ repo: ref, commit, path: "y.bin", size }, { start: 0, end: size }, never);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(server.log.at(-1)?.bytes).toBeLessThan(size);
    expect((await readAll(body)).length).toBe(size);
  });

  it("breaks with the reason when aborted on the way", async () => {
    const { x, hub, fault } = await stage();
    fault({ kind: "stall", after: 1000 }, 1, /xet-bridge/);
    const stop = new AbortController();
    const body = await hub.open(x, { start: 0, end: BIG }, stop.signal);
    const reading = readAll(body);
    stop.abort(new Error("stop"));
    await expect(reading).rejects.toThrow("stop");
  });

  it.each([
    [{ kind: "reset" }, /resolve/],
    [{ kind: "reset" }, /xet-bridge/],
    [{ kind: "status", status: 502 }, /xet-bridge/],
    [{ kind: "too-many", wait: 3 }, /resolve/],
  ] as const)("reaches the body in spite of %j", async (how, match) => {
    const { x, read, fault } = await stage();
    const broken = fault(how, 2, match);
    expect(await read(x, 5, 10)).toHaveLength(5);
    expect(broken.hits).toBe(2);
  });

  it("follows a rename", async () => {
    const { repo, a, read } = await stage();
    repo.rename("new/name");
    expect((await read(a)).toString()).toBe("a\n");
  });

  it("says PIN_GONE where the commit is no more", async () => {
    const { repo, commit, a, read } = await stage();
    repo.commit({});
    repo.forget(commit);
    expect(await failure(() => read(a))).toMatchObject({ code: "PIN_GONE" });
  });

  it("does not go in circles", async () => {
    const { server, a, read, fault } = await stage();
    fault({ kind: "redirect-loop" });
    const problem = await failure(() => read(a));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain("more than 5 times");
    expect(server.log).toHaveLength(6);
  });

  it.each(["ftp://h.invalid/x", "http://", "javascript:alert(1)"])(
    "does not follow a redirect to %s",
    async (to) => {
      const { a, read, fault } = await stage();
      fault({ kind: "redirect", to });
      expect(await failure(() => read(a))).toMatchObject({ code: "HUB" });
    },
  );

  it("opens many at once without a warning", async () => {
    const { a, read } = await stage();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    await Promise.all(Array.from({ length: 40 }, () => read(a)));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect(warnings).toEqual([]);
  });
});

describe("close()", () => {
  it("breaks what is under way, and nothing is asked after it", async () => {
    const { x, hub, fault } = await stage();
    fault({ kind: "stall", after: 1000 }, 1, /xet-bridge/);
    const reading = readAll(await hub.open(x, { start: 0, end: BIG }, never));
    const broken = failure(() => reading);
    await hub.close();
    expect(await broken).toMatchObject({ code: "NETWORK" });
    expect(await failure(() => hub.resolve(ref, "main"))).toMatchObject({ code: "NETWORK" });
    expect(hub.clock.slept).toEqual([]);
  });

  it("of a Hub never asked opens nothing", async () => {
    const hub = openTestHub({ env: { SSL_CERT_FILE: "/no/such/file" } });
    await hub.close();
  });
});
