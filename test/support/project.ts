import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoggedRequest, LoopbackHub } from "./hub/index.ts";
import { readTree, temporaryFolder } from "./trees.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A folder with a manifest in it, and the program as it is shipped to run there. */
export interface Project {
  readonly folder: string;
  /** `<folder>/data` */
  readonly root: string;
  readonly lockFile: string;
  /** What the program runs with. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes tritter.yaml: the lines given, after version, root and endpoint. */
  manifest(lines: string): Promise<void>;
  run(...args: string[]): Promise<Ran>;
  runWith(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran>;
  /** As a user who may not do everything. */
  runAs(user: User, ...args: string[]): Promise<Ran>;
  /** Its standard output can be listened to, and need not be. */
  start(...args: string[]): ChildProcess;
  write(path: string, text: string | Uint8Array): Promise<void>;
  read(path: string): Promise<Buffer>;
  lock(): Promise<string>;
  /** Removes the root and all in it. */
  wipe(): Promise<void>;
  /** Removes the lock. */
  unlock(): Promise<void>;
  /** Files below the root by path, as text; tritter's own folder left out. */
  tree(): Promise<Record<string, string>>;
  /** Contents of what is in the trash, sorted. */
  trash(): Promise<string[]>;
  /** What is below `.tritter`, by path. */
  state(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function makeProject(
  hub: LoopbackHub | string,
  env: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const { path: folder, remove } = await temporaryFolder();
  const root = join(folder, "data");
  const endpoint = typeof hub === "string" ? hub : hub.url;
  const plain = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    HF_HOME: join(folder, "hf"),
    NO_COLOR: "1",
    ...env,
  };
  const runWith = (extra: Readonly<Record<string, string>>, ...args: string[]) =>
    runProgram(args, { cwd: folder, env: { ...plain, ...extra } });
  const state = async () => Object.keys(await readTree(join(root, ".tritter")).catch(() => ({}))).sort();
  const everything = () => readTree(root).catch(() => ({}) as Record<string, Buffer>);
  return {
    folder,
    root,
    lockFile: join(folder, "tritter.lock"),
    env: plain,
    manifest: (lines) =>
      writeFile(
        join(folder, "tritter.yaml"),
        `version: 1\nname: test\nroot: data\nendpoint: ${JSON.stringify(endpoint)}\n${lines}\n`,
      ),
    run: (...args) => runWith({}, ...args),
    runWith,
    runAs: (user, ...args) => runProgram(args, { cwd: folder, env: plain, ...user }),
    start: (...args) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: plain,
        stdio: ["ignore", "pipe", "ignore"],
      });
      child.stdout.resume();
      return child;
    },
    write: async (path, text) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    read: (path) => readFile(join(folder, path)),
    wipe: () => rm(root, { recursive: true, force: true }),
    unlock: () => rm(join(folder, "tritter.lock"), { force: true }),
    lock: () => readFile(join(folder, "tritter.lock"), "utf8"),
    tree: async () => {
      const files = Object.entries(await everything()).filter(([path]) => !path.startsWith(".tritter/"));
      const inOrder = files.sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(inOrder.map(([path, bytes]) => [path, bytes.toString("latin1")]));
    },
    trash: async () => {
      const files = Object.entries(await everything()).filter(
        ([path]) => path.startsWith(".tritter/trash/") && !path.endsWith("index.ndjson"),
      );
      return files.map(([, bytes]) => bytes.toString("latin1")).sort();
    },
    state,
    remove: async () => {
      await remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the Hub was asked since its log was cleared, one word a request, sorted: `cdn`, `info`, `resolve`, `tree`, … */
export function asked(log: readonly LoggedRequest[]): string[] {
  return log.map((request) => request.kind).sort();
}

function runProgram(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> } & Partial<User>,
): Promise<Ran> {
  return new Promise((resolve) => {
    const all = { ...options, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(process.execPath, [MAIN, ...args], all, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ status, stdout, stderr });
    });
    child.stdin?.end();
  });
}
