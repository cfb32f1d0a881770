import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { type TemporaryFolder, temporaryFolder } from "./support/trees.ts";

// Packs the project from a clean copy, as a release does, and uses the package as a stranger would.

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = ["cli", "schema", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"];
const PAGES = ["README", "ARCHITECTURE", "DECISIONS", "CHANGELOG", "CONTRIBUTING"].map(
  (name) => `${name}.md`,
);

/** All that a package may hold. */
const WANTED: readonly RegExp[] = [
  /^package\.json$/,
  /^(?:README|ARCHITECTURE|DECISIONS|CHANGELOG|CONTRIBUTING)\.md$/,
  /^LICENSE$/,
  /^docs\/(?:story|json|ci|git|from-hf|facts|reports|library|performance|air-gap|export|signing|report)\.md$/,
  /^manifests\/(?:[a-z-]+\.yaml|README\.md)$/,
  /^dist\/(?:main|index|(?:hash|rows|deep|store)-worker)\.js$/,
  /^dist\/chunk-[A-Z0-9]+\.js$/,
  /^dist\/types\/(?:cli|schema)\/[\w/-]+\.d\.m?ts$/,
  /^man\/tritter\.1$/,
  /^docs\/serve\.md$/,
  /^schema\/(?:manifest|lock|facts|metadata)\.schema\.json$/,
];

/** bytes */
const MOST_PACKED = 600_000;
const MOST_UNPACKED = 2_500_000;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: TemporaryFolder;
let source: string;
let consumer: string;
let packed: Packed;
/** Why the package could not be installed; undefined: it is. */
let unreachable: string | undefined;

beforeAll(async () => {
  folder = await temporaryFolder();
  source = join(folder.path, "source");
  consumer = join(folder.path, "consumer");
  await mkdir(source);
  for (const name of [...SOURCES, ...PAGES, "LICENSE", "docs", "manifests"])
    await cp(join(PROJECT, name), join(source, name), { recursive: true, filter: (from) => !isMade(from) });
  await symlink(join(PROJECT, "node_modules"), join(source, "node_modules"));
  const pack = await run("npm", ["pack", "--json"], source);
  if (pack.status !== 0) throw new Error(`npm pack failed:\n${pack.stderr}`);
  [packed] = JSON.parse(pack.stdout.slice(pack.stdout.indexOf("["))) as [Packed];
  unreachable = await install();
}, 120_000);

afterAll(() => folder.remove());

/** What the build writes beside the sources must come from the build of the copy. */
function isMade(path: string): boolean {
  return /[\\/](?:schema[\\/]validate|report[\\/]advice)\.d?\.?m[jt]s$/.test(path);
}

async function install(): Promise<string | undefined> {
  await mkdir(consumer);
  await writeFile(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"];
  const ran = await run("npm", ["install", ...flags, join(source, packed.filename)], consumer);
  if (ran.status === 0) return undefined;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.exec(
    ran.stderr,
  );
  if (offline !== null) return `no npm registry can be reached (${offline[0]})`;
  throw new Error(`npm install failed:\n${ran.stderr}`);
}

function run(file: string, args: readonly string[], cwd: string): Promise<Ran> {
  const { CI: _, FORCE_COLOR: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ status, stdout, stderr });
    });
  });
}

describe("the package", () => {
  it("holds what it should and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !WANTED.some((wanted) => wanted.test(path)))).toEqual([]);
    expect(WANTED.filter((wanted) => !paths.some((path) => wanted.test(path)))).toEqual([]);
  });

  it("holds every page and file that its own pages lead to", async () => {
    const paths = new Set(packed.files.map(({ path }) => path));
    const pages = [...paths].filter((path) => path.endsWith(".md"));
    const targets = await Promise.all(
      pages.map(async (page) => {
        const text = await readFile(join(PROJECT, page), "utf8");
        const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
        return links.map(([, target = ""]) => posix.join(posix.dirname(page), target));
      }),
    );
    expect(targets.flat().length).toBeGreaterThan(5);
    expect(targets.flat().filter((target) => !paths.has(target))).toEqual([]);
  });

  it("is small", () => {
    expect(packed.size).toBeLessThan(MOST_PACKED);
    expect(packed.unpackedSize).toBeLessThan(MOST_UNPACKED);
  });

  it("has a program that may be run", () => {
    const program = packed.files.find(({ path }) => path === packageJson.bin.tritter);
    expect((program?.mode ?? 0) & 0o111).toBe(0o111);
  });

  it("depends on the packages that its code imports, and on no other", async () => {
    const texts = await Promise.all(
      (await readdir(join(source, "dist")))
        .filter((name) => name.endsWith(".js"))
        .map((name) => readFile(join(source, "dist", name), "utf8")),
    );
    // As esbuild lays them out: a statement begins its line.
    const imports =
      /^(?:import .*|export .*|\} )from "([^"]+)";$|^import "([^"]+)";$|\bimport\("([^"]+)"\)/gm;
    const named = texts.flatMap((text) =>
      [...text.matchAll(imports)].map(([, a, b, c]) => a ?? b ?? c ?? ""),
    );
    const outside = new Set(named.filter((name) => !/^(?:node:|\.)/.test(name)).map(packageOf));
    expect([...outside].sort()).toEqual(Object.keys(packageJson.dependencies).sort());
  });
});

