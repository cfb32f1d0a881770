import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { parse } from "yaml";
import { EXIT } from "../cli/errors.ts";
import packageJson from "../package.json" with { type: "json" };
import { type LoopbackHub, startHub } from "./support/hub/index.ts";
import { noXmlParser, readJUnit } from "./support/junit.ts";
import { readPage, shellLines } from "./support/pages.ts";
import { makeProject, type Project, type Ran } from "./support/project.ts";
import { preCommit, type Tool } from "./support/python.ts";
import { readSarif } from "./support/sarif.ts";
import { bash, execute, lacks, makeRepository, writeScript, writeTritter } from "./support/shell.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";
import { readWorkflowLog } from "./support/workflow-commands.ts";

// What the repository offers to CI, run as far as a machine without a network can: the action, the hooks, and every
// command and recipe of docs/ci.md.

const TOP = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFile(join(TOP, path), "utf8");

const DOCUMENT = await readPage("docs/ci.md");
const { text: PAGE, fences: FENCES } = DOCUMENT;
const RECIPES = FENCES.filter(({ info }) => info === "yml").map(({ text }) => parse(text));

/** A repository of tritter as a clone has it, already built: what it runs is this project's build. */
const CLONE = {
  "scripts/run.mjs!": await read("scripts/run.mjs"),
  "dist/main.js": `await import(${JSON.stringify(pathToFileURL(join(TOP, "dist", "main.js")).href)});\n`,
  ".pre-commit-hooks.yaml": await read(".pre-commit-hooks.yaml"),
  "package.json": '{ "type": "module" }\n',
};

const noBash = await lacks("bash");
const noGit = await lacks("git");

let hub: LoopbackHub;
let project: Project;
let place: TemporaryFolder;

/** Before each test of a group, a project whose lock is up to date, and a `tritter` on the path. */
function useProject(): void {
  beforeEach(async () => {
    hub = await startHub();
    hub.repo("o/code", { license: "mit" }).commit({ "a.txt": "a\n", "b.txt": "b\n" });
    project = await makeProject(hub);
    place = await temporaryFolder();
    await writeTritter(join(place.path, "bin", "tritter"));
    await project.manifest(MANIFEST);
    await project.run("lock");
  });

  afterEach(async () => {
    await hub.close();
    await project.remove();
    await place.remove();
  });
}

const MANIFEST = "sources:\n  code:\n    repo: o/code";

