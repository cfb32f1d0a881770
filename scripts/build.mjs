// Builds dist/ from cli/ and schema/. Quiet: what it prints is an error. `--types` also emits declarations (slow).

import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import * as esbuild from "esbuild";
import { manPage } from "./man.mjs";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...segments) => join(project, ...segments);

/** What start-up would otherwise compile: a validator a document, with nothing of ajv left to load. */
async function compileValidators() {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: false },
  });
  for (const name of ["manifest", "lock", "facts"])
    ajv.addSchema(JSON.parse(await readFile(at("schema", `${name}.schema.json`), "utf8")), name);
  const source = standalone.default(ajv, { manifest: "manifest", lock: "lock", facts: "facts" });
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `${source}\n${ADAPTER}`, resolveDir: project, loader: "js" },
    bundle: true,
    // Nobody reads what is made, and it is a sixth of all that is shipped.
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
  });
  await replace(
    at("schema", "validate.mjs"),
    `// Made by scripts/build.mjs from the schemas beside it.\n${AJV_NOTICE}\n${outputFiles[0].text}`,
  );
  await replace(at("schema", "validate.d.mts"), DECLARATIONS);
}

/** A legal comment, which bundlers carry over. */
const AJV_NOTICE =
  "/*! Holds code of ajv: MIT licence, Copyright (c) 2015-2021 Evgeny Poberezkin, https://github.com/ajv-validator/ajv */";

const ADAPTER = `
const run = (validate) => (data) => (validate(data) ? [] : validate.errors.map(({ instancePath, keyword, params, message, parentSchema, schemaPath }) =>
  ({ path: instancePath, keyword, params, message, description: parentSchema && parentSchema.description, schemaPath, known: parentSchema && parentSchema.properties ? Object.keys(parentSchema.properties) : [] })));
export const validateManifest = run(manifest);
export const validateLock = run(lock);
export const validateFacts = run(facts);
`;

const DECLARATIONS = `export interface SchemaError {
  /** JSON pointer into the document. */
  readonly path: string;
  /** Of the schema: "required", "additionalProperties", "type", … */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
  readonly description?: string;
  readonly schemaPath: string;
  /** Members that the object may have. */
  readonly known: readonly string[];
}
export function validateManifest(data: unknown): readonly SchemaError[];
export function validateLock(data: unknown): readonly SchemaError[];
export function validateFacts(data: unknown): readonly SchemaError[];
`;

/** README.md is the one home of what to do about an error; code scanning is told the same. */
async function copyAdvice() {
  const [, section = ""] = (await readFile(at("README.md"), "utf8")).split("\n## Errors\n");
  const rows = [...section.split("\n## ")[0].matchAll(/^\| `([A-Z_]+)` \| \d+ \| (.*) \|$/gm)];
  const advice = Object.fromEntries(rows.map(([, code, text]) => [code, text]));
  const made = "// Made by scripts/build.mjs from the table of errors in README.md.";
  const file = at("cli", "report", "advice");
  await replace(`${file}.mjs`, `${made}\nexport const ADVICE = ${JSON.stringify(advice, undefined, 2)};\n`);
  await replace(
    `${file}.d.mts`,
    "/** By error code: what to do about it, in Markdown. */\nexport const ADVICE: Readonly<Record<string, string>>;\n",
  );
}

