import type { ChildProcess } from "node:child_process";
import { existsSync, lstatSync, statSync, writeSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Disk } from "../../cli/disk/port.ts";
import { TritterError } from "../../cli/errors.ts";
import type { LockedWant } from "../../cli/lock/wants.ts";
import { type LoopbackHub, type RepoHandle, startHub, type Tree } from "../support/hub/index.ts";
import { type InProcess, inProcess } from "../support/in-process.ts";
import { absentBytes, wantsOfFile, wrongFiles } from "../support/locked-tree.ts";
import { makeProject, type Project } from "../support/project.ts";
import { type Random, seeded, seedOfRun } from "../support/random.ts";
import { freeze, type Stream, streamsOf } from "../support/streams.ts";

// The program as it is shipped is killed at random moments, again and again, in worlds made at random; then one run is
// left alone. `npm run kill -- --kills 2000 --seed 7` does more of it, or the same again.

const KILLS = Number(process.env.TRITTER_KILLS ?? 105);
/** Who waits for hours wants to see that it goes on. */
const TOLD = process.env.TRITTER_KILLS !== undefined;
const SEED = seedOfRun();
const MIB = 1024 * 1024;
/** bytes; what a kill may cost each stream that was open */
const PER_STREAM = 8 * MIB;
const JOBS = 4;

/** With a Hub of its own, for as long as it takes. */
async function withHub(work: (hub: LoopbackHub) => Promise<void>): Promise<void> {
  const hub = await startHub();
  try {
    await work(hub);
    expect(hub.violations).toEqual([]);
  } finally {
    await hub.close();
  }
}

type Contents = Record<string, Tree[string]>;

/** Few enough that they are hashed once and then known. */
function someContent(random: Random, path: string): Tree[string] {
  const seed = random.below(6);
  const kind = random.below(10);
  if (path.endsWith(".md")) return kind < 2 ? "" : `note ${seed}\n`.repeat(10);
  if (kind < 1) return { size: 0, seed, lfs: true };
  if (kind < 5) return { size: 100, seed };
  return { size: [5 * MIB, 5 * MIB, 9 * MIB, 9 * MIB, 26 * MIB][kind - 5] ?? 0, seed };
}

const PATHS = ["a.md", "b.parquet", "c.parquet", "d/e.parquet", "d/f.md", "d/g/h.parquet", "i.parquet"];
const LATER = ["b2.parquet", "d/e2.parquet", "new/j.parquet", "new/k.md", "l.parquet"];

function firstTree(random: Random): Contents {
  return Object.fromEntries(PATHS.map((path) => [path, someContent(random, path)]));
}

/** Files stay, change, go, move, change places, or become folders; others come. */
function laterTree(random: Random, before: Contents): Contents {
  const after: Contents = {};
  for (const [path, content] of Object.entries(before)) {
    const fate = random.below(6);
    if (fate < 2) after[path] = content;
    else if (fate === 2) after[path] = someContent(random, path);
    else if (fate === 3) after[`moved/${path}`] = content;
    else if (fate === 4) after[`${path}/inside.parquet`] = someContent(random, "inside.parquet");
  }
  if ("a.md" in after && "i.parquet" in after)
    [after["a.md"], after["i.parquet"]] = [before["i.parquet"] ?? "", before["a.md"] ?? ""];
  for (const path of LATER) if (random.chance(0.6)) after[path] = someContent(random, path);
  return after;
}

/** Almost all goes. */
function prunedTree(random: Random, before: Contents): Contents {
  const [kept, ...others] = Object.entries(before).filter(() => random.chance(0.3));
  return Object.fromEntries([kept ?? ["a.md", before["a.md"] ?? ""], ...others.slice(0, 2)]);
}

const WORLDS: Readonly<Record<string, (random: Random, before: Contents) => Contents>> = {
  sync: (_, before) => before,
  update: laterTree,
  prune: prunedTree,
};