function environment(): Record<string, string> {
  return {
    PATH: `${join(place.path, "bin")}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: project.folder,
    HF_HOME: join(project.folder, "hf"),
    RUNNER_TEMP: place.path,
    GITHUB_WORKSPACE: project.folder,
    GIT_CONFIG_GLOBAL: "/dev/null",
    NO_COLOR: "1",
  };
}

describe.skipIf(noBash !== undefined)("action.yml", async () => {
  useProject();

  interface Step {
    readonly id: string;
    readonly shell: string;
    readonly run: string;
    readonly env: Readonly<Record<string, string>>;
    readonly "working-directory"?: string;
  }

  const action = parse(await read("action.yml"));
  const steps: readonly Step[] = action.runs.steps;

  interface Acted {
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly outputs: Readonly<Record<string, string>>;
    readonly summary: string;
  }

  /** As the runner does: expressions of a step become texts, each step hears the outputs of those before. */
  async function act(
    inputs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Acted> {
    const given = Object.fromEntries(
      Object.entries<{ default: string }>(action.inputs).map(([name, input]) => [
        name,
        inputs[name] ?? input.default,
      ]),
    );
    const outputs: Record<string, Record<string, string>> = {};
    const value = (text: string) =>
      text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, path: string) => {
        const [scope, name = "", , output = ""] = path.split(".");
        if (scope === "inputs") return given[name] ?? "";
        if (path === "github.action_path") return TOP;
        if (scope === "steps") return outputs[name]?.[output] ?? "";
        throw new Error(`unknown expression ${path}`);
      });
    const summaryFile = join(place.path, "summary.md");
    await writeFile(summaryFile, "");
    const ran = { status: 0, stdout: "", stderr: "" };
    for (const { id, run, env: own, "working-directory": folder = "." } of steps) {
      const outputFile = join(place.path, `output-${id}`);
      await writeFile(outputFile, "");
      const expanded = Object.fromEntries(Object.entries(own).map(([name, text]) => [name, value(text)]));
      const { status, stdout, stderr } = await bash(run, {
        cwd: join(project.folder, value(folder)),
        env: {
          ...environment(),
          GITHUB_OUTPUT: outputFile,
          GITHUB_STEP_SUMMARY: summaryFile,
          ...expanded,
          ...env,
        },
      });
      outputs[id] = Object.fromEntries(
        (await readFile(outputFile, "utf8"))
          .trimEnd()
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      );
      ran.stdout += stdout;
      ran.stderr += stderr;
      ran.status = status;
      if (status !== 0) break;
    }
    const told = Object.fromEntries(
      Object.entries<{ value: string }>(action.outputs).map(([name, output]) => [name, value(output.value)]),
    );
    return { ...ran, outputs: told, summary: await readFile(summaryFile, "utf8") };
  }

  it("is a composite action whose scripts hold no expression: inputs reach them as variables", () => {
    expect(action.runs.using).toBe("composite");
    for (const { shell, run } of steps) {
      expect(shell).toBe("bash");
      expect(run).not.toContain("${{");
    }
    for (const input of Object.values<{ description: string; default: string }>(action.inputs)) {
      expect(input.description).toMatch(/^\S.{10,}$/);
      expect(input.default).toBeTypeOf("string");
    }
    const used = steps.flatMap(({ env, "working-directory": folder = "" }) => [
      ...Object.values(env),
      folder,
    ]);
    for (const name of Object.keys(action.inputs)) expect(used).toContain(`\${{ inputs.${name} }}`);
  });

  it("has the inputs that docs/ci.md lists, with their defaults", () => {
    const rows = [...PAGE.matchAll(/^\| `([\w-]+)` \| (.*?) \| /gm)].map(([, name, value]) => [name, value]);
    const shown: Readonly<Record<string, string>> = { path: "this action's own", args: "none" };
    expect(rows).toEqual(
      Object.entries<{ default: string }>(action.inputs).map(([name, input]) => [
        name,
        shown[name] ?? `\`${input.default}\``,
      ]),
    );
  });

  it("passes a good project, without the data", async () => {
    const { status, stdout, stderr, outputs, summary } = await act({});
    expect([status, stderr]).toEqual([0, ""]);
    expect(readWorkflowLog(stdout)).toEqual({
      commands: [],
      plain: [expect.stringMatching(/^tritter check: lock fits the manifest: 2 files, 4 B, /)],
    });
    expect(outputs).toEqual({ status: "ok", "exit-status": "0", report: "" });
    expect(summary).toMatch(/^### tritter check: lock fits the manifest: /);
  });

  it("annotates a bad one, says so in the summary, and fails with its status", async () => {
    await project.manifest(`${MANIFEST}\n    include: ["a.*"]`);
    const { status, stdout, outputs, summary } = await act({});
    expect(status).toBe(3);
    expect(readWorkflowLog(stdout).commands).toMatchObject([
      { name: "error", properties: { file: "tritter.yaml", line: "8", title: "LOCK_STALE" } },
    ]);
    expect(outputs).toEqual({ status: "stale", "exit-status": "3", report: "" });
    expect(summary).toContain("| code | `LOCK_STALE` | ok |");
  });

  it("looks at the disk and asks the Hub where it is told to", async () => {
    expect(await act({ disk: "true" })).toMatchObject({ status: 4, outputs: { status: "drift" } });
    await project.run("sync");
    expect(await act({ disk: "true", args: "--deep" })).toMatchObject({ status: 0 });
    hub.repo("o/code").commit({ "a.txt": "newer\n" });
    expect(await act({ disk: "true" })).toMatchObject({ status: 0 });
    expect(await act({ upstream: "true" })).toMatchObject({ status: 10, outputs: { status: "outdated" } });
  });

  it("runs in a folder below, and names files from the top", async () => {
    await mkdir(join(project.folder, "sub"));
    await project.write("sub/code.yaml", "version: 1\nsources:\n  code: { repo: o/code }\n");
    const { status, stdout, outputs } = await act({
      "working-directory": "sub",
      args: " --manifest  code.yaml ",
    });
    expect(status).toBe(3);
    expect(readWorkflowLog(stdout).commands[0]?.properties.file).toBe("sub/code.yaml");
    expect(outputs.status).toBe("stale");
  });

  it("writes any other format to a file that it names", async () => {
    await project.manifest(`${MANIFEST}\n    expect: { files: 9 }`);
    const { status, stdout, outputs } = await act({ format: "sarif" });
    expect([status, stdout]).toEqual([9, ""]);
    expect(outputs).toMatchObject({ status: "policy", report: join(place.path, "tritter-check.sarif") });
    const { results } = readSarif(await readFile(outputs.report ?? "", "utf8"));
    expect(results).toMatchObject([{ ruleId: "EXPECTATION" }]);
  });

  it("takes arguments as words, and nothing in them as a command", async () => {
    const { status, stdout } = await act({ args: "$(touch pwned) ; touch pwned * `touch pwned`" });
    expect(status).toBe(2);
    expect(stdout).toContain("$(touch");
    await expect(project.read("pwned")).rejects.toThrow("ENOENT");
  });

  it.each([
    ["a name on PATH", () => "tritter"],
    ["an absolute path", () => join(place.path, "bin", "tritter")],
    ["a path from the top of the checkout", () => "./own/tritter"],
  ])("runs the program that is given as %s", async (_, path) => {
    await writeTritter(join(project.folder, "own", "tritter"));
    expect(await act({ path: path() })).toMatchObject({ status: 0, outputs: { status: "ok" } });
  });

  it("says what is missing: a program, or a Node.js that it can run on", async () => {
    const none = await act({ path: "./no/such" });
    expect([none.status, none.stdout]).toEqual([
      1,
      expect.stringContaining("::error title=tritter::there is no"),
    ]);
    await writeScript(join(place.path, "bin", "node"), "#!/bin/sh\nexit 1\n");
    const old = await act({});
    expect(old.status).toBe(1);
    const versions = packageJson.engines.node.match(/\d+\.\d+|\d+$/g) ?? [];
    for (const version of versions) expect(old.stdout).toContain(version);
  });

  it("has a word for every exit status", async () => {
    for (const [name, status] of Object.entries(EXIT)) {
      await writeScript(join(place.path, "bin", "fixed"), `#!/bin/sh\nexit ${status}\n`);
      const { outputs } = await act({ path: "fixed" });
      expect([status, outputs.status]).toEqual([status, name]);
    }
  });
});