/** From the sources, so that no page can tell of another program. */
async function writeManual() {
  const { version } = JSON.parse(await readFile(at("package.json"), "utf8"));
  const contents = ["cli/commands/specs.ts", "cli/errors.ts", "cli/report/meanings.ts"]
    .map((file) => `export * from ${JSON.stringify(at(file))};`)
    .join("\n");
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: project, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    write: false,
  });
  const folder = await mkdtemp(at(".dist-"));
  try {
    const file = join(folder, "program.mjs");
    await writeFile(file, outputFiles[0].text);
    const program = await import(pathToFileURL(file).href);
    await mkdir(at("man"), { recursive: true });
    await replace(at("man", "tritter.1"), manPage({ version, program, environment: await variables() }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The README's table, without its marks. */
async function variables() {
  const [, section = ""] = (await readFile(at("README.md"), "utf8")).split("\n## Environment\n");
  const rows = [...section.split("\n## ")[0].matchAll(/^\| (`.*?) \| (.*) \|$/gm)];
  return rows.map(([, names, purpose]) => [
    names.replaceAll("`", ""),
    purpose.replaceAll("`", "").replace(", see below", ""),
  ]);
}

async function bundle() {
  const { version } = JSON.parse(await readFile(at("package.json"), "utf8"));
  const out = await mkdtemp(at(".dist-"));
  try {
    const common = {
      outdir: out,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      define: { __TRITTER_VERSION__: JSON.stringify(version) },
      logLevel: "error",
      minifySyntax: true,
    };
    await esbuild.build({
      ...common,
      entryPoints: { main: at("cli/main.ts"), index: at("cli/index.ts") },
      inject: [at("scripts/together.mjs")],
      chunkNames: "chunk-[hash]",
      splitting: true,
    });
    await unloadMain(out);
    // Threads start the faster the less they load.
    await esbuild.build({
      ...common,
      entryPoints: {
        "hash-worker": at("cli/store/hash-worker.ts"),
        "rows-worker": at("cli/status/rows-worker.ts"),
        "deep-worker": at("cli/status/deep-worker.ts"),
        "store-worker": at("cli/store/store-worker.ts"),
      },
    });
    if (process.argv.includes("--types")) await emitTypes(join(out, "types"));
    await publish(out, at("dist"));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Of what is injected everywhere, main answers `--version` without. */
async function unloadMain(out) {
  const file = join(out, "main.js");
  const text = await readFile(file, "utf8");
  const without = text.replace(/^import "\.\/chunk-\w+\.js";\n/m, "");
  if (without === text || /^import /m.test(without))
    throw new Error("main.js should load one chunk, and no more");
  await writeFile(file, without);
}

async function emitTypes(out) {
  const tsc = at("node_modules", "typescript", "bin", "tsc");
  const flags = [
    "--declaration",
    "--emitDeclarationOnly",
    "--noEmit",
    "false",
    "--rewriteRelativeImportExtensions",
    "--outDir",
    out,
    "--rootDir",
    project,
  ];
  execFileSync(process.execPath, [tsc, "-p", at("tsconfig.build.json"), ...flags], { stdio: "inherit" });
  // Named by a declaration, and itself no output of the compiler.
  await cp(at("schema", "validate.d.mts"), join(out, "schema", "validate.d.mts"));
  await keepReached(out, join(out, "cli", "index.d.ts"));
}

/** Of the declarations, those that `entry` leads to: nobody can import the others. */
async function keepReached(out, entry) {
  const reached = new Set([entry]);
  for (const file of reached) {
    const text = await readFile(file, "utf8");
    for (const [, target] of text.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g))
      reached.add(
        join(
          dirname(file),
          target.replace(/\.m?[jt]s$/, (end) => `.d${end.replace("j", "t")}`),
        ),
      );
  }
  for (const name of await readdir(out, { recursive: true }))
    if (/\.d\.m?ts$/.test(name) && !reached.has(join(out, name))) await rm(join(out, name));
}

/** File by file and entry points last, so that a program started meanwhile finds every chunk it names. */
async function publish(from, to) {
  await mkdir(to, { recursive: true });
  const fresh = await readdir(from);
  const entries = new Set([
    "main.js",
    "index.js",
    "hash-worker.js",
    "rows-worker.js",
    "deep-worker.js",
    "store-worker.js",
  ]);
  const order = [...fresh.filter((name) => !entries.has(name)), ...fresh.filter((name) => entries.has(name))];
  for (const name of order) {
    if (name === "main.js") await chmod(join(from, name), 0o755);
    if (name === "types") {
      await rm(join(to, name), { recursive: true, force: true });
      await cp(join(from, name), join(to, name), { recursive: true });
    } else await rename(join(from, name), join(to, name));
  }
  const stale = (await readdir(to)).filter((name) => name.startsWith("chunk-") && !fresh.includes(name));
  for (const name of stale) await rm(join(to, name), { force: true });
}

async function replace(file, text) {
  if ((await readFile(file, "utf8").catch(() => undefined)) === text) return;
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, text);
  await rename(beside, file);
}

await compileValidators();
await copyAdvice();
await writeManual();
await bundle();
