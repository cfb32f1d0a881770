import {
  appendFile,
  cp,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../../support/hub/index.ts";
import { inProcess } from "../../support/in-process.ts";
import { makeProject, type Project } from "../../support/project.ts";
import { type Served, serveHere } from "../../support/serving.ts";

const LARGE = 3_000_000;
/** bytes: more than the sockets of both sides take in by themselves */
const HUGE = 24_000_000;
const FILES = {
  "README.md": "# all\n",
  ".gitattributes": "*.bin filter=lfs\n",
  "empty.txt": "",
  "data/a b#c?d%20é.txt": "awkward\n",
  "data/a.bin": { bytes: "0123456789", lfs: true },
  "data/deep/large.bin": { size: LARGE, seed: 1 },
};
const MANIFEST = `sources:
  some: { repo: o/n, include: ["data/"], strip: data, path: some, groups: [few], names: posix }
  all: { repo: o/n, path: all, names: posix }
  huge: { repo: o/huge }
  tool: { repo: o/tool, type: model, revision: v1 }`;
const RESOLVE = "/datasets/o/n/resolve/main";
const ALL = "all";

let hub: LoopbackHub;
let project: Project;
let commit: string;
let served: Served;

beforeAll(async () => {
  hub = await startHub();
  commit = hub.repo("o/n", { license: "mit", gated: false }).commit(FILES);
  hub.repo("o/huge").commit({ "huge.bin": { size: HUGE, seed: 2 } });
  const tool = hub.repo("o/tool", { type: "model" });
  tool.tag("v1", tool.commit({ "config.json": "{}" }));
  project = await makeProject(hub);
  await project.manifest(MANIFEST);
  expect(await inProcess(project).sync()).toMatchObject({ exit: 0 });
  await hub.close();
});
afterAll(() => project.remove());
afterEach(() => served?.stop());

const json = async (path: string, asked = {}) => JSON.parse(String((await served.ask(path, asked)).body));
const errorsOf = (one: Served): string[] =>
  one.events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));