describe("scripts/run.mjs", () => {
  useProject();

  it("runs what is built, with its arguments and its status", async () => {
    const script = join(TOP, "scripts", "run.mjs");
    const where = { cwd: project.folder, env: environment() };
    expect(await execute(process.execPath, [script, "--version"], where)).toMatchObject({
      status: 0,
      stdout: `${packageJson.version}\n`,
    });
    expect(await execute(process.execPath, [script, "check", "--bogus"], where)).toMatchObject({ status: 2 });
  });

  it("builds first where nothing is, and keeps standard output to the program", async () => {
    const clone = join(place.path, "clone");
    const main = join(clone, "dist", "main.js");
    await writeScript(join(clone, "scripts", "run.mjs"), CLONE["scripts/run.mjs!"]);
    await writeFile(
      join(clone, "scripts", "build.mjs"),
      `import { mkdirSync, writeFileSync } from "node:fs";
      console.log("building");
      mkdirSync(${JSON.stringify(dirname(main))});
      writeFileSync(${JSON.stringify(main)}, "console.log('answer')");\n`,
    );
    await writeScript(join(place.path, "bin", "npm"), '#!/bin/sh\necho "npm $*"\n');
    const where = { cwd: project.folder, env: environment() };
    const ran = await execute(process.execPath, [join(clone, "scripts", "run.mjs")], where);
    expect(ran).toMatchObject({ status: 0, stdout: "answer\n" });
    expect(ran.stderr).toContain("npm ci ");
    expect(ran.stderr).toContain("building");
    expect((await execute(process.execPath, [join(clone, "scripts", "run.mjs")], where)).stderr).toBe("");
  });

  it("says that it cannot build", async () => {
    await writeScript(join(place.path, "clone", "scripts", "run.mjs"), CLONE["scripts/run.mjs!"]);
    await writeScript(join(place.path, "bin", "npm"), "#!/bin/sh\nexit 7\n");
    const where = { cwd: project.folder, env: environment() };
    const ran = await execute(process.execPath, [join(place.path, "clone", "scripts", "run.mjs")], where);
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toContain("npm ends with status 7");
  });
});

