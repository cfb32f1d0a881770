import { appendFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cardLicenses, readTree } from "../../../cli/hub/cached.ts";
import type { RepoRef } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";
import { put, writeCache } from "./cache-folder.ts";
import { failure, listAll, never, openTestHub, readAll, tempFolder } from "./support.ts";

const repo: RepoRef = { type: "dataset", repo: "o/n" };
const commit = "a".repeat(40) as Commit;
const files = { "README.md": "# none\n", "data/x.bin": "0123456789" };
const x = { repo, commit, path: "data/x.bin", size: 10 };
const all = { start: 0, end: 10 };

async function stage(options: { listing?: boolean; snapshot?: boolean; offline?: boolean } = {}) {
  const folder = await tempFolder();
  const home = await writeCache(folder, "datasets--o--n", { commit, files, ...options });
  const hub = options.offline
    ? openTestHub({ offline: true, env: { HF_HUB_CACHE: folder } })
    : openTestHub({ endpoint: folder });
  return { folder, home, hub };
}

describe("openFolderHub()", () => {
  it("does not take a cache of some files for the whole repository", async () => {
    const { hub } = await stage({ listing: false });
    expect((await hub.resolve(repo, "main")).commit).toBe(commit);
    expect((await readAll(await hub.open(x, all, never))).toString()).toBe("0123456789");
    const problem = await failure(() => listAll(hub.list(repo, commit)));
    expect(problem).toMatchObject({ code: "LISTING_INCOMPLETE" });
    expect(problem.hint).toContain("must not pass for the whole");
  });

  it("knows nothing of terms that the folder does not tell", async () => {
    const { hub } = await stage();
    const unknown = {
      id: undefined,
      gated: undefined,
      private: undefined,
      disabled: undefined,
      licenses: undefined,
    };
    expect(await hub.resolve(repo, "main")).toEqual({ commit, repo: "o/n", ...unknown });
  });

  it("finds a blob that only another commit's snapshot named", async () => {
    const { hub } = await stage({ snapshot: false });
    expect((await readAll(await hub.open(x, all, never))).toString()).toBe("0123456789");
  });

  it("follows the two links of a shared blob", async () => {
    const { folder, home, hub } = await stage();
    const entry = join(home, "snapshots", commit, "shared.bin");
    await put(join(folder, "blobs", "ab", "abc"), "shared");
    await symlink("../../blobs/ab/abc", join(home, "blobs", "hop"));
    await symlink("../../blobs/hop", entry);
    const body = await hub.open({ ...x, path: "shared.bin", size: 6 }, { start: 0, end: 6 }, never);
    expect((await readAll(body)).toString()).toBe("shared");
  });

  it("reads nothing outside the folder, by link or by name", async () => {
    const { home, hub } = await stage();
    const outside = join(await tempFolder(), "secret");
    await writeFile(outside, "b".repeat(40));
    await symlink(outside, join(home, "snapshots", commit, "leak"));
    await symlink(outside, join(home, "refs", "leak"));
    expect(
      await failure(() => hub.open({ ...x, path: "leak", size: 40 }, { start: 0, end: 40 }, never)),
    ).toMatchObject({ code: "HUB" });
    for (const revision of ["leak", `../../../${outside}`, outside, "a/../../x", "", "."]) {
      expect(await failure(() => hub.resolve(repo, revision))).toMatchObject({ code: "REVISION_NOT_FOUND" });
    }
  });

  it("reads nothing of another repository in the folder", async () => {
    const { folder, hub } = await stage();
    await writeCache(folder, "datasets--o--other", { commit, files: { "secret.txt": "0123456789" } });
    const path = `../../../datasets--o--other/snapshots/${commit}/secret.txt`;
    expect(await failure(() => hub.open({ ...x, path }, all, never))).toMatchObject({ code: "HUB" });
    const revision = "../../datasets--o--other/refs/main";
    expect(await failure(() => hub.resolve(repo, revision))).toMatchObject({ code: "REVISION_NOT_FOUND" });
  });

  it("trusts no ref to a commit it does not have", async () => {
    const { home, hub } = await stage();
    await put(join(home, "refs", "gone"), "c".repeat(40));
    await put(join(home, "refs", "odd"), "not a commit");
    await put(join(home, "refs", "v1", "rc"), commit);
    expect(await failure(() => hub.resolve(repo, "gone"))).toMatchObject({ code: "REVISION_NOT_FOUND" });
    expect(await failure(() => hub.resolve(repo, "odd"))).toMatchObject({ code: "REVISION_NOT_FOUND" });
    expect(await failure(() => hub.resolve(repo, "v1"))).toMatchObject({ code: "REVISION_NOT_FOUND" });
    expect(await hub.resolve(repo, "v1/rc")).toMatchObject({ commit });
  });

  it("refuses a file that grew, a folder and a missing one", async () => {
    const { home, hub } = await stage();
    await appendFile(join(home, "snapshots", commit, "data", "x.bin"), "!");
    await mkdir(join(home, "snapshots", commit, "folder"));
    expect((await failure(() => hub.open(x, all, never))).message).toContain("size differs from the lock");
    expect(await failure(() => hub.open({ ...x, path: "folder" }, all, never))).toMatchObject({
      code: "HUB",
    });
    expect(await hub.access(repo, commit, "folder")).toMatchObject({
      kind: "refused",
      problem: { code: "HUB" },
    });
  });

  it("names the folder where the repository is missing", async () => {
    const { folder, hub } = await stage();
    const problem = await failure(() => hub.resolve({ ...repo, repo: "o/other" }, "main"));
    expect(problem).toMatchObject({ code: "REPO_NOT_FOUND" });
    expect(problem.message).toContain(folder);
  });

  it.each([["not JSON"], ['{"format_version":2,"files":{}}'], ['{"format_version":1}']])(
    "does not list from %s",
    async (text) => {
      const { home, hub } = await stage();
      await writeFile(join(home, "trees", `${commit}.json`), text);
      expect(await failure(() => listAll(hub.list(repo, commit)))).toMatchObject({
        code: "LISTING_INCOMPLETE",
      });
    },
  );
});

