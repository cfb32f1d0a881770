// Our answers beside recorded answers of the real Hub, where the folder of recordings is at hand.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFolders, fileOid, folderOid } from "../../../cli/serve/folders.ts";
import type { Content } from "./content.ts";
import { type LoopbackHub, startHub } from "./index.ts";
import { fileOf, type StoredFile } from "./store.ts";

const FOLDER = fileURLToPath(new URL("../../../../shared/reference/recorded/", import.meta.url));
const there = existsSync(FOLDER);

// biome-ignore lint/suspicious/noExplicitAny: recorded as it came
type Json = any;

interface Recorded {
  readonly method: string;
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly json: Json;
}

const MODEL = "OwnerOfTheGatedModel/tiny-gated-model";
/** What must be equal to the letter where it was recorded; other headers need only be there. */
const EXACT = [
  "x-error-code",
  "x-error-message",
  "content-type",
  "content-disposition",
  "www-authenticate",
  "etag",
  "x-linked-size",
  "x-total-count",
];

describe.skipIf(!there)(`answers${there ? "" : " (no recordings here)"}`, () => {
  let hub: LoopbackHub;

  beforeEach(async () => {
    hub = await startHub();
  });
  afterEach(async () => {
    expect(hub.violations).toEqual([]);
    await hub.close();
  });

  const ask = async (method: string, path: string, token?: string): Promise<Got> => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${hub.url}${path}`, { method, headers, redirect: "manual" });
    const text = await response.text();
    const json = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
    return { status: response.status, headers: Object.fromEntries(response.headers), text, json };
  };
  const again = ({ method, request }: Recorded, token?: string): Promise<Got> => ask(method, request, token);

  const tinyModel = (): string => {
    const repo = hub.repo(MODEL, {
      type: "model",
      gated: "manual",
      license: "mit",
      tags: ["safetensors"],
      xet: true,
    });
    hub.token("hf_owner", { grants: [MODEL] });
    hub.token("hf_pending", { pending: [MODEL] });
    return repo.commit({
      ".gitattributes": bytes("dot-gitattributes"),
      "README.md": bytes("README.md"),
      "checkpoint-0/config.json": bytes("config.json"),
      "checkpoint-0/generation_config.json": "x".repeat(195),
      "checkpoint-0/model.safetensors": { size: 691_784 },
    });
  };

  it.each(["gated-tiny-info-200.json", "gated-tiny-info-expand-200.json"])(
    "have the keys of %s",
    async (name) => {
      tinyModel();
      const recorded = read(name);
      const got = await again(recorded);
      expect(Object.keys(got.json).sort()).toEqual(Object.keys(recorded.body).sort());
      for (const key of ["id", "gated", "cardData", "tags", "siblings", "private", "disabled"])
        expect(got.json[key]).toEqual(recorded.body[key]);
      compare(got, recorded, ["etag"]);
    },
  );

  it.each(["api-datasets-info-paul-graham-200.json", "api-datasets-info-popqa-200.json"])(
    "have the keys of %s",
    async (name) => {
      const recorded = read(name);
      const license = recorded.body.cardData?.license;
      hub.repo(recorded.body.id, license && { license }).commit({ "README.md": "x" });
      expect(Object.keys((await again(recorded)).json).sort()).toEqual(Object.keys(recorded.body).sort());
    },
  );

  it("are those of the recorded listings", async () => {
    tinyModel();
    const root = read("gated-tiny-tree-root-200.json");
    const got = await again(root);
    expect(got.json.map(shape)).toEqual(root.body.map(shape));
    expect(got.json.slice(1)).toEqual(root.body.slice(1));
    for (const [name, token] of [
      ["owner", "hf_owner"],
      ["masked", undefined],
      ["masked", "hf_pending"],
    ] as const) {
      const recorded = read(`gated-tiny-tree-checkpoint-0-${name}-200.json`);
      const { json } = await again(recorded, token);
      expect(json.map(shape)).toEqual(recorded.body.map(shape));
      expect(json[0]).toEqual(recorded.body[0]);
      if (name === "masked") expect({ ...json[2], oid: "" }).toEqual({ ...recorded.body[2], oid: "" });
    }
  });

  it("compute the ids of recorded pointers and folders", () => {
    const root = read("gated-tiny-tree-root-200.json").body;
    const checkpoint = read("gated-tiny-tree-checkpoint-0-owner-200.json").body;
    const whisper = read("api-models-tree-whisper-cpp-excerpt-200.json").body;
    const linked = [...checkpoint, ...whisper].filter((entry: Json) => entry.lfs);
    expect(linked).toHaveLength(3);
    for (const entry of linked) expect(fileOid(known(entry))).toBe(entry.oid);
    const folder = buildFolders(checkpoint.map(known)).folders.get("checkpoint-0")!;
    expect(folderOid(folder)).toBe(root[0].oid);
  });

  it.each(["README_md", "gitattributes", "config_json"])("give %s as recorded", async (name) => {
    const commit = tinyModel();
    const recorded = read(`gated-tiny-resolve-${name}-200.json`);
    const got = await again(recorded, "hf_owner");
    expect(got.text).toBe(recorded.body);
    expect(got.headers["content-length"]).toBe(recorded.headers["content-length"]);
    expect(got.headers["x-repo-commit"]).toBe(commit);
    compare(got, recorded, []);
  });

  it("redirect for an LFS file as recorded", async () => {
    tinyModel();
    const recorded = read("gated-tiny-resolve-lfs-HEAD-302.json");
    const got = await again(recorded, "hf_owner");
    compare(got, recorded, []);
    const form = (headers: Record<string, string>, name: string): string =>
      headers[name]!.replace(/https?:\/\/[^/]+/g, "<host>")
        .replace(/[0-9a-f]{24,64}/g, "<hex>")
        .replace(/\?.*/, "?");
    for (const name of ["link", "location"])
      expect(form(got.headers, name)).toBe(form(recorded.headers, name));
  });

  it("refuse as recorded", async () => {
    tinyModel();
    hub.repo("openai-community/gpt2", { type: "model" }).commit({ a: "1" });
    hub.repo("meta-llama/Llama-3.1-8B", { type: "model", gated: "manual" }).commit({ a: "1" });
    const exact = async (name: string, path?: string, token?: string): Promise<void> => {
      const recorded = read(name);
      const got = await ask(recorded.method, path ?? recorded.request, token);
      compare(got, recorded, []);
      expect(got.json ?? got.text).toEqual(recorded.body);
      const length = recorded.headers["content-length"];
      if (length !== undefined) expect(got.headers["content-length"]).toBe(length);
    };
    await exact("api-models-bad-revision-404.json");
    await exact("api-models-commits-gated-401.json");
    await exact("api-models-not-found-anonymous-401.json");
    await exact("whoami-v2-401.json");
    await exact("whoami-v2-401.json", undefined, "hf_unknown");
    const missing = "/api/models/OwnerOfTheGatedModel/does-not-exist-xyz";
    await exact("api-repo-not-found-authenticated-404.json", missing, "hf_owner");
    const file = `/${MODEL}/resolve/main/checkpoint-0/config.json`;
    await exact("gated-tiny-raw-anonymous-401.json", file);
    await exact("gated-tiny-raw-pending-403.json", file, "hf_pending");
    hub.token("hf_scope", { grants: [MODEL], scopeless: true });
    await exact("api-insufficient-permission-403.json", `/api/models/${MODEL}/auth-check`, "hf_scope");
  });

  it("show and shut the files of a gated repository as probed", async () => {
    const probes = read("gated-allowlist-probes.json") as Json;
    hub
      .repo(probes.repo, { type: "model", gated: "manual" })
      .commit({ "README.md": "r", "LICENSE.txt": "l" });
    for (const { path, status } of probes.probes) {
      const got = await ask("GET", `/${probes.repo}/resolve/main/${path}`);
      expect([path, got.status]).toEqual([path, status]);
      const expected = status === 401 ? probes.headers_401 : status === 404 ? probes.headers_404 : {};
      expect(got.headers).toMatchObject(expected);
      if (status === 401) expect(got.text).toBe(probes.body_401);
    }
  });

  it("redirect other names as recorded", async () => {
    hub.repo("openai-community/gpt2", { type: "model" }).commit({ a: "1" });
    hub.repo("meta-llama/Meta-Llama-3.1-8B", { type: "model" }).rename("meta-llama/Llama-3.1-8B");
    const old = hub.repo("runwayml/stable-diffusion-v1-5", { type: "model" });
    old.rename("stable-diffusion-v1-5/stable-diffusion-v1-5");
    for (const name of ["case", "renamed", "other-repo"]) {
      const recorded = read(`api-models-redirect-${name}-307.json`);
      const got = await again(recorded);
      expect(got.headers.location).toBe(recorded.headers.location);
      compare(got, recorded, []);
    }
  });

  it("count and page commits as recorded", async () => {
    const repo = hub.repo("openai-community/gpt2", { type: "model" });
    for (let index = 0; index < 26; index += 1) repo.commit({ a: String(index) });
    const recorded = read("api-models-commits-gpt2-200.headers.json");
    const got = await again(recorded);
    compare(got, recorded, []);
    expect(got.headers.link).toBe(recorded.headers.link!.replace("https://huggingface.co", hub.url));
    expect(Object.keys(got.json[0])).toEqual(expect.arrayContaining(Object.keys(recorded.body[0])));
  });

  it("tell of a disabled repository as recorded", async () => {
    const recorded = read("api-models-info-disabled-200.json");
    hub.repo(recorded.body.id, { type: "model", disabled: true, gated: "auto" }).commit({ a: "1" });
    const got = await again(recorded);
    expect(got.status).toBe(200);
    expect(got.json).toMatchObject({ disabled: true, gated: "auto", id: recorded.body.id });
  });

  it("identify a caller as recorded", async () => {
    hub.token("hf_me", { name: "me" });
    const recorded = read("whoami-v2-200.json");
    const got = await again(recorded, "hf_me");
    expect(Object.keys(got.json).sort()).toEqual(Object.keys(recorded.body).sort());
    expect(Object.keys(got.json.auth.accessToken)).toEqual(Object.keys(recorded.body.auth.accessToken));
  });

  it("have the headers seen in the wild", async () => {
    const [cached, absent, gated, linked] = (read("resolve-headers-seen-in-the-wild.json") as Json).items;
    const repo = hub.repo("Qwen/Qwen3-32B", { type: "model" });
    const commit = repo.commit({ "config.json": "{}", "x.bin": { size: 10 } });
    const git = await ask("HEAD", cached.request);
    const form = (location: string): string => location.replace(/(?<=\/|%22)[0-9a-f]{40}/g, "<hex>");
    expect([git.status, form(git.headers.location!)]).toEqual([cached.status, form(cached.headers.location)]);
    expect(git.headers.location).toContain(commit);
    const nope = await ask("HEAD", "/Qwen/Qwen3-32B/resolve/main/nope");
    expect(nope.headers).toMatchObject({ "content-length": "15", "x-error-code": "EntryNotFound" });
    expect(nope.status).toBe(absent.status);
    const lfs = await ask("GET", "/Qwen/Qwen3-32B/resolve/main/x.bin");
    expect(Object.keys(lfs.headers)).toEqual(expect.arrayContaining(Object.keys(linked.headers)));
    hub
      .repo("meta-llama/Llama-3.1-8B-Instruct", { type: "model", gated: "auto" })
      .commit({ "config.json": "{}" });
    const shut = await ask("HEAD", gated.request);
    expect(shut.status).toBe(401);
    expect(Object.keys(shut.headers)).toEqual(expect.arrayContaining(Object.keys(gated.headers)));
    expect(shut.headers["content-length"]).toBe(gated.headers["content-length"]);
  });
});

function read(name: string): Recorded {
  return JSON.parse(readFileSync(`${FOLDER}${name}`, "utf8")) as Recorded;
}

function bytes(name: string): Buffer {
  return readFileSync(`${FOLDER}files/${name}`);
}

function compare(got: Got, { status, headers }: Recorded, free: readonly string[]): void {
  expect(got.status).toBe(status);
  expect(Object.keys(got.headers)).toEqual(expect.arrayContaining(Object.keys(headers)));
  for (const name of EXACT) {
    if (headers[name] !== undefined && !free.includes(name)) expect(got.headers[name]).toBe(headers[name]);
  }
  if (headers["x-error-code"] === undefined) expect(got.headers["x-error-code"]).toBeUndefined();
}

/** The keys of an entry, of what is inside it, and its type and path. */
function shape(entry: Json): unknown {
  return { keys: Object.keys(entry), lfs: Object.keys(entry.lfs ?? {}), type: entry.type, path: entry.path };
}

/** A file of which only size and ids are known. */
function known(entry: Json): StoredFile {
  const content: Content = {
    size: entry.size,
    key: entry.oid,
    text: false,
    read: () => Buffer.alloc(0),
    sha256: () => entry.lfs.oid,
    gitOid: () => entry.oid,
  };
  return fileOf(entry.path, content, entry.lfs !== undefined);
}