describe("a served lock", () => {
  it("answers as the Hub it was made from does", async () => {
    served = await serveHere(project);
    expect(served.serving).toMatchObject({ access: "loopback", disk: { missing: 0, changed: 0 } });
    expect(errorsOf(served)).toEqual([]);
    expect(await json("/api/datasets/o/n")).toMatchObject({
      id: "o/n",
      sha: commit,
      gated: false,
      private: false,
      cardData: { license: "mit" },
      siblings: expect.arrayContaining([{ rfilename: "README.md" }]),
    });
    expect(await json("/api/datasets/o/n/revision/main?expand=sha&expand[]=gated")).toEqual({
      _id: hub.repo("o/n").id,
      id: "o/n",
      sha: commit,
      gated: false,
    });
    expect((await served.ask("/api/datasets/o/n?expand=nonsense")).status).toBe(400);
    expect(await json("/api/datasets/o/n/refs")).toEqual({
      tags: [],
      branches: [{ name: "main", ref: "refs/heads/main", targetCommit: commit }],
      converts: [],
    });
    expect((await served.ask("/api/models/o/tool/resolve")).status).toBe(404);
    expect((await served.ask("/o/tool/resolve/v1/config.json")).body.toString()).toBe("{}");
    expect((await served.ask("/api/datasets/o/n/auth-check")).body.toString()).toBe("OK");
    expect(await served.ask("/api/datasets/O/N/revision/main?x=1")).toMatchObject({
      status: 307,
      headers: { location: "/api/datasets/o/n/revision/main?x=1" },
    });
  });

  it("lists its tree page by page, with real git ids, and by the paths that are asked for", async () => {
    served = await serveHere(project);
    const first = await served.ask(`/api/datasets/o/n/tree/${commit}?recursive=true&limit=3`);
    const link = /^<(.*)>; rel="next"$/.exec(first.headers.link ?? "")?.[1] ?? "";
    expect(link.startsWith(`${served.url}/api/datasets/o/n/tree/`)).toBe(true);
    const url = new URL(link);
    const second = await served.ask(`${url.pathname}${url.search}`);
    const rest = new URL(/^<(.*)>/.exec(second.headers.link ?? "")?.[1] ?? "");
    const third = await served.ask(`${rest.pathname}${rest.search}`);
    expect(third.headers.link).toBeUndefined();
    const entries = [first, second, third].flatMap(({ body }) => JSON.parse(String(body)));
    expect(entries.map(({ path }) => path)).toEqual([
      "data",
      ".gitattributes",
      "README.md",
      "empty.txt",
      "data/deep",
      "data/a b#c?d%20é.txt",
      "data/a.bin",
      "data/deep/large.bin",
    ]);
    expect(entries.find(({ path }) => path === "data/a.bin")).toEqual({
      type: "file",
      oid: expect.stringMatching(/^[0-9a-f]{40}$/),
      size: 10,
      lfs: { oid: expect.stringMatching(/^84d89877/), size: 10, pointerSize: 127 },
      path: "data/a.bin",
    });
    const paths = JSON.stringify({ paths: ["data/deep", "README.md", "none"] });
    const asked = { method: "POST", headers: { "content-type": "application/json" }, body: paths };
    const found = await json(`/api/datasets/o/n/paths-info/${commit}`, asked);
    expect(found.map(({ type, path }: { type: string; path: string }) => `${type} ${path}`)).toEqual([
      "directory data/deep",
      "file README.md",
    ]);
  });

  it.each([
    ["/api/datasets/o/none", 404, "RepoNotFound"],
    ["/api/models/o/n", 404, "RepoNotFound"],
    ["/datasets/o/none/resolve/main/x", 404, "RepoNotFound"],
    ["/api/datasets/o/n/revision/none", 404, "RevisionNotFound"],
    [`/datasets/o/n/resolve/${"0".repeat(40)}/README.md`, 404, "RevisionNotFound"],
    [`${RESOLVE}/none`, 404, "EntryNotFound"],
    [`${RESOLVE}/data`, 404, "EntryNotFound"],
    ["/api/datasets/o/n/tree/main/none", 404, "EntryNotFound"],
    ["/api/datasets/o/n/tree/main?cursor=x", 400, undefined],
    ["/api/datasets/o/n/commits/main", 501, undefined],
    ["/api/datasets/o/n/paths-info/main", 405, undefined],
    ["/api/whoami-v2", 404, undefined],
    ["/datasets/o/n", 404, undefined],
  ])("answers %s with status %i, code %s", async (path, status, code) => {
    served = await serveHere(project);
    const got = await served.ask(path);
    expect([got.status, got.headers["x-error-code"]]).toEqual([status, code]);
    if (code === "EntryNotFound") expect(got.headers["x-repo-commit"]).toBe(commit);
  });

  it.each([
    ["DELETE", `${RESOLVE}/README.md`, 405],
    ["PUT", "/", 405],
    ["POST", `${RESOLVE}/README.md`, 405],
    ["POST", "/metrics", 405],
  ])("refuses %s %s", async (method, path, status) => {
    served = await serveHere(project);
    expect((await served.ask(path, { method, body: "x" })).status).toBe(status);
  });

  it.each(["[", '{"paths":3}', '{"paths":[null]}', '{"paths":[{"a":1}]}', "null", "[".repeat(100_000)])(
    "refuses paths that are none: %#",
    async (body) => {
      served = await serveHere(project);
      const asked = { method: "POST", headers: { "content-type": "application/json" }, body };
      expect((await served.ask("/api/datasets/o/n/paths-info/main", asked)).status).toBe(400);
    },
  );
});