describe(".pre-commit-hooks.yaml", () => {
  useProject();

  let tool: Tool;

  beforeAll(async () => {
    tool = noGit === undefined ? await preCommit() : { skip: noGit };
  }, 180_000);

  async function hook(context: TestContext, config: string, ...args: string[]): Promise<Ran> {
    if ("skip" in tool) return context.skip(tool.skip);
    await project.write(".pre-commit-config.yaml", config);
    const env = { ...environment(), PRE_COMMIT_HOME: join(place.path, "pre-commit"), CI: "1" };
    await execute("git", ["add", "--all"], { cwd: project.folder, env });
    return execute(tool.path, ["run", "--color", "never", ...args], { cwd: project.folder, env });
  }

  const HOOKS = parse(CLONE[".pre-commit-hooks.yaml"]) as { id: string; files: string }[];

  it("is for the manifest and its lock at the top, and no other file", () => {
    for (const { files } of HOOKS) {
      for (const name of ["tritter.yaml", "tritter.lock"]) expect(name).toMatch(new RegExp(files));
      for (const name of ["sub/tritter.yaml", "tritter.yaml.orig", "tritter_yaml", "code.lock"])
        expect(name).not.toMatch(new RegExp(files));
    }
  });

  it.for(HOOKS.map(({ id }) => id))(
    "%s stops a commit whose lock does not fit, and lets others pass",
    async (id, context) => {
      const repository = join(place.path, "tritter");
      if (noGit === undefined) {
        await makeRepository(repository, CLONE);
        await makeRepository(project.folder, {});
      }
      const config = `repos:\n  - repo: ${pathToFileURL(repository).href}\n    rev: v0.1.0\n    hooks: [{ id: ${id} }]\n`;
      const good = await hook(context, config, "--all-files");
      expect(good).toMatchObject({ status: 0, stdout: expect.stringMatching(/tritter\.lock fits.*Passed/) });
      await project.manifest(`${MANIFEST}\n    include: ["a.*"]`);
      const bad = await hook(context, config);
      expect(bad.status).toBe(1);
      expect(bad.stdout).toContain("error[LOCK_STALE]");
    },
  );

  it("the hook of docs/ci.md for another manifest works as it stands there", async (context) => {
    const config = FENCES.find(({ text }) => text.includes("- repo: local"))?.text ?? "";
    if (noGit === undefined) await makeRepository(project.folder, {});
    await project.write("code.yaml", "version: 1\nsources:\n  code: { repo: o/code }\n");
    const ran = await hook(context, config);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain("error[LOCK_MISSING]");
  });
});

