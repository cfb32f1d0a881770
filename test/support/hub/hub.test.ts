import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitBlobOid } from "./content.ts";
import { type HubOptions, type LoopbackHub, makeCertificates, startHub } from "./index.ts";

let hub: LoopbackHub;
const restart = async (options?: HubOptions): Promise<void> => {
  await hub.close();
  hub = await startHub(options);
};

beforeEach(async () => {
  hub = await startHub();
});
afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
});

// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what is under test
type Json = any;

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

const get = async (path: string, init: RequestInit & { token?: string } = {}): Promise<Got> => {
  const { token, ...rest } = init;
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...rest.headers };
  const response = await fetch(new URL(path, `${hub.url}/`), { redirect: "manual", ...rest, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, text, json: isJson && JSON.parse(text) };
};

const refusal = ({ status, headers }: Got): [number, string | null, string | null] => [
  status,
  headers.get("x-error-code"),
  headers.get("x-error-message"),
];

const API = "/api/datasets/o/n";
const FILES = "/datasets/o/n/resolve";

describe("repository info", () => {
  it("tells the facts of the default branch, of a revision, and with blobs", async () => {
    const repo = hub.repo("o/n", { license: ["mit", "cc0-1.0"], tags: ["x"] });
    const first = repo.commit({ "README.md": "hi\n" });
    const second = repo.commit({ "README.md": "hi\n", "a.bin": "xyz" });
    repo.tag("v1", first);
    repo.branch("refs/pr/3", first);
    repo.branch("refs/convert/parquet", second);
    const { json, status } = await get(API);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      _id: repo.id,
      id: "o/n",
      author: "o",
      sha: second,
      gated: false,
      private: false,
      disabled: false,
      cardData: { license: ["mit", "cc0-1.0"] },
      tags: ["x", "license:mit", "license:cc0-1.0", "region:us"],
      siblings: [{ rfilename: "README.md" }, { rfilename: "a.bin" }],
      usedStorage: 6,
    });
    for (const revision of ["v1", "refs%2Fpr%2F3", "refs%2Ftags%2Fv1", first])
      expect((await get(`${API}/revision/${revision}`)).json.sha).toBe(first);
    for (const revision of ["main", "HEAD", "refs%2Fconvert%2Fparquet", "refs%2Fheads%2Fmain"])
      expect((await get(`${API}/revision/${revision}`)).json.sha).toBe(second);
    const blobs = (await get(`${API}?blobs=true`)).json.siblings;
    expect(blobs[0]).toEqual({ rfilename: "README.md", size: 3, blobId: gitBlobOid(Buffer.from("hi\n")) });
    expect(blobs[1].lfs).toMatchObject({ size: 3, pointerSize: 126 });
  });

  it("is restricted to what expand names, in both spellings, and refuses other names", async () => {
    hub.repo("o/n", { gated: "auto" }).commit({ a: "1" });
    const { json } = await get(`${API}?expand=gated&expand[]=sha`);
    expect(Object.keys(json)).toEqual(["_id", "id", "gated", "sha"]);
    for (const name of ["nonsense", "cardData.license"]) {
      const bad = await get(`${API}?expand=${name}`);
      expect(bad.status).toBe(400);
      expect(bad.json.error).toContain('"cardData"');
    }
  });

  it("knows no unencoded ref, short commit or forgotten commit", async () => {
    const repo = hub.repo("o/n");
    const commit = repo.commit({ a: "1" });
    repo.commit({ a: "2" });
    repo.branch("refs/pr/3", commit);
    for (const revision of ["refs/pr/3", commit.slice(0, 7), "no-such"]) {
      expect(refusal(await get(`${API}/revision/${revision}`)).slice(0, 2)).toEqual([
        404,
        "RevisionNotFound",
      ]);
    }
    expect((await get(`${API}/revision/${commit}`)).status).toBe(200);
    repo.forget(commit);
    expect(refusal(await get(`${API}/revision/${commit}`))).toEqual([
      404,
      "RevisionNotFound",
      `Invalid rev id: ${commit}`,
    ]);
  });

  it("leaves the gate out of what a Space can be asked for", async () => {
    hub.repo("o/n", { type: "space" }).commit({ a: "1" });
    expect((await get("/api/spaces/o/n?expand=gated")).status).toBe(400);
    expect((await get("/api/spaces/o/n?expand=sha")).status).toBe(200);
  });
});

