import { existsSync, lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import type { Disk } from "../../cli/disk/port.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { wantsOfFile, wrongFiles } from "../support/locked-tree.ts";
import { makeProject, type Project } from "../support/project.ts";
import { seeded, seedOfRun } from "../support/random.ts";
import { temporaryFolder } from "../support/trees.ts";

// Somebody who may write below the root plants a symlink while a sync runs, before any one of its acts on the disk.

const MIB = 1024 * 1024;

let hub: LoopbackHub;
/** Before a sync that fetches, repairs, moves, copies, replaces, clears, trashes and prunes. */
let prepared: Project;
/** After that sync, with something in the trash. */
let synced: Project;

beforeAll(async () => {
  hub = await startHub();
  const repo = hub.repo("o/r");
  prepared = await makeProject(hub);
  await prepared.manifest("sources:\n  all: { repo: o/r, path: . }");
  const kept = { "deep/er/damaged.bin": { size: 9 * MIB, seed: 1 }, "deep/edited.md": "to be edited\n" };
  repo.commit({
    ...kept,
    "old/moves.md": "moves\n",
    "deep/goes.md": "goes\n",
    "deep/changes.md": "1\n",
    turns: "file\n",
  });
  const program = inProcess(prepared);
  expect(await program.sync()).toMatchObject({ exit: 0 });
  await writeFile(join(prepared.root, "deep/edited.md"), "edited by hand\n");
  await writeFile(join(prepared.root, "deep/goes.md"), "goes, edited by hand\n");
  await writeFile(join(prepared.root, "deep/er/damaged.bin"), Buffer.alloc(3 * MIB), { flag: "r+" });
  const moved = { "new/moves.md": "moves\n", "new/twice.md": "moves\n", "turns/into.md": "inside\n" };
  repo.commit({
    ...kept,
    ...moved,
    "deep/changes.md": "2\n",
    "deep/comes.md": "comes\n",
    "fresh/comes.md": "comes too\n",
  });
  expect(await program.update()).toMatchObject({ exit: 0 });
  synced = await makeProject(hub);
  await cp(prepared.folder, synced.folder, { recursive: true, preserveTimestamps: true });
  expect(await inProcess(synced).sync()).toMatchObject({ exit: 0 });
  expect(await synced.trash()).not.toEqual([]);
});

afterAll(async () => {
  for (const project of [prepared, synced]) await project.remove();
  await hub.close();
});

const CHANGES = new Set(["mkdir", "mkdirNow", "rename", "renameNow", "link", "unlink", "rmdir"]);

/** Calls `between` after each change, when the disk is asked for the next thing. */
function watched(between: () => void): Disk {
  let changed = false;
  const watch =
    (name: string, call: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      if (changed) between();
      changed = CHANGES.has(name) || (name === "open" && args[1] !== "r");
      return call(...args);
    };
  const members = Object.entries(nodeDisk()).map(([name, member]) => [
    name,
    typeof member === "function" ? watch(name, member as (...args: unknown[]) => unknown) : member,
  ]);
  return { ...Object.fromEntries(members), local: false };
}

/** In the way of the tree's files, and of tritter's own. */
const TARGETS = [
  "deep",
  "deep/er",
  "deep/changes.md",
  "new",
  "fresh",
  "old",
  "turns",
  ".tritter",
  ".tritter/receipt",
  ".tritter/store",
  ".tritter/trash",
];
const NAMES = [
  "changes.md",
  "comes.md",
  "edited.md",
  "er/damaged.bin",
  "goes.md",
  "into.md",
  "moves.md",
  "twice.md",
];

/** A folder that has files of all the names that the links would lead to. */
async function makeOutside(folder: string): Promise<void> {
  for (const path of [...NAMES, "precious"]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `precious ${path}`);
  }
}

/** All that is there, with stamps. */
function portrait(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((path) => {
      const { ino, size, mtimeNs, ctimeNs, mode } = lstatSync(join(folder, path), { bigint: true });
      return [path, ino, size, mtimeNs, ctimeNs, mode].join(" ");
    });
}

/** Runs a verb and plants a link at the `k`th moment, the first being before it begins; resolves to how many there were. */
async function plantedAt(
  k: number,
  { target, verb }: { target: string; verb: "sync" | "clean" },
): Promise<number> {
  const home = await temporaryFolder();
  const [folder, outside] = [join(home.path, "project"), join(home.path, "outside")];
  await cp((verb === "sync" ? prepared : synced).folder, folder, {
    recursive: true,
    preserveTimestamps: true,
  });
  await makeOutside(outside);
  const project = { ...prepared, folder, root: join(folder, "data"), lockFile: join(folder, "tritter.lock") };
  const at = join(project.root, target);
  const aside = join(home.path, "aside");
  let before: string[] | undefined;
  const plant = () => {
    if (existsSync(at)) renameSync(at, aside);
    if (!existsSync(dirname(at))) return;
    symlinkSync(target.endsWith(".md") ? join(outside, "precious") : outside, at);
    before = portrait(outside);
  };
  let moments = 0;
  if (k === 0) plant();
  const disk = watched(() => {
    moments += 1;
    if (moments === k) plant();
  });
  const program = inProcess(project, { disk });
  const ended = verb === "sync" ? await program.sync({ jobs: 1 }) : await program.clean();
  const what = `${verb}, "${target}" planted at ${k} of ${moments}`;
  if (before !== undefined) expect([what, portrait(outside)]).toEqual([what, before]);
  for (const { code, hint } of ended.problems) {
    expect([what, code]).not.toEqual([what, "INTERNAL"]);
    expect([what, hint]).toEqual([what, expect.stringMatching(/./)]);
  }
  if (verb === "sync") {
    rmSync(at, { recursive: true, force: true });
    if (existsSync(aside)) renameSync(aside, at);
    expect([what, await inProcess(project).sync({ force: true })]).toMatchObject([what, { exit: 0 }]);
    expect([what, await wrongFiles(project.root, await wantsOfFile(project.lockFile))]).toEqual([what, []]);
  }
  await home.remove();
  return moments;
}

describe("a symlink planted in the middle", () => {
  const seed = seedOfRun();
  const cases = TARGETS.flatMap((target) => (["sync", "clean"] as const).map((verb) => ({ target, verb })));

  it.each(cases)(
    `leads $verb nowhere: $target (TRITTER_SEED=${seed})`,
    async (what) => {
      const moments = await plantedAt(Number.POSITIVE_INFINITY, what);
      const random = seeded(seed);
      const EACH = Number(process.env.TRITTER_PLANTED ?? 2);
      const some = Array.from({ length: EACH }, () => 1 + random.below(moments));
      for (const k of EACH > moments ? Array.from({ length: moments + 1 }, (_, k) => k) : [0, ...some])
        await plantedAt(k, what);
    },
    600_000,
  );
});