describe("openHub() offline", () => {
  it("reads the machine's own cache in place of an http endpoint", async () => {
    const { folder } = await stage();
    const hub = openTestHub({ offline: true, endpoint: "https://h.invalid", env: { HF_HUB_CACHE: folder } });
    expect(hub.label).toBe(folder);
    expect((await hub.resolve(repo, "main")).commit).toBe(commit);
    expect(await listAll(hub.list(repo, commit))).toHaveLength(2);
  });

  it("calls all that lacks OFFLINE, and says what", async () => {
    const { home, hub } = await stage({ offline: true });
    await rm(join(home, "snapshots"), { recursive: true });
    await rm(join(home, "blobs"), { recursive: true });
    const lacking = [
      await failure(() => hub.resolve({ ...repo, repo: "o/other" }, "main")),
      await failure(() => hub.resolve(repo, "dev")),
      await failure(() => hub.resolve(repo, "b".repeat(40))),
      await failure(() => hub.open(x, all, never)),
    ];
    for (const problem of lacking)
      expect(problem).toMatchObject({ code: "OFFLINE", hint: "run once without --offline to fetch it" });
    expect(lacking[3]?.message).toContain('"data/x.bin"');
  });

  it("says so where no cache folder is known", async () => {
    expect(await failure(() => openTestHub({ offline: true }))).toMatchObject({ code: "OFFLINE" });
  });
});

describe("readTree()", () => {
  const entry = (over: object) =>
    readTree(
      JSON.stringify({ format_version: 1, files: { a: { size: 1, blob_id: "b".repeat(40), ...over } } }),
    );

  it.each([
    { size: -1 },
    { size: "1" },
    { size: 1.5 },
    { blob_id: 7 },
    { blob_id: "short" },
    { lfs_sha256: "c".repeat(64) },
  ])("refuses an entry with %j", (over) => {
    expect(typeof entry(over)).toBe("string");
  });

  it("has no digest for a masked file", () => {
    expect(entry({ lfs_sha256: "*".repeat(64), lfs_size: 9 })).toMatchObject({
      files: [{ path: "a", size: 9, digest: undefined }],
    });
  });
});

describe("cardLicenses()", () => {
  it.each([
    ["---\nlicense: mit\n---\n", ["mit"]],
    ["\ufeff---\r\nlicense: 'mit' # x\r\n---\r\n", ["mit"]],
    ['---\na: 1\nlicense: [mit, "apache-2.0"]\n---', ["mit", "apache-2.0"]],
    ["---\nlicense:\n- mit\n- cc-by-4.0\ntags:\n- license\n---\n", ["mit", "cc-by-4.0"]],
    ["---\nlicense:\n---\n", undefined],
    ["---\nlicense_name: x\n---\n", undefined],
    ["license: mit\n", undefined],
    ["# no front matter\n\n---\nlicense: mit\n---\n", undefined],
  ])("of %j are %j", (text, licenses) => {
    expect(cardLicenses(text)).toEqual(licenses);
  });
});