describe("a served file", () => {
  it.each([
    ["README.md", "text/plain; charset=utf-8"],
    ["empty.txt", "text/plain; charset=utf-8"],
    ["data/a.bin", "application/octet-stream"],
    ["data/a b#c?d%20é.txt", "text/plain; charset=utf-8"],
  ])("%s comes with what the lock knows, to HEAD and to GET", async (path, type) => {
    served = await serveHere(project);
    const url = `${RESOLVE}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const bytes = await readFile(join(project.root, ALL, path));
    const [head, get] = [await served.ask(url, { method: "HEAD" }), await served.ask(url)];
    const same = ({ date: _date, ...headers }: Record<string, string | undefined>) => headers;
    expect(same(head.headers)).toEqual(same(get.headers));
    expect([head.status, head.body.length, get.status]).toEqual([200, 0, 200]);
    expect(get.body.equals(bytes)).toBe(true);
    expect(get.headers).toMatchObject({
      "content-length": String(bytes.length),
      "content-type": type,
      "x-repo-commit": commit,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(path.endsWith(".bin") ? /^"[0-9a-f]{64}"$/ : /^"[0-9a-f]{40}"$/),
    });
    expect(get.headers["x-linked-etag"]).toBe(path.endsWith(".bin") ? get.headers.etag : undefined);
  });

  it.each([
    ["data/a.bin", "bytes=0-0", 206, "0", "bytes 0-0/10"],
    ["data/a.bin", "bytes=3-5", 206, "345", "bytes 3-5/10"],
    ["data/a.bin", "bytes=7-", 206, "789", "bytes 7-9/10"],
    ["data/a.bin", "bytes=-2", 206, "89", "bytes 8-9/10"],
    ["data/a.bin", "bytes=0-999", 206, "0123456789", "bytes 0-9/10"],
    ["data/a.bin", "bytes=10-", 416, "Requested range not satisfiable", "bytes */10"],
    ["data/a.bin", "bytes=-0", 416, "Requested range not satisfiable", "bytes */10"],
    ["data/a.bin", "bytes=5-3", 200, "0123456789", undefined],
    ["data/a.bin", "bytes=0-1,3-4", 200, "0123456789", undefined],
    ["data/a.bin", "words=0-1", 200, "0123456789", undefined],
    ["empty.txt", "bytes=0-0", 416, "Requested range not satisfiable", "bytes */0"],
  ])("of %s, %s is answered with %i", async (path, range, status, text, told) => {
    served = await serveHere(project);
    const got = await served.ask(`${RESOLVE}/${path}`, { headers: { range } });
    expect([got.status, got.body.toString(), got.headers["content-range"]]).toEqual([status, text, told]);
  });

  it("is cut as asked where it is larger than what is read at once", async () => {
    served = await serveHere(project);
    const bytes = await readFile(join(project.root, "some/deep/large.bin"));
    const [from, to] = [123_457, LARGE - 1_001];
    const range = `bytes=${from}-${to - 1}`;
    const got = await served.ask(`${RESOLVE}/data/deep/large.bin`, { headers: { range } });
    expect(got.body.equals(bytes.subarray(from, to))).toBe(true);
    const whole = await served.ask(`${RESOLVE}/data/deep/large.bin`);
    expect(whole.body.equals(bytes)).toBe(true);
  });

  it("is not sent again to one who has it", async () => {
    served = await serveHere(project);
    const { etag = "" } = (await served.ask(`${RESOLVE}/data/a.bin`)).headers;
    const again = await served.ask(`${RESOLVE}/data/a.bin`, { headers: { "if-none-match": etag } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });
});

describe("a served path", () => {
  const SECRET = "the secret outside the lock\n";

  beforeAll(() =>
    Promise.all([
      writeFile(join(project.folder, "secret.txt"), SECRET),
      writeFile(join(project.root, "secret.txt"), SECRET),
      writeFile(join(project.root, "some", "secret.txt"), SECRET),
    ]),
  );

  it.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    `${RESOLVE}/../../../../../secret.txt`,
    `${RESOLVE}/%2e%2e/%2e%2e/secret.txt`,
    `${RESOLVE}/..%2f..%2fsecret.txt`,
    `${RESOLVE}/..%5c..%5csecret.txt`,
    `${RESOLVE}/data/%2e%2e/secret.txt`,
    `${RESOLVE}/secret.txt`,
    `${RESOLVE}/data/secret.txt`,
    `${RESOLVE}/README.md%00`,
    `${RESOLVE}/%00/README.md`,
    `${RESOLVE}//README.md`,
    `${RESOLVE}/./README.md`,
    `${RESOLVE}/%2fetc%2fpasswd`,
    `${RESOLVE}//etc/passwd`,
    `${RESOLVE}/.tritter/.gitignore`,
    `${RESOLVE}/constructor`,
    `${RESOLVE}/__proto__`,
    "/datasets/o/n/resolve/../README.md",
    "/datasets/../n/resolve/main/README.md",
    "//etc/passwd",
    "/etc/passwd",
    "/data/secret.txt",
    "/tritter.lock",
  ])("leads nowhere: %s", async (path) => {
    served = await serveHere(project);
    const { status, body } = await served.ask(path);
    expect([400, 404]).toContain(status);
    expect(body.toString()).not.toContain(SECRET);
  });

  it("leads to a file of the lock or nowhere, whatever it is made of", async () => {
    served = await serveHere(project);
    const known = new Set(await Promise.all(Object.keys(FILES).map(async (path) => `${path}`)));
    const piece = fc.constantFrom(
      ...["..", ".", "", "%2e%2e", "%2f", "%00", "%5c", "data", "deep", "README.md", "a.bin", "secret.txt"],
      ...[
        "resolve",
        "main",
        "datasets",
        "api",
        "o",
        "n",
        "%",
        "%ff",
        "etc",
        "passwd",
        "~",
        ".tritter",
        "%252e",
      ],
    );
    const tail = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join("/"));
    const path = fc.oneof(
      tail.map((rest) => `/${rest}`),
      tail.map((rest) => `${RESOLVE}/${rest}`),
    );
    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const { status, body } = await served.ask(asked);
        expect([200, 307, 400, 404]).toContain(status);
        expect(body.toString()).not.toContain(SECRET);
        if (status !== 200 || !asked.startsWith(`${RESOLVE}/`)) return;
        expect(known.has(decodeURIComponent(asked.slice(RESOLVE.length + 1)))).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(errorsOf(served)).toEqual([]);
  });

  it("follows no link that stands in the tree, at the file or above it", async () => {
    const outside = join(project.folder, "outside");
    const [folder, file] = [join(project.root, "some/deep"), join(project.root, "some/a.bin")];
    const kept = join(project.folder, "kept");
    await cp(folder, outside, { recursive: true });
    await writeFile(join(outside, "a.bin"), "0123456789");
    served = await serveHere(project, { names: ["some"] });
    await mkdir(kept);
    await rename(folder, join(kept, "deep"));
    await rename(file, join(kept, "a.bin"));
    await symlink(outside, folder);
    await symlink(join(outside, "a.bin"), file);
    try {
      for (const path of ["data/deep/large.bin", "data/a.bin"]) {
        const { status, headers } = await served.ask(`${RESOLVE}/${path}`);
        expect([status, headers["x-error-code"]]).toEqual([409, "FileChanged"]);
      }
    } finally {
      await rm(folder);
      await rm(file);
      await rename(join(kept, "deep"), folder);
      await rename(join(kept, "a.bin"), file);
      await rm(kept, { recursive: true });
    }
    expect((await served.ask(`${RESOLVE}/data/a.bin`)).status).toBe(200);
  });
});

