import { execFile } from "node:child_process";
import { access, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const HF_VERSION = "2.0.0";
const HF_BEFORE = "1.33.0";
const DATASETS_VERSION = "5.0.1";
const PRE_COMMIT_VERSION = "4.6.2";
const PIP_MS = 120_000;

export type HfClient = { readonly hf: string } | { readonly skip: string };

let client: Promise<HfClient> | undefined;

/**
 * The official Python command `hf`, installed once into the folder for temporary files and found there by later
 * runs; `skip` says why it is not to be had, as without Python or a package index.
 * May take minutes the first time: await it at the top of a file, or in a hook with a timeout of its own.
 */
export function hfClient(): Promise<HfClient> {
  client ??= toolOf({
    name: "hf",
    version: HF_VERSION,
    packages: [`huggingface_hub==${HF_VERSION}`, "hf-xet"],
    probe: ["version"],
  }).then((found) => ("skip" in found ? found : { hf: found.path }));
  return client;
}

let withDatasets: Promise<HfClient> | undefined;

/** The last `hf` before 2.0, with the library `datasets` beside it, which does not go with 2.0 yet. */
export function hfWithDatasets(): Promise<HfClient> {
  withDatasets ??= toolOf({
    name: "hf",
    version: `${HF_BEFORE}-datasets-${DATASETS_VERSION}`,
    packages: [`huggingface_hub==${HF_BEFORE}`, `datasets==${DATASETS_VERSION}`],
    probe: ["version"],
  }).then((found) => ("skip" in found ? found : { hf: found.path }));
  return withDatasets;
}

/** Runs a script with the Python that an `hf` belongs to. */
export function runPython(hf: string, script: string, around: HfSurroundings): Promise<HfRun> {
  return runHf(join(dirname(hf), "python"), ["-c", script], around);
}

/** The command `pre-commit`, in the same way. */
export function preCommit(): Promise<Tool> {
  const packages = [`pre-commit==${PRE_COMMIT_VERSION}`];
  return toolOf({ name: "pre-commit", version: PRE_COMMIT_VERSION, packages, probe: ["--version"] });
}

export type Tool = { readonly path: string } | { readonly skip: string };

export interface HfRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HfSurroundings {
  readonly endpoint: string;
  /** HF_HOME: a temporary folder. */
  readonly home: string;
  readonly token?: string;
  /** HF_HUB_OFFLINE. */
  readonly offline?: boolean;
}

/** Runs `hf` against a Hub on loopback with nothing inherited from this process but PATH. */
export async function runHf(hf: string, args: readonly string[], around: HfSurroundings): Promise<HfRun> {
  const env = {
    PATH: process.env.PATH,
    HOME: around.home,
    HF_HOME: around.home,
    HF_ENDPOINT: around.endpoint,
    HF_HUB_DISABLE_XET: "1",
    HF_HUB_DISABLE_TELEMETRY: "1",
    HF_HUB_DISABLE_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    PYTHONUTF8: "1",
    ...(around.offline === true && { HF_HUB_OFFLINE: "1" }),
    ...(around.token !== undefined && { HF_TOKEN: around.token }),
  };
  try {
    return { code: 0, ...(await run(hf, [...args], { env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as HfRun;
    if (typeof code !== "number") throw error;
    return { code, stdout, stderr };
  }
}

interface Wanted {
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
  /** Arguments with which the command ends well wherever it works. */
  readonly probe: readonly string[];
}

async function toolOf(wanted: Wanted): Promise<Tool> {
  const { name, version } = wanted;
  if (process.platform === "win32") return { skip: `${name}: not tried on Windows` };
  const place = join(tmpdir(), `tritter-test-${name}-${version}`);
  const path = join(place, "bin", name);
  try {
    if (!(await works(path, wanted.probe))) await install(place, wanted);
    return { path };
  } catch (error) {
    return { skip: `${name} ${version}: ${firstLine((error as Error).message)}` };
  }
}

/** A virtual environment cannot be moved, so it is made under a name of its own and the known name points to it. */
async function install(place: string, { name, packages }: Wanted): Promise<void> {
  const made = await mkdtemp(`${place}-`);
  try {
    await run("python3", ["-m", "venv", made]);
    const bounded = ["--quiet", "--retries", "0", "--timeout", "15", "--disable-pip-version-check"];
    await run(join(made, "bin", "pip"), ["install", ...bounded, ...packages], { timeout: PIP_MS });
    await access(join(made, "bin", name));
    await symlink(made, `${made}.link`);
    await rename(`${made}.link`, place);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function works(path: string, probe: readonly string[]): Promise<boolean> {
  return run(path, [...probe], { env: { PATH: process.env.PATH, HF_HUB_DISABLE_UPDATE_CHECK: "1" } }).then(
    () => true,
    () => false,
  );
}

function firstLine(message: string): string {
  return message.split("\n").find((line) => line.includes("ERROR")) ?? message.split("\n")[0] ?? message;
}
