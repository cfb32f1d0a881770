// A Hub on loopback, for tests: two listeners, repositories made of objects, faults on demand.
import { PAGE_SIZE } from "../../../cli/serve/pages.ts";
import type { User } from "./access.ts";
import type { FaultSwitch } from "./faults.ts";
import type { Bucket } from "./limits.ts";
import type { LoggedRequest } from "./log.ts";
import { closeServers, type Desk, listen, makeDesk } from "./server.ts";
import { addCommit, type CommitOptions, fullRef, type Repo, type RepoOptions, type Tree } from "./store.ts";
import { renameRepo, repoOf, type World } from "./world.ts";

export { makeCertificates } from "./certificates.ts";
export type { Fault, FaultHandle } from "./faults.ts";
/** @public */
export type { LoggedRequest } from "./log.ts";
export type { RepoOptions, Tree } from "./store.ts";

export interface HubOptions {
  /** Entries on a page of a tree listing; default 1000. */
  readonly pageSize?: number;
  /** PEM texts; both listeners speak TLS then. */
  readonly https?: { readonly key: string; readonly cert: string };
  readonly seed?: number;
  /** Before every answer. */
  readonly latencyMs?: number;
  readonly cdnHost?: "localhost" | "127.0.0.2";
  /** How long an address of the CDN holds; default 3600. */
  readonly signatureSeconds?: number;
  /** ms since the epoch; default: the system's clock */
  readonly now?: () => number;
}

export interface LoopbackHub {
  /** Without a slash at the end. */
  readonly url: string;
  /** Another hostname, another port. */
  readonly cdnUrl: string;
  readonly log: LoggedRequest[];
  /** What no client may do, such as a token sent to the CDN: to be empty at the end of a test. */
  readonly violations: string[];
  readonly faults: FaultSwitch;
  clearLog(): void;
  /** Creates or finds; options are laid over those it has. */
  repo(name: string, options?: RepoOptions): RepoHandle;
  /** Registers a valid token. */
  token(value: string, user?: TokenUser): void;
  /** Counts against a quota from now on; undefined: back to quotas too wide to matter. */
  limits(limit: { bucket: Bucket; quota: number; windowSeconds: number } | undefined): void;
  /** Every address of the CDN handed out so far has expired. */
  expireSignatures(): void;
  /** The next connections, to either listener, are reset before a word is said. */
  resetConnections(count: number): void;
  close(): Promise<void>;
}

export interface TokenUser {
  readonly name?: string;
  /** Repositories whose terms were accepted, or private ones this user may see. */
  readonly grants?: readonly string[];
  readonly pending?: readonly string[];
  /** Without the right to read gated repositories. */
  readonly scopeless?: boolean;
}

/** @public */
export interface RepoHandle {
  readonly name: string;
  readonly id: string;
  /** Adds a commit, moves its branch and returns the 40 hex digits that follow from content and parent. */
  commit(files: Tree, options?: CommitOptions): string;
  /** A name beginning with `refs/` is taken as it is: `refs/convert/parquet`, `refs/pr/3`. */
  branch(name: string, commit: string): void;
  tag(name: string, commit: string): void;
  deleteRef(name: string): void;
  /** The old name answers 307 from now on. */
  rename(to: string): void;
  /** That commit is not found from now on, as after a squash. */
  forget(commit: string): void;
  remove(): void;
  update(options: Partial<RepoOptions>): void;
}

export async function startHub(options: HubOptions = {}): Promise<LoopbackHub> {
  const world = emptyWorld(options);
  const scheme = options.https === undefined ? "http" : "https";
  const desk = makeDesk(world, { latencyMs: options.latencyMs ?? 0, scheme });
  const { https } = options;
  const cdnHost = options.cdnHost ?? "localhost";
  const cdnAddresses = cdnHost === "localhost" ? ["127.0.0.1", "::1"] : [cdnHost];
  const hub = await listen(desk, "hub", { addresses: ["127.0.0.1"], https });
  const cdn = await listen(desk, "cdn", { addresses: cdnAddresses, https });
  world.hubUrl = `${scheme}://127.0.0.1:${hub.port}`;
  world.cdnUrl = `${scheme}://${cdnHost}:${cdn.port}`;
  return handleOf(desk, () => closeServers([...hub.servers, ...cdn.servers]));
}

function emptyWorld({
  pageSize = PAGE_SIZE,
  seed = 0,
  signatureSeconds = 3600,
  now = Date.now,
}: HubOptions): World {
  return {
    repos: new Map(),
    moved: new Map(),
    tokens: new Map(),
    objects: new Map(),
    pageSize,
    seed,
    now,
    signatures: { lifetimeSeconds: signatureSeconds, generation: 0, made: 0 },
    hubUrl: "",
    cdnUrl: "",
  };
}

function handleOf(desk: Desk, close: () => Promise<void>): LoopbackHub {
  const { world, log, violations, faults } = desk;
  return {
    url: world.hubUrl,
    cdnUrl: world.cdnUrl,
    log,
    violations,
    faults,
    clearLog: () => void log.splice(0),
    repo: (name, options = {}) => repoHandle(world, repoOf(world, name, options)),
    token: (value, user = {}) => void world.tokens.set(value, userOf(value, user)),
    limits: (limit) => desk.limiter.set(limit),
    expireSignatures: () => {
      world.signatures.generation += 1;
    },
    resetConnections: (count) => {
      desk.resets = count;
    },
    close,
  };
}

function userOf(value: string, { name, grants = [], pending = [], scopeless = false }: TokenUser): User {
  const made = `user-${Buffer.from(value).toString("hex").slice(-6)}`;
  return { name: name ?? made, grants: new Set(grants), pending: new Set(pending), scopeless };
}

function repoHandle(world: World, repo: Repo): RepoHandle {
  const target = (commit: string): string => {
    if (!repo.commits.has(commit)) throw new Error(`"${repo.name}" has no commit "${commit}"`);
    return commit;
  };
  return {
    get name() {
      return repo.name;
    },
    id: repo.id,
    commit: (files, options = {}) => addCommit(repo, files, options),
    branch: (name, commit) => void repo.refs.set(fullRef(name, "heads"), target(commit)),
    tag: (name, commit) => void repo.refs.set(fullRef(name, "tags"), target(commit)),
    deleteRef: (name) => {
      for (const family of ["heads", "tags"] as const) repo.refs.delete(fullRef(name, family));
    },
    rename: (to) => renameRepo(world, repo, to),
    forget: (commit) => void repo.commits.delete(commit),
    remove: () => void world.repos.delete(`${repo.kind}/${repo.name}`),
    update: (changes) => {
      repo.options = { ...repo.options, ...changes };
    },
  };
}