/** `@owner/name/lib/x.js` is of `@owner/name`. */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

describe("the package, installed", () => {
  const installed = (context: TestContext) => {
    if (unreachable !== undefined) context.skip(unreachable);
  };
  const tritter = (...args: string[]) =>
    run(join(consumer, "node_modules", ".bin", "tritter"), args, consumer);

  it("tells its version", async (context) => {
    installed(context);
    expect(await tritter("--version")).toEqual({ status: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  });

  it("has only what the program needs beside it", async (context) => {
    installed(context);
    expect(await readdir(join(consumer, "node_modules"))).not.toContain("ajv");
  });

  it("syncs the sample, and then has nothing to do", async (context) => {
    installed(context);
    for (const name of ["tritter.yaml", "tritter.lock", join("manifests", "sample", "hub")])
      await cp(join(PROJECT, name), join(consumer, name), { recursive: true });
    const first = await tritter("sync", "--locked");
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toContain("synced 6 files");
    expect((await tritter("sync", "--locked")).stdout).toContain("nothing to do");
    expect(await tritter("check", "--deep")).toMatchObject({ status: 0, stderr: "" });
  });

  it("is a library whose types hold for the examples of its pages, which run", async (context) => {
    installed(context);
    const examples = await examplesOf("README.md", "docs/library.md");
    expect(examples.length).toBeGreaterThan(4);
    for (const [name, text] of examples) await writeFile(join(consumer, `${name}.ts`), text);
    const options = {
      target: "ES2023",
      module: "NodeNext",
      moduleResolution: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ["node"],
      typeRoots: [join(PROJECT, "node_modules", "@types")],
    };
    await writeFile(
      join(consumer, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: examples.map(([name]) => `${name}.ts`) }),
    );
    const tsc = join(PROJECT, "node_modules", "typescript", "bin", "tsc");
    expect(await run(process.execPath, [tsc], consumer)).toMatchObject({ status: 0, stdout: "" });
    const ran = new Map<string, Ran>();
    for (const [name] of examples) ran.set(name, await run(process.execPath, [`${name}.js`], consumer));
    for (const [name, { status, stderr }] of ran)
      expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: "" });
    const printed = [...ran.values()].map(({ stdout }) => stdout.split("\n")[0]);
    expect(printed).toEqual([
      "",
      expect.stringMatching(/^\d+ placed, \d+ bytes received$/),
      expect.stringMatching(/^USAGE: /),
      "",
      expect.stringMatching(/^sample-\w+ \d+ \d+$/),
    ]);
    await writeFile(join(consumer, "tritter.yaml"), "version: 1\nsources:\n  new: { repo: o/n }\n");
    const [first] = examples;
    const stale = await run(process.execPath, [`${first?.[0]}.js`], consumer);
    expect(stale).toMatchObject({ status: 3, stderr: "" });
    expect(stale.stdout).toContain("LOCK_STALE: ");
  }, 120_000);

  /** By name and text, in the order of the pages. */
  async function examplesOf(...pages: string[]): Promise<[string, string][]> {
    const texts = await Promise.all(pages.map((page) => readFile(join(PROJECT, page), "utf8")));
    return texts
      .flatMap((text) => [...text.matchAll(/^```ts\n(.*?)^```$/gms)])
      .map(([, text = ""], index) => [`example-${index}`, text]);
  }

  it("hands out its schemas", async (context) => {
    installed(context);
    const text =
      'import schema from "tritter/schema/manifest" with { type: "json" }; console.log(schema.title);';
    const ran = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", text], consumer);
    expect(ran).toEqual({ status: 0, stdout: "tritter.yaml\n", stderr: "" });
  });
});
