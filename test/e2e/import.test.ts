import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseManifest } from "../../cli/manifest/read.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { asked, makeProject, type Project } from "../support/project.ts";
import { type HfClient, hfClient, runHf } from "../support/python.ts";
import { readTree } from "../support/trees.ts";

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub({ pageSize: 4 });
  hub.repo("o/code").commit({
    ".gitattributes": "*.parquet filter=lfs\n",
    "README.md": "# code\n",
    "rust/a.parquet": { size: 1_000, seed: 1 },
    "rust/deep/b.parquet": { size: 1_100, seed: 2 },
    "rust/notes.txt": "notes\n",
    "go/g.parquet": { size: 2_000, seed: 3 },
    "go/h[1].parquet": { size: 2_100, seed: 4 },
  });
  hub.repo("o/model", { type: "model" }).commit({
    ".gitattributes": "*.safetensors filter=lfs\n",
    "README.md": "# model\n",
    "config.json": "{}\n",
    "model-00001-of-00002.safetensors": { size: 500, seed: 5 },
    "model-00002-of-00002.safetensors": { size: 510, seed: 6 },
  });
  project = await makeProject(hub, { HF_ENDPOINT: hub.url });
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const text = async (name = "tritter.yaml") => (await project.read(name)).toString();

const SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
export HF_TOKEN=hf_secret123
DATA=\${DATA_DIR:-./data}

for lang in rust go; do
  hf download o/code --repo-type dataset \\
    --include "$lang/*.parquet" \\
    --local-dir "$DATA/$lang"
done
huggingface-cli download o/model --include '*.safetensors' "config.json" --exclude "*-00002-*" --local-dir "$DATA/model" --token hf_secret123
hf download o/code --repo-type dataset --include 'rust/[!n]*' --local-dir "$DATA/odd"
`;

describe("import of a script", () => {
  it("writes a manifest that is valid, says where each source is from, and proves it by one listing of a repository", async () => {
    await project.write("download.sh", SCRIPT);
    const ran = await project.run("import", "download.sh");
    expect(ran.status).toBe(0);
    expect(ran.stderr.split("\n")).toEqual([
      "note: download.sh:3: HF_TOKEN is copied nowhere: set it in the environment of tritter too",
      "note: download.sh:11: its --token is copied nowhere: set HF_TOKEN, or log in with hf auth login",
      "",
    ]);
    expect(ran.stdout).toContain("+++ tritter.yaml\n");
    expect(ran.stdout).toContain(
      "download.sh:7 → rust: dataset o/code, 1 pattern, proved: the same 2 files\n",
    );
    expect(ran.stdout).toContain(
      "download.sh:11 → model: model o/model, 3 patterns, proved: the same 2 files\n",
    );
    expect(ran.stdout).toContain(`wrote ${join(project.folder, "tritter.yaml")}; run tritter lock next\n`);
    expect((await text()).split("\n").slice(2)).toEqual(
      `version: 1
name: NAME
root: "\${DATA_DIR:-./data}"

sources:
  # download.sh:7
  rust:
    repo: o/code
    include: ["rust/**/*.parquet"]

  # download.sh:7
  go:
    repo: o/code
    include: ["go/**/*.parquet"]

  # download.sh:11
  model:
    repo: o/model
    type: model
    include: ["*.safetensors", "/config.json"]
    exclude: ["*-00002-*"]

  # download.sh:12
  # No pattern here says what hf's "rust/[!n]*" does: the files are written out.
  odd:
    repo: o/code
    include: ["rust/a.parquet", "rust/deep/b.parquet"]
