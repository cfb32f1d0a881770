import { execFile } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArgs } from "../cli/args.ts";
import { SPECS } from "../cli/commands/specs.ts";
import { CODES, type ErrorCode, EXIT, exitStatusOf } from "../cli/errors.ts";
import { parseManifest } from "../cli/manifest/read.ts";
import { ADVICE } from "../cli/report/advice.mjs";
import { MEANINGS } from "../cli/report/meanings.ts";
import packageJson from "../package.json" with { type: "json" };
import manifestSchema from "../schema/manifest.schema.json" with { type: "json" };
import { hasGit } from "./support/git.ts";
import { type LoopbackHub, startHub } from "./support/hub/index.ts";
import { layOut, realLayouts } from "./support/layouts.ts";
import { type Page, readPage, shellLines, stepsOf } from "./support/pages.ts";
import { makeProject, type Project, type Ran } from "./support/project.ts";
import { serveProgram } from "./support/serving.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";
import { fakeTerminal } from "./support/world.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = join(PROJECT, "dist", "main.js");
const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "DECISIONS.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "docs/story.md",
  "docs/git.md",
  "docs/serve.md",
  "docs/json.md",
  "docs/library.md",
  "docs/ci.md",
  "docs/from-hf.md",
  "docs/facts.md",
  "docs/reports.md",
  "docs/report.md",
  "docs/performance.md",
  "docs/air-gap.md",
  "docs/export.md",
  "docs/signing.md",
  "manifests/README.md",
];