describe("a file that is not what the lock says", () => {
  const PATH = "some/a.bin";
  const there = (): string => join(project.root, PATH);
  const get = () => served.ask(`${RESOLVE}/data/a.bin`);

  beforeAll(() => cp(there(), `${there()}.kept`, { preserveTimestamps: true }));
  afterEach(() => cp(`${there()}.kept`, there(), { preserveTimestamps: true }));

  it("is refused while it holds other bytes of its length, and served once it is right again", async () => {
    served = await serveHere(project, { names: ["some"] });
    await writeFile(there(), "012345678X");
    await utimes(there(), 1, 1);
    const refused = await get();
    expect([refused.status, refused.headers["x-error-code"]]).toEqual([409, "FileChanged"]);
    expect(refused.body.toString()).toBe(
      '"data/a.bin" is not what the lock says on the disk behind this Hub: run tritter sync there',
    );
    expect((await served.ask(`${RESOLVE}/data/a.bin`, { method: "HEAD" })).status).toBe(409);
    await writeFile(there(), "0123456789");
    expect(await get()).toMatchObject({ status: 200, body: Buffer.from("0123456789") });
  });

  it("is refused where it is longer, or gone, and counted", async () => {
    await appendFile(there(), "more");
    served = await serveHere(project, { names: ["few"] });
    expect(served.serving.disk).toMatchObject({ changed: 1, missing: 0 });
    expect((await get()).status).toBe(409);
    await rm(there());
    served.pass(120_000);
    expect(await get()).toMatchObject({ status: 409, headers: { "x-error-code": "FileMissing" } });
    const metrics = String((await served.ask("/metrics")).body);
    expect(metrics).toContain('tritter_serve_files{state="missing"} 1\n');
    expect(metrics).toContain('tritter_serve_requests_total{route="resolve",status="409"} 2\n');
  });

  it("is had from another place that holds it", async () => {
    served = await serveHere(project);
    await rm(there());
    expect(await get()).toMatchObject({ status: 200, body: Buffer.from("0123456789") });
  });

  it("is cut before its end where it changes while it is sent", async () => {
    served = await serveHere(project, { names: ["huge"] });
    const file = join(project.root, "huge/huge.bin");
    const answer = await new Promise<IncomingMessage>((resolve) => {
      httpGet(`${served.url}/datasets/o/huge/resolve/main/huge.bin`, { agent: false }, resolve);
    });
    const handle = await open(file, "r+");
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, HUGE - 1);
    await handle.write(Buffer.from([last[0]! ^ 1]), 0, 1, HUGE - 1);
    let size = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of answer) size += (chunk as Buffer).length;
    };
    await expect(read()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(size).toBeLessThan(HUGE);
    expect(errorsOf(served)).toEqual(['"huge.bin" changed while it was sent: the answer was cut']);
    await handle.write(last, 0, 1, HUGE - 1);
    await handle.close();
  });

  it("is read again, and served, where only its time changed", async () => {
    served = await serveHere(project, { names: ["some"] });
    await utimes(there(), 5, 5);
    expect((await get()).status).toBe(200);
  });
});

