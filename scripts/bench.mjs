// Times tritter beside the tools people use, on loopback, and says how they compare: docs/performance.md. Run by
// `npm run bench`.

import { statfsSync } from "node:fs";
import { access, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, freemem, loadavg, tmpdir, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { judge } from "./bench/budgets.mjs";
import { markdownOf } from "./bench/markdown.mjs";
import { roomFor, runWorkload } from "./bench/run.mjs";
import { summarize } from "./bench/summary.mjs";
import { budgetLines, tableOf } from "./bench/table.mjs";
import { findTools } from "./bench/tools.mjs";
import { WORKLOADS } from "./bench/workloads.mjs";

const HELP = `Usage: npm run bench -- [options] [workload...]

Workloads (default: all):
${WORKLOADS.map(({ name, title }) => `  ${name.padEnd(19)}${title(1)}`).join("\n")}

Options:
  --quick          a tenth of the files, or of their bytes
  --runs <n>       samples of each (default: 3); the median is shown
  --json <file>    write everything measured there
  --markdown       print the tables of docs/performance.md instead
  --budget         say which budgets hold, and end with status 1 if one is missed
  --on <folder>    put all files below it (default: /dev/shm where it is large enough, else the temporary folder)
  --tmpfs          refuse to run anywhere but in /dev/shm
  --server <name>  nginx or node (default: nginx where it is found)
  --hf <path>      the hf to measure (default: HF_CLI, else the PATH)
  --tritter <file> the program to measure (default: dist/main.js)
  -h, --help       print help`;

const MEMORY_DISK = "/dev/shm";
/** By the numbers that Linux gives them: statfs(2). */
const FILE_SYSTEMS = new Map([
  [0x01021994, "tmpfs"],
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x794c7630, "overlayfs"],
]);
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

class UsageError extends Error {}

const stop = new AbortController();
for (const name of Object.keys(SIGNALS)) process.on(name, () => stop.abort(name));

try {
  process.exitCode = await main(optionsOf(process.argv.slice(2)));
} catch (error) {
  if (stop.signal.aborted) process.exitCode = SIGNALS[stop.signal.reason];
  else {
    console.error(error instanceof UsageError ? `bench: ${error.message}` : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function optionsOf(argv) {
  const { values, positionals } = parsed(argv);
  const unknown = positionals.filter((name) => !WORKLOADS.some((workload) => workload.name === name));
  if (unknown.length > 0)
    throw new UsageError(`no workload is named ${unknown.join(", ")}; --help lists them`);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new UsageError(`--runs is a number from 1, not "${values.runs}"`);
  if (values.tmpfs && values.on !== undefined) throw new UsageError("--tmpfs and --on exclude each other");
  if (!["nginx", "node", undefined].includes(values.server))
    throw new UsageError(`--server is nginx or node, not "${values.server}"`);
  const workloads = WORKLOADS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return { ...values, runs, scale: values.quick ? 10 : 1, workloads };
}

function parsed(argv) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        runs: { type: "string", default: "3" },
        json: { type: "string" },
        budget: { type: "boolean", default: false },
        markdown: { type: "boolean", default: false },
        on: { type: "string" },
        tmpfs: { type: "boolean", default: false },
        server: { type: "string" },
        hf: { type: "string" },
        tritter: { type: "string", default: fileURLToPath(new URL("../dist/main.js", import.meta.url)) },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Returns the exit status. */
async function main(options) {
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { workloads, scale, runs, server } = options;
  const tritter = resolve(options.tritter);
  await access(tritter).catch(() => {
    throw new UsageError(`there is no ${tritter}: run npm run build`);
  });
  const parent = await placeFor(options);
  const place = await mkdtemp(join(parent, "tritter-bench-"));
  try {
    // Nothing of the person's own settings, tokens or proxies takes part.
    const env = { PATH: process.env.PATH, HOME: place, TMPDIR: place, LC_ALL: "C", NO_COLOR: "1" };
    const hf = options.hf ?? (process.env.HF_CLI || undefined);
    const tools = await findTools(hf === undefined ? {} : { hf }, env).catch((error) => {
      throw new UsageError(error.message);
    });
    if (server === "nginx" && tools.nginx.path === undefined) throw new UsageError(tools.nginx.why);
    const machine = machineNow(parent, tools);
    const print = options.markdown ? () => {} : (lines) => console.log(lines.join("\n"));
    print(headOf(machine, options));
    const settings = { place, scale, runs, server, tools, env, node: process.execPath, tritter };
    const results = [];
    for (const workload of workloads) {
      const result = await runWorkload(workload, { ...settings, signal: stop.signal, say });
      results.push(summarize(result));
      print(tableOf(results.at(-1)));
    }
    return await conclude(results, { options, machine });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function conclude(results, { options, machine }) {
  const budgets = judge(results, machine.cores);
  if (options.markdown) {
    const { quick, runs } = options;
    console.log(markdownOf(results, { machine, quick, runs, verdicts: budgets }).join("\n"));
  }
  if (options.budget) {
    const apart = options.quick ? ", though they are not about a tenth" : "";
    console.log([`budgets${apart}:`, ...budgetLines(budgets)].join("\n"));
  }
  if (options.json !== undefined) {
    const { quick, runs } = options;
    const all = { version: 1, machine, quick, runs, workloads: results, budgets };
    await writeFile(options.json, `${JSON.stringify(all, null, 1)}\n`);
  }
  const failed = results.filter(({ rows }) => rows[0].failed !== undefined);
  for (const { name, rows } of failed) console.error(`bench: ${name}: ${rows[0].name} failed`);
  return failed.length > 0 || (options.budget && budgets.some(({ holds }) => holds === false)) ? 1 : 0;
}

/** Absolute and without links, since git and tritter name files by it. */
async function placeFor({ on, tmpfs, workloads, scale }) {
  const room = Math.max(...workloads.map((workload) => roomFor(workload, scale)));
  const gib = (bytes) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  if (on !== undefined) {
    const folder = await realpath(on).catch(() => undefined);
    if (folder === undefined) throw new UsageError(`there is no folder ${on}`);
    if (freeOn(folder) < room) throw new UsageError(`${folder} has less than the ${gib(room)} needed`);
    return folder;
  }
  // Its files are memory, which the tools need too.
  if (Math.min(freeOn(MEMORY_DISK), freemem() - 1024 ** 3) >= room) return MEMORY_DISK;
  if (tmpfs) throw new UsageError(`${MEMORY_DISK} or the memory has less than the ${gib(room)} needed`);
  return placeFor({ on: tmpdir(), workloads, scale });
}

function freeOn(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

function machineNow(parent, tools) {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    load: loadavg()[0],
    folder: dirname(parent) === "/dev" ? parent : "disk",
    fileSystem: FILE_SYSTEMS.get(statfsSync(parent).type) ?? "another file system",
    tools,
  };
}

function headOf({ cpu, cores, platform, node, load, tools, folder }, { runs, quick, server }) {
  const there = Object.entries(tools).filter(([, { version }]) => version !== undefined);
  return [
    `${cpu}, ${cores} cores, ${platform}, node ${node}, load ${load.toFixed(1)} before`,
    `${quick ? "a tenth of the work, " : ""}median of ${runs} runs, files on ${folder}${server === undefined ? "" : `, served by ${server}`}`,
    `with ${there.map(([name, { version }]) => `${name} ${version}`.trim()).join(", ")}`,
    "",
  ];
}

function say(text) {
  console.error(text);
}
