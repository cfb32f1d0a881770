import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  const repo = hub.repo("o/code", { license: "mit" });
  const first = repo.commit({
    "rust/a.parquet": { size: 1_000, seed: 1 },
    "rust/b[1].parquet": { size: 1_100, seed: 2 },
    "go/g.parquet": { size: 2_000, seed: 3 },
    "README.md": "# code\n",
  });
  repo.branch("refs/convert/parquet", first);
  repo.tag("1234567", first);
  project = await makeProject(hub);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const text = async (name = "tritter.yaml") => (await project.read(name)).toString();
const start = (rest: string) => project.write("tritter.yaml", `version: 1\nendpoint: ${hub.url}\n${rest}`);
const added = async () => (await text()).replace(`version: 1\nendpoint: ${hub.url}\nsources:\n`, "");

describe("add", () => {
  it("writes the stanza alone, shows it, locks it by one contact, and leaves nothing more to lock", async () => {
    const before = '# mine\nsources:\n  a: # the first\n    repo: o/code\n    include: ["go/*"]\n\n# end\n';
    await start(before);
    const line = ["o/code", "--include", "rust/*", "--strip", "rust", "--group", "all", "--as", "rust"];
    const ran = await project.run("add", ...line);
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    const stanza = [
      "  rust:",
      "    repo: o/code",
      '    include: ["rust/*"]',
      "    strip: rust",
      "    groups: [all]",
    ];
    expect(ran.stdout.split("\n")).toEqual([
      "--- tritter.yaml",
      "+++ tritter.yaml",
      "@@ -5,5 +5,10 @@",
      "   a: # the first",
      "     repo: o/code",
      '     include: ["go/*"]',
      ...stanza.map((one) => `+${one}`),
      " ",
      " # end",
      "rust selects",
      "  + rust/*: 2 files, 2.1 kB",
      expect.stringMatching(/^rust: added at [0-9a-f]{7} \(o\/code at main\), 2 files, 2\.1 kB$/),
      `wrote ${join(project.folder, "tritter.yaml")}`,
      `wrote ${join(project.folder, "tritter.lock")}`,
      "",
    ]);
    expect(await text()).toBe(
      `version: 1\nendpoint: ${hub.url}\n${before.replace("\n\n# end", `\n${stanza.join("\n")}\n\n# end`)}`,
    );
    expect(asked(hub.log)).toEqual(["info", "tree"]);
    expect(Object.keys(JSON.parse(await project.lock()).sources)).toEqual(["rust"]);

    expect(await project.run("sync", "rust", "--locked")).toMatchObject({ status: 0 });
    expect(Object.keys(await project.tree())).toEqual(["rust/a.parquet", "rust/b[1].parquet"]);
    hub.clearLog();
    expect((await project.run("sync", "rust", "--locked")).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
  });

  it.each([
    [
      "a page of a folder",
      "/datasets/o/code/tree/main/rust",
      '  code:\n    repo: o/code\n    include: ["rust/**"]\n',
    ],
    [
      "a page of a file",
      "/datasets/o/code/blob/main/rust/b%5B1%5D.parquet",
      '  code:\n    repo: o/code\n    include: ["rust/b\\\\[1\\\\].parquet"]\n',
    ],
    [
      "a download link",
      "/datasets/o/code/resolve/main/README.md?download=true",
      '  code:\n    repo: o/code\n    include: ["/README.md"]\n',
    ],
    [
      "a branch of the Hub's own",
      "/datasets/o/code/tree/refs%2Fconvert%2Fparquet",
      "  code:\n    repo: o/code\n    revision: refs/convert/parquet\n",
    ],
    [
      "a tag that looks like a number",
      "/datasets/o/code/tree/1234567",
      '  code:\n    repo: o/code\n    revision: "1234567"\n',
    ],
  ])("takes %s of the endpoint in use", async (_, page, stanza) => {
    await start("sources:\n");
    expect(await project.run("add", `${hub.url}${page}`)).toMatchObject({ status: 0, stderr: "" });
    expect(await added()).toBe(stanza);
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect((await project.run("sync")).stdout).toContain("nothing to do");
  });

  it("takes pages of HF_ENDPOINT, hf:// and huggingface.co, and no other", async () => {
    await project.write("tritter.yaml", "version: 1\nsources: {}\n");
    const env = { HF_ENDPOINT: hub.url };
    expect(await project.runWith(env, "add", `${hub.url}/datasets/o/code`)).toMatchObject({ status: 0 });
    expect(await project.runWith(env, "add", "hf://datasets/o/code@1234567/go/", "--as", "go")).toMatchObject(
      { status: 0 },
    );
    const hf = "https://huggingface.co/datasets/o/code/tree/main/go";
    expect(await project.runWith(env, "add", hf, "--as", "page", "--path", "p")).toMatchObject({ status: 0 });
    expect(await text()).toBe(
      'version: 1\nsources: { code: { repo: o/code }, go: { repo: o/code, revision: "1234567", include: ["go/**"] }, page: { repo: o/code, include: ["go/**"], path: p } }\n',
    );
    const other = await project.runWith(env, "add", "https://example.org/datasets/o/code");
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain("it is a page of example.org, which is not the Hub in use");
  });

  it("leaves manifest and lock as they were where the source cannot be locked, and its status tells why", async () => {
    await start("sources:\n  a: { repo: o/code }\n");
    await project.run("lock");
    const [yaml, lock] = [await text(), await project.lock()];
    for (const [status, code, ...args] of [
      [6, "REPO_NOT_FOUND", "o/gone"],
      [2, "PATTERN_NO_MATCH", "o/code", "--as", "b", "--include", "C/*"],
      [2, "PATH_COLLISION", "o/code", "--as", "b", "--path", "a"],
      [2, "REVISION_NOT_FOUND", "o/code", "--as", "b", "--revision", "v9"],
    ] as const) {
      const ran = await project.run("add", ...args);
      expect(ran).toMatchObject({ status });
      expect(ran.stdout).toContain("+++ tritter.yaml");
      expect(ran.stderr).toContain(`error[${code}]`);
      expect(ran.stderr).toContain("note: tritter.yaml is left as it was; --no-lock writes it all the same");
      expect([await text(), await project.lock()]).toEqual([yaml, lock]);
    }
  });

  it("puts the manifest back where the lock cannot be written", async () => {
    await start("sources:\n");
    const before = await text();
    await project.write("tritter.lock.new/x", "in the way");
    const ran = await project.run("add", "o/code");
    expect(ran).toMatchObject({ status: 12 });
    expect(ran.stderr).toContain("note: tritter.yaml is left as it was; --no-lock writes it all the same");
    expect(await text()).toBe(before);
  });

  it("writes nothing in a dry run, and shows what would be locked", async () => {
    await start("sources:\n");
    const before = await text();
    const ran = await project.run("add", "o/code", "--include", "go/*", "--dry-run");
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stdout).toContain("  + go/*: 1 file, 2.0 kB\n");
    expect(ran.stdout).toContain(`would write ${join(project.folder, "tritter.lock")}\n`);
    expect(await text()).toBe(before);
    await expect(project.lock()).rejects.toThrow("ENOENT");
  });

  it("asks no Hub with --no-lock", async () => {
    await start("sources:\n");
    expect(await project.run("add", "o/none", "--no-lock")).toMatchObject({ status: 0 });
    expect(await added()).toBe("  none:\n    repo: o/none\n");
    expect(hub.log).toEqual([]);
    await expect(project.lock()).rejects.toThrow("ENOENT");
  });

  it("leaves other sources of the lock where they are, though their branch moved", async () => {
    await start("sources:\n  a: { repo: o/code }\n");
    await project.run("lock");
    const before = JSON.parse(await project.lock()).sources.a;
    hub.repo("o/code").commit({ "new.txt": "new\n" });
    hub.repo("o/more").commit({ "m.txt": "m\n" });
    expect(await project.run("add", "o/more")).toMatchObject({ status: 0 });
    const { a, more } = JSON.parse(await project.lock()).sources;
    expect(a).toEqual(before);
    expect(more.repo).toBe("o/more");
  });

  it.each([
    [["o/code"], 'the manifest has a source "code" already', "--as code-2"],
    [["o/code", "--as", "all"], 'the manifest has a group "all" already', "--as all-2"],
    [["o/code", "--as", "1x"], 'cannot name a source "1x"', "such as code-2"],
    [["o/x", "--group", "code"], 'group "code" has the name of a source', "mend the command line"],
    [["o/x", "--include", "[!a]"], 'pattern "[!a]" has a negated class', "mend the command line"],
    [["o/x", "--path", "../up"], '"path" is "../up"', "mend the command line"],
    [["o/x", "--revision", ""], '"revision" is empty', "mend the command line"],
    [["ftp://x"], "it is no address of a Hub", "give owner/name"],
  ])("refuses %j and asks no Hub", async (line, told, hint) => {
    await start("sources:\n  code: { repo: o/code, groups: [all] }\n");
    const before = await text();
    const ran = await project.run("add", ...line);
    expect(ran.stderr).toContain(told);
    expect(ran.stderr).toContain(hint);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(await text()).toBe(before);
    expect(hub.log).toEqual([]);
  });

  it.each([
    [
      "Windows' line ends and a byte order mark",
      "\ufeffversion: 1\r\nsources:\r\n",
      '  code:\r\n    repo: o/code\r\n    include: ["go/*"]\r\n',
    ],
    ["no sources at all", "version: 1\n", 'sources:\n  code:\n    repo: o/code\n    include: ["go/*"]\n'],
    ["no line end at its end", "version: 1\nsources:", '\n  code:\n    repo: o/code\n    include: ["go/*"]'],
  ])("keeps every byte of a manifest with %s", async (_, before, more) => {
    await project.write("tritter.yaml", before);
    expect(await project.run("add", "o/code", "--include", "go/*", "--endpoint", hub.url)).toMatchObject({
      status: 0,
    });
    expect(await text()).toBe(before + more);
    expect(await project.run("remove", "code")).toMatchObject({ status: 0 });
    expect(await text()).toBe(before.includes("sources") ? before : `${before}sources:\n`);
  });

  it("follows a manifest that is a symlink, and tells mistakes that were there before at their lines", async () => {
    await project.write("real.yaml", `version: 1\nendpoint: ${hub.url}\nsources:\n`);
    await symlink("real.yaml", join(project.folder, "tritter.yaml"));
    expect(await project.run("add", "o/code")).toMatchObject({ status: 0 });
    expect(await text("real.yaml")).toContain("  code:\n");
    await project.write("broken.yaml", "version: 1\nsorces:\n");
    const ran = await project.run("add", "o/code", "--manifest", "broken.yaml");
    expect(ran).toMatchObject({ status: 2 });
    expect(ran.stderr).toContain('broken.yaml:2:1: error: unknown key "sorces"');
    expect(await project.run("add", "o/code", "--manifest", "none.yaml")).toMatchObject({ status: 2 });
  });
});