describe("who is answered", () => {
  it("without a token, only what calls this machine by a loopback name", async () => {
    served = await serveHere(project);
    const path = "/api/datasets/o/n";
    expect((await served.ask(path, { headers: { host: "localhost:1" } })).status).toBe(200);
    const other = await served.ask(path, { headers: { host: "rebound.example" } });
    expect(other.status).toBe(403);
    await served.stop();
    served = await serveHere(project, { open: true });
    expect((await served.ask(path, { headers: { host: "rebound.example" } })).status).toBe(200);
  });

  it("with a token, only those who send it, and nothing tells it", async () => {
    const token = "hf_the-secret";
    served = await serveHere(project, { token });
    const codes: number[] = [];
    for (const path of ["/", "/metrics", "/api/datasets/o/n", `${RESOLVE}/README.md?token=${token}`])
      for (const authorization of [undefined, "Bearer hf_other", `Bearer ${token}`])
        codes.push((await served.ask(path, { headers: { ...(authorization && { authorization }) } })).status);
    expect(codes).toEqual([401, 401, 200, 401, 401, 200, 401, 401, 200, 401, 401, 200]);
    expect((await served.ask("/")).headers["www-authenticate"]).toBe('Basic realm="tritter"');
    expect((await served.ask("/api/datasets/o/n")).headers["www-authenticate"]).toMatch(/^Bearer /);
    expect((await served.ask("/health")).body.toString()).toBe("ok\n");
    expect(JSON.stringify(served.events)).not.toContain(token);
  });

  it.each([
    [{ host: "0.0.0.0" }, "others may reach it, and no token is set"],
    [{ host: "example" }, "others may reach it, and no token is set"],
    [{ token: "" }, "it is empty, or holds characters"],
    [{ token: "hf_a b" }, "it is empty, or holds characters"],
  ])("is said before it listens: %j", async (options, message) => {
    await expect(serveHere(project, options)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(message),
    });
  });

  it("is nobody where the port is taken", async () => {
    served = await serveHere(project);
    const { port } = served.serving;
    await expect(serveHere(project, { port })).rejects.toMatchObject({
      code: "NETWORK",
      message: `cannot listen at 127.0.0.1 port ${port}: something else listens there`,
    });
  });
});