`
        .replace("NAME", /name: (.*)/.exec(await text())?.[1] ?? "")
        .split("\n"),
    );
    expect(JSON.stringify(ran) + (await text())).not.toContain("hf_secret");
    expect(asked(hub.log)).toEqual(["info", "info", "tree", "tree", "tree", "tree", "tree"]);
    expect(hub.log.some(({ path }) => path.includes("secret"))).toBe(false);

    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(Object.keys(await project.tree())).toEqual([
      "go/go/g.parquet",
      "go/go/h[1].parquet",
      "model/config.json",
      "model/model-00001-of-00002.safetensors",
      "odd/rust/a.parquet",
      "odd/rust/deep/b.parquet",
      "rust/rust/a.parquet",
      "rust/rust/deep/b.parquet",
    ]);
    hub.clearLog();
    expect((await project.run("sync")).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
  });

  it("writes what it could read, tells the rest by its line, and ends with 2", async () => {
    await project.write(
      "download.sh",
      "hf download $WHAT\nhf download o/code --repo-type dataset README.md\npython -c 'snapshot_download(1)'\n",
    );
    const ran = await project.run("import", "download.sh");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(
      "error[NOT_IMPORTED]: cannot import download.sh:1: what $WHAT stands for is known only when it runs\n",
    );
    expect(ran.stderr).toContain(
      "error[NOT_IMPORTED]: cannot import download.sh:3: it downloads from within Python",
    );
    expect(await text()).toContain(
      '  # download.sh:2\n  code:\n    repo: o/code\n    include: ["/README.md"]\n',
    );
    expect(hub.log).toEqual([]);
  });

  it.each([
    ["nothing to import", "echo hello\n", "it downloads nothing with hf download"],
    ["nothing it can read", "hf download $1\n", "what $1 stands for"],
    [
      "only what selects nothing",
      "hf download o/model --include '*.gguf'\n",
      "it selects no file of the repository",
    ],
  ])("writes nothing where there is %s", async (_, script, told) => {
    await project.write("a.sh", script);
    const ran = await project.run("import", "a.sh");
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(told);
    expect(await readdir(project.folder)).not.toContain("tritter.yaml");
  });

  it.each([
    ["no such file", "none.sh", "", "there is no such file"],
    ["no text", "a.sh", "\0\u0001", "it is no text"],
    [
      "too much",
      "a.sh",
      "for i in {1..200}; do for j in {1..60}; do hf download o/n$i-$j; done; done\n",
      "it asks for 12000 sources",
    ],
    ["a file of another kind", "a.yaml", "a: b\n", 'it has no list "models" or "artifacts"'],
  ])("refuses %s", async (_, name, content, told) => {
    if (content !== "") await project.write(name, content);
    const ran = await project.run("import", name);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(told);
  });

  it("adds to a manifest that is there, in its style and below its root, and not twice", async () => {
    const before = `version: 1\nroot: corpus\nendpoint: ${hub.url}\nsources:\n  model: { repo: o/code } # mine\n`;
    await project.write("tritter.yaml", before);
    await project.write(
      "scripts/get.sh",
      'cd "$(dirname "$0")/.."\nhf download o/model config.json --local-dir corpus/cfg\nhf download o/model README.md --local-dir elsewhere/card\nhf download o/model\n',
    );
    const ran = await project.run("import", "scripts/get.sh");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain(
      'note: get.sh:3: --local-dir elsewhere/card is not below the root "corpus": its files go to "corpus/elsewhere/card"\n',
    );
    expect(ran.stderr).toContain("note: get.sh:4: without --local-dir files went into the Hub's cache");
    expect(await text()).toBe(
      `${before}  # get.sh:2\n  cfg: { repo: o/model, type: model, include: ["/config.json"] }\n` +
        '  # get.sh:3\n  card: { repo: o/model, type: model, include: ["/README.md"], path: elsewhere/card }\n' +
        "  # get.sh:4\n  model-2: { repo: o/model, type: model }\n",
    );
    const after = await text();
    const again = await project.run("import", "scripts/get.sh");
    expect(again.status).toBe(0);
    expect(again.stderr).toContain('note: get.sh:2: the manifest has it already, as "cfg"\n');
    expect(await text()).toBe(after);

    expect(await project.run("import", "scripts/get.sh", "--force", "--to", "tritter.yaml")).toMatchObject({
      status: 0,
    });
    expect(await text()).not.toContain("# mine");
    expect(await text()).toContain("root: .\n");
  });

  it("writes nothing in a dry run, and elsewhere with --to", async () => {
    await project.write("get.sh", "hf download o/model --local-dir models/m\n");
    const ran = await project.run("import", "get.sh", "--dry-run");
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(ran.stdout).toContain("+root: models\n");
    expect(ran.stdout).toContain("would write");
    expect(await readdir(project.folder)).not.toContain("tritter.yaml");
    expect(await project.run("import", "get.sh", "--to", "deep/er/tritter.yaml")).toMatchObject({
      status: 0,
    });
    expect(await text("deep/er/tritter.yaml")).toContain("name: er\nroot: models\n");
    expect(await project.run("import", "get.sh", "--to", "code.yaml")).toMatchObject({ status: 0 });
    expect(await text("code.yaml")).toContain(
      "  # get.sh:1\n  model:\n    repo: o/model\n    type: model\n    path: m\n",
    );
    expect(await text("code.yaml")).toContain("name: code\n");
  });

  it("excludes from an earlier download what a later one put over it in the same folder", async () => {
    await project.write(
      "get.sh",
      "hf download o/model --local-dir all\nhf download o/code --repo-type dataset --include '*.md' '.git*' 'go/*' --local-dir all\n",
    );
    const ran = await project.run("import", "get.sh");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain(
      "note: get.sh:1: .gitattributes, README.md: code put its own over it in the same folder, so it is left out here\n",
    );
    expect(await text()).toContain('    exclude: ["/.gitattributes", "/README.md"]\n    path: .\n');
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    const { "README.md": readme } = Object.fromEntries(
      await Promise.all(
        ["README.md"].map(async (name) => [name, (await project.read(`all/${name}`)).toString()]),
      ),
    );
    expect(readme).toBe("# code\n");
  });

  it("drops what a later download replaced altogether", async () => {
    await project.write(
      "get.sh",
      "hf download o/model README.md config.json --local-dir all\nhf download o/code README.md --repo-type dataset --local-dir all\n",
    );
    expect(await project.run("import", "get.sh")).toMatchObject({ status: 0 });
    expect(await text()).toContain('    type: model\n    include: ["/config.json"]\n    path: .\n');
    expect(await project.run("lock")).toMatchObject({ status: 0 });
  });

  it("gathers several downloads of one repository into one folder", async () => {
    await project.write(
      "get.sh",
      "hf download o/model config.json --local-dir d/m\nhf download o/model --include '*.md' --local-dir d/m\nhf download o/model config.json --local-dir d/m\n",
    );
    expect(await project.run("import", "get.sh")).toMatchObject({ status: 0 });
    expect(await text()).toContain(
      '  # get.sh:1, 2, 3\n  model:\n    repo: o/model\n    type: model\n    include: ["/config.json", "*.md"]\n    path: m\n',
    );
  });

  it("translates without a proof where there is no Hub, and its status says why", async () => {
    await project.write(
      "get.sh",
      "hf download o/model --include 'model-*'\nhf download o/model --include '[!m]*' --local-dir x\n",
    );
    const offline = await project.run("import", "get.sh", "--offline");
    expect(offline.status).toBe(2);
    expect(offline.stderr).toContain(
      'error[NOT_IMPORTED]: cannot import get.sh:2: no pattern here says what "[!m]*" says of every name',
    );
    expect(offline.stderr).toContain('error[OFFLINE]: cannot prove the patterns of "model"');
    expect(await text()).toContain(
      '  # get.sh:1\n  # Translated from hf\'s patterns, and not proved: there was no listing.\n  model:\n    repo: o/model\n    type: model\n    include: ["/model-{*,*/**}"]\n',
    );
    await project.write("one.sh", "hf download o/model --include 'model-*'\n");
    expect(await project.run("import", "one.sh", "--to", "one.yaml", "--offline")).toMatchObject({
      status: 7,
    });
    await project.write(
      "gone.sh",
      "hf download o/gone --include 'model-*'\nhf download o/model --include '*.json'\n",
    );
    const gone = await project.run("import", "gone.sh", "--to", "gone.yaml");
    expect(gone.status).toBe(6);
    expect(gone.stdout).toContain("gone.sh:1 → gone: model o/gone, 1 pattern, not proved\n");
    expect(gone.stdout).toContain("gone.sh:2 → model: model o/model, 1 pattern, proved: the same 1 file\n");
  });

  it("answers with one object in JSON", async () => {
    await project.write("get.sh", "hf download o/model --include '*.json'\nhf download $X\n");
    const { status, stdout, stderr } = await project.run("import", "get.sh", "--json");
    expect([status, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      command: "import",
      exit: 2,
      problems: [
        { code: "NOT_IMPORTED", places: [{ file: join(project.folder, "get.sh"), line: 2, column: 1 }] },
      ],
      dryRun: false,
      from: join(project.folder, "get.sh"),
      format: "shell",
      file: join(project.folder, "tritter.yaml"),
      wrote: true,
      sources: [
        {
          name: "model",
          lines: [1],
          repo: "o/model",
          type: "model",
          revision: "main",
          include: ["*.json"],
          exclude: [],
          path: "model",
          proof: "proved",
          files: 1,
        },
      ],
      notes: [{ line: 1 }],
    });
  });
});