interface World {
  readonly hub: LoopbackHub;
  readonly random: Random;
  readonly project: Project;
  readonly program: InProcess;
  /** Bytes of the user's at paths of ours, by path: in the tree or the trash at the end. */
  readonly theirs: Map<string, string>;
  /** Bytes that we fetched and that may have been in the way of others. */
  readonly fetched: Set<string>;
  /** Paths of ours before the first run. */
  readonly ours: ReadonlySet<string>;
  readonly strangers: readonly string[];
  /** Locks that runs find; the last one counts. */
  readonly locks: readonly string[];
  remove(): Promise<void>;
}

async function makeWorld(
  hub: LoopbackHub,
  { kind, round, random }: { kind: string; round: number; random: Random },
): Promise<World> {
  const repo: RepoHandle = hub.repo(`o/r${round}`);
  const project = await makeProject(hub);
  const program = inProcess(project);
  await project.manifest(`sources:\n  all: { repo: o/r${round}, path: . }`);
  const before = firstTree(random);
  repo.commit(before);
  expect(await program.lock()).toMatchObject({ exit: 0, problems: [] });
  const first = await project.lock();
  const theirs = new Map<string, string>();
  if (random.chance(0.5)) await adopt(project, { hub, random, theirs });
  const fetched = new Set<string>();
  const ours = new Set<string>();
  if (kind !== "sync") {
    expect(await program.sync()).toMatchObject({ exit: 0, problems: [] });
    for (const [path, bytes] of Object.entries(await project.tree())) {
      ours.add(path);
      fetched.add(bytes);
    }
    if (random.chance(0.5)) await modify(project, { random, theirs });
  }
  const strangers = await putStrangers(project.root);
  repo.commit(WORLDS[kind]?.(random, before) ?? before);
  expect(await program.update()).toMatchObject({ exit: 0, problems: [] });
  const second = await project.lock();
  const locks = kind !== "sync" && random.chance(0.3) ? [second, first, second] : [second];
  if (locks.length > 1) for (const bytes of await contentsOf(hub, project.lockFile)) fetched.add(bytes);
  return {
    hub,
    random,
    project,
    program,
    theirs,
    fetched,
    ours,
    strangers,
    locks,
    remove: () => project.remove(),
  };
}

/** What the lock wants is there already, put by hand. */
async function adopt(
  { root, lockFile }: Project,
  { hub, random, theirs }: Pick<World, "hub" | "random" | "theirs">,
) {
  const wants = await wantsOfFile(lockFile);
  for (const want of wants.filter(() => random.chance(0.3))) {
    const bytes = await bytesOf(hub, want);
    await mkdir(dirname(join(root, want.path)), { recursive: true });
    await writeFile(join(root, want.path), bytes);
    theirs.set(want.path, bytes.toString("latin1"));
  }
}