/** Lines of shell that the tests do not run, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npm ci && npm run demo": "installs what the tests are running from; scripts.test.ts runs the demo",
  "npm ci && npm test": "would run these tests again",
  "npm ci": "installs what the tests are running from",
  "npm install --global .": "changes the machine; package.test.ts installs the package in a folder",
  "tritter lock --manifest quality-first.yaml": "run by test/manifests",
  "tritter sync --manifest quality-first.yaml --dry-run": "run by test/manifests",
  "npm test": "would run these tests again",
  "npm run build": "replaces what the tests are running",
  "npm run format": "rewrites the project",
  "npm run vitest -- test/cli/plan.test.ts": "is a run of tests",
  "npm run bench": "takes an hour; bench.test.ts runs parts of it",
  "npm run bench -- --markdown": "takes an hour; bench.test.ts runs parts of it",
  "npm run bench -- --quick small": "takes minutes; bench.test.ts runs another part",
  "npm run bench -- --budget file-1g small": "takes minutes; bench.test.ts runs another part",
  "npm run bench -- --on /mnt/data capped-large": "needs a disk there",
  "npm run kill -- --kills 2000 --seed 7": "takes half an hour",
  "tritter serve": "answers until it is stopped; e2e/serve.test.ts runs it",
  "export HF_ENDPOINT=http://127.0.0.1:8741": "e2e/serve.test.ts has a port of its own",
  "hf download ammarnasr/the-stack-rust-clean --repo-type dataset --local-dir copy":
    "e2e/serve.test.ts runs it with repositories of its own",
  "TRITTER_SERVE_TOKEN=hf_between-us tritter serve --host 0.0.0.0":
    "would be open to the network of the tests",
};

const PKCS8 = { type: "pkcs8", format: "pem" } as const;

const pages = new Map<string, Page>(
  await Promise.all(PAGES.map(async (name): Promise<[string, Page]> => [name, await readPage(name)])),
);

function pageOf(name: string): Page {
  return pages.get(name) as Page;
}

const README = pageOf("README.md");

/** Rows of the table under a heading, cells without their outer blanks; the head is left out. */
function rowsUnder({ text }: Page, heading: string, table = 0): string[][] {
  const section = sectionOf(text, heading);
  const tables = section.match(/(?:^\|.*\n)+/gm) ?? [];
  const [, , ...rows] = (tables[table] ?? "").trimEnd().split("\n");
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function sectionOf(text: string, heading: string): string {
  const at = text.indexOf(`\n## ${heading}\n`);
  if (at < 0) throw new Error(`no heading "${heading}"`);
  const end = text.indexOf("\n## ", at + 1);
  return text.slice(at, end < 0 ? undefined : end);
}

function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

describe("commands in the documents", () => {
  let hub: LoopbackHub;
  let project: Project;
  let bin: TemporaryFolder;

  beforeEach(async () => {
    hub = await startHub();
    layOut(
      hub,
      realLayouts().filter(({ repo }) => repo === "ammarnasr/the-stack-rust-clean"),
    );
    project = await makeProject(hub);
    bin = await temporaryFolder();
    const program = join(bin.path, "tritter");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(program, 0o755);
  });

  afterEach(async () => {
    await hub.close();
    await project.remove();
    await bin.remove();
  });

  function shell(line: string): Promise<Ran> {
    const env = {
      PATH: `${bin.path}:${process.env.PATH}`,
      HOME: project.folder,
      HF_HOME: join(project.folder, "hf"),
      HF_ENDPOINT: hub.url,
      GIT_CONFIG_GLOBAL: "/dev/null",
      NO_COLOR: "1",
    };
    return new Promise((resolve) => {
      execFile("/bin/sh", ["-c", line], { cwd: project.folder, env }, (error, stdout, stderr) => {
        const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        resolve({ status, stdout, stderr });
      });
    });
  }

  it("README: every line of shell does what it says, in the order of the page", async () => {
    const ran: string[] = [];
    for (const step of stepsOf(README)) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind !== "run" || step.line in NOT_RUN) continue;
      const { line } = step;
      if (!hasGit && /^git |--git$/.test(line)) continue;
      const result = await shell(line);
      expect({ line, ...result }).toMatchObject({ status: 0 });
      ran.push(line);
      if (line === "tritter sync" && ran.at(-2) === "tritter sync")
        expect(result.stdout).toContain("nothing to do");
    }
    expect(ran).toContain("tritter update rust");
    expect(Object.keys(await project.tree())).toHaveLength(28);
  }, 60_000);

  it("every line of shell on another page is known", () => {
    // Those of docs/git.md, docs/facts.md, docs/reports.md and docs/report.md are run by tests of their names in e2e, those of the others by others.
    const run = [
      "README.md",
      "docs/git.md",
      "docs/ci.md",
      "docs/from-hf.md",
      "docs/story.md",
      "docs/facts.md",
      "docs/reports.md",
      "docs/report.md",
      "docs/air-gap.md",
      "docs/export.md",
      "docs/signing.md",
    ];
    const others = [...pages.values()].filter(({ name }) => !run.includes(name));
    expect(others.flatMap(shellLines).filter((line) => !(line in NOT_RUN))).toEqual([]);
  });

  it("no line is excused that no page has", () => {
    const lines = new Set([...pages.values()].flatMap(shellLines));
    expect(Object.keys(NOT_RUN).filter((line) => !lines.has(line))).toEqual([]);
  });

  it("every script of npm that is named exists", () => {
    const named = [...pages.values()].flatMap(({ text }) =>
      [...text.matchAll(/npm run ([\w-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => !(name in packageJson.scripts))).toEqual([]);
  });

  it("every tritter command named anywhere can be read", () => {
    const commands = [...pages.values()].flatMap((page) => [
      ...shellLines(page),
      ...codeSpans(page.prose).filter((code) => code.startsWith("tritter ")),
    ]);
    const argvs = commands
      .filter((line) => /^tritter [a-z]/.test(line) && !/[<[…]/.test(line))
      .map((line) =>
        line
          .replace(/ \\?[>|].*$/, "")
          .split(" ")
          .slice(1),
      );
    expect(argvs.length).toBeGreaterThan(10);
    for (const argv of argvs) {
      const lines = { stdout: fakeTerminal(), stderr: fakeTerminal(), version: "0" };
      expect(() => parseArgs(argv, lines), argv.join(" ")).not.toThrow();
    }
  });

  it("every command that a hint of the program names can be read", async () => {
    const names = SPECS.map(({ name }) => name).join("|");
    const told = (await textsOf("cli")).flatMap((text) =>
      [...text.matchAll(new RegExp(`\\btritter (?:${names})(?: --[a-z-]+)*`, "g"))].map(([line]) => line),
    );
    expect(told).toContain("tritter sync --prune");
    for (const line of new Set(told)) {
      const [, name = "", ...flags] = line.split(" ");
      const known = SPECS.find((spec) => spec.name === name)?.options.map((option) => option().long) ?? [];
      expect(
        flags.filter((flag) => !known.includes(flag) && flag !== "--help"),
        line,
      ).toEqual([]);
    }
  });

  it("every option named alone exists", () => {
    const known = new Set(SPECS.flatMap((spec) => spec.options.map((option) => option().long)));
    const named = [...pages.values()].flatMap(({ prose }) =>
      codeSpans(prose).flatMap((code) => /^(--[a-z-]+)/.exec(code)?.[1] ?? []),
    );
    const always = ["--help", "--version"];
    expect(named.filter((flag) => !known.has(flag) && !always.includes(flag))).toEqual([]);
  });
});

describe("manifests in the documents", () => {
  const all = [...pages.values()].flatMap(({ name, fences }) =>
    fences.filter(({ info }) => info.split(" ")[0] === "yaml").map(({ text }) => [name, text] as const),
  );

  it("there are some", () => {
    expect(all.length).toBeGreaterThan(2);
  });

  it.each(all)("%s: a manifest without a mistake", async (_, text) => {
    const read = await parseManifest(text, { file: "/project/tritter.yaml", env: {} });
    expect(read).toMatchObject({ kind: "ok" });
  });
});

describe("README.md", () => {
  it("lists every exit status", () => {
    const statuses = rowsUnder(README, "Exit status").map(([status]) => Number(status));
    expect(statuses).toEqual([...new Set(Object.values(EXIT))].sort((a, b) => a - b));
  });

  it("gives the order of exit statuses that the program keeps, and so does --help", () => {
    const order =
      /the first that applies of ([\d, ]+)/.exec(README.text)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
    expect([...order].sort((a, b) => a - b)).toEqual(
      [...new Set(Object.values(CODES))].filter((one) => one < 100).sort((a, b) => a - b),
    );
    const codes = Object.keys(CODES) as ErrorCode[];
    const problems = order.map((status) => ({
      code: codes.find((code) => CODES[code] === status) as ErrorCode,
      message: "",
    }));
    for (const [index, status] of order.entries())
      expect(exitStatusOf(problems.slice(index).reverse())).toBe(status);
    const stdout = fakeTerminal();
    parseArgs(["--help"], { stdout, stderr: fakeTerminal(), version: "0" });
    expect(stdout.text()).toContain(`in the order ${order.join(" ")})`);
    for (const status of Object.values(EXIT)) expect(stdout.text()).toMatch(new RegExp(`\\b${status}\\b`));
  });

  it("has a row for every error code with its exit status, in the order of cli/errors.ts", () => {
    const rows = rowsUnder(README, "Errors").map(([code, status]) => [code, status]);
    expect(rows).toEqual(Object.entries(CODES).map(([code, status]) => [`\`${code}\``, String(status)]));
  });

  it("is what code scanning is told of every error and exit status", () => {
    const rows = rowsUnder(README, "Errors").map(([code = "", , advice]) => [codeSpans(code)[0], advice]);
    expect(Object.entries(ADVICE)).toEqual(rows);
    const meanings = rowsUnder(README, "Exit status").map(([status, meaning]) => [Number(status), meaning]);
    for (const [name, status] of Object.entries(EXIT))
      expect(meanings).toContainEqual([status, MEANINGS[name as keyof typeof EXIT]]);
  });

  it("says what to do about every error", () => {
    for (const [code, , advice = ""] of rowsUnder(README, "Errors"))
      expect(advice, code).toMatch(/^[A-Z`].{15,}\.\)?$/);
  });

  it("has a row for every command, with its arguments and its summary", () => {
    const shown = ({ name, required, variadic }: { name: string; required: boolean; variadic: boolean }) => {
      const dots = variadic ? "..." : "";
      return required ? ` <${name}${dots}>` : ` [${name}${dots}]`;
    };
    const wanted = SPECS.filter(({ hidden }) => hidden !== true).map((spec) => {
      const given = (spec.arguments ?? []).map((argument) =>
        shown({ name: argument.name(), required: argument.required, variadic: argument.variadic }),
      );
      return [`\`tritter ${spec.name}${given.join("")}\``, spec.summary];
    });
    expect(rowsUnder(README, "Commands")).toEqual(wanted);
  });

  it("has a row for every variable that the program reads", async () => {
    const documented = rowsUnder(README, "Environment").flatMap(([names = ""]) => codeSpans(names));
    expect([...documented].sort()).toEqual(await variablesRead());
  });

  it("has a row for every field of the manifest, with its default", () => {
    const { properties, $defs } = manifestSchema;
    const { policy, ...top } = properties;
    const topNames = [...Object.keys(top), "policy.licenses.allow", "policy.licenses.deny", "policy.deny"];
    const [above, below] = [rowsUnder(README, "The manifest", 0), rowsUnder(README, "The manifest", 1)];
    expect(above.map(([name]) => name).sort()).toEqual(topNames.map((name) => `\`${name}\``).sort());
    const fields = $defs.source.properties;
    expect(below.map(([name]) => name).sort()).toEqual(
      Object.keys(fields)
        .map((name) => `\`${name}\``)
        .sort(),
    );
    const defaults = new Map<string, string>([["root", properties.root.default]]);
    for (const name of Object.keys(fields)) {
      const definition = ($defs as Record<string, { default?: string }>)[name];
      if (definition?.default !== undefined) defaults.set(name, definition.default);
    }
    expect(defaults.size).toBeGreaterThan(3);
    const written = new Map([...above, ...below].map(([name, , value]) => [name, value]));
    for (const [name, value] of defaults) expect(written.get(`\`${name}\``)).toBe(`\`${value}\``);
    for (const name of ["repo"]) expect(written.get(`\`${name}\``)).toBe("required");
  });

  it("names the oldest Node.js that the package admits", () => {
    const oldest = /\d+\.\d+/.exec(packageJson.engines.node)?.[0];
    expect(README.text).toContain(`Node.js ${oldest}`);
  });
});

async function textsOf(name: string): Promise<string[]> {
  const folder = join(PROJECT, name);
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    names.filter((one) => one.endsWith(".ts")).map((one) => readFile(join(folder, one), "utf8")),
  );
}

/** By the two ways in which `cli/` names a variable: `env.NAME`, and `either("NAME")` for one that has a lower-case twin. */
async function variablesRead(): Promise<string[]> {
  const texts = await textsOf("cli");
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\benv\.([A-Z][A-Z0-9_]*)|\beither\("([A-Z_]+)"\)/g)].map(([, a, b]) => a ?? b ?? ""),
  );
  return [...new Set(found)].sort();
}