describe("import of Hermeto's lock", () => {
  it("pins the same commits, and proves its patterns at them", async () => {
    const commit = hub
      .repo("o/model")
      .commit({ "config.json": "{ }\n", "x.json": "{}\n", "d/y.json": "{}\n" });
    hub.repo("o/model").commit({ "later.json": "{}\n" });
    await project.write(
      "huggingface.lock.yaml",
      `metadata:\n  version: "1.0"\nmodels:\n  - repository: o/model\n    revision: ${commit}\n    include_patterns: ["*.json"]\n  - repository: o/code\n    revision: main\n    type: dataset\n`,
    );
    const ran = await project.run("import", "huggingface.lock.yaml");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(
      'cannot import huggingface.lock.yaml:7: its "revision" is not a commit of 40 hex digits',
    );
    expect(await text()).toContain(
      `  # huggingface.lock.yaml:4\n  model:\n    repo: o/model\n    type: model\n    revision: "${commit}"\n    include: ["*.json"]\n`,
    );
    const read = await parseManifest(await text(), { file: "/p/tritter.yaml", env: {} });
    expect(read).toMatchObject({ kind: "ok" });
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    expect(Object.keys(await project.tree())).toEqual([
      "model/config.json",
      "model/d/y.json",
      "model/x.json",
    ]);
    expect((await project.run("sync")).stdout).toContain("nothing to do");
  });
});

