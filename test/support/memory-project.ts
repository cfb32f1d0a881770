import { createHash } from "node:crypto";
import type { Context } from "../../cli/context.ts";
import type { TritterEvent } from "../../cli/events.ts";
import { checkProject, syncProject, updateProject } from "../../cli/index.ts";
import { type MemoryDisk, memoryDisk } from "./memory-disk.ts";

export type Files = Readonly<Record<string, string>>;

/** A project and its folder Hub on a disk in memory: what a sync does there is the same each time. */
export interface MemoryProject {
  readonly disk: MemoryDisk;
  readonly events: readonly TritterEvent[];
  /** `lfs`: paths that the Hub has by their sha256. */
  publish(files: Files, lfs?: readonly string[]): void;
  /** Writes the manifest's sources anew. */
  edit(sources: string): void;
  /** Another process each time, later than the one before: what that one held is found dead. */
  context(signal?: AbortSignal): Context;
  sync(
    options?: Partial<Parameters<typeof syncProject>[1]>,
    signal?: AbortSignal,
  ): ReturnType<typeof syncProject>;
  update(): Promise<void>;
  check(deep?: boolean): ReturnType<typeof checkProject>;
  /** Below the root, tritter's own folder left out. */
  tree(): Record<string, string>;
  /** Contents of what is in the trash. */
  trash(): string[];
  /** Below `.tritter`. */
  state(): Record<string, string>;
}

export const HOME = "/home/me";
export const ROOT = `${HOME}/data`;

/** A path that a sync writes to: below the root, or the lock. */
export function isOurs(path: string): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`) || path.startsWith(`${HOME}/tritter.lock`);
}

/** `jobs`: streams of each sync. With one, and files that share no group, all happens in the same order each time. */
export function memoryProject(sources = "  all: { repo: o/n, path: . }", jobs = 1): MemoryProject {
  const disk = memoryDisk();
  const events: TritterEvent[] = [];
  let runs = 0;
  let commits = 0;
  const edit = (lines: string) => {
    const text = `version: 1\nname: me\nroot: data\nendpoint: ./hub\nsources:\n${lines}\n`;
    disk.put(`${HOME}/tritter.yaml`, text);
  };
  edit(sources);
  const context = (signal = new AbortController().signal): Context => {
    runs += 1;
    disk.now += 3 * 24 * 3_600_000;
    return {
      env: {},
      cwd: HOME,
      signal,
      clock: {
        now: () => disk.now,
        sleep: async (ms, stop) => {
          stop.throwIfAborted();
          disk.now += ms;
        },
      },
      disk,
      emit: (event) => events.push(event),
      version: "0.0.0",
      pid: 4_000_000 + runs,
    };
  };
  const state = () => disk.tree(`${ROOT}/.tritter`);
  return {
    disk,
    events,
    edit,
    context,
    state,
    publish: (files, lfs = []) => {
      commits += 1;
      const commit = String(commits).repeat(40).slice(0, 40);
      const repo = `${HOME}/hub/datasets--o--n`;
      for (const [path, text] of Object.entries(files)) disk.put(`${repo}/snapshots/${commit}/${path}`, text);
      const listing = Object.entries(files).map(([path, text]) => [path, listed(text, lfs.includes(path))]);
      disk.put(
        `${repo}/trees/${commit}.json`,
        JSON.stringify({ format_version: 1, files: Object.fromEntries(listing) }),
      );
      disk.put(`${repo}/refs/main`, commit);
    },
    sync: (options = {}, signal) => syncProject(context(signal), { ...OPTIONS, jobs, ...options }),
    update: async () =>
      void (await updateProject(context(), { names: [], dryRun: false, allowFallback: false })),
    check: (deep = false) => checkProject(context(), { names: [], disk: true, deep, upstream: false }),
    tree: () => {
      const files = Object.entries(disk.tree(ROOT)).filter(([path]) => !path.startsWith(".tritter/"));
      return Object.fromEntries(files);
    },
    trash: () =>
      Object.entries(state())
        .filter(([path]) => path.startsWith("trash/") && !path.endsWith(".ndjson"))
        .map(([, content]) => content),
  };
}

const OPTIONS = {
  names: [],
  locked: false,
  fallback: true,
  dryRun: false,
  force: false,
  prune: true,
  jobs: 1,
};

function listed(text: string, lfs: boolean): object {
  const size = Buffer.byteLength(text);
  if (!lfs) return { size, blob_id: gitId(text) };
  const sha256 = createHash("sha256").update(text).digest("hex");
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
  return { size: pointer.length, blob_id: gitId(pointer), lfs_sha256: sha256, lfs_size: size };
}

function gitId(text: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0`)
    .update(text)
    .digest("hex");
}