describe("what a person sees", () => {
  it("is a page for a browser, in which nothing of the lock is markup", async () => {
    hub = await startHub();
    hub.repo("o/n").commit(FILES);
    const other = await makeProject(hub);
    try {
      await other.manifest('sources:\n  a: { repo: o/n, revision: "<script>alert(1)</script>" }');
      hub.repo("o/n").branch("<script>alert(1)</script>", hub.repo("o/n").commit({ a: "1" }));
      expect(await inProcess(other).sync()).toMatchObject({ exit: 0 });
      served = await serveHere(other);
      const page = await served.ask("/", { headers: { accept: "text/html,*/*" } });
      expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'/);
      expect(page.body.toString()).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(page.body.toString()).not.toContain("<script");
      const text = await served.ask("/");
      expect(text.body.toString()).toMatch(/^tritter 0\.0\.0: a read-only Hub\n1 files: all on disk/);
      await served.stop();
    } finally {
      await hub.close();
      await other.remove();
    }
  });

  it("is a line for every request in the log", async () => {
    served = await serveHere(project);
    await served.ask(`${RESOLVE}/data/a.bin?download=true`);
    await served.ask("/nowhere");
    // A line is written once its answer is over, which its client may hear of first.
    await served.stop();
    const lines = served.events.flatMap((event) => (event.kind === "answered" ? [event] : []));
    lines.sort((a, b) => a.status - b.status);
    expect(lines).toMatchObject([
      { method: "GET", path: `${RESOLVE}/data/a.bin`, status: 200, bytes: 10, remote: "127.0.0.1" },
      { method: "GET", path: "/nowhere", status: 404 },
    ]);
  });
});

describe("a lock that changes while it is served", () => {
  it("is served as it is now, and as it was where it cannot be read", async () => {
    hub = await startHub();
    const repo = hub.repo("o/n");
    const first = repo.commit({ a: "1" });
    const other = await makeProject(hub);
    try {
      await other.manifest("sources:\n  a: { repo: o/n }");
      expect(await inProcess(other).sync()).toMatchObject({ exit: 0 });
      served = await serveHere(other);
      const sha = async () => (await json("/api/datasets/o/n")).sha;
      expect(await sha()).toBe(first);
      const second = repo.commit({ a: "2" });
      await inProcess(other).update();
      expect(await inProcess(other).sync()).toMatchObject({ exit: 0 });
      served.pass(2_000);
      expect(await sha()).toBe(second);
      expect((await served.ask("/datasets/o/n/resolve/main/a")).body.toString()).toBe("2");
      expect((await served.ask(`/datasets/o/n/resolve/${first}/a`)).headers["x-error-code"]).toBe(
        "RevisionNotFound",
      );
      await writeFile(other.lockFile, "{");
      served.pass(2_000);
      expect(await sha()).toBe(second);
      served.pass(2_000);
      expect(await sha()).toBe(second);
      expect(errorsOf(served)).toHaveLength(1);
      expect(errorsOf(served)[0]).toMatch(/^what was served before still is: cannot use/);
      await served.stop();
    } finally {
      await hub.close();
      await other.remove();
    }
  });
});

describe("a stop", () => {
  it("lets answers under way end, and takes no more", async () => {
    served = await serveHere(project);
    const { port } = served.serving;
    const socket = connect(port, "127.0.0.1");
    const bytes: Buffer[] = [];
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(`GET ${RESOLVE}/data/deep/large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await new Promise((resolve) => socket.once("readable", resolve));
    const stopped = served.stop();
    await expect(served.ask("/health")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    socket.on("data", (chunk) => bytes.push(chunk));
    await closed;
    expect(Buffer.concat(bytes).length).toBeGreaterThan(LARGE);
    expect(await stopped).toMatchObject({ requests: 1, bytes: LARGE, problems: [] });
  });

  it("cuts what does not end within its patience, and says so", async () => {
    served = await serveHere(project, { impatient: true });
    const socket = connect(served.serving.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /datasets/o/huge/resolve/main/huge.bin HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    const { problems, bytes } = await served.stop();
    expect(problems).toMatchObject([
      { code: "INTERRUPTED", message: "cut 1 answer that took longer than 10 seconds to end" },
    ]);
    expect(bytes).toBeLessThan(HUGE);
    socket.destroy();
  });
});