describe("docs/ci.md", () => {
  useProject();

  it("every line of shell does what it says, in the order of the page", async () => {
    const lines = shellLines(DOCUMENT);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const ran = await execute("/bin/sh", ["-c", line], { cwd: project.folder, env: environment() });
      expect({ line, ...ran }).toMatchObject({ status: 0 });
    }
    expect((await project.read("summary.md")).toString()).toContain("### tritter check: ");
    if (noXmlParser === undefined)
      expect(await readJUnit((await project.read("junit.xml")).toString())).not.toEqual([]);
  });

  it("says of every exit status what a pipeline should do", () => {
    const rows = [...PAGE.matchAll(/^\| ([\d, ]+) \| .* \| (.*) \|$/gm)];
    const statuses = rows.flatMap(([, list = ""]) => list.split(", ").map(Number));
    expect([...statuses, EXIT.internal].sort((a, b) => a - b)).toEqual(
      [...new Set(Object.values(EXIT))].sort((a, b) => a - b),
    );
    for (const [, , advice] of rows) expect(advice).toMatch(/^[A-Z].*\.$/);
  });

  it("every recipe is what its reader takes", () => {
    const workflows = RECIPES.filter((recipe) => "jobs" in recipe);
    expect(workflows).toHaveLength(4);
    for (const { name, on, permissions, jobs } of workflows) {
      expect(name).toBeTypeOf("string");
      const known = ["pull_request", "push", "schedule", "workflow_dispatch"];
      expect(Object.keys(on).filter((event) => !known.includes(event))).toEqual([]);
      expect(permissions).toHaveProperty("contents");
      for (const { steps } of Object.values<{ steps: Record<string, unknown>[] }>(jobs)) {
        for (const step of steps) {
          expect("uses" in step).not.toBe("run" in step);
          expect(step.uses ?? "x/y@v1").toMatch(/^[\w-]+\/[\w./-]+@v\d/);
        }
      }
    }
    const inputs = workflows
      .flatMap(({ jobs }) => Object.values<{ steps: { uses?: string; with?: object }[] }>(jobs))
      .flatMap(({ steps }) => steps.filter(({ uses }) => uses?.startsWith("owner/tritter@")))
      .flatMap((step) => Object.keys(step.with ?? {}));
    expect(inputs.sort()).toEqual(["format", "upstream"]);
  });

  it.skipIf(noGit !== undefined)("the job for GitLab leaves a report, and fails where it must", async () => {
    const job = RECIPES.find((recipe) => "data" in recipe).data;
    await makeRepository(join(place.path, "tritter"), CLONE);
    const env = { ...environment(), TRITTER: pathToFileURL(join(place.path, "tritter")).href };
    expect(await bash(job.script[0], { cwd: project.folder, env })).toMatchObject({ status: 0 });
    const where = { cwd: project.folder, env };
    expect(await bash(job.script[1], where)).toMatchObject({ status: 0, stderr: "" });
    await project.manifest(`${MANIFEST}\n    include: ["a.*"]`);
    expect(await bash(job.script[1], where)).toMatchObject({ status: 3 });
    expect((await project.read(job.artifacts.reports.junit)).toString()).toContain('type="LOCK_STALE"');
  });

  interface Recipe {
    readonly name?: string;
    readonly run?: string;
  }

  /** A checkout of the project, pushed to a repository of its own, with tritter's beside it and a `gh` that notes what it is told. */
  async function checkout(): Promise<{ git: (...args: string[]) => Promise<Ran>; origin: string }> {
    const origin = join(place.path, "origin.git");
    const git = await makeRepository(project.folder, { ".gitignore": "/hf/\n/.tool/\n/data/\n" });
    await execute("git", ["init", "--quiet", "--bare", origin], { cwd: place.path, env: environment() });
    await git("remote", "add", "origin", origin);
    await git("push", "--quiet", "--set-upstream", "origin", "main");
    await makeRepository(join(project.folder, ".tool"), CLONE);
    await writeScript(
      join(place.path, "bin", "gh"),
      `#!/bin/sh\necho "$*" >> "${place.path}/gh.log"\n[ "$2" != create ] || [ ! -e "${place.path}/exists" ]\n`,
    );
    return { git, origin };
  }

  async function runJob(name: string): Promise<readonly Ran[]> {
    const { jobs } = RECIPES.find((recipe) => recipe.name === name);
    const [job] = Object.values<{ steps: Recipe[] }>(jobs);
    const rans: Ran[] = [];
    for (const { run } of job?.steps ?? [])
      if (run !== undefined) rans.push(await bash(run, { cwd: project.folder, env: environment() }));
    return rans;
  }

  it.skipIf(noGit !== undefined)(
    "the weekly update opens a pull request that shows what changes",
    async () => {
      const { git } = await checkout();
      expect(await runJob("update data")).toMatchObject([{ status: 0 }, { status: 0, stdout: "" }]);
      await expect(readFile(join(place.path, "gh.log"))).rejects.toThrow("ENOENT");

      const commit = hub.repo("o/code").commit({ "a.txt": "newer\n" });
      expect(await runJob("update data")).toMatchObject([{ status: 0 }, { status: 0 }]);
      const { stdout } = await git("show", "origin/update-data:tritter.lock");
      expect(stdout).toContain(commit);
      const changes = await readFile(join(place.path, "changes.md"), "utf8");
      expect(changes).toMatch(/^### tritter update: 1 source changes\n/);
      expect(changes).toContain("| code | pin moved ");
      expect(changes).toContain("to fetch: 1 file, 6 B");

      await git("switch", "--quiet", "main");
      await git("branch", "--delete", "--force", "update-data");
      await writeFile(join(place.path, "exists"), "");
      hub.repo("o/code").commit({ "a.txt": "newest\n" });
      expect(await runJob("update data")).toMatchObject([{ status: 0 }, { status: 0 }]);
      const log = (await readFile(join(place.path, "gh.log"), "utf8")).split("\n");
      expect(log.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
        "pr create",
        "pr create",
        "pr edit",
        "",
      ]);
    },
  );

  it.skipIf(noGit !== undefined)("the job after Renovate locks what the manifest asks for", async () => {
    const { git } = await checkout();
    expect(await runJob("lock data")).toMatchObject([{ status: 0 }]);
    const commit = hub.repo("o/code").commit({ "a.txt": "newer\n" });
    await project.manifest(`${MANIFEST}\n    revision: "${commit}"`);
    await git("commit", "--quiet", "--all", "--message", "Update o/code");
    expect(await runJob("lock data")).toMatchObject([{ status: 0 }]);
    expect((await git("show", "origin/main:tritter.lock")).stdout).toContain(commit);
    expect((await git("status", "--porcelain")).stdout).toBe("");
  });
});

