import type { Context } from "../../cli/context.ts";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Disk } from "../../cli/disk/port.ts";
import { exitStatusOf, type Problem, problemsOf } from "../../cli/errors.ts";
import type { TritterEvent } from "../../cli/events.ts";
import {
  type AdoptResult,
  adoptProject,
  type CheckResult,
  checkProject,
  cleanProject,
  type ExportOptions,
  exportProject,
  lockProject,
  type SyncResult,
  syncProject,
  updateProject,
} from "../../cli/index.ts";
import type { Project } from "./project.ts";

/** The library at work on a project's real files and real sockets, in this process: time passes by sleeping alone, and then at once. */
export interface InProcess {
  sync(
    options?: Partial<Parameters<typeof syncProject>[1]>,
  ): Promise<Ended & { readonly result?: SyncResult }>;
  adopt(folder: string, plan?: boolean): Promise<Ended & { readonly result?: AdoptResult }>;
  lock(): Promise<Ended>;
  update(): Promise<Ended>;
  clean(): Promise<Ended>;
  exported(format: ExportOptions["format"], to: ExportOptions["to"]): Promise<Ended>;
  check(deep?: boolean): Promise<Ended & { readonly result?: CheckResult }>;
  /** Moves the clock on without anyone sleeping. */
  pass(ms: number): void;
  now(): number;
}

export interface Ended {
  /** As the program would. */
  readonly exit: number;
  readonly problems: readonly Problem[];
}

export interface Surroundings {
  readonly env?: Context["env"];
  readonly onEvent?: (event: TritterEvent) => void;
  readonly disk?: Disk;
  readonly signal?: AbortSignal;
}

export function inProcess(project: Project, surroundings: Surroundings = {}): InProcess {
  const {
    env = {},
    onEvent = () => {},
    disk = nodeDisk(),
    signal = new AbortController().signal,
  } = surroundings;
  let ahead = 0;
  let runs = 0;
  const now = () => Date.now() + ahead;
  const context = (): Context => {
    runs += 1;
    // Days later, and another process that is gone by then: what one run leaves, the next may take over.
    ahead += 3 * 24 * 3_600_000;
    return {
      env: { ...project.env, ...env },
      cwd: project.folder,
      signal,
      clock: {
        now,
        sleep: async (ms, signal) => {
          signal.throwIfAborted();
          ahead += ms;
        },
      },
      disk,
      emit: onEvent,
      version: "0.0.0",
      pid: 2 ** 22 + runs,
    };
  };
  const ended = async <T extends { readonly problems?: readonly Problem[] }>(
    work: Promise<T>,
  ): Promise<Ended & { readonly result?: T }> => {
    try {
      const result = await work;
      const problems = result.problems ?? [];
      return { exit: exitStatusOf(problems), problems, result };
    } catch (error) {
      const problems = problemsOf(error);
      return { exit: exitStatusOf(problems), problems };
    }
  };
  return {
    now,
    pass: (ms) => {
      ahead += ms;
    },
    sync: (options = {}) => ended(syncProject(context(), { ...SYNC, ...options })),
    adopt: (folder, plan = false) =>
      ended(adoptProject(context(), { names: [], folder, plan, hardLinks: false })),
    lock: () => ended(lockProject(context(), { names: [], fallback: true }).then(() => ({}))),
    update: () =>
      ended(updateProject(context(), { names: [], dryRun: false, allowFallback: false }).then(() => ({}))),
    exported: (format, to) => ended(exportProject(context(), { names: [], format, to }).then(() => ({}))),
    clean: () => ended(cleanProject(context(), { names: [], dryRun: false }).then(() => ({}))),
    check: (deep = false) => ended(checkProject(context(), { names: [], disk: true, deep, upstream: false })),
  };
}

const SYNC = { names: [], locked: false, fallback: true, dryRun: false, force: false, prune: true, jobs: 4 };