describe("remove", () => {
  beforeEach(async () => {
    await start(
      'sources:\n  # of a\n  a: { repo: o/code, include: ["go/*"] }\n\n  # of b\n  b:\n    repo: o/code\n    include: ["rust/*"]\n    groups: [g]\n',
    );
    await project.run("sync");
    hub.clearLog();
  });

  it("takes a source out of manifest and lock, asks no Hub and leaves the files until a sync", async () => {
    const ran = await project.run("remove", "b");
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stdout).toContain("-  # of b\n-  b:\n-    repo: o/code\n");
    expect(ran.stdout).toContain("b: dropped, 2 files, 2.1 kB\n");
    expect(ran.stderr).toContain(
      `note: files of b stay below "${project.root}" until tritter sync, without names, prunes them`,
    );
    expect(await added()).toBe('  # of a\n  a: { repo: o/code, include: ["go/*"] }\n');
    expect(Object.keys(JSON.parse(await project.lock()).sources)).toEqual(["a"]);
    expect(Object.keys(await project.tree())).toHaveLength(3);
    expect(await project.run("sync", "--locked", "--prune")).toMatchObject({ status: 0 });
    expect(Object.keys(await project.tree())).toEqual(["a/go/g.parquet"]);
    expect((await project.run("sync")).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
  });

  it("takes several at once, or none", async () => {
    const before = await text();
    expect(await project.run("remove", "a", "c")).toMatchObject({ status: 2 });
    expect(await text()).toBe(before);
    expect(await project.run("remove", "a", "b", "a")).toMatchObject({ status: 0 });
    expect(await added()).toBe("");
    expect(JSON.parse(await project.lock()).sources).toEqual({});
  });

  it("writes nothing in a dry run", async () => {
    const [yaml, lock] = [await text(), await project.lock()];
    const ran = await project.run("remove", "a", "--dry-run");
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(ran.stdout).toContain("would write");
    expect([await text(), await project.lock()]).toEqual([yaml, lock]);
  });

  it("says what a name is that is no source", async () => {
    expect((await project.run("remove", "g")).stderr).toContain(
      'cannot remove "g": it is a group\n  hint: name its sources: tritter remove b',
    );
    expect((await project.run("remove", "B")).stderr).toContain(
      'the manifest has no such source\n  hint: did you mean "b"?',
    );
  });

  it("leaves a lock alone that never had it", async () => {
    await project.run("add", "o/code", "--as", "c", "--no-lock");
    const lock = await project.lock();
    const ran = await project.run("remove", "c");
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(await project.lock()).toBe(lock);
  });
});