const client: HfClient = await hfClient();
const missing = "skip" in client ? client.skip : undefined;

describe.skipIf(missing !== undefined)(
  `import beside hf${missing === undefined ? "" : `: ${missing}`}`,
  () => {
    /** Behind `hf download`; what each takes, by hf's own word, ends up in the same place. */
    const LINES: readonly (readonly string[])[] = [
      ["o/code", "--repo-type", "dataset"],
      ["o/code", "--repo-type", "dataset", "--include", "*.parquet"],
      ["o/code", "--repo-type", "dataset", "--include", "rust/*", "--exclude", "*.txt"],
      ["o/code", "--repo-type", "dataset", "--include", "rust/*.parquet", "--include", "README.md"],
      ["o/code", "--repo-type", "dataset", "--include", "go/"],
      ["o/code", "--repo-type", "dataset", "--include", "**/*.parquet"],
      ["o/code", "--repo-type", "dataset", "--include", "r*"],
      ["o/code", "--repo-type", "dataset", "--include", "*[!t]"],
      ["o/code", "--repo-type", "dataset", "--exclude", "*/*"],
      ["o/code", "--repo-type", "dataset", "rust/"],
      ["o/code", "--repo-type", "dataset", "README.md", "go/g.parquet"],
      ["o/code", "--repo-type", "dataset", "go/h[1].parquet"],
      ["hf://datasets/o/code/rust/notes.txt"],
      ["o/model", "--include", "model-*"],
    ];

    it.each(LINES.map((words) => [words.join(" "), words] as const))("%s", async (_, words) => {
      if ("skip" in client) throw new Error(client.skip);
      const folder = join(project.folder, "by-hf");
      const quoted = words.map((word) => `'${word}'`).join(" ");
      await project.write("get.sh", `hf download ${quoted} --local-dir data/x\n`);
      expect(await project.run("import", "get.sh")).toMatchObject({ status: 0 });
      expect(await project.run("sync")).toMatchObject({ status: 0 });
      const around = { endpoint: hub.url, home: join(project.folder, "home") };
      expect(await runHf(client.hf, ["download", ...words, "--local-dir", folder], around)).toMatchObject({
        code: 0,
      });
      const theirs = Object.entries(await readTree(folder)).filter(([path]) => !path.startsWith(".cache/"));
      const ours = Object.entries(await project.tree());
      expect(ours.map(([path, bytes]) => [path.replace(/^x\//, ""), bytes])).toEqual(
        theirs
          .map(([path, bytes]) => [path, bytes.toString("latin1")])
          .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
      );
      expect(theirs.length).toBeGreaterThan(0);
      expect((await project.run("sync")).stdout).toContain("nothing to do");
    });
  },
);
