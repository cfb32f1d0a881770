import { expect } from "vitest";
import { journalText, writerOf } from "./engine.ts";
import type { Files, MemoryProject } from "./memory-project.ts";
import { HOME, memoryProject, ROOT } from "./memory-project.ts";

/** A project made ready, one sync away from `after`. */
export interface Scenario {
  readonly name: string;
  /** Each run takes a while. */
  readonly slow?: true;
  prepare(): Promise<MemoryProject>;
  /** The tree at the end. */
  readonly after: Files;
  /** Every content that may stand at some path on the way. */
  readonly known: ReadonlySet<string>;
  /** Bytes of the user, which must be in the tree or the trash at the end. */
  readonly theirs: readonly string[];
  /** Files of the user's in the tree that no lock ever wants. */
  readonly stays: Files;
  /** Contents that we fetched and that a run may leave in the trash: they were in the way of others. */
  readonly inTheWay: readonly string[];
}

const LARGE = "x".repeat(4 * 1024 * 1024 + 10);

const BEFORE: Files = {
  "keep.txt": "kept",
  "change.txt": "before",
  "gone.txt": "to be pruned",
  "deep/er/gone.txt": "to be pruned too",
  "old-name.txt": "the same bytes under a new name",
  "swap-a.txt": "A",
  "swap-b.txt": "B",
  data: "a file that becomes a folder",
  "folder/inner.txt": "a folder that becomes a file",
  "twin-1.txt": "twins",
};

const AFTER: Files = {
  "keep.txt": "kept",
  "change.txt": "after",
  "new-name.txt": "the same bytes under a new name",
  "swap-a.txt": "B",
  "swap-b.txt": "A",
  "data/inside.txt": "now a folder",
  folder: "now a file",
  "twin-1.txt": "twins",
  "deep/twin-2.txt": "twins",
  "new.txt": "new",
  "empty.txt": "",
};

async function updated(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(BEFORE);
  expect((await project.sync()).problems).toEqual([]);
  project.disk.put(`${ROOT}/theirs.txt`, "theirs");
  project.publish(AFTER);
  await project.update();
  return project;
}

async function adopted(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(BEFORE);
  for (const path of ["change.txt", "gone.txt", "old-name.txt"])
    project.disk.put(`${ROOT}/${path}`, BEFORE[path] as string);
  expect((await project.sync()).problems).toEqual([]);
  project.disk.put(`${ROOT}/swap-a.txt`, "edited by hand");
  project.publish(AFTER);
  await project.update();
  return project;
}

/** Every file was the user's: those that move, change places or give way to others must be somewhere at any time. */
async function allAdopted(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(BEFORE);
  for (const [path, content] of Object.entries(BEFORE)) project.disk.put(`${ROOT}/${path}`, content);
  expect((await project.sync()).problems).toEqual([]);
  project.publish(AFTER);
  await project.update();
  return project;
}

/** The lock is behind the manifest, and written anew within the sync. */
async function stale(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(BEFORE);
  expect((await project.sync()).problems).toEqual([]);
  project.edit('  all: { repo: o/n, path: ., exclude: ["/gone.txt", "twin-*"] }');
  return project;
}

/** The receipt is in so many pieces that the sync puts them together. */
async function inPieces(): Promise<MemoryProject> {
  const project = await updated();
  for (let piece = 0; piece < 18; piece++) {
    const text = journalText(writerOf(`piece-${piece}`), []);
    project.disk.put(`${ROOT}/.tritter/receipt/piece-${piece}.ndjson`, text);
  }
  return project;
}

/** The receipt is packed, so that nothing but a stamp tells of the edit; and the clock was set back before it. */
async function edited(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish(BEFORE);
  expect((await project.sync()).problems).toEqual([]);
  expect(Object.keys(project.state()).some((path) => path.endsWith(".packed"))).toBe(true);
  project.disk.now -= 400 * 24 * 3_600_000;
  project.disk.put(`${ROOT}/keep.txt`, "KEPT");
  await project.disk.unlink(`${ROOT}/deep/er/gone.txt`);
  return project;
}

async function large(): Promise<MemoryProject> {
  const project = memoryProject();
  project.publish({ "large.bin": LARGE, "small.txt": "small" });
  // Else a power loss takes the root itself, and all that could be wrong in it.
  await project.disk.mkdir(ROOT);
  await project.disk.syncFolder(HOME);
  return project;
}

const { "gone.txt": _, "twin-1.txt": __, ...FOLLOWED } = BEFORE;

/** In groups, and some of the same bytes: by its git digest, by its sha256, and at two paths. One comes in blocks. */
const GROUPED: Files = {
  ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`small/${index}.txt`, `small ${index}`])),
  "small/same.bin": "small 3",
  "small/twin.txt": "small 4",
  "empty.txt": "",
  "brief.bin": "y".repeat(300_000),
};

async function grouped(): Promise<MemoryProject> {
  const project = memoryProject(undefined, 16);
  project.publish(GROUPED, ["small/same.bin"]);
  await project.disk.mkdir(ROOT);
  await project.disk.syncFolder(HOME);
  return project;
}

/** What is wanted lies in the root already, under other names; one is no more than the right size. */
const NEARBY: Files = { "here/as-it-is": "nearby", "here/large": "z".repeat(70_000), "here/other": "sizes!" };

const WANTED: Files = {
  ...NEARBY,
  "wanted/small.txt": "nearby",
  "wanted/large.bin": NEARBY["here/large"] as string,
  "wanted/far.txt": "far away",
};