describe("tree listing", () => {
  const walk = async (path: string): Promise<Json[][]> => {
    const pages: Json[][] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const { json, headers, status } = await get(next);
      expect(status).toBe(200);
      pages.push(json);
      next = /^<([^>]+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
      if (next !== undefined) expect(next.startsWith(hub.url)).toBe(true);
    }
    return pages;
  };

  it("pages by an opaque cursor, folders included, and keeps the query", async () => {
    await restart({ pageSize: 2 });
    hub.repo("o/n").commit({ "a/1": "x", "a/2": "y", b: "z", "c/d/e": "w" });
    const pages = await walk(`${API}/tree/main?recursive=true&expand=false`);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
    const paths = pages.flat().map((entry) => `${entry.type} ${entry.path}`);
    const folders = ["directory a", "directory c", "directory c/d"];
    expect(paths.sort()).toEqual([...folders, "file a/1", "file a/2", "file b", "file c/d/e"]);
    expect((await walk(`${API}/tree/main`)).flat().map(({ path }) => path)).toEqual(["a", "c", "b"]);
    expect((await get(`${API}/tree/main?cursor=nonsense`)).status).toBe(400);
  });

  it("lists a folder by its encoded or plain path, and no folder that is not there", async () => {
    hub.repo("o/n").commit({ "c/d/e f": "w", "c/x": "1" });
    for (const path of ["c/d", "c%2Fd"])
      expect((await get(`${API}/tree/main/${path}`)).json).toMatchObject([{ path: "c/d/e f", size: 1 }]);
    const missing = await get(`${API}/tree/main/nope`);
    expect(refusal(missing)).toEqual([404, "EntryNotFound", "Entry not found"]);
    expect(missing.headers.get("x-repo-commit")).toMatch(/^[0-9a-f]{40}$/);
  });

  it("keeps the id of a folder until something under it changes", async () => {
    const repo = hub.repo("o/n");
    const [one, two] = [
      repo.commit({ "a/x": "1", "b/y": "1" }),
      repo.commit({ "b/y": "2" }, { replace: false }),
    ];
    const ids = async (commit: string) =>
      Object.fromEntries(
        (await get(`${API}/tree/${commit}`)).json.map((entry: Json) => [entry.path, entry.oid]),
      );
    const [before, after] = [await ids(one), await ids(two)];
    expect(after.a).toBe(before.a);
    expect(after.b).not.toBe(before.b);
  });

  it("adds the last commit with expand, on smaller pages", async () => {
    const repo = hub.repo("o/n");
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index + 10}`, "x"]));
    const first = repo.commit(files, { title: "first" });
    repo.commit({ f10: "y" }, { replace: false, title: "second" });
    const { json } = await get(`${API}/tree/main?expand=true`);
    expect(json).toHaveLength(50);
    expect(json[0]).toMatchObject({
      lastCommit: { title: "second" },
      securityFileStatus: { status: "safe" },
    });
    expect(json[1].lastCommit).toMatchObject({ id: first, title: "first" });
  });

  it("gives Xet hashes only where the repository has them", async () => {
    hub.repo("o/n", { xet: true }).commit({ "a.bin": "x" });
    const [entry] = (await get(`${API}/tree/main`)).json;
    expect(entry.xetHash).toMatch(/^[0-9a-f]{64}$/);
    expect(entry.xetHash).not.toBe(entry.lfs.oid);
    hub.repo("o/n").update({ xet: false });
    expect((await get(`${API}/tree/main`)).json[0].xetHash).toBeUndefined();
    expect((await get(`${FILES}/main/a.bin`)).headers.get("x-xet-hash")).toBeNull();
  });
});

describe("paths-info", () => {
  it("takes a form or JSON, gives folders too, and leaves out what is missing", async () => {
    hub.repo("o/n").commit({ "a&b": "1", "c/d": "2" });
    const form = new URLSearchParams([
      ["paths", "a&b"],
      ["paths", "c"],
      ["paths", "nope"],
      ["expand", "False"],
    ]);
    const json = JSON.stringify({ paths: ["a&b", "c", "nope"], expand: false });
    for (const body of [form, json]) {
      const headers = {
        "content-type": body === json ? "application/json" : "application/x-www-form-urlencoded",
      };
      const got = await get(`${API}/paths-info/main`, { method: "POST", body: String(body), headers });
      expect(got.json.map((entry: Json) => [entry.type, entry.path])).toEqual([
        ["file", "a&b"],
        ["directory", "c"],
      ]);
    }
  });
});

describe("refs and commits", () => {
  it("lists branches, converted copies and tags, and pull requests when asked", async () => {
    const repo = hub.repo("o/n");
    const commit = repo.commit({ a: "1" });
    repo.branch("refs/convert/parquet", commit);
    repo.branch("refs/pr/3", commit);
    repo.tag("v1", commit);
    const { json } = await get(`${API}/refs`);
    expect(json).toEqual({
      branches: [{ name: "main", ref: "refs/heads/main", targetCommit: commit }],
      converts: [{ name: "parquet", ref: "refs/convert/parquet", targetCommit: commit }],
      tags: [{ name: "v1", ref: "refs/tags/v1", targetCommit: commit }],
    });
    expect((await get(`${API}/refs?include_prs=1`)).json.pullRequests).toMatchObject([{ name: "3" }]);
    repo.deleteRef("v1");
    expect((await get(`${API}/refs`)).json.tags).toEqual([]);
  });

  it("pages history by number, newest first, with the count of all", async () => {
    const repo = hub.repo("o/n");
    const ids = ["1", "2", "3"].map((text) => repo.commit({ a: text }));
    const first = await get(`${API}/commits/main?limit=2`);
    expect(first.headers.get("x-total-count")).toBe("3");
    expect(first.json.map(({ id }: Json) => id)).toEqual([ids[2], ids[1]]);
    expect(first.headers.get("link")).toBe(`<${hub.url}${API}/commits/main?p=1&limit=2>; rel="next"`);
    const second = await get(`${API}/commits/main?p=1&limit=2`);
    expect(second.json.map(({ id }: Json) => id)).toEqual([ids[0]]);
    expect(second.headers.get("link")).toBeNull();
  });
});

describe("names", () => {
  it("redirects another case and a former name, relative, query and path kept", async () => {
    const repo = hub.repo("Owner/Name");
    repo.commit({ "a b": "1" });
    const other = await get("/api/datasets/owner/NAME/revision/refs%2Fpr%2F1?expand=sha");
    expect(other.status).toBe(307);
    expect(other.headers.get("location")).toBe("/api/datasets/Owner/Name/revision/refs%2Fpr%2F1?expand=sha");
    repo.rename("new/Home");
    for (const [from, to] of [
      ["/api/datasets/Owner/Name?expand=sha", "/api/datasets/new/Home?expand=sha"],
      ["/datasets/owner/name/resolve/main/a%20b", "/datasets/new/Home/resolve/main/a%20b"],
    ] as const)
      expect((await get(from)).headers.get("location")).toBe(to);
    repo.rename("last/Place");
    expect((await get("/api/datasets/owner/name")).headers.get("location")).toBe("/api/datasets/last/Place");
  });

  it("keeps kinds apart and knows names of one segment", async () => {
    hub.repo("o/n", { type: "model" }).commit({ a: "1" });
    hub.repo("squad").commit({ a: "1" });
    expect((await get("/api/models/o/n")).status).toBe(200);
    expect((await get(API)).status).toBe(401);
    expect((await get("/api/datasets/squad/revision/main")).status).toBe(200);
    expect((await get("/datasets/squad/resolve/main/a")).status).toBe(307);
    hub.repo("squad").rename("rajpurkar/squad");
    const moved = await get("/api/datasets/squad/revision/main");
    expect(moved.headers.get("location")).toBe("/api/datasets/rajpurkar/squad/revision/main");
  });

  it("refuses a path that is not percent-encoded well", async () => {
    hub.repo("o/n").commit({ a: "1" });
    expect((await get(`${API}/revision/%zz`)).status).toBe(400);
  });
});

describe("resolve", () => {
  it("redirects a git file to the cache, whose answer needs the query", async () => {
    const commit = hub.repo("o/n").commit({ "a.txt": "hello" });
    const head = await get(`${FILES}/main/a.txt`, { method: "HEAD" });
    expect(head.status).toBe(307);
    expect(head.headers.get("x-repo-commit")).toBe(commit);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
    const location = head.headers.get("location")!;
    const oid = gitBlobOid(Buffer.from("hello"));
    expect(location).toBe(
      `/api/resolve-cache/datasets/o/n/${commit}/a.txt?%2Fdatasets%2Fo%2Fn%2Fresolve%2Fmain%2Fa.txt=&etag=%22${oid}%22`,
    );
    const got = await get(location);
    expect([got.status, got.text, got.headers.get("etag")]).toEqual([200, "hello", `"${oid}"`]);
    expect(got.headers.get("x-repo-commit")).toBe(commit);
    expect((await get(location.split("?")[0]!)).status).toBe(400);
  });

  it("answers directly where told so, with ranges and the length on HEAD", async () => {
    hub.repo("o/n", { gitFiles: "direct" }).commit({ "a.txt": "hello", empty: "" });
    const head = await get(`${FILES}/main/a.txt`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, "5", ""]);
    const part = await get(`${FILES}/main/a.txt`, { headers: { range: "bytes=-2" } });
    expect([part.status, part.text, part.headers.get("content-range")]).toEqual([206, "lo", "bytes 3-4/5"]);
    expect((await get(`${FILES}/main/empty`, { headers: { range: "bytes=0-0" } })).status).toBe(416);
    expect((await get(`${FILES}/main/empty`)).headers.get("content-length")).toBe("0");
  });

  it("finds every awkward name, in its own bytes", async () => {
    const names = [
      "a b#c?d%20e.txt",
      "plus+and&=.txt",
      "\u00e9",
      "e\u0301",
      ".hidden/.x",
      "Case",
      "case",
      "100%",
      "日本/語",
    ];
    hub
      .repo("o/n", { gitFiles: "direct" })
      .commit(Object.fromEntries(names.map((name) => [name, `<${name}>`])));
    for (const name of names) {
      const path = name.split("/").map(encodeURIComponent).join("/");
      expect((await get(`${FILES}/main/${path}`)).text).toBe(`<${name}>`);
    }
  });

  it("sends LFS files to the CDN, whose ETag is not their sha256", async () => {
    const commit = hub.repo("o/n").commit({ "d/a.bin": { size: 3_000_000, seed: 5 } });
    const { lfs } = (await get(`${API}/tree/main/d`)).json[0];
    const { status, headers, text } = await get(`${FILES}/main/d/a.bin`);
    expect([status, headers.get("x-linked-size"), headers.get("x-linked-etag")]).toEqual([
      302,
      "3000000",
      `"${lfs.oid}"`,
    ]);
    expect(headers.get("x-repo-commit")).toBe(commit);
    expect(headers.get("content-length")).toBe(String(text.length));
    const location = headers.get("location")!;
    expect(new URL(location).hostname).not.toBe(new URL(hub.url).hostname);
    const part = await get(location, { headers: { range: "bytes=1000000-1000009" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 1000000-1000009/3000000"]);
    expect(part.headers.get("etag")).toMatch(/^"[0-9a-f]{64}"$/);
    expect(part.headers.get("etag")).not.toBe(`"${lfs.oid}"`);
    expect(part.headers.get("x-request-id")).toBeNull();
    expect(hub.log.at(-1)).toMatchObject({ kind: "cdn", file: "a.bin", status: 206, bytes: 10 });
  });

  it("tells an absent entry from an absent revision, with the commit for the first", async () => {
    const commit = hub.repo("o/n").commit({ a: "1" });
    const entry = await get(`${FILES}/main/nope`);
    expect(refusal(entry)).toEqual([404, "EntryNotFound", "Entry not found"]);
    expect(entry.headers.get("x-repo-commit")).toBe(commit);
    expect(entry.text).toBe("Entry not found");
    expect(refusal(await get(`${FILES}/nope/a`))).toEqual([404, "RevisionNotFound", "Invalid rev id: nope"]);
  });

  it("serves models without a prefix and Spaces with theirs", async () => {
    hub.repo("o/m", { type: "model", gitFiles: "direct" }).commit({ a: "model" });
    hub.repo("o/s", { type: "space", gitFiles: "direct" }).commit({ a: "space" });
    expect((await get("/o/m/resolve/main/a")).text).toBe("model");
    expect((await get("/spaces/o/s/resolve/main/a")).text).toBe("space");
  });
});

describe("CDN", () => {
  const cdnAddress = async (): Promise<string> => {
    hub.repo("o/n").commit({ "a.bin": "bytes" });
    return (await get(`${FILES}/main/a.bin`)).headers.get("location")!;
  };

  it("wants the signed query, and notices when it has expired", async () => {
    const address = await cdnAddress();
    expect((await get(address)).text).toBe("bytes");
    const stripped = await get(address.split("?")[0]!);
    expect([stripped.status, stripped.headers.get("content-type")]).toEqual([403, "application/xml"]);
    expect((await get(address.replace(/Expires=\d+/, "Expires=9999999999"))).status).toBe(403);
    expect((await get(address, { method: "HEAD" })).status).toBe(403);
    hub.expireSignatures();
    expect((await get(address)).text).toContain("Request has expired");
    expect((await get(await cdnAddress())).text).toBe("bytes");
    await restart({ signatureSeconds: 0 });
    expect((await get(await cdnAddress())).text).toContain("Request has expired");
  });

  it("records a violation when a token arrives", async () => {
    await get(await cdnAddress(), { token: "hf_secret" });
    expect(hub.violations).toHaveLength(1);
    expect(hub.violations[0]).toMatch(/^Authorization arrived at the CDN: GET \/xet-bridge/);
    expect(hub.violations[0]).not.toContain("hf_secret");
    hub.violations.splice(0);
  });

  it("may be another address instead of another name", async () => {
    await restart({ cdnHost: "127.0.0.2" });
    expect((await get(await cdnAddress())).text).toBe("bytes");
    expect(hub.cdnUrl).toContain("//127.0.0.2:");
  });
});

describe("access", () => {
  const GATED = "Access to dataset o/n is restricted";

  it("does not tell a private repository from none", async () => {
    hub.repo("o/n", { private: true }).commit({ a: "1" });
    hub.token("hf_other");
    hub.token("hf_owner", { grants: ["o/n"] });
    for (const path of [
      API,
      `${API}/tree/main`,
      `${FILES}/main/a`,
      "/api/datasets/o/none",
      "/api/datasets/O/N",
    ]) {
      expect(refusal(await get(path))).toEqual([401, null, "Invalid username or password."]);
      expect(refusal(await get(path, { token: "hf_other" }))).toEqual([
        404,
        "RepoNotFound",
        "Repository not found",
      ]);
    }
    expect((await get(`${FILES}/main/a`, { token: "hf_owner" })).text).toBe("1");
    hub.repo("o/n").remove();
    expect((await get(API, { token: "hf_owner" })).status).toBe(404);
  });

  it("refuses a bad token everywhere, before all else", async () => {
    hub.repo("o/n").commit({ a: "1" });
    for (const path of [API, `${FILES}/main/a`, "/api/datasets/o/none"])
      expect(refusal(await get(path, { token: "hf_bad" }))).toEqual([
        401,
        null,
        "Invalid credentials in Authorization header",
      ]);
    expect(refusal(await get("/api/whoami-v2", { token: "hf_bad" }))[2]).toBe(
      "Invalid username or password.",
    );
    hub.token("hf_good", { name: "me" });
    expect((await get("/api/whoami-v2", { token: "hf_good" })).json.name).toBe("me");
  });

  it("masks a gated listing, and shuts its files in four ways", async () => {
    const repo = hub.repo("o/n", { gated: "manual", xet: true });
    repo.commit({ "a.bin": "x", "README.md": "r", "sub/README.md": "s" });
    hub.token("hf_none");
    hub.token("hf_pending", { pending: ["o/n"] });
    hub.token("hf_scope", { grants: ["o/n"], scopeless: true });
    hub.token("hf_ok", { grants: ["o/n"] });
    const masked = "*".repeat(64);
    for (const token of [undefined, "hf_none", "hf_pending", "hf_scope"]) {
      const entry = (await get(`${API}/tree/main`, { ...(token && { token }) })).json.at(-1);
      expect(entry).toMatchObject({ size: 1, lfs: { oid: masked, size: 1 }, xetHash: masked });
    }
    expect((await get(`${API}/tree/main`, { token: "hf_ok" })).json.at(-1).lfs.oid).toMatch(/^[0-9a-f]{64}$/);
    const expected: [string | undefined, unknown[]][] = [
      [
        undefined,
        [
          401,
          "GatedRepo",
          `${GATED}. You must have access to it and be authenticated to access it. Please log in.`,
        ],
      ],
      [
        "hf_none",
        [
          403,
          "GatedRepo",
          `${GATED} and you are not in the authorized list. Visit ${hub.url}/datasets/o/n to ask for access.`,
        ],
      ],
      [
        "hf_pending",
        [403, "GatedRepo", "Your request to access dataset o/n is awaiting a review from the repo authors."],
      ],
      ["hf_scope", [403, null, "You have read access but not the required permissions for this operation"]],
    ];
    for (const [token, refused] of expected)
      for (const path of [
        `${FILES}/main/a.bin`,
        `${FILES}/nope/nope`,
        `${API}/auth-check`,
        `${API}/commits/main`,
      ])
        expect(refusal(await get(path, { ...(token && { token }) }))).toEqual(refused);
    for (const path of [API, `${API}/revision/main`, `${API}/refs`])
      expect((await get(path)).status).toBe(200);
    expect((await get(`${API}/auth-check`, { token: "hf_ok" })).text).toBe("OK");
    expect((await get(`${FILES}/main/a.bin`, { token: "hf_ok" })).status).toBe(302);
  });

  it("shows four files of a gated repository to everybody", async () => {
    hub.repo("o/n", { gated: "auto" }).commit({ "README.md": "r", "LICENSE.txt": "l", "sub/LICENSE": "s" });
    const statuses: [string, number][] = [
      ["README.md", 200],
      ["LICENSE.txt", 200],
      ["LICENSE", 404],
      ["LICENSE.md", 404],
      ["readme.md", 401],
      ["sub/LICENSE", 401],
      ["README", 401],
    ];
    for (const [path, status] of statuses)
      expect([path, (await get(`${FILES}/main/${path}`)).status]).toEqual([path, status]);
  });

  it("shuts a disabled repository but for its info", async () => {
    hub.repo("o/n", { disabled: true }).commit({ a: "1" });
    expect((await get(API)).json.disabled).toBe(true);
    for (const path of [`${API}/tree/main`, `${FILES}/main/a`, `${API}/refs`])
      expect(refusal(await get(path))).toEqual([403, null, "Access to this resource is disabled."]);
  });
});

describe("rate limits", () => {
  it("are told on every answer", async () => {
    hub.repo("O/n").commit({ a: "1" });
    for (const path of ["/api/datasets/O/n", "/api/datasets/o/n", "/api/nonsense", "/api/datasets/x/y"]) {
      const { headers } = await get(path);
      expect(headers.get("ratelimit")).toMatch(/^"api";r=\d+;t=\d+$/);
      expect(headers.get("ratelimit-policy")).toMatch(/^"fixed window";"api";q=\d+;w=300$/);
      expect(headers.get("x-request-id")).toMatch(/^Root=1-/);
    }
    expect((await get("/datasets/O/n/resolve/main/a")).headers.get("ratelimit")).toMatch(/^"resolvers";/);
  });

  it("really count, refuse with nothing left, and let in again after the window", async () => {
    hub.repo("o/n").commit({ a: "1" });
    hub.limits({ bucket: "api", quota: 2, windowSeconds: 1 });
    const got = [await get(API), await get(API), await get(API)];
    expect(got.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(got.map(({ headers }) => headers.get("ratelimit")!.split(";")[1])).toEqual(["r=1", "r=0", "r=0"]);
    expect(got[2]!.headers.get("ratelimit-policy")).toBe('"fixed window";"api";q=2;w=1');
    expect((await get(`${FILES}/main/a`)).status).toBe(307);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    expect((await get(API)).status).toBe(200);
    hub.limits(undefined);
    expect((await get(API)).headers.get("ratelimit-policy")).toContain("q=100000");
  });
});

describe("startHub()", () => {
  it("logs what came and clears on demand", async () => {
    hub.repo("o/n", { gitFiles: "direct" }).commit({ "a b": "12345" });
    hub.token("hf_x");
    await get(`${FILES}/main/a%20b?x=1`, { token: "hf_x", headers: { range: "bytes=1-3" } });
    await get("/api/agent-harnesses");
    expect(hub.log).toMatchObject([
      {
        listener: "hub",
        method: "GET",
        path: `${FILES}/main/a%20b?x=1`,
        kind: "resolve",
        file: "a b",
        range: "bytes=1-3",
        authorization: "Bearer hf_x",
        status: 206,
        bytes: 3,
      },
      { path: "/api/agent-harnesses", kind: "other", status: 404 },
    ]);
    hub.clearLog();
    expect(hub.log).toEqual([]);
  });

  it("speaks TLS with a private authority", async (context) => {
    const certificates = await makeCertificates();
    if ("skip" in certificates) return context.skip(certificates.skip);
    try {
      await restart({ https: certificates });
      hub.repo("o/n").commit({ "a.bin": { size: 10 } });
      const { Agent, request } = await import("undici");
      const dispatcher = new Agent({ connect: { ca: certificates.ca } });
      const first = await request(`${hub.url}${FILES}/main/a.bin`, { dispatcher });
      await first.body.dump();
      const second = await request(String(first.headers.location), { dispatcher });
      expect((await second.body.arrayBuffer()).byteLength).toBe(10);
      hub.faults.add({ match: /./, fault: { kind: "reset" }, times: 1 });
      await expect(request(`${hub.url}${API}`, { dispatcher })).rejects.toThrow();
      await dispatcher.close();
      await expect(request(hub.url)).rejects.toThrow();
    } finally {
      await certificates.remove();
    }
  });

  it("holds a large file without holding its bytes", async () => {
    const size = 300 * 1024 * 1024;
    hub.repo("o/n").commit({ "a.bin": { size } });
    const { headers } = await get(`${FILES}/main/a.bin`);
    const end = await get(headers.get("location")!, { headers: { range: `bytes=${size - 5}-` } });
    expect([end.status, end.headers.get("content-range")]).toEqual([
      206,
      `bytes ${size - 5}-${size - 1}/${size}`,
    ]);
  });
});
