// The Hub on loopback, seen by a client it was not written with.
import {
  checkRepoAccess,
  datasetInfo,
  downloadFile,
  fileDownloadInfo,
  HubApiError,
  listCommits,
  listFiles,
  modelInfo,
  pathsInfo,
  spaceInfo,
  whoAmI,
} from "@huggingface/hub";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generatedContent } from "./content.ts";
import { type LoopbackHub, startHub } from "./index.ts";

let hub: LoopbackHub;
let hubUrl: string;
const repo = "datasets/o/n" as const;

beforeEach(async () => {
  hub = await startHub({ pageSize: 3 });
  hubUrl = hub.url;
});
afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const blobBytes = async (blob: Blob | null): Promise<Buffer> => Buffer.from(await blob!.arrayBuffer());

describe("@huggingface/hub", () => {
  const files = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`d/f${index}`, `text ${index}`]),
  );

  it("listFiles() walks the pages", async () => {
    hub.repo("o/n").commit(files);
    const entries = await all(listFiles({ repo, hubUrl, recursive: true }));
    expect(entries.map(({ path }) => path)).toEqual(["d", ...Object.keys(files)]);
    expect(hub.log.filter(({ kind }) => kind === "tree")).toHaveLength(4);
  });

  it("datasetInfo(), modelInfo() and spaceInfo() find what they expand", async () => {
    const { id } = hub.repo("o/n", { license: "mit", gated: "auto" });
    const commit = hub.repo("o/n").commit(files);
    const info = await datasetInfo({ name: "o/n", hubUrl, additionalFields: ["sha", "cardData", "tags"] });
    expect(info).toMatchObject({ id, name: "o/n", gated: "auto", sha: commit, cardData: { license: "mit" } });
    hub.repo("o/m", { type: "model" }).commit(files);
    hub.repo("o/s", { type: "space" }).commit(files);
    expect((await modelInfo({ name: "o/m", hubUrl })).name).toBe("o/m");
    expect((await spaceInfo({ name: "o/s", hubUrl })).name).toBe("o/s");
  });

  it("pathsInfo() and listCommits() read their answers", async () => {
    hub.repo("o/n").commit(files, { title: "one" });
    hub.repo("o/n").commit(files, { title: "two" });
    const found = await pathsInfo({ repo, hubUrl, paths: ["d/f1", "d", "nope"] });
    expect(found.map(({ path, type }) => [path, type])).toEqual([
      ["d/f1", "file"],
      ["d", "directory"],
    ]);
    const commits = await all(listCommits({ repo, hubUrl, batchSize: 1 }));
    expect(commits.map(({ title }) => title)).toEqual(["two", "one"]);
  });

  it("downloadFile() and fileDownloadInfo() fetch git and LFS files", async () => {
    hub.repo("o/n").commit({ "a.txt": "hello", "b.bin": { size: 200_000, seed: 2 } });
    expect((await blobBytes(await downloadFile({ repo, hubUrl, path: "a.txt" }))).toString()).toBe("hello");
    const bytes = await blobBytes(await downloadFile({ repo, hubUrl, path: "b.bin" }));
    expect(bytes.equals(generatedContent(200_000, 2).read(0, 200_000))).toBe(true);
    expect((await fileDownloadInfo({ repo, hubUrl, path: "b.bin" }))?.size).toBe(200_000);
    expect(await fileDownloadInfo({ repo, hubUrl, path: "nope" })).toBeNull();
  });

  it("fileDownloadInfo() reads the answer to its probe from a repository on Xet", async () => {
    const handle = hub.repo("o/n", { xet: true });
    handle.commit({ "b.bin": { size: 200_000, seed: 2 } });
    const info = await fileDownloadInfo({ repo, hubUrl, path: "b.bin" });
    expect(info).toMatchObject({
      size: 200_000,
      etag: `"${generatedContent(200_000, 2).sha256()}"`,
      xet: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(hub.log.map(({ range, status }) => [range, status])).toEqual([["bytes=0-0", 200]]);
  });

  it("whoAmI() knows a registered token", async () => {
    hub.token("hf_good", { name: "me" });
    expect(await whoAmI({ accessToken: "hf_good", hubUrl })).toMatchObject({ name: "me", type: "user" });
    await expect(whoAmI({ accessToken: "hf_bad", hubUrl })).rejects.toMatchObject({ statusCode: 401 });
  });

  it("meets the gate and the masks, and passes with a grant", async () => {
    hub.repo("o/n", { gated: "manual" }).commit({ "b.bin": "x" });
    hub.token("hf_in", { grants: ["o/n"] });
    hub.token("hf_out");
    const statusOf = (accessToken?: string): Promise<number> =>
      downloadFile({ repo, hubUrl, path: "b.bin", ...(accessToken && { accessToken }) }).then(
        () => 200,
        (error: HubApiError) => error.statusCode,
      );
    expect([await statusOf(), await statusOf("hf_out"), await statusOf("hf_in")]).toEqual([401, 403, 200]);
    const [entry] = await all(listFiles({ repo, hubUrl }));
    expect(entry!.lfs!.oid).toBe("*".repeat(64));
  });

  it("checkRepoAccess() tells present from absent", async () => {
    hub.repo("o/n").commit({ a: "1" });
    hub.token("hf_x");
    await checkRepoAccess({ repo, hubUrl });
    const absent = { repo: "datasets/o/none" as const, hubUrl };
    await expect(checkRepoAccess(absent)).rejects.toBeInstanceOf(HubApiError);
    await expect(checkRepoAccess(absent)).rejects.toMatchObject({ statusCode: 401 });
    await expect(checkRepoAccess({ ...absent, accessToken: "hf_x" })).rejects.toMatchObject({
      statusCode: 404,
    });
  });

  it("follows a rename", async () => {
    hub.repo("o/n", { gitFiles: "direct" }).commit({ "a.txt": "hello" });
    hub.repo("o/n").rename("o/new");
    expect((await datasetInfo({ name: "o/n", hubUrl })).name).toBe("o/new");
    expect((await blobBytes(await downloadFile({ repo, hubUrl, path: "a.txt" }))).toString()).toBe("hello");
  });
});