async function bytesOf(hub: LoopbackHub, { remote: { repo, commit, path } }: LockedWant): Promise<Buffer> {
  const answer = await fetch(`${hub.url}/datasets/${repo.repo}/resolve/${commit}/${path}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function contentsOf(hub: LoopbackHub, lockFile: string): Promise<string[]> {
  const contents: string[] = [];
  for (const want of await wantsOfFile(lockFile))
    contents.push((await bytesOf(hub, want)).toString("latin1"));
  return contents;
}

async function modify({ root }: Project, { random, theirs }: Pick<World, "random" | "theirs">) {
  for (const path of PATHS.filter(() => random.chance(0.3))) {
    const bytes = `${path}, edited by hand`;
    await writeFile(join(root, path), bytes);
    theirs.set(path, bytes);
  }
}

async function putStrangers(root: string): Promise<string[]> {
  const files = ["stranger.txt", "d/stranger.parquet", "theirs/deep/er.bin"];
  for (const path of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `theirs, at ${path}`);
  }
  await mkdir(join(root, "theirs/empty"));
  await symlink("stranger.txt", join(root, "theirs/link"));
  return [...files, "theirs/empty", "theirs/link"];
}

/** Bytes and stamps. */
async function portrait(root: string, paths: readonly string[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const path of paths) {
    const { ino, size, mtimeNs, ctimeNs, mode } = lstatSync(join(root, path), { bigint: true });
    seen.push([
      path,
      ino,
      size,
      mtimeNs,
      ctimeNs,
      mode,
      await readFile(join(root, path), "latin1").catch(() => ""),
    ]);
  }
  return seen;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** When to kill: some ms after something was seen to happen. */
interface Moment {
  readonly what: string;
  readonly delayMs: number;
  has(): boolean;
}

/** Of those that will come: a run that has nothing to fetch is not killed by bytes. */
async function someMoment({ hub, random, project: { root, lockFile } }: World): Promise<Moment> {
  const wants = await wantsOfFile(lockFile);
  const sizeAt = (path: string) =>
    existsSync(join(root, path)) ? statSync(join(root, path)).size : undefined;
  const lacking = wants.filter(({ path, size }) => sizeAt(path) !== size);
  const absent = wants.filter(({ path }) => sizeAt(path) === undefined);
  const wanted = new Set<string>(wants.map(({ path }) => path));
  const extra = [...PATHS, ...LATER].filter((path) => !wanted.has(path) && existsSync(join(root, path)));
  const bytes = lacking.reduce((sum, { size }) => sum + size, 0);
  const delayMs = random.chance(0.5) ? 0 : random.below(15);
  const [begins, comes, goes] = [
    { what: "it begins", delayMs: random.below(80), has: () => existsSync(join(root, ".tritter/holder")) },
    fileMoment(random, absent, { delayMs, does: (path) => existsSync(join(root, path)) }),
    fileMoment(
      random,
      extra.map((path) => ({ path })),
      { delayMs, does: (path) => !existsSync(join(root, path)) },
    ),
  ];
  const after = random.below(bytes + 1);
  const nth = 1 + random.below(2 * lacking.length + 1);
  const sent = { what: `${after} bytes`, delayMs, has: () => served(hub) >= after };
  const asked = { what: `request ${nth}`, delayMs, has: () => hub.log.length >= nth };
  const early = { what: "it starts", delayMs: random.below(250), has: () => true };
  return random.pick([
    begins,
    begins,
    comes ?? begins,
    goes ?? begins,
    ...(lacking.length > 0 ? [sent, sent, asked] : []),
    early,
  ]);
}

function fileMoment(
  random: Random,
  files: readonly { readonly path: string }[],
  { delayMs, does }: { readonly delayMs: number; does(path: string): boolean },
): Moment | undefined {
  const path = files[random.below(files.length)]?.path;
  if (path === undefined) return undefined;
  return { what: `something happened to "${path}"`, delayMs, has: () => does(path) };
}

function served(hub: LoopbackHub): number {
  return hub.log.reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Run {
  readonly killed: boolean;
  readonly streams: readonly Stream[];
}

async function runUntil({ hub, project, random }: World, moment: Moment): Promise<Run> {
  // So slowly that a kill meets streams which are open.
  const slow = random.chance(0.7)
    ? hub.faults.add({ match: /./, kind: "cdn", fault: { kind: "drip", bytes: 128 * 1024, everyMs: 1 } })
    : undefined;
  const child = project.start("sync", "--prune", "--jobs", String(JOBS));
  const ended = endOf(child);
  while (child.exitCode === null && !moment.has()) await pause(1);
  if (moment.delayMs > 0) await pause(moment.delayMs);
  if (child.exitCode === null) freeze(child.pid ?? 0);
  const streams = streamsOf(hub);
  child.kill("SIGKILL");
  const { status, signal } = await ended;
  slow?.remove();
  if (signal === null) expect(status).toBe(0);
  return { killed: signal !== null, streams };
}

function endOf(child: ChildProcess): Promise<{ status: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once("exit", (status, signal) => resolve({ status, signal })));
}

/** Kills some runs and leaves the last one alone. */
async function killRepeatedly(world: World): Promise<Account> {
  const { hub, project, program, locks, random } = world;
  const strangers = await portrait(project.root, world.strangers);
  const runs: Run[] = [];
  const size = await absentBytes(project.root, await wantsOfFile(project.lockFile), (path) =>
    world.ours.has(path),
  );
  for (const lock of locks) {
    await project.write("tritter.lock", lock);
    for (let left = 2 + random.below(6); left > 0; left--) {
      hub.clearLog();
      const moment = await someMoment(world);
      const ran = await runUntil(world, moment);
      runs.push(ran);
      if (!ran.killed) break;
      const { result } = await program.check();
      expect([moment.what, result?.plan?.conflicts ?? []]).toEqual([moment.what, []]);
    }
  }
  hub.clearLog();
  const { status, stdout, stderr } = await project.run("sync", "--prune", "--jobs", String(JOBS));
  expect({ status, said: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, said: "" });
  runs.push({ killed: false, streams: streamsOf(hub) });
  await expectEnd(world, strangers);
  // Of a lock that came and went, all may be fetched again.
  if (locks.length > 1) return { kills: killsOf(runs), size: 0, fetched: 0, open: 0, inHand: 0 };
  return expectLittleTwice(runs, size);
}

/** What runs fetched of what they had to, with those killed before the last. */
interface Account {
  kills: number;
  /** bytes of the blobs that were not there before the first */
  size: number;
  /** bytes that came to a process */
  fetched: number;
  /** Streams open at a kill, summed over the kills. */
  open: number;
  /** Streams that had ended, of which what they brought was not kept yet. */
  inHand: number;
}

/**
 * No stream that a kill broke off costs more than 8 MiB. One that had ended counts as open until what it brought is kept;
 * of these, a run has no more than it works on at once. So the bytes fetched stay below size + 8 MiB × streams open at each kill.
 */
function expectLittleTwice(runs: readonly Run[], size: number): Account {
  const account = { kills: killsOf(runs), size, fetched: 0, open: 0, inHand: 0 };
  for (const [index, { streams, killed }] of runs.entries()) {
    const later = runs.slice(index + 1).flatMap((run) => run.streams);
    const lost = streams.map((stream) => ({ ...stream, lost: overlap(stream, later) }));
    for (const stream of lost) expect(stream.lost).toBeLessThanOrEqual(PER_STREAM);
    const inHand = lost.filter((stream) => stream.lost > 0 && !stream.open).length;
    expect(inHand).toBeLessThanOrEqual(2 * JOBS);
    account.inHand += inHand;
    if (killed) account.open += streams.filter(({ open }) => open).length;
    account.fetched += streams.reduce((sum, { start, end }) => sum + end - start, 0);
  }
  const { fetched, open, inHand } = account;
  expect(fetched).toBeLessThanOrEqual(size + PER_STREAM * (open + inHand));
  return account;
}

function killsOf(runs: readonly Run[]): number {
  return runs.filter(({ killed }) => killed).length;
}

/** bytes of a stream that any of the others had again */
function overlap({ object, start, end }: Stream, others: readonly Stream[]): number {
  const same = others.filter((other) => other.object === object).sort((a, b) => a.start - b.start);
  let [at, bytes] = [start, 0];
  for (const other of same) {
    const from = Math.max(at, other.start);
    const to = Math.min(end, other.end);
    bytes += Math.max(0, to - from);
    at = Math.max(at, to);
  }
  return bytes;
}

async function expectEnd(world: World, before: unknown[]): Promise<void> {
  const { hub, project, program, theirs, fetched, strangers } = world;
  const wants = await wantsOfFile(project.lockFile);
  expect(await wrongFiles(project.root, wants)).toEqual([]);
  const tree = await project.tree();
  const placed = new Set<string>([...wants.map(({ path }) => path), ...strangers]);
  expect(Object.keys(tree).filter((path) => !placed.has(path))).toEqual([]);
  expect(await portrait(project.root, strangers)).toEqual(before);
  expect(
    (await project.state()).filter(
      (path) => !/^(?:\.gitignore$|last-sync\.ndjson$|receipt\/|trash\/)/.test(path),
    ),
  ).toEqual([]);
  const trash = await project.trash();
  const everywhere = new Set([...Object.values(tree), ...trash]);
  for (const [path, bytes] of theirs) expect([path, everywhere.has(bytes)]).toEqual([path, true]);
  const known = new Set([...theirs.values(), ...fetched]);
  expect(trash.filter((bytes) => !known.has(bytes))).toEqual([]);
  hub.clearLog();
  const { exit, result } = await program.sync();
  expect([exit, result?.plan?.writes ?? [], result?.plan?.prunes ?? [], hub.log]).toEqual([0, [], [], []]);
}

describe("a disk that does not keep up", () => {
  /** The real one, of which a file of the store takes so many writes, and the others only when it is freed. */
  function stuckAfter(writes: number): { disk: Disk; free(): void } {
    const disk = nodeDisk();
    const waiting: (() => void)[] = [];
    const open: Disk["open"] = async (path, mode) => {
      const file = await disk.open(path, mode);
      let left = path.includes("/.tritter/store/") ? writes : Number.POSITIVE_INFINITY;
      const turn = () => (left-- > 0 ? undefined : new Promise<void>((resolve) => waiting.push(resolve)));
      const writeAt: typeof file.writeAt = async (bytes, position) => {
        await turn();
        await file.writeAt(bytes, position);
      };
      return { ...file, writeAt };
    };
    const free = () => {
      for (const resolve of waiting.splice(0)) resolve();
    };
    return { disk: { ...disk, local: false, open }, free };
  }

  async function standstill(hub: LoopbackHub): Promise<readonly Stream[]> {
    let [before, same] = ["[]", 0];
    while (same < 15) {
      await pause(20);
      const now = JSON.stringify(streamsOf(hub));
      same = now === before && now !== "[]" ? same + 1 : 0;
      before = now;
    }
    return streamsOf(hub);
  }

  it.each([0, 3, 7])("makes the network wait: a kill costs no more than 8 MiB (after %i writes)", (writes) =>
    withHub((hub) => stall(hub, writes)),
  );

  async function stall(hub: LoopbackHub, writes: number): Promise<void> {
    const [project, killed] = [await makeProject(hub), await makeProject(hub)];
    hub.repo("o/slow").commit({ "slow.bin": { size: 40 * MIB, seed: 77 } });
    await project.manifest("sources:\n  all: { repo: o/slow, path: . }");
    const { disk, free } = stuckAfter(writes);
    const stop = new AbortController();
    const program = inProcess(project, { disk, signal: stop.signal });
    expect(await program.lock()).toMatchObject({ exit: 0 });
    hub.clearLog();
    const ended = program.sync({ jobs: 1 });
    const first = await standstill(hub);
    await cp(project.folder, killed.folder, { recursive: true });
    stop.abort(new TritterError({ code: "INTERRUPTED", message: "enough" }));
    free();
    expect(await ended).toMatchObject({ exit: 130 });
    hub.clearLog();
    expect(await inProcess(killed).sync()).toMatchObject({ exit: 0, problems: [] });
    const runs = [
      { killed: true, streams: first },
      { killed: false, streams: streamsOf(hub) },
    ];
    expectLittleTwice(runs, 40 * MIB);
    expect(await wrongFiles(killed.root, await wantsOfFile(killed.lockFile))).toEqual([]);
    for (const one of [project, killed]) await one.remove();
  }
});

describe("kill -9", () => {
  it.concurrent.each(Object.keys(WORLDS))(
    `in the middle of %s: the next run ends at the lock (TRITTER_SEED=${SEED})`,
    (kind) => withHub((hub) => killIn(hub, kind)),
    60_000 + KILLS * 5_000,
  );
});

async function killIn(hub: LoopbackHub, kind: string): Promise<void> {
  const accounts: Account[] = [];
  const sum = (of: keyof Account) => accounts.reduce((total, account) => total + account[of], 0);
  for (let round = 0; sum("kills") < KILLS / 3; round++) {
    const random = seeded(SEED + round * 3 + Object.keys(WORLDS).indexOf(kind));
    const world = await makeWorld(hub, { kind, round, random });
    try {
      accounts.push(await killRepeatedly(world));
      if (TOLD) writeSync(2, `${kind}: ${sum("kills")} kills in ${round + 1} worlds\n`);
    } catch (error) {
      throw new Error(`round ${round} of ${kind}, TRITTER_SEED=${SEED}: ${error}`, { cause: error });
    } finally {
      await world.remove();
    }
  }
  if (!TOLD) return;
  const [again, bound] = [sum("fetched") - sum("size"), PER_STREAM * sum("open")];
  console.info(
    `${kind}: ${sum("kills")} kills with ${sum("open")} streams open; of ${sum("size")} bytes ${again} came again, ` +
      `${((100 * again) / bound).toFixed(1)} % of 8 MiB a stream; ${sum("inHand")} streams had ended in vain`,
  );
}