describe("links", () => {
  const links = [...pages.values()].flatMap(({ name, prose }) =>
    [...prose.matchAll(/\[[^\]\n]*\]\(([^)\s]+)\)/g)].map(([, target = ""]) => [name, target] as const),
  );

  it.each(links.filter(([, target]) => !/^https?:/.test(target)))(
    "%s: %s leads somewhere",
    async (name, target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? name : posix.join(posix.dirname(name), path);
      const text = await readFile(join(PROJECT, file), "utf8").catch(async () => {
        expect(await readdir(join(PROJECT, file))).not.toEqual([]);
        return "";
      });
      if (anchor !== undefined) expect(anchorsOf(text)).toContain(anchor);
    },
  );

  it("of other sites are https", () => {
    expect(links.filter(([, target]) => target.startsWith("http:"))).toEqual([]);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("docs/json.md", () => {
  const JSON_PAGE = pageOf("docs/json.md");
  let hub: LoopbackHub;
  let project: Project;

  beforeEach(async () => {
    hub = await startHub();
    const files = { "a/x.parquet": { size: 500, seed: 1 }, "b/y.md": "y\n", "b/z.md": "z\n" };
    hub.repo("o/code").tag("v1", hub.repo("o/code").commit(files));
    hub.repo("o/gated", { gated: "auto" }).commit({ "g.parquet": { size: 500, seed: 2 } });
    project = await makeProject(hub);
  });

  afterEach(async () => {
    await hub.close();
    await project.remove();
  });

  type Json = Record<string, unknown>;

  async function json(...args: string[]): Promise<Json> {
    const { stdout, stderr, status } = await project.run(...args, "--json");
    expect(stderr).toBe("");
    const object: Json = JSON.parse(stdout);
    expect(object.exit).toBe(status);
    return object;
  }

  const COMMON = rowsUnder(
    { ...JSON_PAGE, text: JSON_PAGE.text.replace("\n# ", "\n## ").replace(/^# `--json`/, "\n## `--json`") },
    "`--json`",
  ).map(([name = ""]) => codeSpans(name)[0] ?? "");

  /** One real answer of each command, with as many members filled as one project can show. */
  async function answers(): Promise<{ real: Readonly<Record<string, Json>>; more: readonly Json[] }> {
    const init = await json("init", "new");
    await project.manifest(
      'sources:\n  code: { repo: o/code, include: ["a/*", "b/*"], groups: [all] }\n  fixed: { repo: o/code, path: f }',
    );
    const add = await json("add", "datasets/o/code", "--as", "extra", "--include", "b/*");
    const remove = await json("remove", "extra");
    await project.write("get.sh", "hf download o/code --repo-type dataset --include 'b/*' --local-dir d/x\n");
    const imported = await json("import", "get.sh", "--to", "new/code.yaml", "--endpoint", hub.url);
    const lock = await json("lock");
    await project.write("before.lock", await project.lock());
    await project.write("old/y", "y\n");
    const adopt = await json("adopt", "old");
    await json("sync");
    await project.write("data/code/b/y.md", "edited");
    await project.manifest(
      'sources:\n  fixed: { repo: o/code, path: g }\n  other: { repo: o/code, include: ["b/*"] }',
    );
    const placement = await json("check");
    await project.manifest(
      'sources:\n  fixed: { repo: o/code, revision: v1, path: f }\n  other: { repo: o/code, include: ["b/*"] }',
    );
    const check = await json("check");
    const sync = await json("sync", "--prune");
    const bundle = await json("bundle", "create", "b.tar");
    const applied = await json("bundle", "apply", "b.tar");
    hub.repo("o/code").commit({ "b/new.md": "n\n", "b/z.md": "z\n" });
    const update = await json("update", "--dry-run");
    const outdated = await json("outdated");
    const diff = await json("diff", "--from", "before.lock");
    const clean = await json("clean", "--dry-run");
    await project.write("data/other/b/z.md", "another");
    await project.write("tritter.lock", (await project.lock()).replace(/\{"path":"b\/y.md".*\n/, ""));
    const resolved = await json("lock", "--resolve", "ours");
    const doctor = await json("doctor", "other");
    const explain = await json("explain", "DRIFT");
    const [list, facts] = [await json("list"), await json("facts")];
    const report = await json("report", "--upstream");
    await project.write("signing_key", generateKeyPairSync("ed25519").privateKey.export(PKCS8));
    const sign = await json("sign", "--key", "signing_key");
    const key = createPublicKey(await project.read("signing_key"));
    await project.write("signing_key.pub", key.export({ type: "spki", format: "pem" }));
    const verify = await json("verify", "--key", "signing_key.pub");
    const exported = await json("export", "--format", "in-toto", "--output", "x.json", "other");
    const why = await json("why", "data/other/b/z.md");
    hub.repo("o/code").forget(JSON.parse(await project.lock()).sources.other.commit);
    const rescue = await json("rescue");
    const server = await serveProgram(project);
    await server.end();
    const serve: Json = { ...server.serving };
    return {
      real: {
        init,
        add,
        remove,
        import: imported,
        lock,
        update,
        rescue,
        sync,
        adopt,
        bundle,
        check,
        list,
        facts,
        report,
        export: exported,
        outdated,
        diff,
        why,
        sign,
        verify,
        doctor,
        explain,
        clean,
        serve,
      },
      more: [placement, resolved, applied],
    };
  }

  it("documents every member that a command prints, and no other", async () => {
    const { real, more } = await answers();
    const spoken = SPECS.filter(
      ({ hidden, name }) => hidden !== true && !["completion", "schema"].includes(name),
    );
    const withJson = spoken.map(({ name }) => name);
    expect(Object.keys(real).sort()).toEqual(withJson.sort());
    const words = new Set(codeSpans(JSON_PAGE.text));
    for (const [command, object] of Object.entries(real)) {
      const own = Object.keys(object).filter((name) => !COMMON.includes(name));
      expect(Object.keys(object).slice(0, COMMON.length), command).toEqual(COMMON);
      const section = sectionFor(command);
      const named = new Set(codeSpans(section));
      expect(
        own.filter((name) => !named.has(name)),
        command,
      ).toEqual([]);
      expect(
        tableNames(section).filter((name) => !own.includes(name)),
        command,
      ).toEqual([]);
    }
    const names = [...Object.values(real), ...more].flatMap(namesIn);
    expect([...new Set(names)].filter((name) => !words.has(name))).toEqual([]);
  }, 60_000);

  it("its example is a real answer of that kind", async () => {
    const [example] = JSON_PAGE.fences
      .filter(({ info }) => info === "json")
      .map(({ text }) => JSON.parse(text));
    hub.token("hf_other000");
    await project.manifest("sources:\n  code: { repo: o/gated }");
    const { stdout, status } = await project.runWith({ HF_TOKEN: "hf_other000" }, "lock", "--json");
    const real: Json = JSON.parse(stdout);
    expect(status).toBe(example.exit);
    expect(Object.keys(example)).toEqual(Object.keys(real));
    const [shown, told] = [example.problems[0], (real.problems as Json[])[0] as Json];
    expect(shown.code).toBe(told.code);
    expect(Object.keys(shown).filter((name) => !(name in told))).toEqual([]);
  });

  function sectionFor(command: string): string {
    const headings = [...JSON_PAGE.text.matchAll(/^## (.*)$/gm)].map(([, heading = ""]) => heading);
    const heading = headings.find((one) => one.split(", ").includes(command));
    return sectionOf(JSON_PAGE.text, heading ?? command);
  }

  /** First column of the section's first table. */
  function tableNames(section: string): string[] {
    const [table = ""] = section.match(/(?:^\|.*\n)+/m) ?? [];
    const [, , ...rows] = table.trimEnd().split("\n");
    return rows.flatMap((row) => codeSpans(row.split("|")[1] ?? ""));
  }

  /** Of an object and all below it. */
  function namesIn(value: unknown): string[] {
    if (Array.isArray(value)) return [...new Set(value.flatMap(namesIn))];
    if (typeof value !== "object" || value === null) return [];
    // Keyed by reason, not by name.
    const { reasons: _, ...named } = value as Json;
    return [...new Set(Object.entries(named).flatMap(([name, member]) => [name, ...namesIn(member)]))];
  }
});