async function nearby(): Promise<MemoryProject> {
  const project = memoryProject();
  const wanted = Object.fromEntries(Object.entries(WANTED).filter(([path]) => path.startsWith("wanted/")));
  project.publish(wanted, ["wanted/large.bin"]);
  for (const [path, content] of Object.entries(NEARBY)) project.disk.put(`${ROOT}/${path}`, content);
  return project;
}

/** Reports beside the data, which change with it. */
const DESCRIBED = "  all: { repo: o/n, path: . }\nreports: beside";
const TOLD: readonly Files[] = [
  { "change.txt": "before", "gone.txt": "gone" },
  { "change.txt": "after", "new.txt": "new" },
];

async function described(): Promise<MemoryProject> {
  const project = memoryProject(DESCRIBED);
  project.publish(TOLD[0] as Files);
  expect((await project.sync()).problems).toEqual([]);
  project.disk.put(`${ROOT}/all.metadata.json`, "edited by hand");
  project.publish(TOLD[1] as Files);
  await project.update();
  return project;
}

/** The tree once each of these was published and synced. */
async function treesAfter(sources: string, releases: readonly Files[]): Promise<readonly Files[]> {
  const project = memoryProject(sources);
  const trees: Files[] = [];
  for (const files of releases) {
    project.publish(files);
    await project.update();
    expect((await project.sync()).problems).toEqual([]);
    trees.push(project.tree());
  }
  return trees;
}

/** The last one is what `power-loss` publishes in the end. */
const [DESCRIBED_BEFORE = {}, DESCRIBED_AFTER = {}, { "other.txt": ____, ...REPORTS_IN_THE_END } = {}] =
  await treesAfter(DESCRIBED, [...TOLD, { "other.txt": "other" }]);

const IN_THE_WAY = [BEFORE.data as string, BEFORE["folder/inner.txt"] as string];

const CONTENTS = [...Object.values(BEFORE), ...Object.values(AFTER)];

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "mending what was edited behind a packed receipt",
    prepare: edited,
    after: BEFORE,
    known: new Set([...CONTENTS, "KEPT"]),
    theirs: ["KEPT"],
    stays: {},
    inTheWay: [],
  },
  {
    name: "from nothing, a large and a small file",
    slow: true,
    prepare: large,
    after: { "large.bin": LARGE, "small.txt": "small" },
    known: new Set([LARGE, "small"]),
    theirs: [],
    stays: {},
    inTheWay: [],
  },
  {
    name: "from nothing, many small files at once",
    prepare: grouped,
    after: GROUPED,
    known: new Set(Object.values(GROUPED)),
    theirs: [],
    stays: {},
    inTheWay: [],
  },
  {
    name: "changing, moving, swapping and pruning",
    prepare: updated,
    after: { ...AFTER, "theirs.txt": "theirs" },
    known: new Set([...CONTENTS, "theirs"]),
    theirs: ["theirs"],
    stays: { "theirs.txt": "theirs" },
    inTheWay: IN_THE_WAY,
  },
  {
    name: "putting the receipt together",
    prepare: inPieces,
    after: { ...AFTER, "theirs.txt": "theirs" },
    known: new Set([...CONTENTS, "theirs"]),
    theirs: ["theirs"],
    stays: { "theirs.txt": "theirs" },
    inTheWay: IN_THE_WAY,
  },
  {
    name: "following an edited manifest",
    prepare: stale,
    after: FOLLOWED,
    known: new Set(CONTENTS),
    theirs: [],
    stays: {},
    inTheWay: [],
  },
  {
    name: "displacing adopted and modified bytes",
    prepare: adopted,
    after: AFTER,
    known: new Set([...CONTENTS, "edited by hand"]),
    theirs: ["before", "to be pruned", "the same bytes under a new name", "edited by hand"],
    stays: {},
    inTheWay: IN_THE_WAY,
  },
  {
    name: "taking what lies in the root under other names",
    prepare: nearby,
    after: WANTED,
    known: new Set([...Object.values(NEARBY), "far away"]),
    theirs: Object.values(NEARBY),
    stays: NEARBY,
    inTheWay: [],
  },
  {
    name: "describing what changes",
    slow: true,
    prepare: described,
    after: DESCRIBED_AFTER,
    known: new Set(
      [DESCRIBED_BEFORE, DESCRIBED_AFTER].flatMap((tree) => Object.values(tree)).concat("edited by hand"),
    ),
    theirs: ["edited by hand"],
    stays: REPORTS_IN_THE_END,
    inTheWay: [],
  },
  {
    name: "moving, swapping and displacing adopted bytes",
    prepare: allAdopted,
    after: AFTER,
    known: new Set(CONTENTS),
    theirs: Object.values(BEFORE),
    stays: {},
    inTheWay: [],
  },
];

/** No byte in the tree that nobody put there, and none of the user's lost. */
export function expectSound(project: MemoryProject, scenario: Scenario): void {
  const tree = project.tree();
  for (const [path, content] of Object.entries(tree))
    if (!scenario.known.has(content)) expect.fail(`${path} holds ${JSON.stringify(content.slice(0, 40))}`);
  const everywhere = [...Object.values(tree), ...project.trash()];
  for (const bytes of scenario.theirs) expect(everywhere).toContain(bytes);
}

/** Another sync, which nothing disturbs, ends at the lock, and one more has nothing to do. */
export async function expectEndsAtLock(project: MemoryProject, scenario: Scenario): Promise<void> {
  const done = await project.sync();
  expect(done.problems).toEqual([]);
  expect(project.tree()).toEqual(scenario.after);
  expectSound(project, scenario);
  expect(Object.keys(project.state()).filter((path) => path.startsWith("store/"))).toEqual([]);
  const again = await project.sync();
  expect([again.plan?.writes, again.plan?.prunes, again.problems]).toEqual([[], [], []]);
}