describe("the recipe for Renovate", () => {
  interface Manager {
    readonly managerFilePatterns: readonly string[];
    readonly matchStrings: readonly string[];
    readonly datasourceTemplate: string;
    readonly packageNameTemplate: string;
    readonly currentValueTemplate?: string;
  }

  interface Dependency {
    readonly datasource: string;
    readonly url: string;
    readonly value: string | undefined;
    readonly digest: string | undefined;
    /** What Renovate writes the new digest or value into. */
    readonly replaced: string;
  }

  const config = JSON.parse(FENCES.find(({ info }) => info === "json renovate.json")?.text ?? "{}");
  const managers: readonly Manager[] = config.customManagers;

  /** As its manager for regular expressions does, with what its templates use of Handlebars. */
  function found(manifest: string): readonly Dependency[] {
    return managers.flatMap((manager) =>
      manager.matchStrings.flatMap((source) =>
        [...manifest.matchAll(new RegExp(source, "g"))].map(({ 0: replaced, groups = {} }) => ({
          datasource: manager.datasourceTemplate,
          url: fill(manager.packageNameTemplate, groups),
          value:
            manager.currentValueTemplate === undefined
              ? groups.currentValue
              : fill(manager.currentValueTemplate, groups),
          digest: groups.currentDigest,
          replaced,
        })),
      ),
    );
  }

  function fill(template: string, groups: Readonly<Record<string, string | undefined>>): string {
    const filled = template
      .replace(/\{\{#if (\w+)\}\}(.*?)\{\{else\}\}(.*?)\{\{\/if\}\}/g, (_, name, yes, no) =>
        groups[name] ? yes : no,
      )
      .replace(/\{\{#unless (\w+)\}\}(.*?)\{\{\/unless\}\}/g, (_, name, no) => (groups[name] ? "" : no))
      .replace(/\{\{\{(\w+)\}\}\}/g, (_, name) => groups[name] ?? "");
    if (filled.includes("{{")) throw new Error(`not understood: ${filled}`);
    return filled;
  }

  const C = "9fc30b578cedaec69e47302df72cf00feed7c8c4";
  const hf = (name: string) => `https://huggingface.co/${name}`;

  it("keeps to what RE2 can: no looking around, no referring back", () => {
    for (const source of managers.flatMap(({ matchStrings }) => matchStrings))
      expect(source).not.toMatch(/\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</);
  });

  it("is for manifests of the usual name, in any folder", () => {
    for (const pattern of managers.flatMap(({ managerFilePatterns }) => managerFilePatterns)) {
      const file = new RegExp(pattern.slice(1, -1));
      for (const name of ["tritter.yaml", "a/b/tritter.yml"]) expect(name).toMatch(file);
      for (const name of ["tritter.lock", "not-tritter.yaml", "tritter.yaml.bak"])
        expect(name).not.toMatch(file);
    }
  });

  it.each<[string, string, Partial<Dependency>]>([
    [
      "a block",
      `  a:\n    repo: o/n\n    revision: "${C}"\n`,
      { url: hf("datasets/o/n"), value: "main", digest: C },
    ],
    [
      "a block with a comment that names the branch",
      `  a:\n    repo: o/n # fine\n    revision: ${C}  # refs/convert/parquet\n    include: [x]\n`,
      { url: hf("datasets/o/n"), value: "refs/convert/parquet", digest: C },
    ],
    [
      "a block with a type",
      `  a:\n    repo: 'o/n'\n    type: model\n    revision: '${C}'\n`,
      { url: hf("o/n"), value: "main", digest: C },
    ],
    [
      "the type that is the default",
      `  a:\n    repo: o/n\n    type: dataset\n    revision: ${C}\n`,
      { url: hf("datasets/o/n"), digest: C },
    ],
    [
      "one line",
      `  a: { repo: o/n.v1, revision: "${C}", path: x }\n`,
      { url: hf("datasets/o/n.v1"), digest: C },
    ],
    ["one line with a type", `  a: {repo: o/n,type: model,revision: ${C}}`, { url: hf("o/n"), digest: C }],
    ["several lines in braces", `  a: {\n    repo: o/n,\n    revision: ${C},\n  }\n`, { digest: C }],
    ["line ends of Windows", `  a:\r\n    repo: o/n\r\n    revision: ${C}\r\n`, { digest: C }],
    [
      "a fallback",
      `  a:\n    repo: o/n\n    fallbacks:\n      - repo: o/f\n        revision: ${C}\n`,
      { url: hf("datasets/o/f"), digest: C },
    ],
    [
      "a fallback on one line",
      `    fallbacks:\n      - { repo: o/f, revision: ${C} }\n`,
      { url: hf("datasets/o/f") },
    ],
    ["a tag", "  a:\n    repo: o/n\n    revision: v1.2.0\n", { datasource: "git-tags", value: "v1.2.0" }],
    ["a tag in quotes", '  a: { repo: o/n, revision: "2.0" }\n', { datasource: "git-tags", value: "2.0" }],
    [
      "a tag before the end",
      "  a: { repo: o/n, type: model, revision: 1.0.0-rc.1 }",
      { value: "1.0.0-rc.1", url: hf("o/n") },
    ],
  ])("reads %s", (_, text, expected) => {
    const dependencies = found(`version: 1\nsources:\n${text}`);
    expect(dependencies).toHaveLength(1);
    expect(dependencies[0]).toMatchObject(expected);
    expect(dependencies[0]?.datasource).toBe(
      expected.datasource ?? (expected.digest || !expected.value ? "git-refs" : "git-tags"),
    );
  });

  it.each([
    ["a branch", "  a: { repo: o/n, revision: main }\n"],
    ["a reference", "  a: { repo: o/n, revision: refs/convert/parquet }\n"],
    ["a source without a revision, before one that has it", `  a: { repo: o/n }\n  b:\n    revision: ${C}\n`],
    ["a revision of the next source", `  a:\n    repo: o/n\n  b:\n    revision: ${C}\n    repo: o/m\n`],
    ["fields in another order", `  a:\n    revision: ${C}\n    repo: o/n\n`],
    ["fields between", `  a:\n    repo: o/n\n    path: x\n    revision: ${C}\n`],
    ["a space", `  a: { repo: o/n, type: space, revision: ${C} }\n`],
    ["a comment", `  # a: { repo: o/n, revision: ${C} }\n  #   repo: o/n\n  #   revision: ${C}\n`],
    ["another key that ends so", `  a: { x-repo: o/n, revision: ${C} }\n`],
    ["a commit cut short", `  a: { repo: o/n, revision: ${C.slice(1)} }\n`],
    ["what is longer than a commit", `  a: { repo: o/n, revision: ${C}0 }\n`],
    ["a commit of digits only, which is no tag", `  a: { repo: o/n, revision: "${"1".repeat(39)}" }\n`],
    ["what begins like a tag", "  a: { repo: o/n, revision: v1.2.x/y }\n"],
  ])("leaves alone %s", (_, text) => {
    expect(found(`version: 1\nsources:\n${text}`)).toEqual([]);
  });

  it("reads the example of the page, and every source of it on its own", () => {
    const example = FENCES.find(({ info }) => info === "yaml")?.text ?? "";
    expect(found(example)).toMatchObject([
      { datasource: "git-refs", url: hf("datasets/bigcode/starcoderdata"), value: "main", digest: C },
      { datasource: "git-tags", url: hf("owner/tokenizer"), value: "v1.2.0" },
    ]);
  });

  it("takes no time over a long text that almost matches", () => {
    const long = `${"  a: { repo: o/n, revision: ".repeat(2_000)}\n${" repo: o/n\n".repeat(20_000)}`;
    expect(found(long)).toEqual([]);
  });

  describe("in a project", () => {
    useProject();

    it("what Renovate writes is followed by lock", async () => {
      const first = /"commit": "(\w+)"/.exec(await project.lock())?.[1] ?? "";
      await project.manifest(`${MANIFEST}\n    revision: "${first}" # main`);
      await project.run("lock");
      const next = hub.repo("o/code").commit({ "a.txt": "newer\n" });
      const text = (await project.read("tritter.yaml")).toString();
      const [dependency] = found(text);
      const replaced = dependency?.replaced ?? "";
      expect(text.split(replaced)).toHaveLength(2);
      await project.write(
        "tritter.yaml",
        text.replace(replaced, replaced.replace(dependency?.digest ?? "", next)),
      );
      expect((await project.run("check", "--no-disk")).status).toBe(3);
      const [command = ""] = config.postUpgradeTasks.commands;
      expect(await project.run(...command.split(" ").slice(1))).toMatchObject({ status: 0 });
      expect(await project.lock()).toContain(`"commit": "${next}"`);
      expect((await project.run("check", "--no-disk")).status).toBe(0);
    });
  });
});
